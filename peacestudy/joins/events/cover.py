"""Which windows a source speaks of, and the words for the ledger about all that counts nowhere."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from peacestudy.core.joined import REASONS
from peacestudy.joins.events.days import Days
from peacestudy.outcomes import Source

Bools = npt.NDArray[np.bool_]
PARTIAL = ("missing", "observed")
MET, NO_ROW, FILLED = (REASONS.index(r) for r in ("met", "no row", "filled"))


def covered(
    no_key: Bools, window: Days, units: npt.NDArray[np.int64], source: Source | None, partial: str
) -> tuple[npt.NDArray[np.int8], Bools]:
    """For each case why it cannot be counted, as a place in ``REASONS`` (0 where it can); and the windows partly outside the years.

    Parameters
    ----------
    no_key : cases without a key.
    window : first and last day.
    units : number of the unit, -1 where no event has it.
    source : what the events come from; None for a table of the reader's own, which says nothing of years and units.
    partial : ``missing`` or ``observed``.
    """
    why = np.zeros(len(units), np.int8)
    partly = np.zeros(len(units), bool)
    if source is not None:
        from_day, to_day = (np.datetime64(d, "D").astype(np.int64) for d in (
            f"{source.first_year:04d}-01-01", f"{source.last_year:04d}-12-31",
        ))  # fmt: skip
        outside = (window.last < from_day) | (window.first > to_day)
        partly = ~outside & ((window.first < from_day) | (window.last > to_day))
        if partial == "missing":
            why[partly] = REASONS.index("partly observed")
        why[outside] = REASONS.index("outside the years")
        if source.units == "listed":
            why[units < 0] = REASONS.index("unit not covered")
    why[window.missing] = REASONS.index("no window")
    why[no_key] = REASONS.index("no key")
    return why, partly & ((why == MET) | (why == REASONS.index("partly observed")))


def told(
    why: npt.NDArray[np.int8], partly: Bools, source: Source | None, name: str, events: Mapping[str, int]
) -> list[str]:
    """Clauses for the ledger: what an absent event means, windows without a value by reason, events by what they lack."""
    out = []
    if source is not None:
        out.append(f"years {source.first_year} to {source.last_year}")
        if partly.any() and (why[partly] != REASONS.index("partly observed")).all():
            out.append(f"{int(partly.sum())} window(s) partly outside them, counted as far as observed")
    if (why == FILLED).any():
        meaning = f" ({source.absent})" if source is not None and source.absent else ""
        out.append(f"{int((why == FILLED).sum())} window(s) without events take the declared value{meaning}")
    for place, reason in enumerate(REASONS):
        if place not in (MET, FILLED) and (why == place).any():
            out.append(f"{int((why == place).sum())} case(s): {reason}")
    return out + [f"{n} row(s) of {name} {what}" for what, n in events.items() if n]
