"""The verb ``diagnose``: what a fit hangs on, as tables. What stops a fit, or is noted by it, is in
``peacestudy.models.fit_notes.design_notes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note
from peacestudy.errors import SpecError
from peacestudy.models.diagnosis.calibration import calibration
from peacestudy.models.diagnosis.collinearity import collinearity, condition_number
from peacestudy.models.diagnosis.events import events, not_given
from peacestudy.models.diagnosis.group_effects import group_effects
from peacestudy.models.diagnosis.influence import case_tables
from peacestudy.models.diagnosis.leave_one_out import left_out, parts_of
from peacestudy.models.diagnosis.ratio_sensitivity import e_values
from peacestudy.models.diagnosis.sensitivity import benchmarks as bounded
from peacestudy.models.diagnosis.sensitivity import least_squares_engines, robustness
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.engines.separated import separation_of, separation_text
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.result import Fit

GROUPS = 5  # of the calibration table
# outcomes whose probabilities or means can be held against what happened
PREDICTED = ("binary", "ordered", "count")
STRENGTHS = (1.0, 2.0, 3.0)


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What a fit hangs on.

    Attributes
    ----------
    name, formula : of the fit.
    cases : residuals, leverage and Cook's distance by case, see
        ``peacestudy.models.diagnosis.influence``.
    dfbeta : what each case adds to each coefficient, by one step.
    left_out : the fit without each case or cluster, a table for each of them by name, see
        ``peacestudy.models.diagnosis.leave_one_out``.
    ranges : ``by, term, estimate, lowest, without_lowest, highest, without_highest, p_lowest,
        p_highest, not_fitted``: how far each coefficient and its p value move with one case or
        cluster left out, and without which; how many fits there were not.
    calibration : of probabilities and counts; None for other outcomes.
    events : one row, see ``peacestudy.models.diagnosis.events``; None for numbers and counts.
    group_effects : effects of the groups of mixed_logit and mixed_linear, see
        ``peacestudy.models.diagnosis.influence_groups``; else None.
    collinearity : variance inflation by term. condition_number : of the design.
    robustness, benchmarks : of linear models without weights, see
        ``peacestudy.models.diagnosis.sensitivity``; else None.
    e_values : see ``peacestudy.models.diagnosis.ratio_sensitivity``.
    notes : separation, what stands out, and what the engine has no table of.
    """

    name: str
    formula: str
    cases: pd.DataFrame | None
    dfbeta: pd.DataFrame | None = field(repr=False)
    left_out: dict[str, pd.DataFrame] = field(repr=False)
    ranges: pd.DataFrame
    calibration: pd.DataFrame | None
    events: pd.DataFrame | None
    group_effects: pd.DataFrame | None
    collinearity: pd.DataFrame
    condition_number: float
    robustness: pd.DataFrame | None
    benchmarks: pd.DataFrame | None
    e_values: pd.DataFrame | None
    notes: tuple[Note, ...]

    def __repr__(self) -> str:
        return (
            f"<Diagnosis of {self.name}: {self.formula}; see .ranges, .cases, .collinearity, .notes"
            " and more>"
        )

    def _repr_html_(self) -> str:
        return html_table(
            self.ranges, f"{self.name}: with one left out", self.notes, rows=len(self.ranges)
        )


