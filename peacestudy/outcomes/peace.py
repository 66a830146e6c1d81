"""What came after an attempt: lasting peace, its two parts, and
the years until fighting was next seen.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError, SpecError

OUTCOMES_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field("window_from", "year", required=True, description="t0 + 1"),
        Field("window_to", "year", required=True, description="t0 + horizon"),
        Field(
            "window_complete",
            "boolean",
            required=True,
            description="the source covers the whole window",
        ),
        Field(
            "lasting_peace",
            "boolean",
            description="no fighting year in the window; missing where the window is not complete",
        ),
        Field(
            "stopped",
            "boolean",
            description="no fighting in t0 + 1; missing where that year is not covered",
        ),
        Field(
            "held",
            "boolean",
            description="lasting peace among those that stopped; missing elsewhere",
        ),
        Field(
            "event",
            "boolean",
            required=True,
            description="a fighting year was seen after t0; else censored",
        ),
        Field(
            "peace_years",
            "integer",
            required=True,
            minimum=0,
            unit="years",
            description="years from t0 to the next fighting year, or to the end of coverage",
        ),
        Field("fighting_years", description="fighting years seen in the window"),
        Field("source", required=True),
    ),
    key=("case_id",),
)

OTHER_OUTCOMES = (
    Field(
        "no_war",
        "boolean",
        description=(
            "no year with 1000 or more battle-related deaths in the window; missing where it is not"
            " complete"
        ),
    ),
    Field(
        "peace_after_grace",
        "boolean",
        description=(
            "no fighting year in t0 + 2 to t0 + 1 + horizon, a year of grace; missing where one of"
            " them is not covered"
        ),
    ),
)


@dataclass(frozen=True)
class PeaceRule:
    """How peace is read.

    Attributes
    ----------
    horizon : years after t0 that must be without fighting, 1 or more.
    last_year : last year that the conflict source covers; later years are censored.
    """

    horizon: int
    last_year: int

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise SpecError(f"horizon is {self.horizon}; it must be 1 or more.")


def fighting_years(conflict_years: pd.DataFrame) -> dict[int, set[int]]:
    """Years with 25 or more battle-related deaths of every
    conflict, from ``conflict_id, year`` rows.
    """
    fought = {}
    for conflict, years in conflict_years.groupby("conflict_id")["year"]:
        fought[int(str(conflict))] = set(map(int, years))
    return fought


def fighting_known(
    signed: datetime.date, years: Iterable[int], began: Mapping[int, datetime.date]
) -> set[int]:
    """Years of fighting that are known on the day of a signature.

    A year of fighting is known when it is over. The year of the signature counts only where its
    episode began in it, and reached 25 battle-related deaths before that day: else its deaths may
    have followed the signature.

    Parameters
    ----------
    signed : day of the signature.
    years : years with 25 or more battle-related deaths.
    began : for years of fighting, the day on which their episode reached 25 deaths, in UCDP the
        column ``start_date2``. The end of an episode must not be used: it is written only where a
        year without fighting followed.

    Returns
    -------
    set of int
        Years up to and including that of the signature.

    Examples
    --------
    >>> from datetime import date
    >>> sorted(fighting_known(date(1998, 4, 10), [1996, 1998], {1998: date(1998, 8, 15)}))
    [1996]
    >>> sorted(fighting_known(date(1998, 4, 10), [1998], {1998: date(1998, 2, 1)}))
    [1998]
    """
    known = {year for year in years if year < signed.year}
    start = began.get(signed.year)
    if start is not None and start.year == signed.year and start < signed:
        known.add(signed.year)
    return known


def lasting_peace(
    attempts: pd.DataFrame, fighting: dict[int, set[int]], rule: PeaceRule, source: str
) -> pd.DataFrame:
    """The outcome of every attempt.

    Parameters
    ----------
    attempts : ``case_id, conflict_id, t0``.
    fighting : years of fighting of every conflict.
    rule : horizon and end of coverage.
    source : id of the conflict source, written beside every value.

    Returns
    -------
    DataFrame
        The columns of ``OUTCOMES_SCHEMA``. A window that runs past the source is censored, not
        failed, even where fighting was already seen in it: else only the failures among recent
        attempts would count. What the source says of years after ``last_year`` is not read.

    Raises
    ------
    SourceError
        The source does not know a conflict: that is no sign of peace.
    """
    unknown = sorted(set(attempts["conflict_id"]) - set(fighting))
    if unknown:
        raise SourceError(
            f"{source} has no conflict {', '.join(map(str, unknown[:5]))}. Leave out its attempts,"
            " or correct the id."
        )
    rows = []
    for case, conflict, t0 in attempts[["case_id", "conflict_id", "t0"]].itertuples(
        index=False, name=None
    ):
        years = {y for y in fighting[conflict] if y <= rule.last_year}
        window = range(t0 + 1, t0 + rule.horizon + 1)
        seen = sorted(y for y in years if y in window)
        complete = window[-1] <= rule.last_year
        stopped = None if t0 + 1 > rule.last_year else t0 + 1 not in years
        peace = not seen if complete else None
        later = sorted(y for y in years if y > t0)
        gap = later[0] - t0 if later else max(rule.last_year - t0, 0)
        text = " ".join(map(str, seen)) or None
        held = peace if stopped else None
        rows.append(
            (
                case,
                window[0],
                window[-1],
                complete,
                peace,
                stopped,
                held,
                bool(later),
                gap,
                text,
                f"{source} conflict {conflict}",
            )
        )
    table = pd.DataFrame(rows, columns=OUTCOMES_SCHEMA.names, dtype=object)
    types = {
        f.name: {"boolean": "boolean", "year": "Int64", "integer": "Int64"}.get(f.type, "object")
        for f in OUTCOMES_SCHEMA.fields
    }
    return table.astype(types)


def other_outcomes(
    attempts: pd.DataFrame, fighting: dict[int, set[int]], war: dict[int, set[int]], rule: PeaceRule
) -> pd.DataFrame:
    """Outcomes that others would take: no war in the window, and peace after a year of grace.

    Parameters
    ----------
    attempts : ``case_id, conflict_id, t0``; the source knows their conflicts.
    fighting : years with 25 or more battle-related deaths of every conflict.
    war : years with 1000 or more, of the conflicts that had any.
    rule : horizon and end of coverage; no year after it is read.

    Returns
    -------
    DataFrame
        ``case_id`` and the columns of ``OTHER_OUTCOMES``.
    """
    rows = []
    for case, conflict, t0 in attempts[["case_id", "conflict_id", "t0"]].itertuples(
        index=False, name=None
    ):
        window = range(t0 + 1, t0 + rule.horizon + 1)
        later = range(t0 + 2, t0 + rule.horizon + 2)
        peaceful = (
            war.get(conflict, set()).isdisjoint(window) if window[-1] <= rule.last_year else None
        )
        graced = fighting[conflict].isdisjoint(later) if later[-1] <= rule.last_year else None
        rows.append((case, peaceful, graced))
    names = ["case_id", *(f.name for f in OTHER_OUTCOMES)]
    return pd.DataFrame(rows, columns=names, dtype=object).astype({n: "boolean" for n in names[1:]})
