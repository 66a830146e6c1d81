"""Coders two by two: how far each pair agrees, and whether one of them gives higher codes."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from peacestudy.coding.reliability.agreement_table import Rows, as_sheet, coders_of
from peacestudy.coding.reliability.krippendorff import alpha
from peacestudy.core.codebook import Codebook, Indicator

Array = npt.NDArray[np.float64]


COLUMNS = [
    "indicator_id",
    "coder",
    "other",
    "n_units",
    "percent",
    "alpha",
    "mean",
    "other_mean",
    "difference",
    "statistic",
    "df",
    "p_value",
    "note",
]


def pairs(sheet: Rows, codebook: Codebook | None = None) -> pd.DataFrame:
    """Agreement of every pair of coders on every indicator.

    Returns
    -------
    DataFrame
        ``indicator_id, coder, other, n_units`` coded by both, ``percent`` equal, ``alpha`` at the
        indicator's level; ``mean`` and ``other_mean`` code, ``difference`` (coder minus other), and
        the test that both use the codes equally often (marginal homogeneity): ``statistic, df,
        p_value``, Stuart and Maxwell's, which for two codes is McNemar's without correction (Stuart
        1955, Biometrika 42; Maxwell 1970, British Journal of Psychiatry 116). Missing for nominal
        indicators with several codes: ``mean, other_mean, difference``. ``note`` says what cannot
        be told.
    """
    whole = as_sheet(sheet, codebook)
    rows = []
    for name in whole.indicators:
        wide, indicator = coders_of(whole, name), whole.codebook.indicators[name]
        if len(wide.columns) < 2:
            coder = "".join(wide.columns)
            note = "there is no second coder"
            rows.append({"indicator_id": name, "coder": coder, "n_units": 0, "note": note})
        for one, other in combinations(wide.columns, 2):
            both = wide[[one, other]].dropna().to_numpy()
            names = {"indicator_id": name, "coder": one, "other": other, "n_units": len(both)}
            rows.append(names | _agreement(both, indicator))
    return pd.DataFrame(rows, columns=COLUMNS)


def _agreement(both: Array, indicator: Indicator) -> dict[str, object]:
    """Agreement of two coders; ``both`` has shape (units, 2)."""
    if not len(both):
        return {"note": "no unit was coded by both"}
    codes = sorted(c.value for c in indicator.codes)
    found = alpha(pd.DataFrame(both).rename_axis(columns="coder"), indicator.level)
    row: dict[str, object] = {
        "percent": float((both[:, 0] == both[:, 1]).mean()),
        "alpha": found.alpha,
    }
    if indicator.level != "nominal" or len(codes) == 2:
        mean = both.mean(axis=0)
        row |= {"mean": mean[0], "other_mean": mean[1], "difference": mean[0] - mean[1]}
    statistic, df, p = marginal_homogeneity(both, codes)
    notes = [str(note) for note in found.notes]
    if np.isnan(statistic):
        notes.append(
            "both give every unit the same code: the test of marginal homogeneity is not defined"
        )
    return row | {"statistic": statistic, "df": df, "p_value": p, "note": "; ".join(notes)}


def marginal_homogeneity(both: Array, codes: list[int]) -> tuple[float, int, float]:
    """Stuart and Maxwell's test that two coders use the codes equally
    often: chi-squared, degrees of freedom, p.

    Parameters
    ----------
    both : shape (units, 2), codes of both coders.
    codes : all codes; those that neither gives are left out.

    Returns
    -------
    NaN, 0, NaN where both never differ.
    """
    table = np.zeros((len(codes), len(codes)))
    for row, a in enumerate(codes):
        for column, b in enumerate(codes):
            table[row, column] = ((both[:, 0] == a) & (both[:, 1] == b)).sum()
    used = (table.sum(axis=0) + table.sum(axis=1) - 2 * np.diag(table)) > 0
    table = table[np.ix_(used, used)]
    if len(table) < 2:
        return np.nan, 0, np.nan
    d = (table.sum(axis=1) - table.sum(axis=0))[:-1]
    V = -(table + table.T)[:-1, :-1]
    np.fill_diagonal(V, (table.sum(axis=1) + table.sum(axis=0) - 2 * np.diag(table))[:-1])
    df = int(np.linalg.matrix_rank(V))
    statistic = float(d @ np.linalg.pinv(V) @ d)
    return statistic, df, float(stats.chi2.sf(statistic, df))
