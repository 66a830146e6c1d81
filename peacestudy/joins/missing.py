"""What is missing in a frame, and why: by column, by case and by time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED, NO_ROW, REASONS, Joined
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError

OWN = "not coded"  # a gap in a column that no join brought
BLANK = "no value in the source"
COLUMNS = ["case", "column", "source", "reason"]


def missing(frame: StudyFrame, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Every missing value of a frame with its reason.

    Parameters
    ----------
    frame : the joined cases.
    columns : which columns; None takes all.

    Returns
    -------
    DataFrame
        ``case, column, source, reason``, a row a missing value, in the order of columns and cases.
        The reason is that of the join which brought the column (``outside the years``, ``no row``,
        ...), the meaning of a special code that the source wrote instead of a value, ``no value in
        the source`` where a row was met and is blank, or ``not coded`` where the column is the
        cases' own.

    Raises
    ------
    JoinError
        The frame has no such column.

    Examples
    --------
    >>> from peacestudy.joins import join
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20], "x": [1.0, None]})
    >>> frame = join(cases, pd.DataFrame({"state": [2], "peace": [None]}), on="state", name="peace")
    >>> missing(frame).values.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['b', 'x', '', 'not coded'], ['a', 'peace', 'join peace', 'no value in the source'], ['b', \
'peace', 'join peace', 'no row']]
    """
    if not isinstance(frame, StudyFrame):
        raise JoinError(
            f"missing takes a StudyFrame, as ps.join gives it, not a {type(frame).__name__}."
        )
    known = [str(c) for c in frame.data.columns]
    for column in columns or ():
        if column not in known:
            raise JoinError(one_of("a column", column, known))
    n = len(frame.data)
    if not frame.data.index.equals(pd.RangeIndex(n)) or any(len(j.why) != n for j in frame.joined):
        raise JoinError(
            "frame.data was sorted, or rows of it were dropped, after the joins, so that the"
            " reasons no longer belong to its rows. Use frame.keep(...) to leave rows out, and sort"
            " a copy."
        )
    brought = {c: j for j in frame.joined for c in j.columns}
    ids = frame.data[frame.key].to_numpy()
    parts = []
    for column in known if columns is None else columns:
        at = np.flatnonzero(frame.data[column].isna())
        if not len(at):
            continue
        own = brought.get(column)
        reasons = _reasons(own, column, at) if own else np.full(len(at), OWN, dtype=object)
        name = (own.source or own.name) if own else ""
        parts.append(
            pd.DataFrame({"case": ids[at], "column": column, "source": name, "reason": reasons})
        )
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=COLUMNS, dtype=object)
    )


def _reasons(own: Joined, column: str, at: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    words = np.array([BLANK, *REASONS[1:]], dtype=object)
    # a row was filled in other columns, and this one has no declared value
    words[FILLED] = REASONS[NO_ROW]
    out = words[own.why[at]]
    codes = dict(own.special).get(column)
    if codes is not None:
        hit = codes[at] >= 0
        out[hit] = np.array(own.meanings, dtype=object)[codes[at][hit]]
    return np.asarray(out, dtype=object)


def missing_by(frame: StudyFrame, by: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """How many values are missing, by reason and by a column of the
    frame, such as the year or the source.

    Parameters
    ----------
    frame, columns : as in ``missing``.
    by : ``column``, ``source``, ``reason``, ``case``, or a column of the frame, such as ``year``.

    Returns
    -------
    DataFrame
        ``<by>, column, reason, missing, of``: values that are missing for the reason, and rows in
        which the value was wanted.
    """
    table = missing(frame, columns)
    if by in COLUMNS:
        keys = list(dict.fromkeys([by, "column", "reason"]))
        out = table.groupby(keys, sort=False, dropna=False).size().rename("missing").reset_index()
        return out.assign(of=1 if by == "case" else len(frame))
    if by not in frame.data.columns:
        raise JoinError(one_of("by", by, [*COLUMNS, *map(str, frame.data.columns)]))
    of = frame.data.groupby(by, dropna=False).size()
    groups = frame.data.set_index(frame.key)[by]
    table = table.assign(**{by: groups.loc[table["case"]].to_numpy()})
    out = (
        table.groupby([by, "column", "reason"], dropna=False).size().rename("missing").reset_index()
    )
    return out.assign(of=out[by].map(of))
