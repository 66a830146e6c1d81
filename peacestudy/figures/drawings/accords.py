"""Figures of the comprehensive accords: what is promised, what is implemented, and what follows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.drawings.politics import POINTS
from peacestudy.figures.estimate_plot import estimates
from peacestudy.figures.flow_chart import flow
from peacestudy.figures.pillar_panels import by_pillar
from peacestudy.figures.theme import pretty, short_name
from peacestudy.models.inference.decisions import said

Tables = Mapping[str, pd.DataFrame]
# ending of the model, row of the figure
READINGS = {
    "declared": "At peace: all provisions (C1 to C3)",
    "civil": "At peace: civil provisions",
    "civil_strict": "At peace: civil provisions, strict",
    "calendar": "At peace: calendar years",
    "country": "At peace: peace in the whole country",
    "first": "At peace: first accords only",
    "all": "All accords: all provisions",
    "fought": "All accords: fighting held constant",
    "civil_all": "All accords: civil provisions",
    "civil_strict_all": "All accords: civil provisions, strict",
    "calendar_all": "All accords: calendar years",
    "country_all": "All accords: peace in the whole country",
    "first_all": "All accords: first accords only",
}
YEARS = {1: "by year 1", 2: "by year 2", 3: "by year 3"}
# ending of the model, heading of the panel
DELIVERY = (
    ("executive", "Constraints on the executive"),
    ("democracy", "Electoral democracy"),
    ("turnover", "Leader changed, then gain"),
)
MEAN_OF_SEVERAL = "Mean of the five"
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
    """Shares promised by pillar, and the levels that they reached after five years."""
    t, texts = r["delivery"], study_notes(r["notes"])
    by_pair: Any = r["correlations"].set_index(["promise", "implementation"])
    correlation = by_pair.loc[("text_breadth", "implemented_k5")]
    year_5 = t[(t["year_k"] == 5) & t["promised"].notna()]
    year_5 = year_5.assign(label=[short_name(p) for p in year_5["pillar"]])
    is_pillar = ~year_5["pillar"].isin(["aggregate", "breadth"])
    pillars = year_5[is_pillar & (year_5["n"] > 0)]
    table = pd.concat([pillars, year_5[year_5["pillar"] == "aggregate"]], ignore_index=True)
    everything = table.set_index("pillar").loc["aggregate"]
    notes = [
        (
            "Left: mean share of a pillar's provisions in the Peace Accords Matrix that the accords"
            " promise. Right: levels of the promised provisions in the fifth year, all accords"
            " pooled: full (3), intermediate (2), less (minimal 1, none 0). Mean level: level / 3,"
            " averaged first within and then over accords; it is not a share of provisions"
            " implemented."
        ),
        (
            f"{int(year_5['observed'].max())} accords have a record of the fifth year. Of all"
            f" {everything['n_provisions']:.0f} provisions {everything['level_3']:.0%} are at level"
            f" 3 and {everything['level_2_or_3']:.0%} at level 2 or 3. Economy and environment have"
            " one provision each. Breadth of the text (PA-X) and mean level in the fifth year:"
            f" r = {correlation['r']:.2f}"
            f" [{correlation['conf_low']:.2f}, {correlation['conf_high']:.2f}],"
            f" N = {correlation['n']:.0f}."
        ),
        texts.get("sources_promise_and_implementation", texts["sources"]),
    ]
    figure = flow(
        table,
        "From promise to implementation",
        "Comprehensive accords: shares promised, and levels reached by the fifth year",
        notes,
    )
    return figure, table


def draw_landmarks(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Implementation by a landmark and peace after it, in every reading."""
    found, texts = r["landmarks"], study_notes(r["notes"])
    table = found.assign(label=found["reading"].map(READINGS), model=found["k"].map(YEARS))
    order = {reading: n for n, reading in enumerate(READINGS)}
    places = table["reading"].map(order)
    table = table.iloc[np.lexsort((table["k"], places))].reset_index(drop=True)
    figure = estimates(
        table,
        {name: name for name in YEARS.values()},
        "Is implementation followed by peace?",
        "Odds ratios of peace after the landmark, for one standard deviation more implemented",
        "odds ratio, log scale",
        [*_landmark_notes(r, table), texts["sources"]],
    )
    return figure, table


