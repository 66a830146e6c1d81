"""Why a row of a join found nothing, and the sentence that the ledger keeps of it."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from peacestudy.core.joined import CONTRADICT, FILLED, MET, NO_ROW, NO_STATE, REASONS
from peacestudy.core.keys import match
from peacestudy.joins.coverage import Whys, cover_of, explained
from peacestudy.joins.meet import Met
from peacestudy.joins.wanted import Wanted
from peacestudy.outcomes import OutcomeTable


def reasons(
    look: Wanted, met: Met, source: OutcomeTable | None, keys: list[str], fills: bool
) -> Whys:
    """For each case the place in ``REASONS``.

    Parameters
    ----------
    look, met : what the cases look up, and what they met.
    source : the other table where it knows what it covers; None for a
        plain table, whose gaps are ``no row``.
    keys : key columns of the other table.
    fills : whether a value is declared for an absent row.
    """
    lost = met.at < 0
    if not lost.any():
        return np.zeros(len(lost), np.int8)
    cover, outside = cover_of(source), np.zeros(len(lost), bool)
    if look.year >= 0:
        outside = cover.outside(look.columns[look.year].to_numpy(dtype="float64", na_value=np.nan))
    known = cover.every or _units(look, met, keys)
    why = explained(
        np.where(lost, FILLED if fills else NO_ROW, MET),
        lost,
        complete=met.complete,
        outside=outside,
        known=known,
    )
    why[look.no_state] = NO_STATE
    why[met.contradicting] = CONTRADICT
    return why


def _units(look: Wanted, met: Met, keys: list[str]) -> npt.NDArray[np.bool_]:
    """Cases whose unit has a row in the source in some year."""
    parts = [i for i in range(len(keys)) if i != look.year]
    if not parts:
        return np.ones(len(met.at), bool)
    return match([met.mine[i] for i in parts], [met.theirs[i] for i in parts]).at >= 0


def said(
    look: Wanted,
    met: Met,
    why: npt.NDArray[np.int8],
    pairs: Mapping[str, str],
    shape: str,
    name: str,
    absent: Mapping[str, object] | None,
) -> str:
    """The join in words: keys, shape, and how many rows found nothing for which reason."""
    more = []
    if lost := int((~met.other_complete).sum()):
        more.append(f"{lost} row(s) of {name} have no key")
    if met.repeated:
        more.append(f"{met.repeated} row(s) of {name} share a key with another")
    counts = np.bincount(why[met.at < 0], minlength=len(REASONS))
    return "; ".join([in_words(pairs, shape, look.said, counts, absent), *more])


def in_words(
    pairs: Mapping[str, str],
    shape: str,
    done: Sequence[str],
    counts: npt.NDArray[np.int64],
    absent: Mapping[str, object] | None,
) -> str:
    """Keys, shape, what was done to them, and the count of each
    reason in the order of ``REASONS``.
    """
    keys = " + ".join(a if a == b else f"{a} = {b}" for a, b in pairs.items())
    parts = [f"on {keys}, {shape}", *done]
    parts += [
        f"{counts[i]} {REASONS[i]}" for i in range(1, len(REASONS)) if counts[i] and i != FILLED
    ]
    if counts[FILLED]:
        parts.append(
            f"{counts[FILLED]} filled with"
            f" {', '.join(f'{c} {v}' for c, v in (absent or {}).items())}"
        )
    return "; ".join(parts)
