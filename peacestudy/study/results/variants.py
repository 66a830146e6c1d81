"""The finding under every variant: what a referee would change, tried
and shown, with what could not be fitted.

A test by its own standard errors rejects too often where events are few, so every variant whose
engine allows it is also permuted, as the declared models are: the outcome dealt anew among attempts
with, and among those without, fighting in t0.
"""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import FitError, PeacestudyError
from peacestudy.models import Fit, adjust, fit, permutation_test
from peacestudy.models.engines.registry import ENGINES, engine_of
from peacestudy.models.inference.hypotheses import quantile, two_sided
from peacestudy.study.config import Specification, Variant
from peacestudy.study.results.results import Results
from peacestudy.study.results.selection import WEIGHT, stacked_covariance

DECLARED = Variant("declared", "As declared", "Declared", "")
DEALS = 499  # outcomes dealt anew for each variant; the declared models have their own, more


def variants(found: Results) -> pd.DataFrame:
    """Every varied specification under every variant, first as declared.

    Returns
    -------
    DataFrame
        ``variant, label, group, reason, spec, term, measure, n, n_events, n_clusters, estimate,
        std_error, conf_low, conf_high, p_value, p_family, p_permutation, log_odds, log_odds_low,
        log_odds_high, note``. A row for each term that a hypothesis of the varied specification
        names. ``p_family``: by Holm over these terms, as in the declared family. ``log_odds``: the
        estimate turned so that above zero is more peace, and for linear divided by p(1-p), the
        slope of the logit at the mean; hazards stay log hazards. ``p_permutation``: against the
        largest |z| of the family among deals, missing for engines that cannot be permuted. ``n``
        counts rows: attempts, or attempt-years of the table case_years. Standard errors of the
        weighted variant take the weights as estimated. What could not be fitted, or is completely
        separated, has no numbers, and the note says why.
    """
    config = found.study.config
    of = {s.name: s for s in config.specs}
    rows: list[dict[str, object]] = []
    for variant in (DECLARED, *config.variants):
        for name in config.varied:
            terms = list(
                dict.fromkeys(t for h in config.hypotheses if h.spec == name for t in h.terms)
            )
            spec = of[name] if variant is DECLARED else variant.of(of[name])
            rows += _rows(found, variant, spec, name, terms)
    return pd.DataFrame(rows)


def _rows(
    found: Results, variant: Variant, spec: Specification, name: str, terms: list[str]
) -> list[dict[str, object]]:
    head: dict[str, object] = {
        "variant": variant.id,
        "label": variant.label,
        "group": variant.group,
        "reason": variant.reason,
        "spec": name,
    }
    try:
        made = fit(found.data(spec), spec.model())
        lost = next(
            (
                n.text
                for n in made.notes
                if n.kind == "separation" and "is completely separated" in n.text
            ),
            None,
        )
        if lost is not None:
            raise FitError(f"nothing can be told: {lost}")
        table = _table(found, made, spec)
        dealt = _dealt(found, spec, terms, variant is DECLARED)
    except PeacestudyError as err:
        return [head | {"term": t, "measure": "not fitted", "note": str(err)} for t in terms]
    p_values = table.loc[terms, "p_value"]
    family = adjust(p_values.fillna(1.0), found.decision.decide).where(p_values.notna())
    said = {
        "measure": ENGINES[spec.engine].effect,
        "n": made.n,
        "n_events": made.n_events,
        "n_terms": len(made.terms) - 1,
        "n_clusters": made.n_clusters,
        "note": " ".join(n.text for n in made.notes if n.kind in WORTH),
    }
    out = []
    for term, p in zip(terms, family, strict=True):
        row = table.loc[term]
        ends = {k: float(row[k]) for k in ("estimate", "conf_low", "conf_high")}
        own = (
            head
            | {"term": term}
            | said
            | ends
            | {"std_error": row["std_error"], "p_value": row["p_value"]}
        )
        own |= {
            "p_family": p if len(terms) > 1 else np.nan,
            "p_permutation": dealt.get(term, np.nan),
        }
        out.append(own | _log_odds(made, variant, ends))
    return out


def _table(found: Results, made: Fit, spec: Specification) -> Any:
    """The terms of a fit; with weights for the chance of an attempt, by
    the covariance that takes them as estimated.
    """
    table: Any = made.terms.set_index("term")
    if spec.options.get("weights") != WEIGHT:
        return table
    V = stacked_covariance(
        made,
        found.fits["selection"],
        found.data(spec).data,
        found.sample("at_risk").data,
        found.weights,
    )
    error = np.sqrt(np.diag(V))
    half = quantile(0.975, np.inf) * error
    b = table["estimate"].to_numpy()
    return table.assign(
        std_error=error,
        statistic=b / error,
        p_value=two_sided(b / error, np.inf),
        conf_low=b - half,
        conf_high=b + half,
    )


def _dealt(
    found: Results, spec: Specification, terms: list[str], declared: bool
) -> dict[str, float]:
    """Family-wise permutation p of every term, where the engine can be permuted."""
    rule = found.study.config.permutation
    if rule is None or not ENGINES[spec.engine].permutable:
        return {}
    draws = rule.draws if declared else DEALS
    table = permutation_test(
        found.data(spec), spec.model(), terms, strata=rule.strata, draws=draws, seed=rule.seed
    )
    return dict(zip(table["term"], table["p_family"], strict=True))


# kinds of note that are shown beside a variant
WORTH = (
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


def _log_odds(made: Fit, variant: Variant, ends: dict[str, float]) -> dict[str, float]:
    """The estimate and its interval on the scale of a logit, above zero for more peace."""
    scale = 1.0
    if engine_of(made.spec).effect == "difference":
        share = float(np.mean(made.design.y))
        scale = 1 / (share * (1 - share))
    values = [ends[k] * scale for k in ("estimate", "conf_low", "conf_high")]
    if variant.reversed:
        values = [-values[0], -values[2], -values[1]]
    return dict(zip(("log_odds", "log_odds_low", "log_odds_high"), values, strict=True))
