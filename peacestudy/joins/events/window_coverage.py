"""The windows that a source covers, and the clauses of the ledger on what is not counted."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from peacestudy.core.joined import FILLED, MET, NO_WINDOW, PARTLY, REASONS
from peacestudy.joins.columns.source_coverage import Bools, Cover, Whys, explained
from peacestudy.joins.events.event_dates import Days
from peacestudy.outcomes import Source

PARTIAL = ("missing", "observed")


def covered(
    no_key: Bools, window: Days, units: npt.NDArray[np.int64], cover: Cover | None, partial: str
) -> tuple[Whys, Bools]:
    """For each case the reason why it cannot be counted, as a place in ``REASONS`` (0 where it
    can), and the windows partly outside the years.

    Parameters
    ----------
    no_key : cases without a key.
    window : first and last day.
    units : number of the unit, -1 where no event has it.
    cover : the years and units of which the events speak; None
        for a table that does not state them.
    partial : ``missing`` or ``observed``.
    """
    outside = np.zeros(len(units), bool)
    partly = np.zeros(len(units), bool)
    known = np.ones(len(units), bool)
    if cover is not None:
        from_day = np.datetime64(f"{cover.first:04d}-01-01", "D").astype(np.int64)
        to_day = np.datetime64(f"{cover.last:04d}-12-31", "D").astype(np.int64)
        known = (units >= 0) | cover.every
        outside = (window.last < from_day) | (window.first > to_day)
        partly = ~outside & ((window.first < from_day) | (window.last > to_day))
    why = np.where(partly & (partial == "missing"), PARTLY, MET)
    # of events, unlike of rows of years, the unit comes before the years
    out = explained(
        why, np.ones(len(units), bool), complete=~no_key, outside=outside & known, known=known
    )
    out[window.missing & ~no_key] = NO_WINDOW
    return out, partly & np.isin(out, (MET, PARTLY))


def coverage_clauses(
    why: Whys,
    partly: Bools,
    cover: Cover | None,
    source: Source | None,
    name: str,
    events: Mapping[str, int],
) -> list[str]:
    """Clauses for the ledger: what an absent event means, windows without
    a value by reason, events by what they lack.
    """
    out = []
    if cover is not None:
        out.append(f"years {cover.first} to {cover.last}")
        if partly.any() and (why[partly] != PARTLY).all():
            out.append(
                f"{int(partly.sum())} window(s) extend beyond them and are counted over"
                " the observed part"
            )
    if (why == FILLED).any():
        meaning = f" ({source.absent})" if source is not None and source.absent else ""
        out.append(
            f"{int((why == FILLED).sum())} window(s) without events take the declared"
            f" value{meaning}"
        )
    for place, reason in enumerate(REASONS):
        if place not in (MET, FILLED) and (why == place).any():
            out.append(f"{int((why == place).sum())} case(s): {reason}")
    for what, n in events.items():
        if n:
            out.append(f"{n} row(s) of {name} {what}")
    return out
