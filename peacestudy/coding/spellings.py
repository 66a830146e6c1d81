"""Case ids and coders that are written in two ways: refused
where they split what was meant to be one.

Ids are compared exactly. Two coders whose names have one canonical form
(``peacestudy.core.spelling``) are refused. Two case ids of one form are refused where one coder
wrote the one and another coder the other, so that neither coded both: their codes would never be
compared. Where the coders who wrote one id also wrote the other, they are two cases.
"""

from collections.abc import Sequence

import pandas as pd

from peacestudy.core.problems import Problem
from peacestudy.core.spelling import differences, twins, visible

Pairs = list[tuple[object, object]]  # of case ids


def spelling_problems(table: pd.DataFrame, file: str, lines: Sequence[int]) -> list[Problem]:
    """Coders and case ids that differ from an earlier one only by their canonical form.

    Parameters
    ----------
    table : ``case_id, coder``, a row a code.
    file, lines : for the problems; the line of each row.
    """
    cells = table[["case_id", "coder"]].dropna()
    out = []
    for first, other in twins(cells["coder"]).pairs:
        line = _line(cells, "coder", other, lines)
        rule = _rule(first, other, "coder")
        out.append(Problem(file, line, "coder", str(other), rule, _remedy("coder", first, other)))
    for first, other in split_cases(cells):
        rule = _rule(first, other, "case")
        rule += f"; {_who(cells, first)} wrote the one, {_who(cells, other)} the other"
        line = _line(cells, "case_id", other, lines)
        out.append(
            Problem(file, line, "case_id", str(other), rule, _remedy("case_id", first, other))
        )
    return out


def split_cases(cells: pd.DataFrame) -> list[tuple[object, object]]:
    """Pairs of ids of one form of which each was coded by somebody who did not code the other."""
    split, _ = _split_and_similar(cells)
    return split


def similar_cases(cells: pd.DataFrame) -> list[tuple[object, object]]:
    """Pairs of ids of one form that are taken for two cases."""
    _, similar = _split_and_similar(cells)
    return similar


def _split_and_similar(cells: pd.DataFrame) -> tuple[Pairs, Pairs]:
    """Pairs of ids of one form: those that different coders wrote, and the others."""
    pairs = _case_twins(cells)
    coders = _coders(cells, pairs)
    split: Pairs = []
    similar: Pairs = []
    for a, b in pairs:
        one_case = coders[a] - coders[b] and coders[b] - coders[a]
        (split if one_case else similar).append((a, b))
    return split, similar


def _case_twins(cells: pd.DataFrame) -> list[tuple[object, object]]:
    """All pairs of ids of one form."""
    found = twins(cells["case_id"]).pairs
    groups: dict[object, list[object]] = {}
    for first, other in found:
        groups.setdefault(first, [first]).append(other)
    pairs = []
    for group in groups.values():
        for n, one in enumerate(group):
            pairs += [(one, other) for other in group[n + 1 :]]
    return pairs


def _coders(
    cells: pd.DataFrame, pairs: Sequence[tuple[object, object]]
) -> dict[object, set[object]]:
    ids = {case for pair in pairs for case in pair}
    own = cells[cells["case_id"].isin(ids)] if ids else cells.iloc[:0]
    return {case: set(rows) for case, rows in own.groupby("case_id")["coder"]}


def _who(cells: pd.DataFrame, case: object) -> str:
    return ", ".join(sorted(map(str, cells.loc[cells["case_id"] == case, "coder"].unique())))


def _line(cells: pd.DataFrame, column: str, value: object, lines: Sequence[int]) -> int:
    """The line of the first row that has a value; the index of
    ``cells`` numbers the rows of the whole table.
    """
    return lines[int(cells.index[(cells[column] == value).to_numpy()][0])]


def _rule(first: object, other: object, what: str) -> str:
    return (
        f"{visible(other)} differs from the {what} {visible(first)} only by"
        f" {' and '.join(differences(first, other))}"
    )


def _remedy(column: str, first: object, other: object) -> str:
    change = f"table.replace({{{column!r}: {{{visible(other)}: {visible(first)}}}}})"
    return (
        f"write one spelling, in the file or by {change}; of a sheet by dataclasses.replace(sheet,"
        f" table=sheet.{change})"
    )
