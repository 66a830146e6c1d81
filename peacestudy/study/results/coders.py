"""Results of studies with several coders: agreement, disagreement, and coding uncertainty."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.coding import CodingSheet, drop_indicators
from peacestudy.coding import agreement as agreement_of
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.coding.reliability import confusion as confusion_of
from peacestudy.coding.reliability import disputed as disputed_of
from peacestudy.coding.reliability import pairs as pairs_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models import Fit, adjust, fit, left_out
from peacestudy.models.inference.decisions import decide
from peacestudy.models.inference.hypotheses import quantile, two_sided
from peacestudy.robustness import Accuracy, Family, Propagated, as_one_reading, propagate
from peacestudy.study.config import Reliability, Uncertainty
from peacestudy.study.results.results import Results
from peacestudy.study.study import Study

MISSING = "."


def study_sheet(found: Results, with_blanks: bool = False) -> CodingSheet:
    """The study's sheet, without cases whose source is blank unless ``with_blanks``."""
    sheet = found.study.sheet
    if sheet is None:
        raise SpecError(f"study {found.study.config.id} has no coders.")
    cases = found.study.cases
    if "blank" not in cases or with_blanks:
        return sheet
    not_blank = set(cases.loc[~cases["blank"].astype(bool), "case_id"])
    rows = sheet.table[sheet.table["case_id"].isin(not_blank)].reset_index(drop=True)
    return CodingSheet(rows, sheet.codebook, sheet.file)


def all_codes(found: Results, with_blanks: bool = False) -> CodingSheet:
    """Every code of a study: those of its sheet, and those of units known only by the frequency of
    each combination of codes.
    """
    sheet = study_sheet(found, with_blanks)
    if "patterns" not in found.study.tables:
        return sheet
    units = units_of(found.study.tables["patterns"])
    table = pd.concat([sheet.table, units], ignore_index=True)
    return CodingSheet(table, sheet.codebook, sheet.file)


def units_of(patterns: pd.DataFrame) -> pd.DataFrame:
    """A row a code from the frequency of each combination of codes; the ids of the units are
    generated.
    """
    parts = []
    columns = ["indicator_id", "raters", "codes", "n", "source"]
    for name, raters, pattern, times, source in patterns[columns].to_numpy():
        pairs = zip(raters.split("|"), pattern.split("|"), strict=True)
        codes = [(rater, int(code)) for rater, code in pairs if code != MISSING]
        units = [f"{name}-{pattern}-{n}" for n in range(times)]
        rows = {
            "case_id": np.repeat(units, len(codes)),
            "indicator_id": name,
            "coder": [rater for rater, _ in codes] * len(units),
            "code": [code for _, code in codes] * len(units),
            "source": source,
        }
        parts.append(pd.DataFrame(rows))
    table = pd.concat(parts, ignore_index=True).assign(kind="human")
    return table.reindex(columns=SHEET_SCHEMA.names).astype({"code": "Int64"})


def agreement(found: Results) -> pd.DataFrame:
    """Agreement on every indicator, see ``ps.agreement``; ``flagged`` where it is below the study's
    reliability floor.
    """
    rule = _reliability(found)
    table = agreement_of(all_codes(found), resamples=rule.resamples, seed=rule.seed)
    return table.assign(floor=rule.floor, flagged=table[rule.coefficient] < rule.floor)


def agreement_above_lowest(found: Results) -> pd.DataFrame:
    """Agreement on units to which at least one coder gave a code above the lowest.

    The units are selected by the codes themselves: this is a description, not an estimate.
    """
    rule, sheet = _reliability(found), all_codes(found)
    highest = sheet.table.groupby(["case_id", "indicator_id"])["code"].transform("max")
    selected = CodingSheet(sheet.table[highest > 0], sheet.codebook, sheet.file)
    table = agreement_of(selected, resamples=0, seed=rule.seed)
    return table[["indicator_id", "n_units", "percent", "alpha"]]


def agreement_with_blanks(found: Results) -> pd.DataFrame:
    """Agreement on every case, including those whose source is blank: these are coded by rule, so
    coders cannot disagree on them.
    """
    rule = _reliability(found)
    sheet = all_codes(found, with_blanks=True)
    return agreement_of(sheet, resamples=rule.resamples, seed=rule.seed)


def _reliability(found: Results) -> Reliability:
    rule = found.study.config.reliability
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [reliability].")
    return rule


def pairs(found: Results) -> pd.DataFrame:
    """Agreement by pair of coders, and the mean code of each."""
    return pairs_of(all_codes(found))


def confusion(found: Results) -> pd.DataFrame:
    """Confusion tables: the codes of one coder by the codes of another."""
    return confusion_of(all_codes(found))


