"""Codes of any number of coders with every revision (CodingSheet), and one code a cell
(Coding).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from peacestudy.coding.spellings import spelling_problems
from peacestudy.core.codebook import Codebook, Indicator
from peacestudy.core.display import html_table
from peacestudy.core.problems import Problem, nearest, one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import CodingError

CODER_KINDS = ("human", "machine", "rule", "adjudicated")
CONFIDENCE = ("sure", "probable", "guess")
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"

SHEET_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field("indicator_id", required=True, description="indicator of the codebook"),
        Field("coder", required=True, description="who gave the code"),
        Field("kind", required=True, enum=CODER_KINDS, description="what the coder is"),
        Field(
            "code",
            "integer",
            description="a code of the indicator; empty where the coder gave none",
        ),
        Field("confidence", enum=CONFIDENCE, description="how sure the coder was"),
        Field("source", description="source that supports the code"),
        Field("locator", description="where in the source"),
        Field("comment"),
        Field(
            "date",
            pattern=DATE,
            description="when the row was written, UTC; a later row of a cell revises the earlier",
        ),
    )
)
Kind = TypeVar("Kind")
READ_FIRST = "Read a coder's file with ps.coding.read_sheet(path, codebook)."
LOAD_FIRST = "A study has one, as ps.load_study(name).codebook."
CELL = ("case_id", "indicator_id", "coder")
CODING_SCHEMA = replace(SHEET_SCHEMA, key=CELL)


@dataclass(frozen=True, eq=False)
class CodingSheet:
    """All codes of any number of coders, with evidence, confidence, date and every revision.

    Attributes
    ----------
    table : DataFrame
        A row a code: ``case_id, indicator_id, coder, kind, code, confidence, source, locator,
        comment, date``. ``kind`` is human, machine, rule or adjudicated. ``code`` is Int64, missing
        where a coder gave none. ``date`` is a UTC time as text, or missing. A revision of a cell is
        a further row with a later date; the earlier row stays.
    codebook : Codebook
        The codebook that the codes belong to.
    file : str
        Name used in problems.
    asked : DataFrame or None
        ``case_id, indicator_id, coder``: the cells that the coders were asked to fill; None where
        that is not known.
    path : Path or None
        The file that the sheet was read from.

    Raises
    ------
    CodingError
        All problems at once: an indicator or code that is not in the codebook; a cell that a coder
        codes twice without dates that say which is the revision; a coder of two kinds; two coders,
        or two cases of different coders, whose names differ only by blanks, accents, capitals,
        apostrophes or dashes.

    Examples
    --------
    >>> import pandas as pd
    >>> book = ps.load_study("double_coding").codebook
    >>> codes = pd.DataFrame(
    ...     {"case_id": ["a", "a", "b", "b"], "coder": ["ann", "ben"] * 2, "code": [2, 3, 1, 1]}
    ... )
    >>> blank = dict.fromkeys(["confidence", "source", "locator", "comment", "date"])
    >>> codes = codes.assign(indicator_id="terror", kind="human", **blank)
    >>> sheet = ps.CodingSheet(codes.astype({"code": "Int64"}), book)
    >>> sheet.values("terror")
    coder    ann  ben
    case_id
    a        2.0  3.0
    b        1.0  1.0
    """

    table: pd.DataFrame
    codebook: Codebook
    file: str = "sheet"
    asked: pd.DataFrame | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        problems = coding_problems(
            self.table, self.codebook, self.file, range(2, len(self.table) + 2)
        )
        if problems:
            raise CodingError(
                f"the coding breaks its codebook: {len(problems)} problem(s).", problems
            )

    @property
    def coders(self) -> list[str]:
        """The coders, in order of name."""
        return sorted(self.table["coder"].unique())

    @property
    def kinds(self) -> dict[str, str]:
        """What each coder is: human, machine, rule or adjudicated."""
        coders = self.table[["coder", "kind"]].drop_duplicates()
        return dict(sorted(zip(coders["coder"], coders["kind"], strict=True)))

    @property
    def indicators(self) -> list[str]:
        """The indicators that somebody coded, in the codebook's order."""
        seen = set(self.table["indicator_id"])
        return [name for name in self.codebook.indicators if name in seen]

    def latest(self) -> pd.DataFrame:
        """The newest row of every case, indicator and coder: revisions replace what they revise."""
        ordered = self.table.sort_values("date", kind="stable", na_position="first")
        return ordered.drop_duplicates(list(CELL), keep="last").sort_index().reset_index(drop=True)

    def history(self, case_id: str, indicator_id: str) -> pd.DataFrame:
        """Every row of a cell, oldest first."""
        own = self.table[
            (self.table["case_id"] == case_id) & (self.table["indicator_id"] == indicator_id)
        ]
        return own.sort_values(["coder", "date"], kind="stable", na_position="first").reset_index(
            drop=True
        )

    def values(self, indicator_id: str) -> pd.DataFrame:
        """Codes of one indicator: index case_id, a column a coder,
        float, NaN where a coder gave none.

        Raises
        ------
        CodingError
            The codebook has no such indicator.
        """
        if indicator_id not in self.codebook.indicators:
            raise CodingError(one_of("indicator", indicator_id, list(self.codebook.indicators)))
        rows = self.latest()
        rows = rows[rows["indicator_id"] == indicator_id]
        wide = rows.pivot(index="case_id", columns="coder", values="code").sort_index()
        return wide.reindex(columns=sorted(wide.columns)).astype("Float64").astype(float)

    def open(self) -> pd.DataFrame:
        """The cells asked of a coder that have no code: ``case_id, indicator_id, coder``.

        Raises
        ------
        CodingError
            The sheet does not know what was asked.
        """
        if self.asked is None:
            raise CodingError(
                "this sheet does not record the cells that its coders had to code. Read it"
                " from a coder's file."
            )
        done = self.latest().dropna(subset=["code"])[list(CELL)]
        marked = self.asked.merge(
            done, on=list(CELL), how="left", indicator=True, validate="one_to_one"
        )
        return marked.loc[marked["_merge"] == "left_only", list(CELL)].reset_index(drop=True)

    def coding(self) -> "Coding":
        """The coding of a sheet that has one coder: their latest codes.

        Raises
        ------
        CodingError
            There are several coders: their codes must be adjudicated first.
        """
        if len(self.coders) > 1:
            raise CodingError(
                f"{len(self.coders)} coders ({', '.join(self.coders)}) gave codes. Decide on"
                " one code a cell with ps.adjudicate."
            )
        return Coding(self.latest(), self.codebook, self.file)

    def __repr__(self) -> str:
        return (
            f"<CodingSheet {self.file}: {len(self.table)} rows, {_head(self.table)}; see .latest(),"
            " .values()>"
        )

    def _repr_html_(self) -> str:
        return html_table(self.table, _head(self.table), rows=10)


