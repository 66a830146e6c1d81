"""Figures of domestic politics and context: the effects of pillars by moderator and by context."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.context_panels import in_contexts
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.pillar_panels import by_pillar
from peacestudy.models.inference.decisions import is_rejected

Tables = Mapping[str, pd.DataFrame]
MODERATORS = (
    ("executive_constraints", "Constraints on the executive"),
    ("polyarchy", "Electoral democracy"),
    ("leader_turnover", "Leader changed"),
)
MODERATOR_SOURCES = (
    "Constraints: Polity5. Democracy: V-Dem v15. Leaders: Archigos (Goemans, Gleditsch and"
    " Chiozza 2009)."
)
POINTS = 100


def draw_domestic_politics(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The effect of each pillar at a low and at a high value of each moderator."""
    effects, tests = r["effects_by_moderator"], r["interactions"]
    texts = study_notes(r["notes"])
    differences = effects[effects["at"] == "difference"]
    p_values = differences.set_index(["pillar", "moderator"])["p_value"]
    pairs = zip(effects["pillar"], effects["moderator"], strict=True)
    t = effects.assign(right=[p_text(p_values.get(pair, np.nan)) for pair in pairs])
    t[["estimate", "conf_low", "conf_high"]] *= POINTS
    fitted = tests[tests["p_value"].notna()]
    detectable: Any = fitted.groupby("moderator")["detectable"].agg(["min", "max"])
    power = "; ".join(
        f"{name.lower()} {detectable.loc[m, 'min']:.1f} to {detectable.loc[m, 'max']:.1f}"
        for m, name in MODERATORS
    )
    rejected = int(is_rejected(fitted["decision"]).sum())
    notes = [
        (
            "Percentage points of lasting peace for one standard deviation more of a pillar,"
            " averaged over all cases with the moderator held at a low and a high value, pointwise"
            f" 95 % (delta method). Low and high: 10th and 90th percentile ({_values(effects)});"
            " leader: no change and a change in the five years before the first agreement."
        ),
        (
            "Firth logit, clustered by country, one model for each pillar and moderator, controls"
            f" as declared. N (at peace): {_sizes(tests)}. Pale: fewer than five cases within half"
            " a standard deviation, or no variation of the pillar there."
        ),
        (
            "Right margin: unadjusted p of the difference between the two effects; the smallest by"
            f" Holm over the {len(tests)} of all panels is {_smallest(differences, 'p_adjusted')}."
        ),
        (
            "Declared tests: the interactions in the logit (ratios of odds ratios). Smallest p:"
            f" {_smallest(fitted, 'p_value')} unadjusted, {_smallest(fitted, 'p_adjusted')} by"
            f" Holm, {_smallest(fitted, 'p_permutation')} by permutation (null: the outcome is"
            f" unrelated to every regressor); {rejected} of {len(fitted)} nulls rejected."
        ),
        (
            "Ratios (or their inverses) detectable with 80 % power at Holm's first step, for one"
            f" standard deviation of the moderator or a change of leader: {power}. The estimates"
            " are not causal, and the data are inconclusive about smaller interactions."
        ),
        f"{texts['outcome']} {texts['sources']} {MODERATOR_SOURCES}",
    ]
    figure = by_pillar(
        t,
        MODERATORS,
        {"low": "low, or no change", "high": "high, or a change"},
        "Do the effects of pillars depend on domestic politics?",
        "Effect of each pillar of a text on five years of peace",
        "percentage points",
        notes,
    )
    return figure, effects


def _values(effects: pd.DataFrame) -> str:
    """The low and the high value of the moderators with percentiles."""
    ends = effects[effects["at"] != "difference"].drop_duplicates(["moderator", "at"])
    values = ends.set_index(["moderator", "at"])["value"]
    return "; ".join(
        f"{name.lower()} {values[m, 'low']:.3g} and {values[m, 'high']:.3g}"
        for m, name in MODERATORS[:2]
    )


def _sizes(tests: pd.DataFrame) -> str:
    first: Any = tests.drop_duplicates("moderator").set_index("moderator")
    return ", ".join(
        f"{first.loc[m, 'n']:.0f} ({first.loc[m, 'n_events']:.0f})" for m, _ in MODERATORS
    )


def _smallest(table: pd.DataFrame, column: str) -> str:
    return p_text(float(table[column].min()))


def draw_contexts(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The effect of each pillar in each context, estimated separately and partially pooled."""
    t, texts = r["contexts"], study_notes(r["notes"])
    by_pair = t.drop_duplicates(["by", "pillar"])
    tests = by_pair.dropna(subset=["p_homogeneity"])
    first: Any = tests.sort_values("p_homogeneity").iloc[0]
    spread = by_pair["tau"].dropna()
    notes = [
        (
            "Hollow: odds ratio of lasting peace in the context alone (Firth logit, length of the"
            " text and fighting at the agreement held constant, scores scaled over all cases)."
            " Squares:"
            " partially pooled estimates, averaged over the spread between contexts (flat priors),"
            " 95 % posterior intervals."
        ),
        (
            "Where fewer than three contexts could be fitted nothing is pooled, and the interval is"
            " the context's own. Dotted: all cases. In brackets: cases; cases of the rarer outcome."
            " Arrows: the interval continues."
        ),
        _refused(t),
        (
            f"We tested homogeneity across contexts {len(tests)} times (Cochran's Q): smallest p"
            f" {p_text(first['p_homogeneity'])} ({first['pillar']}, {first['label'].lower()}), by"
            f" Holm {p_text(first['p_adjusted'])}."
        ),
        (
            f"Posterior median of the spread: {spread.min():.2f} to {spread.max():.2f} log odds;"
            " with three contexts each it is poorly identified. Standard errors are treated as"
            " known and attempts of one country as independent."
        ),
        f"{texts['outcome']} {texts['sources']}",
    ]
    figure = in_contexts(
        t,
        "Effects of pillars by context",
        "Odds ratios in each context, separate and partially pooled",
        notes,
    )
    return figure, t


def _refused(contexts: pd.DataFrame) -> str:
    """How many contexts have no estimate, by reason."""
    refused = contexts[contexts["estimate"].isna()]
    few = refused["reason"].str.startswith("too few")
    separated = refused[~few].drop_duplicates(["pillar", "context"])
    text = (
        f"Not estimated: {int(few.sum())} of {len(contexts)} with fewer than five cases of the"
        " rarer outcome"
    )
    if len(separated):
        names = "; ".join(f"{row.pillar}, {row.context}" for row in separated.itertuples())
        text += f"; because of complete separation: {names}"
    return text + "."
