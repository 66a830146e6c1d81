"""The results of a study as tables: everything that figures and tables show, computed once."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError
from peacestudy.models import Fit, adjust, fit, permutation_test
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.inference import detectable
from peacestudy.models.inference.decisions import decisions
from peacestudy.models.inference.reference import contrast_df
from peacestudy.models.result import LIKELIHOOD_RATIO
from peacestudy.study.config import (
    Decision,
    Hypothesis,
    Permutation,
    Specification,
    Weighting,
)
from peacestudy.study.load import load_study
from peacestudy.study.results.selection import attempt_weights
from peacestudy.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# columns of a single effect that a joint test does not have
SINGLE_EFFECT = (
    "estimate",
    "estimate_low",
    "estimate_high",
    "odds_ratio",
    "conf_low",
    "conf_high",
    "detectable",
    "p_jackknife",
)
CHECKS = ("p_profile", "p_jackknife")


@dataclass(frozen=True, eq=False)
class Results:
    """Every result of a study, computed when asked for.

    Attributes
    ----------
    study : Study
        The study.
    cache : dict of str to object
        Intermediate results that several results use.

    Examples
    --------
    >>> results = ps.study.Results(ps.load_study("double_coding"))
    >>> results.table("models")[["model", "n"]].head(4)
                        model    n
    0        success_by_staff  863
    1  success_by_independent  863
    2        success_by_final  863
    3              staff_only  863
    >>> list(results.fits)[0], results.fits["success_by_staff"].spec.engine
    ('success_by_staff', 'logit')
    """

    study: Study
    cache: dict[str, Any] = field(default_factory=dict, repr=False)
    _frames: dict[tuple[str, str], StudyFrame] = field(default_factory=dict, repr=False)

    def sample(self, name: str, scores: str = "") -> StudyFrame:
        """A declared sample, with scores by the codebook's rule or by another; joined once."""
        key = (name, scores)
        if key not in self._frames:
            self._frames[key] = self.study.frame(name, scores or None)
        return self._frames[key]

    @cached_property
    def frame(self) -> StudyFrame:
        """The sample of the first declared specification: the primary one."""
        return self.sample(self.study.config.specs[0].sample)

    def data(self, spec: Specification) -> StudyFrame:
        """The data of a declared specification, with inverse-probability weights where its options
        name them.
        """
        frame = self.sample(spec.sample, spec.scores)
        if not self.is_weighted(spec):
            return frame
        weights = self.weights.set_index("case_id")["weight"]
        how = "inverse of the probability of selection"
        column = self.weighting.column
        return frame.with_columns(how, **{column: lambda data: data["case_id"].map(weights)})

    def is_weighted(self, spec: Specification) -> bool:
        """Whether a specification is weighted by the weights that are computed here."""
        column = self.study.config.weight_column
        return bool(column) and spec.options.get("weights") == column

    @property
    def weighting(self) -> Weighting:
        """How the cases are weighted."""
        rule = self.study.config.weighting
        if rule is None:
            raise SpecError(f"study.toml of {self.study.config.id} declares no [weighting].")
        return rule

    @property
    def selection(self) -> Fit:
        """The model of selection, from which the weights come."""
        return self.fits[self.weighting.spec]

    @cached_property
    def at_risk(self) -> StudyFrame:
        """The rows at risk of selection."""
        specs = {s.name: s for s in self.study.config.specs}
        return self.sample(specs[self.weighting.spec].sample)

    def data_of(self, model: str) -> pd.DataFrame:
        """The rows that a declared model was fitted on."""
        spec = next(s for s in self.study.config.specs if s.name == model)
        frame = self.data(spec)
        cases = list(self.fits[model].cases)
        used: pd.DataFrame = frame.data.set_index(frame.key).loc[cases].reset_index()
        return used

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Inverse-probability weights of the cases, see ``attempt_weights``."""
        return attempt_weights(self.at_risk.data, self.selection, self.weighting.case)

    @cached_property
    def fits(self) -> dict[str, Fit]:
        """Every declared specification on its sample, by name."""
        return {s.name: fit(self.data(s), s.model()) for s in self.study.config.specs}

    def figure(self, name: str) -> "Figure":
        """A figure of the study, by its name."""
        from peacestudy.figures.registry import FIGURES  # imports matplotlib

        known = [n for n, drawing in FIGURES.items() if self.study.config.id in drawing.studies]
        if name not in known:
            raise SpecError(one_of("figure", name, known))
        drawing = FIGURES[name]
        tables = {need: self.table(need) for need in drawing.needs}
        figure, _ = drawing.draw(tables)
        return figure

    def table(self, name: str) -> pd.DataFrame:
        """A result of the study by its name, computed once."""
        from peacestudy.study.results import results_of

        computed = results_of(self.study.config.id)
        if name not in computed:
            raise SpecError(one_of("result", name, list(computed)))
        if name not in self.cache:
            self.cache[name] = computed[name](self)
        # each label of the index stands for one row
        out: pd.DataFrame = self.cache[name].reset_index(drop=True)
        # read by ps.trace; empty where the tables are not those of the folder
        out.attrs["study"] = "" if self.study.releases else str(self.study.folder)
        return out

    def tested_terms(self, spec: str) -> list[str]:
        """The terms of a declared specification that its hypotheses name, each once."""
        named: dict[str, None] = {}
        for hypothesis in self.study.config.hypotheses:
            if hypothesis.spec == spec:
                named |= dict.fromkeys(hypothesis.terms)
        return list(named)

    @property
    def outcome(self) -> str:
        """The outcome of the first declared specification."""
        return self.study.outcome

    @property
    def pillars(self) -> list[str]:
        """Ids of the pillars, in order."""
        return [p.id for p in self.study.codebook.pillars]

    def terms(self) -> pd.DataFrame:
        """Every term of every fit: ``model, term, estimate, std_error, statistic, p_value,
        conf_low, conf_high``.
        """
        tables = [made.terms.assign(model=name) for name, made in self.fits.items()]
        columns = next(iter(self.fits.values())).terms.columns
        return pd.concat(tables, ignore_index=True)[["model", *columns]]

    def models(self) -> pd.DataFrame:
        """A row a fit: N, events, clusters, log-likelihood, formula, role."""
        specs = {s.name: s for s in self.study.config.specs}
        table = pd.concat([f.glance() for f in self.fits.values()], ignore_index=True)
        for column in ("role", "sample", "formula"):
            table[column] = [getattr(specs[model], column) for model in table["model"]]
        return table

    def notes(self) -> pd.DataFrame:
        """Every note of every fit and of the study: ``model, kind, text``."""
        rows = []
        for name, made in self.fits.items():
            rows += [(name, note.kind, note.text) for note in made.notes]
        rows += [("study", note.kind, note.text) for note in self.study.notes]
        return pd.DataFrame(rows, columns=["model", "kind", "text"])

    def hypotheses(self) -> pd.DataFrame:
        """The test of every hypothesis, and the smallest effect that this N could have detected.

        Returns
        -------
        DataFrame
            ``id, text, model, terms, direction``; ``estimate, estimate_low, estimate_high``, on
            the scale of the model, and ``odds_ratio, conf_low, conf_high``, missing for linear
            models (all missing for joint tests); ``statistic, df, p_value, family``;
            ``p_adjusted``, by which the hypothesis is decided, and ``p_comparison``, by the other
            adjustment;
            ``decision``; ``detectable``, the odds ratio (of linear, the difference) detected with
            the declared power at the level that decides, that of the first step of Holm's
            procedure over the family, or its inverse (missing for joint tests). Three robustness
            checks: ``p_profile`` (penalised likelihood ratio, adjusted over the family; of a joint
            test, the joint one), ``p_jackknife`` (standard errors of the jackknife by cluster,
            adjusted over the family; missing for joint tests) and ``p_permutation`` (over the
            family; of the joint test, the joint one). They are missing where no model of the same
            name with ``_profile`` or ``_jackknife`` is declared.
        """
        rule = self.decision
        table = pd.DataFrame([self._tested(h) for h in self.study.config.hypotheses])
        table["p_adjusted"] = table["p_value"]
        table["p_comparison"] = table["p_value"]
        for family in table.loc[table["family"] != "", "family"].unique():
            self._adjust_family(table, table["family"] == family)
        table["p_permutation"] = self._permutation_p(table)
        table["family"] = table["family"].where(table["family"] != "", None)
        table["decision"] = decisions(table, rule.alpha)
        return table

    def _adjust_family(self, table: pd.DataFrame, in_family: "pd.Series[bool]") -> None:
        """Adjust the p values of a family, in place.

        A hypothesis that cannot be tested counts with p = 1; the p values of a check are adjusted
        only where the whole family has them.
        """
        rule = self.decision
        tested = in_family & table["p_value"].notna()
        p_values = table.loc[in_family, "p_value"].fillna(1.0)
        table.loc[tested, "p_adjusted"] = adjust(p_values, rule.adjustment)
        table.loc[tested, "p_comparison"] = adjust(p_values, rule.comparison)
        for check in CHECKS:
            p_values = table.loc[in_family, check]
            complete = p_values.notna().all()
            adjusted = adjust(p_values, rule.adjustment) if complete else np.nan
            table.loc[in_family, check] = adjusted

    @property
    def decision(self) -> Decision:
        """How the declared hypotheses are decided."""
        rule = self.study.config.decision
        if rule is None:
            raise SpecError(f"study.toml of {self.study.config.id} declares no [decision].")
        return rule

    def _tested(self, hypothesis: Hypothesis) -> dict[str, object]:
        """The test of one hypothesis, before adjustment over its family."""
        head: dict[str, object] = {
            "id": hypothesis.id,
            "text": hypothesis.text,
            "model": hypothesis.spec,
            "terms": " ".join(hypothesis.terms),
            "direction": hypothesis.direction,
        }
        if len(hypothesis.terms) > 1 and not hypothesis.weights:
            return head | self._joint_test(hypothesis)
        return head | self._effect(hypothesis)

    def _joint_test(self, hypothesis: Hypothesis) -> dict[str, object]:
        terms = list(hypothesis.terms)
        test = self.fits[hypothesis.spec].joint_test(terms)
        checked = self.fits.get(f"{hypothesis.spec}_profile")
        p_profile = np.nan
        if checked is not None and engine_of(checked.spec).profile:
            p_profile = checked.joint_test(terms, method=LIKELIHOOD_RATIO).p_value
        return dict.fromkeys(SINGLE_EFFECT, np.nan) | {
            "p_profile": p_profile,
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "family": hypothesis.family,
        }

    def _effect(self, hypothesis: Hypothesis) -> dict[str, object]:
        """A single effect: its interval, its test and the smallest detectable effect."""
        rule = self.decision
        made = self.fits[hypothesis.spec]
        weights = dict(zip(hypothesis.terms, hypothesis.weights or (1.0,), strict=True))
        row = self._effect_row(hypothesis, weights)
        linear = engine_of(made.spec).effect == "difference"
        effect = {
            "estimate": row["estimate"],
            "estimate_low": row["conf_low"],
            "estimate_high": row["conf_high"],
            "odds_ratio": np.nan if linear else np.exp(row["estimate"]),
            "conf_low": np.nan if linear else np.exp(row["conf_low"]),
            "conf_high": np.nan if linear else np.exp(row["conf_high"]),
        }
        contrast = np.array([[weights.get(term, 0.0) for term in made.vcov.columns]])
        df = float(contrast_df(made.spec, made.design, made.df, contrast)[0])
        std_error = float(row["std_error"])
        first_step = rule.alpha / self._family_size(hypothesis)
        smallest = detectable(std_error, rule.power, first_step, df)
        return effect | {
            "detectable": float(smallest if linear else np.exp(smallest)),
            "statistic": row["statistic"],
            "df": 1,
            "p_value": row["p_value"],
            "family": hypothesis.family,
            "p_profile": self._checked_p(hypothesis, "profile"),
            "p_jackknife": self._checked_p(hypothesis, "jackknife"),
        }

    def _effect_row(self, hypothesis: Hypothesis, weights: dict[str, float]) -> Any:
        """The estimate of a hypothesis's term, or of its weighted sum of terms."""
        return self._row_of(self.fits[hypothesis.spec], hypothesis, weights)

    def _row_of(self, made: Fit, hypothesis: Hypothesis, weights: dict[str, float]) -> Any:
        if hypothesis.weights:
            return made.contrast(weights).iloc[0]
        return made.terms.set_index("term").loc[hypothesis.terms[0]]

    def _family_size(self, hypothesis: Hypothesis) -> int:
        if not hypothesis.family:
            return 1
        families = [h.family for h in self.study.config.hypotheses]
        return families.count(hypothesis.family)

    def _checked_p(self, hypothesis: Hypothesis, check: str) -> float:
        """The p value from the spec of the same name with ``_profile`` or ``_jackknife``; NaN where
        there is none, and by profile of a weighted sum.
        """
        checked = self.fits.get(f"{hypothesis.spec}_{check}")
        if checked is None or (hypothesis.weights and check == "profile"):
            return np.nan
        weights = dict(zip(hypothesis.terms, hypothesis.weights or (1.0,), strict=True))
        return float(self._row_of(checked, hypothesis, weights)["p_value"])

    def other(self, name: str) -> "Results":
        """The results of another study with which this one is compared; computed once."""
        key = f"study {name}"
        if key not in self.cache:
            self.cache[key] = Results(load_study(name))
        out: Results = self.cache[key]
        return out

    @property
    def permutation(self) -> pd.DataFrame:
        """The permutation test, see ``peacestudy.models.permutation_test``, with its strata, draws
        and seed; computed once.
        """
        if "permutation" not in self.cache:
            self.cache["permutation"] = self._permuted()
        out: pd.DataFrame = self.cache["permutation"]
        return out

    def _permuted(self) -> pd.DataFrame:
        rule = self._permutation_rule()
        terms = [h.terms[0] for h in self.study.config.hypotheses if h.family == rule.family]
        table = permutation_test(
            self.frame,
            self.study.spec(rule.spec),
            terms,
            strata=rule.strata,
            draws=rule.draws,
            seed=rule.seed,
        )
        return table.assign(strata=rule.strata, draws=rule.draws, seed=rule.seed)

    def _permutation_rule(self) -> Permutation:
        rule = self.study.config.permutation
        if rule is None:
            raise SpecError(f"study.toml of {self.study.config.id} declares no [permutation].")
        return rule

    def _permutation_p(self, hypotheses: pd.DataFrame) -> list[float]:
        """The permutation p of every hypothesis that the test covers, NaN of the others."""
        if self.study.config.permutation is None:
            return [float("nan")] * len(hypotheses)
        rule = self._permutation_rule()
        tests = self.permutation.set_index("term")
        joint = float(tests["p_permutation"]["joint"])
        all_terms = " ".join(t for t in tests.index if t not in ("joint", "any by Holm"))
        out = []
        for row in hypotheses.itertuples():
            if (row.model, row.terms) == (rule.spec, all_terms):
                out.append(joint)
            elif row.family == rule.family:
                out.append(float(tests["p_family"].get(row.terms, np.nan)))
            else:
                out.append(np.nan)
        return out

    def ledger(self) -> pd.DataFrame:
        """The ledger from the source's rows to the primary sample."""
        return self.frame.ledger.table()
