"""Onset of conflict: a published model reproduced, and the panel of country-years."""

import pandas as pd

from peacestudy.study.results.results import Results

# Miller (2022), Conflict Management and Peace Science, as revised in the documentation of
# peacesciencer 1.1.9: logit of UCDP intrastate onsets in state-years, N 8,192; coefficient and
# standard error
PUBLISHED = {
    "ln_gdp_per_capita": (-0.290, 0.113),
    "ln_population": (0.242, 0.068),
    "democracy": (-0.802, 0.239),
    "square(democracy)": (-0.883, 0.233),
}
# from the published model to this study's
STEPS = ("published", "published_our_onset", "published_our_onset_quiet")


def coverage(found: Results) -> pd.DataFrame:
    """Coverage of every variable of the panel, with the reasons of its gaps."""
    return found.study.tables["coverage"]


def published(found: Results) -> pd.DataFrame:
    """The published state-year model and ours, one change at a time.

    Returns
    -------
    DataFrame
        ``model, term, published, published_se, estimate, std_error, n, n_events``.
    """
    rows = []
    for model in STEPS:
        fit = found.fits[model]
        terms = fit.terms.set_index("term")
        for term, (estimate, std_error) in PUBLISHED.items():
            rows.append(
                {
                    "model": model,
                    "term": term,
                    "published": estimate,
                    "published_se": std_error,
                    "estimate": terms["estimate"][term],
                    "std_error": terms["std_error"][term],
                    "n": fit.n,
                    "n_events": fit.n_events,
                }
            )
    return pd.DataFrame(rows)


def facts(found: Results) -> pd.DataFrame:
    """Single numbers quoted in the text: ``fact, value``."""
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
