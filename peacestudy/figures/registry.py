"""Which figure is drawn from which results of which study: a list one can read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.drawings import agreements, coders, others, politics, rivals

Tables = Mapping[str, pd.DataFrame]
A, B, C, D = "peace_agreements", "signing_dyads", "accord_implementation", "onset"
TWICE, ROLE = "double_coding", "third_party_role"


@dataclass(frozen=True)
class Drawing:
    """A figure: the studies that have it, the results it needs, and the function to the figure and
    the table of what is drawn.
    """

    studies: tuple[str, ...]
    needs: tuple[str, ...]
    draw: Callable[[Tables], tuple[Figure, pd.DataFrame]]


FIGURES: dict[str, Drawing] = {
    "profile": Drawing((A,), ("profile", "notes"), agreements.draw_profile),
    "forest": Drawing(
        (A,),
        ("hypotheses", "terms", "models", "notes", "permutation", "influence"),
        agreements.draw_forest,
    ),
    "survival": Drawing(
        (A,), ("survival", "facts", "notes", "hypotheses"), agreements.draw_survival
    ),
    "ledger": Drawing((A, B), ("ledger", "coverage", "notes"), agreements.draw_ledger),
    "over_time": Drawing((A,), ("over_time", "notes"), rivals.draw_over_time),
    "variants": Drawing((A,), ("variants", "notes"), rivals.draw_variants),
    "chance": Drawing((A,), ("chance", "support", "notes"), rivals.draw_chance),
    "moderation": Drawing(
        (A,), ("moderation", "hypotheses", "models", "notes"), rivals.draw_moderation
    ),
    "domestic_politics": Drawing(
        (A,), ("by_politics", "moderated", "notes"), politics.draw_domestic_politics
    ),
    "contexts": Drawing((A,), ("contexts", "notes"), politics.draw_contexts),
    "who_gets_an_agreement": Drawing(
        (A,), ("terms", "models", "weights", "notes"), rivals.draw_who
    ),
    "calibration": Drawing(
        (A,), ("out_of_sample", "calibration", "notes"), rivals.draw_calibration
    ),
    "forecasts": Drawing((A,), ("forecasts", "models", "notes"), rivals.draw_forecasts),
    "vintages": Drawing(
        (A,), ("vintage_findings", "vintages", "vintage_counts", "notes"), others.draw_vintages
    ),
    "side_by_side": Drawing((B,), ("beside_a", "differences", "notes"), others.draw_side_by_side),
    "promise_and_deed": Drawing((C,), ("delivery", "agreement", "notes"), others.draw_flow),
    "landmarks": Drawing((C,), ("hypotheses", "terms", "models", "notes"), others.draw_landmarks),
    "delivery": Drawing((C,), ("hypotheses", "models", "notes"), politics.draw_delivery),
    "agreement": Drawing(
        (TWICE, ROLE), ("agreement", "among_marked", "notes"), coders.draw_agreement
    ),
    "ratings": Drawing((TWICE,), ("marks", "pairs", "notes"), coders.draw_ratings),
    "readings": Drawing((ROLE,), ("marks", "pairs", "notes"), coders.draw_readings),
    "uncertainty": Drawing((ROLE,), ("uncertainty", "flips", "notes"), coders.draw_uncertainty),
    "by_rater": Drawing((TWICE,), ("by_rater", "terms", "models", "notes"), coders.draw_by_rater),
    "onset": Drawing(
        (D,), ("terms", "models", "hypotheses", "published", "notes"), others.draw_onset
    ),
}
