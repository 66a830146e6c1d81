"""One model of ``propagate``: what is known of its true codes, its fit as if they were known, and draws of them refitted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from peacestudy.coding import Coding, CodingSheet
from peacestudy.core.codebook import Codebook
from peacestudy.core.frame import StudyFrame
from peacestudy.core.key_check import check_keys
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models import Fit, ModelSpec, fit
from peacestudy.models.formulas.formula import parse
from peacestudy.models.inference.hypotheses import quantile, two_sided
from peacestudy.models.missing.pool import pool
from peacestudy.robustness.accuracy import WEAK, Accuracy
from peacestudy.robustness.augment import Chain, Codes, Evidence, augment
from peacestudy.robustness.code_model import CodeModel
from peacestudy.robustness.coded_columns import LINEAR, Columns, linear_design, plain_columns, scored_columns
from peacestudy.robustness.diagnosis import chain_notes
from peacestudy.robustness.gold import known_codes
from peacestudy.robustness.outcome_model import outcome_model

ENGINES = ("linear", "logit", "firth")
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
        self, sheet: CodingSheet, table: pd.DataFrame, key: str, spec: ModelSpec, scores: str | None, base: Coding | None,
        accuracy: Accuracy | None, gold: pd.DataFrame | None, differential: bool,
    ) -> None:  # fmt: skip
        if spec.engine not in ENGINES:
            raise SpecError(
                f"codes cannot be imputed given an outcome of engine {spec.engine!r}; the engines are {', '.join(ENGINES)}."
            )
        self.spec, self.key = spec, key
        self.indicators = sheet.indicators
        book = sheet.codebook
        codes = [sorted(c.value for c in book.indicators[i].codes) for i in self.indicators]
        if scores is not None and scores not in LINEAR:
            raise SpecError(one_of("scores", scores, LINEAR))
        asked = _columns_asked(spec, book, self.indicators, scores)
        if not asked:
            raise SpecError(
                f"the formula of {spec.name} uses no column that the codes of {', '.join(self.indicators)} move."
            )
        self.table = table.reset_index(drop=True)
        cases = self.table[key].astype(str).tolist()
        self.evidence = _evidence(sheet, cases, self.indicators, codes, accuracy, gold, None)
        self.settled = _majority(self.evidence)
        coded = (self.evidence.given >= 0).any(axis=2) | (self.evidence.gold >= 0)
        if scores is None:
            self.columns: Columns = plain_columns(book, self.indicators, asked, len(cases))
        else:
            if base is None:
                raise SpecError("scores are made of all codes: give base, the study's settled coding.")
            _same_spelling(cases, base.table["case_id"], "base")
            self.columns = scored_columns(base, self.indicators, asked, cases, scores)
            own = base.codes(self.indicators).reindex(cases)
            for j, i in enumerate(self.indicators):
                at = {v: n for n, v in enumerate(codes[j])}
                known = own[i].map(at).to_numpy(dtype=float, na_value=np.nan)
                self.settled[:, j] = np.where(np.isnan(known), self.settled[:, j], np.nan_to_num(known).astype(int))
                coded[:, j] |= ~np.isnan(known)
        self.whole: npt.NDArray[np.bool_] = np.all(coded[:, np.abs(self.columns.slope).max(axis=1) > 0], axis=1)
        _some_coded(self.whole, cases, sheet)
        self.naive = self.refit(self.settled)
        if self.naive.design.y.size != len(self.table):
            self.table = self.table[self.table[key].isin(self.naive.cases)].reset_index(drop=True)
            keep = np.isin(np.array(cases, dtype=object), [str(c) for c in self.naive.cases])
            self.evidence, self.settled, self.whole = _kept(self.evidence, keep), self.settled[keep], self.whole[keep]
            self.columns = Columns(
                self.columns.names, self.columns.offset[keep], self.columns.slope, self.columns.value
            )
            cases = self.table[key].astype(str).tolist()
        if differential:
            y = self.naive.design.y
            if set(np.unique(y)) != {0.0, 1.0}:
                raise SpecError("accuracy can differ by an outcome of 0 and 1 only.")
            self.evidence = _evidence(sheet, cases, self.indicators, codes, accuracy, gold, y.astype(np.int64))
        self.labels = [(c, i, codes[j]) for c in cases for j, i in enumerate(self.indicators)]
        self.codes = codes
        self.scales = [book.indicators[i].scale for i in self.indicators]
        self.coders = sheet.coders
        self.design = linear_design(self.naive.design, self.table, self.columns.names)
        moved = np.abs(self.design.B).max(axis=(0, 1)) > 0
        self.coded_terms = [t for t, m in zip(self.naive.design.names, moved, strict=True) if m]
        self.plain = self.naive if self.whole.all() else self.refit_coded(self.settled)

    def refit(self, t: Codes) -> Fit:
        """The declared model on codes t of all cases."""
        return self._fitted(t, np.ones(len(t), dtype=bool))

    def refit_coded(self, t: Codes) -> Fit:
        """The same on the cases of which every cell has a code: where none was given there is nothing to take for true."""
        return self._fitted(t, self.whole)

    def _fitted(self, t: Codes, rows: npt.NDArray[np.bool_]) -> Fit:
        s = self.columns.of(t)
        made = {name: s[:, d] for d, name in enumerate(self.columns.names)}
        table = self.table.assign(**made)[rows].reset_index(drop=True)
        return fit(StudyFrame(table, "case", self.key), self.spec)

    def _drawn(self, t: Codes) -> Fit:
        try:
            return self.refit(t)
        except FitError as err:
            raise FitError(f"with true codes as they were drawn, a model has no estimate. {err}") from err

    def run(self, draws: int, burn: int, thin: int, seed: np.random.SeedSequence) -> Part:
        """The chains of one model, its refits, and what they say."""
        chains = []
        constant = np.abs(self.design.B).max(axis=(0, 1)) == 0
        model = CodeModel.of(self.design.X0[:, constant])
        for s in tqdm(seed.spawn(CHAINS), desc=f"true codes, {self.spec.name}", disable=None, leave=False):
            start = outcome_model(
                self.spec.engine, self.naive.design.y, self.naive.design.X, self.naive.terms["estimate"].to_numpy()
            )
            chains.append(
                augment(
                    self.evidence, self.columns, self.design, start, model, draws, burn, thin, np.random.default_rng(s)
                )
            )
        fits = [self._drawn(t) for c in tqdm(chains, desc="refit", disable=None, leave=False) for t in c.codes]
        drawn = pd.concat(
            [f.terms[["term", "estimate", "std_error"]].assign(draw=n) for n, f in enumerate(fits)], ignore_index=True
        )
        notes = [*chain_notes(chains, self.naive.design.names, self.coded_terms, self.spec.name), *self._uncoded()]
        drawn = drawn.assign(model=self.spec.name)
        terms = pooled_terms(self.naive, drawn, self.coded_terms, self.plain)
        return Part(terms, self._accuracy(chains), self._codes(chains), drawn, notes)

    def _uncoded(self) -> Iterator[Note]:
        if not self.whole.all():
            text = (
                f"{self.spec.name}: {int((~self.whole).sum())} of {len(self.whole)} cases have a cell that nobody coded. Its true code is imputed "
                "from the covariates and the outcome; the naive estimate is of the other cases."
            )
            yield Note("uncoded", text)

    def _accuracy(self, chains: list[Chain]) -> pd.DataFrame:
        rows = []
        for s, scale in enumerate(dict.fromkeys(self.scales)):
            theta = np.concatenate([c.theta[s] for c in chains])
            values = self.codes[self.scales.index(scale)]
            for r, coder in enumerate(self.coders):
                for g in range(theta.shape[2]):
                    for a, true in enumerate(values):
                        for b, given in enumerate(values):
                            x = theta[:, r, g, a, b]
                            rows.append((self.spec.name, scale, coder, g if theta.shape[2] > 1 else None, true, given,
                                         x.mean(), *np.quantile(x, [0.025, 0.975])))  # fmt: skip
        columns = ["model", "scale", "coder", "outcome", "true", "given", "mean", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def _codes(self, chains: list[Chain]) -> pd.DataFrame:
        t = np.concatenate([c.codes for c in chains])
        differ = disputed_cells(self.evidence)
        rows = [
            (self.spec.name, case, i, code, float((t[:, n // len(self.codes), n % len(self.codes)] == k).mean()),
             bool(differ[n // len(self.codes), n % len(self.codes)]))
            for n, (case, i, values) in enumerate(self.labels) for k, code in enumerate(values)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["model", "case_id", "indicator_id", "code", "probability", "disputed"])


def pooled_terms(fitted: Fit, drawn: pd.DataFrame, coded: Sequence[str], plain: Fit | None = None) -> pd.DataFrame:
    """Every term of a model, as it stands (or as ``plain`` has it) and pooled over draws; the columns of ``Propagated.terms``."""
    naive = (plain or fitted).terms.set_index("term").reindex(fitted.design.names)
    rows = []
    for term, own in drawn.groupby("term", sort=False):
        p = pool(own["estimate"], own["std_error"] ** 2, float(fitted.dfs[str(term)]))
        half = quantile(0.975, p.df) * p.std_error
        n = naive.loc[str(term)]
        rows.append({
            "model": fitted.spec.name, "term": term, "coded": term in coded, "naive": n["estimate"],
            "naive_std_error": n["std_error"], "naive_conf_low": n["conf_low"], "naive_conf_high": n["conf_high"],
            "naive_p_value": n["p_value"], "estimate": p.estimate, "std_error": p.std_error, "df": p.df,
            "conf_low": p.estimate - half, "conf_high": p.estimate + half,
            "p_value": float(two_sided(np.array([p.estimate / p.std_error]), p.df)[0]), "share_coding": p.share, "fmi": p.fmi,
            "monte_carlo": p.monte_carlo,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _same_spelling(cases: list[str], others: pd.Series, name: str) -> None:
    """Refuse ids that would be left out because the other table writes them in another way."""
    told = check_keys("case_id", pd.Index(cases).unique(), pd.Index(others.dropna().astype(str).unique()), name, "data")
    if told.refusal:
        raise SpecError(told.refusal)


def _some_coded(whole: npt.NDArray[np.bool_], cases: list[str], sheet: CodingSheet) -> None:
    if not whole.any():
        known = sheet.table["case_id"]
        match = (
            ""
            if set(known) & set(cases)
            else f" Are the ids the same? data has {cases[0]!r}, the sheet {known.iloc[0]!r}."
        )
        raise SpecError(f"none of the {len(cases)} cases in data has the codes that the formula needs.{match}")


def _columns_asked(spec: ModelSpec, book: Codebook, indicators: list[str], scores: str | None) -> list[str]:
    used = list(dict.fromkeys(f.column for f in parse(spec.formula).factors))
    if scores is None:
        return [c for c in used if c in indicators]
    pillars = {book.pillar_of(i).id for i in indicators}
    made = (
        pillars | {"breadth", "weakest_dimension"} | {f"dimension_{book.indicators[i].dimension}" for i in indicators}
    )
    return [c for c in used if c in made]


def _evidence(
    sheet: CodingSheet, cases: list[str], indicators: list[str], codes: list[list[int]], accuracy: Accuracy | None,
    gold: pd.DataFrame | None, stratum: npt.NDArray[np.int64] | None,
) -> Evidence:  # fmt: skip
    _same_spelling(cases, sheet.table["case_id"], "the sheet")
    given = np.full((len(cases), len(indicators), len(sheet.coders)), -1, dtype=np.int64)
    known = known_codes(gold, cases, indicators, codes)
    for j, i in enumerate(indicators):
        at = {v: n for n, v in enumerate(codes[j])}
        wide = sheet.values(i).reindex(index=cases, columns=sheet.coders)
        for r, coder in enumerate(sheet.coders):
            given[:, j, r] = wide[coder].map(at).fillna(-1).astype(int)
    scales = list(dict.fromkeys(sheet.codebook.indicators[i].scale for i in indicators))
    scale = tuple(scales.index(sheet.codebook.indicators[i].scale) for i in indicators)
    strata = np.zeros(len(cases), dtype=np.int64) if stratum is None else stratum
    prior = []
    for s in range(len(scales)):
        K = len(codes[scale.index(s)])
        counts = (accuracy or WEAK).counts(K)
        prior.append(np.broadcast_to(counts, (len(sheet.coders), int(strata.max()) + 1, K, K)).copy())
    return Evidence(given, known, tuple(map(len, codes)), scale, tuple(prior), strata)


def _kept(e: Evidence, keep: npt.NDArray[np.bool_]) -> Evidence:
    return Evidence(e.given[keep], e.gold[keep], e.codes, e.scale, e.prior, e.stratum[keep])


def _majority(e: Evidence) -> Codes:
    """The most frequent code of every cell, ties to the code given by the first coder, empty cells to the lowest; gold where known."""
    n, J, R = e.given.shape
    out = np.zeros((n, J), dtype=np.int64)
    for j in range(J):
        votes = (e.given[:, j, :, None] == np.arange(e.codes[j])).sum(axis=1).astype(float)
        for r in reversed(range(R)):
            seen = e.given[:, j, r] >= 0
            votes[np.flatnonzero(seen), e.given[seen, j, r]] += 0.1 * 2.0 ** -(r + 1)
        out[:, j] = votes.argmax(axis=1)
    return np.where(e.gold >= 0, e.gold, out)


def disputed_cells(e: Evidence) -> npt.NDArray[np.bool_]:
    """Cells on which two coders differ, shape (cases, indicators)."""
    low = np.where(e.given >= 0, e.given, 10**6).min(axis=2)
    out: npt.NDArray[np.bool_] = e.given.max(axis=2) > low
    return out
