"""What a coder's file looks like, in a workbook and in CSV alike: its
columns, and the technical cells of each row.

Every row says by itself whose it is and what was asked, so that a file may be sorted, cut, pasted
into another format and still be read: the last column, ``sheet``, names coder, codebook, case,
indicator and a digest of what was asked. ``date`` is written by the form, never by a spreadsheet;
``mark`` is a digest of the row as the form left it, so that a row changed since in a spreadsheet is
told from one that was not, and does not keep a date that is no longer its own.
"""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from peacestudy.core.codebook import Indicator

COLUMNS = (
    "case_id",
    "label",
    "indicator_id",
    "question",
    "codes",
    "code",
    "confidence",
    "source",
    "locator",
    "comment",
    "date",
    "mark",
    "sheet",
)
FILLED = ("code", "confidence", "source", "locator", "comment")  # what the coder writes
TEXTS = ("source", "locator", "comment")  # kept to the byte
# for the coder's eyes; read only where the codebook has changed
SHOWN = ("label", "question", "codes")
TECHNICAL = ("date", "mark", "sheet")
FORMAT = "1"
EARLIER = "(an earlier answer, revised since) "
_CODES = re.compile(r" \| (?=[0-9]+ )")
_CODE = re.compile(r"([0-9]+) (.*)", re.DOTALL)


@dataclass(frozen=True)
class Origin:
    """What the technical cell of a row says.

    Attributes
    ----------
    codebook, version : the codebook that the row was written for.
    coder, kind : whose file it is, and what the coder is.
    case, indicator : the cell that was asked, safe from what a spreadsheet makes of ids.
    text : digest of the question, the codes and the anchors as they were asked.
    asked : ``203x53of60`` for 203 cases on 53 of the codebook's 60 indicators, or a number of rows.
    part : ``now``; ``earlier`` for a revised answer, ``aside`` for
        one that a later codebook has no place for.
    """

    codebook: str
    version: str
    coder: str
    kind: str
    case: str
    indicator: str
    text: str
    asked: str
    part: str = "now"

    def __str__(self) -> str:
        return self.head() + quote(self.case, safe="")

    def head(self) -> str:
        """The cell up to the case, which stands last: all rows of an indicator share it."""
        pairs = (
            ("peacestudy", FORMAT),
            ("codebook", self.codebook),
            ("version", self.version),
            ("coder", self.coder),
            ("kind", self.kind),
            ("indicator", self.indicator),
            ("text", self.text),
            ("asked", self.asked),
            ("part", self.part),
        )
        return " ".join(f"{name}={quote(value, safe='')}" for name, value in pairs) + " case="


def read_origin(cell: str) -> Origin | None:
    """The technical cell of a row, or None where it is not one of this format."""
    pairs = dict(part.split("=", 1) for part in cell.split() if "=" in part)
    if pairs.pop("peacestudy", "") != FORMAT or set(pairs) != set(Origin.__dataclass_fields__):
        return None
    return Origin(**{name: unquote(value) for name, value in pairs.items()})


def digest(*parts: str) -> str:
    """Twelve hexadecimal digits that stand for some texts."""
    joined = "".join(f"{len(p)}:{p}" for p in parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=6).hexdigest()


def text_of(indicator: Indicator) -> str:
    """Digest of what a coder is asked: question, level, codes and anchors."""
    codes = [part for c in indicator.codes for part in (str(c.value), c.label, c.anchor)]
    return digest(indicator.question, indicator.level, *codes)


def codes_text(indicator: Indicator) -> str:
    """The allowed codes as the column ``codes`` shows them: ``0 absent | 1 present``."""
    return " | ".join(f"{c.value} {c.label}" for c in indicator.codes)


def read_codes_text(cell: str) -> dict[int, str]:
    """The labels by code that ``codes_text`` wrote; empty where the cell is not of that form."""
    found = [_CODE.fullmatch(part) for part in _CODES.split(cell)]
    return {int(m[1]): m[2] for m in found if m} if all(found) else {}


def date_cell(date: str | None) -> str:
    """A date as the column ``date`` holds it; the word before it
    keeps spreadsheets from making a date of it.
    """
    return f"UTC {date}" if date else ""


def read_date(cell: str) -> str:
    """The date that ``date_cell`` was given, or what stands there instead."""
    return cell.strip().removeprefix("UTC ")


def anchors_text(indicator: Indicator) -> str:
    """Every code with its anchor, a line each."""
    return "\n".join(f"{c.value} {c.label}: {c.anchor}" for c in indicator.codes)
