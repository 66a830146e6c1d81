"""The results of a study as tables: everything that figures and tables show is computed here, once, and written as CSV."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.coding import internal_consistency
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError
from peacestudy.figures.registry import FIGURES
from peacestudy.models import Fit, adjust, detectable, fit, kaplan_meier, permutation_test
from peacestudy.study.study import Study

OUTCOME = "lasting_peace"


@dataclass(frozen=True, eq=False)
class Results:
    """Every result of a study, computed when asked for.

    Attributes
    ----------
    study : the study.
    """

    study: Study

    @cached_property
    def frame(self) -> StudyFrame:
        """The primary sample."""
        return self.study.frame("primary")

    @cached_property
    def fits(self) -> dict[str, Fit]:
        """Every declared specification on the primary sample, by name."""
        return {spec.name: fit(self.frame, spec) for spec in self.study.specs}

    def figure(self, name: str) -> Figure:
        """A figure of the study: ``profile``, ``forest``, ``survival`` or ``ledger``."""
        if name not in FIGURES:
            raise SpecError(one_of("figure", name, list(FIGURES)))
        return FIGURES[name].draw({need: RESULTS[need](self) for need in FIGURES[name].needs})[0]

    @property
    def pillars(self) -> list[str]:
        """Ids of the pillars, in order."""
        return [p.id for p in self.study.codebook.pillars]

    def terms(self) -> pd.DataFrame:
        """Every term of every fit: ``model, term, estimate, std_error, statistic, p_value, conf_low, conf_high``."""
        return pd.concat([f.terms.assign(model=name) for name, f in self.fits.items()])[
            ["model", *next(iter(self.fits.values())).terms.columns]
        ]

    def models(self) -> pd.DataFrame:
        """A row a fit: N, events, clusters, log-likelihood, formula, role."""
        roles = {s.name: (s.role, s.formula) for s in self.study.config.specs}
        table = pd.concat([f.glance() for f in self.fits.values()], ignore_index=True)
        return table.assign(
            role=table["model"].map(lambda m: roles[m][0]), formula=table["model"].map(lambda m: roles[m][1])
        )

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
            ``id, text, model, terms, odds_ratio, conf_low, conf_high`` (a standard deviation more; missing for joint tests),
            ``statistic, df, p_value, family, p_decide, p_beside, decision``; ``detectable``, the odds ratio found with the
            declared power by a single two-sided test at the declared level, and ``detectable_family``, the same at the
            level of the first step of Holm's procedure (missing for joint tests); or their inverses. The checks, which decide nothing:
            ``p_profile`` (penalised likelihood ratio, adjusted over the family; missing for joint tests) and
            ``p_permutation`` (over the family; of the joint test, the joint one).
        """
        rule = self.study.config.decision
        rows = [self._tested(h.id, h.text, h.spec, h.terms, h.family) for h in self.study.config.hypotheses]
        table = pd.DataFrame(rows)
        table["p_decide"], table["p_beside"] = table["p_value"], table["p_value"]
        for family in table.loc[table["family"] != "", "family"].unique():
            part = table["family"] == family
            table.loc[part, "p_decide"] = adjust(table.loc[part, "p_value"], rule.decide)
            table.loc[part, "p_beside"] = adjust(table.loc[part, "p_value"], rule.beside)
            table.loc[part, "p_profile"] = adjust(table.loc[part, "p_profile"], rule.decide)
        table["p_permutation"] = self._dealt(table)
        table["family"] = table["family"].where(table["family"] != "", None)
        table["decision"] = np.where(table["p_decide"] < rule.alpha, "null rejected", "null not rejected")
        return table

    def _tested(self, id_: str, text: str, spec: str, terms: tuple[str, ...], family: str) -> dict[str, object]:
        found, rule = self.fits[spec], self.study.config.decision
        head: dict[str, object] = {"id": id_, "text": text, "model": spec, "terms": " ".join(terms)}
        if len(terms) > 1:
            test = found.joint_test(list(terms))
            empty = dict.fromkeys(
                ["odds_ratio", "conf_low", "conf_high", "detectable", "detectable_family", "p_profile"], np.nan
            )
            return (
                head | empty | {"statistic": test.statistic, "df": test.df, "p_value": test.p_value, "family": family}
            )
        row = found.tidy(exponentiate=True).set_index("term").loc[terms[0]]
        checked = self.fits.get(f"{spec}_profile")
        profile = dict(zip(checked.terms["term"], checked.terms["p_value"], strict=True)) if checked else {}
        std_error = float(found.terms.set_index("term")["std_error"][terms[0]])
        size = sum(1 for h in self.study.config.hypotheses if family and h.family == family) or 1
        least, strict = (float(np.exp(detectable(std_error, rule.power, a))) for a in (rule.alpha, rule.alpha / size))
        return head | {
            "odds_ratio": row["estimate"], "conf_low": row["conf_low"], "conf_high": row["conf_high"],
            "detectable": least, "detectable_family": strict,
            "statistic": row["statistic"], "df": 1, "p_value": row["p_value"], "family": family,
            "p_profile": profile.get(terms[0], np.nan),
        }  # fmt: skip

    @cached_property
    def dealt(self) -> pd.DataFrame:
        """The permutation check, see ``peacestudy.models.permutation_test``; strata, draws and seed beside."""
        rule = self.study.config.permutation
        terms = [h.terms[0] for h in self.study.config.hypotheses if h.family == rule.family]
        table = permutation_test(
            self.frame, self.study.spec(rule.spec), terms, strata=rule.strata, draws=rule.draws, seed=rule.seed
        )
        return table.assign(strata=rule.strata, draws=rule.draws, seed=rule.seed)

    def _dealt(self, hypotheses: pd.DataFrame) -> list[float]:
        """The permutation p of every hypothesis that the check speaks to."""
        of = self.dealt.set_index("term")
        rule = self.study.config.permutation
        single, joint = of["p_family"], float(of["p_permutation"]["joint"])
        everything = " ".join(t for t in of.index if t not in ("joint", "any by Holm"))
        return [
            joint if (m, t) == (rule.spec, everything) else float(single.get(t, np.nan)) if f == rule.family else np.nan
            for m, t, f in zip(hypotheses["model"], hypotheses["terms"], hypotheses["family"], strict=True)
        ]

    def influence(self) -> pd.DataFrame:
        """The decided family with each case left out in turn: ``case_id, label, p_h1, ...``, the adjusted p values."""
        rule, family = self.study.config.decision, [h for h in self.study.config.hypotheses if h.family]
        spec, terms = self.study.spec(family[0].spec), [h.terms[0] for h in family]
        rows = []
        for case in self.frame.data["case_id"]:
            left = self.frame.keep(self.frame.data["case_id"] != case, "one case left out", case)
            p = fit(left, spec).terms.set_index("term")["p_value"][terms]
            rows.append([case, *adjust(p, rule.decide)])
        table = pd.DataFrame(rows, columns=["case_id", *(f"p_{h.id.lower()}" for h in family)])
        table.insert(1, "label", self.frame.data["label"].to_numpy())
        return table

    def profile(self) -> pd.DataFrame:
        """Pillar scores of every case of the primary sample, with its outcome, sorted by outcome and breadth."""
        columns = ["case_id", "label", "t0", OUTCOME, "stopped", *self.pillars, "breadth", "power_sharing"]
        return self.frame.data[columns].sort_values(
            [OUTCOME, "breadth", "case_id"], ascending=[False, False, True], ignore_index=True
        )

    def descriptive(self) -> pd.DataFrame:
        """Scores and controls by outcome: ``variable, n, missing, mean, sd, min, max, mean_peace, mean_none, difference``."""
        data = self.frame.data
        columns = [*self.pillars, "breadth", "power_sharing", *sorted(self.study.covariates["variable"].unique())]
        peace = data[OUTCOME].astype(float)
        rows = []
        for name in columns:
            x = data[name].astype(float)
            mean = x[peace == 1].mean(), x[peace == 0].mean()
            rows.append(
                (
                    name,
                    int(x.notna().sum()),
                    int(x.isna().sum()),
                    x.mean(),
                    x.std(),
                    x.min(),
                    x.max(),
                    *mean,
                    mean[0] - mean[1],
                )
            )
        return pd.DataFrame(
            rows, columns=["variable", "n", "missing", "mean", "sd", "min", "max", "mean_peace", "mean_none", "difference"]
        )  # fmt: skip

    def consistency(self) -> pd.DataFrame:
        """Alpha and omega of every pillar in the primary sample, as description."""
        return internal_consistency(self.study.coding, self.frame.data["case_id"])

    def survival(self) -> pd.DataFrame:
        """Kaplan-Meier curves of peace by breadth: ``group, years, at_risk, events, censored, survival, conf_low, conf_high``.

        Sample ``durations``: censored windows included, so that recent attempts speak for the years they were seen.
        Intervals are pointwise 95 %, log-log. Breadth is split at its median, as study.toml says; no test rests on it.
        """
        if self.study.config.display.survival_split != "median":
            raise SpecError(one_of("survival_split", self.study.config.display.survival_split, ("median",)))
        data = self.study.frame("durations").data
        seen = data[data["peace_years"] > 0]
        middle = float(seen["breadth"].median())
        low, high = f"breadth up to {middle:.2f}", f"breadth above {middle:.2f}"
        groups = np.where(seen["breadth"] > middle, high, low)
        curves = []
        for group in (high, low):
            part = seen[groups == group]
            curve = kaplan_meier(part["peace_years"].to_numpy(dtype=float), part["event"].to_numpy(dtype=float))
            curves.append(curve.assign(group=group)[["group", *curve.columns]])
        return pd.concat(curves, ignore_index=True)

    def ledger(self) -> pd.DataFrame:
        """The ledger from the source's rows to the primary sample."""
        return self.frame.ledger.table()

    def coverage(self) -> pd.DataFrame:
        """Which context values the primary sample has, and why the others are missing: ``variable, kind, reason, cases``."""
        long = self.study.covariates
        part = long[long["case_id"].isin(self.frame.data["case_id"])]
        reason = (
            part["reason"].fillna("").str.replace(r"^(imports|exports|gdp_per_capita|population): ", "", regex=True)
        )
        kind = pd.Series("no value in the source", index=part.index).mask(reason == "", "value")
        for prefix in ("outside coverage", "special code"):
            kind = kind.mask(reason.str.startswith(prefix), prefix)
        kind = kind.mask(reason.str.contains("several governments"), "several governments").mask(
            reason.str.contains(" ended on "), "no such state"
        )
        out = (
            part.assign(kind=kind, reason=reason)
            .groupby(["variable", "kind", "reason"], sort=True)
            .size()
            .rename("cases")
        )
        return out.reset_index()

    def facts(self) -> pd.DataFrame:
        """Single numbers that prose quotes: ``fact, value``."""
        wide = self.study.frame("overlapping").data
        data, durations = self.frame.data, self.study.frame("durations").data
        failed = wide[~wide[OUTCOME].astype(bool)]
        rows: list[tuple[str, float]] = [
            ("attempts", len(self.study.cases)),
            ("eligible", int(self.study.cases["eligible"].sum())),
            ("complete", len(wide)), ("complete_peace", int(wide[OUTCOME].sum())), ("complete_conflicts", wide["conflict_id"].nunique()),
            ("primary", len(data)), ("primary_peace", int(data[OUTCOME].sum())), ("primary_conflicts", data["conflict_id"].nunique()),
            ("primary_countries", data["country"].nunique()),
            ("durations", len(durations)), ("durations_without_a_year", int((durations["peace_years"] == 0).sum())),
            ("complete_failed", len(failed)), ("complete_failed_fighting_next_year", int((~failed["stopped"].astype(bool)).sum())),
            ("complete_failed_fighting_in_t0_and_next_year", int((~failed["stopped"].astype(bool) & (failed["active"] == 1)).sum())),
            ("primary_peace_share_active", float(data[data["active"] == 1][OUTCOME].astype(float).mean())),
            ("primary_peace_share_quiet", float(data[data["active"] == 0][OUTCOME].astype(float).mean())),
            ("complete_stopped", int(wide["stopped"].sum())), ("complete_held", int(wide["held"].fillna(False).sum())),
            ("complete_peace_share_active", float(wide[wide["active"] == 1][OUTCOME].astype(float).mean())),
            ("complete_peace_share_quiet", float(wide[wide["active"] == 0][OUTCOME].astype(float).mean())),
            ("correlation_breadth_log_pages", float(np.corrcoef(data["breadth"], np.log(data["pages"]))[0, 1])),
            ("correlation_breadth_log_pages_complete", float(np.corrcoef(wide["breadth"], np.log(wide["pages"]))[0, 1])),
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["fact", "value"]).astype({"value": float})

    def cases(self) -> pd.DataFrame:
        """The cases of the primary sample, a row each, for the table of cases."""
        columns = [
            "case_id",
            "label",
            "first_date",
            "last_date",
            "n_scored",
            "pages",
            "breadth",
            OUTCOME,
            "peace_years",
            "event",
        ]
        return self.frame.data[columns].sort_values("label", ignore_index=True)


RESULTS: dict[str, Callable[[Results], pd.DataFrame]] = {
    "terms": Results.terms, "models": Results.models, "notes": Results.notes, "hypotheses": Results.hypotheses,
    "profile": Results.profile, "descriptive": Results.descriptive, "consistency": Results.consistency,
    "survival": Results.survival, "ledger": Results.ledger, "coverage": Results.coverage, "facts": Results.facts,
    "cases": Results.cases, "permutation": lambda r: r.dealt, "influence": Results.influence,
}  # fmt: skip
