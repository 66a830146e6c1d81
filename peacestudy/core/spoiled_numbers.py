"""Columns of numbers that marks such as NA, a point or a decimal comma have turned into text.

Nothing is converted here. A text such as "NA" is Namibia in one column and a missing value in
another; these functions count what stands among the numbers, so that the reader can say what it
means.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note

# a number without zeros before it: "007" is a code
PLAIN_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_CODE = re.compile(r"[+-]?0[0-9]+")
_COMMA = re.compile(
    r"[+-]?[0-9]+,[0-9]+|[+-]?[0-9]{1,3}(?:[., '\u2019\u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?"
)
_SIGN = re.compile(r"[+\u2212].+")
_PERCENT = re.compile(r"[+-]?[0-9.,]+ ?%")
_STATA = re.compile(r"\.[a-z]")
_MISSING = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "n/d",
        "n.d.",
        "nd",
        "#n/a",
        "#na",
        "<na>",
        "nan",
        "null",
        "none",
        "nil",
        "missing",
        ".",
        "..",
        "...",
        "\u2026",
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "?",
        "*",
        ":",
        "#value!",
        "#div/0!",
        "#ref!",
        "#null!",
        "#num!",
        "#name?",
    }
)
_TRUTH = frozenset({"true", "false"})
# different texts beside the numbers; with more of them the column is one of texts
_MOST_OTHERS = 10
_SHOWN = 5
_BLOCK = 2**22  # cells looked at in one go
SPOILED = ("marks_among_numbers", "numbers_stored_as_text")  # kinds of notes on such columns


@dataclass(frozen=True)
class Spoiled:
    """What a column of text holds that is numbers for the most part.

    Attributes
    ----------
    numbers : cells that are plain numbers.
    missing : marks that commonly stand for a missing value, each with its count.
    others : other texts, each with its count.
    written : numbers in another notation, by notation: an example and the count.
    """

    numbers: int
    missing: Mapping[str, int]
    others: Mapping[str, int]
    written: Mapping[str, tuple[str, int]]

    @property
    def stored_as_text(self) -> bool:
        """Whether every cell is a plain number, so that nothing but
        its type makes the column text.
        """
        return not (self.missing or self.others or self.written)

    @property
    def marks(self) -> list[str]:
        """The texts that may stand for a missing value: all but TRUE and FALSE."""
        return [*self.missing, *(text for text in self.others if text.casefold() not in _TRUTH)]

    def __str__(self) -> str:
        parts = []
        if self.numbers or self.written:
            plural = "" if self.numbers == 1 else "s"
            parts.append(f"{self.numbers} number{plural}")
        counts = [*self.missing.items(), *self.others.items()]
        parts += [f"{mark!r} {_times(n)}" for mark, n in counts[:_SHOWN]]
        if len(counts) > _SHOWN:
            parts.append(f"{len(counts) - _SHOWN} other text(s)")
        for notation, (text, n) in self.written.items():
            parts.append(f"{notation} {_times(n)} (as {text!r})")
        return ", ".join(parts)


def spoiled(values: Iterable[Any]) -> Spoiled | None:
    """What stands among the numbers of a column of text; None
    where the column is not one of numbers.

    Parameters
    ----------
    values : cells; None and NaN are missing already and are passed over.

    Returns
    -------
    Spoiled or None
        None where no cell is a number (or TRUE or FALSE beside marks of missing values), where
        numbers are codes with zeros before them, and where texts that are no usual mark of a
        missing value are of more than ten kinds or are half of the cells.

    Examples
    --------
    >>> print(spoiled(["1", "2.5", "NA", "NA", None]))
    2 numbers, 'NA' 2 times
    >>> spoiled(["FR", "NA", "DE"]) is None
    True
    """
    numbers, strange = 0, 0
    missing: dict[str, int] = {}
    others: dict[str, int] = {}
    written: dict[str, tuple[str, int]] = {}
    for value in values:
        kind = _kind(value)
        if kind == "number":
            numbers += 1
        elif kind == "missing":
            missing[value] = missing.get(value, 0) + 1
        elif kind == "other":
            strange += 1
            others[str(value)] = others.get(str(value), 0) + 1
            if len(others) > _MOST_OTHERS:
                return None
        elif kind == "code":
            return None
        elif kind:
            example, times = written.get(kind, (value, 0))
            written[kind] = (example, times + 1)
    found = numbers + sum(n for _, n in written.values())
    truths = sum(n for text, n in others.items() if text.casefold() in _TRUTH)
    if not found and missing and truths and truths == strange:
        return Spoiled(0, missing, others, written)
    if not found or strange - truths >= found or (not numbers and others):
        return None
    return Spoiled(numbers, missing, others, written)


def _kind(value: Any) -> str:
    """``number``, ``missing``, ``other``, ``code``, the notation of
    a number, or nothing for an empty cell.
    """
    if not isinstance(value, str):
        if value is None or value is pd.NA or value != value:
            return ""
        return (
            "number"
            if isinstance(value, Real) and not isinstance(value, bool | np.bool_)
            else "other"
        )
    if PLAIN_NUMBER.fullmatch(value):
        return "number"
    if len(value) > 30:
        return "other"
    text = value.strip()
    if text.casefold() in _MISSING or _STATA.fullmatch(text):
        return "missing"
    if _CODE.fullmatch(text):
        return "code"
    if text != value and PLAIN_NUMBER.fullmatch(text):
        return "blanks around a number"
    if _SIGN.fullmatch(text) and PLAIN_NUMBER.fullmatch(text[1:]):
        return "a sign such as +"
    if _COMMA.fullmatch(text):
        return "a comma or other separator in a number"
    return "a percent sign" if _PERCENT.fullmatch(text) else "other"


def _times(n: int) -> str:
    return f"{n} time{'' if n == 1 else 's'}"


def spoiled_columns(table: pd.DataFrame) -> dict[str, Spoiled]:
    """The columns of text that are numbers for the most part, and
    what stands among the numbers of each.
    """
    found: dict[str, Spoiled] = {}
    texts = []
    for n, dtype in enumerate(table.dtypes):
        if dtype.kind == "O" and not isinstance(dtype, pd.CategoricalDtype):
            texts.append(n)
    step = max(1, _BLOCK // max(len(table), 1))
    for begin in range(0, len(texts), step):
        # cells of many columns at once: each Series of a wide table costs more than its few cells
        part = texts[begin : begin + step]
        cells = table.iloc[:, part].to_numpy(dtype=object).T
        for n, column in zip(part, cells, strict=True):
            marks = spoiled(column.tolist())
            if marks is not None:
                found[str(table.columns[n])] = marks
    return found


def spoiled_notes(found: Mapping[str, Spoiled], reading: bool = True) -> list[Note]:
    """At most one note for each of: marks among numbers, and numbers stored as text.

    Parameters
    ----------
    found : what ``spoiled_columns`` gave.
    reading : whether the notes name the argument of ``read_file``;
        without it, what to do with the table in hand.
    """
    notes = []
    marked = {name: marks for name, marks in found.items() if not marks.stored_as_text}
    if marked:
        said = _listed([f"{name}: {marks}" for name, marks in marked.items()], "; ")
        notes.append(
            Note(
                SPOILED[0],
                f"{said}; {'read' if reading else 'kept'} as text.{_remedy(marked, reading)}",
            )
        )
    stored = [name for name, marks in found.items() if marks.stored_as_text]
    if stored:
        counts = [f"{name}: {found[name].numbers} number(s)" for name in stored]
        notes.append(
            Note(
                SPOILED[1],
                f"{_listed(counts, '; ')}, all stored as text. Turn them into numbers where they"
                f" are not ids, as table[{stored[0]!r}] = pd.to_numeric(table[{stored[0]!r}]).",
            )
        )
    return notes


def _listed(said: Sequence[str], between: str) -> str:
    more = f"{between}and {len(said) - _SHOWN} other column(s)" if len(said) > _SHOWN else ""
    return between.join(said[:_SHOWN]) + more


def _remedy(marked: Mapping[str, Spoiled], reading: bool) -> str:
    """What to write so that the marks are read as missing, and what
    is to be corrected in the file.
    """
    out = ""
    marks = {name: found.marks for name, found in marked.items() if found.marks}
    if marks and not reading:
        name, first = next(iter(marks.items()))
        out += f" {numeric_remedy(name, first)}"
    elif len(marks) > _SHOWN:
        out += (
            " Pass missing=found.marks, where found is this FileTable, to read the usual marks as"
            " missing."
        )
    elif marks:
        out += f" Write missing={marks} to read these as missing."
    if any(found.written for found in marked.values()):
        out += " Write numbers as 1234.5: without spaces, plus, percent sign or comma."
    if any(text.casefold() in _TRUTH for found in marked.values() for text in found.others):
        out += " Write TRUE and FALSE as 1 and 0, or declare them missing."
    return out


def numeric_remedy(name: str, marks: Sequence[str]) -> str:
    """The line that makes a column of a table numbers, with the marks missing."""
    shown = " and ".join(map(repr, marks))
    line = f"data[{name!r}] = pd.to_numeric(data[{name!r}].replace({list(marks)}, None))"
    return f"If {shown} means missing, write {line}."


def advice(name: str, found: Spoiled) -> str:
    """For a refused column: what it holds, and how it becomes numbers."""
    marks = found.marks
    said = f"It holds {found}."
    if marks:
        said += (
            f" {numeric_remedy(name, marks)} read_file does so with missing={{{name!r}: {marks}}}."
            " As a category such a text would be a group of its own."
        )
    if found.written:
        said += " Write numbers as 1234.5: without spaces, plus, percent sign or comma."
    if found.stored_as_text:
        said += f" They are stored as text: data[{name!r}] = pd.to_numeric(data[{name!r}])."
    return said


Missing = Sequence[Any] | Mapping[str, Iterable[Any]]


def marks_by_column(missing: Missing, columns: Sequence[str]) -> dict[str, frozenset[str]]:
    """What was declared missing, as texts by column: of every column where a list was given."""
    if isinstance(missing, Mapping):
        given = {str(name): _several(marks) for name, marks in missing.items()}
    else:
        given = dict.fromkeys(columns, _several(missing))
    return {name: frozenset(map(str, marks)) for name, marks in given.items() if marks}


def _several(marks: Any) -> list[Any]:
    """One mark or several, as a list; None is no mark."""
    if marks is None:
        return []
    return [marks] if isinstance(marks, str | Real) else list(marks)


def hits(column: pd.Series, marks: frozenset[str]) -> Any:
    """Which cells of a column hold one of the marks; a mark that
    is a number also meets an equal number.
    """
    if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
        return column.isin(marks).to_numpy(dtype=bool)
    if column.dtype.kind in "iuf":
        numbers = [float(mark) for mark in marks if PLAIN_NUMBER.fullmatch(mark)]
        return column.isin(numbers).fillna(False).to_numpy(dtype=bool)
    return np.zeros(len(column), dtype=bool)
