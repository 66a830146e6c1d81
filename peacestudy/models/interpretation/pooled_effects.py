"""Effects after imputation: found in every completed table, pooled by Rubin's rules on the scale on which they are about normal.

Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; White, Royston and Wood (2011), Statistics in Medicine 30(4),
section 7 (ratios are pooled as logarithms).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import SpecError
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.pooled_row import pooled_row
from peacestudy.models.result import Fit

One = Callable[[Fit, StudyFrame | pd.DataFrame], tuple[pd.DataFrame, list[str]]]
NUMBERS = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


def pooled_effects(fit: PooledFit, data: Imputed, one: One, level: float) -> pd.DataFrame:
    """The table of ``effects``, pooled, with ``df`` and ``fmi`` beside.

    Parameters
    ----------
    fit, data : a fit of imputed data, and these data.
    one : effects of one fit with its table, and the form of each row.

    Raises
    ------
    SpecError
        The data are another imputation.
    """
    if len(fit.fits) != len(data):
        raise SpecError(
            f"the fit has {len(fit.fits)} tables and the data {len(data)}: give the imputation that was fitted."
        )
    found = [one(f, t) for f, t in zip(fit.fits, data.tables, strict=True)]
    forms = found[0][1]
    rows = []
    for j, form in enumerate(forms):
        own = [table.iloc[j] for table, _ in found]
        rows.append(_pooled(own, form, fit.fits[0].df, level))
    first = found[0][0]
    notes = [
        "; ".join(dict.fromkeys(p for t, _ in found for p in t["note"][j].split("; ") if p)) for j in range(len(first))
    ]
    numbers = pd.DataFrame(rows)
    out = pd.concat([first[["term", "contrast"]], numbers[NUMBERS], first[["n", "at"]]], axis=1)
    return out.assign(note=notes, df=numbers["df"], fmi=numbers["fmi"])


def _pooled(own: list[pd.Series], form: str, complete_df: float, level: float) -> dict[str, float]:
    q, se = (np.array([float(r[c]) for r in own]) for c in ("estimate", "std_error"))
    if not np.isfinite(se).all():
        return dict.fromkeys([*NUMBERS, "df", "fmi"], np.nan) | {"estimate": float(q.mean())}
    ends = ("estimate", "conf_low", "conf_high")
    if form == "ratio":
        row = pooled_row(np.log(q), se / q, complete_df, level)
        row |= {c: float(np.exp(row[c])) for c in ends}
        row["std_error"] *= row["estimate"]
    elif form == "probability" and ((q > 0) & (q < 1)).all():
        row = pooled_row(logit(q), se / (q * (1 - q)), complete_df, level)
        row |= {c: float(expit(row[c])) for c in ends}
        row["std_error"] *= row["estimate"] * (1 - row["estimate"])
    else:
        row = pooled_row(q, se, complete_df, level)
    if form in ("probability", "mean"):
        row |= {"statistic": np.nan, "p_value": np.nan}
    return row
