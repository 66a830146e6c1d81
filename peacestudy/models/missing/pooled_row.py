"""The numbers of one quantity after imputation, as they stand in a table of terms or effects."""

from typing import Any

import numpy as np

from peacestudy.models.inference.hypotheses import quantile, two_sided
from peacestudy.models.missing.rubins_rules import pool

LEVEL = 0.95
NUMBERS = (
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "df",
    "fmi",
    "share",
    "monte_carlo",
)
ENDS = ("estimate", "conf_low", "conf_high")


def pooled_row(
    estimates: Any, std_errors: Any, complete_df: float, conf_level: float = LEVEL
) -> dict[str, float]:
    """``estimate, std_error, statistic, p_value, conf_low, conf_high, df,
    fmi, share, monte_carlo`` of one quantity.

    Parameters
    ----------
    estimates, std_errors : of the m completed tables.
    complete_df : degrees of freedom without missing values, infinite for z.
    conf_level : of the interval.

    Where a table has no standard error there is none of the whole: all
    is missing but the mean of the estimates.

    Examples
    --------
    >>> row = pooled_row([1.0, 1.2, 1.1], [0.1, 0.1, 0.1], np.inf)
    >>> [round(row[c], 4) for c in ("estimate", "std_error", "df")]
    [1.1, 0.1528, 6.125]
    """
    q, se = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    if not np.isfinite(se).all():
        return dict.fromkeys(NUMBERS, np.nan) | {"estimate": float(q.mean())}
    p = pool(q, se**2, complete_df)
    statistic = p.estimate / p.std_error if p.std_error > 0 else np.nan
    half = quantile(0.5 + conf_level / 2, p.df) * p.std_error
    return {
        "estimate": p.estimate,
        "std_error": p.std_error,
        "statistic": statistic,
        "p_value": float(two_sided(np.array([statistic]), p.df)[0]),
        "conf_low": p.estimate - half,
        "conf_high": p.estimate + half,
        "df": p.df,
        "fmi": p.fmi,
        "share": p.share,
        "monte_carlo": p.monte_carlo,
    }


def log_row(
    estimates: Any, std_errors: Any, complete_df: float, conf_level: float = LEVEL
) -> dict[str, float]:
    """The same of a quantity that is above zero, pooled as its logarithm and told in its own unit;
    statistic and p are of the logarithm.

    Source: White, Royston and Wood (2011), Statistics in Medicine 30(4), table VIII.
    """
    q, se = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    if not (np.isfinite(se).all() and (q > 0).all()):
        return dict.fromkeys(NUMBERS, np.nan) | {"estimate": float(q.mean())}
    row = pooled_row(np.log(q), se / q, complete_df, conf_level)
    row |= {c: float(np.exp(row[c])) for c in ENDS}
    row["std_error"] *= row["estimate"]
    row["monte_carlo"] *= row["estimate"]
    return row
