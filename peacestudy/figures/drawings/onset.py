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
CHOICES = {
    "declared": "with separate clocks",
    "one_clock": "with one clock",
    "fought_before": "in states that had fought",
    "never_fought": "in states that had not",
    "all_years": "with years in conflict kept",
    "jackknife": "by the jackknife",
}
SERIES = {
    "prevention": "quiet years, all terms",
    "prevention_all_years": "years in conflict kept",
    "alone": "one at a time, longest sample",
    "without_early": "early sources excluded",
}


def draw_onset(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Onset of conflict on institutions and interdependence."""
    texts = study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    hypotheses: Any = r["hypotheses"]
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
    alone = ", ".join(f"{models.loc[m, 'n']:,.0f}" for m in ALONE)
    n += f"; {SERIES['alone']}: N {alone}"
    tests = "; ".join(
        f"{h.id}: {h.decision} (p {p_text(h.p_value)}, by Holm {p_text(h.p_adjusted)})"
        for h in hypotheses.itertuples()
    )
    rows: Any = r["ranges"].itertuples()
    ranges = "; ".join(
        f"{pretty(row.term)} {_interval(row.effect, row.conf_low, row.conf_high)}" for row in rows
    )
    notes = [
        (
            "Logit of the onset of an intrastate conflict in a state-year; terms of the year"
            f" before, one unit more (of logs: e times as much). Series: {n}."
        ),
        (
            "Controls: polyarchy and its square, fighting in the region, and a constant and a cubic"
            " of years at peace for states that had fought since 1946 and others for states that"
            " had not (one at a time: GDP, population and these clocks). Bars: 95 % intervals,"
            " clustered by state. Trade and IGO memberships end in 2014 and Polity in 2018."
        ),
        (
            f"Declared tests, first series: {tests} (D3: polyarchy, its square and constraints"
            " jointly). Odds ratios from the 10th to the 90th percentile of a term, 95 %"
            f" intervals: {ranges}. Effects of either sign are not excluded."
        ),
        f"Results depend on choices (see the figure of variants): {_choices(r['variants'])}.",
        (
            f"A published state-year model of this outcome (N 8,192), for comparison: {compared};"
            f" N here {published['n'].iloc[0]:,.0f}. The notebook explains the differences."
        ),
        f"{texts['sources']} {texts['context']}",
    ]
    figure = estimates(
        table,
        SERIES,
        "Trade, organisations and the onset of conflict",
        "Odds ratios of conflict onset in a state-year; below 1: fewer onsets",
        "odds ratio, log scale",
        notes,
    )
    return figure, table


def _interval(ratio: float, low: float, high: float) -> str:
    return f"{ratio:.2f} ({low:.2f} to {high:.2f})"


def _choices(table: pd.DataFrame) -> str:
    """D2 and D3 under the variants that change them most."""
    by: Any = table.set_index(["variant", "hypothesis"])
    parts = []
    for variant in ("declared", "one_clock", "fought_before", "never_fought"):
        row = by.loc[(variant, "D2")]
        ratios = np.exp(row[["log_odds", "log_odds_low", "log_odds_high"]].astype(float))
        parts.append(f"{CHOICES[variant]} {_interval(*ratios)}")
    p_values = []
    for variant in ("all_years", "fought_before", "jackknife"):
        p = by.loc[(variant, "D3"), "p_family"]
        p_values.append(f"{CHOICES[variant]} {p_text(p)}")
    return f"IGO memberships {', '.join(parts)}; p of D3 by Holm {', '.join(p_values)}"


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
