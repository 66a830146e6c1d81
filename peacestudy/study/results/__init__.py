"""Results: one module a subject, and for every study the list of its results by name."""

from collections.abc import Callable, Mapping

import pandas as pd

from peacestudy.study.results import (
    coders,
    description,
    implementation,
    left_out_indicators,
    onset,
    politics,
    prediction,
    study_comparison,
)
from peacestudy.study.results.left_out import left_out_groups
from peacestudy.study.results.ranges import percentile_ranges
from peacestudy.study.results.results import Results
from peacestudy.study.results.selection import balance
from peacestudy.study.results.variant_models import (
    survival_adjusted,
    variant_counts,
    variant_group,
    variants,
)
from peacestudy.study.results.windows import window_draws, windows

Computed = Mapping[str, Callable[[Results], pd.DataFrame]]

# of every study
COMMON: Computed = {
    "terms": Results.terms,
    "models": Results.models,
    "notes": Results.notes,
    "hypotheses": Results.hypotheses,
    "ranges": percentile_ranges,
    "ledger": Results.ledger,
}
# of agreements whose texts are scored
TEXTS: Computed = {
    "profile": description.profile,
    "descriptive": description.descriptive,
    "consistency": description.consistency,
    "survival": description.survival,
    "coverage": description.coverage,
    "facts": description.facts,
    "cases": description.cases,
    "permutation": lambda r: r.permutation,
    "influence": description.influence,
}
# of studies with variants
VARIED: Computed = {
    "variants": variants,
    "variant_group": variant_group,
    "variant_counts": variant_counts,
}
RESULTS: Mapping[str, Computed] = {
    "peace_agreements": {
        **COMMON,
        **TEXTS,
        "survival_adjusted": survival_adjusted,
        "over_time": description.over_time,
        **VARIED,
        "windows": windows,
        "window_draws": window_draws,
        "weights": lambda r: r.weights,
        "balance": lambda r: balance(r.frame.data, r.selection, r.weights),
        "predicted_probabilities": prediction.predicted_probabilities,
        "moderation": prediction.moderation,
        "support": prediction.support,
        "interactions": politics.interactions,
        "effects_by_moderator": politics.effects_by_moderator,
        "contexts": politics.contexts,
        "out_of_sample": prediction.scores,
        "calibration": prediction.calibration,
        "forecasts": prediction.forecasts,
        "forecast_check": prediction.forecast_check,
        "implementation": implementation.observed_promises,
        "known_cases": description.known_cases,
        "indicators_left_out": left_out_indicators.indicators_left_out,
        "vintages": description.study_table("vintages"),
        "vintage_counts": description.study_table("vintage_counts"),
        "vintage_findings": description.study_table("vintage_findings"),
    },
    "signing_dyads": {
        **COMMON,
        **TEXTS,
        **VARIED,
        "windows": windows,
        "comparison": study_comparison.comparison,
        "differences": study_comparison.differences,
    },
    "accord_implementation": {
        **COMMON,
        "delivery": implementation.delivery,
        "accords": implementation.accords,
        "landmarks": implementation.landmarks,
        "correlations": implementation.correlations,
    },
    "double_coding": {
        "terms": Results.terms,
        "models": Results.models,
        "notes": Results.notes,
        "agreement": coders.agreement,
        "agreement_above_lowest": coders.agreement_above_lowest,
        "pairs": coders.pairs,
        "confusion": coders.confusion,
        "ratings": coders.ratings,
        "by_rater": coders.by_rater,
        "left_out": left_out_groups,
    },
    "third_party_role": {
        "notes": Results.notes,
        "agreement": coders.agreement,
        "agreement_above_lowest": coders.agreement_above_lowest,
        "agreement_with_blanks": coders.agreement_with_blanks,
        "pairs": coders.pairs,
        "confusion": coders.confusion,
        "disputed": coders.disputed,
        "ratings": coders.ratings,
        "uncertainty": coders.uncertainty,
        "uncertainty_notes": coders.uncertainty_notes,
        "accuracies": coders.accuracies,
        "flips": coders.flips,
        "dropped_indicator": coders.dropped_indicator,
    },
    "onset": {
        **COMMON,
        **VARIED,
        "coverage": onset.coverage,
        "published": onset.published,
        "facts": onset.facts,
    },
}


def results_of(study: str) -> Computed:
    """The functions that compute the results of a study, by name.

    Parameters
    ----------
    study : str
        Id of the study, such as ``peace_agreements``.

    Returns
    -------
    mapping of str to callable
        Each function takes ``Results`` and returns a DataFrame. For an unknown study: the results
        that every study has.

    Examples
    --------
    >>> list(ps.study.results_of("onset"))
    ['terms', 'models', 'notes', 'hypotheses', 'ranges', 'ledger', 'variants', 'variant_group',
    'variant_counts', 'coverage', 'published', 'facts']
    """
    return RESULTS.get(study, COMMON)


__all__ = ["RESULTS", "Results", "results_of"]
