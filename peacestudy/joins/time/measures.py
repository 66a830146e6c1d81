"""What a window makes of its years: one number of each row of a
matrix of years, and when that number is known.

A row is a window, a column a year, NaN a year that nobody observed. The sums are taken over the
window itself and not as differences of running totals, which would lose the last digits of small
values behind large ones.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
PARTIAL = ("missing", "certain", "observed")
TRUTHS = ("any", "all", "count")  # these ask of true or false


def _sum(v: Floats, seen: Bools) -> Floats:
    return np.asarray(np.where(seen, v, 0.0).sum(axis=1))


def _mean(v: Floats, seen: Bools) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(_sum(v, seen) / seen.sum(axis=1))


def _max(v: Floats, seen: Bools) -> Floats:
    return np.asarray(np.where(seen, v, -np.inf).max(axis=1))


def _min(v: Floats, seen: Bools) -> Floats:
    return np.asarray(np.where(seen, v, np.inf).min(axis=1))


def _any(v: Floats, seen: Bools) -> Floats:
    return np.asarray((seen & (v == 1)).any(axis=1), dtype=np.float64)


def _all(v: Floats, seen: Bools) -> Floats:
    return np.asarray((~seen | (v == 1)).all(axis=1), dtype=np.float64)


def _first(v: Floats, seen: Bools) -> Floats:
    return np.asarray(v[np.arange(len(v)), seen.argmax(axis=1)])


def _last(v: Floats, seen: Bools) -> Floats:
    return _first(v[:, ::-1], seen[:, ::-1])


def _slope(v: Floats, seen: Bools) -> Floats:
    """Least squares of value on year, both centred first; missing
    where fewer than two years are observed.
    """
    n = np.maximum(seen.sum(axis=1), 1)[:, None]
    year = np.arange(v.shape[1], dtype=np.float64)[None, :]
    t = np.where(seen, year - np.where(seen, year, 0).sum(axis=1, keepdims=True) / n, 0.0)
    y = np.where(seen, v - np.where(seen, v, 0).sum(axis=1, keepdims=True) / n, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((t * y).sum(axis=1) / (t * t).sum(axis=1))


MEASURES: dict[str, Callable[[Floats, Bools], Floats]] = {
    "sum": _sum,
    "any": _any,
    "all": _all,
    "max": _max,
    "min": _min,
    "mean": _mean,
    "first": _first,
    "last": _last,
    "slope": _slope,
    "count": _sum,
}

# when a number is known although some years are not observed
_CERTAIN: dict[str, Callable[[Floats, Bools], Bools]] = {
    "any": lambda out, seen: out == 1,
    "all": lambda out, seen: out == 0,
    "first": lambda out, seen: seen[:, 0],
    "last": lambda out, seen: seen[:, -1],
}


def summarise(values: Floats, how: str, partial: str) -> Floats:
    """One number a window, NaN where it is not known.

    Parameters
    ----------
    values : shape (windows, years), NaN where a year is not observed.
    how : a key of ``MEASURES``; ``any, all, count`` take 0 and 1.
    partial : what holds for windows of which some years are not observed. ``missing``: nothing is
        known. ``observed``: what is observed stands for the window. ``certain``: only what no
        unobserved year could change is known: ``any`` once a year is true, ``all`` once a year is
        false, ``first`` and ``last`` where that year itself is observed.

    Examples
    --------
    >>> summarise(np.array([[0.0, 1.0], [1.0, np.nan], [0.0, np.nan]]), "any", "certain")
    array([ 1.,  1., nan])
    """
    seen = ~np.isnan(values)
    out = MEASURES[how](values, seen) if values.shape[1] else np.full(len(values), np.nan)
    known = seen.any(axis=1) if partial == "observed" else seen.all(axis=1)
    if partial == "certain" and how in _CERTAIN:
        known = known | _CERTAIN[how](out, seen)
    return np.where(known, out, np.nan)
