"""Two releases of one source: columns, categories and rows that are gone, new or changed, and the
notes on a release that is not the known one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note
from peacestudy.core.schema import Schema
from peacestudy.core.tables import file_sha256, header_of, read_table
from peacestudy.errors import SourceError, printable
from peacestudy.outcomes.source import OutcomeTable, Source

FEW = 30  # a text column with at most so many words in both releases holds categories
LONG = 60  # characters of a cell that are shown
NAMED = 6  # things named in a sentence; the tables hold all


@dataclass(frozen=True, eq=False)
class ReleaseChanges:
    """What changed from one release of a source to another.

    Attributes
    ----------
    old, new : str
        The releases.
    key : tuple of str
        Columns by which rows are matched; empty where the key does not identify a row, and whole
        rows are compared.
    columns_gone, columns_new : tuple of str
        Names of columns, also those outside the schema where headers were given.
    categories : DataFrame
        ``column, category, status`` (new or gone) and ``rows``, the number of rows with it.
    entered, left : DataFrame
        The rows that only one release has: their key, or the whole row where there is none.
    changed : DataFrame
        A row a cell: the key, ``column, old, new``; of the columns that both tables have.
    unchanged : int
        Rows that are equal in every such column.
    notes : tuple of Note
        What a reader must know.

    Examples
    --------
    >>> import pandas as pd
    >>> words = {"name": "memberships", "key": "state", "unit": "state"}
    >>> old = pd.DataFrame({"state": [2, 20], "members": [5, 6]})
    >>> new = pd.DataFrame({"state": [2, 200], "members": [7, 6]})
    >>> old, new = (ps.outcomes.as_outcome(table, **words) for table in (old, new))
    >>> changes = ps.outcomes.compare_releases(old, new)
    >>> changes.n_changed, len(changes.entered), len(changes.left), changes.unchanged
    (1, 1, 1, 0)
    """

    old: str
    new: str
    key: tuple[str, ...]
    columns_gone: tuple[str, ...]
    columns_new: tuple[str, ...]
    categories: pd.DataFrame = field(repr=False)
    entered: pd.DataFrame = field(repr=False)
    left: pd.DataFrame = field(repr=False)
    changed: pd.DataFrame = field(repr=False)
    unchanged: int
    notes: tuple[Note, ...] = ()

    @property
    def n_changed(self) -> int:
        """Rows of which a cell changed."""
        return len(self.changed.drop_duplicates(list(self.key))) if self.key else 0

    def __str__(self) -> str:
        counts = self.changed["column"].value_counts(sort=True)
        cells = [f"{column} {n}" for column, n in counts.items()]
        words = self.categories["category"].map(lambda word: repr(_short(word)))
        categories = self.categories["column"] + " " + words
        gone = list(categories[self.categories["status"] == "gone"])
        new = list(categories[self.categories["status"] == "new"])
        rows = (
            f"{len(self.entered)} row(s) entered, {len(self.left)} left, {self.n_changed}"
            f" changed, {self.unchanged} the same"
        )
        parts = [
            rows,
            _named("cells changed", cells),
            _named("columns gone", self.columns_gone),
            _named("columns new", self.columns_new),
            _named("categories gone", gone),
            _named("categories new", new),
        ]
        return printable(f"{self.old} to {self.new}: {'; '.join(filter(None, parts))}.")

    def _repr_html_(self) -> str:
        cells = self.changed.astype(object).map(_short)
        text = html_table(cells, str(self), self.notes, rows=20)
        if len(self.categories):
            words = self.categories.astype(object).map(_short)
            text += html_table(words, "Categories", rows=20)
        return text


def _short(value: object) -> object:
    return value if len(str(value)) <= LONG else f"{str(value)[:LONG]} ..."


def _named(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{what}: {', '.join(names[:NAMED])}{more}" if names else ""


def compare_releases(
    old: OutcomeTable,
    new: OutcomeTable,
    old_columns: Iterable[str] | None = None,
    new_columns: Iterable[str] | None = None,
) -> ReleaseChanges:
    """Compare two releases of a source: rows, cells, columns and categories that changed.

    Parameters
    ----------
    old, new : OutcomeTable
        The releases as read; rows are matched by the key of the new one's source.
    old_columns, new_columns : iterable of str, optional
        Headers of the files, to include columns outside the schema
        (``peacestudy.core.tables.header_of``); None takes the columns that were read.

    Returns
    -------
    ReleaseChanges
        Tables of the rows that entered and left and of the cells that changed.

    Raises
    ------
    SourceError
        A column of the key is missing in one of the tables.

    Examples
    --------
    >>> import pandas as pd
    >>> words = {"name": "memberships", "key": "state", "unit": "state"}
    >>> old = pd.DataFrame({"state": [2, 20], "members": [5, 6]})
    >>> new = pd.DataFrame({"state": [2, 200], "members": [7, 6]})
    >>> old, new = (ps.outcomes.as_outcome(table, **words) for table in (old, new))
    >>> ps.outcomes.compare_releases(old, new).changed.values.tolist()
    [[2, 'members', 5, 7]]
    """
    before = list(old.table.columns if old_columns is None else old_columns)
    after = list(new.table.columns if new_columns is None else new_columns)
    key = new.source.key
    for column in key:
        if column not in old.table.columns or column not in new.table.columns:
            raise SourceError(
                f"rows are matched by {', '.join(key)}, and {column!r} is not in both. Read it in"
                " both."
            )
    shared = [c for c in new.table.columns if c in old.table.columns]
    twice = [found.source.version for found in (old, new) if not _names_rows(found, key)]
    notes: tuple[Note, ...] = ()
    if twice or not key:
        key = ()
        text = (
            f"({', '.join(new.source.key)}) does not name a row in release {' and '.join(twice)}:"
            " entire rows are compared."
        )
        notes = (Note("key", text),)
    entered, left, changed, unchanged = (_by_key if key else _whole)(
        old.table[shared], new.table[shared], list(key)
    )
    return ReleaseChanges(
        _release(old.source),
        _release(new.source),
        key,
        tuple(c for c in before if c not in after),
        tuple(c for c in after if c not in before),
        _categories(old, new, shared),
        entered,
        left,
        changed,
        unchanged,
        notes,
    )


def _names_rows(found: OutcomeTable, key: Sequence[str]) -> bool:
    """Whether the key is never missing and no two rows have the same."""
    columns = list(key)
    missing = found.table[columns].isna().any(axis=None)
    return not (missing or found.table.duplicated(columns).any())


def _release(source: Source) -> str:
    return f"{source.name} {source.version}"


def differs(old: "pd.Series[Any]", new: "pd.Series[Any]") -> np.ndarray:
    """Where two columns of equal length hold another value; missing equals missing."""
    a = old.reset_index(drop=True).astype(object)
    b = new.reset_index(drop=True).astype(object)
    gone, come = a.isna(), b.isna()
    same = (a.mask(gone, 0) == b.mask(come, 0)) & (gone == come)
    return ~same.to_numpy(dtype=bool)


Found = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, int]


def _by_keys(table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return table.set_index(pd.MultiIndex.from_frame(table[key].astype(object)))


def _by_key(old: pd.DataFrame, new: pd.DataFrame, key: list[str]) -> Found:
    a, b = _by_keys(old, key), _by_keys(new, key)
    both = b.index[b.index.isin(a.index)]
    was, now = a.loc[both], b.loc[both]
    any_cell = np.zeros(len(both), dtype=bool)
    cells = []
    for column in [c for c in new.columns if c not in key]:
        other = differs(was[column], now[column])
        any_cell |= other
        before = was[column].astype(object)[other]
        after = now[column].astype(object)[other]
        cells.append(now[key][other].assign(column=column, old=before, new=after))
    columns = [*key, "column", "old", "new"]
    # ignore_index throughout: the keys stand in columns
    changed = pd.DataFrame(columns=columns)
    if any_cell.any():
        changed = pd.concat([c for c in cells if len(c)], ignore_index=True)
    ordered = changed.sort_values([*key, "column"], ignore_index=True)[columns]
    entered = b.loc[~b.index.isin(a.index), key].reset_index(drop=True)
    left = a.loc[~a.index.isin(b.index), key].reset_index(drop=True)
    return entered, left, ordered, int((~any_cell).sum())


def _whole(old: pd.DataFrame, new: pd.DataFrame, _: list[str]) -> Found:
    """Rows as they stand: a row that is there twice in one release and
    once in the other has entered or left once.
    """
    a = old.astype(object).where(old.notna(), None)
    b = new.astype(object).where(new.notna(), None)
    columns = list(new.columns)
    rows_a, rows_b = _numbered_rows(a, columns), _numbered_rows(b, columns)
    entered = b[~rows_b.isin(set(rows_a))].reset_index(drop=True)
    left = a[~rows_a.isin(set(rows_b))].reset_index(drop=True)
    return entered, left, pd.DataFrame(columns=["column", "old", "new"]), len(b) - len(entered)


def _numbered_rows(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Each row as a tuple, with its number among equal ones."""
    nth = table.groupby(columns, dropna=False).cumcount()
    return table.assign(_nth=nth).apply(tuple, axis=1)


