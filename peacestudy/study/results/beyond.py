"""What stands beside the first study: its twin at the level of dyads, and prevention."""

from collections.abc import Callable

import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError
from peacestudy.study.load import load_study
from peacestudy.study.results.results import Results

TWIN = "peace_agreements"
# Miller (2022), Conflict Management and Peace Science, as revised in the documentation of
# peacesciencer 1.1.9: logit of UCDP intrastate onsets in state-years, N 8,192; coefficient and
# standard error
PUBLISHED = {
    "ln_gdp_per_capita": (-0.290, 0.113),
    "ln_population": (0.242, 0.068),
    "democracy": (-0.802, 0.239),
    "square(democracy)": (-0.883, 0.233),
}
# from that model to this study
STEPS = ("published", "published_our_onset", "published_our_onset_quiet")


def beside_a(found: Results) -> pd.DataFrame:
    """H0 to H7 of study A and of this study, side by side: the columns of
    ``hypotheses`` and ``study, n, n_events``.
    """
    parts = []
    for one in (Results(load_study(TWIN)), found):
        table = one.table("hypotheses")
        table = table[table["id"].isin([f"H{i}" for i in range(8)]) & table["odds_ratio"].notna()]
        models = one.table("models").set_index("model")
        size = {c: table["model"].map(models[c]) for c in ("n", "n_events", "n_clusters")}
        parts.append(table.assign(study=one.study.config.id, **size))
    return pd.concat(parts, ignore_index=True)


def differences(found: Results) -> pd.DataFrame:
    """Cases of this study whose outcome is another than that of the
    attempt of study A that holds them, and why.
    """
    cases = found.study.cases
    return cases[cases["differs_from_a"].notna()].sort_values("label", ignore_index=True)


def coverage(found: Results) -> pd.DataFrame:
    """Coverage of every variable of the panel, with the reasons of its gaps."""
    return found.study.tables["coverage"]


def kept(name: str) -> Callable[[Results], pd.DataFrame]:
    """A table of the study as it stands in its folder, as a result."""

    def table(found: Results) -> pd.DataFrame:
        if name not in found.study.tables:
            raise SpecError(one_of("table", name, list(found.study.tables)))
        return found.study.tables[name]

    return table


def published(found: Results) -> pd.DataFrame:
    """The published state-year model beside ours, a step at a time from it to this study.

    Returns
    -------
    DataFrame
        ``model, term, published, published_se, estimate, std_error, n, n_events``.
    """
    rows = []
    for model in STEPS:
        fit = found.fits[model]
        terms = fit.terms.set_index("term")
        for term, (b, se) in PUBLISHED.items():
            rows.append(
                (
                    model,
                    term,
                    b,
                    se,
                    terms["estimate"][term],
                    terms["std_error"][term],
                    fit.n,
                    fit.n_events,
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            "model",
            "term",
            "published",
            "published_se",
            "estimate",
            "std_error",
            "n",
            "n_events",
        ],
    )


def onset_facts(found: Results) -> pd.DataFrame:
    """Single numbers that prose quotes: ``fact, value``."""
    data = found.study.tables["country_years"]
    rows = [
        ("country_years", len(data)),
        ("onsets", int(data["onset"].sum())),
        ("quiet", int(data["quiet"].sum())),
        ("onsets_quiet", int(data.loc[data["quiet"] == 1, "onset"].sum())),
        ("countries", data["country"].nunique()),
        ("first_year", int(data["year"].min())),
        ("last_year", int(data["year"].max())),
    ]
    return pd.DataFrame(rows, columns=["fact", "value"]).astype({"value": float})
