"""A reliability threshold: indicators on which coders agree too little,
and the codebook without them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd

from peacestudy.coding.coding import Coding
from peacestudy.core.codebook import Codebook
from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import CodingError

STATES = ("above", "below", "unmeasured")
Coded = TypeVar("Coded", Codebook, Coding)


@dataclass(frozen=True, eq=False)
class Flags:
    """The agreement on every indicator of a codebook, compared with a threshold.

    Attributes
    ----------
    table : a row an indicator, in the codebook's order: ``pillar, indicator_id, coefficient, value,
        floor, state, flagged``. State is above (the floor or higher), below, or unmeasured (no
        value); the latter two are flagged, because agreement was not shown.
    notes : which indicators are flagged, and which pillars lose all of theirs without them.
    """

    table: pd.DataFrame
    notes: tuple[Note, ...]

    @property
    def flagged(self) -> tuple[str, ...]:
        """Ids of the indicators below the floor or unmeasured."""
        return tuple(self.table.loc[self.table["flagged"], "indicator_id"])

    @property
    def lost(self) -> tuple[str, ...]:
        """Pillars and rivals that have no indicator left without the flagged ones."""
        left = self.table.groupby("pillar", sort=False)["flagged"].all()
        return tuple(left.index[left])

    def _repr_html_(self) -> str:
        return html_table(
            self.table,
            "Agreement on indicators, and the reliability threshold",
            self.notes,
            rows=len(self.table),
        )


def reliability_floor(
    coded: Codebook | Coding, agreement: pd.DataFrame, coefficient: str, least: float
) -> Flags:
    """Compare the agreement on every indicator with a threshold.

    Parameters
    ----------
    coded : Codebook or Coding
        The codebook, or a coding with it.
    agreement : DataFrame
        A row an indicator, with ``indicator_id`` and the coefficient's column, as ``ps.agreement``
        gives it.
    coefficient : str
        Column that is compared with the threshold, such as ``alpha``.
    least : float
        The smallest value that is not flagged, such as Krippendorff's convention of 0.667 or 0.8.

    Returns
    -------
    Flags
        ``table`` has a row an indicator: ``pillar, indicator_id, coefficient, value, floor, state,
        flagged``; state is above, below or unmeasured. ``flagged`` has the ids below the threshold
        or unmeasured, ``lost`` the pillars without any other indicator, and ``notes`` say both.

    Raises
    ------
    CodingError
        A column or number is missing, an indicator has two rows or is unknown.

    Examples
    --------
    >>> study = ps.load_study("double_coding")
    >>> agreement = ps.agreement(study.sheet)
    >>> flags = ps.coding.reliability_floor(study.codebook, agreement, "alpha", 0.667)
    >>> flags.table["state"].value_counts().to_dict()
    {'unmeasured': 23, 'below': 3, 'above': 2}
    >>> flags.table.loc[flags.table["state"] == "below", "indicator_id"].tolist()
    ['success', 'relevance', 'sustainability']
    """
    book = coded.codebook if isinstance(coded, Coding) else coded
    absent = [c for c in ("indicator_id", coefficient) if c not in agreement.columns]
    if absent:
        raise CodingError(
            one_of("column of the agreement table", absent[0], [str(c) for c in agreement.columns])
        )
    if np.isnan(least):
        raise CodingError("the floor is not a number. Write it as 0.667 or 0.8.")
    ids = agreement["indicator_id"]
    if ids.duplicated().any():
        raise CodingError(
            f"{ids[ids.duplicated()].iloc[0]!r} has two rows of agreement. Give one row an"
            " indicator."
        )
    _known(book, ids)
    values = pd.Series(agreement[coefficient].to_numpy(dtype=float, na_value=np.nan), index=ids)
    rows = []
    for pillar in book.entries:
        for indicator in pillar.indicators:
            value = float(values.get(indicator.id, np.nan))
            state = _state(value, least)
            flagged = state != "above"
            rows.append((pillar.id, indicator.id, coefficient, value, least, state, flagged))
    columns = ["pillar", "indicator_id", "coefficient", "value", "floor", "state", "flagged"]
    flags = Flags(pd.DataFrame(rows, columns=columns).astype({"flagged": bool}), ())
    return replace(flags, notes=_notes(flags, coefficient, least))


def _state(value: float, least: float) -> str:
    if np.isnan(value):
        return "unmeasured"
    return "below" if value < least else "above"


def _notes(flags: Flags, coefficient: str, least: float) -> tuple[Note, ...]:
    out = []
    table = flags.table
    for state, kind, words in (
        ("below", "below_floor", f"{coefficient} below the floor of {least:g}"),
        (
            "unmeasured",
            "unmeasured",
            f"no {coefficient}, so nothing says whether they reach the floor of {least:g}",
        ),
    ):
        ids = table.loc[table["state"] == state, "indicator_id"]
        if len(ids):
            out.append(
                Note(kind, f"{len(ids)} of {len(table)} indicators have {words}: {', '.join(ids)}.")
            )
    if flags.lost:
        text = (
            f"{', '.join(flags.lost)} would have no indicator left, and no score, without the"
            " flagged ones."
        )
        out.append(Note("lost_pillar", text))
    return tuple(out)


def drop_indicators(coded: Coded, indicators: Iterable[str]) -> Coded:
    """The same codebook, or coding, without some indicators; they do not enter its scores.

    A pillar that loses all its indicators stays: its score and breadth are missing for every case,
    and ``peacestudy.coding.scoring.score_with_diagnostics`` has a note on it. It is not dropped,
    because breadth over fewer pillars would be a different measure. The codebook's version names
    the indicators left out.

    Parameters
    ----------
    coded : Codebook or Coding
        What the indicators are left out of; it is not changed.
    indicators : iterable of str
        Ids of the indicators.

    Returns
    -------
    Codebook or Coding
        Of the type of ``coded``.

    Raises
    ------
    CodingError
        The codebook has no such indicator.

    Examples
    --------
    >>> book = ps.load_study("double_coding").codebook
    >>> smaller = ps.coding.drop_indicators(book, ["grade"])
    >>> len(book.indicators), len(smaller.indicators), smaller.version
    (28, 27, '1.0 without grade')
    """
    names = list(dict.fromkeys(indicators))
    if isinstance(coded, Coding):
        book = drop_indicators(coded.codebook, names)
        table = coded.table[~coded.table["indicator_id"].isin(names)].reset_index(drop=True)
        return replace(coded, table=table, codebook=book)
    _known(coded, names)
    if not names:
        return coded
    entries = []
    for pillar in coded.entries:
        kept = tuple(i for i in pillar.indicators if i.id not in names)
        entries.append(replace(pillar, indicators=kept))
    return replace(
        coded, entries=tuple(entries), version=f"{coded.version} without {', '.join(names)}"
    )


def _known(book: Codebook, ids: Iterable[str]) -> None:
    for name in ids:
        if name not in book.indicators:
            raise CodingError(one_of("indicator", name, list(book.indicators)))
