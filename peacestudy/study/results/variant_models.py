"""The declared findings under every variant, including variants that could not be fitted.

A test by its own standard errors rejects too often where events are few, so every variant whose
engine allows it is also tested by permutation where the study declares one: the outcome is permuted
within the declared strata.
"""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import FitError, PeacestudyError
from peacestudy.models import Fit, adjust, fit, permutation_test
from peacestudy.models.engines.registry import ENGINES, engine_of
from peacestudy.models.inference.hypotheses import quantile, two_sided
from peacestudy.study.config import Hypothesis, Specification, Variant
from peacestudy.study.results.results import Results
from peacestudy.study.results.selection import WEIGHT, stacked_covariance

DECLARED = Variant("declared", "As declared", "Declared", "")
PERMUTATIONS = 499  # of each variant; the declared models have more, as declared


def variants(found: Results) -> pd.DataFrame:
    """Every varied specification as declared and under every variant.

    Returns
    -------
    DataFrame
        A row for each hypothesis of the varied specification that names one term, or several in a
        family: ``variant, label, group, reason, spec, hypothesis, term, measure, n, n_events,
        n_clusters, estimate, std_error, conf_low, conf_high, p_value, p_family, p_permutation,
        log_odds, log_odds_low, log_odds_high, note``. A joint test has its terms, the measure
        ``joint test`` and p values only. ``p_family``: adjusted over the declared family.
        ``log_odds``: the estimate with the sign of the varied specification's outcome, and for
        linear divided by p(1-p), the slope of the logit at the mean; hazards stay log hazards.
        ``p_permutation``: against the largest |z| of the family in each permutation, missing for
        engines that cannot be permuted. ``n`` counts the rows of the variant's own table. Standard
        errors of the weighted variant account for the estimated weights. A variant that could not
        be fitted, or is completely separated, has no numbers; its note says why.
    """
    config = found.study.config
    specs = {s.name: s for s in config.specs}
    rows: list[dict[str, object]] = []
    for variant in (DECLARED, *config.variants):
        for name in config.varied:
            tested = [h for h in config.hypotheses if h.spec == name and _is_varied(h)]
            spec = specs[name] if variant is DECLARED else variant.of(specs[name])
            rows += _rows(found, variant, spec, name, tested)
    return pd.DataFrame(rows)


def _is_varied(hypothesis: Hypothesis) -> bool:
    """Whether a hypothesis is tested in variants: one term, or a joint test that is adjusted with
    others.
    """
    joint = bool(hypothesis.family) and not hypothesis.weights
    return len(hypothesis.terms) == 1 or joint


def _rows(
    found: Results, variant: Variant, spec: Specification, name: str, tested: list[Hypothesis]
) -> list[dict[str, object]]:
    head: dict[str, object] = {
        "variant": variant.id,
        "label": variant.label,
        "group": variant.group,
        "reason": variant.reason,
        "spec": name,
    }
    of = {h.id: {"hypothesis": h.id, "term": " ".join(h.terms)} for h in tested}
    terms = [h.terms[0] for h in tested if len(h.terms) == 1]
    try:
        made = fit(found.data(spec), spec.model())
        _refuse_separated(made)
        table = _table(found, made, spec)
        permuted = _permutation_p(found, spec, terms, variant is DECLARED)
    except PeacestudyError as err:
        failed = {"measure": "not fitted", "note": str(err)}
        return [head | of[h.id] | failed for h in tested]
    p_values = _p_values(made, table, tested)
    p_family = _family_p(found, p_values, tested)
    model = {
        "n": made.n,
        "n_events": made.n_events,
        "n_terms": len(made.terms) - 1,
        "n_clusters": made.n_clusters,
        "note": " ".join(n.text for n in made.notes if n.kind in REPORTED_NOTES),
    }
    out = []
    for hypothesis in tested:
        row = head | of[hypothesis.id] | model
        row |= {"p_value": p_values[hypothesis.id], "p_family": p_family[hypothesis.id]}
        if len(hypothesis.terms) > 1:
            out.append(row | {"measure": "joint test", "p_permutation": np.nan})
            continue
        term = hypothesis.terms[0]
        values = table.loc[term]
        interval = {k: float(values[k]) for k in ("estimate", "conf_low", "conf_high")}
        row |= interval | {
            "measure": ENGINES[spec.engine].effect,
            "std_error": values["std_error"],
            "p_permutation": permuted.get(term, np.nan),
        }
        out.append(row | _log_odds(made, variant, interval))
    return out


