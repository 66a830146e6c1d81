"""Cells of text -> typed columns: a column is numbers only where every
filled cell is one, and a date is never guessed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, Problem
from peacestudy.core.schema import Field, Schema, typed
from peacestudy.core.spoiled_numbers import PLAIN_NUMBER

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_OTHER_DIGITS = re.compile(r"[+-]?\d[\d.,]*")
_DIGITS = 18
_SHAPES = {
    "YYYY-MM-DD": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "YYYY/MM/DD": re.compile(r"[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"),
    "00/00/0000": re.compile(r"[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{2}|[0-9]{4})"),
    "00.00.0000": re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{2}|[0-9]{4})"),
    "00-00-0000": re.compile(r"[0-9]{1,2}-[0-9]{1,2}-(?:[0-9]{2}|[0-9]{4})"),
    "00 month 0000": re.compile(r"[0-9]{1,2}[ -][^\W\d_]{3,9}\.?[ -](?:[0-9]{2}|[0-9]{4})"),
    "a day's number": re.compile(r"[0-9]{5}"),  # what a spreadsheet makes of a date
}


def infer(
    cells: Mapping[str, Sequence[str | None]],
    lines: Sequence[int],
    file: str,
    declared: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, list[Problem], list[Note]]:
    """Give every column the type that all of its filled cells have.

    Parameters
    ----------
    cells : texts by column; None where the cell is empty. An empty text is a
        text where the type is declared, else missing.
    lines : line of the file at which each row begins.
    file : name used in problems.
    declared : type by column, for columns that are not to be inferred.

    Returns
    -------
    table, problems, notes
        Text as object, whole numbers as Int64, numbers as float64, dates as datetime64. A column of
        dates in several forms, or with a day that does not exist, is a problem.
    """
    out: dict[str, Any] = {}
    problems: list[Problem] = []
    notes: list[Note] = []
    for name, column in cells.items():
        kind = (declared or {}).get(name, "")
        if kind:
            out[name], bad = _declared(name, kind, list(column), lines, file)
        else:
            # lists and not Series: of a hundred thousand columns each would cost a millisecond
            out[name], bad, told = _guess(name, [text or None for text in column], lines, file)
            notes += told
        problems += bad
    return pd.DataFrame(out, index=range(len(lines))), problems, notes


def _declared(
    name: str, kind: str, cells: list[str | None], lines: Sequence[int], file: str
) -> tuple[Any, list[Problem]]:
    if kind == "string":
        return _objects(cells), []
    if kind == "integer":
        whole = _integers([text or None for text in cells])
        if whole is not None:
            return whole, []
    table = pd.DataFrame({name: pd.Series([text or "" for text in cells], dtype=object)})
    found, bad = typed(table, lines, Schema((Field(name, kind),)), file)
    return (found[name] if name in found else _objects(cells)), bad


def _objects(cells: list[str | None]) -> pd.Series:
    # pandas makes its own type of text of an array of objects, and not of a series of them
    return pd.Series(cells, dtype=object)


def _guess(
    name: str, cells: list[str | None], lines: Sequence[int], file: str
) -> tuple[Any, list[Problem], list[Note]]:
    texts = [text for text in cells if text is not None]
    if not texts:
        return _objects(cells), [], []
    whole = _integers(cells)
    if whole is not None:
        return whole, [], []
    # digits beyond an integer of 64 bits are an id: a floating-point number would lose its end
    has_ids = any(len(text) > _DIGITS and _WHOLE.fullmatch(text) for text in texts)
    if not has_ids and all(map(PLAIN_NUMBER.fullmatch, texts)):
        numbers = np.array([np.nan if text is None else float(text) for text in cells])
        if not np.isinf(numbers).any():
            return numbers, [], []
    if not shape_of(texts[0]):
        return _objects(cells), [], _foreign_digits(name, texts)
    return _dates(name, pd.Series(cells, dtype=object), lines, file)


def _foreign_digits(name: str, texts: list[str]) -> list[Note]:
    """Numbers that are written in the digits of another script,
    or in wide forms; they stay text.
    """
    found = [text for text in texts if not text.isascii() and _OTHER_DIGITS.fullmatch(text)]
    if not found:
        return []
    text = (
        f"{name} holds {len(found)} number(s) in digits of another script ({found[0]!r}), kept as"
        " text. Write them as 0 to 9."
    )
    return [Note("foreign_digits", text)]


def _integers(cells: list[str | None]) -> Any:
    """Whole numbers of 64 bits, exact to the last digit, missing
    where the cell is; None where a text is none.
    """
    texts = [text for text in cells if text is not None]
    if not all(len(t) <= _DIGITS + 2 and _WHOLE.fullmatch(t) for t in texts) or "-0" in texts:
        return None
    numbers = [int(t) for t in texts]
    if numbers and not -(2**63) < min(numbers) <= max(numbers) < 2**63:
        return None
    filled = np.array([text is not None for text in cells], dtype=bool)
    whole = np.zeros(len(filled), dtype=np.int64)
    whole[filled] = numbers
    return pd.arrays.IntegerArray(whole, ~filled)


def shape_of(text: str) -> str:
    """The form of a date, or nothing where the text is none.

    Examples
    --------
    >>> shape_of("2001-02-03"), shape_of("3/2/2001"), shape_of("3 Feb 2001"), shape_of("Namibia")
    ('YYYY-MM-DD', '00/00/0000', '00 month 0000', '')
    """
    return next((shape for shape, form in _SHAPES.items() if form.fullmatch(text.strip())), "")


def _dates(
    name: str, cells: pd.Series, lines: Sequence[int], file: str
) -> tuple[Any, list[Problem], list[Note]]:
    filled = cells[cells.notna()]
    shapes = filled.map(lambda t: shape_of(str(t)))
    found = {s: str(filled[shapes == s].iloc[0]) for s in shapes.unique()}
    if "" in found or set(found) == {"a day's number"}:
        return cells, [], _foreign_digits(name, [str(text) for text in filled])
    if len(found) > 1:
        first = shapes.iloc[0]
        rule = f"the column holds dates in {len(found)} forms ({'; '.join(found.values())})"
        odd = filled[shapes != first]
        return (
            cells,
            [
                Problem(
                    file,
                    int(lines[i]),
                    name,
                    str(text),
                    rule,
                    (
                        "write every date as YYYY-MM-DD: which day is meant, only the author"
                        " can decide"
                    ),
                )
                for i, text in odd.items()
            ],
            [],
        )
    if set(found) == {"YYYY-MM-DD"}:
        table, bad = typed(
            pd.DataFrame({name: cells.fillna("")}), lines, Schema((Field(name, "date"),)), file
        )
        return table[name], bad, []
    example = next(iter(found.values()))
    text = (
        f"{name} holds dates such as {example}, kept as text: day and month cannot be"
        " distinguished. Write them as YYYY-MM-DD."
    )
    return cells, [], [Note("dates_as_text", text)]


def whole_years(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Years that a program kept as 1990.0 become whole numbers; a
    column is of years where its name says so.

    Examples
    --------
    >>> whole_years(pd.DataFrame({"year": [1990.0, None], "x": [1.0, 2.0]}))[0].dtypes.astype(
    ...     str
    ... ).tolist()
    ['Int64', 'float64']
    """
    notes = []
    for name in [c for c in table.columns if "year" in str(c).lower()]:
        column = table[name]
        if column.dtype != np.dtype(float):
            continue
        values = column[column.notna()].to_numpy()
        if len(values) and (values % 1 == 0).all() and (np.abs(values) < 2**53).all():
            table = table.assign(**{str(name): column.astype("Int64")})
            notes.append(
                Note(
                    "whole_years",
                    f"{name} held years as {float(values[0])!r}; they are whole numbers now.",
                )
            )
    return table, notes
