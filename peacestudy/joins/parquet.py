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
from peacestudy.errors import JoinError
from peacestudy.joins.given import key_pairs
from peacestudy.joins.join import join
from peacestudy.joins.missing import missing_by
from peacestudy.joins.pieces import (
    OTHER,
    ROW,
    distinct_values,
    in_order,
    one_by_key,
    rows_of_file,
    sorted_back,
    written,
)
from peacestudy.joins.reasons import in_words
from peacestudy.outcomes import OutcomeTable


@dataclass(frozen=True, eq=False)
class ParquetJoin:
    """A join that was written to a file.

    Attributes
    ----------
    path : the joined table: rows in the order of the cases, numbered in ``row_id``.
    ledger : what happened to every row, as of a join in memory.
    missing : ``reason, column, missing, of``, as ``ps.joins.missing_by`` gives it.
    """

    path: Path
    ledger: Ledger
    missing: pd.DataFrame

    def _repr_html_(self) -> str:
        return html_table(self.ledger.table(), f"Joined into {self.path}", [])


def join_parquet(
    left: str | Path,
    right: str | Path | pd.DataFrame | OutcomeTable,
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
    left : the cases, a Parquet file.
    right : the other table: in memory, where it may be an OutcomeTable, or a Parquet file.
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
    pairs, target, shape = key_pairs(on), Path(out), options.pop("shape", "one_to_one")
    files = isinstance(right, str | Path)
    if target.resolve() in {Path(p).resolve() for p in (left, right) if isinstance(p, str | Path)}:
        raise JoinError(f"out is {target}, which the join reads. Write to another file.")
    sizes = (
        rows_of_file(Path(left)),
        (rows_of_file(Path(right)) if isinstance(right, str | Path) else len(_table(right))),
    )
    for column, other in pairs.items():
        # a part holds a part of the keys only, so two spellings of one key can stand in two parts
        found = check_keys(
            column, _distinct(left, column), _distinct(right, other), name or "the other table"
        )
        if found.refusal:
            raise JoinError(found.refusal)
    total = _Total(np.zeros(sizes[1], np.int32))
    with (
        writing(target, JoinError),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as made,
    ):
        folder = Path(made)
        pieces: Iterator[tuple[pd.DataFrame, pd.DataFrame | OutcomeTable]]
        if isinstance(right, str | Path):
            pieces = one_by_key(Path(left), Path(right), pairs, parts, memory_mb, folder)
        else:
            pieces = ((cases, _numbered(right)) for cases in in_order(Path(left), parts))
        done = written(_joined(pieces, pairs, name, options, total), folder)
        for _ in tqdm(done, desc="joined parts", disable=None, leave=False):
            pass
        if shape == "one_to_one" and (shared := int((total.times > 1).sum())):
            raise JoinError(
                f"{shared} row(s) of {total.name} meet several cases. If that is meant, say"
                ' shape="many_to_one".'
            )
        (sorted_back(folder, memory_mb) if files else folder / "whole.parquet").replace(target)
    return ParquetJoin(target, Ledger((total.entry(pairs, shape, options),)), total.missing())


def _distinct(table: str | Path | pd.DataFrame | OutcomeTable, column: str) -> pd.Index:
    """The distinct values of a key column; none where there is
    no such column, which the join refuses.
    """
    if isinstance(table, str | Path):
        return distinct_values(Path(table), column)
    held = _table(table)
    return levels(held[column]).values if column in held.columns else pd.Index([])


def _table(right: pd.DataFrame | OutcomeTable) -> pd.DataFrame:
    if not isinstance(right, pd.DataFrame | OutcomeTable):
        raise JoinError(
            f"the other table is a {type(right).__name__}; give a path, a DataFrame or an"
            " OutcomeTable."
        )
    return right.table if isinstance(right, OutcomeTable) else right


def _numbered(right: pd.DataFrame | OutcomeTable) -> pd.DataFrame | OutcomeTable:
    table = _table(right).assign(**{OTHER: np.arange(len(_table(right)))})
    return replace(right, table=table) if isinstance(right, OutcomeTable) else table


def _joined(
    pieces: Iterator[tuple[pd.DataFrame, pd.DataFrame | OutcomeTable]],
    pairs: Mapping[str, str],
    name: str,
    options: dict[str, Any],
    total: "_Total",
) -> Iterator[pd.DataFrame]:
    """Each part joined, and counted."""
    columns = options.get("columns")
    taken = {} if columns is None else {"columns": [*columns, OTHER]}
    for cases, other in pieces:
        frame = join(
            cases, other, on=pairs, name=name, key=ROW, **options | {"shape": "many_to_one"} | taken
        )
        met = frame.data[OTHER].dropna().to_numpy(dtype=np.int64)
        np.add.at(total.times, met, 1)
        total.add(frame.ledger.entries[0], np.bincount(frame.joined[0].why, minlength=len(REASONS)))
        wanted = [c for c in frame.joined[0].columns if c != OTHER]
        total.gaps.append(missing_by(frame, "reason", wanted))
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
        self.rows, self.unmatched, self.filled = (
            self.rows + entry.rows_in,
            self.unmatched + entry.unmatched,
            self.filled + entry.filled,
        )
        self.why, self.parts, self.name = (
            self.why + why,
            self.parts + 1,
            entry.step.removeprefix("join "),
        )

    def entry(self, pairs: Mapping[str, str], shape: str, options: Mapping[str, Any]) -> Entry:
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
            why=in_words(
                pairs, shape, [f"in {self.parts} part(s)"], self.why, options.get("absent")
            ),
        )

    def missing(self) -> pd.DataFrame:
        table = pd.concat(self.gaps, ignore_index=True)
        if table.empty:
            return table
        out = table.groupby(["reason", "column"], sort=False)["missing"].sum().reset_index()
        return out.assign(of=self.rows)
