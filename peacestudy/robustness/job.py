"""One model of ``propagate``: what is known of its true codes, its fit as
if they were known, and draws of them refitted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from peacestudy.coding import Coding, CodingSheet
from peacestudy.core.codebook import Codebook
from peacestudy.core.draw_order import places_by_id
from peacestudy.core.frame import StudyFrame
from peacestudy.core.key_check import check_keys
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models import Fit, ModelSpec, fit
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.formula import parse
from peacestudy.models.missing.pooled_row import pooled_row
from peacestudy.robustness.accuracy import WEAK, Accuracy
from peacestudy.robustness.augmentation import Chain, Codes, Evidence, augment
from peacestudy.robustness.chain_diagnostics import chain_notes
from peacestudy.robustness.code_model import CodeModel
from peacestudy.robustness.coded_columns import (
    LINEAR,
    Columns,
    linear_design,
    plain_columns,
    scored_columns,
)
from peacestudy.robustness.gold import known_codes
from peacestudy.robustness.outcome_models import is_modelled, modelled_engines, outcome_model

CHAINS = 2


@dataclass(frozen=True, eq=False)
class Part:
    """What one model gives."""

    terms: pd.DataFrame
    accuracy: pd.DataFrame
    codes: pd.DataFrame
    draws: pd.DataFrame
    notes: list[Note]


class Job:
    """One model: its evidence, its naive fit, and how a draw of codes is fitted."""

    def __init__(
        self,
        sheet: CodingSheet,
        table: pd.DataFrame,
        key: str,
        spec: ModelSpec,
        scores: str | None,
        base: Coding | None,
        accuracy: Accuracy | None,
        gold: pd.DataFrame | None,
        differential: bool,
    ) -> None:
        self.spec, self.key = spec, key
        self.indicators = sheet.indicators
        book = sheet.codebook
        self.codes = [sorted(c.value for c in book.indicators[i].codes) for i in self.indicators]
        self.scales = [book.indicators[i].scale for i in self.indicators]
        used = _check_spec(spec, book, self.indicators, scores)
        self.table = table.iloc[places_by_id(table[key])].reset_index(drop=True)
        self.coders = _coders_by_codes(sheet, self.cases, self.indicators)
        self.evidence = self._evidence(sheet, accuracy, gold, None)
        self.columns = self._columns(book, used, scores, base)
        self.naive_codes = self._naive_codes(base)
        self.needed: npt.NDArray[np.bool_] = np.asarray(np.abs(self.columns.slope).max(axis=1) > 0)
        _some_coded(self.evidence, self.naive_codes, self.needed, self.cases, sheet)
        self.naive = self.refit(
            np.where(self.naive_codes >= 0, self.naive_codes, _placeholder(self.evidence))
        )
        self._keep_fitted_cases()
        if differential:
            self.evidence = self._evidence(sheet, accuracy, gold, self._binary_outcome())
        codes_of = list(zip(self.indicators, self.codes, strict=True))
        self.labels = [(case, i, codes) for case in self.cases for i, codes in codes_of]
        self.design = linear_design(self.naive.design, self.table, self.columns.names)
        moved = np.abs(self.design.B).max(axis=(0, 1)) > 0
        self.coded_terms = [t for t, m in zip(self.naive.design.names, moved, strict=True) if m]

    @property
    def cases(self) -> list[str]:
        """Ids of the cases of the table, in its order."""
        return self.table[self.key].astype(str).tolist()

    def _evidence(
        self,
        sheet: CodingSheet,
        accuracy: Accuracy | None,
        gold: pd.DataFrame | None,
        outcome: npt.NDArray[np.int64] | None,
    ) -> Evidence:
        """What coders, gold codes and prior accuracy say of the codes of the cases."""
        return _evidence(
            sheet, self.coders, self.cases, self.indicators, self.codes, accuracy, gold, outcome
        )

    def _columns(
        self, book: Codebook, used: list[str], scores: str | None, base: Coding | None
    ) -> Columns:
        """How the columns of the formula depend on the codes."""
        if scores is None:
            return plain_columns(book, self.indicators, used, len(self.table))
        if base is None:
            raise SpecError(
                "scores are made of all codes: give base, the study's adjudicated coding."
            )
        return scored_columns(base, self.indicators, used, self.cases, scores)

    def _naive_codes(self, base: Coding | None) -> Codes:
        """The adjudicated code of every cell, else the majority's; -1 where there is none."""
        majority = _majority(self.evidence)
        if base is None:
            return majority
        _same_spelling(self.cases, base.table["case_id"], "base")
        adjudicated = _codes_of(base, self.indicators, self.cases, self.codes)
        return np.where(adjudicated >= 0, adjudicated, majority)

    def _keep_fitted_cases(self) -> None:
        """Leave out the cases that the naive fit left out."""
        if self.naive.design.y.size == len(self.table):
            return
        fitted = {str(c) for c in self.naive.cases}
        keep = np.array([case in fitted for case in self.cases])
        self.table = self.table[keep].reset_index(drop=True)
        self.evidence = _kept(self.evidence, keep)
        self.naive_codes = self.naive_codes[keep]
        self.columns = replace(self.columns, offset=self.columns.offset[keep])

    def _binary_outcome(self) -> npt.NDArray[np.int64]:
        """The outcome of every case, by which the accuracy of coders may differ."""
        y = self.naive.design.y
        if set(np.unique(y)) != {0.0, 1.0}:
            raise SpecError("accuracy can differ by an outcome of 0 and 1 only.")
        return y.astype(np.int64)

    def refit(self, t: Codes) -> Fit:
        """The declared model on codes t of all cases."""
        return self._fitted(t, np.ones(len(t), dtype=bool))

    def refit_coded(self, t: Codes) -> Fit:
        """The same on the cases of which every cell has a code in t; -1 where it is open."""
        return self._fitted(t, self.complete(t))

    def complete(self, t: Codes) -> npt.NDArray[np.bool_]:
        """The cases of which every cell that the formula needs has a code in t."""
        return np.asarray((t[:, self.needed] >= 0).all(axis=1))

    @cached_property
    def plain(self) -> Fit:
        """The naive estimate: the model on the adjudicated codes,
        without the cases that have an open cell.
        """
        rows = self.complete(self.naive_codes)
        if rows.all():
            return self.naive
        try:
            if not rows.any():
                raise FitError("no case is left.")
            return self._fitted(self.naive_codes, rows)
        except FitError as err:
            if not self.tied().any():
                raise
            raise FitError(
                f"{self.spec.name} has no naive estimate from the {int(rows.sum())} of {len(rows)}"
                f" cases without an open cell: {err} {int(self.tied().sum())} cell(s) are open"
                " because two codes or more have the same number of coders; give the adjudicated"
                " codes as base."
            ) from err

    def tied(self) -> npt.NDArray[np.bool_]:
        """Cells that stay open because two codes or more have the
        most coders, shape (cases, indicators).
        """
        out: npt.NDArray[np.bool_] = (
            (self.naive_codes < 0) & (self.evidence.given >= 0).any(axis=2) & self.needed
        )
        return out

    def _fitted(self, t: Codes, rows: npt.NDArray[np.bool_]) -> Fit:
        s = self.columns.of(np.maximum(t, 0))
        made = {name: s[:, d] for d, name in enumerate(self.columns.names)}
        table = self.table.assign(**made)[rows].reset_index(drop=True)
        return fit(StudyFrame(table, "case", self.key), self.spec)

    def _drawn(self, t: Codes) -> Fit:
        try:
            return self.refit(t)
        except FitError as err:
            raise FitError(
                f"with true codes as they were drawn, a model has no estimate. {err}"
            ) from err

    def run(self, draws: int, burn: int, thin: int, seed: np.random.SeedSequence) -> Part:
        """The chains of one model, its refits, and what they say."""
        chains = []
        constant = np.abs(self.design.B).max(axis=(0, 1)) == 0
        model = CodeModel.of(self.design.X0[:, constant])
        for s in tqdm(
            seed.spawn(CHAINS), desc=f"true codes, {self.spec.name}", disable=None, leave=False
        ):
            start = outcome_model(
                engine_of(self.spec).outcome,
                self.naive.design.y,
                self.naive.design.X,
                self.naive.terms["estimate"].to_numpy(),
            )
            chains.append(
                augment(
                    self.evidence,
                    self.columns,
                    self.design,
                    start,
                    model,
                    draws,
                    burn,
                    thin,
                    np.random.default_rng(s),
                )
            )
        fits = [
            self._drawn(t)
            for c in tqdm(chains, desc="refit", disable=None, leave=False)
            for t in c.codes
        ]
        drawn = pd.concat(
            [f.terms[["term", "estimate", "std_error"]].assign(draw=n) for n, f in enumerate(fits)],
            ignore_index=True,
        )
        notes = [
            *chain_notes(chains, self.naive.design.names, self.coded_terms, self.spec.name),
            *self._open(),
        ]
        drawn = drawn.assign(model=self.spec.name)
        terms = pooled_terms(self.naive, drawn, self.coded_terms, self.plain)
        return Part(terms, self._accuracy(chains), self._codes(chains), drawn, notes)

    def _open(self) -> Iterator[Note]:
        """Notes on the cells without an adjudicated code."""
        cases = int((~self.complete(self.naive_codes)).sum())
        tied = int(self.tied().sum())
        nobody = (self.naive_codes < 0) & self.needed & (self.evidence.given < 0).all(axis=2)
        uncoded = int(nobody.any(axis=1).sum())
        total = len(self.naive_codes)
        rest = f"The naive estimate is of the {total - cases} cases without an open cell."
        if uncoded:
            text = (
                f"{self.spec.name}: {uncoded} of {total} cases have a cell that nobody"
                f" coded. Its true code is imputed from the covariates and the outcome. {rest}"
            )
            yield Note("uncoded", text)
        if tied:
            text = (
                f"{self.spec.name}: {tied} cell(s) of {int(self.tied().any(axis=1).sum())} case(s)"
                f" stay open, because two codes or more have the same number of coders. {rest} Give"
                " the adjudicated codes as base to have these cells in it."
            )
            yield Note("ties", text)

    def _accuracy(self, chains: list[Chain]) -> pd.DataFrame:
        rows = []
        for s, scale in enumerate(dict.fromkeys(self.scales)):
            theta = np.concatenate([c.theta[s] for c in chains])
            values = self.codes[self.scales.index(scale)]
            for coder in sorted(self.coders):
                r = self.coders.index(coder)
                for g in range(theta.shape[2]):
                    for a, true in enumerate(values):
                        for b, given in enumerate(values):
                            x = theta[:, r, g, a, b]
                            rows.append(
                                (
                                    self.spec.name,
                                    scale,
                                    coder,
                                    g if theta.shape[2] > 1 else None,
                                    true,
                                    given,
                                    x.mean(),
                                    *np.quantile(x, [0.025, 0.975]),
                                )
                            )
        columns = ["model", "scale", "coder", "outcome", "true", "given", "mean", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def _codes(self, chains: list[Chain]) -> pd.DataFrame:
        t = np.concatenate([c.codes for c in chains])
        differ = disputed_cells(self.evidence)
        rows = [
            (
                self.spec.name,
                case,
                i,
                code,
                float((t[:, n // len(self.codes), n % len(self.codes)] == k).mean()),
                bool(differ[n // len(self.codes), n % len(self.codes)]),
            )
            for n, (case, i, values) in enumerate(self.labels)
            for k, code in enumerate(values)
        ]
        return pd.DataFrame(
            rows, columns=["model", "case_id", "indicator_id", "code", "probability", "disputed"]
        )


def pooled_terms(
    fitted: Fit, drawn: pd.DataFrame, coded: Sequence[str], plain: Fit | None = None
) -> pd.DataFrame:
    """Every term of a model, as it stands (or as ``plain`` has it) and pooled over draws; the
    columns of ``Propagated.terms``.
    """
    naive = (plain or fitted).terms.set_index("term").reindex(fitted.design.names)
    rows = []
    for term, own in drawn.groupby("term", sort=False):
        p = pooled_row(own["estimate"], own["std_error"], float(fitted.dfs[str(term)]))
        n = naive.loc[str(term)]
        rows.append(
            {
                "model": fitted.spec.name,
                "term": term,
                "coded": term in coded,
                "naive": n["estimate"],
                "naive_std_error": n["std_error"],
                "naive_conf_low": n["conf_low"],
                "naive_conf_high": n["conf_high"],
                "naive_p_value": n["p_value"],
                "estimate": p["estimate"],
                "std_error": p["std_error"],
                "df": p["df"],
                "conf_low": p["conf_low"],
                "conf_high": p["conf_high"],
                "p_value": p["p_value"],
                "share_coding": p["share"],
                "fmi": p["fmi"],
                "monte_carlo": p["monte_carlo"],
            }
        )
    return pd.DataFrame(rows)


def _same_spelling(cases: list[str], others: pd.Series, name: str) -> None:
    """Refuse ids that would be left out because the other table writes them in another way."""
    told = check_keys(
        "case_id",
        pd.Index(cases).unique(),
        pd.Index(others.dropna().astype(str).unique()),
        name,
        "data",
    )
    if told.refusal:
        raise SpecError(told.refusal)


def _some_coded(
    evidence: Evidence,
    naive_codes: Codes,
    needed: npt.NDArray[np.bool_],
    cases: list[str],
    sheet: CodingSheet,
) -> None:
    """Refuse where no case has a code in every cell that the formula needs."""
    coded = (evidence.given >= 0).any(axis=2) | (naive_codes >= 0)
    if coded[:, needed].all(axis=1).any():
        return
    known = sheet.table["case_id"]
    match = (
        ""
        if set(known) & set(cases)
        else f" Are the ids the same? data has {cases[0]!r}, the sheet {known.iloc[0]!r}."
    )
    raise SpecError(
        f"none of the {len(cases)} cases in data has the codes that the formula needs.{match}"
    )


def _check_spec(
    spec: ModelSpec, book: Codebook, indicators: list[str], scores: str | None
) -> list[str]:
    """The columns of the formula that the codes move; refuse a model that has none."""
    if not is_modelled(spec):
        raise SpecError(
            f"codes cannot be imputed given an outcome of engine {spec.engine!r}; the engines"
            f" are {', '.join(modelled_engines())}."
        )
    if scores is not None and scores not in LINEAR:
        raise SpecError(one_of("scores", scores, LINEAR))
    used = _columns_asked(spec, book, indicators, scores)
    if not used:
        raise SpecError(
            f"the formula of {spec.name} uses no column that the codes of"
            f" {', '.join(indicators)} move."
        )
    return used


def _columns_asked(
    spec: ModelSpec, book: Codebook, indicators: list[str], scores: str | None
) -> list[str]:
    used = list(dict.fromkeys(f.column for f in parse(spec.formula).factors))
    if scores is None:
        return [c for c in used if c in indicators]
    pillars = {book.pillar_of(i).id for i in indicators}
    made = (
        pillars
        | {"breadth", "weakest_dimension"}
        | {f"dimension_{book.indicators[i].dimension}" for i in indicators}
    )
    return [c for c in used if c in made]


def _coders_by_codes(sheet: CodingSheet, cases: list[str], indicators: list[str]) -> list[str]:
    """The coders in an order that only their codes decide, so
    that draws do not depend on their names.
    """
    codes = pd.concat(
        [sheet.values(i).reindex(index=cases, columns=sheet.coders) for i in indicators]
    )
    given = {c: tuple(codes[c].fillna(-np.inf)) for c in sheet.coders}
    return sorted(sheet.coders, key=lambda c: given[c])


def _codes_of(
    coding: Coding, indicators: list[str], cases: list[str], codes: list[list[int]]
) -> Codes:
    """Positions of the codes of a coding, shape (cases, indicators), -1 where it has none."""
    own = coding.codes(indicators).reindex(cases)
    out = np.full((len(cases), len(indicators)), -1, dtype=np.int64)
    for j, i in enumerate(indicators):
        at = {v: n for n, v in enumerate(codes[j])}
        out[:, j] = own[i].map(at).fillna(-1).astype(int)
    return out


def _evidence(
    sheet: CodingSheet,
    coders: list[str],
    cases: list[str],
    indicators: list[str],
    codes: list[list[int]],
    accuracy: Accuracy | None,
    gold: pd.DataFrame | None,
    stratum: npt.NDArray[np.int64] | None,
) -> Evidence:
    _same_spelling(cases, sheet.table["case_id"], "the sheet")
    given = np.full((len(cases), len(indicators), len(coders)), -1, dtype=np.int64)
    known = known_codes(gold, cases, indicators, codes)
    for j, i in enumerate(indicators):
        at = {v: n for n, v in enumerate(codes[j])}
        wide = sheet.values(i).reindex(index=cases, columns=coders)
        for r, coder in enumerate(coders):
            given[:, j, r] = wide[coder].map(at).fillna(-1).astype(int)
    scales = list(dict.fromkeys(sheet.codebook.indicators[i].scale for i in indicators))
    scale = tuple(scales.index(sheet.codebook.indicators[i].scale) for i in indicators)
    strata = np.zeros(len(cases), dtype=np.int64) if stratum is None else stratum
    prior = []
    for s in range(len(scales)):
        K = len(codes[scale.index(s)])
        counts = (accuracy or WEAK).counts(K)
        prior.append(np.broadcast_to(counts, (len(coders), int(strata.max()) + 1, K, K)).copy())
    return Evidence(given, known, tuple(map(len, codes)), scale, tuple(prior), strata)


def _kept(e: Evidence, keep: npt.NDArray[np.bool_]) -> Evidence:
    return Evidence(e.given[keep], e.gold[keep], e.codes, e.scale, e.prior, e.stratum[keep])


def _votes(e: Evidence) -> Codes:
    """How many coders gave each code, shape (cases, indicators, codes)."""
    return np.stack([(e.given == k).sum(axis=2) for k in range(max(e.codes))], axis=2)


def _majority(e: Evidence) -> Codes:
    """The code that most coders of a cell gave; -1 where nobody coded or two
    codes have the most; gold where it is known.
    """
    votes = _votes(e)
    most = votes.max(axis=2)
    single = (votes == most[:, :, None]).sum(axis=2) == 1
    return np.where(e.gold >= 0, e.gold, np.where(single & (most > 0), votes.argmax(axis=2), -1))


def _placeholder(e: Evidence) -> Codes:
    """Codes from which the chains start: of the codes that most coders gave, each in turn; the
    lowest where nobody coded.
    """
    votes = _votes(e)
    most = votes.max(axis=2)
    out: Codes = votes.argmax(axis=2)
    open_cells = np.argwhere((most > 0) & ((votes == most[:, :, None]).sum(axis=2) > 1))
    for turn, (n, j) in enumerate(open_cells):
        tied = np.flatnonzero(votes[n, j] == most[n, j])
        out[n, j] = tied[turn % len(tied)]
    return out


def disputed_cells(e: Evidence) -> npt.NDArray[np.bool_]:
    """Cells on which two coders differ, shape (cases, indicators)."""
    low = np.where(e.given >= 0, e.given, 10**6).min(axis=2)
    out: npt.NDArray[np.bool_] = e.given.max(axis=2) > low
    return out
