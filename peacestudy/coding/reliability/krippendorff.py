"""Krippendorff's alpha with exact bootstrap intervals.

Sources: Krippendorff (2019), Content Analysis, 4th ed., ch. 12 (alpha, its metrics and its
bootstrap over units; here units are drawn with replacement and the ordinal metric is made anew from
the marginals of every resample).

Memory: beside the values, a dozen arrays of BLOCK numbers or of one number a value and unit, about
400 MB whatever the number of resamples and of distinct values. Time of the ratio metric grows with
the square of the distinct values, of the others in step.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from peacestudy.coding.reliability.values import codes_by_coder, paradox
from peacestudy.core.codebook import LEVELS
from peacestudy.core.display import html_table
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import CodingError

Array = npt.NDArray[np.float64]
BLOCK = 2**22  # numbers held at a time by what grows with resamples: 32 MB
CACHE = 2**16  # and by what is worked on in one go: half a megabyte, which stays near the processor
MANY = 15  # units a pattern from which drawing patterns is quicker than drawing units
METRICS = {
    "nominal": "nominal metric: 0 if equal, else 1",
    "ordinal": "Krippendorff's ordinal metric: squared difference of mid-ranks",
    "interval": "interval metric: squared difference",
    "ratio": "ratio metric: squared difference over squared sum",
}


@dataclass(frozen=True, eq=False)
class Alpha:
    """Agreement of coders beyond chance.

    Attributes
    ----------
    alpha : 1 for perfect agreement, 0 for agreement as by chance; NaN
        where it is not defined, and a note says why.
    observed, expected : disagreement within units and between any
        two values, in the unit of the metric.
    std_error, conf_low, conf_high : of the bootstrap over units,
        percentile interval; NaN without resamples.
    conf_level : level of the interval.
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
    conf_level: float
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
        names = (
            "alpha",
            "conf_low",
            "conf_high",
            "observed",
            "expected",
            "n_units",
            "n_values",
            "n_coders",
            "level",
        )
        head = f"Krippendorff's alpha, {self.metric}; {self.resamples} resamples of units"
        return html_table(pd.DataFrame([{n: getattr(self, n) for n in names}]), head, self.notes)