def _categories(old: OutcomeTable, new: OutcomeTable, shared: list[str]) -> pd.DataFrame:
    """Words that one release has alone, of columns with an enum and
    of text columns with few words.
    """
    enums = {f.name for f in new.source.schema.fields if f.enum}
    kinds = {f.name: f.type for f in new.source.schema.fields}
    rows = []
    for column in shared:
        is_text = kinds.get(column, "string") == "string"
        if not is_text or pd.api.types.is_numeric_dtype(new.table[column]):
            continue
        before = old.table[column].dropna().astype(str).value_counts()
        after = new.table[column].dropna().astype(str).value_counts()
        if column not in enums and max(len(before), len(after)) > FEW:
            continue
        for status, here, there in (("gone", before, after), ("new", after, before)):
            for word in sorted(set(here.index) - set(there.index)):
                rows.append((column, word, status, int(here[word])))
    return pd.DataFrame(rows, columns=["column", "category", "status", "rows"])


def open_schema(schema: Schema) -> Schema:
    """The schema with no list of words: a newer release may have
    categories that the known one has not.
    """
    return replace(schema, fields=tuple(replace(f, enum=()) for f in schema.fields))


def new_categories(found: OutcomeTable) -> tuple[Note, ...]:
    """A note for every column of an accepted release that has categories outside the known ones."""
    source = found.source
    notes = []
    for f in source.schema.fields:
        if not f.enum:
            continue
        words = found.table[f.name].dropna().astype(str)
        strange = words[~words.isin(f.enum)].value_counts()
        if len(strange):
            counts = ", ".join(f"{word!r} in {n} row(s)" for word, n in strange.items())
            text = (
                f"{f.name} of {source.file} has categories that release {source.version} has not:"
                f" {counts}."
            )
            notes.append(Note("new_categories", text))
    return tuple(notes)


