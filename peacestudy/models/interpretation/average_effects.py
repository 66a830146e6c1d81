"""Average effects of a fit in the unit of its outcome.

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
    """Average effects of a fit, with intervals from the covariance of the fit.

    Parameters
    ----------
    fit : Fit or PooledFit
        A fit of any engine. The effects of a PooledFit are computed in every completed table and
        pooled by Rubin's rules (ratios and counts as logarithms, probabilities as logits). Pooled
        probabilities of ordered categories are divided by their sum.
    data : StudyFrame, DataFrame or Imputed
        The table that was fitted; for a PooledFit the Imputed.
    kind : {"slopes", "comparisons", "predictions"}
        ``slopes`` are mean derivatives of the outcome by numeric columns (average marginal
        effects), ``comparisons`` the mean effect of a stated change of a column, ``predictions``
        the mean outcome. There is no default.
    variables : str, sequence or mapping, optional
        Of slopes: columns; None takes every numeric column. Of comparisons: a mapping from columns
        to the change. The change is ``(low, high)``, two values or two categories; a number, a step
        from the value of each row; ``sd``, from half a standard deviation below the value of each
        row to half above; ``iqr`` or ``minmax``, between the quartiles or the extremes; for
        categories ``reference`` (each against the first), ``sequential`` or ``pairwise``.
        Predictions take none.
    at : mapping, optional
        Values at which columns are held in all rows: one value or a list for each column. Every
        combination is a profile; the other columns keep the values of each row, and the rows are
        averaged. An offset or exposure may be held too: at an exposure of 1 counts are rates.
    scale : {"response", "average", "flic", "link"}, optional
        ``response`` is the mean, the expected count or the probability (ordered: of every category,
        with a column ``category`` after ``contrast``; discrete_time: the hazard of a period, over
        all person-periods; mixed_logit: the probability in a typical group, whose effect is zero).
        ``average``, for mixed_logit, is the mean probability over groups, with the uncertainty of
        ``sd(group)``; ``flic``, for firth, are probabilities with the corrected intercept; ``link``
        is the linear predictor (ordered: without the cut points). Required for firth and
        mixed_logit.
    horizon : float, optional
        Of cox, the time up to which survival time is averaged (restricted mean survival time,
        Breslow baseline), in the unit of time; of discrete_time, the number of periods by whose end
        the event may have occurred, for a probability.
    comparison : {"difference", "ratio"}, optional
        How two averages are compared. The interval of a ratio is that of its logarithm; its null
        is 1.
    interval : {"delta", "simulation"}, optional
        The delta method, or draws of the parameters, with ``draws`` and ``seed``; parameters that
        cannot be below zero are drawn on the log scale. Near a maximum of a probability, such as
        that of a middle category, the delta method is too narrow: in 1,000 simulated data sets its
        95 % intervals covered in 91 %, those by simulation in 95 %.
    draws : int, optional
        Number of draws of the simulation.
    seed : int, optional
        Seed of the simulation.
    conf_level : float, optional
        Confidence level of the intervals.
    over : {"fit", "data"}, optional
        Average over the cases of the fit, against whose design the data are checked, or over every
        row of ``data`` that has values.

    Returns
    -------
    DataFrame
        ``term, contrast, estimate, std_error, statistic, p_value, conf_low, conf_high, n, at,
        note``, a row an effect. ``n`` is the number of rows averaged, with the weights of the fit;
        ``note`` gives reasons for caution, such as a value beyond the data, a term without a
        standard error, or an outcome that the formula transforms. The interval reflects the
        uncertainty of the coefficients, not the sampling of rows. Predictions have no test; the
        interval of a probability is symmetric on the logit scale, that of a mean count on the log
        scale, that of a restricted mean on the logit of its share of the horizon. After a wild or
        score bootstrap, which has no covariance, the clustered one is used, and ``note`` says so.

    Raises
    ------
    SpecError
        An unknown word, column or value, or an argument that is required and missing.
    FitError
        The data are not those of the fit; a slope, category or horizon that the fit does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 3, 4, 5, 6, 7, 8]})
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "firth", "classical"))
    >>> table = ps.effects(fit, d, "comparisons", {"x": (2, 6)}, scale="flic")
    >>> table[["term", "contrast", "estimate"]].round(3).values.tolist()
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
