"""Multi-valued coding -> indicators: cells such as ``topic : stance;
topic : stance`` become one question a topic.

A cell that holds several values has no agreement that any coefficient could measure: two coders may
share one topic of three. Split, each topic is a question of its own (does the coder find it here?),
and so is the stance where it is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from peacestudy.coding.coding import CELL, SHEET_SCHEMA, CodingSheet
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import Problem, nearest, one_of
from peacestudy.errors import CodingError


@dataclass(frozen=True)
class Splitting:
    """How a cell of several values is read; the author writes it, nothing is guessed.

    Attributes
    ----------
    mentioned : indicator by topic as it is written; its code is 1 where a coder names the topic and
        0 where they coded the unit and do not. Several spellings may lead to one indicator.
    stance : indicator of the stance by topic, asked where the topic is
        mentioned and nowhere else; topics may lack one.
    values : code by stance as it is written.
    nothing : topics that mean that there is none; every topic is 0 then.
    separator, inner : between two values, and between topic and stance.
    """

    mentioned: Mapping[str, str]
    stance: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    nothing: Sequence[str] = ()
    separator: str = ";"
    inner: str = ":"


def split_values(
    table: pd.DataFrame,
    codebook: Codebook,
    how: Splitting,
    *,
    unit: str,
    coders: Sequence[str] | Mapping[str, str],
    kind: str = "human",
    file: str = "table",
) -> CodingSheet:
    """Split cells that hold several values into one code a topic.

    Parameters
    ----------
    table : a row a unit, a column a coder, cells of text; an empty
        cell is one that the coder left open.
    codebook : has the indicators that ``how`` names.
    how : what the topics and stances mean.
    unit : column of the case ids.
    coders : columns that hold codes; a mapping gives the coder by column.
    kind : what the coders are.
    file : name used in problems; its first row is line 2.

    Returns
    -------
    CodingSheet
        Every row has the cell it came from as its comment. A cell
        left open is asked and has no row.

    Raises
    ------
    CodingError
        All problems at once: a column that is not there, a unit twice or without an id, a topic or
        stance that ``how`` does not know, a topic twice in a cell, one beside a word for nothing, a
        stance that is missing.
    """
    names = dict(coders) if isinstance(coders, Mapping) else {str(c): str(c) for c in coders}
    _check(table, codebook, how, unit, names)
    problems = _unit_problems(table[unit], unit, file)
    rows: list[tuple[object, ...]] = []
    asked: list[tuple[str, str, str]] = []
    topics = list(dict.fromkeys(how.mentioned.values()))
    for line, (case, *cells) in enumerate(
        table[[unit, *names]].itertuples(index=False, name=None), start=2
    ):
        for (column, coder), cell in zip(names.items(), cells, strict=True):
            codes: dict[str, int] = {}
            if not pd.isna(cell) and str(cell).strip():
                found, wrong = read_values(str(cell), how)
                problems += [
                    Problem(file, line, column, value, rule, remedy)
                    for value, rule, remedy in wrong
                ]
                codes = dict.fromkeys(topics, 0) | found
            asked += [(case, name, coder) for name in dict.fromkeys([*topics, *codes])]
            rows += [
                (case, name, coder, kind, code, None, None, None, str(cell), None)
                for name, code in codes.items()
            ]
    if problems:
        raise CodingError(f"{file} cannot be split: {len(problems)} problem(s).", problems)
    whole = pd.DataFrame(rows, columns=SHEET_SCHEMA.names, dtype=object).astype({"code": "Int64"})
    return CodingSheet(whole, codebook, file, pd.DataFrame(asked, columns=list(CELL), dtype=object))


def read_values(cell: str, how: Splitting) -> tuple[dict[str, int], list[tuple[str, str, str]]]:
    """The codes that a cell gives by indicator, 1 for a topic that is
    mentioned, and its problems as value, rule, remedy.

    Examples
    --------
    >>> how = Splitting(
    ...     {"Trade": "trade", "Law": "law"}, {"Trade": "trade_stance"}, {"for": 2, "against": 1}
    ... )
    >>> read_values("Trade : for; Law", how)
    ({'trade': 1, 'trade_stance': 2, 'law': 1}, [])
    """
    codes: dict[str, int] = {}
    wrong: list[tuple[str, str, str]] = []
    parts = [part.strip() for part in cell.split(how.separator)]
    topics = [part.partition(how.inner)[0].strip() for part in parts]
    if len(parts) > 1 and any(topic in how.nothing for topic in topics):
        rule = "it says that there is no topic, but also names something else"
        wrong.append((cell, rule, "keep only one of them"))
    for part, topic in zip(parts, topics, strict=True):
        stance = part.partition(how.inner)[2].strip()
        if stance and stance not in how.values:
            rule = f"not one of the stances {', '.join(how.values)}"
            remedy = f"correct it, or add it to values.{nearest(stance, list(how.values))}"
            wrong.append((stance, rule, remedy))
        if topic in how.nothing:
            continue
        if topic not in how.mentioned:
            near = nearest(topic, [*how.mentioned, *how.nothing])
            remedy = f"correct it, or declare it.{near}"
            wrong.append((topic, "not a topic that was declared", remedy))
            continue
        if how.mentioned[topic] in codes:
            wrong.append((topic, "the topic appears twice in the cell", "keep one"))
        codes[how.mentioned[topic]] = 1
        if topic not in how.stance:
            if stance:
                rule = f"{topic} has no stance by its declaration"
                wrong.append((part, rule, "take it off, or declare its indicator"))
        elif not stance:
            rule = "the topic has a stance, and none is given"
            wrong.append((part, rule, f"write it after {how.inner!r}"))
        elif stance in how.values:
            codes[how.stance[topic]] = how.values[stance]
    return codes, wrong


def _check(
    table: pd.DataFrame, codebook: Codebook, how: Splitting, unit: str, names: Mapping[str, str]
) -> None:
    """Whether the declaration fits the table, the codebook and itself."""
    for column in (unit, *names):
        if column not in table.columns:
            raise CodingError(one_of("column", column, [str(c) for c in table.columns]))
    if not how.mentioned or not names or len(set(names.values())) < len(names):
        raise CodingError(
            "splitting needs topics, and coders that each have one column. Name each once."
        )
    overlap = sorted(set(how.stance) - set(how.mentioned)) + sorted(
        set(how.nothing) & set(how.mentioned)
    )
    if overlap or set(how.stance.values()) & set(how.mentioned.values()):
        raise CodingError(
            "the declaration contradicts itself"
            f" ({', '.join(overlap) or 'an indicator is both topic and stance'}). A stance belongs"
            " to a topic, a topic is not nothing, and an indicator is one of the two."
        )
    needed = [(name, {0, 1}) for name in how.mentioned.values()] + [
        (n, set(how.values.values())) for n in how.stance.values()
    ]
    for name, codes in needed:
        if name not in codebook.indicators:
            raise CodingError(one_of("indicator", name, list(codebook.indicators)))
        lacking = codes - {c.value for c in codebook.indicators[name].codes}
        if lacking:
            raise CodingError(
                f"{name} has no code {sorted(lacking)[0]}, and the splitting gives it. Add it, or"
                " correct the splitting."
            )


def _unit_problems(units: "pd.Series[str]", unit: str, file: str) -> list[Problem]:
    first: dict[object, int] = {}
    out = []
    for line, value in enumerate(units, start=2):
        if pd.isna(value) or not str(value).strip():
            out.append(Problem(file, line, unit, "", "a unit has an id", "fill the cell"))
        elif first.setdefault(value, line) != line:
            out.append(
                Problem(
                    file,
                    line,
                    unit,
                    str(value),
                    f"the unit is already at line {first[value]}",
                    "keep one",
                )
            )
    return out
