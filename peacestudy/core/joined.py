"""What one join brought to the cases: which columns, from where, and
for each row whether and why it found nothing.
"""

from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

# why a row has no value of a join; the number is its place. A row that met and is missing all the
# same is the source's own gap
REASONS = (
    "met",  # a row was found
    "no key",  # the case has no value in a key column
    "outside the years",  # the source does not speak of the year
    "unit not covered",  # the source never speaks of the unit
    "no row",  # inside years and units, and nothing there; what that means the source does not say
    # inside years and units, nothing there, and a declared value stands for what the source says
    # that means
    "filled",
    "none in time",  # an as-of join: nothing within the tolerance of the date
    # a window, or several states: the source does not speak of all of its years, or of all of them
    "partly observed",
    "no such state",  # the code of the state cannot be translated on the date
    # several rows share the key and differ, and the author asked for a missing value
    "rows contradict each other",
    "no window",  # the case has no start or no end of its window
)
# the places, by name
(
    MET,
    NO_KEY,
    OUTSIDE,
    NOT_COVERED,
    NO_ROW,
    FILLED,
    NOT_IN_TIME,
    PARTLY,
    NO_STATE,
    CONTRADICT,
    NO_WINDOW,
) = range(len(REASONS))


@dataclass(frozen=True, eq=False)
class Joined:
    """One join, as the frame remembers it.

    Attributes
    ----------
    name : the step, as in the ledger.
    source : id of the source in ``outcomes.SOURCES``, empty for a table of the reader's own.
    release : version of the release that was read, empty for a table of the reader's own.
    columns : what it added.
    why : for each row of the frame the place in ``REASONS``, int8.
    special : by column that held codes which are no values: for each
        row the place in ``meanings``, -1 for none.
    meanings : the special codes of the source, in words.
    citation : what the reader wrote of a table of their own; empty where nothing.
    known_on : by column for each row the day from which its value is known, datetime64[D]; columns
        of which the join does not know it are left out.
    """

    name: str
    source: str
    release: str
    columns: tuple[str, ...]
    why: npt.NDArray[np.int8]
    special: tuple[tuple[str, npt.NDArray[np.int8]], ...] = ()
    meanings: tuple[str, ...] = ()
    citation: str = ""
    known_on: tuple[tuple[str, npt.NDArray[np.datetime64]], ...] = ()

    def __post_init__(self) -> None:
        self.why.setflags(write=False)

    def rows(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Joined":
        """The same join for the rows that stay: which ones, or
        their places, some of them several times.
        """
        return replace(
            self,
            why=self.why[keep],
            special=tuple((c, codes[keep]) for c, codes in self.special),
            known_on=tuple((c, days[keep]) for c, days in self.known_on),
        )

    def without(self, names: Container[str]) -> "Joined":
        """The same join without columns that were replaced since."""
        columns = tuple(c for c in self.columns if c not in names)
        return replace(
            self,
            columns=columns,
            special=tuple((c, codes) for c, codes in self.special if c not in names),
            known_on=tuple((c, days) for c, days in self.known_on if c not in names),
        )
