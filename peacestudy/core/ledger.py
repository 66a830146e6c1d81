"""The ledger: what happened to every row between the source and the
analysis. Its sums balance, or it is refused.
"""

from dataclasses import astuple, dataclass, fields
from itertools import pairwise

import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError, printable

KINDS = ("keep", "gather", "spread", "join", "window", "derive")


@dataclass(frozen=True)
class Entry:
    """One step.

    Attributes
    ----------
    step : what was done, in words.
    kind : ``keep`` (some rows leave), ``gather`` (several rows become one), ``spread`` (a row
        becomes several, such as the years of a case), ``join`` (columns come from another table, a
        row of it for each row here), ``window`` (columns are made of all rows of another table that
        fall into a window of each row here) or ``derive`` (the user made a column; rows stay).
    unit : what a row is after the step.
    rows_in, rows_out : rows before and after.
    left_out : rows that leave in a keep or spread step.
    unmatched : rows of a join that found nothing in the other table
        (they stay, with missing or declared values).
    filled : those of the unmatched that carry a declared value, since
        the source says what an absent row means.
    other_rows, other_unmatched : rows of the other table, and those of them that met no row here.
    duplicated : rows of the other table that met more than one row
        here (only where the join declares it).
    why : the reason, for the reader.
    """

    step: str
    kind: str
    unit: str
    rows_in: int
    rows_out: int
    left_out: int = 0
    unmatched: int = 0
    other_rows: int = 0
    other_unmatched: int = 0
    duplicated: int = 0
    filled: int = 0
    why: str = ""

    def balanced(self) -> bool:
        """Whether the sums of this step come out even, and every count belongs to its kind."""
        joined = (
            self.unmatched,
            self.other_rows,
            self.other_unmatched,
            self.duplicated,
            self.filled,
        )
        if min(self.rows_in, self.rows_out, self.left_out, *joined) < 0:
            return False
        if self.kind in ("join", "window"):
            met, other_met = self.rows_in - self.unmatched, self.other_rows - self.other_unmatched
            # a row of the other table meets one row here, or, if it is duplicated, at least two; a
            # window meets several
            shared = met >= other_met + self.duplicated if self.duplicated else met == other_met
            shared = shared if self.kind == "join" else (met > 0) == (other_met > 0)
            within = met >= 0 and self.filled <= self.unmatched and self.duplicated <= other_met
            return self.rows_in == self.rows_out and not self.left_out and within and shared
        if any(joined):
            return False
        if self.kind == "spread":
            stay = self.rows_in - self.left_out
            return stay >= 0 and (self.rows_out >= stay if stay else self.rows_out == 0)
        if self.kind == "keep":
            return self.rows_in == self.rows_out + self.left_out
        if self.kind == "derive":
            return self.rows_in == self.rows_out and not self.left_out
        return not self.left_out and min(self.rows_in, 1) <= self.rows_out <= self.rows_in


COUNTS = tuple(f.name for f in fields(Entry) if f.type is int)
LEDGER_SCHEMA = Schema(
    (
        Field("step", required=True),
        Field("kind", required=True, enum=KINDS),
        Field("unit", required=True),
        # a study's stored ledger tells how its cases were reached, where nothing is filled
        *(Field(name, "integer", required=True, minimum=0) for name in COUNTS if name != "filled"),
        Field("why"),
    ),
    key=("step",),
)


@dataclass(frozen=True)
class Ledger:
    """The steps in order. ``+`` puts two ledgers one after the other."""

    entries: tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        for e in self.entries:
            if e.kind not in KINDS:
                raise JoinError(f"step {e.step!r} of the ledger: " + one_of("kind", e.kind, KINDS))
            if not e.balanced():
                raise JoinError(
                    f"the ledger does not balance at step {e.step!r} ({e.kind}): {_counts(e)}."
                    " Correct the counts, or the step that gave them."
                )
        for before, e in pairwise(self.entries):
            if e.rows_in != before.rows_out:
                raise JoinError(
                    f"the ledger does not balance between steps: {before.rows_out} rows come out of"
                    f" {before.step!r}, and {e.rows_in} go into {e.step!r}. Put the missing step"
                    " between them."
                )

    def __add__(self, other: "Ledger | Entry") -> "Ledger":
        added = other.entries if isinstance(other, Ledger) else (other,)
        return Ledger(self.entries + added)

    def table(self) -> pd.DataFrame:
        """A row a step, columns the fields of ``Entry``."""
        names = [f.name for f in fields(Entry)]
        rows = [astuple(entry) for entry in self.entries]
        return pd.DataFrame(rows, columns=names)

    def gaps(self) -> tuple[Note, ...]:
        """A note for every join in which rows found nothing or were filled:
        what a table made from the frame must say.
        """
        incomplete = [e for e in self.entries if e.unmatched]
        return tuple(Note("ledger", f"{e.step}: {_gap(e)} ({e.why}).") for e in incomplete)

    @classmethod
    def read(cls, table: pd.DataFrame) -> "Ledger":
        """A ledger from its table."""
        filled = table.astype(object).where(table.notna(), "")
        entries = []
        for row in filled.to_dict("records"):
            entries.append(Entry(**{str(name): value for name, value in row.items()}))
        return cls(tuple(entries))

    def __repr__(self) -> str:
        steps = "; ".join(f"{e.step} {e.rows_in} -> {e.rows_out}" for e in self.entries)
        return printable(f"<Ledger: {steps or 'no steps'}; see .table()>")

    def _repr_html_(self) -> str:
        t = self.table()
        joined = t["kind"].isin(["join", "window"])
        unmatched = t["other_unmatched"].astype(str) + " unmatched"
        other = t["other_rows"].astype(str) + " (" + unmatched + ")"
        view = pd.DataFrame(
            {
                "step": t["step"],
                "a row is": t["unit"],
                "in": t["rows_in"],
                "out": t["rows_out"],
                "left out": t["left_out"],
                "unmatched": t["unmatched"].astype(object).where(joined, ""),
                "filled": t["filled"].astype(object).where(joined, ""),
                "other table": other.where(joined, ""),
                "why": t["why"],
            }
        )
        return html_table(view, "Ledger: what happened to every row", rows=len(self.entries))


def _counts(entry: Entry) -> str:
    """The counts of a step: rows in and out, and others that are not 0."""
    shown = []
    for name in COUNTS:
        count = getattr(entry, name)
        if count or name.startswith("rows"):
            shown.append(f"{name} {count}")
    return ", ".join(shown)


def _gap(e: Entry) -> str:
    nothing = e.unmatched - e.filled
    parts = [f"{nothing} of {e.rows_in} rows found nothing"] if nothing else []
    if e.filled:
        parts.append(f"{e.filled} of {e.rows_in} rows have no row there and carry declared values")
    return ", ".join(parts)
