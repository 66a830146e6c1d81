"""Events by unit and year: a row for every unit and year that the source covers, also where
nothing happened.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns
from peacestudy.joins.columns.source_coverage import first_and_last
from peacestudy.joins.events.measures import Measures
from peacestudy.joins.events.windows import event_windows
from peacestudy.outcomes import OutcomeTable


@renamed_arguments(unit="by")
def event_years(
    events: pd.DataFrame | OutcomeTable,
    *,
    by: str | Sequence[str],
    date: str,
    measures: Measures,
    name: str,
    date_end: str | None = None,
    spanning: str | None = None,
    uncertain: str | None = None,
    absent: float | Mapping[str, float] | None = None,
    signed: Sequence[str] = (),
    years: tuple[int, int] | None = None,
    units: pd.DataFrame | None = None,
) -> StudyFrame:
    """Summarise events by unit and year.

    Parameters
    ----------
    events : DataFrame or OutcomeTable
        A row an event.
    by : str or sequence of str
        Column, or columns, of the events that name the unit, such as a dyad or a country.
    date : str
        Column of the day, or the first day.
    measures : mapping of str to tuple of (str or None, str)
        ``{new column: (column, how)}`` as in ``event_windows``.
    name : str
        What the events are, for the ledger.
    date_end : str, optional
        Column of the last day.
    spanning : {"start", "within", "overlap", "share"}, optional
        How an event counts that extends beyond its year, as in ``event_windows``.
    uncertain : {"span", "missing"}, optional
        What a date means that gives only a month or a year, as in ``event_windows``.
    absent : float or mapping of str to float, optional
        Value of a covered year without events, as in ``event_windows``.
    signed : sequence of str
        Columns that may be below zero.
    years : tuple of int, (first, last), optional
        Years of the table; None takes the years that an OutcomeTable covers.
    units : DataFrame, optional
        The units, with the columns of ``by``, a row each; None takes those that have an event.

    Returns
    -------
    StudyFrame
        A row for each unit and year, sorted: ``row_id``, the columns of ``by``, ``year``, the
        measures. Without ``absent`` a year without events is missing, because nothing says that it
        had none.

    Raises
    ------
    JoinError
        The years are not known, units are repeated, or an error of ``event_windows``.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"dyad": 7, "date": ["2001-12-31", "2003-01-01"], "best": [3, 4]})
    >>> frame = ps.joins.event_years(
    ...     events,
    ...     by="dyad",
    ...     date="date",
    ...     measures={"deaths": ("best", "sum")},
    ...     name="events",
    ...     absent=0,
    ...     years=(2001, 2003),
    ... )
    >>> frame.data[["dyad", "year", "deaths"]].values.tolist()
    [[7, 2001, 3], [7, 2002, 0], [7, 2003, 4]]
    """
    columns = [by] if isinstance(by, str) else list(by)
    known = _known_units(events, units, columns, name)
    first, last = _years(events, years, name)
    count = last - first + 1
    grid = known.loc[known.index.repeat(count)].reset_index(drop=True)
    grid.insert(0, "row_id", np.arange(len(grid)))
    grid["year"] = np.tile(np.arange(first, last + 1), len(known))
    # an outcome table states its years and units itself
    plain = not isinstance(events, OutcomeTable)
    watched = "listed" if units is None else "all"
    frame = StudyFrame(grid, f"{' and '.join(columns)}-year", "row_id")
    return event_windows(
        frame,
        events,
        on=columns,
        start="year",
        end="year",
        date=date,
        date_end=date_end,
        measures=measures,
        name=name,
        spanning=spanning,
        uncertain=uncertain,
        absent=absent,
        signed=signed,
        years=(first, last) if plain else None,
        units=watched if plain else None,
    )


def _known_units(
    events: pd.DataFrame | OutcomeTable,
    units: pd.DataFrame | None,
    columns: list[str],
    name: str,
) -> pd.DataFrame:
    """Each unit once, sorted: those that ``units`` lists, or those that have an event."""
    if units is not None and not isinstance(units, pd.DataFrame):
        raise JoinError(
            f"units is {units!r}; give a DataFrame with one row per unit, or leave it out for"
            " those that have an event."
        )
    table = events.table if isinstance(events, OutcomeTable) else events
    listed = table if units is None else units
    for column in columns:
        has_columns(listed, [column], name if units is None else "units")
        if column in ("year", "row_id"):
            raise JoinError(
                f"a unit cannot be the column {column!r}, which the unit-years have themselves."
                " Rename it."
            )
    known = listed[columns].dropna()
    incomplete = len(known) < len(listed)
    if units is not None and (incomplete or known.duplicated().any()):
        raise JoinError("units has rows that are missing or appear twice. Give each unit once.")
    return known.drop_duplicates().sort_values(columns, ignore_index=True)


def _years(
    events: pd.DataFrame | OutcomeTable, years: tuple[int, int] | None, name: str
) -> tuple[int, int]:
    if years is None and not isinstance(events, OutcomeTable):
        raise JoinError(
            f"{name} does not state which years it covers. Give the first and the last:"
            " years=(1989, 2022)."
        )
    if years is None:
        return events.source.first_year, events.source.last_year
    return first_and_last(years)
