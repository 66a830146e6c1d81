"""Whether a model explains its outcome by what is known only after the clock.

A clock stands on the StudyFrame (``with_clock``) or, for any table, in the options of the
specification: ``clock``, ``known_from`` and ``known_late``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.clock import Clock, Days, Late, dated, known_days, late_columns
from peacestudy.core.derived import Derived
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import Joined
from peacestudy.core.problems import Note, as_known, one_of
from peacestudy.errors import JoinError, SpecError
from peacestudy.models.formulas.columns import columns_named
from peacestudy.models.formulas.factors import Factor
from peacestudy.models.formulas.formula import parse
from peacestudy.models.formulas.lags import add_lags
from peacestudy.models.spec import CLOCK, ModelSpec

# options that name a column which explains the outcome, groups or weights the cases
EXPLAINING = ("weights", "offset", "exposure", "strata", "group")
UNKNOWN_NAMED = 5


def clock_of(data: StudyFrame | pd.DataFrame, spec: ModelSpec) -> Clock | None:
    """The clock of a model: that of its options, else that of the frame with further rules."""
    options = dict(spec.options)
    rules = dict(options.get("known_from", ()))
    frame_clock = data.clock if isinstance(data, StudyFrame) else None
    if "clock" in options:
        before = frame_clock.rules if frame_clock is not None else {}
        return Clock(options["clock"], {**before, **rules})
    return frame_clock.with_rules(rules) if frame_clock is not None and rules else frame_clock


def without_clock(spec: ModelSpec) -> ModelSpec:
    """The specification without the options of the clock, for refits of data that were checked."""
    options = {name: value for name, value in dict(spec.options).items() if name not in CLOCK}
    return replace(spec, options=options)


@dataclass(frozen=True, eq=False)
class ClockReport:
    """What the clock says of the columns that explain an outcome.

    Attributes
    ----------
    late : the columns that are known only after the clock in a row that the model uses.
    unknown : the columns of which nothing says from when they are known.
    reasons : the reason written for each column that is used all the same.
    cases : ids of the rows used.
    eligibility : the columns that are not in the model and by which ``keep`` chose the rows.
    outside : of each column of which nothing says from when it is known, the data that its function
        reads besides the frame.
    """

    late: tuple[Late, ...]
    unknown: tuple[str, ...]
    reasons: Mapping[str, str]
    cases: tuple[Any, ...]
    eligibility: tuple[str, ...] = ()
    outside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, late: Late) -> str:
        """A clause on a column that is known late."""
        text = late.text(self.cases)
        return f"{text}, used by keep" if late.column in self.eligibility else text

    @property
    def refused(self) -> tuple[Late, ...]:
        """The late columns without a reason."""
        return tuple(found for found in self.late if found.column not in self.reasons)


def check_clock(
    data: StudyFrame | pd.DataFrame,
    spec: ModelSpec,
    cases: Sequence[Any],
    further: Sequence[str] = (),
) -> list[Note]:
    """Refuse what is known only after the clock, or give a note with the written reason.

    Parameters
    ----------
    data : StudyFrame or DataFrame
        What is fitted.
    spec : ModelSpec
        With the columns that explain the outcome. Its option ``known_late`` gives a reason for each
        column that is used although it is known late.
    cases : sequence
        Ids of the rows that the model uses.
    further : sequence of str
        Columns outside the formula by which cases are compared, such as strata or contexts.

    Returns
    -------
    list of Note
        One for each column that is known late in one of these rows, with the reason.

    Raises
    ------
    SpecError
        A column is known late and has no reason; nothing says from when a column is known; a
        reason is of a column that the model does not use.
    """
    report = clock_report(data, spec, cases, further)
    if report is None:
        return []
    if report.unknown:
        listed = ", ".join(map(repr, report.unknown[:UNKNOWN_NAMED]))
        raise SpecError(
            f"{spec.name}: nothing says from when {listed} is known. Write it for each column:"
            f" options={{'known_from': {{{report.unknown[0]!r}: 'always'}}}}, or a column of dates"
            f" or years, as 'year - 1'.{_read_outside(report)}"
        )
    if report.refused:
        found = "; ".join(map(report.text, report.refused))
        raise SpecError(
            f"{spec.name}: {found}. Read it from before the clock, leave it out, or give a reason:"
            f" options={{'known_late': {{{report.refused[0].column!r}: 'why'}}}}."
        )
    notes = []
    for late in report.late:
        text = f"{report.text(late)}. Reason given: {report.reasons[late.column]}."
        notes.append(Note("known_late", text))
    return notes


def _read_outside(report: ClockReport) -> str:
    """A sentence on the data that the functions of derived columns read besides the frame."""
    for column in report.unknown:
        if column in report.outside:
            names = ", ".join(map(repr, report.outside[column]))
            return (
                f" The function of {column!r} reads {names}, which is no column of the frame, so"
                " that the dates of its columns do not say when its values are known."
            )
    return ""


def clock_report(
    data: StudyFrame | pd.DataFrame,
    spec: ModelSpec,
    cases: Sequence[Any],
    further: Sequence[str] = (),
) -> ClockReport | None:
    """Compare the columns of a model with the clock; None where there is no clock.

    Parameters and errors are those of ``check_clock``, which refuses what this reports.
    """
    clock = clock_of(data, spec)
    options = dict(spec.options)
    if clock is None:
        if "known_from" in options or "known_late" in options:
            raise SpecError(
                f"{spec.name}: known_from and known_late need a clock:"
                " options={'clock': 'signed', ...}, or frame.with_clock('signed')."
            )
        return None
    lags = _lags_by_column(spec)
    eligibility = data.eligibility if isinstance(data, StudyFrame) else ()
    names = tuple(dict.fromkeys((*lags, *eligibility, *further)))
    reasons = {}
    for written, reason in options.get("known_late", ()):
        column = as_known(written, names)
        if column not in names:
            raise SpecError(one_of(f"a column of known_late in {spec.name}", column, names))
        reasons[column] = reason
    try:
        return _compared(data, spec, clock, lags, names, reasons, cases)
    except JoinError as err:
        raise SpecError(f"{spec.name}: {err}") from err


def _lags_by_column(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """The columns that explain the outcome, with the lags at which each is read."""
    lags: dict[str, list[int]] = {}
    for factor in parse(spec.formula).factors:
        lags.setdefault(factor.column, []).append(factor.lag)
    options = dict(spec.options)
    for name in EXPLAINING:
        if name in options:
            lags.setdefault(str(options[name]), []).append(0)
    return {column: tuple(sorted(set(steps))) for column, steps in lags.items()}


def _compared(
    data: StudyFrame | pd.DataFrame,
    spec: ModelSpec,
    clock: Clock,
    lags: Mapping[str, tuple[int, ...]],
    names: tuple[str, ...],
    reasons: Mapping[str, str],
    cases: Sequence[Any],
) -> ClockReport:
    """The report on the columns of a model in the rows that it uses."""
    joined: tuple[Joined, ...] = ()
    derived: tuple[Derived, ...] = ()
    if isinstance(data, StudyFrame):
        table, ids = data.data, pd.Index(data.data[data.key])
        joined, derived = data.joined, data.derived
    else:
        table, ids = data, data.index
    columns = [str(column) for column in table.columns]
    written = (*dict(dict(spec.options).get("known_from", ())), *clock.rules)
    for column in written:
        if as_known(column, columns) not in columns and column not in names:
            raise SpecError(one_of(f"a column of known_from in {spec.name}", column, columns))
    present = [name for name in names if name in table.columns]  # others are made from codes
    needed = {clock.column: "the clock", **dict.fromkeys(present, "the column")}
    named = columns_named(table, needed)
    known, unknown = known_days(named, clock, names, joined, derived)
    used = ids.isin(list(cases))
    rows = ids.tolist()
    known_used = {}
    for column, days in known.items():
        latest = _latest(named, column, days, lags.get(column, (0,)), spec, rows)
        known_used[column] = latest[used]
    late = late_columns(named[used], clock, known_used, complete=lags)
    by_keep = data.eligibility if isinstance(data, StudyFrame) else ()
    return ClockReport(
        tuple(late),
        tuple(unknown),
        reasons,
        tuple(ids[used].tolist()),
        tuple(column for column in by_keep if column not in lags),
        {d.name: d.outside for d in derived if d.outside},
    )


def _latest(
    table: pd.DataFrame,
    column: str,
    known: Days,
    lags: tuple[int, ...],
    spec: ModelSpec,
    ids: list[Any],
) -> Days:
    """From when a column and its lags are known: a lag when the row that it reads is."""
    factors = [Factor(column, lag=lag) for lag in lags if lag]
    if not factors:
        return known
    number = np.where(np.isnat(known), np.nan, known.astype(np.int64).astype(float))
    looked_up = add_lags(table.assign(**{column: number}), factors, spec.panel, ids).table
    days = [known] if 0 in lags else []
    for factor in factors:
        found = looked_up[factor.label].to_numpy(dtype=float)
        there = ~np.isnan(found)
        days.append(dated(np.where(there, found, 0).astype(np.int64), there))
    latest: Days = np.max(np.vstack(days), axis=0)
    return latest
