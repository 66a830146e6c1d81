"""What coders agree on, where they differ, and what that does to a finding: the results of studies
that several people code.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.coding import CodingSheet, drop_indicators
from peacestudy.coding import agreement as agreement_of
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.coding.reliability import confusion as confusion_of
from peacestudy.coding.reliability import disputed as disputed_of
from peacestudy.coding.reliability import pairs as pairs_of
from peacestudy.errors import SpecError
from peacestudy.models import Fit, adjust, fit
from peacestudy.models.inference.hypotheses import quantile, two_sided
from peacestudy.robustness import Accuracy, Propagated, propagate
from peacestudy.study.config import Reliability, Uncertainty
from peacestudy.study.load import load_study
from peacestudy.study.results.results import Results

MISSING = "."


def own_sheet(found: Results, blank: bool = False) -> CodingSheet:
    """The study's sheet; cases of which the study says that their
    source is blank are left out unless ``blank``.
    """
    sheet = found.study.sheet
    if sheet is None:
        raise SpecError(f"nobody codes in study {found.study.config.id}.")
    if "blank" not in found.study.cases or blank:
        return sheet
    read = set(found.study.cases.loc[~found.study.cases["blank"].astype(bool), "case_id"])
    rows = sheet.table[sheet.table["case_id"].isin(read)].reset_index(drop=True)
    return CodingSheet(rows, sheet.codebook, sheet.file)


def whole_sheet(found: Results, blank: bool = False) -> CodingSheet:
    """Every code of a study: of its sheet, and of units that are only
    counted by the combination of their codes.
    """
    sheet = own_sheet(found, blank)
    if "patterns" not in found.study.tables:
        return sheet
    counted = units_of(found.study.tables["patterns"])
    return CodingSheet(
        pd.concat([sheet.table, counted], ignore_index=True), sheet.codebook, sheet.file
    )


def units_of(patterns: pd.DataFrame) -> pd.DataFrame:
    """A row a code again from how often each combination occurs; a unit's id is made up, for
    nothing else is known of it.
    """
    parts = []
    for name, raters, given, times, source in patterns[
        ["indicator_id", "raters", "codes", "n", "source"]
    ].to_numpy():
        codes = [
            (r, c) for r, c in zip(raters.split("|"), given.split("|"), strict=True) if c != MISSING
        ]
        units = [f"{name}-{given}-{n}" for n in range(times)]
        parts.append(
            pd.DataFrame(
                {
                    "case_id": np.repeat(units, len(codes)),
                    "indicator_id": name,
                    "coder": [r for r, _ in codes] * len(units),
                    "code": [int(c) for _, c in codes] * len(units),
                    "source": source,
                }
            )
        )
    table = (
        pd.concat(parts, ignore_index=True).assign(kind="human").reindex(columns=SHEET_SCHEMA.names)
    )
    return table.astype({"code": "Int64"})


def agreement(found: Results) -> pd.DataFrame:
    """Agreement on every indicator, see ``ps.agreement``, and whether it
    lies below the study's floor (``flagged``).
    """
    floor = _floor(found)
    table = agreement_of(whole_sheet(found), resamples=floor.resamples, seed=floor.seed)
    return table.assign(floor=floor.floor, flagged=table[floor.coefficient] < floor.floor)


def among_marked(found: Results) -> pd.DataFrame:
    """Agreement on units that one coder at least gave a code above
    the lowest: what the many empty units hide.

    Chosen by the codes themselves, so it describes and estimates nothing.
    """
    floor, sheet = _floor(found), whole_sheet(found)
    marked = sheet.table.groupby(["case_id", "indicator_id"])["code"].transform("max") > 0
    table = agreement_of(
        CodingSheet(sheet.table[marked], sheet.codebook, sheet.file), resamples=0, seed=floor.seed
    )
    return table[["indicator_id", "n_units", "percent", "alpha"]]


def with_blank(found: Results) -> pd.DataFrame:
    """Agreement on every case, those whose source is blank too: they are coded by rule, and no two
    coders can differ on them.
    """
    floor = _floor(found)
    return agreement_of(whole_sheet(found, blank=True), resamples=floor.resamples, seed=floor.seed)


def _floor(found: Results) -> Reliability:
    floor = found.study.config.reliability
    if floor is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [reliability].")
    return floor


def pairs(found: Results) -> pd.DataFrame:
    """Agreement and leniency by pair of coders."""
    return pairs_of(whole_sheet(found))


def confusion(found: Results) -> pd.DataFrame:
    """Which codes one coder gives where another gives which."""
    return confusion_of(whole_sheet(found))


def disputed(found: Results) -> pd.DataFrame:
    """The units that coders dispute, worst first; only those that are known one by one."""
    sheet = found.study.sheet
    if sheet is None:
        raise SpecError(f"nobody codes in study {found.study.config.id}.")
    return disputed_of(sheet)


def marks(found: Results) -> pd.DataFrame:
    """Every unit of the sheet that was coded twice, with the code of
    every coder, for the map of disagreement.
    """
    sheet = own_sheet(found)
    parts = [
        sheet.values(i)
        .reset_index()
        .melt("case_id", var_name="coder", value_name="code")
        .assign(indicator_id=i)
        for i in sheet.indicators
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset=["code"], ignore_index=True)


def attempt_sheet(found: Results, rule: Uncertainty) -> CodingSheet:
    """Whether each coder saw a third party in each attempt of the other
    study: a sheet on that study's own indicator.

    Present if the coder gives any scored agreement of the attempt a role above 0, or another column
    gives an outsider's signature. Evidence is the scored agreement with the furthest role.
    """
    sheet, twin = found.study.sheet, load_study(rule.study)
    if sheet is None or twin.coding is None:
        raise SpecError(f"study {rule.study} and {found.study.config.id} must both be coded.")
    cases = found.study.cases.loc[found.study.cases["scored"].astype(bool)].drop(columns="source")
    rows = sheet.latest().dropna(subset=["code"]).merge(cases, on="case_id", validate="many_to_one")
    rows = rows[rows["coder"].isin(rule.coders)].sort_values(
        ["attempt_id", "coder", "code", "agreement_id"]
    )
    top = rows.drop_duplicates(["attempt_id", "coder"], keep="last")
    signed = cases.groupby("attempt_id")["signature"].any()
    top = top.assign(
        code=((top["code"] > 0) | top["attempt_id"].map(signed)).astype("Int64"),
        case_id=top["attempt_id"],
        indicator_id=rule.indicator,
    )
    own = twin.coding.table
    own = own[(own["indicator_id"] == rule.indicator) & own["coder"].isin(rule.coders)]
    table = pd.concat([top[SHEET_SCHEMA.names], own[SHEET_SCHEMA.names]], ignore_index=True)
    return CodingSheet(table, twin.codebook, found.study.config.id)


def propagated(found: Results) -> dict[str, Propagated]:
    """The findings of the other study with the true codes imputed,
    by id of what is declared; computed once.
    """
    if "propagated" not in found.kept:
        found.kept["propagated"] = {
            rule.id: _propagated(found, rule) for rule in found.study.config.uncertainty
        }
    kept: dict[str, Propagated] = found.kept["propagated"]
    return kept


def _propagated(found: Results, rule: Uncertainty) -> Propagated:
    twin = load_study(rule.study)
    opinion = Accuracy.about(rule.accuracy, worth=rule.worth) if rule.worth else None
    frame = twin.frame(rule.sample)
    sheet = attempt_sheet(found, rule)
    kept = sheet.table[sheet.table["case_id"].isin(set(frame.data["case_id"]))].reset_index(
        drop=True
    )
    return propagate(
        CodingSheet(kept, sheet.codebook, sheet.file),
        frame,
        [twin.spec(name) for name in rule.specs],
        scores=twin.codebook.score,
        base=twin.coding,
        accuracy=opinion,
        draws=rule.draws,
        seed=rule.seed,
    )


def uncertainty(found: Results) -> pd.DataFrame:
    """Every term with and without coding uncertainty, see ``ps.propagate``;
    ``analysis`` is the id of what is declared.
    """
    return pd.concat(
        [p.terms.assign(analysis=name) for name, p in propagated(found).items()], ignore_index=True
    )


def accuracies(found: Results) -> pd.DataFrame:
    """What the coders' accuracies were drawn from."""
    return pd.concat(
        [p.accuracy.assign(analysis=name) for name, p in propagated(found).items()],
        ignore_index=True,
    )


