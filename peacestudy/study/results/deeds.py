"""Promise and deed: what was promised, what was done, and how far the two go together."""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.study.results.results import Results

YEARS = (1, 3, 5, 10)


def deeds(found: Results) -> pd.DataFrame:
    """Promises of study A that a record exists for: ``deed, promised,
    observed, cases``, observed missing where unknown.
    """
    table = found.study.tables["deeds"]
    part = table[table["case_id"].isin(found.sample("overlapping").data["case_id"])]
    counts = part.groupby(["deed", "promised", "observed"], dropna=False, sort=True).size()
    return counts.rename("cases").reset_index()


def delivery(found: Results) -> pd.DataFrame:
    """Promised and implemented by pillar and year.

    Returns
    -------
    DataFrame
        ``pillar, year_k, observed, n, promised, implemented``: accords that the record reaches in
        the year; those of them that promise anything of the pillar; mean share of its provisions
        promised, over the observed; mean share implemented of what is promised, over those n.
    """
    table = found.study.tables["implementation"]
    table = table[table["case_id"].isin(found.frame.data["case_id"]) & table["year_k"].isin(YEARS)]
    whole = table[(table["pillar"] == "aggregate") & table["implemented"].notna()]
    reached = set(zip(whole["case_id"], whole["year_k"], strict=True))
    seen = table[[pair in reached for pair in zip(table["case_id"], table["year_k"], strict=True)]]
    rows = []
    groups: Any = seen.groupby(["pillar", "year_k"], sort=False)
    for (pillar, k), part in groups:
        own = part[part["implemented"].notna()]
        rows.append(
            (
                pillar,
                int(k),
                len(part),
                len(own),
                part["promised"].astype(float).mean(),
                own["implemented"].astype(float).mean(),
            )
        )
    return pd.DataFrame(
        rows, columns=["pillar", "year_k", "observed", "n", "promised", "implemented"]
    )


def accords(found: Results) -> pd.DataFrame:
    """The accords by name: what was promised, what was implemented by the
    third and fifth year, and what came after.
    """
    columns = [
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
    return found.frame.data[columns].sort_values("label", ignore_index=True)


def promise_against_deed(found: Results) -> pd.DataFrame:
    """Correlations of promise and implementation: ``promise, deed, n,
    r, conf_low, conf_high``; Fisher's z, 95 %.
    """
    data = found.frame.data
    rows = []
    for promise in ("text_breadth", "promised_breadth"):
        for deed in ("implemented_k1", "implemented_k3", "implemented_k5"):
            both = data[[promise, deed]].astype(float).dropna()
            r, half = (
                float(np.corrcoef(both[promise], both[deed])[0, 1]),
                1.959964 / np.sqrt(len(both) - 3),
            )
            rows.append(
                (
                    promise,
                    deed,
                    len(both),
                    r,
                    np.tanh(np.arctanh(r) - half),
                    np.tanh(np.arctanh(r) + half),
                )
            )
    return pd.DataFrame(rows, columns=["promise", "deed", "n", "r", "conf_low", "conf_high"])
