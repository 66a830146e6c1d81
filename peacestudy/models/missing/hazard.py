"""What a survival outcome tells of a missing covariate: the event, and the
cumulative hazard that the row lived through.

Source: White and Royston (2009), Statistics in Medicine 28(15): given the outcome of a
proportional-hazards model a covariate is about normal with a mean linear in the event and in the
cumulative baseline hazard, for which the Nelson-Aalen estimate stands. Of a row that is at risk
from a start it is the hazard between start and stop, as the likelihood of such a row has it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, nearest
from peacestudy.core.tied_survival_times import tied_times
from peacestudy.errors import FitError, SpecError


def nelson_aalen(start: np.ndarray, stop: np.ndarray, event: np.ndarray) -> np.ndarray:
    """The Nelson-Aalen cumulative hazard between start and stop of every row, shape (n,).

    Parameters
    ----------
    start, stop, event : shape (n,); a row is at risk from its start, exclusive, to its stop,
        inclusive; event is 1 or 0.

    Examples
    --------
    >>> nelson_aalen(np.zeros(4), np.array([1.0, 2, 3, 4]), np.array([1, 0, 1, 0])).tolist()
    [0.25, 0.25, 0.75, 0.75]
    """
    at, died = np.unique(stop[event == 1], return_counts=True)
    begun, ended = np.sort(start), np.sort(stop)
    at_risk = np.searchsorted(begun, at, "left") - np.searchsorted(ended, at, "left")
    total = np.concatenate([[0.0], np.cumsum(died / at_risk)])
    out: np.ndarray = (
        total[np.searchsorted(at, stop, "right")] - total[np.searchsorted(at, start, "right")]
    )
    return out


def lived_through(
    table: pd.DataFrame, survival: Sequence[str], columns: Sequence[str]
) -> "tuple[pd.Series[float], tuple[Note, ...]]":
    """The cumulative hazard of the rows of a table and notes; its survival columns are ``(time,
    event)`` or ``(start, stop, event)``.

    Times that are equal but for floating-point noise are one time, as in a fit.

    Raises
    ------
    SpecError
        Another number of columns, or one that is not among those of the imputation.
    FitError
        A time or an event is missing, an event is not 0 or 1, nobody had
        the event, a row that ends before it starts.
    """
    names = (
        [survival]
        if isinstance(survival, str) or not isinstance(survival, Iterable)
        else list(survival)
    )
    if len(names) not in (2, 3):
        raise SpecError(
            f"survival is {survival!r}; write (time, event) or (start, stop, event), as in Surv()."
        )
    if unknown := [c for c in names if c not in columns]:
        raise SpecError(
            f"survival names {', '.join(map(repr, unknown))}, which columns does not: name it there"
            f" too.{nearest(str(unknown[0]), columns)}"
        )
    part = table[names]
    if text := [c for c in names if part[c].dtype.kind not in "biuf"]:
        raise FitError(
            f"{text[0]!r} of survival holds {part[text[0]].dtype}; times and events are numbers."
        )
    gone = part.isna().any(axis=1)
    if gone.any():
        raise FitError(
            f"{int(gone.sum())} case(s) have no value in {', '.join(names)}. A case without its"
            " time or event does not contribute to a survival model, and its hazard cannot be"
            " computed: leave these cases out first."
        )
    values = part.to_numpy(dtype=float)
    event = values[:, -1]
    found = tied_times(*values[:, :-1].T)
    stop = found.columns[-1]
    start = found.columns[0] if len(names) == 3 else np.zeros(len(stop))
    if not np.isin(event, (0.0, 1.0)).all() or not event.any():
        raise FitError(
            f"{names[-1]!r} of survival must hold 0 and 1, with an event somewhere; it holds"
            f" {np.unique(event)[:5].tolist()}."
        )
    if (stop <= start).any():
        raise FitError(
            f"{int((stop <= start).sum())} row(s) of survival end at their start, or before it"
            " (differences of the size of floating-point noise count as none)."
        )
    return pd.Series(nelson_aalen(start, stop, event)), found.notes(
        f"survival ({', '.join(names[:-1])})"
    )
