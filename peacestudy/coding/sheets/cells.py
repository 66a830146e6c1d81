"""What a filled cell means: a code, a confidence, a text. What is
certain is taken, what is not becomes a problem.
"""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches

from peacestudy.coding.coding import CONFIDENCE
from peacestudy.coding.sheets.raw import Say
from peacestudy.core.problems import nearest
from peacestudy.core.workbook.cells import Cell, Odd

_LEADING = re.compile(r"([0-9]{1,9})(?:\.0*)?(?:[\s:.\-–—=]+(.*))?", re.DOTALL)
_NUMBER = re.compile(r"([0-9]{1,15})(?:\.0*)?")
_REMEDY = {
    "formula": "a formula is never evaluated: format the cell as text and type the entry again",
    "error value": (
        "the spreadsheet could not compute it: format the cell as text and type the entry again"
    ),
    "date": "the spreadsheet made a date of it: format the cell as text and type the entry again",
    "truth value": (
        "the spreadsheet made a truth value of it: format the cell as text and type the entry again"
    ),
    "number": (
        "the spreadsheet made a number of it: format the cell as text and type the entry again"
    ),
    "fraction": (
        "the spreadsheet made a number of it, and zeros may be lost: format the cell as text and"
        " type it again"
    ),
}


def code_of(
    cell: Cell, labels: Mapping[int, str], indicator: str, line: int, say: Say
) -> int | None:
    """The code in a cell: ``1``, ``1.0``, ``1 present``, ``1: Present`` and ``present`` are one.

    Parameters
    ----------
    cell : the cell; a whole number is a code too.
    labels : label by code, as the coder was shown them.
    indicator, line, say : for the problem where the cell is none of
        these, with the nearest that is allowed.

    Returns
    -------
    The code; None where the cell is blank, or is no code, which then has been said.
    """
    if isinstance(cell, Odd) and cell.kind != "number":
        say(line, "code", cell, f"{_named(cell)} is no code", _REMEDY[cell.kind])
        return None
    text = " ".join(str(cell).split()).casefold()
    if not text:
        return None
    named = {" ".join(label.split()).casefold(): value for value, label in labels.items()}
    if len(named) == len(labels) and text in named:
        return named[text]
    found = _LEADING.fullmatch(text)
    if found and int(found[1]) in labels:
        label = " ".join(labels[int(found[1])].split()).casefold()
        if not found[2] or found[2] == label:
            return int(found[1])
    allowed = ", ".join(f"{value} {label}" for value, label in labels.items())
    hint = _nearest_code(text, labels)
    say(
        line,
        "code",
        cell,
        f"the codes of {indicator} are {allowed}",
        f"correct the code, or leave it empty.{hint}",
    )
    return None


def _named(cell: Odd) -> str:
    return f"{'an' if cell.kind == 'error value' else 'a'} {cell.kind}"


def _nearest_code(text: str, labels: Mapping[int, str]) -> str:
    words: dict[str, int] = {}
    for value, label in labels.items():
        words |= {label.casefold(): value, f"{value} {label}".casefold(): value}
    found = get_close_matches(text, list(words), n=1, cutoff=0.6)
    return f" Did you mean '{words[found[0]]} {labels[words[found[0]]]}'?" if found else ""


def confidence_of(cell: Cell, line: int, say: Say) -> str | None:
    """The confidence in a cell, or None where it is blank or no
    such word, which then has been said.
    """
    word = " ".join(str(cell).split()).casefold()
    if word in CONFIDENCE:
        return word
    if word:
        rule = f"confidence is one of {', '.join(CONFIDENCE)}"
        say(
            line,
            "confidence",
            cell,
            rule,
            f"correct the word, or leave it empty.{nearest(word, CONFIDENCE)}",
        )
    return None


def entry_of(cell: Cell, column: str, line: int, say: Say, numbers: dict[str, int]) -> str | None:
    """The text in a cell, to the byte; None where it is empty.

    A whole number, such as a page, is taken as its digits and counted in ``numbers`` by column: a
    zero before it would be lost. What a spreadsheet made of a text otherwise cannot be undone and
    becomes a problem.
    """
    if isinstance(cell, str):
        return cell or None
    if cell.kind == "number":
        numbers[column] = numbers.get(column, 0) + 1
        return whole(cell)
    shown = "" if cell.kind == "formula" else cell
    say(line, column, shown, f"expected text, found {_named(cell)}", _REMEDY[cell.kind])
    return None


def whole(cell: Cell) -> str:
    """A cell as an id: the digits of a whole number without a decimal point, or the text."""
    return (
        cell.text.partition(".")[0]
        if isinstance(cell, Odd) and cell.kind == "number"
        else str(cell)
    )


def same_id(found: str, asked: str) -> bool:
    """Whether two ids differ only by what a spreadsheet does to one:
    blanks around, zeros before, composed letters.

    Examples
    --------
    >>> same_id("7", "007"), same_id("7.0", "007"), same_id("a ", "a"), same_id("7", "70")
    (True, True, True, False)
    """
    if unicodedata.normalize("NFC", found.strip()) == unicodedata.normalize("NFC", asked.strip()):
        return True
    a, b = _NUMBER.fullmatch(found.strip()), _NUMBER.fullmatch(asked.strip())
    return bool(a and b and int(a[1]) == int(b[1]))