def disputed(found: Results) -> pd.DataFrame:
    """The units with most disagreement first; only units known one by one."""
    sheet = found.study.sheet
    if sheet is None:
        raise SpecError(f"study {found.study.config.id} has no coders.")
    return disputed_of(sheet)


def ratings(found: Results) -> pd.DataFrame:
    """Every code of the sheet by unit and coder, for the map of disagreement."""
    sheet = study_sheet(found)
    parts = []
    for indicator in sheet.indicators:
        wide = sheet.values(indicator).reset_index()
        long = wide.melt("case_id", var_name="coder", value_name="code")
        parts.append(long.assign(indicator_id=indicator))
    return pd.concat(parts, ignore_index=True).dropna(subset=["code"], ignore_index=True)


def attempt_sheet(found: Results, rule: Uncertainty) -> CodingSheet:
    """Whether each coder found a third party in each attempt of the other study: a sheet on that
    study's own indicator.

    A third party is present if the coder gives any scored agreement of the attempt a role above 0.
    Evidence is the scored agreement with the furthest role. Attempts whose code is known otherwise,
    see ``known_attempts``, are not in the sheet: a coder's reading of them decides nothing.
    """
    sheet, other = found.study.sheet, found.other(rule.study).study
    if sheet is None or other.coding is None:
        raise SpecError(f"study {rule.study} and {found.study.config.id} must both be coded.")
    scored = found.study.cases["scored"].astype(bool)
    cases = found.study.cases.loc[scored].drop(columns="source")
    codes = sheet.latest().dropna(subset=["code"])
    rows = codes.merge(cases, on="case_id", validate="many_to_one")
    rows = rows[rows["coder"].isin(rule.coders)]
    rows = rows.sort_values(["attempt_id", "coder", "code", "agreement_id"])
    furthest = rows.drop_duplicates(["attempt_id", "coder"], keep="last")
    furthest = furthest.assign(
        code=(furthest["code"] > 0).astype("Int64"),
        case_id=furthest["attempt_id"],
        indicator_id=rule.indicator,
    )
    coded = other.coding.table
    same_indicator = coded["indicator_id"] == rule.indicator
    coded = coded[same_indicator & coded["coder"].isin(rule.coders)]
    columns = SHEET_SCHEMA.names
    table = pd.concat([furthest[columns], coded[columns]], ignore_index=True)
    known = known_attempts(found, rule)
    uncertain = table[~table["case_id"].isin(known)].reset_index(drop=True)
    return CodingSheet(uncertain, other.codebook, found.study.config.id)


def known_attempts(found: Results, rule: Uncertainty) -> list[str]:
    """The attempts in which the indicator is known to be present: those with a scored agreement
    where the column ``gold`` is true.
    """
    return known_codes(found, rule)["case_id"].tolist()


def known_codes(found: Results, rule: Uncertainty) -> pd.DataFrame:
    """The known codes as rows of a sheet, with the column ``gold`` as coder and the first such
    agreement as source.
    """
    cases = found.study.cases
    known = cases["scored"].astype(bool)
    known &= cases[rule.gold].astype(bool) if rule.gold else False
    first = cases[known].sort_values(["attempt_id", "agreement_id"]).drop_duplicates("attempt_id")
    table = first.assign(
        case_id=first["attempt_id"],
        indicator_id=rule.indicator,
        coder=rule.gold,
        kind="rule",
        code=1,
    )
    return table.reindex(columns=SHEET_SCHEMA.names).reset_index(drop=True)


def propagated(found: Results) -> dict[str, Propagated]:
    """The findings of the other study with the true codes imputed, by id of the declared analysis;
    computed once.
    """
    if "propagated" not in found.cache:
        rules = found.study.config.uncertainty
        found.cache["propagated"] = {rule.id: _propagated(found, rule) for rule in rules}
    out: dict[str, Propagated] = found.cache["propagated"]
    return out


def _propagated(found: Results, rule: Uncertainty) -> Propagated:
    other = found.other(rule.study).study
    prior = Accuracy(rule.accuracy, rule.prior_n) if rule.prior_n else None
    frame = other.frame(rule.sample)
    in_sample = set(frame.data["case_id"])
    sheet = attempt_sheet(found, rule)
    rows = sheet.table[sheet.table["case_id"].isin(in_sample)].reset_index(drop=True)
    sheet = CodingSheet(rows, sheet.codebook, sheet.file)
    known = [case for case in known_attempts(found, rule) if case in in_sample]
    gold = pd.DataFrame({"case_id": known, "indicator_id": rule.indicator, "code": 1})
    return propagate(
        as_one_reading(sheet) if rule.as_one else sheet,
        frame,
        [other.spec(name) for name in rule.specs],
        scores=other.codebook.score,
        base=other.coding,
        accuracy=prior,
        gold=gold if known else None,
        draws=rule.draws,
        families=families_of(other, rule.specs),
        seed=rule.seed,
    )


