"""The results of a study as tables: everything that figures and tables
show is computed here, once, and written as CSV.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError
from peacestudy.models import Fit, adjust, detectable, fit, permutation_test
from peacestudy.models.inference.reference import contrast_df
from peacestudy.study.config import Decision, Hypothesis, Permutation, Specification
from peacestudy.study.results.selection import WEIGHT, attempt_weights
from peacestudy.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Results:
    """Every result of a study, computed when asked for.

    Attributes
    ----------
    study : the study.
    kept : what is computed once and used by several results.
    """

    study: Study
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    _frames: dict[tuple[str, str], StudyFrame] = field(default_factory=dict, repr=False)

    def sample(self, name: str, scores: str = "") -> StudyFrame:
        """A declared sample, scored as the codebook says or by another rule; joined once."""
        if (name, scores) not in self._frames:
            self._frames[name, scores] = self.study.frame(name, scores or None)
        return self._frames[name, scores]

    @cached_property
    def frame(self) -> StudyFrame:
        """The sample of the first declared specification: the primary one."""
        return self.sample(self.study.config.specs[0].sample)

    def data(self, spec: Specification) -> StudyFrame:
        """What a declared specification is fitted on; with weights for the
        chance of an attempt where it asks for them.
        """
        frame = self.sample(spec.sample, spec.scores)
        if spec.options.get("weights") != WEIGHT:
            return frame
        weights = self.weights.set_index("case_id")["weight"]
        why = "inverse of the chance of an attempt"
        return frame.with_columns(why, **{WEIGHT: lambda data: data["case_id"].map(weights)})

    def data_of(self, model: str) -> pd.DataFrame:
        """The rows that a declared model was fitted on."""
        frame = self.data(next(s for s in self.study.config.specs if s.name == model))
        used: pd.DataFrame = (
            frame.data.set_index(frame.key).loc[list(self.fits[model].cases)].reset_index()
        )
        return used

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Inverse-probability weights of the attempts, see ``attempt_weights``."""
        return attempt_weights(self.sample("at_risk").data, self.fits["selection"])

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
        if name not in self.kept:
            self.kept[name] = computed[name](self)
        out: pd.DataFrame = self.kept[name].reset_index(drop=True)  # a label stands for one row
        out.attrs["study"] = (
            "" if self.study.releases else str(self.study.folder)
        )  # for ps.trace, which reads nothing else from attrs
        return out

    @property
    def outcome(self) -> str:
        """The outcome of the first declared specification."""
        return self.study.outcome

    @property
    def pillars(self) -> list[str]:
        """Ids of the pillars, in order."""
        return [p.id for p in self.study.codebook.pillars]

    def terms(self) -> pd.DataFrame:
        """Every term of every fit: ``model, term, estimate, std_error,
        statistic, p_value, conf_low, conf_high``.
        """
        every = pd.concat(
            [f.terms.assign(model=name) for name, f in self.fits.items()], ignore_index=True
        )
        return every[["model", *next(iter(self.fits.values())).terms.columns]]

    def models(self) -> pd.DataFrame:
        """A row a fit: N, events, clusters, log-likelihood, formula, role."""
        roles = {s.name: (s.role, s.sample, s.formula) for s in self.study.config.specs}
        table = pd.concat([f.glance() for f in self.fits.values()], ignore_index=True)
        for i, column in enumerate(("role", "sample", "formula")):
            table[column] = [roles[m][i] for m in table["model"]]
        return table

    def notes(self) -> pd.DataFrame:
        """Every note of every fit: ``model, kind, text``."""
        rows = [(name, n.kind, n.text) for name, f in self.fits.items() for n in f.notes]
        rows += [("study", n.kind, n.text) for n in self.study.notes]
        return pd.DataFrame(rows, columns=["model", "kind", "text"])

    def hypotheses(self) -> pd.DataFrame:
        """What was found of every hypothesis, and what this N could have found.

        Returns
        -------
        DataFrame
            ``id, text, model, terms``; ``estimate, estimate_low, estimate_high``, on the scale of
            the model, and ``odds_ratio, conf_low, conf_high``, missing for linear models (all
            missing for joint tests); ``statistic, df, p_value, family, p_decide, p_beside,
            decision``; ``detectable``, the odds ratio (of linear, the difference) found with the
            declared power by a single two-sided test at the declared level, and
            ``detectable_family``, the same at the level of the first step of Holm's procedure
            (missing for joint tests); or their inverses. The checks, which decide nothing:
            ``p_profile`` (penalised likelihood ratio, adjusted over the family; missing for joint
            tests) and ``p_permutation`` (over the family; of the joint test, the joint one).
        """
        rule = self.decision
        table = pd.DataFrame([self._tested(h) for h in self.study.config.hypotheses])
        table["p_decide"], table["p_beside"] = table["p_value"], table["p_value"]
        for family in table.loc[table["family"] != "", "family"].unique():
            part = table["family"] == family
            tested = part & table["p_value"].notna()
            # a hypothesis that cannot be tested stays in the family
            p_values = table.loc[part, "p_value"].fillna(1.0)
            table.loc[tested, "p_decide"] = adjust(p_values, rule.decide)
            table.loc[tested, "p_beside"] = adjust(p_values, rule.beside)
            # of a family in part nothing can be adjusted
            known = table.loc[part, "p_profile"].notna().all()
            table.loc[part, "p_profile"] = (
                adjust(table.loc[part, "p_profile"], rule.decide) if known else np.nan
            )
        table["p_permutation"] = self._dealt(table)
        table["family"] = table["family"].where(table["family"] != "", None)
        table["decision"] = np.where(
            table["p_decide"] < rule.alpha, "null rejected", "null not rejected"
        )
        table.loc[table["p_decide"].isna(), "decision"] = "not tested"
        return table

    @property
    def decision(self) -> Decision:
        """How the declared hypotheses are decided."""
        rule = self.study.config.decision
        if rule is None:
            raise SpecError(f"study.toml of {self.study.config.id} declares no [decision].")
        return rule

    def _tested(self, h: Hypothesis) -> dict[str, object]:
        found = self.fits[h.spec]
        head: dict[str, object] = {
            "id": h.id,
            "text": h.text,
            "model": h.spec,
            "terms": " ".join(h.terms),
        }
        if len(h.terms) > 1 and not h.weights:
            test = found.joint_test(list(h.terms))
            empty = dict.fromkeys(
                [
                    "estimate",
                    "estimate_low",
                    "estimate_high",
                    "odds_ratio",
                    "conf_low",
                    "conf_high",
                    "detectable",
                    "detectable_family",
                    "p_profile",
                ],
                np.nan,
            )
            said = {
                "statistic": test.statistic,
                "df": test.df,
                "p_value": test.p_value,
                "family": h.family,
            }
            return head | empty | said
        combined: Any = (
            found.contrast(dict(zip(h.terms, h.weights, strict=True))) if h.weights else found.terms
        )
        row = combined.iloc[0] if h.weights else combined.set_index("term").loc[h.terms[0]]
        return head | self._effect(h, row)

    def _effect(self, h: Hypothesis, row: "pd.Series[float]") -> dict[str, object]:
        """A single effect with its interval, its test and what could have been found."""
        rule = self.decision
        linear = self.fits[h.spec].spec.engine == "linear"
        checked = self.fits.get(f"{h.spec}_profile")
        profile = (
            dict(zip(checked.terms["term"], checked.terms["p_value"], strict=True))
            if checked
            else {}
        )
        size = (
            sum(
                1 for other in self.study.config.hypotheses if h.family and other.family == h.family
            )
            or 1
        )
        scale = (lambda x: x) if linear else np.exp
        ends = row["estimate"], row["conf_low"], row["conf_high"]
        given = dict(zip(h.terms, h.weights or (1.0,), strict=True))
        made = self.fits[h.spec]
        weights = np.array([[given.get(term, 0.0) for term in made.vcov.columns]])
        # of the test by which it is decided
        df = float(contrast_df(made.spec, made.design, made.df, weights)[0])
        ratio = (np.nan,) * 3 if linear else tuple(np.exp(e) for e in ends)
        least, strict = (
            float(scale(detectable(float(row["std_error"]), rule.power, a, df)))
            for a in (rule.alpha, rule.alpha / size)
        )
        return {
            **dict(zip(("estimate", "estimate_low", "estimate_high"), ends, strict=True)),
            **dict(zip(("odds_ratio", "conf_low", "conf_high"), ratio, strict=True)),
            "detectable": least,
            "detectable_family": strict,
            "statistic": row["statistic"],
            "df": 1,
            "p_value": row["p_value"],
            "family": h.family,
            "p_profile": np.nan if h.weights else profile.get(h.terms[0], np.nan),
        }

    @cached_property
    def dealt(self) -> pd.DataFrame:
        """The permutation check, see
        ``peacestudy.models.permutation_test``; strata, draws and seed
        beside.
        """
        rule = self._permutation()
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

    def _permutation(self) -> Permutation:
        rule = self.study.config.permutation
        if rule is None:
            raise SpecError(f"study.toml of {self.study.config.id} declares no [permutation].")
        return rule

    def _dealt(self, hypotheses: pd.DataFrame) -> list[float]:
        """The permutation p of every hypothesis that the check speaks to."""
        if self.study.config.permutation is None:
            return [float("nan")] * len(hypotheses)
        of, rule = self.dealt.set_index("term"), self._permutation()
        single, joint = of["p_family"], float(of["p_permutation"]["joint"])
        everything = " ".join(t for t in of.index if t not in ("joint", "any by Holm"))
        return [
            (
                joint
                if (m, t) == (rule.spec, everything)
                else float(single.get(t, np.nan))
                if f == rule.family
                else np.nan
            )
            for m, t, f in zip(
                hypotheses["model"], hypotheses["terms"], hypotheses["family"], strict=True
            )
        ]

    def ledger(self) -> pd.DataFrame:
        """The ledger from the source's rows to the primary sample."""
        return self.frame.ledger.table()
