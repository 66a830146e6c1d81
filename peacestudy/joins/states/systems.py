"""Codes of states translated from one code system to another, each on its date, without guesses."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.countries import (
    SYSTEMS,
    covered,
    crosswalk,
    distinct_pairs,
    rows_in_force,
    translate_many,
)
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import MET, NO_STATE
from peacestudy.core.ledger import Entry
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, one_of
from peacestudy.core.todays_codes import DATES_OF_CODES, translate_todays
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_keys
from peacestudy.joins.columns.collect import count_rows_met
from peacestudy.joins.columns.frame_columns import add_columns, as_frame
from peacestudy.joins.columns.source_coverage import Bools, Whys, explained
from peacestudy.joins.keys.state_codes import SYSTEM_NAMES, border_notes, system_misfit
from peacestudy.outcomes import OutcomeTable


@renamed_arguments(name="into")
def to_system(
    cases: StudyFrame | pd.DataFrame | OutcomeTable,
    column: str,
    *,
    date: str | int,
    source: str,
    target: str,
    into: str,
    key: str | None = None,
    unit: str = "case",
    codes: str = "date",
    accept_misfit: bool = False,
) -> StudyFrame:
    """Add a column with the codes of states in another system, each on its date.

    Parameters
    ----------
    cases : StudyFrame, DataFrame or OutcomeTable
        The table with the codes.
    column : str
        Column of codes.
    date : str or int
        Column of dates or years (a year means its 31 December), or one year for all rows.
    source, target : {"gw", "cow", "iso3", "vdem"}
        Code systems of ``column`` and of the new column.
    into : str
        Name of the new column.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a row is, where ``cases`` is a DataFrame.
    codes : {"date", "today"}
        ``date`` where a row has the code that its state had on the date, ``today`` where it has
        today's code in every year, as in most panels (COD in 1990). An OutcomeTable states this
        itself.
    accept_misfit : bool
        Translate although another system fits the column better by a tenth or more of its codes.

    Returns
    -------
    StudyFrame
        With the column ``into``: Int64, for ``iso3`` text. It is missing where the code has no
        translation on its date; the ledger counts these rows, ``joined`` has the reason of each,
        and a note gives the most frequent one.

    Raises
    ------
    JoinError
        A column is absent, a system is unknown, or another system fits the codes better.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b", "c"], "state": [260, 678, 340], "year": 1995})
    >>> frame = ps.joins.to_system(
    ...     cases, "state", date="year", source="gw", target="cow", into="ccode"
    ... )
    >>> frame.data["ccode"].tolist()
    [255, 679, <NA>]
    >>> print(frame.notes[0])
    state: 1 of 3 rows have no COW code. GW 340 (Serbia) is in force from 2006-06-05; on
    1995-12-31 the state there was GW 345 (Yugoslavia). (1 row)
    """
    if isinstance(cases, OutcomeTable):
        unit, codes = cases.source.unit, cases.source.codes
        cases = cases.table
    if codes not in DATES_OF_CODES:
        raise JoinError(one_of("codes", codes, DATES_OF_CODES))
    frame = as_frame(cases, key, unit, [column, str(date)])
    values, dates = _columns(frame.data, column, date)
    for what, system in (("source", source), ("target", target)):
        if system not in SYSTEMS:
            raise JoinError(one_of(what, system, SYSTEMS))
    _refuse_no_dates(dates, date)
    dated = codes == "date"
    misfit = system_misfit(values, dates if dated else None, source, column)
    if misfit.refused and not accept_misfit:
        raise JoinError(f"{misfit.text} accept_misfit=True goes on all the same.")

    if dated:
        out = translate_many(values, dates, source, target)
    else:
        out = translate_todays(values, dates, source, target, "source")
    none = out["translated"].isna().to_numpy()
    met = np.where(none, -1, rows_in_force(out["translated"], dates, target))
    step = f"translate {column} from {SYSTEM_NAMES[source]} to {SYSTEM_NAMES[target]} as {into}"
    entry = _entry(frame, met, step)
    added = out["translated"].astype("str" if target == "iso3" else "Int64").to_frame(into)
    translated = add_columns(frame, added, _why(values, dates, none), entry)
    notes = [Note("code_system", misfit.text)] if misfit.text else []
    if not dated:
        notes += border_notes(out["borders"], column)
    if none.any():
        text = (
            f"{column}: {int(none.sum())} of {len(out)} rows have no {SYSTEM_NAMES[target]} code. "
            f"{_commonest(out['reason'])}"
        )
        notes.append(Note("no_such_state", text))
    return replace(translated, notes=(*translated.notes, *notes))


def _columns(data: pd.DataFrame, column: str, date: str | int) -> tuple[pd.Series, pd.Series]:
    if isinstance(date, str):
        has_keys(data, [column, date], "the table")
        return data[column], data[date]
    has_keys(data, [column], "the table")
    return data[column], pd.Series(date, index=data.index)


def _refuse_no_dates(dates: pd.Series, date: str | int) -> None:
    """Refuse cells that are neither dates nor years: they would
    look like states that are not there.
    """
    wrong = []
    for cell in dates.iloc[distinct_pairs(dates, dates)[1]].dropna():
        try:
            covered(cell)
        except JoinError as err:
            wrong.append(str(err))
    if wrong:
        raise JoinError(
            f"{date!r} has {len(wrong)} different value(s) that are not dates. The first:"
            f" {wrong[0]}"
        )


def _why(codes: pd.Series, dates: pd.Series, none: Bools) -> Whys:
    day, first = distinct_pairs(dates, dates)
    distinct = dates.iloc[first].astype(object)
    before = np.array([not pd.isna(d) and not covered(d) for d in distinct], dtype=bool)
    complete = (codes.notna() & dates.notna()).to_numpy()
    return explained(np.where(none, NO_STATE, MET), none, complete=complete, outside=before[day])


def _entry(frame: StudyFrame, met: npt.NDArray[np.int64], step: str) -> Entry:
    unused, again = count_rows_met(met, len(crosswalk()))
    return Entry(
        step,
        "join",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((met < 0).sum()),
        other_rows=len(crosswalk()),
        other_unmatched=unused,
        duplicated=again,
        why=(
            "by the dated crosswalk of states, each code on its date; a code that is not in force"
            " has no translation"
        ),
    )


def _commonest(reasons: pd.Series) -> str:
    counts = reasons.dropna().value_counts(sort=True)
    shown = []
    for reason, n in counts.head(3).items():
        shown.append(f"{reason} ({n} row{'s' * (n > 1)})")
    if len(counts) > 3:
        shown.append(f"And {len(counts) - 3} other reasons.")
    return " ".join(shown)
