"""Checks of key columns before they are matched, and the reason why
no case matched a row.
"""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.code_systems import code_system_fit
from peacestudy.core.key_check import check_keys
from peacestudy.core.keys import Levels, kind
from peacestudy.core.problems import Note
from peacestudy.core.spelling import visible
from peacestudy.errors import JoinError

# share of a column's values from which a code system is named as the one it is written in
FITS = 0.8
EXAMPLES = 3
SEARCHED = 2000  # values among which near spellings are looked for


def checked_keys(
    names: Sequence[str], mine: Sequence[Levels], theirs: Sequence[Levels], name: str
) -> list[Note]:
    """What a reader must know of the keys of two tables.

    Parameters
    ----------
    names : the key columns as the cases call them.
    mine, theirs : the columns of the cases and of the other table.
    name : what the other table is.

    Raises
    ------
    JoinError
        Two columns will not match as they should (``peacestudy.core.key_check``).
    """
    notes: list[Note] = []
    for key, one, other in zip(names, mine, theirs, strict=True):
        found = check_keys(key, one.values, other.values, name)
        if found.refusal:
            raise JoinError(found.refusal)
        notes += found.notes
    return notes


def nothing_met(
    names: Sequence[str],
    mine: Sequence[Levels],
    theirs: Sequence[Levels],
    met: npt.NDArray[np.bool_],
    complete: npt.NDArray[np.bool_],
    name: str,
) -> list[Note]:
    """A note where no case found a row, with what the keys of both sides look like.

    Parameters
    ----------
    names, mine, theirs, name : as in ``checked_keys``.
    met : cases that found a row; ``complete`` those with a value in every key.
    """
    if not len(met) or met.any():
        return []
    if not complete.any():
        why = "no case has a value in every key."
        return [Note("nothing_met", f"No case matches a row of {name}: {why}")]
    if any(not len(column.values) for column in theirs):
        why = f"no row of {name} has a value in every key."
        return [Note("nothing_met", f"No case matches a row of {name}: {why}")]
    apart = []
    for key, one, other in zip(names, mine, theirs, strict=True):
        if not len(_shared(one.values, other.values)):
            apart.append(_apart(key, one.values, other.values, name))
    if apart:
        why = " ".join(apart)
    else:
        why = (
            f"The values of {' and of '.join(map(repr, names))} occur in both tables, but never"
            " together in one row."
        )
    return [Note("nothing_met", f"No case matches a row of {name}. {why}")]


def _shared(one: pd.Index, other: pd.Index) -> pd.Index:
    if one.dtype == other.dtype:
        return one.intersection(other, sort=False)
    return one[one.isin(list(other))]


def _apart(key: str, mine: pd.Index, theirs: pd.Index, name: str) -> str:
    """How the values of a key column look on both sides, and what that suggests."""
    text = (
        f"None of the {len(mine)} value(s) of {key!r} in the cases ({_examples(mine)}) is among the"
        f" {len(theirs)} of {name} ({_examples(theirs)})."
    )
    return f"{text}{_systems(mine, theirs, name) or _near(mine, theirs)}"


def _examples(values: pd.Index) -> str:
    if kind(values) == "number":
        numbers = values.astype(float)
        return f"{numbers.min():.15g} to {numbers.max():.15g}"
    shown = [visible(v) if isinstance(v, str) else str(v) for v in values[:EXAMPLES]]
    more = ", ..." if len(values) > EXAMPLES else ""
    return ", ".join(shown) + more


def _systems(mine: pd.Index, theirs: pd.Index, name: str) -> str:
    """A hint where each side looks like a system of state codes."""
    of_cases, of_table = _fitting_systems(mine), _fitting_systems(theirs)
    if not of_cases or not of_table or of_cases & of_table:
        return ""
    return (
        f" The cases look like state codes of {' or '.join(sorted(of_cases))}, {name} like codes of"
        f" {' or '.join(sorted(of_table))}: translate them first (ps.joins.to_system)."
    )


def _fitting_systems(values: pd.Index) -> set[str]:
    """The systems of state codes that know most of the values."""
    if kind(values) not in ("number", "text") or len(values) < 2:
        return set()
    fit = code_system_fit(values.to_series())
    return set(fit.loc[fit["share"] >= FITS, "system"])


def _near(mine: pd.Index, theirs: pd.Index) -> str:
    """The nearest spellings of the first values."""
    if kind(mine) != "text":
        return ""
    known = [str(v) for v in theirs[:SEARCHED]]
    pairs = []
    for value in map(str, mine[:EXAMPLES]):
        for near in get_close_matches(value, known, n=1, cutoff=0.6):
            pairs.append(f"{value!r} and {near!r}")
    return f" The nearest spellings: {', '.join(pairs)}." if pairs else ""
