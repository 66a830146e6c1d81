"""What a file holds: its table, and what the file says of columns and codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_MARKS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_NO_VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class FileTable:
    """A table as a file holds it, with the labels of its columns and codes.

    Attributes
    ----------
    table : DataFrame
        Index 0..n-1; text as object str or None, whole numbers as Int64, numbers as float64, truth
        values as boolean, dates as datetime64. Codes are kept as codes; their labels are in
        ``values``.
    labels : mapping of str to str
        Label by column.
    values : mapping of str to mapping of str to str
        Label by column and code; codes are written as text (``"1"``, ``".a"``).
    notes : tuple of Note
        What was done to the file's values, and what a reader should check.
    marks : mapping of str to tuple of str
        For each column that is text only because usual marks of a missing value (NA, a point) stand
        among its numbers: these marks. Pass them to ``read_file(path, missing=found.marks)`` once
        it is certain that they mean missing.

    Examples
    --------
    >>> import pandas as pd
    >>> leaders = ps.outcomes.FileTable(
    ...     pd.DataFrame({"sex": [1, 2]}),
    ...     labels={"sex": "Sex of the leader"},
    ...     values={"sex": {"1": "man", "2": "woman"}},
    ... )
    >>> leaders
    <FileTable: 2 rows, 1 columns, 1 labelled; see .table, .labels, .values, .notes>
    >>> leaders.values["sex"]["2"]
    'woman'
    """

    table: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _NO_VALUES)
    notes: tuple[Note, ...] = ()
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_MARKS)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        values = {column: MappingProxyType(dict(codes)) for column, codes in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(values))

    def __repr__(self) -> str:
        size = f"{len(self.table)} rows, {self.table.shape[1]} columns, {len(self.labels)} labelled"
        return f"<FileTable: {size}; see .table, .labels, .values, .notes>"

    def _repr_html_(self) -> str:
        head = (
            f"{len(self.table)} rows, {self.table.shape[1]} columns, {len(self.labels)} of them"
            " labelled"
        )
        return html_table(self.table.iloc[:, :12], head, [*self.notes], rows=10)
