"""Domestic politics and context: the effect of a pillar by moderator and by context."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import FitError, PeacestudyError, SpecError
from peacestudy.models import (
    Fit,
    ModelSpec,
    adjust,
    by_context,
    conditional_effects,
    fit,
    permutation_test,
)
from peacestudy.models.formulas.formula import parse
from peacestudy.models.inference import detectable
from peacestudy.models.inference.decisions import decisions
from peacestudy.models.inference.hypotheses import two_sided
from peacestudy.study.config import Context, Contexts, Moderation, Specification
from peacestudy.study.results.results import Results

# adjusted over the family: the column that holds it, and the column that it adjusts
ADJUSTED = {"p_adjusted": "p_value", "p_profile": "p_profile", "p_permutation": "p_permutation"}
INTERACTION_COLUMNS = [
    "family",
    "spec",
    "pillar",
    "moderator",
    "term",
    "direction",
    "n",
    "n_events",
    "n_clusters",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "p_profile",
    "p_permutation",
    "detectable",
    "note",
]
# kinds of note that are reported with an interaction
REPORTED_NOTES = (
    "separation",
    "no_robust_error",
    "few_cases",
    "few_clusters",
    "few_events",
    "dropped",
)
EFFECT_COLUMNS = [
    "value",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n",
    "n_near",
    "n_events",
    "support",
    "note",
]
BINARY = 2  # a moderator with at most this many values is held at its lowest and highest
SPREAD = ("tau", "tau_low", "tau_high")


def interactions(found: Results) -> pd.DataFrame:
    """Every declared interaction of a pillar and a moderator, tested as one family.

    Returns
    -------
    DataFrame
        ``family, spec, pillar, moderator, term, direction, n, n_events, n_clusters, estimate,
        std_error, conf_low, conf_high`` of the interaction's coefficient (log ratio of odds
        ratios); ``p_value``; over the family ``p_adjusted`` (the declared rule), ``p_comparison``,
        and two robustness checks adjusted by the declared rule: ``p_profile`` (penalised likelihood
        ratio) and ``p_permutation`` (the outcome is permuted within strata, which tests that it is
        unrelated to every term of the model, a stronger null than a zero interaction);
        ``detectable``, the ratio of odds ratios detected with the declared power at the rule's
        first step; ``decision``; ``note``, problems of the fit, or why there is none. An
        interaction without a fit has no numbers and counts in the family with a p value of one.
    """
    rows = []
    specs = {s.name: s for s in found.study.config.specs}
    for rule in found.study.config.moderations:
        for name in rule.specs:
            rows += [_interaction(found, rule, specs[name], m) for m in rule.moderators]
    table = pd.DataFrame(rows, columns=INTERACTION_COLUMNS)
    for family in table["family"].unique():
        _decide_family(found, table, table["family"] == family)
    return table


def _decide_family(found: Results, table: pd.DataFrame, in_family: "pd.Series[bool]") -> None:
    """Adjust and decide the interactions of a family, in place."""
    rule = found.decision
    fitted = in_family & table["p_value"].notna()
    p_values = table.loc[in_family, "p_value"].fillna(1.0)
    table.loc[fitted, "p_comparison"] = adjust(p_values, rule.comparison)
    for name, column in ADJUSTED.items():
        complete = table.loc[fitted, column].notna().all()
        values = table.loc[in_family, column].fillna(1.0)
        table.loc[fitted, name] = adjust(values, rule.adjustment) if complete else np.nan
    first_step = rule.alpha / int(in_family.sum())
    smallest = [
        detectable(float(std_error), rule.power, first_step)
        for std_error in table.loc[fitted, "std_error"]
    ]
    table.loc[fitted, "detectable"] = np.exp(smallest)
    table.loc[fitted, "decision"] = decisions(table[fitted], rule.alpha)


def _interaction(
    found: Results, rule: Moderation, base: Specification, moderator: str
) -> dict[str, object]:
    spec = rule.of(base, moderator)
    data = found.data(spec)
    _numeric(found.data(base), _column(moderator), f"moderators of {rule.id!r}")
    term = f"{_first(base)}:{moderator}"
    head: dict[str, object] = {
        "family": rule.id,
        "spec": base.name,
        "pillar": _column(_first(base)),
        "moderator": _column(moderator),
        "term": term,
        "direction": rule.direction,
    }
    try:
        made = _fit(found, spec)
        profiled = fit(data, ModelSpec(spec.name, spec.formula, spec.engine, "classical"))
        permuted = permutation_test(
            data, spec.model(), [term], strata=rule.strata, draws=rule.draws, seed=rule.seed
        )
    except PeacestudyError as err:
        return head | {"p_value": np.nan, "note": f"not fitted: {err}"}
    row: Any = made.terms.set_index("term").loc[term]
    profile: Any = profiled.terms.set_index("term").loc[term]
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    return head | {
        "n": made.n,
        "n_events": made.n_events,
        "n_clusters": made.n_clusters,
        **row[numbers].to_dict(),
        "p_profile": profile["p_value"],
        "p_permutation": float(permuted["p_permutation"].iloc[0]),
        "note": " ".join(n.text for n in made.notes if n.kind in REPORTED_NOTES),
    }


def _fit(found: Results, spec: Specification) -> Fit:
    key = f"fit of {spec.name}"
    if key not in found.cache:
        found.cache[key] = fit(found.data(spec), spec.model())
    made: Fit = found.cache[key]
    return made


def _first(spec: Specification) -> str:
    return spec.terms()[0]


def _column(term: str) -> str:
    """The one column of a term such as ``scale(norms)``."""
    return parse(f"y ~ {term}").columns[-1]


def effects_by_moderator(found: Results) -> pd.DataFrame:
    """The effect of one standard deviation of each pillar on the probability of the outcome, at a
    low and at a high value of each moderator.

    Returns
    -------
    DataFrame
        ``family, pillar, moderator, at`` (``low``, ``high``, ``difference``), ``value`` of the
        moderator, ``estimate, std_error, conf_low, conf_high`` in probability (FLIC intercept,
        averaged over all cases, delta method), ``n, n_near, n_events, support, note``; support as
        in ``conditional_effects``. ``p_value`` of the difference, and ``p_adjusted`` by the
        declared rule over the differences of the family: the interaction test on the scale of
        probabilities.
    """
    parts = []
    specs = {s.name: s for s in found.study.config.specs}
    for rule in found.study.config.moderations:
        for name in rule.specs:
            for moderator in rule.moderators:
                parts.append(_conditional_or_reason(found, rule, specs[name], moderator))
    columns = [*EFFECT_COLUMNS, "family", "pillar", "moderator", "at"]
    out = pd.concat(parts, ignore_index=True).reindex(columns=columns)
    statistic = out["estimate"].to_numpy(float) / out["std_error"].to_numpy(float)
    out["p_value"] = two_sided(statistic, np.inf)
    out.loc[out["at"] != "difference", "p_value"] = np.nan
    pairs = pd.MultiIndex.from_frame(out[["pillar", "moderator"]])
    for family in out["family"].unique():
        in_family = out["family"] == family
        by_pair = out[in_family].groupby(["pillar", "moderator"], sort=False)
        p_values = by_pair["p_value"].max().fillna(1.0)
        adjusted = adjust(p_values, found.decision.adjustment).reindex(pairs).to_numpy()
        tested = in_family & out["p_value"].notna()
        out.loc[tested, "p_adjusted"] = adjusted[tested]
    return out


def _conditional_or_reason(
    found: Results, rule: Moderation, base: Specification, moderator: str
) -> pd.DataFrame:
    """The conditional effects, or one row without numbers that says why there are none."""
    try:
        return _conditional(found, rule, base, moderator)
    except FitError as err:
        row = {
            "family": rule.id,
            "pillar": _column(_first(base)),
            "moderator": _column(moderator),
            "at": "low",
            "support": False,
            "note": f"not fitted: {err}",
        }
        return pd.DataFrame([row])


def _conditional(
    found: Results, rule: Moderation, base: Specification, moderator: str
) -> pd.DataFrame:
    made = _fit(found, rule.of(base, moderator))
    frame = found.data(base)
    data = frame.data.set_index(frame.key).loc[list(made.cases)]
    pillar, column = _column(_first(base)), _column(moderator)
    values = data[column].astype(float)
    binary = values.nunique() <= BINARY
    if binary:
        low, high, near = values.min(), values.max(), 0.0
    else:
        low, high = (float(values.quantile(q)) for q in rule.quantiles)
        near = rule.near * float(values.std())
    one_sd = made.design.centres[_first(base)][1]
    table = conditional_effects(
        made,
        data,
        pillar,
        one_sd,
        column,
        [low, high],
        near=near,
        min_cases=rule.min_cases,
        difference=(low, high),
        scale="flic",
    )
    at = ["low", "high", "difference"]
    return table[EFFECT_COLUMNS].assign(family=rule.id, pillar=pillar, moderator=column, at=at)


def contexts(found: Results) -> pd.DataFrame:
    """The effect of every pillar in every context: estimated separately, and partially pooled.

    Returns
    -------
    DataFrame
        ``by, label, pillar, term``, then the columns of ``ByContext.effects``; ``all_cases,
        all_cases_low, all_cases_high``, the effect in all cases of the grouping; ``tau, tau_low,
        tau_high``, the spread between contexts; ``q, df, p_homogeneity``, Cochran's test of
        homogeneity, and ``p_adjusted``, the same adjusted over all pillars and groupings;
        ``outside_contexts``, the number of cases in no context. Log odds ratios.
    """
    rule = found.study.config.contexts
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [contexts].")
    specs = {s.name: s for s in found.study.config.specs}
    tables = []
    for grouping in rule.by:
        tables += [_by_grouping(found, rule, grouping, specs[name]) for name in rule.specs]
    out = pd.concat(tables, ignore_index=True)
    tests = out.drop_duplicates(["by", "pillar"])
    tests = tests[tests["p_homogeneity"].notna()]
    p_adjusted = adjust(tests["p_homogeneity"], found.decision.adjustment)
    adjusted = tests[["by", "pillar"]].assign(p_adjusted=p_adjusted)
    return out.merge(adjusted, on=["by", "pillar"], how="left", validate="many_to_one")


def _by_grouping(
    found: Results, rule: Contexts, grouping: Context, base: Specification
) -> pd.DataFrame:
    spec, term = rule.of(base), _first(base)
    data = found.data(base)
    frame = _with_context(data, grouping)
    made = by_context(
        frame, spec.model(), term, grouping.id, method=rule.method, min_events=rule.min_events
    )
    spread: Any = dict.fromkeys(SPREAD, np.nan)
    if made.pooled is not None:
        spread = made.pooled.spread.iloc[0]
    homogeneity, all_cases = made.alike.iloc[0], made.whole.iloc[0]
    head = {"by": grouping.id, "label": grouping.label, "pillar": _column(term), "term": term}
    tail = {
        "all_cases": all_cases["estimate"],
        "all_cases_low": all_cases["conf_low"],
        "all_cases_high": all_cases["conf_high"],
        **{name: spread[name] for name in SPREAD},
        "q": homogeneity["q"],
        "df": homogeneity["df"],
        "p_homogeneity": homogeneity["p_value"],
        "outside_contexts": len(data) - len(frame),
    }
    effects = made.effects.assign(**tail)
    return pd.concat([pd.DataFrame([head] * len(effects)), effects], axis=1)


def _with_context(frame: StudyFrame, grouping: Context) -> StudyFrame:
    """The cases of known context, with a column that names it."""
    column, label = grouping.column, grouping.label
    cuts, contexts_named = grouping.cuts, grouping.names
    known = _numeric(frame, column, f"the contexts of {label!r}").notna()
    known_frame = frame.keep(known, f"{label} known", f"no {column} in the sources", (column,))

    def named(data: pd.DataFrame) -> "pd.Series[Any]":
        values = data[column].astype(float)
        positions = np.searchsorted(np.array(cuts), values, side="right")
        kind = pd.CategoricalDtype(list(contexts_named), ordered=True)
        return pd.Series([contexts_named[i] for i in positions], index=data.index, dtype=kind)

    out = known_frame.with_columns(f"{column} in groups", **{grouping.id: named})
    clock = known_frame.clock
    if clock is not None and column in clock.rules:
        out = out.with_clock(clock.column, {grouping.id: clock.rules[column]})
    names = out.data[grouping.id]
    empty = [name for name in grouping.names if not (names == name).any()]
    if empty:
        raise SpecError(
            f"study.toml, [contexts], {label!r}: no case is in {', '.join(empty)}. Write cuts"
            f" of {column} between which there are cases."
        )
    return out


def _numeric(frame: StudyFrame, column: str, what: str) -> "pd.Series[float]":
    """A column as numbers; a truth value is 0 or 1."""
    values = frame.data[column]
    if not (is_numeric_dtype(values) or is_bool_dtype(values)):
        raise SpecError(
            f"study.toml: {what} are read from {column!r}, which holds {values.dtype}; expected"
            " numbers."
        )
    return values.astype(float)
