"""Effects after imputation: found in every completed table, pooled by
Rubin's rules on the scale of their intervals.

Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; White, Royston and
Wood (2011), Statistics in Medicine 30(4), section 7 (ratios are pooled as logarithms; so are mean
counts). Simulation gives the variance within each table, in the place of the delta method: to mix
the draws of few tables makes intervals too narrow (Zhou and Reiter 2010, The American Statistician
64(2)).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import SpecError
from peacestudy.models.inference.hypotheses import check_seed
from peacestudy.models.interpretation.effect_table import NUMBERS, Effects, numbers
from peacestudy.models.interpretation.pooled_categories import sum_to_one
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.pooled_row import pooled_row
from peacestudy.models.result import Fit

One = Callable[[Fit, StudyFrame | pd.DataFrame, int | None], Effects]


def in_every_table(
    fit: PooledFit, data: Imputed, seed: int | None
) -> list[tuple[Fit, StudyFrame | pd.DataFrame, int | None]]:
    """The fit, the table and the seed of each; where draws are made, a fit whose draws are normal,
    for pooling has its own t.

    Raises
    ------
    SpecError
        The data are another imputation.
    """
    if len(fit.fits) != len(data):
        raise SpecError(
            f"the fit has {len(fit.fits)} tables and the data {len(data)}: give the imputation that"
            " was fitted."
        )
    if seed is None:
        return [(f, t, None) for f, t in zip(fit.fits, data.tables, strict=True)]
    check_seed(seed)
    seeds = [int(np.random.SeedSequence([seed, i]).generate_state(1)[0]) for i in range(len(data))]
    normal = [f if np.isnan(f.df) else replace(f, df=np.inf) for f in fit.fits]
    return list(zip(normal, data.tables, seeds, strict=True))


def pooled_effects(
    fit: PooledFit, data: Imputed, one: One, conf_level: float, seed: int | None = None
) -> pd.DataFrame:
    """The table of ``effects``, pooled, with ``df`` and ``fmi`` at the end.

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
    return pooled(
        fit, [one(*each) for each in in_every_table(fit, data, seed)], conf_level, seed is not None
    ).table


def pooled(fit: PooledFit, found: Sequence[Effects], conf_level: float, simulated: bool) -> Effects:
    """The effects of all tables as one.

    Parameters
    ----------
    fit : of imputed data.
    found : of every completed table, the same rows.
    conf_level : of the intervals.
    simulated : whether standard errors come from draws.
    """
    first = found[0]
    dfs = (
        np.full(len(first.dfs), fit.fits[0].df)
        if simulated
        else np.mean([f.dfs for f in found], axis=0)
    )
    value, error = (np.array([getattr(f, c) for f in found]) for c in ("value", "error"))
    rows = pd.DataFrame(
        [
            pooled_row(w, se, float(df), conf_level)
            for w, se, df in zip(value.T, error.T, dfs, strict=True)
        ]
    )
    predicted = [bool(t.category) and not t.tested for t in first.terms]
    if all(predicted):
        rows["estimate"] = sum_to_one(
            rows["estimate"].to_numpy(), len(fit.fits[0].design.categories)
        )
    given = [
        numbers(t.quantity.scale, w, se, df, t.tested, conf_level)
        for t, (w, se, df) in zip(
            first.terms, rows[["estimate", "std_error", "df"]].to_numpy(dtype=float), strict=True
        )
    ]
    named = [c for c in ("term", "contrast", "category") if c in first.table]
    out = pd.concat(
        [first.table[named], pd.DataFrame(given)[NUMBERS], first.table[["n", "at"]]], axis=1
    )
    notes = [one_note([f.table["note"][j] for f in found]) for j in range(len(out))]
    table = out.assign(note=notes, df=rows["df"], fmi=rows["fmi"])
    return Effects(
        table, first.terms, rows["estimate"].to_numpy(), rows["std_error"].to_numpy(), dfs
    )


def one_note(each: Sequence[str]) -> str:
    """The sentences of the tables as one text: those that differ in their numbers alone are told
    once, with whose they are.

    Examples
    --------
    >>> one_note(["3 cases; far", "4 cases; far"])
    '3 cases (table 1, with other numbers in others); far'
    """
    seen: dict[str, list[str]] = {}
    for i, text in enumerate(each, start=1):
        for part in filter(None, text.split("; ")):
            seen.setdefault(re.sub(r"-?\d[\d.,]*(e[-+]?\d+)?", "#", part), []).append(
                f"{i}\0{part}"
            )
    out = []
    for parts in seen.values():
        number, text = parts[0].split("\0", 1)
        if len({p.split("\0", 1)[1] for p in parts}) > 1:
            text += f" (table {number}, with other numbers in others)"
        elif len(parts) < len(each):
            text += f" (in {len(parts)} of {len(each)} tables)"
        out.append(text)
    return "; ".join(out)
