"""The verb ``effects``: what a fit says in the unit of its outcome.

Sources: Arel-Bundock, Greifer and Heiss (2024), Journal of Statistical Software 111(9) (the
vocabulary: slopes, comparisons, predictions); Hanmer and Kalkan (2013), American Journal of
Political Science 57(1) (averages over the cases as observed).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import as_known, one_of
from peacestudy.errors import SpecError
from peacestudy.models.interpretation.effect_notes import said_of
from peacestudy.models.interpretation.effect_rows import effect_rows
from peacestudy.models.interpretation.effect_scale import scale_of
from peacestudy.models.interpretation.effect_table import (
    Effects,
    by_delta,
    by_simulation,
    check_interval,
)
from peacestudy.models.interpretation.effect_terms import (
    Asked,
    EffectTerm,
    comparison_terms,
    prediction_terms,
    slope_terms,
)
from peacestudy.models.interpretation.pooled_effects import pooled_effects
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.result import Fit

KINDS = ("slopes", "comparisons", "predictions")
COMPARISONS = ("difference", "ratio")


@renamed_arguments(level="conf_level")
def effects(
    fit: Fit | PooledFit,
    data: StudyFrame | pd.DataFrame | Imputed,
    kind: str,
    variables: str | Sequence[str] | Mapping[str, Any] | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    scale: str | None = None,
    horizon: float | None = None,
    comparison: str = "difference",
    interval: str = "delta",
    draws: int | None = None,
    seed: int | None = None,
    conf_level: float = 0.95,
    over: str = "fit",
) -> pd.DataFrame:
    """Average effects of a fit, with intervals from the fit's own covariance.

    Parameters
    ----------
    fit : of any engine; or a PooledFit, whose effects are found in every completed table and pooled
        by Rubin's rules (ratios and counts as logarithms, probabilities as logits), with variances
        within each table by the delta method or by simulation. Pooled probabilities of ordered
        categories are divided by their sum.
    data : the table that was fitted; what ``impute`` gave for a PooledFit.
    kind : ``slopes``, mean derivatives of the outcome by columns of numbers (average marginal
        effects); ``comparisons``, what a written change of a column does; ``predictions``, the mean
        outcome. There is no default.
    variables : of slopes, columns (None: every column of numbers). Of comparisons, a mapping from
        columns to the change: ``(low, high)``, two values or two categories; a number, a step from
        where each row is; ``sd``, from half a standard deviation below each row to half above;
        ``iqr`` or ``minmax``, between quartiles or ends; of categories ``reference`` (each against
        the first), ``sequential`` or ``pairwise``. Predictions take none.
    at : values at which columns are held in all rows, one or a list each; every combination is a
        profile. The other columns stay as they are in each row, and the rows are averaged. A
        profile that names all columns is a single prediction. An offset or exposure may be held as
        well: at an exposure of 1 counts are rates.
    scale : ``response``, the mean, the expected count or the probability (of ordered that of every
        category, a row each, with ``category`` after ``contrast``; of discrete_time the hazard of a
        period, over all person-periods; of mixed_logit that in a typical group, whose effect is
        zero); ``average``, of mixed_logit, the mean probability over groups, with the uncertainty
        of ``sd(group)``; ``flic``, of firth, probabilities with the corrected intercept; ``link``,
        the linear predictor (of ordered without the cut points). Must be written for firth and
        mixed_logit, which have no usual one.
    horizon : of cox, the time up to which survival time is averaged (restricted mean survival time,
        Breslow baseline; differences are in its unit); of discrete_time, the number of periods by
        whose end the event may have come (a probability).
    comparison : ``difference``, or ``ratio`` of the averages, whose interval is that of its
        logarithm and whose null is 1.
    interval : ``delta`` or ``simulation``, which needs ``draws`` and ``seed``; parameters that
        cannot be below zero are drawn on the log scale. Where a chance is about to turn, as that of
        a middle category does at its highest, the delta method falls short: in 1,000 data sets its
        95 % intervals held the truth in 91 %, those by simulation in 95 % (of the highest category
        and of means over groups the delta method's did in 95 %).
    conf_level : of the intervals.
    over : ``fit``, the cases of the fit, against whose design the data are checked; ``data``, every
        row given that has values.

    Returns
    -------
    DataFrame
        ``term, contrast, estimate, std_error, statistic, p_value, conf_low, conf_high, n, at,
        note``. ``n`` counts the rows averaged; ``note`` says what makes one distrust a number, such
        as a value beyond the data. Rows count as given: the interval is about the coefficients, not
        about which rows were sampled. Rows weighted in the fit are weighted in the average.
        Predictions test nothing; the interval of a probability is symmetric on the scale of the
        logit, that of a mean count on that of the log, that of a restricted mean on that of the
        logit of its share of the horizon. An effect that needs a term without a standard error has
        none either, and ``note`` names the term. Where the formula transforms the outcome, as
        ``log(deaths)``, ``note`` says that numbers are in its unit. After a wild or score
        bootstrap, which has no covariance, effects use the clustered one, and ``note`` says so.

    Raises
    ------
    SpecError
        A word, column or value that does not exist, or one that must be written and is not.
    FitError
        The data are not those of the fit; a slope, a category or a
        horizon that the fit does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> from peacestudy.models.fitting import fit as fit_model
    >>> from peacestudy.models.spec import ModelSpec
    >>> d = pd.DataFrame({"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 3, 4, 5, 6, 7, 8]})
    >>> found = fit_model(d, ModelSpec("m", "y ~ x", "firth", "classical"))
    >>> effects(found, d, "comparisons", {"x": (2, 6)}, scale="flic")[
    ...     ["term", "contrast", "estimate"]
    ... ].round(3).values.tolist()
    [['x', '6 - 2', 0.297]]
    """
    if kind not in KINDS:
        raise SpecError(one_of("kind", kind, KINDS))
    if comparison not in COMPARISONS:
        raise SpecError(one_of("comparison", comparison, COMPARISONS))
    if comparison == "ratio" and kind != "comparisons":
        raise SpecError(f"a ratio is a comparison; kind {kind!r} has none.")

    def one(fit: Fit, data: StudyFrame | pd.DataFrame, seed: int | None = seed) -> Effects:
        found = scale_of(fit, scale, horizon)
        check_interval(fit, found, interval, draws, seed, conf_level)
        asked = Asked(fit, effect_rows(fit, data, over), found, horizon, over)
        _check_periods(asked)
        terms = _terms(
            asked,
            kind,
            as_known(variables, asked.rows.names),
            as_known(at, asked.rows.names),
            comparison,
        )
        simulated = draws is not None and seed is not None
        given = (
            by_simulation(fit, found, terms, conf_level, draws or 0, seed or 0)
            if simulated
            else by_delta(fit, found, terms, conf_level)
        )
        said = said_of(asked, at)
        notes = ["; ".join(filter(None, (n, said))) for n in given.table["note"]]
        return replace(given, table=given.table.assign(note=notes))

    if isinstance(fit, PooledFit) and isinstance(data, Imputed):
        return pooled_effects(fit, data, one, conf_level, seed)
    if not isinstance(fit, Fit) or not isinstance(data, StudyFrame | pd.DataFrame):
        raise SpecError(
            "effects takes a Fit and its data, or a PooledFit and what impute gave, not a"
            f" {type(fit).__name__} and a {type(data).__name__}. Write: effects(fit, data,"
            " 'slopes')."
        )
    return one(fit, data).table


def _terms(
    asked: Asked,
    kind: str,
    variables: str | Sequence[str] | Mapping[str, Any] | None,
    at: Mapping[str, Any] | None,
    comparison: str,
) -> list[EffectTerm]:
    if kind == "comparisons":
        if not isinstance(variables, Mapping) or not variables:
            raise SpecError(
                f"comparisons need the change of each variable; variables is {variables!r}. Write"
                " {'x': (0, 1)}, {'x': 'sd'} or, for categories, {'k': 'reference'}."
            )
        return list(comparison_terms(asked, variables, at, comparison))
    if isinstance(variables, Mapping):
        raise SpecError(
            f"kind {kind!r} takes no changes of variables; changes are compared with"
            " kind='comparisons'."
        )
    if kind == "slopes":
        return list(
            slope_terms(asked, [variables] if isinstance(variables, str) else variables, at)
        )
    if variables is not None:
        raise SpecError(
            "predictions take no variables; write the values at which to predict in at."
        )
    return list(prediction_terms(asked, at))


def _check_periods(asked: Asked) -> None:
    """A hazard is averaged over person-periods, which only the fit's own rows have."""
    expanded = asked.fit.design.rows is not None and asked.scale != "horizon"
    if expanded and asked.over == "data":
        raise SpecError(
            "the rows given have no periods at risk to average over: write horizon=..., or"
            " over='fit'."
        )
