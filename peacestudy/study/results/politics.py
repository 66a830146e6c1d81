"""Domestic politics and context: what a pillar does under each
moderator, and in each context by itself.
"""

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
    detectable,
    fit,
    permutation_test,
)
from peacestudy.models.formulas.formula import parse
from peacestudy.models.inference.hypotheses import two_sided
from peacestudy.study.config import Context, Contexts, Moderation, Specification
from peacestudy.study.results.results import Results

ADJUSTED = {"p_decide": "p_value", "p_profile": "p_profile", "p_permutation": "p_permutation"}
HEAD = ["family", "spec", "pillar", "moderator", "term"]
TESTED = [
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
]
WORTH = (
    "separation",
    "no_robust_error",
    "few_cases",
    "few_clusters",
    "few_events",
    "dropped",
)  # kinds of note that are shown
SHOWN = [
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
MANY = 2  # values of a moderator above which quantiles are taken


def moderated(found: Results) -> pd.DataFrame:
    """Every declared product of a pillar and a moderator, decided together.

    Returns
    -------
    DataFrame
        ``family, spec, pillar, moderator, term, n, n_events, n_clusters, estimate, std_error,
        conf_low, conf_high`` of the product's coefficient (log ratio of odds ratios); ``p_value``;
        over the family ``p_decide`` (the declared rule), ``p_beside``, and the checks ``p_profile``
        (penalised likelihood ratio) and ``p_permutation`` (the outcome dealt anew within strata,
        which tests that no term of the model matters, more than that the product is zero), both
        adjusted as the declared rule has it; ``detectable, detectable_family``, the ratio of odds
        ratios found with the declared power alone and at the rule's first step; ``decision``;
        ``note``, what to distrust, or why there is no fit. What cannot be fitted has no numbers,
        and counts in the family with a p value of one: the family is what was declared.
    """
    rows = [row for rule in found.study.config.moderations for row in _family(found, rule)]
    table = pd.DataFrame(rows, columns=[*HEAD, *TESTED, "note"])
    for family in table["family"].unique():
        whole = table["family"] == family
        part = whole & table["p_value"].notna()
        rule = found.decision
        table.loc[part, "p_beside"] = adjust(table.loc[whole, "p_value"].fillna(1.0), rule.beside)
        for name, column in ADJUSTED.items():
            given = table.loc[part, column].notna().all()
            table.loc[part, name] = (
                adjust(table.loc[whole, column].fillna(1.0), rule.decide) if given else np.nan
            )
        alpha = rule.alpha / int(whole.sum())
        least = [detectable(float(se), rule.power, alpha) for se in table.loc[part, "std_error"]]
        table.loc[part, "detectable_family"] = np.exp(least)
        table.loc[part, "decision"] = np.where(
            table.loc[part, "p_decide"] < rule.alpha, "null rejected", "null not rejected"
        )
    return table


def _family(found: Results, rule: Moderation) -> list[dict[str, object]]:
    of = {s.name: s for s in found.study.config.specs}
    return [
        _product(found, rule, of[name], moderator)
        for name in rule.specs
        for moderator in rule.moderators
    ]


def _product(
    found: Results, rule: Moderation, base: Specification, moderator: str
) -> dict[str, object]:
    spec = rule.of(base, moderator)
    _numeric(found.data(base), _column(moderator), f"moderators of {rule.id!r}")
    term = f"{_first(base)}:{moderator}"
    head: dict[str, object] = {
        "family": rule.id,
        "spec": base.name,
        "pillar": _column(_first(base)),
        "moderator": _column(moderator),
        "term": term,
    }
    try:
        made = _fit(found, spec)
        checked = fit(
            found.data(spec), ModelSpec(spec.name, spec.formula, spec.engine, "classical")
        )
        dealt = permutation_test(
            found.data(spec),
            spec.model(),
            [term],
            strata=rule.strata,
            draws=rule.draws,
            seed=rule.seed,
        )
    except PeacestudyError as err:
        return head | {"p_value": np.nan, "note": f"not fitted: {err}"}
    row: Any = made.terms.set_index("term").loc[term]
    profile: Any = checked.terms.set_index("term").loc[term]
    kept = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    return head | {
        "n": made.n,
        "n_events": made.n_events,
        "n_clusters": made.n_clusters,
        **row[kept].to_dict(),
        "p_profile": profile["p_value"],
        "p_permutation": float(dealt["p_permutation"].iloc[0]),
        "detectable": float(
            np.exp(detectable(float(row["std_error"]), found.decision.power, found.decision.alpha))
        ),
        "note": " ".join(n.text for n in made.notes if n.kind in WORTH),
    }


def _fit(found: Results, spec: Specification) -> Fit:
    key = f"fit of {spec.name}"
    if key not in found.kept:
        found.kept[key] = fit(found.data(spec), spec.model())
    made: Fit = found.kept[key]
    return made


def _first(spec: Specification) -> str:
    return spec.terms()[0]


def _column(term: str) -> str:
    """The one column of a term such as ``scale(norms)``."""
    return parse(f"y ~ {term}").columns[-1]


def by_politics(found: Results) -> pd.DataFrame:
    """What a standard deviation more of each pillar does to the chance of the outcome, where a
    moderator is low and where it is high.

    Returns
    -------
    DataFrame
        ``family, pillar, moderator, at`` (``low``, ``high``, ``difference``), ``value`` of the
        moderator, ``estimate, std_error, conf_low, conf_high`` in probability (FLIC intercept,
        averaged over all cases, delta method), ``n, n_near, n_events, support, note``. Support as
        ``conditional_effects`` has it. ``p_value`` of the difference, and ``p_decide``, by the
        declared rule over the differences of the family: the products' test on the scale of
        probabilities.
    """
    of = {s.name: s for s in found.study.config.specs}
    parts = []
    for rule in found.study.config.moderations:
        for name in rule.specs:
            for moderator in rule.moderators:
                try:
                    parts.append(_conditional(found, rule, of[name], moderator))
                except FitError as err:
                    lost = {
                        "family": rule.id,
                        "pillar": _column(_first(of[name])),
                        "moderator": _column(moderator),
                    }
                    parts.append(
                        pd.DataFrame(
                            [lost | {"at": "low", "support": False, "note": f"not fitted: {err}"}]
                        )
                    )
    out = pd.concat(parts, ignore_index=True).reindex(
        columns=[*SHOWN, "family", "pillar", "moderator", "at"]
    )
    out["p_value"] = two_sided(
        out["estimate"].to_numpy(float) / out["std_error"].to_numpy(float), np.inf
    )
    out.loc[out["at"] != "difference", "p_value"] = np.nan
    for family in out["family"].unique():
        whole = (
            out[out["family"] == family]
            .groupby(["pillar", "moderator"], sort=False)["p_value"]
            .max()
            .fillna(1.0)
        )
        pairs = pd.MultiIndex.from_frame(out[["pillar", "moderator"]])
        part = (out["family"] == family) & out["p_value"].notna()
        out.loc[part, "p_decide"] = (
            adjust(whole, found.decision.decide).reindex(pairs).to_numpy()[part]
        )
    return out


def _conditional(
    found: Results, rule: Moderation, base: Specification, moderator: str
) -> pd.DataFrame:
    made = _fit(found, rule.of(base, moderator))
    frame = found.data(base)
    data = frame.data.set_index(frame.key).loc[list(made.cases)]
    pillar, column = _column(_first(base)), _column(moderator)
    values = data[column].astype(float)
    few = values.nunique() <= MANY
    low, high = (
        (values.min(), values.max()) if few else (float(values.quantile(q)) for q in rule.quantiles)
    )
    step = made.design.centres[_first(base)][1]
    table = conditional_effects(
        made,
        data,
        pillar,
        step,
        column,
        [low, high],
        near=0.0 if few else rule.near * float(values.std()),
        fewest=rule.fewest,
        difference=(low, high),
        scale="flic",
    )
    return table[SHOWN].assign(
        family=rule.id, pillar=pillar, moderator=column, at=["low", "high", "difference"]
    )


def contexts(found: Results) -> pd.DataFrame:
    """The effect of every pillar in every context: alone, and
    drawn towards the mean of the contexts.

    Returns
    -------
    DataFrame
        ``by, label, pillar, term``, then the columns of ``ByContext.effects``; ``whole, whole_low,
        whole_high``, the effect in all cases of the way to part them; ``tau, tau_low, tau_high``,
        the spread between contexts; ``q, df, p_alike``, Cochran's test that the effect is one, and
        ``p_decide``, the same adjusted over all pillars and ways. Log odds ratios.
    """
    rule = found.study.config.contexts
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [contexts].")
    of = {s.name: s for s in found.study.config.specs}
    tables = [_parted(found, rule, way, of[name]) for way in rule.by for name in rule.specs]
    out = pd.concat(tables, ignore_index=True)
    tests = out.drop_duplicates(["by", "pillar"]).loc[lambda t: t["p_alike"].notna()]
    adjusted = adjust(tests["p_alike"], found.decision.decide)
    of_pair = dict(zip(zip(tests["by"], tests["pillar"], strict=True), adjusted, strict=True))
    out["p_decide"] = [
        of_pair.get(pair, np.nan) for pair in zip(out["by"], out["pillar"], strict=True)
    ]
    return out


def _parted(found: Results, rule: Contexts, way: Context, base: Specification) -> pd.DataFrame:
    spec, term = rule.of(base), _first(base)
    frame = _with_context(found.data(base), way)
    made = by_context(
        frame, spec.model(), term, way.id, method=rule.method, fewest_events=rule.fewest_events
    )
    spread = (
        dict.fromkeys(("tau", "tau_low", "tau_high"), np.nan)
        if made.pooled is None
        else made.pooled.spread.iloc[0]
    )
    alike, whole = made.alike.iloc[0], made.whole.iloc[0]
    head = {"by": way.id, "label": way.label, "pillar": _column(term), "term": term}
    tail = {
        "whole": whole["estimate"],
        "whole_low": whole["conf_low"],
        "whole_high": whole["conf_high"],
        **{name: spread[name] for name in ("tau", "tau_low", "tau_high")},
        "q": alike["q"],
        "df": alike["df"],
        "p_alike": alike["p_value"],
        "unplaced": len(found.data(base)) - len(frame),
    }
    out = made.effects.assign(**tail)
    return pd.concat([pd.DataFrame([head] * len(out)), out], axis=1)


def _with_context(frame: StudyFrame, way: Context) -> StudyFrame:
    """The cases of known context, with a column that names it."""
    known = _numeric(frame, way.column, f"the contexts of {way.label!r}").notna()
    kept = frame.keep(known, f"{way.label} known", f"no {way.column} in the sources")
    at = np.searchsorted(np.array(way.cuts), kept.data[way.column].astype(float), side="right")
    kind = pd.CategoricalDtype(list(way.names), ordered=True)
    names = pd.Series([way.names[i] for i in at], dtype=kind)
    empty = [name for name in way.names if not (names == name).any()]
    if empty:
        raise SpecError(
            f"study.toml, [contexts], {way.label!r}: no case is in {', '.join(empty)}. Write cuts"
            f" of {way.column} between which there are cases."
        )
    return kept.with_columns(f"{way.column} in groups", **{way.id: names.array})


def _numeric(frame: StudyFrame, column: str, what: str) -> "pd.Series[float]":
    """A column as numbers; a truth value is 0 or 1."""
    values = frame.data[column]
    if not (is_numeric_dtype(values) or is_bool_dtype(values)):
        raise SpecError(
            f"study.toml: {what} are read from {column!r}, which holds {values.dtype} and no"
            " numbers."
        )
    return values.astype(float)