@dataclass(frozen=True, eq=False)
class Coding:
    """One code for every case and indicator: of a rule, of a single coder, or adjudicated.

    Attributes
    ----------
    table : DataFrame
        A row a code, with the columns of ``CodingSheet.table`` and, where it was adjudicated,
        ``rule, decided_by, why, codes, n_codes``. ``code`` is Int64, missing where none was given
        or decided.
    codebook : Codebook
        The codebook that the codes belong to.
    file : str
        Name used in problems.

    Raises
    ------
    CodingError
        All problems at once: an indicator or code that is not in the codebook, a cell with two
        rows.

    Examples
    --------
    >>> import pandas as pd
    >>> book = ps.load_study("double_coding").codebook
    >>> codes = pd.DataFrame({"case_id": ["a", "b"], "code": [2, 1]})
    >>> blank = dict.fromkeys(["confidence", "source", "locator", "comment", "date"])
    >>> codes = codes.assign(indicator_id="terror", coder="ann", kind="human", **blank)
    >>> coding = ps.Coding(codes.astype({"code": "Int64"}), book)
    >>> coding.codes(["terror"])["terror"].to_dict()
    {'a': 2, 'b': 1}
    """

    table: pd.DataFrame
    codebook: Codebook
    file: str = "codings"

    def __post_init__(self) -> None:
        lines = range(2, len(self.table) + 2)
        problems = coding_problems(self.table, self.codebook, self.file, lines)
        problems = problems or _repeated_cells(self.table, self.file, lines)
        if problems:
            raise CodingError(
                f"the coding breaks its codebook: {len(problems)} problem(s).", problems
            )

    @property
    def coders(self) -> list[str]:
        """Who gave the codes, in order of name."""
        return sorted(self.table["coder"].unique())

    def codes(self, indicators: Iterable[str] | None = None) -> pd.DataFrame:
        """The codes: index case_id, a column an indicator, Int64, missing where none was given."""
        names = list(self.codebook.indicators) if indicators is None else list(indicators)
        wide = self.table.pivot(index="case_id", columns="indicator_id", values="code")
        return wide.reindex(columns=names).astype("Int64").sort_index()

    def __repr__(self) -> str:
        return f"<Coding {self.file}: {_head(self.table)}; see .codes()>"

    def _repr_html_(self) -> str:
        return html_table(self.table, _head(self.table), rows=10)


def expect(found: object, kind: type[Kind], remedy: str) -> Kind:
    """The thing itself if it is of this kind; if not, said in words.

    Raises
    ------
    CodingError
        It is something else.
    """
    if isinstance(found, kind):
        return found
    shown = repr(found) if isinstance(found, str | Path) else f"a {type(found).__name__}"
    raise CodingError(f"expected a {kind.__name__}, found {shown}. {remedy}")


