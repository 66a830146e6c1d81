"""Figure of the onset of conflict."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.estimate_plot import estimates
from peacestudy.figures.theme import pretty

Tables = Mapping[str, pd.DataFrame]
TERMS = (
    "ln_trade_openness",
    "ln_igo_memberships",
    "executive_constraints",
    "ln_gdp_per_capita",
    "ln_population",
)
# models of one term, with the term
ALONE = {
    "trade_alone": "ln_trade_openness",
    "organisations_alone": "ln_igo_memberships",
    "constraints_alone": "executive_constraints",
}
SERIES = {
    "prevention": "quiet years, all terms",
    "prevention_all_years": "years in conflict included",
    "alone": "one at a time, longest sample",
    "without_early": "early sources excluded",
}


def draw_onset(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Onset of conflict on institutions and interdependence."""
    texts = study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    hypotheses: Any = r["hypotheses"].set_index("id")
    table = _rows(r["terms"])
    published: Any = r["published"][r["published"]["model"] == "published"]
    compared = "; ".join(
        f"{pretty(p.term)} {p.published:.3f} ({p.published_se:.3f}) published, {p.estimate:.3f}"
        f" ({p.std_error:.3f}) here"
        for p in published.itertuples()
    )
    n = "; ".join(
        f"{name}: N {models.loc[m, 'n']:,.0f}, {models.loc[m, 'n_events']:.0f} onsets"
        for m, name in SERIES.items()
        if m in models.index
    )
    tests = "; ".join(
        f"{i}: p {p_text(hypotheses.loc[i, 'p_value'])}, by Holm"
        f" {p_text(hypotheses.loc[i, 'p_adjusted'])}"
        for i in ("D1", "D2", "D3")
    )
    notes = [
        (
            "Logit of the onset of an intrastate conflict in a state-year; terms of the year"
            f" before, one unit more (of logs: e times as much). {n}."
        ),
        (
            "Controls: polyarchy and its square, fighting in the region, a cubic of years at peace"
            " (one at a time: GDP, population and the cubic). Bars: 95 % intervals, clustered by"
            " state. Trade and IGO memberships end in 2014 and Polity in 2018."
        ),
        (
            f"Declared tests, first series: {tests} (D3: polyarchy, its square and constraints"
            " jointly)."
        ),
        (
            "An odds ratio of memberships above 1 means more onsets, against the hypothesis. States"
            " join organisations over time and with size, and the ratio depends on the years"
            " included: it is not an effect of joining."
        ),
        (
            f"A published state-year model of this outcome (N 8,192), for comparison: {compared};"
            f" N here {published['n'].iloc[0]:,.0f}. The notebook explains the differences."
        ),
        texts["sources"],
    ]
    figure = estimates(
        table,
        SERIES,
        "Does interdependence prevent conflict?",
        "Odds ratios of conflict onset in a state-year; below 1: fewer onsets",
        "odds ratio, log scale",
        notes,
    )
    return figure, table


def _rows(terms: pd.DataFrame) -> pd.DataFrame:
    """The terms drawn, of the models of all terms and of the models of one."""
    terms = terms[terms["term"].isin(TERMS)]
    alone = terms["model"].map(ALONE) == terms["term"]
    parts = [terms[terms["model"].isin(SERIES)], terms[alone].assign(model="alone")]
    order = {term: i for i, term in enumerate(TERMS)}
    rows = pd.concat(parts).sort_values("term", key=lambda c: c.map(order), kind="stable")
    return pd.DataFrame(
        {
            "label": [pretty(term) for term in rows["term"]],
            "model": rows["model"],
            "odds_ratio": np.exp(rows["estimate"]),
            "conf_low": np.exp(rows["conf_low"]),
            "conf_high": np.exp(rows["conf_high"]),
            "p_value": rows["p_value"],
        }
    )
