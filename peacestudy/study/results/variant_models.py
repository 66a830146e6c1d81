"""The declared findings under every variant, including variants that could not be fitted.

A test by its own standard errors rejects too often where events are few, so every variant whose
engine allows it is also tested by permutation where the study declares one: the outcome is permuted
within the declared strata.
"""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import FitError, PeacestudyError
from peacestudy.models import Fit, adjust, fit, permutation_test
from peacestudy.models.engines.registry import ENGINES, engine_of
from peacestudy.models.inference.hypotheses import quantile, two_sided
from peacestudy.study.config import Hypothesis, Specification, Variant
from peacestudy.study.results.results import Results
from peacestudy.study.results.selection import effective_number, stacked_covariance

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
            spec = specs[name] if variant is DECLARED else variant.of(specs[name])
            rows += _rows(found, variant, spec, name, _tested(found, name))
    return pd.DataFrame(rows)


def _tested(found: Results, spec: str) -> list[Hypothesis]:
    """The hypotheses of a specification that are tested in variants."""
    return [h for h in found.study.config.hypotheses if h.spec == spec and _is_varied(h)]


def _is_varied(hypothesis: Hypothesis) -> bool:
    """Whether a hypothesis is tested in variants: one term, or a joint test that is adjusted with
    others.
    """
    joint = bool(hypothesis.family) and not hypothesis.weights
    return len(hypothesis.terms) == 1 or joint


def survival_adjusted(found: Results) -> pd.DataFrame:
    """The adjusted contrasts that belong to the survival curves: the rows of ``variants`` of Cox
    models of the cases of the curves.
    """
    config = found.study.config
    specs = {s.name: s for s in config.specs}
    rows: list[dict[str, object]] = []
    for variant in config.variants:
        for name in config.varied:
            spec = variant.of(specs[name])
            if (spec.engine, spec.sample) == ("cox", "durations"):
                rows += _rows(found, variant, spec, name, _tested(found, name))
    return pd.DataFrame(rows)


def variant_group(found: Results) -> pd.DataFrame:
    """The rows of ``variants`` of the group that has a figure of its own, after the declared ones;
    these alone where study.toml names no such group.
    """
    table = found.table("variants")
    group = found.study.config.display.variant_group
    return table[(table["group"] == group) | (table["variant"] == DECLARED.id)]


def variant_counts(found: Results) -> pd.DataFrame:
    """How often each term is above or below one, and rejected, over the variants.

    Returns
    -------
    DataFrame
        A row for each specification and term of the table ``variants``, the declared model being
        one of the variants: ``spec, term``; ``direction``, the sign that the hypothesis of this
        term alone gives to it, ``none`` where there is no such hypothesis; ``fitted`` and
        ``not_fitted``, numbers of models; ``above`` and ``below``, models with a ratio above, or
        below, one; ``rejected_above`` and ``rejected_below``, the same with p below the declared
        level, adjusted over the family where the specification has one; ``permuted``, models that
        are tested by permutation, and ``permutation_above`` and ``permutation_below``, those with
        a permutation p below the level; where there is a direction, ``rejected_as_hypothesised,
        rejected_against, permutation_as_hypothesised`` and ``permutation_against`` are these
        counts in its direction and against it. The variants share most of their cases: the counts
        are no independent tests.
    """
    alpha = found.decision.alpha
    directions = {}
    for h in found.study.config.hypotheses:
        if len(h.terms) == 1:
            directions[h.spec, h.terms[0]] = h.direction
    rows = []
    table = found.table("variants")
    single = table[table["measure"] != "joint test"]
    for (spec, term), part in single.groupby(["spec", "term"], sort=False):
        fitted = part[part["log_odds"].notna()]
        above = fitted["log_odds"] > 0
        decides = fitted["p_family"].fillna(fitted["p_value"]) < alpha
        permuted = fitted["p_permutation"] < alpha
        row: dict[str, object] = {
            "spec": spec,
            "term": term,
            "direction": directions.get((str(spec), str(term)), "none") or "none",
            "fitted": len(fitted),
            "not_fitted": len(part) - len(fitted),
            "above": int(above.sum()),
            "below": int((fitted["log_odds"] < 0).sum()),
            "rejected_above": int((decides & above).sum()),
            "rejected_below": int((decides & ~above).sum()),
            "permuted": int(fitted["p_permutation"].notna().sum()),
            "permutation_above": int((permuted & above).sum()),
            "permutation_below": int((permuted & ~above).sum()),
        }
        rows.append(row | _by_direction(row))
    return pd.DataFrame(rows)


