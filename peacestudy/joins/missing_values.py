"""What is missing in a frame, and why: by column, by case and by time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED, NO_ROW, REASONS, Joined
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError

OWN = "not coded"  # a missing value in a column that no join added
BLANK = "no value in the source"
COLUMNS = ["case", "column", "source", "reason"]


def missing(frame: StudyFrame, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """List every missing value of a frame with its reason.

    Parameters
    ----------
    frame : StudyFrame
        The joined cases.
    columns : sequence of str, optional
        The columns to list; None takes all.

    Returns
    -------
    DataFrame
        ``case, column, source, reason``, a row a missing value, in the order of columns and cases.
        The reason is that of the join that added the column (``outside the years``, ``no row``,
        ...), the meaning of a special code that the source wrote instead of a value, ``no value in
        the source`` where a row was matched and is blank, or ``not coded`` where no join added the
        column.

    Raises
    ------
    JoinError
        The frame has no such column, or its rows were changed after the joins.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20], "x": [1.0, None]})
    >>> peace = pd.DataFrame({"state": [2], "peace": [None]})
    >>> frame = ps.join(cases, peace, on="state", name="peace")
    >>> ps.joins.missing(frame)
      case column      source                  reason
    0    b      x                           not coded
    1    a  peace  join peace  no value in the source
    2    b  peace  join peace                  no row
    """
    if not isinstance(frame, StudyFrame):
        raise JoinError(
            f"missing takes a StudyFrame, as ps.join gives it, not a {type(frame).__name__}."
        )
    known = [str(c) for c in frame.data.columns]
    for column in columns or ():
        if column not in known:
            raise JoinError(one_of("a column", column, known))
    _refuse_changed_rows(frame)
    joined_by = {column: joined for joined in frame.joined for column in joined.columns}
    ids = frame.data[frame.key].to_numpy()
    parts = []
    for column in known if columns is None else columns:
        at = np.flatnonzero(frame.data[column].isna())
        if not len(at):
            continue
        joined = joined_by.get(column)
        if joined is None:
            source, reasons = "", np.full(len(at), OWN, dtype=object)
        else:
            source, reasons = joined.source or joined.name, _reasons(joined, column, at)
        rows = {"case": ids[at], "column": column, "source": source, "reason": reasons}
        parts.append(pd.DataFrame(rows))
    if not parts:
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    return pd.concat(parts, ignore_index=True)


def _refuse_changed_rows(frame: StudyFrame) -> None:
    """Refuse a frame whose rows were sorted or dropped after its joins."""
    n = len(frame.data)
    numbered = frame.data.index.equals(pd.RangeIndex(n))
    if not numbered or any(len(joined.why) != n for joined in frame.joined):
        raise JoinError(
            "frame.data was sorted, or rows of it were dropped, after the joins, so that the"
            " reasons no longer belong to its rows. Use frame.keep(...) to leave rows out, and sort"
            " a copy."
        )


def _reasons(joined: Joined, column: str, at: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    words = np.array([BLANK, *REASONS[1:]], dtype=object)
    # a row was filled in other columns, and this one has no declared value
    words[FILLED] = REASONS[NO_ROW]
    out = words[joined.why[at]]
    codes = dict(joined.special).get(column)
    if codes is not None:
        hit = codes[at] >= 0
        out[hit] = np.array(joined.meanings, dtype=object)[codes[at][hit]]
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
        which there could be a value.
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
    groups_of_values = table.groupby([by, "column", "reason"], dropna=False)
    out = groups_of_values.size().rename("missing").reset_index()
    return out.assign(of=out[by].map(of))
