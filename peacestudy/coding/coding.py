"""The Coding: one long table of codes, whoever gave them, checked against the codebook they were given by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from peacestudy.core.codebook import Codebook
from peacestudy.core.display import html_table
from peacestudy.core.problems import Problem, nearest
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import CodingError

CODER_KINDS = ("human", "machine", "rule")
CODING_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field("indicator_id", required=True, description="indicator of the codebook"),
        Field("coder", required=True, description="who gave the code"),
        Field("kind", required=True, enum=CODER_KINDS, description="what the coder is"),
        Field("code", "integer", description="a code of the indicator; empty where the coder gave none"),
        Field("source", description="source the code rests on"),
        Field("locator", description="where in the source"),
        Field("comment"),
    ),
    key=("case_id", "indicator_id", "coder"),
)


@dataclass(frozen=True, eq=False)
class Coding:
    """Codes of cases on indicators.

    Attributes
    ----------
    table : a row a code: ``case_id, indicator_id, coder, kind, code, source, locator, comment``; code is Int64, missing
        where a coder gave none.
    codebook : the codebook the codes belong to.
    file : name used in problems.

    Raises
    ------
    CodingError
        All problems at once: an indicator or code that the codebook does not know, a coder who codes a cell twice.
    """

    table: pd.DataFrame
    codebook: Codebook
    file: str = "codings"

    def __post_init__(self) -> None:
        problems = coding_problems(self.table, self.codebook, self.file, range(2, len(self.table) + 2))
        if problems:
            raise CodingError(f"the coding breaks its codebook: {len(problems)} problem(s).", problems)

    @property
    def coders(self) -> list[str]:
        """The coders, in order of name."""
        return sorted(self.table["coder"].unique())

    def codes(self, indicators: Iterable[str] | None = None) -> pd.DataFrame:
        """Codes of a coding with one coder: index case_id, a column an indicator, Int64, missing where none was given.

        Raises
        ------
        CodingError
            There are several coders: their codes must be adjudicated first.
        """
        if len(self.coders) > 1:
            raise CodingError(
                f"{len(self.coders)} coders ({', '.join(self.coders)}) gave codes. Settle them into one coding before scoring."
            )
        names = list(self.codebook.indicators) if indicators is None else list(indicators)
        wide = self.table.pivot(index="case_id", columns="indicator_id", values="code")
        return wide.reindex(columns=names).astype("Int64").sort_index()

    def _repr_html_(self) -> str:
        head = f"{self.table['case_id'].nunique()} cases, {self.table['indicator_id'].nunique()} indicators, coders: {', '.join(self.coders)}"
        return html_table(self.table, head, rows=10)


def coding_problems(table: pd.DataFrame, codebook: Codebook, file: str, lines: Sequence[int]) -> list[Problem]:
    """What in a table of codes the codebook does not allow; ``lines`` has the line of each row in the file."""
    missing = [name for name in CODING_SCHEMA.names if name not in table.columns]
    if missing:
        return [Problem(file, 1, name, "", "the column is expected", "add it") for name in missing]
    out = []
    known = codebook.indicators
    allowed = {i.id: {c.value for c in i.codes} for i in known.values()}
    seen: dict[tuple[str, str, str], int] = {}
    columns = ["case_id", "indicator_id", "coder", "code"]
    rows = table[columns].itertuples(index=False, name=None)
    for line, (case, indicator, coder, code) in zip(lines, rows, strict=True):
        for name, value in (("case_id", case), ("coder", coder)):
            if pd.isna(value) or value == "":
                out.append(Problem(file, line, name, "", "a value is required", "fill the cell"))
        if indicator not in known:
            remedy = f"correct it.{nearest(str(indicator), list(known))}"
            out.append(
                Problem(
                    file,
                    line,
                    "indicator_id",
                    str(indicator),
                    f"not in codebook {codebook.id} {codebook.version}",
                    remedy,
                )
            )
        elif not pd.isna(code) and code not in allowed[indicator]:
            codes = ", ".join(f"{c.value} {c.label}" for c in known[indicator].codes)
            out.append(
                Problem(
                    file,
                    line,
                    "code",
                    str(code),
                    f"the codes of {indicator} are {codes}",
                    "correct the code, or leave it empty",
                )
            )
        first = seen.setdefault((case, indicator, coder), line)
        if first != line:
            out.append(
                Problem(
                    file,
                    line,
                    "",
                    f"{case}, {indicator}, {coder}",
                    f"the coder coded this already at line {first}",
                    "keep one row",
                )
            )
    return out