def _by_direction(row: dict[str, object]) -> dict[str, object]:
    """Counts above and below one as counts in the direction of the hypothesis and against it."""
    sides = {"positive": ("above", "below"), "negative": ("below", "above")}
    out = {}
    for test in ("rejected", "permutation"):
        for i, name in enumerate(("as_hypothesised", "against")):
            side = sides.get(str(row["direction"]))
            out[f"{test}_{name}"] = pd.NA if side is None else row[f"{test}_{side[i]}"]
    return out


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
        data = _data(found, variant, spec, name)
        made = fit(data, spec.model())
        _refuse_separated(made)
        table = _table(found, made, spec)
        permuted = _permutation_p(found, data, spec, terms, variant is DECLARED)
    except PeacestudyError as err:
        failed = {"measure": "not fitted", "note": str(err)}
        return [head | of[h.id] | failed for h in tested]
    p_values = _p_values(made, table, tested, found.is_weighted(spec))
    p_family = _family_p(found, p_values, tested)
    model = {
        "n": made.n,
        "n_events": made.n_events,
        "n_terms": len(made.terms) - 1,
        "n_clusters": made.n_clusters,
        "note": " ".join(_notes(found, made, spec)),
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


def _p_values(
    made: Fit, table: Any, tested: list[Hypothesis], weighted: bool
) -> "pd.Series[float]":
    """The p value of every hypothesis, by its id; joint tests have none with estimated weights."""
    p_values = {}
    for hypothesis in tested:
        if len(hypothesis.terms) > 1 and weighted:
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
    if not found.is_weighted(spec):
        return table
    cases, at_risk = found.data(spec).data, found.at_risk.data
    V = stacked_covariance(made, found.selection, cases, at_risk, found.weights)
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


def _data(found: Results, variant: Variant, spec: Specification, name: str) -> StudyFrame:
    """The data of a variant; where it takes the cases of another variant, only these."""
    frame = found.data(spec)
    if not variant.cases_of:
        return frame
    config = found.study.config
    other = next(v for v in config.variants if v.id == variant.cases_of)
    base = next(s for s in config.specs if s.name == name)
    varied = other.of(base)
    used = fit(found.data(varied), varied.model()).cases
    kept = frame.data[frame.key].isin(list(used))
    return frame.keep(kept, f"cases of {other.id}", f"the variant {other.id} does not use them", ())


def _notes(found: Results, made: Fit, spec: Specification) -> list[str]:
    """What is reported with a variant; of a weighted fit, the effective number of cases."""
    out = [n.text for n in made.notes if n.kind in REPORTED_NOTES]
    if found.is_weighted(spec):
        weights = found.weights.set_index("case_id").loc[list(made.cases), "weight"]
        number = effective_number(weights.to_numpy(dtype=float))
        out.append(f"The weights leave an effective number of {number:.0f} cases.")
    return out


def _permutation_p(
    found: Results, data: StudyFrame, spec: Specification, terms: list[str], declared: bool
) -> dict[str, float]:
    """Family-wise permutation p of every term; empty for engines that are not permuted."""
    rule = found.study.config.permutation
    if rule is None or not ENGINES[spec.engine].permutable:
        return {}
    draws = rule.draws if declared else PERMUTATIONS
    table = permutation_test(
        data, spec.model(), terms, strata=rule.strata, draws=draws, seed=rule.seed
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
    "known_late",
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