def _landmark_notes(r: Tables, table: pd.DataFrame) -> list[str]:
    """The notes of the figure of landmarks."""
    h: Any = r["hypotheses"]
    models: Any = r["models"].set_index("model")
    days = r["accords"]["year_1_days"].astype(float)
    sizes: Any = table.set_index(["reading", "k"])
    at_peace = [sizes.loc[("declared", k)] for k in YEARS]
    all_accords = [sizes.loc[("all", k)] for k in YEARS]
    by_holm = {}
    for family in ("landmarks", "landmarks_all"):
        rows = h[h["family"] == family]
        p_values = ", ".join(p_text(p) for p in rows["p_adjusted"])
        by_holm[family] = f"{p_values} ({said(rows['id'], rows['decision'])} rejected)"
    detectable = ", ".join(f"{v:.1f}" for v in h.loc[h["family"] == "landmarks", "detectable"])
    linear = h[h["family"].isin(["promise", "politics"])]
    linear_results = "; ".join(_linear(row, models) for row in linear.itertuples())
    return [
        (
            "Landmark analysis: mean level of the promised provisions at the end of year k, and"
            " five years after it without 25 battle-related deaths a year in the accord's"
            " conflicts. At peace: only accords without a year of fighting from the year after the"
            f" signature to the landmark, N {_counts(at_peace)}; all accords: N"
            f" {_counts(all_accords)}. Firth logit, 95 % profile intervals, unadjusted p."
        ),
        (
            f"p by Holm over the three years: at peace {by_holm['landmarks']}; all accords"
            f" {by_holm['landmarks_all']}. Odds ratios detectable with 80 % power at Holm's first"
            f" step, at peace: {detectable}. The definition of peace was chosen after 72 trial fits"
            " that included it, and the readings were tried before they were declared."
        ),
        (
            "All accords: an accord that is fought over by the landmark has failed already, and"
            " a broken ceasefire is coded as less implementation. Civil provisions: without"
            " ceasefire, withdrawal of troops, demobilisation, disarmament, reintegration,"
            " paramilitary groups and verification; strict: also without army and police reform,"
            " peacekeeping, arms embargo. Year 1 ends"
            f" {days.min():.0f} to {days.max():.0f} days after the signature; calendar years: end"
            " of t0 + k."
        ),
        (
            "The order in time does not exclude that commitment to peace led to both. Linear models"
            f" of implementation (HC3): {linear_results}."
        ),
    ]


def _counts(rows: Sequence[Any]) -> str:
    """N of every year, with those at peace afterwards."""
    return ", ".join(f"{row['n']:.0f} ({row['n_events']:.0f} at peace)" for row in rows)


def _linear(row: Any, models: Any) -> str:
    """A hypothesis of a linear model in one line."""
    return (
        f"{row.id} {pretty(row.terms)}: {row.estimate:+.2f} [{row.estimate_low:+.2f},"
        f" {row.estimate_high:+.2f}], p {p_text(row.p_value)}, by Holm {p_text(row.p_adjusted)},"
        f" N {models.loc[row.model, 'n']:.0f}"
    )


def draw_delivery(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Implementation of each pillar's promises, by domestic politics."""
    texts = study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    table = _delivery_rows(r["hypotheses"])
    in_points = table.copy()
    in_points[["estimate", "conf_low", "conf_high"]] *= POINTS
    sizes = "; ".join(
        f"{ending} {models.loc[f'delivery_{ending}', 'n']:.0f}"
        f" ({float(models.loc[f'delivery_{ending}', 'n_clusters']):.0f})"
        for ending, _ in DELIVERY
    )
    means = table[table["pillar"] == MEAN_OF_SEVERAL]
    detectable = ", ".join(f"{POINTS * v:.0f}" for v in means["detectable"])
    smallest = p_text(float(np.nanmin(table["p_adjusted"])))
    notes = [
        (
            "Percentage points of the mean level of what an accord promises under a pillar. Left"
            " and middle: level by the fifth year, for one standard deviation more of constraints"
            " or democracy in the year before the accord. Right: gain in the three years after"
            " t0 + 2, where the leader changed in t0 + 1 or t0 + 2, the level at the end of t0 + 2"
            " held constant."
        ),
        (
            "One row for each pillar under which an accord promises anything: rows (accords)"
            f" {sizes}. Least squares with the share promised held constant; standard errors"
            " clustered by accord (CR2), 95 %, Satterthwaite degrees of freedom. Economy and"
            " environment have one provision each and stand apart."
        ),
        (
            "Right margin: unadjusted p; the smallest p by Holm, over the three means of five"
            " pillars, over the three of seven and over the 21 slopes, is"
            f" {smallest}. Smallest mean effects over the five pillars detectable with 80 % power"
            f" at Holm's first step: {detectable} percentage points."
        ),
        "The estimates are not causal: a leader may be changed because implementation fails.",
        f"{texts.get('sources_delivery', texts['sources'])} {texts['context']}",
    ]
    figure = by_pillar(
        in_points,
        DELIVERY,
        {"slope": ""},
        "Is implementation associated with domestic politics?",
        "Implementation of each pillar's promises by domestic politics",
        "percentage points",
        notes,
    )
    return figure, table


def _delivery_rows(h: pd.DataFrame) -> pd.DataFrame:
    """The slopes of every panel: the mean of the pillars with several provisions and these pillars,
    then the others and the mean of all.
    """
    rows = []
    for ending, _ in DELIVERY:
        own: Any = h[h["model"] == f"delivery_{ending}"].set_index("family")
        several = str(own.loc["delivery", "terms"]).split()
        slopes = own.loc["delivery_by_pillar"].to_dict("records")
        apart = [row for row in slopes if row["terms"] not in several]
        ordered = [
            (MEAN_OF_SEVERAL, own.loc["delivery"]),
            *((_pillar(row), row) for row in slopes if row["terms"] in several),
            *((f"{short_name(_pillar(row))}: one provision", row) for row in apart),
            ("Mean of the seven", own.loc["delivery_seven"]),
        ]
        for pillar, row in ordered:
            numbers = [row[column] for column in DELIVERY_NUMBERS]
            rows.append((ending, pillar, "slope", *numbers, True, p_text(row["p_value"])))
    return pd.DataFrame(rows, columns=DELIVERY_COLUMNS)


def _pillar(row: Any) -> str:
    """The pillar of a slope, from its term."""
    return str(row["terms"].split("[")[1].split("]")[0])
