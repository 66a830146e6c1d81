"""Effects after imputation: found in every completed table, pooled by Rubin's rules on the scale on which they are about normal.

Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; White, Royston and Wood (2011), Statistics in Medicine 30(4),
section 7 (ratios are pooled as logarithms; so are mean counts). Simulation gives the variance within each table, in the place of the delta
method: to mix the draws of few tables makes intervals too narrow (Zhou and Reiter 2010, The American Statistician 64(2)).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import SpecError
from peacestudy.models.inference.hypotheses import check_seed
from peacestudy.models.inference.reference import contrast_df
from peacestudy.models.interpretation.effect_scale import coefficients
from peacestudy.models.interpretation.effect_table import LEVELS
from peacestudy.models.interpretation.effect_terms import EffectTerm
from peacestudy.models.interpretation.quantities import columns_of
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.pooled_row import ENDS, pooled_row
from peacestudy.models.result import Fit

NUMBERS = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


@dataclass(frozen=True, eq=False)
class Found:
    """Effects in one table: rows as of ``effects``, the form of each, and its degrees of freedom without missing values (rows,)."""

    table: pd.DataFrame
    forms: list[str]
    dfs: np.ndarray


One = Callable[[Fit, StudyFrame | pd.DataFrame, int | None], Found]


def degrees(fit: Fit, scale: str, terms: Sequence[EffectTerm]) -> np.ndarray:
    """Degrees of freedom of effects, shape (rows,): the fit's, but each its own with cr2."""
    if fit.spec.vcov != "cr2":
        return np.full(len(terms), fit.df)
    return contrast_df(
        fit.spec, fit.design, fit.df, columns_of([t.quantity for t in terms], coefficients(fit, scale).b).T
    )


def in_every_table(
    fit: PooledFit, data: Imputed, seed: int | None
) -> list[tuple[Fit, StudyFrame | pd.DataFrame, int | None]]:
    """The fit, the table and the seed of each; where draws are made, a fit whose draws are normal, for pooling has its own t.

    Raises
    ------
    SpecError
        The data are another imputation.
    """
    if len(fit.fits) != len(data):
        raise SpecError(
            f"the fit has {len(fit.fits)} tables and the data {len(data)}: give the imputation that was fitted."
        )
    if seed is None:
        return [(f, t, None) for f, t in zip(fit.fits, data.tables, strict=True)]
    check_seed(seed)
    seeds = [int(np.random.SeedSequence([seed, i]).generate_state(1)[0]) for i in range(len(data))]
    normal = [f if np.isnan(f.df) else replace(f, df=np.inf) for f in fit.fits]
    return list(zip(normal, data.tables, seeds, strict=True))


def pooled_effects(fit: PooledFit, data: Imputed, one: One, level: float, seed: int | None = None) -> pd.DataFrame:
    """The table of ``effects``, pooled, with ``df`` and ``fmi`` beside.

    Parameters
    ----------
    fit, data : a fit of imputed data, and these data.
    one : effects of one fit with its table and a seed.
    seed : of draws, None where there are none.

    Raises
    ------
    SpecError
        The data are another imputation.
    """
    found = [one(*each) for each in in_every_table(fit, data, seed)]
    dfs = np.mean([f.dfs for f in found], axis=0) if seed is None else np.full(len(found[0].forms), fit.fits[0].df)
    rows = [
        _pooled([f.table.iloc[j] for f in found], form, float(dfs[j]), level) for j, form in enumerate(found[0].forms)
    ]
    first = found[0].table
    numbers = pd.DataFrame(rows)
    named = [c for c in ("term", "contrast", "category") if c in first]
    out = pd.concat([first[named], numbers[NUMBERS], first[["n", "at"]]], axis=1)
    notes = [one_note([f.table["note"][j] for f in found]) for j in range(len(first))]
    return out.assign(note=notes, df=numbers["df"], fmi=numbers["fmi"])


def one_note(each: Sequence[str]) -> str:
    """The sentences of the tables as one text: those that differ in their numbers alone are told once, with whose they are.

    Examples
    --------
    >>> one_note(["3 cases; far", "4 cases; far"])
    '3 cases (table 1, with other numbers in others); far'
    """
    seen: dict[str, list[str]] = {}
    for i, text in enumerate(each, start=1):
        for part in filter(None, text.split("; ")):
            seen.setdefault(re.sub(r"-?\d[\d.,]*(e[-+]?\d+)?", "#", part), []).append(f"{i}\0{part}")
    out = []
    for parts in seen.values():
        number, text = parts[0].split("\0", 1)
        if len({p.split("\0", 1)[1] for p in parts}) > 1:
            text += f" (table {number}, with other numbers in others)"
        elif len(parts) < len(each):
            text += f" (in {len(parts)} of {len(each)} tables)"
        out.append(text)
    return "; ".join(out)


def _pooled(own: list[pd.Series], form: str, complete_df: float, level: float) -> dict[str, float]:
    q, se = (np.array([float(r[c]) for r in own]) for c in ("estimate", "std_error"))
    if not np.isfinite(se).all():
        return dict.fromkeys([*NUMBERS, "df", "fmi"], np.nan) | {"estimate": float(q.mean())}
    if form == "ratio" or (form == "count" and (q > 0).all()):
        row = pooled_row(np.log(q), se / q, complete_df, level)
        row |= {c: float(np.exp(row[c])) for c in ENDS}
        row["std_error"] *= row["estimate"]
    elif form == "probability" and ((q > 0) & (q < 1)).all():
        row = pooled_row(logit(q), se / (q * (1 - q)), complete_df, level)
        row |= {c: float(expit(row[c])) for c in ENDS}
        row["std_error"] *= row["estimate"] * (1 - row["estimate"])
    else:
        row = pooled_row(q, se, complete_df, level)
    if form in LEVELS:
        row |= {"statistic": np.nan, "p_value": np.nan}
    return row
