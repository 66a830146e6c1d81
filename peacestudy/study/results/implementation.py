"""Implementation: what was promised, what was implemented, and how far the two are correlated."""

import re
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.study.results.results import Results

YEARS = (1, 3, 5, 10)
NORMAL_975 = 1.959964
PROMISES = ("text_breadth", "promised_breadth")
IMPLEMENTED = ("implemented_k1", "implemented_k3", "implemented_k5")
LANDMARKS = (1, 2, 3)
ACCORD_COLUMNS = [
    "case_id",
    "label",
    "accord_date",
    "years_since_fighting",
    "text_breadth",
    "promised_breadth",
    "implemented_k1",
    "implemented_k2",
    "implemented_k3",
    "implemented_k5",
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
        ``n``, those of them that promise any provision of the pillar; ``n_provisions``, what they
        promise together; ``promised``, the mean share of its provisions that is promised, over the
        observed; ``implemented``, the mean level of what is promised (level / 3), averaged over
        those n; ``level_3`` and ``level_2_or_3``, the shares of the n_provisions at these levels.
    """
    table = found.study.tables["implementation"]
    in_sample = table["case_id"].isin(found.sample("primary").data["case_id"])
    table = table[in_sample & table["year_k"].isin(YEARS)]
    aggregate = table[(table["pillar"] == "aggregate") & table["implemented"].notna()]
    covered = pd.MultiIndex.from_frame(aggregate[["case_id", "year_k"]])
    pairs = pd.MultiIndex.from_frame(table[["case_id", "year_k"]])
    observed = table[pairs.isin(covered)]
    rows = []
    groups: Any = observed.groupby(["pillar", "year_k"], sort=False)
    for (pillar, year), part in groups:
        promising = part[part["implemented"].notna()]
        provisions = int(promising["n_provisions"].sum())
        rows.append(
            {
                "pillar": pillar,
                "year_k": int(year),
                "observed": len(part),
                "n": len(promising),
                "n_provisions": provisions,
                "promised": part["promised"].astype(float).mean(),
                "implemented": promising["implemented"].astype(float).mean(),
                "level_3": promising["n_level_3"].sum() / provisions,
                "level_2_or_3": promising["n_level_2_or_3"].sum() / provisions,
            }
        )
    return pd.DataFrame(rows)


def accords(found: Results) -> pd.DataFrame:
    """The accords by name.

    Returns
    -------
    DataFrame
        What was promised and implemented; ``years_since_fighting``, from the last year of fighting
        that was known at the signature to t0 (missing where none is recorded); ``year_1_days``,
        from the signature to the end of the accord's year 1; by landmark k, ``fought_k`` in t0 + 1
        to the landmark, and ``peace_after_k``.
    """
    table = found.sample("primary").data[[*ACCORD_COLUMNS, "lasting_peace"]]
    table = table.assign(accord_date=table["accord_date"].dt.strftime("%Y-%m-%d"))
    for k in LANDMARKS:
        at = found.sample(f"k{k}").data.set_index("accord")
        if k == LANDMARKS[0]:
            table = table.assign(year_1_days=table["case_id"].map(at["days"]))
        table[f"fought_k{k}"] = table["case_id"].map(at["fought"]).astype("boolean")
        table[f"peace_after_k{k}"] = table["case_id"].map(at["peace_after"])
    return table.sort_values("label", ignore_index=True)


def landmarks(found: Results) -> pd.DataFrame:
    """Peace after a landmark, for one standard deviation more implemented by then, in every model.

    Returns
    -------
    DataFrame
        ``model, k``; ``reading``, the ending of the model's name (``declared`` without one);
        ``accords``, ``at peace`` where those that were fought over by the landmark are left out,
        else ``all``; ``n, n_events`` (at peace afterwards); ``odds_ratio, conf_low, conf_high,
        p_value``, unadjusted.
    """
    samples = {s.name: s.sample for s in found.study.config.specs}
    rows = []
    for name, made in found.fits.items():
        parts = re.fullmatch(r"landmark_k(\d)_?(.*)", name)
        if parts is None:
            continue
        terms = made.terms
        row = terms[terms["term"].str.startswith("scale(implemented")].iloc[0]
        low, ratio, high = np.exp(row[["conf_low", "estimate", "conf_high"]].astype(float))
        rows.append(
            {
                "model": name,
                "k": int(parts[1]),
                "reading": parts[2] or "declared",
                "accords": "at peace" if samples[name].endswith("at_peace") else "all",
                "n": made.n,
                "n_events": made.n_events,
                "odds_ratio": ratio,
                "conf_low": low,
                "conf_high": high,
                "p_value": row["p_value"],
            }
        )
    return pd.DataFrame(rows)


def correlations(found: Results) -> pd.DataFrame:
    """Correlations of promise and implementation.

    Returns
    -------
    DataFrame
        ``promise, implementation, n, r, conf_low, conf_high``; 95 % intervals by Fisher's z.
    """
    data = found.sample("primary").data
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
