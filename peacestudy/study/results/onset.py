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
    quiet = data[data["quiet"]]
    used = quiet[quiet["complete"]]
    had_fought = used[used["ever_fought"]]
    rows = [
        ("country_years", len(data)),
        ("onsets", data["onset"].sum()),
        ("onsets_new", data["onset_new"].sum()),
        ("onsets_resumed", data["onset_resumed"].sum()),
        ("quiet", len(quiet)),
        ("onsets_quiet", quiet["onset"].sum()),
        ("used", len(used)),
        ("onsets_used", used["onset"].sum()),
        ("had_fought", len(had_fought)),
        ("onsets_had_fought", had_fought["onset"].sum()),
        ("earlier_borders", data["earlier_borders"].sum()),
        ("earlier_borders_used", used["earlier_borders"].sum()),
        ("onsets_earlier_borders_used", used.loc[used["earlier_borders"], "onset"].sum()),
        ("countries", data["country"].nunique()),
        ("first_year", data["year"].min()),
        ("last_year", data["year"].max()),
    ]
    return pd.DataFrame(rows, columns=["fact", "value"]).astype({"value": float})