@renamed_arguments(confidence="conf_level")
def alpha(
    values: npt.ArrayLike | pd.DataFrame,
    level: str,
    *,
    resamples: int = 0,
    seed: int | None = None,
    conf_level: float = 0.95,
) -> Alpha:
    """Krippendorff's alpha, the agreement of coders beyond chance.

    Parameters
    ----------
    values : array or DataFrame
        Numbers. An array or nested list has shape (coders, units). A DataFrame has a row a unit and
        a column a coder, as ``sheet.values(indicator_id)`` and ``read_file`` give it. NaN, None,
        ``pd.NA`` or a masked cell where a coder gave no value.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Level of measurement; it comes from the codebook.
    resamples : int
        Draws of units with replacement for the standard error and interval; 0 for none.
    seed : int, optional
        Seed of the draws; required with resamples.
    conf_level : float
        Confidence level of the percentile interval, between 0 and 1.

    Returns
    -------
    Alpha
        ``alpha`` (NaN where it is not defined), ``observed`` and ``expected`` disagreement,
        ``std_error, conf_low, conf_high`` of the bootstrap, ``n_units, n_values, n_coders`` that
        enter alpha, and ``notes``.

    Raises
    ------
    CodingError
        No unit has values of two coders; a value is infinite, text, or (ratio) negative; resamples
        without a seed; a DataFrame has more columns than rows, or a column of ids.

    Notes
    -----
    ``no_variation``: every value is the same, alpha is NaN. ``undefined_resamples``:
    how many resamples hold one value only. ``prevalence``: the coders agree on four units of five
    or more, and chance alone on most. ``more_coders_than_units``: an array has more rows than
    columns and may have to be transposed. ``transposed``: a DataFrame whose rows are named and
    whose columns are only numbered was read with its rows as coders.

    Source: Krippendorff (2019), Content Analysis, 4th ed., ch. 12.

    Examples
    --------
    Four coders and twelve units, of Krippendorff (2011), Computing Krippendorff's
    Alpha-Reliability, example C, where alpha is 0.743 (nominal) and 0.815 (ordinal):

    >>> no = None
    >>> values = [
    ...     [1, 2, 3, 3, 2, 1, 4, 1, 2, no, no, no],
    ...     [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, no, 3],
    ...     [no, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, no],
    ...     [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, no],
    ... ]
    >>> round(ps.alpha(values, "nominal").alpha, 3), round(ps.alpha(values, "ordinal").alpha, 3)
    (0.743, 0.815)
    >>> found = ps.alpha(values, "nominal", resamples=1000, seed=1)
    >>> found.n_units, found.n_values, found.conf_low < found.alpha < found.conf_high
    (11, 40, True)
    """
    X, layout = _checked(values, level)
    if resamples < 0 or (resamples and seed is None):
        raise CodingError(
            "resamples are drawn at random: give 1 or more and a seed, as resamples=1000, seed=1."
        )
    if not 0 < conf_level < 1:
        raise CodingError(f"conf_level is {conf_level}; it must lie between 0 and 1, as 0.95.")
    given = (~np.isnan(X)).sum(axis=0)
    paired = given >= 2
    _refuse_no_pairs(paired, X)
    own = (~np.isnan(X[:, paired])).any(axis=1)
    patterns, weights, points = _patterns(X[:, paired])
    kernel = _Kernel(patterns, points, level)
    disagreement = kernel.disagreement(weights[None].astype(float))
    observed, expected = float(disagreement[0][0]), float(disagreement[1][0])
    n_units, n_values = int(paired.sum()), int(given[paired].sum())
    found = 1 - observed / expected if expected > 0 else np.nan
    notes = [*layout, *_notes(found, X[:, paired])]
    draws = np.array([])
    if resamples and expected > 0:
        draws = _resampled(kernel, weights, resamples, np.random.default_rng(seed))
    whole = draws[~np.isnan(draws)]
    if len(whole) < len(draws):
        text = (
            f"{len(draws) - len(whole)} of {len(draws)} resamples have a single value, for which"
            " alpha is not defined; the interval uses the others."
        )
        notes.append(Note("undefined_resamples", text))
    tails = (1 - conf_level) / 2
    low, high = np.quantile(whole, [tails, 1 - tails]) if len(whole) else (np.nan, np.nan)
    return Alpha(
        alpha=found,
        observed=observed / n_values,
        expected=expected / n_values,
        std_error=float(whole.std(ddof=1)) if len(whole) > 1 else np.nan,
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n_units=n_units,
        n_values=n_values,
        n_coders=int(own.sum()),
        level=level,
        metric=METRICS[level],
        resamples=resamples,
        seed=seed,
        undefined=len(draws) - len(whole),
        notes=tuple(notes),
    )


def _refuse_no_pairs(paired: npt.NDArray[np.bool_], X: Array) -> None:
    if not paired.any():
        raise CodingError(
            f"no unit has values of two coders ({X.shape[0]} coder(s), {X.shape[1]} units). Let two"
            " coders code the same units."
        )


def _checked(values: npt.ArrayLike | pd.DataFrame, level: str) -> tuple[Array, tuple[Note, ...]]:
    if level not in LEVELS:
        raise CodingError(one_of("level", level, LEVELS))
    X, layout = codes_by_coder(values)
    if level == "ratio" and (X < 0).any():
        raise CodingError(
            "the ratio metric is for values from 0 up, and some are negative. Should the level be"
            " interval?"
        )
    return X, layout


