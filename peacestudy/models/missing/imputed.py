"""Completed copies of a table, with what was filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note


@dataclass(frozen=True, eq=False)
class Imputed:
    """A table completed m times, each time with other draws of what is missing.

    Attributes
    ----------
    tables : the m completed copies, StudyFrames where a StudyFrame was given. Columns outside
        ``columns`` are as they were.
    columns : of the imputation model.
    missing : ``column, n_missing, share, n_observed``, a row a column of the model.
    where : by column, which rows were filled, shape (n,), bool; only columns with missing values.
    trace : ``draw, cycle, column, mean, std`` of the values filled
        in: chains that have not settled drift.
    donors, seed : of the draws.
    notes : what a reader must know.
    survival : columns of a survival outcome that the chains knew by its event and cumulative
        hazard; empty where there is none.
    """

    tables: tuple[StudyFrame | pd.DataFrame, ...] = field(repr=False)
    columns: tuple[str, ...]
    missing: pd.DataFrame
    where: Mapping[str, np.ndarray] = field(repr=False)
    trace: pd.DataFrame = field(repr=False)
    donors: int
    seed: int
    notes: tuple[Note, ...] = ()
    survival: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.tables)

    def emptied(self, columns: Sequence[str]) -> list[StudyFrame | pd.DataFrame]:
        """The tables with the filled values of some columns missing again: an outcome helps to fill
        others, and is not explained.
        """
        out: list[StudyFrame | pd.DataFrame] = []
        for t in self.tables:
            table = t.data if isinstance(t, StudyFrame) else t
            gone = {c: _with_gaps(table[c]).mask(self.where[c]) for c in columns if c in self.where}
            table = table.assign(**gone)
            out.append(replace(t, data=table) if isinstance(t, StudyFrame) else table)
        return out

    def _repr_html_(self) -> str:
        return html_table(
            self.missing, f"{len(self)} completed tables", self.notes, rows=len(self.missing)
        )


def _with_gaps(column: pd.Series) -> pd.Series:
    """The column in a type that can hold missing values: yes and no
    would turn into objects, which are no outcome.
    """
    return column.astype("boolean") if column.dtype == bool else column
