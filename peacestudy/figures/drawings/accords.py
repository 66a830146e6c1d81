"""Figures of the comprehensive accords: what is promised, what is implemented, and what follows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.drawings.politics import MODERATORS, POINTS
from peacestudy.figures.estimate_plot import estimates
from peacestudy.figures.flow_chart import flow
from peacestudy.figures.pillar_panels import by_pillar
from peacestudy.figures.theme import pretty, short_name

Tables = Mapping[str, pd.DataFrame]
LANDMARKS = {
    "": "as declared",
    "_fought": "fighting up to k held constant",
    "_country": "peace in the whole country",
    "_first": "first accords only",
}
# ending of the model, moderator, name
DELIVERY = (
    ("executive", *MODERATORS[0]),
    ("democracy", *MODERATORS[1]),
    ("turnover", *MODERATORS[2]),
)
DELIVERY_NUMBERS = (
    "estimate",
    "estimate_low",
    "estimate_high",
    "p_value",
    "p_adjusted",
    "detectable",
)
DELIVERY_COLUMNS = [
    "moderator",
    "pillar",
    "at",
    "estimate",
    "conf_low",
    "conf_high",
    "p_value",
    "p_adjusted",
    "detectable",
    "support",
    "right",
]


def draw_promise_and_implementation(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Shares promised and implemented by pillar, after five years."""
    t, texts = r["delivery"], study_notes(r["notes"])
    by_pair: Any = r["correlations"].set_index(["promise", "implementation"])
    correlation = by_pair.loc[("text_breadth", "implemented_k5")]
    year_5 = t[(t["year_k"] == 5) & t["promised"].notna()]
    year_5 = year_5.assign(label=[short_name(p) for p in year_5["pillar"]])
    is_pillar = ~year_5["pillar"].isin(["aggregate", "breadth"])
    pillars = year_5[is_pillar & (year_5["n"] > 0)]
    table = pd.concat([pillars, year_5[year_5["pillar"] == "aggregate"]], ignore_index=True)
    notes = [
        (
            "Left: mean share of a pillar's provisions in the Peace Accords Matrix that the accords"
            " promise. Right: mean share of the promised provisions that is implemented by the"
            " fifth year (full 1, intermediate 2/3, minimal 1/3, none 0), over the accords that"
            " promise any."
        ),
        (
            f"{int(year_5['observed'].max())} accords have a record of the fifth year. Breadth of"
            " the text (PA-X) and implementation in the fifth year:"
            f" r = {correlation['r']:.2f}"
            f" [{correlation['conf_low']:.2f}, {correlation['conf_high']:.2f}],"
            f" N = {correlation['n']:.0f}."
        ),
        texts["sources"],
    ]
    figure = flow(
        table,
        "From promise to implementation",
        "Comprehensive accords: shares promised, and shares implemented by the fifth year",
        notes,
    )
    return figure, table


