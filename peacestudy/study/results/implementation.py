"""Implementation: what was promised, what was implemented, and how far the two are correlated."""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.study.results.results import Results

YEARS = (1, 3, 5, 10)
NORMAL_975 = 1.959964
PROMISES = ("text_breadth", "promised_breadth")
IMPLEMENTED = ("implemented_k1", "implemented_k3", "implemented_k5")
ACCORD_COLUMNS = [
    "case_id",
    "label",
    "text_breadth",
    "promised_breadth",
    "implemented_k1",
    "implemented_k3",
    "implemented_k5",
    "peace_after_k1",
    "peace_after_k3",
    "lasting_peace",
]


def observed_promises(found: Results) -> pd.DataFrame:
    """Promises of study A for which a record exists, by what was observed.

    Returns
    -------
    DataFrame
        ``provision, promised, observed, cases``; ``observed`` is missing where it is unknown.
    """
    table = found.study.tables["implementation"]
    sample = found.sample("overlapping").data["case_id"]
    part = table[table["case_id"].isin(sample)]
    groups = part.groupby(["provision", "promised", "observed"], dropna=False, sort=True)
    return groups.size().rename("cases").reset_index()


def delivery(found: Results) -> pd.DataFrame:
    """Promised and implemented by pillar and year.

    Returns
    -------
    DataFrame
        ``pillar, year_k``; ``observed``, the number of accords whose record covers the year;
        ``n``, those of them that promise any provision of the pillar; ``promised``, the mean share
        of its provisions that is promised, over the observed; ``implemented``, the mean share of
        the promised that is implemented, over those n.
    """
    table = found.study.tables["implementation"]
    in_sample = table["case_id"].isin(found.frame.data["case_id"])
    table = table[in_sample & table["year_k"].isin(YEARS)]
    aggregate = table[(table["pillar"] == "aggregate") & table["implemented"].notna()]
    covered = pd.MultiIndex.from_frame(aggregate[["case_id", "year_k"]])
    pairs = pd.MultiIndex.from_frame(table[["case_id", "year_k"]])
    observed = table[pairs.isin(covered)]
    rows = []
    groups: Any = observed.groupby(["pillar", "year_k"], sort=False)
    for (pillar, year), part in groups:
        promising = part[part["implemented"].notna()]
        rows.append(
            {
                "pillar": pillar,
                "year_k": int(year),
                "observed": len(part),
                "n": len(promising),
                "promised": part["promised"].astype(float).mean(),
                "implemented": promising["implemented"].astype(float).mean(),
            }
        )
    return pd.DataFrame(rows)


def accords(found: Results) -> pd.DataFrame:
    """The accords by name: what was promised, what was implemented by years 1, 3 and 5, and whether
    peace followed.
    """
    return found.frame.data[ACCORD_COLUMNS].sort_values("label", ignore_index=True)


def correlations(found: Results) -> pd.DataFrame:
    """Correlations of promise and implementation.

    Returns
    -------
    DataFrame
        ``promise, implementation, n, r, conf_low, conf_high``; 95 % intervals by Fisher's z.
    """
    data = found.frame.data
    rows = []
    for promise in PROMISES:
        for implemented in IMPLEMENTED:
            both = data[[promise, implemented]].astype(float).dropna()
            r = float(np.corrcoef(both[promise], both[implemented])[0, 1])
            half = NORMAL_975 / np.sqrt(len(both) - 3)
            rows.append(
                {
                    "promise": promise,
                    "implementation": implemented,
                    "n": len(both),
                    "r": r,
                    "conf_low": np.tanh(np.arctanh(r) - half),
                    "conf_high": np.tanh(np.arctanh(r) + half),
                }
            )
    return pd.DataFrame(rows)
