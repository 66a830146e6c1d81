"""The ledger: what happened to every row between the source and the analysis. Its sums balance, or it is refused."""

from dataclasses import dataclass, fields

import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError

KINDS = ("keep", "gather", "join")


@dataclass(frozen=True)
class Entry:
    """One step.

    Attributes
    ----------
    step : what was done, in words.
    kind : ``keep`` (some rows leave), ``gather`` (several rows become one) or ``join`` (columns come from another table).
    unit : what a row is after the step.
    rows_in, rows_out : rows before and after.
    left_out : rows that leave in a keep step.
    unmatched : rows of a join that found nothing in the other table (they stay, with missing values).
    other_rows, other_unmatched : rows of the other table, and those of them that met no row here.
    duplicated : rows of the other table that met more than one row here (only where the join declares it).
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
    why: str = ""

    def balanced(self) -> bool:
        """Whether the sums of this step come out even."""
        if self.kind == "keep":
            return self.rows_in == self.rows_out + self.left_out
        if self.kind == "join":
            return (
                self.rows_in == self.rows_out
                and 0 <= self.unmatched <= self.rows_in
                and self.other_unmatched <= self.other_rows
            )
        return self.rows_out <= self.rows_in


LEDGER_SCHEMA = Schema(
    (
        Field("step", required=True), Field("kind", required=True, enum=KINDS), Field("unit", required=True),
        *(Field(f.name, "integer", required=True, minimum=0) for f in fields(Entry) if f.type in ("int", int)),
        Field("why"),
    ),
    key=("step",),
)  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """The steps in order. ``+`` puts two ledgers one after the other."""

    entries: tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        for e in self.entries:
            if not e.balanced():
                raise JoinError(
                    f"the ledger does not balance at step {e.step!r}: {e.rows_in} rows in, {e.rows_out} out, {e.left_out} left out."
                )

    def __add__(self, other: "Ledger | Entry") -> "Ledger":
        return Ledger(self.entries + (other.entries if isinstance(other, Ledger) else (other,)))

    def table(self) -> pd.DataFrame:
        """A row a step, columns the fields of ``Entry``."""
        names = [f.name for f in fields(Entry)]
        return pd.DataFrame([[getattr(e, n) for n in names] for e in self.entries], columns=names)

    @classmethod
    def read(cls, table: pd.DataFrame) -> "Ledger":
        """A ledger from its table."""
        rows = table.astype(object).where(table.notna(), "").to_dict("records")
        return cls(tuple(Entry(**{str(k): v for k, v in row.items()}) for row in rows))

    def _repr_html_(self) -> str:
        return html_table(self.table(), "Ledger: what happened to every row", rows=len(self.entries))
