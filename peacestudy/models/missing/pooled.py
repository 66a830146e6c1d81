"""One result from the fits of several completed tables, by Rubin's rules.

Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Barnard and Rubin (1999), Biometrika 86(4); von Hippel (2007),
Sociological Methodology 37 (cases whose outcome is missing help to fill in, and are then left out); von Hippel (2009), Sociological
Methodology 39 (squares and products of imputed columns); White, Royston and Wood (2011), Statistics in Medicine 30(4) (how many tables).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note
from peacestudy.errors import FitError, SpecError
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.formulas.formula import parse
from peacestudy.models.inference.hypotheses import DETECTABLE, POWER, least_effects, quantile, two_sided
from peacestudy.models.inference.hypotheses import one_sided as one_sided_p
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pool import pool
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

LEVEL = 0.95
COLUMNS = [
    "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df", "fmi", "share", "monte_carlo",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class PooledFit:
    """What a specification found in several completed tables together.

    Attributes
    ----------
    spec : what was fitted.
    terms : ``term, estimate, std_error, statistic, p_value, conf_low, conf_high`` (95 %), ``df`` of Barnard and Rubin, ``fmi`` (fraction of
        missing information), ``share`` of the variance that lies between the tables, ``monte_carlo``, the standard error of the
        estimate for there being only so many tables.
    n, n_events, n_clusters, cases, dropped : of every fit alike.
    vcov : within and between together, term by term.
    notes : of the fits, each once, and of the imputation.
    fits : one a table.
    """

    spec: ModelSpec
    terms: pd.DataFrame
    n: int
    n_events: int | None
    n_clusters: int | tuple[int, ...] | None
    vcov: pd.DataFrame = field(repr=False)
    cases: tuple[Any, ...] = field(repr=False)
    dropped: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]
    fits: tuple[Fit, ...] = field(repr=False)

    def tidy(
        self,
        level: float = LEVEL,
        exponentiate: bool = False,
        *,
        one_sided: str | None = None,
        power: float | None = None,
    ) -> pd.DataFrame:
        """The terms with intervals at another level, or as odds or hazard ratios, with one-sided p and detectable effects, as ``Fit.tidy``."""
        if not 0 < level < 1:
            raise SpecError(f"level is {level}; it must lie between 0 and 1, as 0.95.")
        out = self.terms.copy()
        half = np.array([quantile(0.5 + level / 2, df) for df in out["df"]]) * out["std_error"]
        out["conf_low"], out["conf_high"] = out["estimate"] - half, out["estimate"] + half
        if one_sided is not None:
            p = one_sided_p(out["statistic"].to_numpy(), out["df"].to_numpy(), one_sided)
            out.insert(list(out.columns).index("p_value") + 1, f"p_{one_sided}", p)
        if power is not None:
            out["detectable"] = self.detectable(power=power, alpha=1 - level)["detectable"].where(
                out["p_value"] >= 1 - level
            )
        if exponentiate:
            if self.spec.engine == "linear":
                raise SpecError("a linear model has no odds ratios; exponentiate belongs to odds and hazards.")
            out["std_error"] *= np.exp(out["estimate"])
            scale = [c for c in ("estimate", "conf_low", "conf_high", "detectable") if c in out]
            out[scale] = np.exp(out[scale])
        return out

    def detectable(self, *, power: float, alpha: float) -> pd.DataFrame:
        """The smallest effect that a study of this N and these gaps could have found, as ``Fit.detectable``, by the pooled t."""
        least = least_effects(self.terms, self.terms["df"].to_numpy(), power, alpha)
        return least.assign(detectable=least["detectable"].where(least["term"].isin(self.fits[0].design.names)))

    def contrast(self, weights: Mapping[str, float], *, one_sided: str | None = None) -> pd.DataFrame:
        """A weighted sum of terms, as ``Fit.contrast`` finds it in every table, pooled; with ``df`` and ``fmi``."""
        each = [f.contrast(weights).iloc[0] for f in self.fits]
        row = pooled_row([r["estimate"] for r in each], [r["std_error"] for r in each], self.fits[0].df)
        out = pd.DataFrame([{"contrast": each[0]["contrast"], **row}])
        if one_sided is not None:
            p = one_sided_p(out["statistic"].to_numpy(), row["df"], one_sided)
            out.insert(list(out.columns).index("p_value") + 1, f"p_{one_sided}", p)
        return out

    def glance(self) -> pd.DataFrame:
        """One row about the whole: ``model, engine, vcov, tables, n, n_events, n_clusters``."""
        row = {"model": self.spec.name, "engine": self.spec.engine, "vcov": self.spec.vcov, "tables": len(self.fits)}
        return pd.DataFrame([row | {name: getattr(self, name) for name in ("n", "n_events", "n_clusters")}])

    def __repr__(self) -> str:
        return f"<PooledFit {self.spec.name}: {self.spec.formula} ({self.spec.engine}, {self.spec.vcov}), N {self.n}, {len(self.fits)} tables>"

    def _repr_html_(self) -> str:
        head = f"{self.spec.name}: {self.spec.formula} ({self.spec.engine}, {self.spec.vcov}), N {self.n}, {len(self.fits)} completed tables"
        terms = self.tidy(power=POWER)
        missed = [f"detectable: {DETECTABLE}"] if terms["detectable"].notna().any() else []
        shown = terms if missed else self.terms
        return html_table(shown, head, [*self.notes, *missed], rows=len(shown))


def pooled_row(estimates: Any, std_errors: Any, complete_df: float, level: float = LEVEL) -> dict[str, float]:
    """The columns of ``terms`` from ``estimate`` on, for one quantity."""
    p = pool(estimates, np.square(np.asarray(std_errors, dtype=float)), complete_df)
    statistic = p.estimate / p.std_error if p.std_error > 0 else np.nan
    half = quantile(0.5 + level / 2, p.df) * p.std_error
    return {
        "estimate": p.estimate, "std_error": p.std_error, "statistic": statistic,
        "p_value": float(two_sided(np.array([statistic]), p.df)[0]), "conf_low": p.estimate - half, "conf_high": p.estimate + half,
        "df": p.df, "fmi": p.fmi, "share": p.share, "monte_carlo": p.monte_carlo,
    }  # fmt: skip


def check_model(imputed: Imputed, spec: ModelSpec) -> tuple[str, ...]:
    """The columns of the outcome; refuse a model of columns that the imputation did not know.

    Raises
    ------
    SpecError
        With the columns: what is filled in without them has nothing to do with them, and their effect is drawn towards zero.
    """
    if spec.vcov == "cr2":
        raise SpecError(
            "vcov 'cr2' gives every term its own degrees of freedom, and pooling takes one; write 'cluster' or 'jackknife'."
        )
    if "bootstrap" in dict(spec.options):
        raise SpecError(
            "a bootstrap replaces p and interval, which Rubin's rules do not pool; leave the option bootstrap out."
        )
    parsed = parse(spec.formula)
    outcome = parsed.response.columns if isinstance(parsed.response, Survival) else (parsed.response.column,)
    if unknown := [c for c in parsed.columns if c not in imputed.columns]:
        what = "the outcome" if unknown[0] in outcome else "columns of the model"
        raise SpecError(
            f"{what} ({', '.join(unknown)}) were not in the imputation, so what was filled in has nothing to do with them, and effects are "
            "drawn towards zero. Name them in the columns of impute."
        )
    return outcome


def pooled(imputed: Imputed, spec: ModelSpec, fits: list[Fit]) -> PooledFit:
    """The fits of one specification on the tables of an imputation as one.

    Raises
    ------
    FitError
        The fits have different terms or cases, or a term without a variance.
    """
    first = fits[0]
    if any(f.terms["term"].tolist() != first.terms["term"].tolist() or f.cases != first.cases for f in fits):
        raise FitError(f"{spec.name}: the completed tables give different terms or cases, which cannot be pooled.")
    rows = []
    for j, term in enumerate(first.terms["term"]):
        own = [f.terms.loc[j, ["estimate", "std_error"]].to_numpy(dtype=float) for f in fits]
        rows.append({"term": term, **pooled_row([e for e, _ in own], [s for _, s in own], first.df)})
    terms = pd.DataFrame(rows)[COLUMNS]
    Q = np.array([f.terms["estimate"].to_numpy(dtype=float) for f in fits])
    between = np.atleast_2d(np.cov(Q, rowvar=False))
    within = np.mean([f.vcov.to_numpy(dtype=float) for f in fits], axis=0)
    vcov = pd.DataFrame(within + (1 + 1 / len(fits)) * between, index=first.vcov.index, columns=first.vcov.columns)
    return PooledFit(
        spec=spec, terms=terms, n=first.n, n_events=first.n_events, n_clusters=first.n_clusters, vcov=vcov, cases=first.cases,
        dropped=first.dropped, notes=_notes(imputed, spec, fits, terms), fits=tuple(fits),
    )  # fmt: skip


def _notes(imputed: Imputed, spec: ModelSpec, fits: list[Fit], terms: pd.DataFrame) -> tuple[Note, ...]:
    notes = list(fits[0].notes)
    for f in fits[1:]:  # of a kind that the first has: the numbers differ little from table to table
        notes += [n for n in f.notes if n.kind not in {o.kind for o in notes}]
    notes += [n for n in imputed.notes if n.text not in {o.text for o in notes}]
    fmi = float(terms["fmi"].max())
    reference = "z" if np.isinf(fits[0].df) else f"{fits[0].df:g} degrees of freedom"
    notes.append(
        Note(
            "pooled",
            f"Pooled by Rubin's rules over {len(fits)} tables (complete data: {reference}); largest fmi {fmi:.2f}.",
        )
    )
    if len(fits) < 100 * fmi:
        notes.append(
            Note(
                "few_tables",
                f"{len(fits)} tables for a fraction of missing information of {fmi:.2f}: {int(np.ceil(100 * fmi))} or more are advised.",
            )
        )
    if made := _made_of(imputed, spec):
        text = f"{', '.join(made)} made of filled values after imputation, whose models are straight lines: bends, lags and products are drawn "
        notes.append(Note("derived", f"{text}towards zero."))
    if spec.engine == "firth" and spec.vcov == "classical":
        notes.append(
            Note("wald", "Pooled p values and intervals are Wald's; penalised likelihood ratios are not pooled.")
        )
    if spec.cluster:
        notes.append(Note("clusters", f"The imputation does not know the clusters by {', '.join(spec.cluster)}."))
    return tuple(notes)


def _made_of(imputed: Imputed, spec: ModelSpec) -> list[str]:
    """Terms that bend, lag or multiply columns with filled values."""
    parsed = parse(spec.formula)
    bends = [
        f.label
        for f in parsed.factors
        if f.column in imputed.where and (f.lag or set(f.functions) - {"scale", "center", "C"})
    ]
    products = [":".join(labels) for labels in _products(spec) if any(c in imputed.where for c in labels)]
    return [*bends, *products]


def _products(spec: ModelSpec) -> list[tuple[str, ...]]:
    """Pairs of columns that the formula multiplies, as formulaic expands it."""
    from formulaic import Formula as Expression

    parsed = parse(spec.formula)
    columns = {f"f{i}": f.column for i, f in enumerate(parsed.factors)}
    return [tuple(columns[str(f)] for f in term.factors) for term in Expression(parsed.right) if len(term.factors) > 1]
