"""Predictions of a fit for new rows, from the design stored with the fit.

Sources: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14) (FLIC:
Firth's own probabilities are biased towards one half); Agresti (2013), Categorical Data Analysis,
3rd ed., 5.5 (intervals on the scale of the link).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError
from peacestudy.models.engines.counts import offset_of
from peacestudy.models.engines.registry import engine_of, names_where
from peacestudy.models.formulas.columns import columns_named
from peacestudy.models.formulas.new_rows import new_rows
from peacestudy.models.inference.hypotheses import check_level
from peacestudy.models.inference.reference import contrast_df
from peacestudy.models.interpretation.effect_notes import transformed
from peacestudy.models.interpretation.effect_scale import (
    CORRECTED,
    Coefficients,
    coefficients,
    response_name,
    without_error,
)
from peacestudy.models.interpretation.effect_table import NO_VARIANCE
from peacestudy.models.interpretation.predicted import (
    Predicted,
    beyond,
    laid_out,
    pooled_predictions,
)
from peacestudy.models.interpretation.quantities import Rows
from peacestudy.models.interpretation.responses import responses
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.result import Fit

KINDS = ("flic", "response", "link", "flac", "average")


@renamed_arguments(level="conf_level")
def predict(
    fit: Fit | PooledFit,
    data: StudyFrame | pd.DataFrame | Imputed,
    kind: str,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Predict the expected outcome of rows: the mean, the probability or the mean count.

    Parameters
    ----------
    fit : Fit or PooledFit
        A fit of any engine but cox and discrete_time. The predictions of a PooledFit are pooled by
        Rubin's rules on the scale of their intervals.
    data : StudyFrame, DataFrame or Imputed
        Rows with the columns of the right-hand side of the formula. For a formula with ``lag()``
        also the rows before them, with unit and time: lags are looked up among these rows. For a
        PooledFit the Imputed too, each of whose tables is predicted by its own fit.
    kind : {"flic", "flac", "response", "link", "average"}
        ``flic`` (firth) are probabilities with Firth's slopes and an intercept by maximum
        likelihood; ``flac`` (firth) come from slopes refitted with an added covariate; the mean of
        both over the rows of the fit is the observed share. ``response`` are the probabilities of
        the fit (ordered: of every category), the mean of a linear model, or the mean count at the
        offset or exposure of the row. ``link`` is the linear predictor (ordered: without the cut
        points). For mixed_logit and mixed_linear ``response`` and ``link`` are those of a typical
        group, whose effect is zero; ``average`` (mixed_logit) is the mean probability over groups,
        with the uncertainty of ``sd(group)``. There is no default.
    conf_level : float, optional
        Confidence level of the intervals, which use ``fit.vcov`` and are symmetric on the logit
        scale for probabilities, on the log scale for counts. Those of ``flic`` and ``flac`` treat
        the observed share as estimated (see ``fit_flic``).

    Returns
    -------
    DataFrame
        ``case, estimate, conf_low, conf_high, reason, note``, a row for each row of the data; for
        the probabilities of ordered a row for each row and category, with ``category`` after
        ``case``. For a PooledFit also ``df`` and ``fmi``, before ``reason``, and probabilities of
        ordered divided by their sum. If a value is missing, or a category does not occur in the
        fit, the numbers are missing and ``reason`` says why; if a term has no standard error, the
        intervals that need it are missing and ``reason`` names the term. ``note`` says where a
        value is beyond the data of the fit, and where the formula transforms the outcome.

    Raises
    ------
    SpecError
        An unknown kind or confidence level, an engine without predictions, a column that is
        missing.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 3, 4, 5, 6, 7, 8]})
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "firth", "classical"))
    >>> new = pd.DataFrame({"x": [2, 6]}, index=["case a", "case b"])
    >>> ps.predict(fit, new, "flic")[["case", "estimate"]].round(3).values.tolist()
    [['case a', 0.316], ['case b', 0.614]]
    """
    if not isinstance(fit, Fit | PooledFit):
        raise SpecError(
            f"predict takes a Fit, or a PooledFit, and rows, not a {type(fit).__name__}."
        )
    if kind not in KINDS:
        raise SpecError(one_of("kind", kind, KINDS))
    if kind == "average" and kind not in engine_of(fit.spec).scales:
        raise SpecError(
            f"average is over the groups of engine {_with_scale(kind)}, not of"
            f" {fit.spec.engine!r}; write kind 'response'."
        )
    check_level(conf_level)
    if engine_of(fit.spec).timed:
        known = names_where(lambda engine: not engine.timed)
        raise SpecError(one_of("engine of a prediction", fit.spec.engine, known))
    if isinstance(fit, PooledFit):
        return pooled_predictions(fit, data, lambda f, t: _predicted(f, t, kind), conf_level)
    if not isinstance(data, StudyFrame | pd.DataFrame):
        raise SpecError(
            f"predict takes a Fit, or a PooledFit, and rows, not a {type(fit).__name__} and a"
            f" {type(data).__name__}. What impute gave is predicted by the PooledFit."
        )
    return laid_out(_predicted(fit, data, kind), conf_level)