def _head(table: pd.DataFrame) -> str:
    who = ", ".join(sorted(table["coder"].unique()))
    return (
        f"{table['case_id'].nunique()} cases, {table['indicator_id'].nunique()} indicators, coders:"
        f" {who}"
    )


def coding_problems(
    table: pd.DataFrame, codebook: Codebook, file: str, lines: Sequence[int]
) -> list[Problem]:
    """What in a table of codes the codebook does not allow;
    ``lines`` has the line of each row in the file.
    """
    missing = [name for name in SHEET_SCHEMA.names if name not in table.columns]
    if missing:
        return [Problem(file, 1, name, "", "the column is expected", "add it") for name in missing]
    check = _RowCheck(codebook, file)
    rows = table[[*CELL, "code", "kind", "confidence", "date"]].itertuples(index=False, name=None)
    for line, row in zip(lines, rows, strict=True):
        case, indicator, coder, code, kind, confidence, date = row
        check.line = line
        check.names(case, coder)
        check.code(indicator, code)
        check.kind(coder, kind)
        check.confidence(confidence)
        check.date((case, indicator, coder), "" if pd.isna(date) else str(date))
    return check.problems + spelling_problems(table.reset_index(drop=True), file, lines)


def _values(indicator: Indicator) -> set[int]:
    return {code.value for code in indicator.codes}


class _RowCheck:
    """The problems of the rows of a table of codes, found one row after the other."""

    def __init__(self, codebook: Codebook, file: str) -> None:
        self.codebook, self.file = codebook, file
        self.line = 0
        self.problems: list[Problem] = []
        self.allowed = {name: _values(i) for name, i in codebook.indicators.items()}
        self.kinds: dict[str, str] = {}
        self.seen: dict[tuple[tuple[str, str, str], str], int] = {}

    def _add(self, column: str, value: object, rule: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, self.line, column, str(value), rule, remedy))

    def names(self, case: object, coder: object) -> None:
        for name, value in (("case_id", case), ("coder", coder)):
            if pd.isna(value) or value == "":  # type: ignore[call-overload]
                self._add(name, "", "a value is required", "fill the cell")

    def code(self, indicator: str, code: object) -> None:
        known = self.codebook.indicators
        if indicator not in known:
            rule = f"not in codebook {self.codebook.id} {self.codebook.version}"
            hint = nearest(str(indicator), list(known))
            self._add("indicator_id", indicator, rule, f"correct it.{hint}")
            return
        missing = pd.isna(code)  # type: ignore[call-overload]
        if not missing and code not in self.allowed[indicator]:
            codes = ", ".join(f"{c.value} {c.label}" for c in known[indicator].codes)
            rule = f"the codes of {indicator} are {codes}"
            self._add("code", code, rule, "correct the code, or leave it empty")

    def kind(self, coder: str, kind: str) -> None:
        if kind not in CODER_KINDS:
            self._add("kind", kind, one_of("kind", kind, CODER_KINDS), "correct the word")
            return
        first = self.kinds.setdefault(coder, kind)
        if first != kind:
            rule = f"{coder} is {first} in an earlier row"
            remedy = "two coders may have the same name: give each a different name"
            self._add("kind", kind, rule, remedy)

    def confidence(self, confidence: str) -> None:
        if not pd.isna(confidence) and confidence not in CONFIDENCE:
            rule = one_of("confidence", confidence, CONFIDENCE)
            self._add("confidence", confidence, rule, "correct the word")

    def date(self, cell: tuple[str, str, str], date: str) -> None:
        if date and not re.fullmatch(DATE, date):
            rule = "expected a time such as 2026-11-24T09:30:00.000000Z"
            self._add("date", date, rule, "correct the time")
        first = self.seen.setdefault((cell, date), self.line)
        if first != self.line:
            rule = f"the coder coded this already at line {first}"
            self._add("", ", ".join(map(str, cell)), rule, "keep one row, or date the revision")


def _repeated_cells(table: pd.DataFrame, file: str, lines: Sequence[int]) -> list[Problem]:
    repeated = table.duplicated(["case_id", "indicator_id"]).to_numpy()
    rule = "a coding has one code a cell, and this cell has two"
    remedy = (
        "make a CodingSheet of the codes of several coders and adjudicate it with ps.adjudicate"
    )
    problems = []
    for n in map(int, repeated.nonzero()[0]):
        cell = f"{table['case_id'].iloc[n]}, {table['indicator_id'].iloc[n]}"
        problems.append(Problem(file, lines[n], "", cell, rule, remedy))
    return problems