def flips(found: Results) -> pd.DataFrame:
    """Which disputed codes would change a finding, ranked."""
    return pd.concat(
        [p.flips.assign(analysis=name) for name, p in propagated(found).items()], ignore_index=True
    )


def with_and_without(found: Results) -> pd.DataFrame:
    """The other study's findings with the indicator that is read twice,
    and with scores from which it is left out.

    Returns
    -------
    DataFrame
        A row a model and term: ``estimate, conf_low, conf_high, p_value`` and the same with
        ``without_`` before the name; ``indicator_id``, ``alpha`` of its readings where they stand
        for attempts, the ``floor``, and whether it lies ``below`` it.
    """
    floor, parts = _floor(found), []
    for rule in {
        (u.study, u.sample, u.specs, u.indicator): u
        for u in reversed(found.study.config.uncertainty)
    }.values():
        twin = load_study(rule.study)
        if twin.coding is None:
            raise SpecError(f"study {rule.study} must be coded.")
        names = [c for c in rule.coders if c in set(found.study.tables["codings"]["coder"])]
        sheet = attempt_sheet(found, replace(rule, coders=tuple(names)))
        own = (
            agreement_of(sheet, resamples=0, seed=floor.seed)
            .set_index("indicator_id")
            .loc[rule.indicator]
        )
        fits = [
            {
                m.spec.name: m.terms
                for m in fit(s.frame(rule.sample), [twin.spec(n) for n in rule.specs])
            }
            for s in (twin, replace(twin, coding=drop_indicators(twin.coding, [rule.indicator])))
        ]
        for name in rule.specs:
            both = [
                f[name].set_index("term")[["estimate", "conf_low", "conf_high", "p_value"]]
                for f in fits
            ]
            parts.append(
                both[0]
                .join(both[1].add_prefix("without_"))
                .reset_index()
                .assign(
                    model=name,
                    indicator_id=rule.indicator,
                    alpha=own["alpha"],
                    floor=floor.floor,
                    below=own["alpha"] < floor.floor,
                )
            )
    return pd.concat(parts, ignore_index=True)