def draw_landmarks(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Implementation through year k and peace from k + 1 on."""
    h, texts = r["hypotheses"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    terms: Any = r["terms"].set_index(["model", "term"])
    rows = []
    for k in (1, 2, 3):
        n = models.loc[f"landmark_k{k}", "n"]
        n_first = models.loc[f"landmark_k{k}_first", "n"]
        label = f"C{k}  through year {k}, N {n:.0f} ({n_first:.0f})"
        for ending in LANDMARKS:
            row = terms.loc[(f"landmark_k{k}{ending}", f"scale(implemented_k{k})")]
            ratios = np.exp(row[["estimate", "conf_low", "conf_high"]].astype(float))
            rows.append((label, ending, *ratios, row["p_value"]))
    columns = ["label", "model", "odds_ratio", "conf_low", "conf_high", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    linear = h[h["family"].isin(["promise", "politics"])]
    linear_results = "; ".join(_linear(row, models) for row in linear.itertuples())
    landmarks = h[h["id"].isin(["C1", "C2", "C3"])]
    pairs: Any = landmarks[["id", "p_adjusted"]].itertuples(index=False)
    adjusted = ", ".join(f"{i} {p_text(p)}" for i, p in pairs)
    notes = [
        (
            "Landmark analysis: the share of promises implemented through year k, and five years"
            " after k without 25 battle-related deaths a year in the accord's conflict, so that"
            " later peace cannot cause the implementation. Fighting up to k may delay both and is"
            " held constant in the second series; a broken ceasefire also counts as less"
            " implementation."
        ),
        (
            "Odds ratios for one standard deviation more; Firth logit, profile intervals. N in"
            " brackets: first accords."
        ),
        (
            f"As declared, p by Holm over the three: {adjusted}. The window of peace was chosen"
            " after 72 trial fits that included this one: read this as description, not as a test."
        ),
        f"Linear models of the share implemented by the fifth year (HC3): {linear_results}.",
        texts["sources"],
    ]
    figure = estimates(
        table,
        LANDMARKS,
        "Is implementation followed by peace?",
        "Odds ratios of peace after the landmark, one standard deviation more implemented",
        "odds ratio, log scale",
        notes,
    )
    return figure, table


def _linear(row: Any, models: Any) -> str:
    """A hypothesis of a linear model in one line."""
    return (
        f"{row.id} {pretty(row.terms)}: {row.estimate:+.2f} [{row.estimate_low:+.2f},"
        f" {row.estimate_high:+.2f}], p {p_text(row.p_value)}, adjusted {p_text(row.p_adjusted)},"
        f" N {models.loc[row.model, 'n']:.0f}"
    )


def draw_delivery(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Implementation of each pillar's promises, by domestic politics."""
    h, texts = r["hypotheses"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    rows = []
    for ending, moderator, _ in DELIVERY:
        for row in h[h["model"] == f"delivery_{ending}"].to_dict("records"):
            pillar = "Mean of the seven"
            if row["family"] != "delivery":
                pillar = row["terms"].split("[")[1].split("]")[0]
            numbers = [row[column] for column in DELIVERY_NUMBERS]
            rows.append((moderator, pillar, "slope", *numbers, True, p_text(row["p_value"])))
    table = pd.DataFrame(rows, columns=DELIVERY_COLUMNS)
    in_points = table.copy()
    in_points[["estimate", "conf_low", "conf_high"]] *= POINTS
    sizes = "; ".join(
        f"{name.lower()} {models.loc[f'delivery_{ending}', 'n']:.0f}"
        f" ({float(models.loc[f'delivery_{ending}', 'n_clusters']):.0f})"
        for ending, _, name in DELIVERY
    )
    means = table[table["pillar"].str.startswith("Mean")]
    detectable = ", ".join(f"{POINTS * v:.0f}" for v in means["detectable"])
    smallest = p_text(float(np.nanmin(table["p_adjusted"])))
    notes = [
        (
            "Percentage points of an accord's promises under a pillar that are implemented by its"
            " fifth year, for one standard deviation more of constraints or democracy in the year"
            " before, and for a change of leader between promise and implementation."
        ),
        (
            "One row for each pillar under which an accord promises anything: rows (accords)"
            f" {sizes}. Least squares with the share promised held constant; standard errors"
            " clustered by accord (CR2), 95 %, Satterthwaite degrees of freedom (for environment"
            " only 3 to 4)."
        ),
        (
            "Right margin: unadjusted p; the smallest p by Holm, over the three means and over the"
            f" 21 slopes, is {smallest}. Smallest mean effects detectable with 80 % power:"
            f" {detectable} percentage points."
        ),
        "A leader may change because implementation fails: the estimates are not causal.",
        f"{texts['sources']} {texts['context']}",
    ]
    figure = by_pillar(
        in_points,
        MODERATORS,
        {"slope": ""},
        "Does implementation depend on domestic politics?",
        "Implementation of each pillar's promises by domestic politics",
        "percentage points",
        notes,
    )
    return figure, table
