"""The results room: one module a subject, and for every study the list of its results by name."""

from collections.abc import Callable, Mapping

import pandas as pd

from peacestudy.study.results import beyond, coders, deeds, description, politics, prediction
from peacestudy.study.results.results import Results
from peacestudy.study.results.selection import balance
from peacestudy.study.results.variants import variants

Computed = Mapping[str, Callable[[Results], pd.DataFrame]]

# whatever the study
COMMON: Computed = {
    "terms": Results.terms,
    "models": Results.models,
    "notes": Results.notes,
    "hypotheses": Results.hypotheses,
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
    "permutation": lambda r: r.dealt,
    "influence": description.influence,
}
RESULTS: Mapping[str, Computed] = {
    "peace_agreements": {
        **COMMON,
        **TEXTS,
        "over_time": description.over_time,
        "variants": variants,
        "weights": lambda r: r.weights,
        "balance": lambda r: balance(r.frame.data, r.fits["selection"], r.weights),
        "chance": prediction.chance,
        "moderation": prediction.moderation,
        "support": prediction.support,
        "moderated": politics.moderated,
        "by_politics": politics.by_politics,
        "contexts": politics.contexts,
        "out_of_sample": prediction.scores,
        "calibration": prediction.calibration,
        "forecasts": prediction.forecasts,
        "deeds": deeds.deeds,
        **{name: beyond.kept(name) for name in ("vintages", "vintage_counts", "vintage_findings")},
    },
    "signing_dyads": {
        **COMMON,
        **TEXTS,
        "beside_a": beyond.beside_a,
        "differences": beyond.differences,
    },
    "accord_implementation": {
        **COMMON,
        "delivery": deeds.delivery,
        "accords": deeds.accords,
        "agreement": deeds.promise_against_deed,
    },
    "double_coding": {
        "terms": Results.terms,
        "models": Results.models,
        "notes": Results.notes,
        "agreement": coders.agreement,
        "among_marked": coders.among_marked,
        "pairs": coders.pairs,
        "confusion": coders.confusion,
        "marks": coders.marks,
        "by_rater": coders.by_rater,
    },
    "third_party_role": {
        "notes": Results.notes,
        "agreement": coders.agreement,
        "among_marked": coders.among_marked,
        "with_blank": coders.with_blank,
        "pairs": coders.pairs,
        "confusion": coders.confusion,
        "disputed": coders.disputed,
        "marks": coders.marks,
        "uncertainty": coders.uncertainty,
        "accuracies": coders.accuracies,
        "flips": coders.flips,
        "with_and_without": coders.with_and_without,
    },
    "onset": {
        **COMMON,
        "coverage": beyond.coverage,
        "published": beyond.published,
        "facts": beyond.onset_facts,
    },
}


def results_of(study: str) -> Computed:
    """The results of a study by name; of one that is not known here, those that every study has."""
    return RESULTS.get(study, COMMON)


__all__ = ["RESULTS", "Results", "results_of"]
