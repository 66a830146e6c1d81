"""The figures: for each the studies that have it, the results it needs, and its function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.drawings import (
    accords,
    agreements,
    alternatives,
    coders,
    comparisons,
    onset,
    politics,
)

Tables = Mapping[str, pd.DataFrame]
PEACE, DYADS, ACCORDS, ONSET = (
    "peace_agreements",
    "signing_dyads",
    "accord_implementation",
    "onset",
)
DOUBLE, ROLE = "double_coding", "third_party_role"


@dataclass(frozen=True)
class Drawing:
    """A figure of one or several studies.

    Attributes
    ----------
    studies : ids of the studies that have it.
    needs : names of the results that it is drawn from.
    draw : from these results to the figure and the table of what is drawn.
    """

    studies: tuple[str, ...]
    needs: tuple[str, ...]
    draw: Callable[[Tables], tuple[Figure, pd.DataFrame]]


FIGURES: dict[str, Drawing] = {
    "profile": Drawing((PEACE,), ("profile", "notes"), agreements.draw_profile),
    "forest": Drawing(
        (PEACE,),
        ("hypotheses", "terms", "models", "notes", "permutation", "influence"),
        agreements.draw_forest,
    ),
    "survival": Drawing(
        (PEACE,),
        ("survival", "survival_adjusted", "facts", "notes", "hypotheses"),
        agreements.draw_survival,
    ),
    "ledger": Drawing((PEACE, DYADS), ("ledger", "coverage", "notes"), agreements.draw_ledger),
    "over_time": Drawing((PEACE,), ("over_time", "notes"), alternatives.draw_over_time),
    "variants": Drawing(
        (PEACE, DYADS, ONSET), ("variants", "variant_group", "notes"), alternatives.draw_variants
    ),
    "variant_group": Drawing((PEACE,), ("variant_group", "notes"), alternatives.draw_variant_group),
    "windows": Drawing((PEACE, DYADS), ("windows", "notes"), alternatives.draw_windows),
    "predicted_probability": Drawing(
        (PEACE,),
        ("predicted_probabilities", "support", "notes"),
        alternatives.draw_predicted_probability,
    ),
    "moderation": Drawing(
        (PEACE,), ("moderation", "hypotheses", "models", "notes"), alternatives.draw_moderation
    ),
    "domestic_politics": Drawing(
        (PEACE,),
        ("effects_by_moderator", "interactions", "notes"),
        politics.draw_domestic_politics,
    ),
    "contexts": Drawing((PEACE,), ("contexts", "notes"), politics.draw_contexts),
    "selection": Drawing(
        (PEACE,), ("terms", "models", "weights", "notes"), alternatives.draw_selection
    ),
    "calibration": Drawing(
        (PEACE,), ("out_of_sample", "calibration", "notes"), alternatives.draw_calibration
    ),
    "forecasts": Drawing((PEACE,), ("forecasts", "notes"), alternatives.draw_forecasts),
    "vintages": Drawing(
        (PEACE,),
        ("vintage_findings", "vintages", "vintage_counts", "notes"),
        comparisons.draw_vintages,
    ),
    "comparison": Drawing(
        (DYADS,), ("comparison", "differences", "notes"), comparisons.draw_comparison
    ),
    "promise_and_implementation": Drawing(
        (ACCORDS,),
        ("delivery", "correlations", "notes"),
        accords.draw_promise_and_implementation,
    ),
    "landmarks": Drawing(
        (ACCORDS,),
        ("landmarks", "accords", "hypotheses", "models", "notes"),
        accords.draw_landmarks,
    ),
    "delivery": Drawing((ACCORDS,), ("hypotheses", "models", "notes"), accords.draw_delivery),
    "agreement": Drawing(
        (DOUBLE, ROLE), ("agreement", "agreement_above_lowest", "notes"), coders.draw_agreement
    ),
    "ratings": Drawing((DOUBLE,), ("ratings", "pairs", "notes"), coders.draw_ratings),
    "readings": Drawing((ROLE,), ("ratings", "pairs", "notes"), coders.draw_readings),
    "uncertainty": Drawing((ROLE,), ("uncertainty", "flips", "notes"), coders.draw_uncertainty),
    "by_rater": Drawing(
        (DOUBLE,), ("by_rater", "terms", "left_out", "models", "notes"), coders.draw_by_rater
    ),
    "onset": Drawing(
        (ONSET,),
        ("terms", "models", "hypotheses", "ranges", "variants", "published", "notes"),
        onset.draw_onset,
    ),
}
