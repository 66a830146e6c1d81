"""Joins beyond memory: a Parquet file is joined part by part,
with the same join, and the ledger adds up.

Where the other table is in memory, the cases are read in their order. Where it is a file too, both
are cut by their key, so that a key lies in one part only, and the result is sorted back into the
order of the cases; cutting and sorting are DuckDB's (extra ``scale``), which goes to disk where
memory ends.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm.auto import tqdm

from peacestudy.core.display import html_table
from peacestudy.core.file_sets import writing
from peacestudy.core.joined import REASONS
from peacestudy.core.key_check import check_keys
from peacestudy.core.keys import levels
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.core.old_names import renamed_arguments
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import key_pairs
from peacestudy.joins.columns.collect import several_cases_text
from peacestudy.joins.files.file_parts import (
    OTHER,
    ROW,
    distinct_values,
    in_order,
    one_by_key,
    rows_of_file,
    sorted_back,
    written,
)
from peacestudy.joins.key_join import join
from peacestudy.joins.keys.unmatched_reasons import describe_join
from peacestudy.joins.missing_values import missing_by
from peacestudy.outcomes import OutcomeTable


@dataclass(frozen=True, eq=False)
class ParquetJoin:
    """A join that was written to a file.

    Attributes
    ----------
    path : the joined table: rows in the order of the cases, numbered in ``row_id``.
    ledger : what happened to every row, as of a join in memory.
    missing : ``reason, column, missing, of``, as ``missing_by`` of
        ``peacestudy.joins.missing_values`` gives it.
    """

    path: Path
    ledger: Ledger
    missing: pd.DataFrame

    def _repr_html_(self) -> str:
        return html_table(self.ledger.table(), f"Joined into {self.path}", [])


@renamed_arguments(left="cases", right="other")
def join_parquet(
    cases: str | Path,
    other: str | Path | pd.DataFrame | OutcomeTable,
    *,
    on: str | Sequence[str] | Mapping[str, str],
    out: str | Path,
    name: str = "",
    parts: int | None = None,
    memory_mb: int = 1000,
    **options: Any,
) -> ParquetJoin:
    """Join a Parquet file that memory does not hold.

    Parameters
    ----------
    cases : the cases, a Parquet file.
    other : the other table: in memory, where it may be an OutcomeTable, or a Parquet file.
    on, name : as in ``join``.
    out : the file to write; it appears whole or not at all.
    parts : into how many parts the cases are cut; None takes one for every million rows.
    memory_mb : what DuckDB may hold while it cuts and sorts two files;
        beyond, it writes to disk beside ``out``.
    options : ``shape``, ``columns``, ``states``, ``lag``, ``absent``, ``twice``, as in ``join``.

    Returns
    -------
    ParquetJoin

    Raises
    ------
    JoinError
        DuckDB is not there, a file is missing or no Parquet, or what ``join`` refuses.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> pd.DataFrame({"state": [2, 20, 70], "year": [1990, 1990, 1991]}).to_parquet(
    ...     folder / "cases.parquet"
    ... )
    >>> gdp = pd.DataFrame({"state": [2, 70], "year": [1990, 1990], "gdp": [1.0, 2.0]})
    >>> done = join_parquet(
    ...     folder / "cases.parquet",
    ...     gdp,
    ...     on=["state", "year"],
    ...     name="gdp",
    ...     out=folder / "joined.parquet",
    ...     parts=2,
    ... )
    >>> done.ledger.table()[
    ...     ["rows_in", "rows_out", "unmatched", "other_rows", "other_unmatched"]
    ... ].values.tolist()
    [[3, 3, 2, 2, 1]]
    """
    pairs = key_pairs(on)
    shape = options.pop("shape", "one_to_one")
    target = Path(out)
    _refuse_overwriting(target, cases, other)
    rows_of_file(Path(cases))  # refuses what is no Parquet file
    n_other = rows_of_file(Path(other)) if isinstance(other, str | Path) else len(_table(other))
    _refuse_unlike_keys(cases, other, pairs, name or "the other table")
    total = _Total(np.zeros(n_other, np.int32))
    with (
        writing(target, JoinError),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as made,
    ):
        folder = Path(made)
        pieces: Iterator[tuple[pd.DataFrame, pd.DataFrame | OutcomeTable]]
        if isinstance(other, str | Path):
            pieces = one_by_key(Path(cases), Path(other), pairs, parts, memory_mb, folder)
        else:
            table = _numbered(other)
            pieces = ((piece, table) for piece in in_order(Path(cases), parts))
        done = written(_joined(pieces, pairs, name, options, total), folder)
        for _ in tqdm(done, desc="joined parts", disable=None, leave=False):
            pass
        shared_rows = int((total.times > 1).sum())
        if shape == "one_to_one" and shared_rows:
            raise JoinError(several_cases_text(shared_rows, total.name))
        whole = folder / "whole.parquet"
        if isinstance(other, str | Path):
            whole = sorted_back(folder, memory_mb)
        whole.replace(target)
    return ParquetJoin(target, Ledger((total.entry(pairs, shape, options),)), total.missing())


def _refuse_overwriting(
    target: Path, cases: str | Path, other: str | Path | pd.DataFrame | OutcomeTable
) -> None:
    for source in (cases, other):
        if isinstance(source, str | Path) and target.resolve() == Path(source).resolve():
            raise JoinError(f"out is {target}, which the join reads. Write to another file.")


def _refuse_unlike_keys(
    cases: str | Path,
    other: str | Path | pd.DataFrame | OutcomeTable,
    pairs: Mapping[str, str],
    name: str,
) -> None:
    """Refuse key columns that will not match; a part of the file holds only a part of the
    keys, so that two spellings of one key can be in two parts.
    """
    for column, other_column in pairs.items():
        mine, theirs = _distinct(cases, column), _distinct(other, other_column)
        found = check_keys(column, mine, theirs, name)
        if found.refusal:
            raise JoinError(found.refusal)


def _distinct(table: str | Path | pd.DataFrame | OutcomeTable, column: str) -> pd.Index:
    """The distinct values of a key column; none where there is
    no such column, which the join refuses.
    """
    if isinstance(table, str | Path):
        return distinct_values(Path(table), column)
    held = _table(table)
    return levels(held[column]).values if column in held.columns else pd.Index([])


def _table(other: pd.DataFrame | OutcomeTable) -> pd.DataFrame:
    if not isinstance(other, pd.DataFrame | OutcomeTable):
        raise JoinError(
            f"the other table is a {type(other).__name__}; give a path, a DataFrame or an"
            " OutcomeTable."
        )
    return other.table if isinstance(other, OutcomeTable) else other


def _numbered(other: pd.DataFrame | OutcomeTable) -> pd.DataFrame | OutcomeTable:
    table = _table(other)
    table = table.assign(**{OTHER: np.arange(len(table))})
    return replace(other, table=table) if isinstance(other, OutcomeTable) else table


def _joined(
    pieces: Iterator[tuple[pd.DataFrame, pd.DataFrame | OutcomeTable]],
    pairs: Mapping[str, str],
    name: str,
    options: dict[str, Any],
    total: "_Total",
) -> Iterator[pd.DataFrame]:
    """Each part joined, and counted."""
    # whether a row meets several cases is known at the end only
    options = options | {"shape": "many_to_one"}
    columns = options.get("columns")
    if columns is not None:
        options["columns"] = [*columns, OTHER]
    for cases, other in pieces:
        frame = join(cases, other, on=pairs, name=name, key=ROW, **options)
        met = frame.data[OTHER].dropna().to_numpy(dtype=np.int64)
        np.add.at(total.times, met, 1)
        joined = frame.joined[0]
        total.add(frame.ledger.entries[0], np.bincount(joined.why, minlength=len(REASONS)))
        added = [column for column in joined.columns if column != OTHER]
        total.gaps.append(missing_by(frame, "reason", added))
        yield frame.data.drop(columns=OTHER)


@dataclass
class _Total:
    """Counts over the parts."""

    times: npt.NDArray[np.int32]  # how many cases met each row of the other table
    rows: int = 0
    unmatched: int = 0
    filled: int = 0
    parts: int = 0
    name: str = ""
    why: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(REASONS), np.int64))
    gaps: list[pd.DataFrame] = field(default_factory=list)

    def add(self, entry: Entry, why: npt.NDArray[np.int64]) -> None:
        self.rows += entry.rows_in
        self.unmatched += entry.unmatched
        self.filled += entry.filled
        self.why = self.why + why
        self.parts += 1
        self.name = entry.step.removeprefix("join ")

    def entry(self, pairs: Mapping[str, str], shape: str, options: Mapping[str, Any]) -> Entry:
        parts = [f"in {self.parts} part(s)"]
        description = describe_join(pairs, shape, parts, self.why, options.get("absent"))
        return Entry(
            f"join {self.name}",
            "join",
            "case",
            self.rows,
            self.rows,
            unmatched=self.unmatched,
            other_rows=len(self.times),
            other_unmatched=int((self.times == 0).sum()),
            duplicated=int((self.times > 1).sum()),
            filled=self.filled,
            why=description,
        )

    def missing(self) -> pd.DataFrame:
        table = pd.concat(self.gaps, ignore_index=True)
        if table.empty:
            return table
        out = table.groupby(["reason", "column"], sort=False)["missing"].sum().reset_index()
        return out.assign(of=self.rows)
