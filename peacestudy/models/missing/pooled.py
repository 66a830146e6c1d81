"""The PooledFit: the result of one specification in several completed tables, by Rubin's rules.

Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Barnard and Rubin
(1999), Biometrika 86(4); Harel (2009), Journal of Applied Statistics 36(10) (R2 is pooled as
Fisher's z of its root).
"""

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
from peacestudy.models.inference.contrast import refuse_missing, written_weights
from peacestudy.models.inference.hypotheses import (
    DETECTABLE,
    NO_SIDE,
    POWER,
    JointTest,
    check_level,
    check_seed,
    critical,
    least_effects,
    named_terms,
)
from peacestudy.models.inference.hypotheses import one_sided as one_sided_p
from peacestudy.models.inference.reference import contrast_df
from peacestudy.models.inference.tidied import add_detectable, add_one_sided, to_ratios
from peacestudy.models.missing.joint import joint, null_draws
from peacestudy.models.missing.pooled_row import LEVEL, pooled_row
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec


@dataclass(frozen=True, eq=False)
class PooledFit:
    """The result of fitting one specification to several completed tables, by Rubin's rules.

    Attributes
    ----------
    spec : ModelSpec
        What was fitted.
    terms : DataFrame
        ``term, estimate, std_error, statistic, p_value, conf_low, conf_high`` (95 %), ``df``
        (Barnard and Rubin), ``fmi`` (fraction of missing information), ``share`` of the variance
        between tables, ``monte_carlo``, the standard error of the estimate due to the finite number
        of tables. ``alpha`` and ``sd(group)`` are pooled as logarithms and have no test.
    n, n_events, n_clusters : int
        As in ``Fit``, the same in every table.
    r_squared : float
        Of linear, pooled as Fisher's z of its square root. Likelihoods are not pooled.
    vcov : DataFrame
        Total covariance, within and between tables, by term.
    cases, dropped : tuple and DataFrame
        As in ``Fit``, the same in every table.
    notes : tuple of Note
        Notes of the fits, each once, and of the imputation.
    fits : tuple of Fit
        One fit a table.
    filled : DataFrame
        ``case, column, values``: the imputed values of the model, weights and exposures included,
        with the m values of each.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 6, 7, 8], "x": [2.0, 1, None, 3, 5, None, 6, 8]})
    >>> completed = ps.models.impute(d, ["y", "x"], m=5, cycles=2, donors=2, seed=1)
    >>> pooled = ps.fit(completed, ps.ModelSpec("m", "y ~ x", "linear", "classical"))
    >>> pooled.terms.columns.tolist()[-4:]
    ['df', 'fmi', 'share', 'monte_carlo']
    >>> pooled.n, len(pooled.filled)
    (8, 2)
    """

    spec: ModelSpec
    terms: pd.DataFrame
    n: int
    n_events: int | None
    n_clusters: int | tuple[int, ...] | None
    r_squared: float
    vcov: pd.DataFrame = field(repr=False)
    cases: tuple[Any, ...] = field(repr=False)
    dropped: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]
    fits: tuple[Fit, ...] = field(repr=False)
    filled: pd.DataFrame = field(repr=False)

    @property
    def origin(self) -> str:
        """The folder of the study its data come from, for
        ``ps.trace``; empty for a plain DataFrame.
        """
        return self.fits[0].origin

    @property
    def derived(self) -> tuple[Derived, ...]:
        """The columns that the user added to the frame, for ``ps.trace``."""
        return self.fits[0].derived

    @property
    def slopes(self) -> tuple[str, ...]:
        """The terms that are columns of the design: without cut
        points, ``alpha`` and ``sd(group)``.
        """
        return self.fits[0].design.names

    @renamed_arguments(level="conf_level")
    def tidy(
        self,
        conf_level: float = LEVEL,
        exponentiate: bool = False,
        *,
        one_sided: str | None = None,
        power: float | None = None,
    ) -> pd.DataFrame:
        """The table of terms with other intervals, as ratios, or with further columns, as
        ``Fit.tidy``.

        Parameters
        ----------
        conf_level : float, optional
            Confidence level of the intervals.
        exponentiate : bool, optional
            Give odds, hazard or rate ratios.
        one_sided : {"greater", "less"}, optional
            The predicted direction: adds ``p_greater`` or ``p_less``.
        power : float, optional
            Adds ``detectable`` where the null is not rejected.

        Returns
        -------
        DataFrame
            The columns of ``terms``, and those asked for.

        Raises
        ------
        SpecError
            A confidence level or power that is not between 0 and 1, an unknown direction, or ratios
            of an engine that has none.
        """
        check_level(conf_level)
        out = self.terms.copy()
        b, se = out["estimate"].to_numpy(), out["std_error"].to_numpy()
        spread = is_spread(self.spec.engine, len(self.slopes), len(out))
        out["conf_low"], out["conf_high"] = wald_ends(
            b, se, spread, critical(0.5 + conf_level / 2, out["df"].to_numpy())
        )
        if one_sided is not None:
            p = one_sided_p(out["statistic"].to_numpy(), out["df"].to_numpy(), one_sided)
            add_one_sided(out, p, one_sided)
        if power is not None:
            add_detectable(
                out,
                self.detectable(power=power, significance=1 - conf_level)["detectable"],
                1 - conf_level,
            )
        if exponentiate:
            to_ratios(out, len(self.slopes), self.spec.engine)
        return out

    @renamed_arguments(alpha="significance")
    def detectable(self, *, power: float, significance: float) -> pd.DataFrame:
        """The smallest effect of each term that a study of this size could have detected.

        It is computed as by ``Fit.detectable``, with the pooled t distribution.

        Parameters
        ----------
        power : float
            Probability with which a two-sided test is to detect it, such as 0.8.
        significance : float
            Significance level of the test, such as 0.05.

        Returns
        -------
        DataFrame
            ``term, estimate, std_error, p_value, detectable``.

        Raises
        ------
        SpecError
            Power or significance is not between 0 and 1, or power is not above significance.
        """
        least = least_effects(self.terms, self.terms["df"].to_numpy(), power, significance)
        return least.assign(
            detectable=least["detectable"].where(np.arange(len(least)) < len(self.slopes))
        )

    def contrast(
        self, weights: Mapping[str, float], *, one_sided: str | None = None
    ) -> pd.DataFrame:
        """Estimate a weighted sum of terms in every table, and pool the estimates.

        Parameters
        ----------
        weights : mapping of str to float
            The weight of each term in the sum; other terms have weight 0.
        one_sided : {"greater", "less"}, optional
            The predicted direction: adds ``p_greater`` or ``p_less``.

        Returns
        -------
        DataFrame
            One row as of ``Fit.contrast``, with ``df`` and ``fmi``.

        Raises
        ------
        SpecError
            No weight, a weight that is not a number, an unknown term, or ``alpha`` or
            ``sd(group)``.
        FitError
            The variance of the sum is not above zero.
        """
        weights = as_known(written_weights(weights), self.terms["term"])
        refuse_edge(list(weights), self.terms["term"].tolist(), self.spec.engine, len(self.slopes))
        each = [f.contrast(weights).iloc[0] for f in self.fits]
        w = np.array([[float(weights.get(t, 0.0)) for t in self.terms["term"]]])
        df = np.mean([contrast_df(f.spec, f.design, f.df, w)[0] for f in self.fits])
        row = pooled_row([r["estimate"] for r in each], [r["std_error"] for r in each], float(df))
        out = pd.DataFrame([{"contrast": each[0]["contrast"], **row}])
        if one_sided is not None:
            p = one_sided_p(out["statistic"].to_numpy(), row["df"], one_sided)
            add_one_sided(out, p, one_sided)
        return out

    def joint_test(self, terms: list[str], one_sided: str | None = None) -> JointTest:
        """Test that several coefficients are all zero, by Li, Raghunathan and Rubin (D1).

        If the complete data would have finite degrees of freedom, those of the test are Reiter's.

        Parameters
        ----------
        terms : list of str
            Names of the terms.
        one_sided : None
            Refused: a joint test has no direction.

        Returns
        -------
        JointTest
            The statistic, its degrees of freedom and the p value.

        Raises
        ------
        SpecError
            No term, an unknown term, one that cannot be below zero, or ``one_sided`` given;
            ``cr2``, whose terms have no common degrees of freedom.
        FitError
            The covariance is not positive definite, or there are too few tables.
        """
        if one_sided is not None:
            raise SpecError(NO_SIDE)
        at = self._at(terms)
        if self.spec.vcov == "cr2":
            raise SpecError(
                "vcov 'cr2' has no joint test after imputation: nothing is published for degrees of"
                " freedom that differ by term. Write 'cluster' or 'jackknife'."
            )
        Q = np.array([f.terms["estimate"].to_numpy(dtype=float)[at] for f in self.fits])
        V = np.array([f.vcov.to_numpy(dtype=float)[np.ix_(at, at)] for f in self.fits])
        return joint(Q, V, tuple(self.terms["term"][at]), self.fits[0].df)

    def null_statistics(self, terms: list[str], draws: int, seed: int) -> np.ndarray:
        """Draw the statistics of some terms under the null, for ``ps.models.inference.step_down``.

        Each is t with the degrees of freedom of its term; they are correlated as the estimates are.

        Parameters
        ----------
        terms : list of str
            Names of the terms.
        draws : int
            Number of draws, 999 or more for useful p values.
        seed : int
            Seed of the draws.

        Returns
        -------
        float array, shape (draws, terms)
            Statistics under the null that every coefficient is zero.

        Raises
        ------
        SpecError
            An unknown term, or a number of draws or a seed that is not a whole number in its range.

        Examples
        --------
        >>> import pandas as pd
        >>> import peacestudy as ps
        >>> d = pd.DataFrame(
        ...     {"y": [1.0, 2, 3, 4, 5, 6, 7, 8], "x": [2.0, 1, None, 3, 5, None, 6, 8]}
        ... )
        >>> completed = ps.models.impute(d, ["y", "x"], m=5, cycles=2, donors=2, seed=1)
        >>> pooled = ps.fit(completed, ps.ModelSpec("m", "y ~ x", "linear", "classical"))
        >>> pooled.null_statistics(["x"], draws=999, seed=1).shape
        (999, 1)
        """
        at = self._at(terms)
        if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
            raise SpecError(
                f"draws is {draws!r}; it must be a whole number, 999 or more for useful p values."
            )
        check_seed(seed)
        return null_draws(
            self.vcov.to_numpy()[np.ix_(at, at)], self.terms["df"].to_numpy()[at], draws, seed
        )

    def _at(self, terms: list[str]) -> list[int]:
        """Places of terms that can be tested."""
        known = self.terms["term"].tolist()
        terms = as_known(named_terms(terms), known)
        if not terms:
            raise SpecError(f"no terms were named; name some of {', '.join(known)}.")
        for term in terms:
            if term not in known:
                raise SpecError(one_of("term", term, known))
        refuse_edge(terms, known, self.spec.engine, len(self.slopes))
        refuse_missing(terms, self.terms, self.notes)
        return [known.index(t) for t in terms]

    def glance(self) -> pd.DataFrame:
        """One row about the whole: ``model, engine, vcov, n, n_events, n_clusters, loglik,
        pseudo_r2, r_squared, aic, tables, fmi``.

        Likelihoods are not pooled, and what is made of them is
        missing; ``fmi`` is the largest of the terms.
        """
        return pd.DataFrame(
            [
                {
                    "model": self.spec.name,
                    "engine": self.spec.engine,
                    "vcov": self.spec.vcov,
                    "n": self.n,
                    "n_events": self.n_events,
                    "n_clusters": self.n_clusters,
                    "loglik": np.nan,
                    "pseudo_r2": np.nan,
                    "r_squared": self.r_squared,
                    "aic": np.nan,
                    "tables": len(self.fits),
                    "fmi": float(self.terms["fmi"].max()),
                }
            ]
        )

    def __repr__(self) -> str:
        return (
            f"<PooledFit {self.spec.name}: {self.spec.formula} ({self.spec.engine},"
            f" {self.spec.vcov}), N {self.n}, {len(self.fits)} tables>"
        )

    def _repr_html_(self) -> str:
        events = f", {self.n_events} events" if self.n_events is not None else ""
        head = (
            f"{self.spec.name}: {self.spec.formula} ({self.spec.engine}, {self.spec.vcov}), N"
            f" {self.n}{events}, {len(self.fits)} completed tables"
        )
        terms = self.tidy(power=POWER)
        missed = [f"detectable: {DETECTABLE}"] if terms["detectable"].notna().any() else []
        shown = terms if missed else self.terms
        return html_table(shown, head, [*self.notes, *missed], rows=len(shown))
