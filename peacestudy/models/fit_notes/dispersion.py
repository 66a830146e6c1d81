"""Test of overdispersion: whether counts vary more than a Poisson distribution.

Sources: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 6.2 (Pearson's
chi-squared); Cameron and Trivedi (1990), Journal of Econometrics 46(3): the regression of ((y -
mu)^2 - y)/mu on mu without a constant, whose slope estimates alpha.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from peacestudy.core.problems import Note
from peacestudy.models.engines.counts import mean_counts
from peacestudy.models.engines.engine import EQUIDISPERSION
from peacestudy.models.fit_notes.wrong_engine import refuse_without
from peacestudy.models.formulas.design import Design
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

ALPHA = 0.05


@dataclass(frozen=True)
class _Dispersion:
    pearson: float
    df: int
    alpha: float
    statistic: float
    p_value: float


def overdispersion(fit: Fit) -> pd.DataFrame:
    """Test a Poisson model for overdispersion.

    Parameters
    ----------
    fit : Fit
        Of engine ``poisson``.

    Returns
    -------
    DataFrame
        One row: ``pearson, df, pearson_per_df``, Pearson's chi-squared; ``alpha``, Cameron and
        Trivedi's estimate of the negative binomial's alpha, with ``statistic`` and ``p_value`` of
        the one-sided test that the variance is above the mean.

    Raises
    ------
    SpecError
        The fit is of another engine, or a PooledFit.

    Source: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 6.2; Cameron and
    Trivedi (1990), Journal of Econometrics 46(3).

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [0, 1, 9, 0, 2, 14, 1, 22], "x": [1, 2, 3, 4, 5, 6, 7, 8]})
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "poisson", "hc0"))
    >>> table = ps.models.fit_notes.overdispersion(fit)
    >>> table[["pearson_per_df", "alpha", "p_value"]].round(3).values.tolist()
    [[6.896, 0.391, 0.067]]
    """
    refuse_imputed(
        "overdispersion",
        fit,
        instead=(
            "Look at the fits of the completed tables one by one: [overdispersion(f) for f in"
            " fit.fits]."
        ),
    )
    refuse_without(fit, EQUIDISPERSION, "overdispersion")
    d = _dispersion(fit.design, mean_counts(fit.design, fit.spec, fit.terms["estimate"].to_numpy()))
    row = (d.pearson, d.df, d.pearson / d.df, d.alpha, d.statistic, d.p_value)
    return pd.DataFrame(
        [row], columns=["pearson", "df", "pearson_per_df", "alpha", "statistic", "p_value"]
    )


def _dispersion(design: Design, mu: np.ndarray) -> _Dispersion:
    y, N = design.y, len(design.y)
    pearson = float(((y - mu) ** 2 / mu).sum())
    z = ((y - mu) ** 2 - y) / mu
    alpha = float(mu @ z / (mu @ mu))
    e = z - alpha * mu
    se = float(np.sqrt(e @ e / (N - 1) / (mu @ mu)))
    t = alpha / se
    return _Dispersion(pearson, N - design.X.shape[1], alpha, t, float(norm.sf(t)))


def overdispersion_notes(design: Design, spec: ModelSpec, parameters: np.ndarray) -> list[Note]:
    """A note where the variance is above the mean, and what to do."""
    d = _dispersion(design, mean_counts(design, spec, parameters))
    if not d.p_value < ALPHA:
        return []
    text = (
        f"The counts are overdispersed: Pearson's chi-squared {d.pearson / d.df:.2f} per degree of"
        f" freedom, Cameron-Trivedi test p {d.p_value:.3f}. Classical standard errors are too"
        " small then: use vcov 'hc0' or 'cluster', or engine 'negative_binomial'."
    )
    return [Note("overdispersion", text)]