def _p_values(made: Fit, table: Any, tested: list[Hypothesis]) -> "pd.Series[float]":
    """The p value of every hypothesis, by its id; joint tests have none with estimated weights."""
    p_values = {}
    for hypothesis in tested:
        if len(hypothesis.terms) > 1 and dict(made.spec.options).get("weights") == WEIGHT:
            p_values[hypothesis.id] = np.nan
        elif len(hypothesis.terms) > 1:
            p_values[hypothesis.id] = made.joint_test(list(hypothesis.terms)).p_value
        else:
            p_values[hypothesis.id] = float(table.loc[hypothesis.terms[0], "p_value"])
    return pd.Series(p_values, dtype=float)


def _family_p(
    found: Results, p_values: "pd.Series[float]", tested: list[Hypothesis]
) -> "pd.Series[float]":
    """The p values adjusted within the families of several hypotheses, NaN elsewhere."""
    families = pd.Series({h.id: h.family for h in tested})
    adjusted = pd.Series(np.nan, index=p_values.index)
    for family, members in p_values.groupby(families):
        if family and len(members) > 1:
            adjusted[members.index] = adjust(members.fillna(1.0), found.decision.adjustment)
    return adjusted.where(p_values.notna())


def _refuse_separated(made: Fit) -> None:
    for note in made.notes:
        if note.kind == "separation" and "is completely separated" in note.text:
            raise FitError(f"no finite estimate: {note.text}")


def _table(found: Results, made: Fit, spec: Specification) -> Any:
    """The terms of a fit; of a weighted fit with the covariance that accounts for the estimated
    weights.
    """
    table: Any = made.terms.set_index("term")
    if spec.options.get("weights") != WEIGHT:
        return table
    cases, at_risk = found.data(spec).data, found.sample("at_risk").data
    selection = found.fits["selection"]
    V = stacked_covariance(made, selection, cases, at_risk, found.weights)
    std_error = np.sqrt(np.diag(V))
    estimate = table["estimate"].to_numpy()
    statistic = estimate / std_error
    half = quantile(0.975, np.inf) * std_error
    return table.assign(
        std_error=std_error,
        statistic=statistic,
        p_value=two_sided(statistic, np.inf),
        conf_low=estimate - half,
        conf_high=estimate + half,
    )


def _permutation_p(
    found: Results, spec: Specification, terms: list[str], declared: bool
) -> dict[str, float]:
    """Family-wise permutation p of every term; empty for engines that are not permuted."""
    rule = found.study.config.permutation
    if rule is None or not ENGINES[spec.engine].permutable:
        return {}
    draws = rule.draws if declared else PERMUTATIONS
    table = permutation_test(
        found.data(spec), spec.model(), terms, strata=rule.strata, draws=draws, seed=rule.seed
    )
    return dict(zip(table["term"], table["p_family"], strict=True))


# kinds of note that are reported with a variant
REPORTED_NOTES = (
    "separation",
    "no_robust_error",
    "few_cases",
    "few_clusters",
    "dropped",
    "non_proportional",
    "monotone",
    "periods",
    "variance",
)


def _log_odds(made: Fit, variant: Variant, interval: dict[str, float]) -> dict[str, float]:
    """The estimate and its interval on the scale of a logit, of the declared outcome."""
    scale = 1.0
    if engine_of(made.spec).effect == "difference":
        share = float(np.mean(made.design.y))
        scale = 1 / (share * (1 - share))
    values = [interval[k] * scale for k in ("estimate", "conf_low", "conf_high")]
    if variant.reversed:
        values = [-values[0], -values[2], -values[1]]
    return dict(zip(("log_odds", "log_odds_low", "log_odds_high"), values, strict=True))
