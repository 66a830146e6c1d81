"""The Fit: the frozen result of one specification, as tables."""

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
from peacestudy.models.inference.profile import joint_likelihood_ratio, profile_interval
from peacestudy.models.inference.reference import bootstrapped, contrast_df, joint_df, one_sided_p
from peacestudy.models.inference.tidied import add_detectable, add_one_sided, to_ratios
from peacestudy.models.spec import ModelSpec

WALD, LIKELIHOOD_RATIO = "wald", "likelihood_ratio"  # methods of a joint test


@dataclass(frozen=True, eq=False)
class Fit:
    """The result of fitting one specification: tables and notes.

    Attributes
    ----------
    spec : ModelSpec
        What was fitted.
    terms : DataFrame
        A row a term: ``term, estimate, std_error, statistic, p_value, conf_low, conf_high`` (95 %
        intervals). If a robust standard error does not exist, all but the estimate is missing and a
        note of kind ``no_robust_error`` gives the reason.
    n : int
        Number of rows used, before ``discrete_time`` expands them into periods.
    n_events : int or None
        Number of events: rows with outcome 1, or the sum of counts. None for ``linear`` and
        ``ordered``.
    n_clusters : int, tuple of int or None
        Number of clusters; two numbers with two-way clustering.
    loglik : float
        Log-likelihood: penalised for ``firth``, without the penalty for ``ridge``, partial for
        ``cox``.
    pseudo_r2 : float
        McFadden's pseudo R2; NaN for ``linear``.
    r_squared : float
        R2 of ``linear``; NaN for the other engines.
    aic : float
        Akaike's criterion; NaN for ``firth``, ``ridge`` and ``mixed_linear`` by REML.
    vcov : DataFrame, shape (terms, terms)
        Covariance of the estimates; NaN where a standard error is missing.
    cases : tuple
        Ids of the rows used.
    dropped : DataFrame
        Rows left out: ``case, term, reason``.
    notes : tuple of Note
        Problems that still allow an estimate, and the conventions used.
    converged : bool
        Always True: a fit that does not converge raises an error.
    scale : float
        Residual variance of ``linear``, else 1.
    df : float
        Degrees of freedom of the reference distribution: infinite for z, NaN if each term has its
        own (``cr2``), see ``dfs``.
    design : Design
        The arrays that were fitted, and how they were made from the data.
    origin : str
        Folder of the study that the data come from, for ``ps.trace``; empty for a DataFrame.
    derived : tuple of Derived
        Columns that the user added to the frame, for ``ps.trace``.
    own_df : tuple of float
        Degrees of freedom by term with ``cr2``, else empty; ``dfs`` reads them.
    moved : Centring
        How columns far from zero, or nearly dependent, were centred and rotated before fitting.
    precise_vcov : float array or None
        Covariance of the centred parameters, from which ``covariance_of`` computes sums without
        loss of digits; None if no column was moved.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [1.0, 2.1, 2.9, 4.2, 5.0, 6.3], "x": [1, 2, 3, 4, 5, 6]})
    >>> fit = ps.fit(d, ps.ModelSpec("line", "y ~ x", "linear", "hc1"))
    >>> fit.terms[["term", "estimate", "std_error"]].round(3).values.tolist()
    [['Intercept', -0.067, 0.089], ['x', 1.043, 0.027]]
    >>> fit.n, round(fit.r_squared, 3), fit.notes[0].kind
    (6, 0.996, 'few_cases')
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
        """The table of terms with other intervals, as ratios, or with further columns.

        Parameters
        ----------
        conf_level : float, optional
            Confidence level of the intervals.
        exponentiate : bool, optional
            Give exp(estimate), an odds, hazard or rate ratio, and exp of its interval; the standard
            error is that of the ratio by the delta method. Statistic and p value stay, and so do
            cut points, ``alpha`` and ``sd(group)``, which are not log ratios.
        one_sided : {"greater", "less"}, optional
            The predicted direction: adds a column ``p_greater`` or ``p_less`` next to ``p_value``.
        power : float, optional
            Adds ``detectable`` at significance 1 - conf_level if the null is not rejected there;
            see ``detectable``.

        Returns
        -------
        DataFrame
            The columns of ``terms``, and those asked for.

        Raises
        ------
        SpecError
            A confidence level or power that is not between 0 and 1, an unknown direction, or ratios
            of an engine that has none.

        Examples
        --------
        >>> import pandas as pd
        >>> import peacestudy as ps
        >>> d = pd.DataFrame({"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 3, 4, 5, 6, 7, 8]})
        >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "firth", "classical"))
        >>> ratios = fit.tidy(0.9, exponentiate=True)
        >>> ratios[["term", "estimate", "conf_low", "conf_high"]].round(2).values.tolist()
        [['Intercept', 0.25, 0.01, 2.56], ['x', 1.36, 0.86, 2.47]]
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
        """Summarise the whole fit in one row.

        Returns
        -------
        DataFrame
            ``model, engine, vcov, n, n_events, n_clusters, loglik, pseudo_r2, r_squared, aic``.
        """
        names = ("n", "n_events", "n_clusters", "loglik", "pseudo_r2", "r_squared", "aic")
        head = {"model": self.spec.name, "engine": self.spec.engine, "vcov": self.spec.vcov}
        return pd.DataFrame([head | {name: getattr(self, name) for name in names}])

    @renamed_arguments(alpha="significance")
    def detectable(self, *, power: float, significance: float) -> pd.DataFrame:
        """The smallest effect of each term that a study of this size could have detected.

        Parameters
        ----------
        power : float
            Probability with which a two-sided test is to detect it, such as 0.8.
        significance : float
            Significance level of the test, such as 0.05.

        Returns
        -------
        DataFrame
            ``term, estimate, std_error, p_value, detectable``: ``detectable`` is a coefficient,
            (quantile of 1 - significance/2 + quantile of power) standard errors by the t or z
            distribution of the fit; its exp is an odds, hazard or rate ratio. It is missing for
            ``alpha``, ``sd(group)`` and cut points. The standard error is treated as known, and as
            the same under that effect.

        Raises
        ------
        SpecError
            Power or significance is not between 0 and 1, or power is not above significance.

        Source: Bloom (1995), Evaluation Review 19(5).
        """
        least = least_effects(self.terms, self.dfs.to_numpy(), power, significance)
        return least.assign(
            detectable=least["detectable"].where(np.arange(len(least)) < len(self.design.names))
        )

    def joint_test(
        self, terms: list[str], one_sided: str | None = None, *, method: str = WALD
    ) -> JointTest:
        """Test that several coefficients are all zero.

        The test is Wald's; with ``cr2`` it is the approximate Hotelling test.

        Parameters
        ----------
        terms : list of str
            Names of the terms.
        one_sided : None
            Refused: a joint test has no direction.
        method : str, optional
            ``wald``, with the covariance of this fit; or for ``firth`` ``likelihood_ratio``: the
            penalised likelihood ratio, with the penalty of the whole design (Heinze and Schemper
            2002). It treats rows as independent, whatever the covariance of the fit.

        Returns
        -------
        JointTest
            The statistic, its degrees of freedom and the p value.

        Raises
        ------
        SpecError
            No term, an unknown term, ``one_sided`` given, or a method that the engine lacks.
        FitError
            A term without a standard error, with the reason; a covariance that is not positive
            definite; no maximum with the terms held at zero.
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
        if method != WALD:
            return self._likelihood_ratio(terms, at, method)
        refuse_missing(terms, self.terms, self.notes)
        share, df = (
            (1.0, self.df)
            if self.spec.vcov != "cr2"
            else joint_df(self.design, np.eye(len(known))[at])
        )
        return wald(*self._tested(at), tuple(terms), df, share)

    def _likelihood_ratio(self, terms: list[str], at: list[int], method: str) -> JointTest:
        """The penalised likelihood ratio test that the terms at these positions are all zero."""
        methods = (WALD, LIKELIHOOD_RATIO) if engine_of(self.spec).profile else (WALD,)
        if method not in methods:
            raise SpecError(one_of(f"method of engine {self.spec.engine!r}", method, methods))
        if len(set(at)) < len(at):
            raise SpecError(f"a term is named twice ({', '.join(terms)}). Name each once.")
        beta = self.terms["estimate"].to_numpy(dtype=float)
        statistic, p_value = joint_likelihood_ratio(self.design.X, self.design.y, beta, at)
        return JointTest(tuple(terms), statistic, len(at), np.inf, p_value)

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
        """Estimate a weighted sum of terms, with the covariance and distribution of this fit.

        Parameters
        ----------
        weights : mapping of str to float
            The weight of each term in the sum; other terms have weight 0.
        one_sided : {"greater", "less"}, optional
            The predicted direction: adds ``p_greater`` or ``p_less`` next to ``p_value``.

        Returns
        -------
        DataFrame
            One row: ``contrast, estimate, std_error, statistic, p_value, conf_low, conf_high`` (95
            %, Wald). If a term of the sum has no standard error, all but the estimate is missing.

        Raises
        ------
        SpecError
            No weight, a weight that is not a number, an unknown term, or ``alpha`` or
            ``sd(group)``, which cannot be below zero.
        FitError
            The variance of the sum is not above zero.

        Examples
        --------
        The effect of ``a`` where the moderator ``m`` is 1:

        >>> import pandas as pd
        >>> import peacestudy as ps
        >>> d = pd.DataFrame({"a": [0, 1, 2] * 3, "m": [0] * 3 + [1] * 3 + [2] * 3})
        >>> d["y"] = d.a * d.m + d.a + [0.1, -0.2, 0.1, 0, 0.1, -0.1, 0.2, 0, 0]
        >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ a*m", "linear", "classical"))
        >>> fit.contrast({"a": 1, "a:m": 1})[["contrast", "estimate"]].round(3).values.tolist()
        [['a + a:m', 1.95]]
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
