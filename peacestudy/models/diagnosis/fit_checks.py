"""Checks of a fit, as tables. Checks that stop a fit, or add notes to it, are in
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
    """The checks of a fit, as tables.

    Attributes
    ----------
    name, formula : str
        Of the fit.
    cases : DataFrame or None
        Residuals, leverage and Cook's distance by case, see
        ``peacestudy.models.diagnosis.influence``.
    dfbeta : DataFrame or None
        One-step change of each coefficient by each case.
    left_out : dict of str to DataFrame
        The fit without each case or cluster, by what is left out, see
        ``peacestudy.models.diagnosis.leave_one_out``.
    ranges : DataFrame
        ``by, term, estimate, lowest, without_lowest, highest, without_highest, p_lowest, p_highest,
        not_fitted``: the range of each coefficient and p value with one case or cluster left out,
        the cases left out at its ends, and the number of models that could not be fitted.
    calibration : DataFrame or None
        Predicted and observed outcomes by group, for probabilities and counts.
    events : DataFrame or None
        Events per variable in one row, see ``peacestudy.models.diagnosis.events``; None for numbers
        and counts.
    group_effects : DataFrame or None
        Effects of the groups of mixed_logit and mixed_linear, see
        ``peacestudy.models.diagnosis.group_effects``.
    collinearity : DataFrame
        Variance inflation by term.
    condition_number : float
        Of the design.
    robustness, benchmarks : DataFrame or None
        Sensitivity of linear models without weights to unmeasured confounders, see
        ``peacestudy.models.diagnosis.sensitivity``.
    e_values : DataFrame or None
        Sensitivity of ratios, see ``peacestudy.models.diagnosis.ratio_sensitivity``.
    notes : tuple of Note
        Separation, the most influential cases, and which tables the engine does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame(
    ...     {"y": [1.0, 2.1, 2.9, 4.2, 9.0], "x": [1, 2, 3, 4, 5]}, index=list("abcde")
    ... )
    >>> fit = ps.fit(d, ps.ModelSpec("line", "y ~ x", "linear", "classical"))
    >>> found = ps.models.diagnose(fit)
    >>> found.robustness[["term", "robustness_value"]].round(3).values.tolist()
    [['x', 0.864]]
    >>> found.ranges.query("term == 'x'")[["lowest", "without_lowest"]].round(2).values.tolist()
    [[1.04, 'e']]
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
    """Check a fit: influential cases, calibration, collinearity, sensitivity to confounders.

    Parameters
    ----------
    fit : Fit
        A fit of any engine; tables that the engine does not have are None.
    by : sequence of str, optional
        What is left out in turn: ``case``, cluster columns of the fit or its group column; by
        default all of these. An empty list refits nothing and saves time; of mixed_logit each row
        still takes its one step, half a second or more for 1,000 rows.
    focus : str, optional
        For linear models, the term whose sensitivity is examined.
    benchmarks : sequence of str, optional
        Observed terms with which an unmeasured confounder is compared; they need ``focus``.
    strengths : sequence of float, optional
        How many times as strong as a benchmark the confounder is.
    groups : int, optional
        Number of groups of the calibration table.

    Returns
    -------
    Diagnosis
        Tables and notes.

    Raises
    ------
    SpecError
        No Fit, an unknown name, benchmarks without a focus or for an engine that has none.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame(
    ...     {"y": [1.0, 2.1, 2.9, 4.2, 9.0], "x": [1, 2, 3, 4, 5]}, index=list("abcde")
    ... )
    >>> fit = ps.fit(d, ps.ModelSpec("line", "y ~ x", "linear", "classical"))
    >>> found = ps.models.diagnose(fit)
    >>> found.cases[["case", "cook"]].round(2).values.tolist()[-1]
    ['e', 2.23]
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