def _patterns(X: Array) -> tuple[Any, npt.NDArray[np.int64], Array]:
    """Counts of each value in each distinct unit, shape (patterns,
    values), how many units are so, and the values.

    Sparse, with a row for every unit, where units times values are many: then few units are alike.
    """
    given = ~np.isnan(X)
    points, at = np.unique(X[given], return_inverse=True)
    unit = np.broadcast_to(np.arange(X.shape[1]), X.shape)[given]
    shape = (X.shape[1], len(points))
    if shape[0] * shape[1] > BLOCK:
        return (
            csr_array((np.ones(len(at)), (unit, at)), shape=shape),
            np.ones(shape[0], dtype=np.int64),
            points,
        )
    flat = np.bincount(unit * shape[1] + at, minlength=shape[0] * shape[1])
    return (*_distinct(flat.reshape(shape).astype(float)), points)


def _distinct(counts: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """The distinct rows of a table of counts and how often each
    stands: units coded alike need no second look.
    """
    order = np.lexsort(counts.T)
    rows = counts[order]
    new = np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)])
    return rows[new], np.diff(np.append(np.flatnonzero(new), len(rows)))


class _Kernel:
    """Observed and expected disagreement of weighted patterns of codes;
    both times the number of pairable values.

    P (patterns, values) holds the counts n_uc, m their sums. With weights w over patterns and n = w
    P, observed is sum_u w_u sum_ck n_uc n_uk d_ck / (m_u - 1), expected sum_ck n_c n_k d_ck / (n -
    1).
    """

    def __init__(self, patterns: Any, points: Array, level: str) -> None:
        self.P, self.level = patterns, level
        self.m = patterns.sum(axis=1)
        self.v = points - points.mean()
        self.points = points
        if level == "nominal":
            self.within = (self.m**2 - (patterns * patterns).sum(axis=1)) / (self.m - 1)
        elif level == "interval":
            self.within = (
                2 * (self.m * (patterns @ self.v**2) - (patterns @ self.v) ** 2) / (self.m - 1)
            )
        elif level == "ratio":
            self.within = sum(
                (patterns[:, part] * (patterns @ d)).sum(axis=1) for part, d in self._distances()
            )
            self.within = self.within / (self.m - 1)

    def _distances(self) -> Iterator[tuple[slice, Array]]:
        """Columns of the ratio metric, as many at a time as memory allows."""
        step = max(1, BLOCK // max(self.P.shape))
        for begin in range(0, len(self.points), step):
            part = slice(begin, begin + step)
            c, k = self.points[:, None], self.points[None, part]
            with np.errstate(invalid="ignore"):
                yield part, np.nan_to_num((c - k) / (c + k)) ** 2  # two zeros are equal

    def disagreement(self, W: Array) -> tuple[Array, Array]:
        """Observed and expected, shape (draws,), of weights of shape (draws, patterns)."""
        if self.level == "interval":  # by moments of units: no counts of values are needed
            n, first, second = W @ self.m, W @ (self.P @ self.v), W @ (self.P @ self.v**2)
            return W @ self.within, 2 * (n * second - first**2) / (n - 1)
        N = W @ self.P
        n = N.sum(axis=1)
        if self.level == "ordinal":
            return self._ordinal(W, N, n)
        if self.level == "nominal":
            between = n**2 - (N**2).sum(axis=1)
        else:
            between = np.sum(
                [(N @ d * N[:, part]).sum(axis=1) for part, d in self._distances()], axis=0
            )
        return W @ self.within, between / (n - 1)

    def of_one_value(self, W: Array) -> npt.NDArray[np.bool_]:
        """Whether the drawn units hold one value only; a sum of
        rounded squares need not be zero then.
        """
        if isinstance(self.P, np.ndarray):
            N = W @ self.P
            return np.asarray(N.max(axis=1) == N.sum(axis=1))
        held = self.P
        low, high = (
            f.reduceat(self.points[held.indices], held.indptr[:-1])
            for f in (np.minimum, np.maximum)
        )
        some = W > 0
        out: npt.NDArray[np.bool_] = np.where(some, low, np.inf).min(axis=1) == np.where(
            some, high, -np.inf
        ).max(axis=1)
        return out

    def _ordinal(self, W: Array, N: Array, n: Array) -> tuple[Array, Array]:
        # the ordinal distance of c and k is the squared difference of their mid-ranks among all
        # pairable values
        S = np.cumsum(N, axis=1) - N / 2 - n[:, None] / 2
        A = (W * (self.m / (self.m - 1))) @ self.P
        T = S @ self.P.T  # sum of mid-ranks within each pattern, shape (draws, patterns)
        within = 2 * ((A * S**2).sum(axis=1) - (W * T**2 / (self.m - 1)).sum(axis=1))
        between = 2 * (n * (N * S**2).sum(axis=1) - (N * S).sum(axis=1) ** 2)
        return within, between / (n - 1)


def _resampled(
    kernel: _Kernel, weights: npt.NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> Array:
    """Alpha of resamples of units, NaN where a resample has one value only."""
    units = int(weights.sum())
    draw = _by_unit if units <= MANY * len(weights) else _by_pattern
    step = max(1, BLOCK // (units if draw is _by_unit else len(weights)))
    part = max(16, (BLOCK if kernel.level == "ratio" else CACHE) // max(kernel.P.shape))
    out = []
    for begin in range(0, resamples, step):
        drawn = draw(weights, min(step, resamples - begin), rng)
        for first in range(0, len(drawn), part):
            W = drawn[first : first + part].astype(float)
            observed, expected = kernel.disagreement(W)
            one = kernel.of_one_value(W)
            with np.errstate(invalid="ignore", divide="ignore"):
                out.append(np.where(one, np.nan, 1 - observed / expected))
    return np.concatenate(out)


def _by_unit(
    weights: npt.NDArray[np.int64], size: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Resamples as counts of patterns, unit by unit: the quicker way where units are few."""
    of_unit = np.repeat(np.arange(len(weights)), weights)
    drawn = rng.integers(
        0, len(of_unit), (size, len(of_unit)), dtype=np.uint16 if len(of_unit) < 2**16 else np.int64
    )
    out = np.empty((size, len(weights)), dtype=np.int64)
    step = max(1, CACHE // len(of_unit))
    for begin in range(0, size, step):
        at = of_unit.take(drawn[begin : begin + step].astype(np.intp))
        at += np.arange(0, len(at) * len(weights), len(weights))[:, None]
        out[begin : begin + step] = np.bincount(
            at.ravel(), minlength=len(at) * len(weights)
        ).reshape(len(at), -1)
    return out


def _by_pattern(
    weights: npt.NDArray[np.int64], size: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """The same, pattern by pattern: the quicker way where many units are coded alike."""
    return rng.multinomial(weights.sum(), weights / weights.sum(), size=size)


def _notes(found: float, X: Array) -> Iterator[Note]:
    """What a reader must know of the number: no variation, or the paradox of a rare code."""
    codes, n = np.unique(X[~np.isnan(X)], return_counts=True)
    if np.isnan(found):
        yield Note(
            "no_variation",
            f"Every value of the {X.shape[1]} units coded twice is {codes[0]:g}: the coders always"
            " agree, and the data do not show whether they can distinguish codes. Alpha is not"
            " defined.",
        )
        return
    same = float((np.nanmin(X, axis=0) == np.nanmax(X, axis=0)).mean())
    said = paradox("alpha", found, same, float(((n / n.sum()) ** 2).sum()))
    if said:
        share = f"{n.max() / n.sum():.0%} of all codes are {codes[n.argmax()]:g}"
        yield Note(
            "prevalence",
            f"{said} {share}; alpha is determined by the other {n.sum() - n.max()} of {n.sum()}"
            " codes.",
        )
