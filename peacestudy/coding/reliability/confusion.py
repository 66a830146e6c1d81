"""Which codes one coder gives where another gives which."""

from itertools import combinations

import pandas as pd

from peacestudy.coding.reliability.agreement import Rows, as_sheet
from peacestudy.core.codebook import Codebook


def confusion(sheet: Rows, codebook: Codebook | None = None) -> pd.DataFrame:
    """Confusion tables of every pair of coders, long.

    Returns
    -------
    DataFrame
        ``indicator_id, coder, other, code, other_code, n, share``: in ``n`` units the one gave ``code`` where the other gave
        ``other_code``; ``share`` is n of all units in which the one gave ``code``. Every pair of codes of the codebook has a row.
    """
    whole = as_sheet(sheet, codebook)
    rows = []
    for name in whole.indicators:
        wide = whole.values(name)
        codes = sorted(c.value for c in whole.codebook.indicators[name].codes)
        for one, other in combinations(wide.columns, 2):
            both = wide[[one, other]].dropna()
            n = both.groupby([one, other]).size()
            of = both[one].value_counts()
            rows += [
                (name, one, other, a, b, int(n.get((a, b), 0)), n.get((a, b), 0) / of[a] if a in of.index else float("nan"))
                for a in codes for b in codes
            ]  # fmt: skip
    return pd.DataFrame(rows, columns=["indicator_id", "coder", "other", "code", "other_code", "n", "share"])
