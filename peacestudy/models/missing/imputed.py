"""Completed copies of a table, and which of their values are imputed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note


@dataclass(frozen=True, eq=False)
class Imputed:
    """A table completed several times by multiple imputation.

    Attributes
    ----------
    tables : tuple of StudyFrame or DataFrame
        The completed copies, of the type of the data; columns outside ``columns`` are unchanged.
    columns : tuple of str
        Columns of the imputation model.
    missing : DataFrame
        ``column, n_missing, share, n_observed``, a row a column of the model.
    where : mapping of str to bool array, shape (n,)
        Which rows of a column were imputed; only columns with missing values.
    trace : DataFrame
        ``draw, cycle, column, mean, std`` of the imputed values: a trend shows that the chains have
        not converged.
    donors : int
        Number of donors.
    seed : int
        Seed of the draws.
    notes : tuple of Note
        What was imputed, and the assumption behind it.
    survival : tuple of str
        Columns of a survival outcome that the chains used by its event and cumulative hazard; empty
        without one.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 6, 7, 8], "x": [2.0, 1, None, 3, 5, None, 6, 8]})
    >>> found = ps.models.impute(d, ["y", "x"], m=5, cycles=2, donors=2, seed=1)
    >>> found.missing.values.tolist()
    [['y', 0, 0.0, 8], ['x', 2, 0.25, 6]]
    >>> pooled = ps.fit(found, ps.ModelSpec("m", "y ~ x", "linear", "classical"))
    >>> pooled.n, len(pooled.fits)
    (8, 5)
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