def diagnose(
    fit: Fit,
    *,
    by: Sequence[str] | None = None,
    focus: str | None = None,
    benchmarks: Sequence[str] = (),
    strengths: Sequence[float] = STRENGTHS,
    groups: int = GROUPS,
) -> Diagnosis:
    """Show what a fit hangs on.

    Parameters
    ----------
    fit : of any engine; tables that it does not have are None.
    by : what is left out in turn, ``case``, cluster columns of the fit or the column of its groups;
        none (an empty list) spares the time of fitting anew, though of mixed_logit each row still
        takes its step, half a second or more for 1,000. If nothing is said: all of these.
    focus, benchmarks, strengths : for linear models, the term in doubt, observed terms with which a
        cause left out is compared, and how many times as strong it is taken to be.
    groups : of the calibration table.

    Raises
    ------
    SpecError
        What is no Fit; names that are not there; benchmarks without
        a focus, or where the engine has none.

    Examples
    --------
    >>> from peacestudy.models import ModelSpec, fit
    >>> d = pd.DataFrame(
    ...     {"y": [1.0, 2.1, 2.9, 4.2, 9.0], "x": [1, 2, 3, 4, 5]}, index=list("abcde")
    ... )
    >>> found = diagnose(fit(d, ModelSpec("line", "y ~ x", "linear", "classical")))
    >>> found.cases.sort_values("cook").case.iloc[-1], found.ranges.without_lowest[1]
    ('e', 'e')
    """
    refuse_imputed(
        "diagnose",
        fit,
        instead=(
            "Look at the fits of the completed tables one by one: [diagnose(f) for f in fit.fits]."
        ),
    )
    if not isinstance(fit, Fit):
        raise SpecError(f"diagnose takes a Fit, as ps.fit gives it, not a {type(fit).__name__}.")
    engine = engine_of(fit.spec)
    plain = engine.least_squares and "weights" not in dict(fit.spec.options)
    if bool(benchmarks) != (focus is not None):
        raise SpecError(
            "benchmarks and focus go together: the term in doubt, and the terms that a cause left"
            " out is compared with."
        )
    if focus is not None and not plain:
        raise SpecError(
            f"benchmarks are known for {least_squares_engines()} without weights, not for this fit"
            f" of engine {fit.spec.engine!r}."
        )
    parts = parts_of(fit) if by is None else (by,) if isinstance(by, str) else by
    if not isinstance(parts, list | tuple):
        raise SpecError(
            f"by is {by!r}; write a list of what is left out in turn, some of"
            f" {', '.join(parts_of(fit))}."
        )
    cases, dfbeta = case_tables(fit)
    left = {what: left_out(fit, what) for what in parts}
    return Diagnosis(
        name=fit.spec.name,
        formula=fit.spec.formula,
        cases=cases,
        dfbeta=dfbeta,
        left_out=left,
        ranges=_ranges(fit, left),
        calibration=calibration(fit, groups) if engine.kind in PREDICTED else None,
        events=events(fit),
        group_effects=group_effects(fit) if "group" in dict(fit.spec.options) else None,
        collinearity=collinearity(fit),
        condition_number=condition_number(fit),
        robustness=robustness(fit) if plain else None,
        benchmarks=bounded(fit, focus, benchmarks, strengths) if focus is not None else None,
        e_values=e_values(fit) if engine.e_values else None,
        notes=tuple(_notes(fit, cases, left)),
    )


def _ranges(fit: Fit, left: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """How far each coefficient moves with one left out."""
    rows = []
    for by, table in left.items():
        for name, estimate in zip(fit.terms["term"], fit.terms["estimate"], strict=True):
            part = table[table["term"] == name]
            known = part[part["estimate"].notna()].reset_index(drop=True)
            if known.empty:
                rows.append(
                    (by, name, estimate, np.nan, None, np.nan, None, np.nan, np.nan, len(part))
                )
                continue
            low, high = (
                known.iloc[int(i)] for i in (known["estimate"].argmin(), known["estimate"].argmax())
            )
            ends = (low["estimate"], low["left_out"], high["estimate"], high["left_out"])
            rows.append(
                (
                    by,
                    name,
                    estimate,
                    *ends,
                    known["p_value"].min(),
                    known["p_value"].max(),
                    len(part) - len(known),
                )
            )
    columns = [
        "by",
        "term",
        "estimate",
        "lowest",
        "without_lowest",
        "highest",
        "without_highest",
        "p_lowest",
        "p_highest",
        "not_fitted",
    ]
    return pd.DataFrame(rows, columns=columns)


def _notes(fit: Fit, cases: pd.DataFrame | None, left: dict[str, pd.DataFrame]) -> list[Note]:
    out = []
    if engine_of(fit.spec).kind == "binary" and (found := separation_of(fit.design)) is not None:
        text = separation_text(fit.design, found)
        out.append(Note("separation", text[0].upper() + text[1:] + "."))
    if cases is not None and "cook" in cases and cases["cook"].notna().any():
        most = cases.iloc[int(cases["cook"].argmax())]
        out.append(
            Note("cook", f"Cook's distance is largest, {most['cook']:.2f}, for {most['case']}.")
        )
    for by, table in left.items():
        slopes = [n for n in fit.design.names if n != "Intercept"]
        known = table[table["term"].isin(slopes) & table["dfbetas"].notna()].reset_index(drop=True)
        if len(known):
            most = known.iloc[int(known["dfbetas"].abs().argmax())]
            text = (
                f"Of all, {by} {most['left_out']} moves a slope most when left out: {most['term']}"
                f" by {-most['dfbetas']:.2f} standard errors."
            )
            out.append(Note("left_out", text))
        if len(bad := table[table["reason"] != ""].drop_duplicates("left_out")):
            out.append(
                Note(
                    "left_out",
                    f"Without {by} {bad['left_out'].iloc[0]} nothing can be fitted:"
                    f" {bad['reason'].iloc[0]}",
                )
            )
    return [*out, *not_given(fit)]
