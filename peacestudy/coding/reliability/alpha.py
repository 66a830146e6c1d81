"""Krippendorff's alpha with exact bootstrap intervals.

Sources: Krippendorff (2019), Content Analysis, 4th ed., ch. 12 (alpha, its metrics and its bootstrap over units; here units
are drawn with replacement and the ordinal metric is made anew from the marginals of every resample).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from peacestudy.core.codebook import LEVELS
from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import CodingError

Array = npt.NDArray[np.float64]
BLOCK = 2**22  # numbers held at a time by what grows with resamples: 32 MB
MANY = 15  # units a pattern from which drawing patterns is quicker than drawing units
METRICS = {
    "nominal": "nominal metric: 0 if equal, else 1", "ordinal": "Krippendorff's ordinal metric: squared difference of mid-ranks",
    "interval": "interval metric: squared difference", "ratio": "ratio metric: squared difference over squared sum",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Alpha:
    """Agreement of coders beyond chance.

    Attributes
    ----------
    alpha : 1 for perfect agreement, 0 for agreement as by chance; NaN where it is not defined, and a note says why.
    observed, expected : disagreement within units and between any two values, in the unit of the metric.
    std_error, conf_low, conf_high : of the bootstrap over units, percentile interval; NaN without resamples.
    confidence : level of the interval.
    n_units, n_values : units with two values or more, and their values: what alpha is made of.
    n_coders : coders who gave any of these values.
    level, metric : level of measurement, and in words how far two values are apart.
    resamples, seed : of the bootstrap.
    undefined : resamples without variation, left out of the interval.
    """

    alpha: float
    observed: float
    expected: float
    std_error: float
    conf_low: float
    conf_high: float
    confidence: float
    n_units: int
    n_values: int
    n_coders: int
    level: str
    metric: str
    resamples: int
    seed: int | None
    undefined: int
    notes: tuple[Note, ...] = field(default=())

    def _repr_html_(self) -> str:
        import pandas as pd

        names = ("alpha", "conf_low", "conf_high", "observed", "expected", "n_units", "n_values", "n_coders", "level")
        head = f"Krippendorff's alpha, {self.metric}; {self.resamples} resamples of units"
        return html_table(pd.DataFrame([{n: getattr(self, n) for n in names}]), head, self.notes)


def alpha(
    values: npt.ArrayLike, level: str, *, resamples: int = 0, seed: int | None = None, confidence: float = 0.95
) -> Alpha:
    """Krippendorff's alpha, the agreement of coders beyond chance.

    Parameters
    ----------
    values : shape (coders, units), numbers; NaN where a coder gave no value.
    level : ``nominal``, ``ordinal``, ``interval`` or ``ratio``; it comes from the codebook.
    resamples : draws of units with replacement for standard error and interval; 0 for none.
    seed : of the draws; needed where there are resamples.
    confidence : level of the interval.

    Raises
    ------
    CodingError
        No unit has values of two coders; a value is infinite, text, or (ratio) negative; resamples without a seed.

    Examples
    --------
    >>> round(alpha([[1, 2, 3, 3], [1, 2, 3, 2]], "nominal").alpha, 4)
    0.6667
    """
    X = _checked(values, level)
    if resamples < 0 or (resamples and seed is None):
        raise CodingError("resamples are drawn at random: give 1 or more and a seed, as resamples=1000, seed=1.")
    if not 0 < confidence < 1:
        raise CodingError(f"confidence is {confidence}; it must lie between 0 and 1, as 0.95.")
    counts, points = _counts(X)
    paired = counts.sum(axis=1) >= 2
    if not paired.any():
        raise CodingError(
            f"no unit has values of two coders ({X.shape[0]} coder(s), {X.shape[1]} units). Let two coders code the same units."
        )
    own = (~np.isnan(X))[:, (~np.isnan(X)).sum(axis=0) >= 2].any(axis=1)
    patterns, weights = _distinct(counts[paired])
    kernel = _Kernel(patterns, points, level)
    observed, expected = (float(part[0]) for part in kernel.disagreement(weights[None].astype(float)))
    n_units, n_values = int(paired.sum()), int(counts[paired].sum())
    found = 1 - observed / expected if expected > 0 else np.nan
    notes = list(_notes(found, X, points[patterns.sum(axis=0) > 0], n_units))
    draws = np.array([])
    if resamples and expected > 0:
        draws = _resampled(kernel, weights, resamples, np.random.default_rng(seed))
    whole = draws[~np.isnan(draws)]
    if len(whole) < len(draws):
        said = f"{len(draws) - len(whole)} of {len(draws)} resamples hold one value only, where alpha is not defined; the interval is of the others."
        notes.append(Note("undefined_resamples", said))
    tails = (1 - confidence) / 2
    low, high = np.quantile(whole, [tails, 1 - tails]) if len(whole) else (np.nan, np.nan)
    return Alpha(
        alpha=found, observed=observed / n_values, expected=expected / n_values,
        std_error=float(whole.std(ddof=1)) if len(whole) > 1 else np.nan, conf_low=float(low), conf_high=float(high),
        confidence=confidence, n_units=n_units, n_values=n_values, n_coders=int(own.sum()), level=level, metric=METRICS[level],
        resamples=resamples, seed=seed, undefined=len(draws) - len(whole), notes=tuple(notes),
    )  # fmt: skip


def _checked(values: npt.ArrayLike, level: str) -> Array:
    if level not in LEVELS:
        raise CodingError(one_of("level", level, LEVELS))
    try:
        X = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as err:
        raise CodingError(
            "the values hold something that is no number. Give codes as numbers, NaN where none was given."
        ) from err
    if X.ndim != 2:
        raise CodingError(f"the values have {X.ndim} dimension(s); expected shape (coders, units).")
    if np.isinf(X).any():
        raise CodingError("the values hold infinity. Give codes as finite numbers, NaN where none was given.")
    if level == "ratio" and (X < 0).any():
        raise CodingError("the ratio metric is for values from 0 up, and some are negative. Is the level interval?")
    return X


def _counts(X: Array) -> tuple[Array, Array]:
    """How often each distinct value stands in each unit, shape (units, values), and the values."""
    given = ~np.isnan(X)
    points, at = np.unique(X[given], return_inverse=True)
    unit = np.broadcast_to(np.arange(X.shape[1]), X.shape)[given]
    flat = np.bincount(unit * len(points) + at, minlength=X.shape[1] * len(points))
    return flat.reshape(X.shape[1], len(points)).astype(float), points


def _distinct(counts: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """The distinct rows of a table of counts and how often each stands: units coded alike need no second look."""
    order = np.lexsort(counts.T)
    rows = counts[order]
    new = np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)])
    return rows[new], np.diff(np.append(np.flatnonzero(new), len(rows)))


class _Kernel:
    """Observed and expected disagreement of weighted patterns of codes; both times the number of pairable values.

    P (patterns, values) holds the counts n_uc, m their sums. With weights w over patterns and n = w P,
    observed is sum_u w_u sum_ck n_uc n_uk d_ck / (m_u - 1), expected sum_ck n_c n_k d_ck / (n - 1).
    """

    def __init__(self, patterns: Array, points: Array, level: str) -> None:
        self.P, self.level = patterns, level
        self.m = patterns.sum(axis=1)
        self.v = points - points.mean()
        self.points = points
        if level == "nominal":
            self.within = (self.m**2 - (patterns**2).sum(axis=1)) / (self.m - 1)
        elif level == "interval":
            self.within = 2 * (self.m * (patterns @ self.v**2) - (patterns @ self.v) ** 2) / (self.m - 1)
        elif level == "ratio":
            self.within = sum((patterns @ d * patterns[:, part]).sum(axis=1) for part, d in self._distances()) / (
                self.m - 1
            )

    def _distances(self) -> Iterator[tuple[slice, Array]]:
        """Columns of the ratio metric, as many at a time as memory allows."""
        step = max(1, BLOCK // len(self.points))
        for begin in range(0, len(self.points), step):
            part = slice(begin, begin + step)
            c, k = self.points[:, None], self.points[None, part]
            with np.errstate(invalid="ignore"):
                yield part, np.nan_to_num((c - k) / (c + k)) ** 2  # two zeros are equal

    def disagreement(self, W: Array) -> tuple[Array, Array]:
        """Observed and expected, shape (draws,), of weights of shape (draws, patterns)."""
        N = W @ self.P
        n = N.sum(axis=1)
        if self.level == "ordinal":
            return self._ordinal(W, N, n)
        if self.level == "nominal":
            between = n**2 - (N**2).sum(axis=1)
        elif self.level == "interval":
            between = 2 * (n * (N @ self.v**2) - (N @ self.v) ** 2)
        else:
            between = np.sum([(N @ d * N[:, part]).sum(axis=1) for part, d in self._distances()], axis=0)
        return W @ self.within, between / (n - 1)

    def _ordinal(self, W: Array, N: Array, n: Array) -> tuple[Array, Array]:
        # the ordinal distance of c and k is the squared difference of their mid-ranks among all pairable values
        S = np.cumsum(N, axis=1) - N / 2 - n[:, None] / 2
        A = (W * (self.m / (self.m - 1))) @ self.P
        T = S @ self.P.T  # sum of mid-ranks within each pattern, shape (draws, patterns)
        within = 2 * ((A * S**2).sum(axis=1) - (W * T**2 / (self.m - 1)).sum(axis=1))
        between = 2 * (n * (N * S**2).sum(axis=1) - (N * S).sum(axis=1) ** 2)
        return within, between / (n - 1)


def _resampled(kernel: _Kernel, weights: npt.NDArray[np.int64], resamples: int, rng: np.random.Generator) -> Array:
    """Alpha of resamples of units, NaN where a resample has one value only."""
    units = int(weights.sum())
    draw = _by_unit if units <= MANY * len(weights) else _by_pattern
    step = max(1, BLOCK // (units if draw is _by_unit else len(weights)))
    out = np.empty(resamples)
    for begin in range(0, resamples, step):
        W = draw(weights, min(step, resamples - begin), rng).astype(float)
        observed, expected = kernel.disagreement(W)
        N = W @ kernel.P
        one = N.max(axis=1) == N.sum(axis=1)  # a sum of rounded squares need not be zero
        with np.errstate(invalid="ignore", divide="ignore"):
            out[begin : begin + len(W)] = np.where(one, np.nan, 1 - observed / expected)
    return out


def _by_unit(weights: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Resamples as counts of patterns, unit by unit: the quicker way where units are few."""
    of_unit = np.repeat(np.arange(len(weights)), weights)
    drawn = rng.integers(0, len(of_unit), (size, len(of_unit)), dtype=np.uint16 if len(of_unit) < 2**16 else np.int64)
    at = of_unit[drawn]
    at += np.arange(0, size * len(weights), len(weights))[:, None]
    return np.bincount(at.ravel(), minlength=size * len(weights)).reshape(size, len(weights))


def _by_pattern(weights: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The same, pattern by pattern: the quicker way where many units are coded alike."""
    return rng.multinomial(weights.sum(), weights / weights.sum(), size=size)


def _notes(found: float, X: Array, points: Array, n_units: int) -> Iterator[Note]:
    """What a reader must know of the number: no variation, or the paradox of a rare code."""
    if np.isnan(found):
        yield Note(
            "no_variation",
            f"Every value of the {n_units} units coded twice is {points[0]:g}: the coders always agree, and nothing shows whether they could "
            "tell another code. Alpha is not defined.",
        )
        return
    paired = X[:, (~np.isnan(X)).sum(axis=0) >= 2]
    same = np.nanmin(paired, axis=0) == np.nanmax(paired, axis=0)
    given = paired[~np.isnan(paired)]
    codes, n = np.unique(given, return_counts=True)
    share, common = n.max() / n.sum(), codes[n.argmax()]
    if found < 0.667 and same.mean() >= 0.8:
        yield Note(
            "prevalence",
            f"The coders agree on {same.mean():.0%} of the units, yet alpha is {found:.2f}: {share:.0%} of all codes are {common:g}, so that "
            "two coders who never looked would agree almost as often. What alpha measures is agreement on the rest.",
        )
