"""Sums, counts and extremes of the events that fall into
windows: sort once, then two searches a window.

Events of one length in days are handled together. Among them, whatever the rule for events that
reach across a border, a window counts the events that start in an interval of days, so that all it
counts stand side by side once they are sorted. Cost: proportional to the events; for W windows W
log n, times the number of different lengths (1 where ends do not matter).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from peacestudy.errors import JoinError

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
SPANNING = ("start", "within", "overlap", "share")
_EXTREMES: dict[str, Any] = {
    "max": np.maximum,
    "last": np.maximum,
    "min": np.minimum,
    "first": np.minimum,
}
_ROOM = 62  # bits that a sum may take in int64
_FAR = 800  # powers of 2 beyond which scaled values could leave float64


class Spans(NamedTuple):
    """Events, or windows: the number of the unit, first and last day,
    each an int64 array of the same length.
    """

    unit: Ints
    first: Ints
    last: Ints


class Measure(NamedTuple):
    """What is made of the events of a window: the events' values, which of them are missing, and
    how they are taken together.

    ``how`` is ``count``, ``any`` (values None), ``sum``, ``mean``,
    ``max``, ``min``, ``first`` or ``last``.
    """

    values: npt.NDArray[Any] | None
    missing: Bools | None
    how: str


class Found(NamedTuple):
    """What the windows hold.

    Attributes
    ----------
    events : for each window how many events it counts, shape (windows,).
    met, again : how many of the events any window counts, and how many several windows count.
    values : by measure, for each window; without meaning where it is missing or ``events`` is 0.
    missing : by measure, for each window whether an event that it counts has no value.
    """

    events: Ints
    met: int
    again: int
    values: dict[str, npt.NDArray[Any]]
    missing: dict[str, Bools]


class _Side(NamedTuple):
    """Events of one length, sorted by unit and first day, and for each window the places ``lo ..
    hi-1`` of those it counts.

    ``start`` is the first day of all events; ``parts``, of events of several days in ``share``, are
    for the last day of the window and for the day before its first: the places behind the events
    over by then and begun by then, and the number of the next day.
    """

    rows: Ints
    days: int
    start: Ints
    lo: Ints
    hi: Ints
    parts: tuple[tuple[Ints, Ints, Ints], ...]


def gather(events: Spans, windows: Spans, spanning: str, measures: Mapping[str, Measure]) -> Found:
    """Summarise the events of each window.

    Parameters
    ----------
    events, windows : whole numbers; an event meets windows of its own
        unit only. No first day is after the last.
    spanning : how an event counts that reaches across a border: ``start`` (by its first day),
        ``within`` (only if all of it is inside), ``overlap`` (if a day of it is inside) or
        ``share`` (by the share of its days inside).
    measures : by name.

    Notes
    -----
    Sums of whole numbers are exact. Other numbers are written as two whole numbers each, of b = 62
    - log2(number of events) bits (42 for a million events; with ``share`` less the bits of the
    longest event), which are summed exactly: what is lost is below n 2**(-2b) of the largest value,
    and the rounding to float64 at the end. A running sum of floats would carry the rounding of all
    events before the window into it. A share is exact but for the rounding of one fraction a length
    (below 1e-10).

    Raises
    ------
    JoinError
        A sum may not fit into 64 bits.
    """
    n_windows = len(windows.unit)
    sums, totals, gaps = {}, {}, {}
    for name, m in measures.items():
        if m.how in ("sum", "mean", "count"):
            sums[name] = _limbs(name, m, events, spanning)
            totals[name] = [_Total(n_windows, spanning == "share") for _ in sums[name]]
        if m.missing is not None and m.missing.any():
            gaps[name] = m.missing
    counted, met, again = np.zeros(n_windows, np.int64), 0, 0
    values: dict[str, npt.NDArray[Any]] = {}
    missing = {name: np.zeros(n_windows, bool) for name in measures}
    for side in _sides(events, windows, spanning):
        counted += side.hi - side.lo
        # up where a window begins, down behind its end
        steps = np.zeros(len(side.rows) + 1, np.int64)
        np.add.at(steps, side.lo, 1)
        np.subtract.at(steps, side.hi, 1)
        times = np.cumsum(steps)
        met += int((times > 0).sum())
        again += int((times > 1).sum())
        for name, gap in gaps.items():
            missing[name] |= _between(gap[side.rows].astype(np.int64), side.lo, side.hi) > 0
        for name, m in measures.items():
            if name in sums:
                for part, (limb, _) in zip(totals[name], sums[name], strict=True):
                    part.add(limb, side)
            elif m.values is not None:
                _extreme(values, name, m, side)
    for name, m in measures.items():
        if name in sums:
            total = _whole(totals[name], [scale for _, scale in sums[name]])
            values[name] = total / np.maximum(counted, 1) if m.how == "mean" else total
        elif m.values is None:
            values[name] = counted > 0
        elif name not in values:
            values[name] = np.zeros(len(counted), m.values.dtype)
    return Found(counted, met, again, values, missing)


def _sides(events: Spans, windows: Spans, spanning: str) -> Iterator[_Side]:
    """The events by length, each with the places that every window counts."""
    if not len(events.unit) or not len(windows.unit):
        return
    base = int(events.first.min()) - 1
    span = int(events.first.max()) - base + 2
    # 1 .. span-2, so that 0 and span-1 stand for any day before and after
    start = events.first - base

    def place(keys: Ints, day: Ints, side: Any) -> Ints:
        return np.searchsorted(
            keys, windows.unit * span + np.clip(day, 0, span - 1), side=side
        ).astype(np.int64)

    packed = events.unit * span + start
    a, b = windows.first - base, windows.last - base
    for rows, days in _by_length(_ascending(packed), events, spanning):
        keys = packed[rows]
        lo = place(keys, a if spanning in ("start", "within") else a - days + 1, "left")
        hi = place(keys, b - days + 1 if spanning == "within" else b, "right")
        parts: tuple[tuple[Ints, Ints, Ints], ...] = ()
        if spanning == "share" and days > 1:
            parts = tuple(
                (place(keys, t - days, "right"), place(keys, t, "right"), t + 1) for t in (b, a - 1)
            )
        yield _Side(rows, days, start, lo, np.maximum(lo, hi), parts)


def _by_length(order: Ints, events: Spans, spanning: str) -> Iterator[tuple[Ints, int]]:
    """Events in order, those of one length together; all of them
    where only the first day matters.
    """
    if spanning == "start":
        yield order, 1
        return
    length = (events.last - events.first + 1)[order]
    by_length = _ascending(length)  # in each length the order by unit and day stays
    order, length = order[by_length], length[by_length]
    ends = np.append(np.flatnonzero(np.diff(length)) + 1, len(order))
    for i, j in zip(np.append(0, ends[:-1]), ends, strict=True):
        yield order[i:j], int(length[i])


def _ascending(keys: Ints) -> Ints:
    """Rows in the order of keys from 0 on, equal ones as they stand: 16
    bits at a time, which numpy sorts by counting.
    """
    # the conversion keeps the lowest 16 bits
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    shift, top = 16, int(keys.max(initial=0))
    while top >> shift:
        order = order[np.argsort((keys >> shift).astype(np.uint16)[order], kind="stable")]
        shift += 16
    return order


def _between(values: npt.NDArray[Any], lo: Ints, hi: Ints) -> npt.NDArray[Any]:
    """Sums of ``values[lo:hi]``, exact for whole numbers."""
    running = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, out=running[1:])
    return running[hi] - running[lo]


class _Total:
    """A sum for each window, as whole numbers and what is left of them in shares."""

    def __init__(self, windows: int, shared: bool) -> None:
        self.whole = np.zeros(windows, np.int64)
        self.rest = np.zeros(windows)
        self.shared = shared

    def add(self, limb: Ints | None, side: _Side) -> None:
        """Add the events of one length; None counts them."""
        if limb is None and not side.parts:
            self.whole += side.hi - side.lo
            return
        values = np.ones(len(side.rows), np.int64) if limb is None else limb[side.rows]
        if not side.parts:
            self.whole += _between(values, side.lo, side.hi)
            return
        # value times days inside, up to the last day less up to the day before the first; products
        # may pass 2**63 on the way, which cancels: int64 counts modulo 2**64, and the result fits
        v, s = np.zeros((2, len(values) + 1), np.int64)
        np.cumsum(values, out=v[1:])
        np.cumsum(values * side.start[side.rows], out=s[1:])
        (full, some, day), (full_0, some_0, day_0) = side.parts
        inside = side.days * (v[full] - v[full_0]) + (
            day * (v[some] - v[full]) - (s[some] - s[full])
        )
        inside -= day_0 * (v[some_0] - v[full_0]) - (s[some_0] - s[full_0])
        self.whole += inside // side.days
        self.rest += inside % side.days / side.days


def _limbs(name: str, m: Measure, events: Spans, spanning: str) -> list[tuple[Ints | None, float]]:
    """The values as one column of whole numbers, or as two with
    their scales: value = sum of limb * scale.
    """
    n = len(events.unit)
    if m.values is None:
        return [(None, 1.0)]
    values = (
        m.values
        if m.missing is None or not m.missing.any()
        else np.where(m.missing, m.values.dtype.type(0), m.values)
    )
    longest = int((events.last - events.first).max()) + 1 if n and spanning == "share" else 1
    room = _ROOM - int(np.ceil(np.log2(max(n, 1)))) - int(np.ceil(np.log2(longest)))
    if values.dtype.kind == "i" or not (values % 1).any():
        largest = max(abs(float(values.max(initial=0))), abs(float(values.min(initial=0))))
        if largest * n * longest < 2.0**_ROOM:
            return [(values.astype(np.int64, copy=False), 1.0)]
        if values.dtype.kind == "i":
            raise JoinError(
                f"{name}: {n} values up to {largest:g} may have a sum beyond 64 bits. Give them as"
                " float64."
            )
    power = int(np.frexp(np.abs(values).max())[1])
    if abs(power) > _FAR:
        raise JoinError(
            f"{name}: values about 2**{power} are too far from 1 to be summed well. Give them in"
            " another unit."
        )
    top = 2.0**power  # above all values
    high = np.round(values * (2.0**room / top))
    low = np.round((values - high * (top / 2.0**room)) * (2.0**room / top) * 2.0**room)
    return [
        (high.astype(np.int64), top / 2.0**room),
        (low.astype(np.int64), top / 2.0**room / 2.0**room),
    ]


def _whole(totals: list[_Total], scales: list[float]) -> npt.NDArray[Any]:
    if scales == [1.0] and not totals[0].shared:
        return totals[0].whole
    out = np.zeros(len(totals[0].whole))
    for total, scale in zip(reversed(totals), reversed(scales), strict=True):
        out += (total.whole + total.rest) * scale
    return out


def _extreme(out: dict[str, npt.NDArray[Any]], name: str, m: Measure, side: _Side) -> None:
    """Carry on the largest or smallest value: of 2**k values side by side, k
    = 0, 1, ..., each from two of the k before.
    """
    assert m.values is not None
    better = _EXTREMES[m.how]
    limits: Any = np.iinfo(np.int64) if m.values.dtype.kind == "i" else np.finfo(np.float64)
    worst = limits.min if better is np.maximum else limits.max
    kept = out.setdefault(name, np.full(len(side.lo), worst, m.values.dtype))
    power = np.frexp((side.hi - side.lo).astype(np.float64))[1] - 1  # -1 where there is nothing
    best = m.values[side.rows]
    if m.missing is not None and m.missing.any():
        best = np.where(m.missing[side.rows], worst, best)
    for k in range(int(power.max(initial=-1)) + 1):
        at = np.flatnonzero(power == k)
        kept[at] = better(kept[at], better(best[side.lo[at]], best[side.hi[at] - 2**k]))
        best = better(best[: -(2**k)], best[2**k :])