def families_of(study: Study, specs: Sequence[str]) -> list[Family]:
    """The declared families of single terms of some models; a hypothesis without a family is its
    own. Joint tests and contrasts are left out.
    """
    rule = study.config.decision
    if rule is None:
        return []
    terms: dict[str, list[str]] = {}
    models: dict[str, set[str]] = {}
    for hypothesis in study.config.hypotheses:
        name = hypothesis.family or hypothesis.id
        models.setdefault(name, set()).add(hypothesis.spec)
        terms.setdefault(name, []).extend(hypothesis.terms)
    own = []
    for hypothesis in study.config.hypotheses:
        name = hypothesis.family or hypothesis.id
        if hypothesis.weights or (len(hypothesis.terms) > 1) or not models[name] <= set(specs):
            terms.pop(name, None)
    for name, tested in terms.items():
        if len(models[name]) > 1:
            raise SpecError(
                f"the family {name!r} of {study.config.id} tests terms of several models; its"
                " decisions cannot be made from one refitted model."
            )
        own.append(Family(tuple(tested), rule.adjustment, rule.alpha))
    return own


def _by_analysis(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of several analyses as one, with the id of the analysis."""
    parts = [table.assign(analysis=name) for name, table in tables.items()]
    return pd.concat(parts, ignore_index=True)


def uncertainty(found: Results) -> pd.DataFrame:
    """Every term with and without coding uncertainty, see ``ps.propagate``.

    Returns
    -------
    DataFrame
        The columns of ``Propagated.terms``; ``analysis``, the id of the declared analysis; of the
        terms that the other study decides ``naive_p_adjusted, naive_decision`` as if the codes were
        true and ``p_adjusted, decision`` with coding uncertainty, by its declared rule.
    """
    parts = {}
    for rule in found.study.config.uncertainty:
        terms = propagated(found)[rule.id].terms
        parts[rule.id] = _decided(found.other(rule.study).study, rule.specs, terms)
    return _by_analysis(parts)


def _decided(study: Study, specs: Sequence[str], terms: pd.DataFrame) -> pd.DataFrame:
    """Terms with the decisions of a study's families, naive and with coding uncertainty."""
    out = terms.copy()
    for prefix in ("naive_", ""):
        out[f"{prefix}p_adjusted"] = np.nan
        estimate = "naive" if prefix else "estimate"
        for family in families_of(study, specs):
            own = out["term"].isin(family.terms)
            p_values = out.loc[own, f"{prefix}p_value"]
            out.loc[own, f"{prefix}p_adjusted"] = adjust(p_values, family.adjustment)
        out[f"{prefix}decision"] = _decisions(study, out, estimate, f"{prefix}p_adjusted")
    return out


def _decisions(study: Study, table: pd.DataFrame, estimate: str, p_adjusted: str) -> list[str]:
    """The decision of every row of a table with ``model`` and ``term``; empty where the study
    decides nothing by the term.
    """
    rule = study.config.decision
    directions = {(h.spec, h.terms[0]): h.direction for h in study.config.hypotheses}
    out = []
    for row in table.to_dict("records"):
        direction = directions.get((row["model"], row["term"]))
        if rule is None or direction is None:
            out.append("")
        else:
            out.append(decide(row[estimate], row[p_adjusted], direction, rule.alpha))
    return out


def uncertainty_notes(found: Results) -> pd.DataFrame:
    """The assumptions of every declared analysis: ``analysis, kind, text``."""
    rows = [
        (name, note.kind, note.text) for name, p in propagated(found).items() for note in p.notes
    ]
    return pd.DataFrame(rows, columns=["analysis", "kind", "text"])


def accuracies(found: Results) -> pd.DataFrame:
    """The coders' accuracies as drawn."""
    return _by_analysis({name: p.accuracy for name, p in propagated(found).items()})


def flips(found: Results) -> pd.DataFrame:
    """The disputed codes that would change a finding, ranked, see ``ps.propagate``; with the
    declared ``decision_before`` and the ``decision`` with the other code.
    """
    before = uncertainty(found).set_index(["analysis", "model", "term"])["naive_decision"]
    parts = {}
    for rule in found.study.config.uncertainty:
        table = propagated(found)[rule.id].flips
        keys = zip(table["model"], table["term"], strict=True)
        other = found.other(rule.study).study
        parts[rule.id] = table.assign(
            decision_before=[before[rule.id, model, term] for model, term in keys],
            decision=_decisions(other, table, "estimate", "p_adjusted"),
        )
    return _by_analysis(parts)


def dropped_indicator(found: Results) -> pd.DataFrame:
    """The other study's findings with the indicator that is coded twice, and with scores without
    it.

    Returns
    -------
    DataFrame
        A row a model and term: ``estimate, conf_low, conf_high, p_value`` and the same with
        ``without_`` before the name; ``indicator_id``, ``alpha`` of its codes by attempt, the
        ``floor``, and whether alpha is ``below_floor``.
    """
    declared = reversed(found.study.config.uncertainty)
    rules = {(u.study, u.sample, u.specs, u.indicator): u for u in declared}
    parts = [_dropped_indicator(found, rule) for rule in rules.values()]
    return pd.concat(parts, ignore_index=True)


def _dropped_indicator(found: Results, rule: Uncertainty) -> pd.DataFrame:
    floor = _reliability(found)
    other = found.other(rule.study).study
    if other.coding is None:
        raise SpecError(f"study {rule.study} must be coded.")
    own_coders = set(found.study.tables["codings"]["coder"])
    coders = tuple(c for c in rule.coders if c in own_coders)
    sheet = attempt_sheet(found, replace(rule, coders=coders))
    reliability = agreement_of(sheet, resamples=0, seed=floor.seed).set_index("indicator_id")
    alpha = reliability["alpha"][rule.indicator]
    reduced = replace(other, coding=drop_indicators(other.coding, [rule.indicator]))
    with_it, without_it = _terms_by_model(other, rule), _terms_by_model(reduced, rule)
    parts = []
    for name in rule.specs:
        both = with_it[name].join(without_it[name].add_prefix("without_"))
        parts.append(both.reset_index().assign(model=name))
    return pd.concat(parts, ignore_index=True).assign(
        indicator_id=rule.indicator,
        alpha=alpha,
        floor=floor.floor,
        below_floor=alpha < floor.floor,
    )


def _terms_by_model(study: Study, rule: Uncertainty) -> dict[str, pd.DataFrame]:
    """Estimates, intervals and p values of the declared models, by model and term."""
    columns = ["estimate", "conf_low", "conf_high", "p_value"]
    fits = fit(study.frame(rule.sample), [study.spec(name) for name in rule.specs])
    return {m.spec.name: m.terms.set_index("term")[columns] for m in fits}


def by_rater(found: Results) -> pd.DataFrame:
    """The same model with each rater's rating as the outcome, and the difference between two.

    Returns
    -------
    DataFrame
        ``term``; ``staff``, ``independent`` and ``final``, each with ``_low`` and ``_high``: odds
        ratios, 95 %; ``ratio`` of the staff's to the independent one, with ``ratio_low,
        ratio_high, p_value`` and ``p_holm`` over the slopes. Both outcomes are of the same
        projects, so the two estimates are correlated: the covariance of their difference is the
        jackknife's, with each cluster left out of both models.
    """
    fits = {name: found.fits[spec] for name, spec in RATERS.items()}
    staff, independent = fits["staff"], fits["independent"]
    out = pd.DataFrame({"term": staff.terms["term"]})
    for name, made in fits.items():
        numbers = made.terms[["estimate", "conf_low", "conf_high"]].to_numpy()
        out[[name, f"{name}_low", f"{name}_high"]] = np.exp(numbers)
    log_ratio = (staff.terms["estimate"] - independent.terms["estimate"]).to_numpy()
    std_error = np.sqrt(np.diag(_covariance_of_difference(staff, independent)))
    half = quantile(0.975, np.inf) * std_error
    out["ratio"] = np.exp(log_ratio)
    out["ratio_low"] = np.exp(log_ratio - half)
    out["ratio_high"] = np.exp(log_ratio + half)
    out["p_value"] = two_sided(log_ratio / std_error, np.inf)
    slopes = out["term"] != "Intercept"
    out.loc[slopes, "p_holm"] = adjust(out.loc[slopes, "p_value"], "holm")
    return out


RATERS = {
    "staff": "success_by_staff",
    "independent": "success_by_independent",
    "final": "success_by_final",
}


def _covariance_of_difference(one: Fit, other: Fit) -> np.ndarray:
    """Covariance of the difference of two fits of the same cases, by leaving out each cluster of
    both, about the difference of all; shape (K, K).
    """
    moved = [_moved(made) for made in (one, other)]
    difference = (moved[0] - moved[1]).to_numpy()
    n_clusters = len(difference)
    out: np.ndarray = difference.T @ difference * (n_clusters - 1) / n_clusters
    return out


def _moved(made: Fit) -> pd.DataFrame:
    """By how much each estimate changes without each cluster: a row a cluster, a column a term."""
    table = left_out(made, made.spec.cluster_columns[0])
    failed = table[table["reason"] != ""]
    if len(failed):
        first = failed.iloc[0]
        raise FitError(f"{made.spec.name} without {first['left_out']}: {first['reason']}")
    wide = table.pivot(index="left_out", columns="term", values="dfbeta")
    return wide[made.terms["term"].tolist()]
