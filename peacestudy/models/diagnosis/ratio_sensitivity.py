"""E-values: how strong an unmeasured confounder must be to explain a ratio away.

Source: VanderWeele and Ding (2017), Annals of Internal Medicine 167(4), with the approximations of
its table 2 for odds and hazard ratios and for differences.
"""

from math import isfinite
from numbers import Real

import numpy as np
import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models.engines.registry import engine_of, names_where
from peacestudy.models.result import Fit

FARTHEST = 300.0  # logarithm of the largest ratio, whose square is a number too
RARE = 0.15  # share of events up to which an odds or hazard ratio stands for a risk ratio


def e_value(risk_ratio: float) -> float:
    """The E-value of a risk ratio.

    It is the risk ratio that an unmeasured confounder must have with both exposure and outcome to
    explain the risk ratio away.

    Parameters
    ----------
    risk_ratio : float
        The estimated risk ratio, above 0; below 1 its inverse is used.

    Returns
    -------
    float
        1 or more.

    Raises
    ------
    SpecError
        The risk ratio is not a finite number above 0.

    Source: VanderWeele and Ding (2017), Annals of Internal Medicine 167(4).

    Examples
    --------
    >>> import peacestudy as ps
    >>> [round(ps.models.diagnosis.e_value(ratio), 2) for ratio in (3.9, 1.8, 1 / 3.9, 1.0)]
    [7.26, 3.0, 7.26, 1.0]
    """
    if not isinstance(risk_ratio, Real) or not isfinite(risk_ratio) or risk_ratio <= 0:
        raise SpecError(f"a risk ratio is a finite number above zero; this is {risk_ratio!r}.")
    return _e_value(float(risk_ratio))


def _e_value(risk_ratio: float) -> float:
    """The E-value of a ratio above 0, which may be infinite."""
    rr = risk_ratio if risk_ratio >= 1 else 1 / risk_ratio
    return float(rr + np.sqrt(rr * (rr - 1)))


def _of_limit(low: float, high: float) -> float:
    """The E-value of the end of an interval that is nearer to
    1; missing where there is no interval.
    """
    if np.isnan(low) or np.isnan(high):
        return np.nan
    if low <= 1 <= high:
        return 1.0
    return _e_value(low if low > 1 else high)


def e_values(fit: Fit) -> pd.DataFrame:
    """E-values of every slope, for a difference of one in its column.

    Returns
    -------
    DataFrame
        ``term, risk_ratio, conf_low, conf_high, e_value, e_value_limit, by``: the coefficient on
        the scale of a risk ratio, its 95 % interval, the E-value of the one and of the limit nearer
        to 1 (1 where the interval holds 1, missing where there is none), and how the ratio was
        found: ``odds ratio``, ``hazard ratio`` (events in at most 15 % of the rows), ``root of the
        odds ratio``, ``hazard ratio, events common`` ((1 - .5^root(HR)) / (1 - .5^root(1/HR))),
        ``difference`` (exp(.91 b/sd), interval with 1.78 standard errors), ``rate ratio`` of
        counts. Ratios of mixed_logit hold within a group.
    """
    engine, y = engine_of(fit.spec), fit.design.y
    if not engine.e_values:
        known = names_where(lambda other: other.e_values)
        raise SpecError(
            f"E-values are known for {', '.join(known[:-1])} and {known[-1]}, not for engine"
            f" {fit.spec.engine!r}."
        )
    slopes = [n for n in fit.design.names if n != "Intercept" and n not in fit.design.baseline]
    terms = fit.terms[fit.terms["term"].isin(slopes)]
    b, low, high = (terms[c].to_numpy() for c in ("estimate", "conf_low", "conf_high"))
    rare = y.mean() <= RARE
    if engine.effect == "difference":
        sd, se = y.std(ddof=1), terms["std_error"].to_numpy()
        by, ratios = (
            "difference",
            _ratio([0.91 * b / sd, (0.91 * b - 1.78 * se) / sd, (0.91 * b + 1.78 * se) / sd]),
        )
    elif engine.effect == "rate ratio":
        by, ratios = "rate ratio", _ratio([b, low, high])
    elif engine.effect == "hazard ratio" and not rare:
        root = _ratio(np.array([b, low, high]) / 2)
        by, ratios = "hazard ratio, events common", (1 - 0.5**root) / (1 - 0.5 ** (1 / root))
    elif engine.effect == "hazard ratio":
        by, ratios = "hazard ratio", _ratio([b, low, high])
    else:
        by = "odds ratio" if rare else "root of the odds ratio"
        ratios = _ratio(np.array([b, low, high]) / (1 if rare else 2))
    rows = [
        (term, rr, lo, hi, _e_value(rr), _of_limit(lo, hi), by)
        for term, rr, lo, hi in zip(terms["term"], *ratios, strict=True)
    ]
    return pd.DataFrame(
        rows,
        columns=["term", "risk_ratio", "conf_low", "conf_high", "e_value", "e_value_limit", "by"],
    )


def _ratio(logarithm: object) -> np.ndarray:
    """The exponential, held within the numbers of double precision:
    beyond them one ratio is as good as another.
    """
    ratio: np.ndarray = np.exp(np.clip(np.asarray(logarithm, dtype=float), -FARTHEST, FARTHEST))
    return ratio
