"""The reason why a case found no row, and the description of a join for the ledger."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from peacestudy.core.joined import CONTRADICT, FILLED, MET, NO_ROW, NO_STATE, REASONS
from peacestudy.core.keys import match
from peacestudy.joins.columns.source_coverage import Whys, cover_of, explained
from peacestudy.joins.keys.match_keys import Matches
from peacestudy.joins.keys.requested_keys import RequestedKeys
from peacestudy.outcomes import OutcomeTable


def reasons(
    look: RequestedKeys, met: Matches, source: OutcomeTable | None, keys: list[str], fills: bool
) -> Whys:
    """For each case the place in ``REASONS``.

    Parameters
    ----------
    look, met : the keys that the cases look up, and the rows they match.
    source : the other table where it knows what it covers; None for a
        plain table, whose gaps are ``no row``.
    keys : key columns of the other table.
    fills : whether a value is declared for an absent row.
    """
    lost = met.at < 0
    if not lost.any():
        return np.zeros(len(lost), np.int8)
    cover = cover_of(source)
    outside = np.zeros(len(lost), bool)
    if look.year >= 0:
        years = look.columns[look.year].to_numpy(dtype="float64", na_value=np.nan)
        outside = cover.outside(years)
    known = cover.every or _units(look, met, keys)
    why_lost = FILLED if fills else NO_ROW
    why = explained(
        np.where(lost, why_lost, MET),
        lost,
        complete=met.complete,
        outside=outside,
        known=known,
    )
    why[look.no_state] = NO_STATE
    why[met.contradicting] = CONTRADICT
    return why


def _units(look: RequestedKeys, met: Matches, keys: list[str]) -> npt.NDArray[np.bool_]:
    """Cases whose unit has a row in the source in some year."""
    parts = [i for i in range(len(keys)) if i != look.year]
    if not parts:
        return np.ones(len(met.at), bool)
    return match([met.mine[i] for i in parts], [met.theirs[i] for i in parts]).at >= 0


def key_join_description(
    look: RequestedKeys,
    met: Matches,
    why: npt.NDArray[np.int8],
    pairs: Mapping[str, str],
    shape: str,
    name: str,
    absent: Mapping[str, object] | None,
) -> str:
    """The join in words: keys, shape, and how many rows found nothing for which reason."""
    counts = np.bincount(why[met.at < 0], minlength=len(REASONS))
    clauses = [describe_join(pairs, shape, look.changes, counts, absent)]
    without_key = int((~met.other_complete).sum())
    if without_key:
        clauses.append(f"{without_key} row(s) of {name} have no key")
    if met.repeated:
        clauses.append(f"{met.repeated} row(s) of {name} share a key with another")
    return "; ".join(clauses)


def describe_join(
    pairs: Mapping[str, str],
    shape: str,
    changes: Sequence[str],
    counts: npt.NDArray[np.int64],
    absent: Mapping[str, object] | None,
) -> str:
    """Keys, shape, changes of the keys, and the count of each
    reason in the order of ``REASONS``.
    """
    keys = " + ".join(a if a == b else f"{a} = {b}" for a, b in pairs.items())
    parts = [f"on {keys}, {shape}", *changes]
    for place, reason in enumerate(REASONS):
        if counts[place] and place not in (MET, FILLED):
            parts.append(f"{counts[place]} {reason}")
    if counts[FILLED]:
        values = ", ".join(f"{column} {value}" for column, value in (absent or {}).items())
        parts.append(f"{counts[FILLED]} filled with {values}")
    return "; ".join(parts)