def differences(found: OutcomeTable, path: Path) -> str:
    """A sentence on what an accepted release changed, where the known one is in the same
    folder; else on how to find out.

    Parameters
    ----------
    found : the release as read from ``path``, with the source of the known release. The known file
        is looked for under names that begin as its own does, such as ``pax_v10_known.csv``, and
        known by its bytes.
    """
    source = found.source
    known = _known_beside(source, path)
    if known is None:
        return (
            f"To list the changed rows, put release {source.version} in the same folder, as"
            f" {path.stem}_known{path.suffix}."
        )
    old = OutcomeTable(read_table(known, source.schema), source)
    new = replace(found, source=replace(source, version="as in the file at hand"))
    return str(compare_releases(old, new, header_of(known), header_of(path)))


def _known_beside(source: Source, path: Path) -> Path | None:
    for other in sorted(path.parent.glob(f"{path.stem}*{path.suffix}")):
        if other != path and other.is_file() and file_sha256(other) == source.sha256:
            return other
    return None


def release_of(family: str, release: str, sources: Mapping[str, Source]) -> Source:
    """The source of a family's release, whose id is ``family_release``;
    SourceError names the releases that are known.
    """
    found = sources.get(f"{family}_{release}")
    if found:
        return found
    known = [i.removeprefix(f"{family}_") for i in sources if i.startswith(f"{family}_")]
    if known:
        raise SourceError(
            f"no release {release!r} of {family!r} is known; known are {', '.join(known)}."
        )
    raise SourceError(
        f"no source is called {family!r}. An id is family_release, as pax_v10; known ids:"
        f" {', '.join(sources)}."
    )