def by_rater(found: Results) -> pd.DataFrame:
    """The same model by each rater's word, and whether the two differ, a row a term.

    Returns
    -------
    DataFrame
        ``term``; ``staff`` and ``independent``, each with ``_low`` and ``_high``: odds ratios, 95
        %; ``ratio`` of the staff's to the independent one, with ``ratio_low, ratio_high, p_value``
        and ``p_holm`` over the slopes. Both outcomes are of the same projects, so the two estimates
        are correlated: their covariance comes from the scores of both models summed by cluster
        (Zellner's stacked form, Weesie 1999, Stata Technical Bulletin 52).
    """
    models = [found.fits[n] for n in RATERS]
    influence = [_influence(m) for m in models]
    group = models[0].design.clusters[0]
    G = int(group.max()) + 1
    sums = [np.array([u[group == g].sum(axis=0) for g in range(G)]) for u in influence]
    difference = sums[0] - sums[1]
    V = difference.T @ difference * G / (G - 1)
    gap = (models[0].terms["estimate"] - models[1].terms["estimate"]).to_numpy()
    se = np.sqrt(np.diag(V))
    half = quantile(0.975, np.inf)
    out = pd.DataFrame({"term": models[0].terms["term"]})
    for name, m in zip(("staff", "independent"), models, strict=True):
        out[[name, f"{name}_low", f"{name}_high"]] = np.exp(
            m.terms[["estimate", "conf_low", "conf_high"]].to_numpy()
        )
    out["ratio"], out["ratio_low"], out["ratio_high"] = (
        np.exp(gap),
        np.exp(gap - half * se),
        np.exp(gap + half * se),
    )
    out["p_value"] = two_sided(gap / se, np.inf)
    slopes = out["term"] != "Intercept"
    out.loc[slopes, "p_holm"] = adjust(out.loc[slopes, "p_value"], "holm")
    return out


RATERS = ("success_by_staff", "success_by_independent")


def _influence(m: Fit) -> np.ndarray:
    """What each case adds to a logit's estimate, shape (cases, terms)."""
    X, b = m.design.X, m.terms["estimate"].to_numpy()
    p = 1 / (1 + np.exp(-(X @ b)))
    bread = np.linalg.inv((X * (p * (1 - p))[:, None]).T @ X)
    out: np.ndarray = (X * (m.design.y - p)[:, None]) @ bread
    return out
