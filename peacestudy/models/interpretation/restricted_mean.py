"""Restricted mean survival time of a Cox model: the area under
the mean survival curve up to a horizon.

Sources: Breslow (1972), JRSS B 34(2) (baseline hazard); Royston and Parmar (2013), BMC Medical
Research Methodology 13:152 (restricted mean); Andersen, Borgan, Gill and Keiding (1993),
Statistical Models Based on Counting Processes, VII.2 (covariance of coefficients and baseline
hazard: the jumps' own error is independent of the coefficients'); Lin and Wei (1989), Journal of
the American Statistical Association 84(408) (parts of the rows, for robust covariances).
"""

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
import pandas as pd

from peacestudy.core.problems import nearest
from peacestudy.core.tied_survival_times import tied_times
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.cox import sets_of
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.interpretation.effect_rows import EffectRows
from peacestudy.models.interpretation.interval_scales import Logit, Scale
from peacestudy.models.interpretation.quantities import Quantity
from peacestudy.models.kernels.cox import fit_cox
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.risk_sets import RiskSets
from peacestudy.models.result import Fit

Parts = list[tuple[np.ndarray, ...]]  # see RestrictedMean._parts


@dataclass(frozen=True, eq=False)
class Baseline:
    """What the baseline hazard is computed from.

    Attributes
    ----------
    sets : the risk sets of the fit; M moments.
    X : covariates of the fit, less their means, shape (N, K).
    means : these means, shape (K,).
    stratum : of every moment, shape (M,).
    """

    sets: RiskSets
    X: np.ndarray
    means: np.ndarray
    stratum: np.ndarray

    def jumps(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hazards at the means (M,), sums of relative hazards over the risk
        sets (M,), and mean covariates there (M, K).
        """
        w = np.exp(self.X @ b)
        total = self.sets.over(w)
        return self.events() / total, total, self.sets.over(w[:, None] * self.X) / total[:, None]

    def events(self) -> np.ndarray:
        """Number of events at each moment."""
        return np.bincount(self.sets.moment, minlength=len(self.sets.times)).astype(float)


def baseline_of(fit: Fit) -> Baseline:
    """The baseline of a fit of engine ``cox``."""
    sets = sets_of(fit.design, fit.spec)
    means = fit.design.X.mean(axis=0)
    stratum = np.zeros(len(sets.times), int)
    stratum[sets.last[sets.event == 1] - 1] = sets.strata[sets.event == 1]
    return Baseline(sets, fit.design.X - means, means, stratum)


def strata_of(fit: Fit, rows: EffectRows, over: str) -> np.ndarray:
    """Stratum numbers of rows, those of the fit.

    Raises
    ------
    SpecError
        A stratum that the fit did not have.
    """
    column = dict(fit.spec.options).get("strata")
    if column is None:
        return np.zeros(len(rows.table), int)
    codes, levels = pd.factorize(fit.design.further[column])
    if over == "fit":
        return codes
    if column not in rows.table.columns:
        raise SpecError(
            f"the strata column {column!r} is not in the"
            f" data.{nearest(column, list(rows.table.columns))}"
        )
    found = pd.Index(levels).get_indexer(rows.table[column])
    if (found < 0).any():
        raise SpecError(
            f"{column} is {rows.table[column].to_numpy()[found < 0][0]!r}, a stratum that the fit"
            " did not have."
        )
    return np.asarray(found)


def check_horizon(fit: Fit, strata: np.ndarray, horizon: float) -> None:
    """Refuse a horizon beyond the time at which someone is still
    observed, in every stratum of the rows.

    Raises
    ------
    SpecError
        It is no number above zero.
    FitError
        It lies beyond what was observed.
    """
    if (
        isinstance(horizon, bool)
        or not isinstance(horizon, Real)
        or not np.isfinite(float(horizon))
        or not horizon > 0
    ):
        raise SpecError(
            f"horizon is {horizon!r}; it must be a number above zero, in the unit of the times."
        )
    assert fit.design.times is not None
    column = dict(fit.spec.options).get("strata")
    of_fit = (
        np.zeros(len(fit.design.times), int)
        if column is None
        else pd.factorize(fit.design.further[column])[0]
    )
    last = min(float(fit.design.times[of_fit == s, 1].max()) for s in np.unique(strata))
    written, seen = tied_times(np.array([horizon, last])).columns[0]
    if written > seen:
        raise FitError(
            f"horizon is {horizon:g}, and no case is observed beyond"
            f" {last:g}{' in some stratum' if column else ''}: the mean up to there is not in the"
            f" data. Write {last:g} or less."
        )


@dataclass(frozen=True, eq=False)
class RestrictedMean:
    """Mean over rows of the expected time without the event, up to a
    horizon; covariates stay as they are all the while.

    Attributes
    ----------
    base : what the baseline hazard is computed from.
    X : covariates of the rows, shape (n, K).
    share : of the rows, shape (n,).
    strata : of the rows, shape (n,).
    horizon : in the unit of the times.
    """

    base: Baseline
    X: np.ndarray
    share: np.ndarray
    strata: np.ndarray
    horizon: float

    def _parts(self, b: np.ndarray, jumps: np.ndarray | None) -> Parts:
        """By stratum: rows, moments, relative hazards (n,), lengths of the steps (m+1,), cumulative
        hazards (m+1,), areas (n, m+1).
        """
        found = self.base.jumps(b)[0] * (1.0 if jumps is None else jumps)
        hazard = np.exp((self.X - self.base.means) @ b)
        out: Parts = []
        for s in np.unique(self.strata):
            rows = np.flatnonzero(self.strata == s)
            at = np.flatnonzero((self.base.stratum == s) & (self.base.sets.times < self.horizon))
            length = np.diff(np.concatenate([[0.0], self.base.sets.times[at], [self.horizon]]))
            cumulative = np.concatenate([[0.0], np.cumsum(found[at])])
            out.append(
                (
                    rows,
                    at,
                    hazard[rows],
                    length,
                    cumulative,
                    np.exp(-np.outer(hazard[rows], cumulative)) * length,
                )
            )
        return out

    @property
    def scale(self) -> Scale:
        """The logit of the share of the horizon, so that intervals
        lie between 0 and the horizon.
        """
        return Logit(self.horizon)

    def _mean(self, parts: Parts) -> tuple[float, float]:
        """The mean time without the event, and what is left of the horizon, each without a
        difference of large numbers.
        """
        mean = sum(self.share[rows] @ area.sum(axis=1) for rows, _, _, _, _, area in parts)
        left = 0.0
        for rows, _, hazard, length, cumulative, _ in parts:
            left += self.share[rows] @ (-np.expm1(-np.outer(hazard, cumulative)) @ length)
        return float(mean), float(left)

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean, on the scale; infinite where no event comes before the horizon."""
        mean, left = self._mean(self._parts(b, jumps))
        return float(np.log(mean) - np.log(left)) if left > 0 else np.inf

    def _slope(self, parts: Parts) -> float:
        """Derivative of the scale by the mean; NaN where no event comes before the horizon."""
        mean, left = self._mean(parts)
        return self.horizon / mean / left if left > 0 else np.nan

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients, with the baseline hazard as it follows them."""
        parts = self._parts(b, None)
        out = np.zeros(len(b))
        for rows, _, hazard, _, cumulative, area in parts:
            out -= (self.share[rows] * hazard * (area @ cumulative)) @ (
                self.X[rows] - self.base.means
            )
        jump, _, mean = self.base.jumps(b)
        total: np.ndarray = self._slope(parts) * (out - (self._by_jumps(parts) * jump) @ mean)
        return total

    def steps(self, b: np.ndarray) -> np.ndarray:
        """By the jumps of the baseline hazard."""
        parts = self._parts(b, None)
        out: np.ndarray = self._slope(parts) * self._by_jumps(parts)
        return out

    def _by_jumps(self, parts: Parts) -> np.ndarray:
        """Derivative of the mean by the jumps of the baseline hazard."""
        out = np.zeros(len(self.base.sets.times))
        for rows, at, hazard, _, _, area in parts:
            # by each cumulative hazard, with the sign turned
            after = (self.share[rows] * hazard) @ area
            out[at] = -np.cumsum(after[:0:-1])[::-1]
        return out


def variances(fit: Fit, quantities: list[Quantity], b: np.ndarray) -> np.ndarray:
    """Variances of quantities of a Cox model under the fit's own covariance, shape (Q,).

    ``classical`` adds the jumps' own error to that of the coefficients;
    the others sum the parts of the rows in both.
    """
    base = baseline_of(fit)
    est = fit_cox(fit.design.X, base.sets)
    _, total, _ = base.jumps(b)
    slopes = [q.gradient(b) for q in quantities]
    steps = [q.steps(b) for q in quantities]
    known = fit.variances_of(np.array(slopes))
    if fit.spec.vcov == "classical":
        own = [0.0 if s is None else float((s / total) ** 2 @ base.events()) for s in steps]
        return np.asarray(known + np.array(own))
    parts = np.column_stack(
        [
            est.influence[0] @ g + (0.0 if s is None else row_parts(base, b, s))
            for g, s in zip(slopes, steps, strict=True)
        ]
    )
    both = covariance(_instead(est, parts), fit.spec.vcov, fit.design.clusters, small_sample=False)[
        0
    ]
    # missing where a coefficient without a variance is needed
    return np.where(np.isnan(known), np.nan, np.diag(both))


def row_parts(base: Baseline, b: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Each row's part (N,) in the error that the jumps bring to a quantity:
    its own event less what was expected of it.
    """
    jump, total, _ = base.jumps(b)
    each = steps / total
    out: np.ndarray = base.sets.at_end(each) - np.exp(base.X @ b) * base.sets.through(each * jump)
    return out


def _instead(est: Estimates, parts: np.ndarray) -> Estimates:
    return replace(est, influence=parts[None], leverage=np.zeros((1, len(parts))))
