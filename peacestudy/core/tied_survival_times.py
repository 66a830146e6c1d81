"""Times that are equal but for floating-point noise, as durations
are that were subtracted from decimal years.

Source: R's ``survival::aeqSurv`` (Therneau, survival 3.5, vignette "Roundoff error and tied
times"): two neighbouring distinct times are one where they differ by at most sqrt(machine epsilon),
in the unit of the times or relative to their mean.
"""

from dataclasses import dataclass

import numpy as np

from peacestudy.core.problems import Note

TOLERANCE = float(np.sqrt(np.finfo(float).eps))  # 1.5e-8, R's
# times further from a whole number are never rounded to it, however large the tolerance
CLOSEST_WHOLE = 0.25
LARGEST_NOISE = 1e-6  # relative difference of tied times above which it may be no noise


@dataclass(frozen=True, eq=False)
class TiedTimes:
    """Times without floating-point noise.

    Attributes
    ----------
    columns : the columns given, each of the same shape, with the new times.
    before, after : number of distinct times before and after.
    rounded : distinct times replaced by the whole number next to them.
    largest : largest difference between a time and what replaced it, in the unit of the times.
    mean : mean of the absolute distinct times.
    """

    columns: tuple[np.ndarray, ...]
    before: int
    after: int
    rounded: int
    largest: float
    mean: float

    def notes(self, label: str) -> tuple[Note, ...]:
        """What was changed in the times of ``label``, as a note; none where nothing was."""
        if not self.largest:
            return ()
        parts = []
        if self.before > self.after:
            parts.append(f"{self.before} distinct times are treated as {self.after}")
        if self.rounded:
            parts.append(
                f"{self.rounded} distinct time(s) are rounded to the whole number next to them"
            )
        text = (
            f"{label}: differences of up to {self.largest:.1g} are treated as floating-point noise;"
            f" {'; '.join(parts)}."
        )
        if self.largest > LARGEST_NOISE * self.mean:
            text += (
                " Relative to these times that is much: if the differences are real, measure time"
                " in a smaller unit."
            )
        return (Note("tied_times", text),)


def tied_times(*columns: np.ndarray) -> TiedTimes:
    """Give times that are equal but for floating-point noise one value.

    Neighbours among the distinct times of all columns are tied by R's rule, in chains. They take
    the whole number that is within half of the tolerance of the earliest of them, or else the
    earliest. Different times stay different.

    Parameters
    ----------
    columns : times of one clock, such as starts and ends; infinite ones stay as they are.

    Examples
    --------
    >>> found = tied_times(np.array([2000.3 - 2000.1, 0.2, 2000.9 - 2000.7, 3 - 1e-13]))
    >>> found.columns[0].round(6).tolist(), found.before, found.after
    ([0.2, 0.2, 0.2, 3.0], 3, 2)
    """
    given = [np.asarray(column, dtype=float) for column in columns]
    distinct = np.unique(np.concatenate([column[np.isfinite(column)] for column in given]))
    if not len(distinct):
        return TiedTimes(tuple(given), 0, 0, 0, 0.0, 0.0)
    mean = float(np.abs(distinct).mean())
    tolerance = TOLERANCE * max(1.0, mean)
    first = np.append(True, np.diff(distinct) > tolerance)
    earliest = distinct[first]
    whole = np.round(earliest)
    near = np.abs(earliest - whole) <= min(tolerance / 2, CLOSEST_WHOLE)
    values = np.where(near, whole, earliest)
    replaced = values[np.cumsum(first) - 1]
    return TiedTimes(
        columns=tuple(_replace(column, distinct, replaced) for column in given),
        before=len(distinct),
        after=len(earliest),
        rounded=int((values != earliest).sum()),
        largest=float(np.abs(replaced - distinct).max()),
        mean=mean,
    )


def _replace(column: np.ndarray, distinct: np.ndarray, replaced: np.ndarray) -> np.ndarray:
    """The column with each of its distinct times replaced."""
    at = np.minimum(np.searchsorted(distinct, column), len(distinct) - 1)
    return np.where(np.isfinite(column), replaced[at], column)
