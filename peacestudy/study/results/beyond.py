"""What stands beside the first study: its twin at the level of dyads, and prevention."""

import pandas as pd

from peacestudy.study.load import load_study
from peacestudy.study.results.results import Results

TWIN = "peace_agreements"
# Miller (2022), Conflict Management and Peace Science, Table 1: logit of UCDP intrastate onsets, N 8,192
PUBLISHED = {
    "log_gdp_per_capita": (-0.290, 0.113),
    "log_population": (0.242, 0.068),
    "square(democracy)": (-0.883, 0.233),
}


def beside_a(found: Results) -> pd.DataFrame:
    """H0 to H7 of study A and of this study, side by side: the columns of ``hypotheses`` and ``study, n, n_events``."""
    parts = []
    for one in (Results(load_study(TWIN)), found):
        table = one.table("hypotheses")
        table = table[table["id"].isin([f"H{i}" for i in range(8)]) & table["odds_ratio"].notna()]
        models = one.table("models").set_index("model")
        size = {c: table["model"].map(models[c]) for c in ("n", "n_events", "n_clusters")}
        parts.append(table.assign(study=one.study.config.id, **size))
    return pd.concat(parts, ignore_index=True)


def differences(found: Results) -> pd.DataFrame:
    """Cases of this study whose outcome is another than that of the attempt of study A that holds them, and why."""
    cases = found.study.cases
    return cases[cases["differs_from_a"].notna()].sort_values("label", ignore_index=True)


def coverage(found: Results) -> pd.DataFrame:
    """Coverage of every variable of the panel, with the reasons of its gaps."""
    return found.study.tables["coverage"]


def published(found: Results) -> pd.DataFrame:
    """The published state-year model beside ours: ``term, published, published_se, estimate, std_error, n, n_events``."""
    fit = found.fits["published"]
    terms = fit.terms.set_index("term")
    rows = [
        (t, b, se, terms["estimate"].get(t), terms["std_error"].get(t), fit.n, fit.n_events)
        for t, (b, se) in PUBLISHED.items()
    ]
    return pd.DataFrame(rows, columns=["term", "published", "published_se", "estimate", "std_error", "n", "n_events"])


def onset_facts(found: Results) -> pd.DataFrame:
    """Single numbers that prose quotes: ``fact, value``."""
    data = found.study.tables["country_years"]
    rows = [
        ("country_years", len(data)), ("onsets", int(data["onset"].sum())), ("ongoing", int(data["ongoing"].sum())),
        ("countries", data["country"].nunique()), ("first_year", int(data["year"].min())), ("last_year", int(data["year"].max())),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["fact", "value"]).astype({"value": float})
