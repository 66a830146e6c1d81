"""The Fit: a frozen result that holds tables and draws nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.derived import Derived
from peacestudy.core.display import html_table
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, as_known, one_of
from peacestudy.errors import SpecError
from peacestudy.models.engines.parameters import is_spread, refuse_edge
from peacestudy.models.engines.positive import wald_ends
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.centring import Centring
from peacestudy.models.formulas.design import Design
from peacestudy.models.inference.combinations import combined_covariance
from peacestudy.models.inference.contrast import contrast, refuse_missing, written_weights
from peacestudy.models.inference.hypotheses import (
    DETECTABLE,
    NO_SIDE,
    POWER,
    JointTest,
    check_level,
    critical,
    least_effects,
    named_terms,
    wald,
)
from peacestudy.models.inference.profile import profile_interval
from peacestudy.models.inference.reference import bootstrapped, contrast_df, joint_df, one_sided_p
from peacestudy.models.inference.tidied import add_detectable, add_one_sided, to_ratios
from peacestudy.models.spec import ModelSpec


@dataclass(frozen=True, eq=False)
class Fit:
    """What a specification found.

    Attributes
    ----------
    spec : what was fitted.
    terms : index 0..k-1, columns ``term, estimate, std_error, statistic, p_value, conf_low,
        conf_high`` (95 %). All but the estimate are missing where a robust standard error does not
        exist; a note of kind ``no_robust_error`` says why.
    n, n_events, n_clusters : rows given and used, events, rows with outcome 1 or the sum of counts
        (None for linear and ordered), clusters (two of them with two-way clusters). A row given is
        one, into however many periods discrete_time expands it.
    loglik : log-likelihood; penalised for firth (of ridge without the penalty), partial for cox.
        pseudo_r2 : McFadden's. r_squared : of
        linear. aic : NaN for firth, ridge and reml.
    vcov : covariance of the coefficients, term by term; NaN where a
        standard error is missing for that reason.
    cases : ids of the rows used. dropped : rows left out, columns ``case, term, reason``.
    notes : trouble that still yields numbers, and the conventions behind them.
    converged : always true; a fit that did not converge is an error.
        scale : residual variance of linear, else 1.
    df : degrees of freedom of the reference distribution, infinite for z; NaN where each term has
        its own: ``own_df``, read as ``dfs``.
    design : the arrays and how they were made.
    origin : the folder of the study its data come from, for
        ``ps.trace``; empty for a plain DataFrame.
    derived : the columns that the user added to the frame, for ``ps.trace``.
    moved, precise_vcov : how columns far from zero, or nearly dependent, were moved and turned
        before the model was fitted, and the covariance then, whose sums keep digits that those of
        ``vcov`` have lost; None where no column was. See ``covariance_of``.
    """

    spec: ModelSpec
    terms: pd.DataFrame
    n: int
    n_events: int | None
    n_clusters: int | tuple[int, ...] | None
    loglik: float
    pseudo_r2: float
    r_squared: float
    aic: float
    vcov: pd.DataFrame = field(repr=False)
    cases: tuple[Any, ...] = field(repr=False)
    dropped: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]
    converged: bool
    scale: float
    df: float
    design: Design = field(repr=False)
    origin: str = field(default="", repr=False)
    derived: tuple[Derived, ...] = field(default=(), repr=False)
    own_df: tuple[float, ...] = field(default=(), repr=False)
    moved: Centring = field(kw_only=True, repr=False)
    precise_vcov: np.ndarray | None = field(default=None, repr=False)

    @property
    def dfs(self) -> "pd.Series[float]":
        """Degrees of freedom of every term, by term: each its own with cr2, else ``df``."""
        return pd.Series(self.own_df or self.df, index=self.terms["term"].to_list(), dtype=float)

    @property
    def moved_vcov(self) -> np.ndarray:
        """Covariance of the parameters after ``moved``, shape (P, P):
        ``vcov`` itself where no column was moved.
        """
        return self.vcov.to_numpy(dtype=float) if self.precise_vcov is None else self.precise_vcov

    def covariance_of(self, weights: np.ndarray) -> np.ndarray:
        """Covariance (q, q) of weighted sums of the parameters, from weights
        (q, P); the digits of ``vcov`` are not needed.

        It is NaN for sums that need a parameter without a standard error.
        """
        V = self.vcov.to_numpy(dtype=float)
        if not self.moved.moves:
            return combined_covariance(weights, V)
        out: np.ndarray = combined_covariance(self.moved.weights(weights), self.moved_vcov)
        missing = self._need_missing(weights)
        out[missing] = np.nan
        out[:, missing] = np.nan
        return out

    def variances_of(self, weights: np.ndarray) -> np.ndarray:
        """Variances (q,) of weighted sums of the parameters, from
        weights (q, P); NaN as in ``covariance_of``.
        """
        W, V = self.moved.weights(weights), self.moved_vcov
        if not self.moved.moves:
            W, V = weights, self.vcov.to_numpy(dtype=float)
        variance = ((W @ np.nan_to_num(V)) * W).sum(axis=1)
        return np.where(self._need_missing(weights), np.nan, variance)

    def variances_apart(self, weights: np.ndarray) -> np.ndarray:
        """What ``variances_of`` would be if the parameters that the sums
        are made of had no covariances, shape (q,).
        """
        out: np.ndarray = self.moved.weights(weights) ** 2 @ np.nan_to_num(np.diag(self.moved_vcov))
        return out

    def _need_missing(self, weights: np.ndarray) -> np.ndarray:
        """Which sums give weight to a parameter without a standard error, shape (q,)."""
        missing = np.isnan(np.diag(self.vcov.to_numpy(dtype=float)))
        return np.asarray((weights[:, missing] != 0).any(axis=1))

    @renamed_arguments(level="conf_level")
    def tidy(
        self,
        conf_level: float = 0.95,
        exponentiate: bool = False,
        *,
        one_sided: str | None = None,
        power: float | None = None,
    ) -> pd.DataFrame:
        """The terms with intervals at another level, or as odds ratios; with one-sided p, and with
        what a null could have missed.

        Parameters
        ----------
        conf_level : of the intervals.
        exponentiate : give exp(estimate), an odds, hazard or rate ratio, and exp of its interval;
            the standard error becomes that of the ratio by the delta method. Statistic and p value
            stay, and so do cut points, ``alpha`` and ``sd(group)``, which are no log ratios.
        one_sided : ``greater`` or ``less``, the direction that was foretold: adds ``p_greater`` or
            ``p_less`` beside ``p_value``, which stays.
        power : adds ``detectable`` at significance 1 - conf_level, where the
            null is not rejected; see ``detectable``.
        """
        check_level(conf_level)
        out = self.terms.copy()
        if conf_level != 0.95:
            b, se = out["estimate"].to_numpy(), out["std_error"].to_numpy()
            if engine_of(self.spec).profile and self.spec.vcov == "classical":
                ends = profile_interval(self.design.X, self.design.y, b, se, conf_level)
            elif "bootstrap" in dict(self.spec.options):
                ends = bootstrapped(self.spec, self.design, b, se, conf_level)[1]
            else:
                spread = is_spread(self.spec.engine, len(self.design.names), len(out))
                ends = np.stack(
                    wald_ends(b, se, spread, critical(0.5 + conf_level / 2, self.dfs.to_numpy())),
                    axis=1,
                )
            out["conf_low"], out["conf_high"] = ends[:, 0], ends[:, 1]
        if one_sided is not None:
            p = one_sided_p(self.spec, self.design, self.terms, self.dfs.to_numpy(), one_sided)
            add_one_sided(out, p, one_sided)
        if power is not None:
            add_detectable(
                out,
                self.detectable(power=power, significance=1 - conf_level)["detectable"],
                1 - conf_level,
            )
        if exponentiate:
            to_ratios(out, len(self.design.names), self.spec.engine)
        return out

    def glance(self) -> pd.DataFrame:
        """One row about the whole fit: ``model, engine, vcov, n, n_events, n_clusters, loglik,
        pseudo_r2, r_squared, aic``.
        """
        names = ("n", "n_events", "n_clusters", "loglik", "pseudo_r2", "r_squared", "aic")
        head = {"model": self.spec.name, "engine": self.spec.engine, "vcov": self.spec.vcov}
        return pd.DataFrame([head | {name: getattr(self, name) for name in names}])

    @renamed_arguments(alpha="significance")
    def detectable(self, *, power: float, significance: float) -> pd.DataFrame:
        """The smallest effect that a study of this N, with these standard errors, could have found.

        Parameters
        ----------
        power : how often a two-sided test is to find it, as 0.8.
        significance : of the test, as 0.05.

        Returns
        -------
        DataFrame
            ``term, estimate, std_error, p_value, detectable``: (quantile of 1 - significance/2 +
            quantile of power) standard errors, by the fit's t or z (Bloom 1995); a coefficient,
            whose exp is an odds, hazard or rate ratio. Of ``alpha``, ``sd(group)`` and cut points
            none. The standard error is taken for known, and for the same at that effect.
        """
        least = least_effects(self.terms, self.dfs.to_numpy(), power, significance)
        return least.assign(
            detectable=least["detectable"].where(np.arange(len(least)) < len(self.design.names))
        )

    def joint_test(self, terms: list[str], one_sided: str | None = None) -> JointTest:
        """The Wald test that all the named terms are zero, with this fit's covariance; with cr2 the
        approximate Hotelling test.

        It has no direction: ``one_sided`` is refused.

        Raises
        ------
        SpecError
            No term, or an unknown one.
        FitError
            A term without a standard error, with the reason; a
            covariance that is not positive definite.
        """
        if one_sided is not None:
            raise SpecError(NO_SIDE)
        known = self.terms["term"].tolist()
        terms = as_known(named_terms(terms), known)
        if not terms:
            raise SpecError(f"joint_test was given no terms; name some of {', '.join(known)}.")
        for term in terms:
            if term not in known:
                raise SpecError(one_of("term", term, known))
        refuse_edge(terms, known, self.spec.engine, len(self.design.names))
        at = [known.index(t) for t in terms]
        refuse_missing(terms, self.terms, self.notes)
        share, df = (
            (1.0, self.df)
            if self.spec.vcov != "cr2"
            else joint_df(self.design, np.eye(len(known))[at])
        )
        return wald(*self._tested(at), tuple(terms), df, share)

    def _tested(self, at: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Estimates and covariance for the test that some parameters are zero: of these, or of sums
        of them that are zero together.
        """
        b = self.terms["estimate"].to_numpy()
        if not self.moved.moves:
            return b[at], self.vcov.to_numpy()[np.ix_(at, at)]
        axes = np.linalg.qr(self.moved.weights(np.eye(len(b))[at]).T)[0]
        return axes.T @ self.moved.at_centre(b), axes.T @ self.moved_vcov @ axes

    def contrast(
        self, weights: Mapping[str, float], *, one_sided: str | None = None
    ) -> pd.DataFrame:
        """A weighted sum of terms, with this fit's covariance and reference distribution.

        Parameters
        ----------
        weights : the weight of each term in the sum; terms not named have none.
        one_sided : ``greater`` or ``less``: adds ``p_greater`` or ``p_less`` beside ``p_value``.

        Returns
        -------
        DataFrame
            One row: ``contrast, estimate, std_error, statistic, p_value, conf_low, conf_high`` (95
            %, Wald); missing but for the estimate where a term of the sum has no standard error.

        Raises
        ------
        SpecError
            No weight, one that is not a number, an unknown term, or ``alpha`` or ``sd(group)``,
            which cannot be below zero.
        FitError
            The variance of the sum is not above zero.

        Examples
        --------
        The effect of ``a`` where the moderator ``m`` is 1: ``fit.contrast({"a": 1, "a:m": 1})``.
        """

        def degrees(w: np.ndarray) -> float:
            return float(contrast_df(self.spec, self.design, self.df, w[None])[0])

        weights = as_known(written_weights(weights), self.terms["term"])
        refuse_edge(
            list(weights), self.terms["term"].tolist(), self.spec.engine, len(self.design.names)
        )
        return contrast(
            weights,
            self.terms["estimate"],
            self.vcov,
            degrees,
            one_sided,
            self.covariance_of,
            self.variances_apart,
        )

    def __repr__(self) -> str:
        return (
            f"<Fit {self.spec.name}: {self.spec.formula} ({self.spec.engine}, {self.spec.vcov}), N"
            f" {self.n}; see .terms and .notes>"
        )

    def _repr_html_(self) -> str:
        events = f", {self.n_events} events" if self.n_events is not None else ""
        head = (
            f"{self.spec.name}: {self.spec.formula} ({self.spec.engine}, {self.spec.vcov}), N"
            f" {self.n}{events}"
        )
        terms = self.tidy(power=POWER)
        missed = [f"detectable: {DETECTABLE}"] if terms["detectable"].notna().any() else []
        shown = terms if missed else self.terms
        return html_table(shown, head, [*self.notes, *missed], rows=len(shown))
