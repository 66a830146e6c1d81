"""Which codes one coder gives where another gives which."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.coding.reliability.agreement_table import Rows, as_sheet, coders_of
from peacestudy.core.codebook import Codebook

REST = "all others"


def confusion(sheet: Rows, codebook: Codebook | None = None, *, rest: bool = False) -> pd.DataFrame:
    """Confusion tables of every pair of coders, long. What was
    adjudicated is no coder's word and is left out.

    Parameters
    ----------
    rest : also each coder against all others together (``other`` is "all others"; ``n`` then counts
        codes of others, so that a unit that two others coded counts twice).

    Returns
    -------
    DataFrame
        ``indicator_id, coder, other, code, other_code, n, share``: in ``n`` units the one gave
        ``code`` where the other gave ``other_code``; ``share`` is n of all units in which the one
        gave ``code`` and the other any, missing where the one never gave it. Every pair of codes of
        the codebook has a row. An indicator that one coder alone coded has none.
    """
    whole = as_sheet(sheet, codebook)
    rows = []
    for name in whole.indicators:
        wide = coders_of(whole, name)
        codes = sorted(c.value for c in whole.codebook.indicators[name].codes)
        for one, other in combinations(wide.columns, 2):
            both = wide[[one, other]].dropna()
            rows += [(name, one, other, *r) for r in _cells(both.to_numpy(), codes)]
        for one in wide.columns if rest and len(wide.columns) > 1 else []:
            parts = [
                wide[[one, other]].dropna().to_numpy() for other in wide.columns if other != one
            ]
            rows += [(name, one, REST, *r) for r in _cells(np.concatenate(parts), codes)]
    return pd.DataFrame(
        rows, columns=["indicator_id", "coder", "other", "code", "other_code", "n", "share"]
    )


def _cells(both: npt.NDArray[np.float64], codes: list[int]) -> list[tuple[int, int, int, float]]:
    """Code, other code, count and share of every pair of codes."""
    out = []
    for a in codes:
        own = both[both[:, 0] == a, 1]
        out += [
            (a, b, int((own == b).sum()), float((own == b).mean()) if len(own) else np.nan)
            for b in codes
        ]
    return out
