"""Discrete-time hazards: every row becomes one row for each period at risk,
and a logit explains in which the event comes.

Sources: Allison (1982), Sociological Methodology 13; Beck, Katz and Tucker (1998), American Journal
of Political Science 42(4); Carter and Signorino (2010), Political Analysis 18(3) (the cubic
polynomial of time).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from peacestudy.core.display import exact_number
from peacestudy.core.problems import Note
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.engine import LIKELIHOOD, Engine, Request
from peacestudy.models.engines.logit import (
    binary_residuals,
    refit_logit,
    refuse_separated,
    weighted_logit,
)
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels import batch
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.logit import fit_logit

LONGEST = 20_000_000  # person-periods times columns; beyond, the table would not be held
NAMED = 5  # cases named in a message
DEFAULT = "dummies"


@dataclass(frozen=True, eq=False)
class _Periods:
    """The person-periods: the row given, the period and the outcome of each, shape (P,)."""

    rows: np.ndarray
    period: np.ndarray
    y: np.ndarray


def arrange_periods(design: Design, request: Request) -> tuple[Design, list[Note]]:
    """The design with a row for each period at risk and a baseline
    hazard, and the conventions to be told.

    ``scale`` and ``center`` have used the rows given, not the periods. With a plain outcome the
    rows are periods already and the design stays as it is.

    Raises
    ------
    SpecError
        An option ``baseline`` beside a plain outcome.
    FitError
        Times that are not whole numbers, with the cases; no period with events and without.
    """
    written = dict(request.options).get("baseline")
    if design.times is None:
        if written is not None:
            raise SpecError(
                f"baseline is {written!r}, but the outcome {design.formula.response.label!r} is a"
                " single column: its rows are periods already. Write the baseline into the"
                " formula, as C(period), or Surv(time, event) as the outcome."
            )
        return design, [
            Note("baseline", "Rows are periods, hazard by logit; the baseline is in the formula.")
        ]
    baseline = written or DEFAULT
    found, dropped = _expand(design)
    notes: list[Note] = []
    if baseline == "dummies":
        found, dropped, notes = _informative(design, found, dropped)
    keep = [j for j, name in enumerate(design.names) if name != "Intercept"]
    base, names = BASELINES[baseline](found.period)
    if len(found.y) * (len(names) + len(keep)) > LONGEST:
        raise FitError(
            f"{len(found.y)} person-periods with {len(names)} columns of the baseline are too many."
            " Count time in longer periods, or write another baseline."
        )
    names = (*names, *(design.names[j] for j in keep))
    said = f"Hazard of a period by logit, baseline {baseline}"
    said += "" if written else f" (no option baseline was given, so {DEFAULT})"
    notes = [
        Note(
            "baseline",
            f"{said}; {len(np.unique(found.rows))} rows make {len(found.y)} person-periods.",
        ),
        *notes,
    ]
    grouped = [pd.factorize(g[found.rows]) for g in design.clusters]
    called = tuple(
        tuple(names[i] for i in left)
        for names, (_, left) in zip(design.cluster_names, grouped, strict=True)
    )
    out = replace(
        design,
        y=found.y,
        X=np.hstack([base, design.X[found.rows][:, keep]]),
        names=names,
        rows=found.rows,
        dropped=dropped,
        cases=tuple(design.cases[i] for i in found.rows),
        baseline=names[: base.shape[1]],
        times=design.times[found.rows],
        clusters=tuple(codes for codes, _ in grouped),
        cluster_names=called,
    )
    return out, notes


def _expand(design: Design) -> tuple[_Periods, pd.DataFrame]:
    """The person-periods of all rows; rows that end at time 0 have
    none and are left out with that reason.
    """
    assert design.times is not None
    whole = (design.times == np.round(design.times)).all(axis=1)
    label = design.formula.response.label
    if not whole.all():
        bad = np.flatnonzero(~whole)
        shown = ", ".join(
            f"{design.cases[i]}: {' to '.join(exact_number(t) for t in design.times[i])}"
            for i in bad[:NAMED]
        )
        raise FitError(
            f"{label}: time is counted in whole periods; it is not in {len(bad)} row(s) (cases"
            f" {shown}). Round it as your periods are meant, or use engine 'cox'."
        )
    start, stop = design.times.T
    length = stop - start
    if length.sum() > LONGEST:
        raise FitError(
            f"{label} makes {length.sum():.0f} person-periods, too many. Count time in longer"
            " periods."
        )
    length = length.astype(int)
    rows = np.repeat(np.arange(len(length)), length)
    number = np.arange(len(rows)) - np.repeat(np.cumsum(length) - length, length) + 1
    y = np.where(number == length[rows], design.y[rows], 0.0)
    return _Periods(rows, start[rows].astype(int) + number, y), _left_out(
        design, design.dropped, length == 0, f"{label} ends at time 0: no period at risk"
    )


def _left_out(design: Design, dropped: pd.DataFrame, gone: np.ndarray, reason: str) -> pd.DataFrame:
    more = [(design.cases[i], design.formula.response.label, reason) for i in np.flatnonzero(gone)]
    return (
        pd.concat([dropped, pd.DataFrame(more, columns=dropped.columns)], ignore_index=True)
        if more
        else dropped
    )


def _informative(
    design: Design, found: _Periods, dropped: pd.DataFrame
) -> tuple[_Periods, pd.DataFrame, list[Note]]:
    """Without the periods in which nobody or everybody has the
    event: there a dummy of its own fits exactly.
    """
    labels, which = np.unique(found.period, return_inverse=True)
    size, events = np.bincount(which), np.bincount(which, found.y)
    silent = (events == 0) | (events == size)
    if not silent.any():
        return found, dropped, []
    if silent.all():
        raise FitError(
            f"{design.formula.response.label}: there is no period in which some have the event and"
            " others do not; the model cannot be fitted with baseline 'dummies'. Write another"
            " baseline."
        )
    keep = ~silent[which]
    none, every = labels[events == 0], labels[(events == size) & (events > 0)]
    parts = [
        f"{len(p)} period(s) {why} ({_runs(p)})"
        for p, why in ((none, "without an event"), (every, "where all at risk have it"))
        if len(p)
    ]
    text = (
        "Left out, because given their dummies they do not contribute to the slopes:"
        f" {' and '.join(parts)}, {int((~keep).sum())} person-periods."
    )
    used = np.zeros(len(design.y), bool)
    used[found.rows[keep]] = True
    had = np.zeros(len(design.y), bool)
    had[found.rows] = True
    dropped = _left_out(
        design,
        dropped,
        had & ~used,
        "at risk only in periods in which none, or all, have the event",
    )
    return (
        _Periods(found.rows[keep], found.period[keep], found.y[keep]),
        dropped,
        [Note("periods", text)],
    )


def _runs(periods: np.ndarray) -> str:
    """Whole numbers as runs: 3, 7-12."""
    parts = np.split(periods, np.flatnonzero(np.diff(periods) > 1) + 1)
    return ", ".join(f"{p[0]}" if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


_Baseline = tuple[np.ndarray, tuple[str, ...]]


def _dummies(period: np.ndarray) -> _Baseline:
    labels, which = np.unique(period, return_inverse=True)
    if len(period) * len(labels) > LONGEST:
        raise FitError(
            f"{len(period)} person-periods with {len(labels)} dummies are too many. Count time in"
            " longer periods, or write another baseline."
        )
    return np.eye(len(labels))[which], tuple(f"period[{p}]" for p in labels)


def _cubic(period: np.ndarray) -> _Baseline:
    t = period.astype(float)
    return np.column_stack([np.ones(len(t)), t, t**2, t**3]), (
        "Intercept",
        "period",
        "period^2",
        "period^3",
    )


def _log(period: np.ndarray) -> _Baseline:
    return np.column_stack([np.ones(len(period)), np.log(period)]), ("Intercept", "log(period)")


def _constant(period: np.ndarray) -> _Baseline:
    return np.ones((len(period), 1)), ("Intercept",)


BASELINES: dict[str, Callable[[np.ndarray], _Baseline]] = {
    "dummies": _dummies,
    "cubic": _cubic,
    "log": _log,
    "constant": _constant,
}


REMEDY = "Drop the term, or write another baseline or longer periods."


def estimate_periods(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of person-periods.

    Raises
    ------
    FitError
        The outcome is separated, with the terms and cases.
    """
    refuse_separated(design, request, REMEDY)
    return weighted_logit(design, None), []


DISCRETE_TIME = Engine(
    outcome="periods",
    link="expit",
    effect="odds ratio",
    arrange=arrange_periods,
    estimate=estimate_periods,
    refit=refit_logit,
    residuals=binary_residuals,
    vcovs=LIKELIHOOD,
    options={"baseline": ("dummies", "cubic", "log", "constant")},
    kernel=fit_logit,
    batch=batch.LOGIT,
)