def _predicted(fit: Fit, data: StudyFrame | pd.DataFrame, kind: str) -> Predicted:
    """Predictions of rows, of every category where there are some,
    on the scale of their intervals.
    """
    _check_corrected(fit, kind)
    table, cases = (
        (data.data, data.data[data.key].tolist())
        if isinstance(data, StudyFrame)
        else (data, data.index.tolist())
    )
    new = new_rows(fit.design, table)
    reasons = list(new.reasons)
    offset = np.zeros(len(cases))
    if engine_of(fit.spec).outcome == "count" and fit.spec.option_columns:
        ((option, column),) = (
            (o, c) for o, c in dict(fit.spec.options).items() if o in ("offset", "exposure")
        )
        given = columns_named(table, {column: f"the {option}"})
        offset = np.asarray(offset_of(fit.spec, {column: given[column]}, tuple(cases)))
        absent = given[column].isna()
        reasons = [
            r or (f"{column} is missing" if gone else "")
            for r, gone in zip(reasons, absent, strict=True)
        ]
    c = coefficients(fit, kind)
    link = response_name(fit.spec.engine, kind)
    categories = fit.design.categories if link == "category" else ("",)
    share = np.full(len(cases), 1.0)
    of_each = [Rows(new.X, share, r, offset) for r in responses(link, categories).values()]
    return _joined(fit, c, of_each, cases, categories, reasons)


def _joined(
    fit: Fit,
    c: Coefficients,
    of_each: list[Rows],
    cases: list[Any],
    categories: Sequence[str],
    reasons: list[str],
) -> Predicted:
    """The predictions of every category one after another, for each case."""
    J, n = len(of_each), len(cases)
    value, error, dfs = np.empty((n, J)), np.empty((n, J)), np.empty((n, J))
    why = [[""] * n for _ in range(J)]
    for k, rows in enumerate(of_each):
        at = rows.predictor(c.b)
        G = rows.gradients(at)
        value[:, k], error[:, k] = at.value, c.standard_errors(G)
        dfs[:, k] = contrast_df(fit.spec, fit.design, fit.df, G)
        said = without_error(fit, c.missing, G)
        why[k] = [
            r or ("" if np.isfinite(se) else s or NO_VARIANCE)
            for r, s, se in zip(reasons, said, error[:, k], strict=True)
        ]
    labels = pd.DataFrame(
        {"case": pd.Series([case for case in cases for _ in range(J)], dtype=object)}
    )
    if J > 1 or categories != ("",):
        labels["category"] = list(categories) * n
    notes = _notes(fit, beyond(fit.design, of_each[0].X), reasons)
    return Predicted(
        labels,
        value.ravel(),
        error.ravel(),
        dfs.ravel(),
        [why[k][i] for i in range(n) for k in range(J)],
        [note for note in notes for _ in range(J)],
        of_each[0].response.scale,
        J,
    )


def _notes(fit: Fit, beyond: list[str], reasons: list[str]) -> list[str]:
    """What is to be said of each row: a term beyond the fit, and
    an outcome that the formula transforms.
    """
    said = transformed(fit)
    return [
        "; ".join(filter(None, (note, "" if reason else said)))
        for note, reason in zip(beyond, reasons, strict=True)
    ]


def _check_corrected(fit: Fit, kind: str) -> None:
    """Refuse a corrected intercept of an engine or a formula that has none."""
    if kind not in CORRECTED:
        return
    if "flic" not in engine_of(fit.spec).scales:
        raise SpecError(
            f"{kind} corrects the intercept of engine {_with_scale('flic')}, not of"
            f" {fit.spec.engine!r}; write kind 'response'."
        )
    if "Intercept" not in fit.design.names:
        raise SpecError(
            f"{kind} corrects the intercept, and formula {fit.spec.formula!r} has none; write kind"
            " 'response'."
        )


def _with_scale(scale: str) -> str:
    """The engines that have a scale, as a message names them."""
    return " or ".join(map(repr, names_where(lambda engine: scale in engine.scales)))
