"""Rows of a coder's sheet -> a workbook: drop-downs of the codes,
anchors at hand, everything else locked.

openpyxl writes the frame: sheets, styles, protection, drop-downs. The rows themselves are written
here, as inline strings, because openpyxl makes formulas of texts that begin with an equals sign,
cuts texts after 32,767 characters without a word, and takes seconds where an autosave has tenths of
one.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from itertools import groupby

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from peacestudy.coding.coding import CONFIDENCE
from peacestudy.coding.sheets.layout import COLUMNS, EARLIER, FILLED, anchors_text
from peacestudy.core.codebook import Codebook, Indicator
from peacestudy.core.workbook.escapes import unwritable, utf16_units, xlsx_escape, xml_text
from peacestudy.core.workbook.package import MAX_INFLATED
from peacestudy.core.workbook.write import column_letters
from peacestudy.errors import CodingError

WIDTHS = (14, 28, 18, 44, 26, 18, 12, 18, 16, 44, 14, 14, 14)
LETTERS = "ABCDEFGHIJKLM"
MAX_PROMPT = 255  # characters of an input message in Excel; its title has 32
_RANGES = 1_000  # ranges that one drop-down covers; Excel refuses very long lists
_GREY = PatternFill("solid", fgColor="EFEFEF")
_PLAIN = Font(name="Calibri", size=11)
_BOLD = Font(name="Calibri", size=11, bold=True)
_TOP = Alignment(wrap_text=True, vertical="top")


def xlsx_bytes(rows: Sequence[Sequence[str]], codebook: Codebook) -> bytes:
    """A workbook with the sheets ``coding`` (to fill) and ``codebook``
    (questions and anchors of every indicator).

    Parameters
    ----------
    rows : texts, a sequence as long as ``COLUMNS`` each; each
        shorter than a worksheet's cell allows.
    codebook : gives the drop-downs and anchors of the indicators in the rows.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "coding"
    locked, free = _frame(sheet, len(rows))
    _drop_downs(sheet, rows, codebook)
    _questions(book.create_sheet("codebook"), codebook)
    out = io.BytesIO()
    book.save(out)
    body = _row_xml(rows, locked, free).encode("utf-8")
    if len(body) > 0.9 * MAX_INFLATED:
        raise CodingError(
            f"the sheet has {len(body) / 2**20:,.0f} MB of text, and a workbook of this size"
            " cannot be read again. Write it as CSV."
        )
    return _filled(out.getvalue(), body, f"A1:{LETTERS[-1]}{len(rows) + 1}")


def _string(cell: Cell | MergedCell, text: str) -> None:
    why = unwritable(text, ".xlsx")
    if why:
        raise CodingError(
            f"the codebook cannot be written to a workbook: {why}. It begins {text[:60]!r}."
        )
    cell.value = xlsx_escape(text)
    cell.data_type = "s"  # a text is never a formula


def _frame(sheet: Worksheet, height: int) -> tuple[int, int]:
    """Header, widths, panes and protection; the styles of locked cells and of those to fill."""
    for letter, name, width in zip(LETTERS, COLUMNS, WIDTHS, strict=True):
        cell = sheet[f"{letter}1"]
        _string(cell, name)
        cell.font, cell.fill, cell.alignment = _BOLD, _GREY, _TOP
        sheet.column_dimensions[letter].width = width
    for letter in LETTERS[-2:]:
        sheet.column_dimensions[letter].hidden = True
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = f"A1:{LETTERS[-1]}{height + 1}"
    _protect(sheet)
    # two cells beyond the table lend their styles and are left empty
    locked, free = sheet["O1"], sheet["P1"]
    for cell in (locked, free):
        cell.alignment, cell.number_format = _TOP, "@"
    locked.fill, free.protection = _GREY, Protection(locked=False)
    return locked.style_id, free.style_id


def _protect(sheet: Worksheet) -> None:
    """Locked against slips, without a password; widths may be changed and rows filtered."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = (
        False
    )


def _drop_downs(sheet: Worksheet, rows: Sequence[Sequence[str]], codebook: Codebook) -> None:
    at: dict[str, list[int]] = {}
    for line, row in enumerate(rows, start=2):
        if not row[3].startswith(EARLIER) and row[2] in codebook.indicators:
            at.setdefault(row[2], []).append(line)
    line_of = {name: n for n, name in enumerate(codebook.indicators, start=2)}
    code, sure = LETTERS[COLUMNS.index("code")], LETTERS[COLUMNS.index("confidence")]
    for name, lines in at.items():
        i = codebook.indicators[name]
        last = column_letters(4 + len(i.codes))
        formula = f"codebook!$E${line_of[name]}:${last}${line_of[name]}"
        for part in _ranges(lines, code):
            sheet.add_data_validation(_list(formula, part, i.name, _prompt(i)))
    every = sorted(line for lines in at.values() for line in lines)
    words = f'"{",".join(CONFIDENCE)}"'
    for part in _ranges(every, sure):
        sheet.add_data_validation(_list(words, part, "confidence", "How sure are you of the code?"))


def _list(formula: str, where: str, title: str, prompt: str) -> DataValidation:
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, sqref=where)
    rule.showErrorMessage = rule.showInputMessage = True
    rule.errorTitle, rule.error = (
        "Not in the list",
        "Choose an entry of the list, or leave the cell empty.",
    )
    rule.promptTitle, rule.prompt = _cut(title, 32), _cut(prompt, MAX_PROMPT)
    return rule


def _ranges(lines: Sequence[int], letter: str) -> Iterable[str]:
    """The cells of a column as ranges, some hundred at a time."""
    names = []
    # lines of one run have the same distance from their place
    for _, run in groupby(enumerate(lines), lambda pair: pair[1] - pair[0]):
        run_lines = [line for _, line in run]
        name = f"{letter}{run_lines[0]}"
        if len(run_lines) > 1:
            name += f":{letter}{run_lines[-1]}"
        names.append(name)
    for n in range(0, len(names), _RANGES):
        yield " ".join(names[n : n + _RANGES])


def _prompt(indicator: Indicator) -> str:
    text = anchors_text(indicator)
    if utf16_units(text) <= MAX_PROMPT:
        return text
    return _cut(text, MAX_PROMPT - 26) + " (all in sheet 'codebook')"


def _cut(text: str, units: int) -> str:
    """A text of at most so many UTF-16 units, marked where it was cut."""
    flat = xlsx_escape(text)
    if utf16_units(flat) <= units:
        return flat
    while utf16_units(flat) > units - 1:
        flat = flat[: -max(1, (utf16_units(flat) - units) // 2)]
    return flat + "…"


def _questions(sheet: Worksheet, codebook: Codebook) -> None:
    most = max((len(i.codes) for i in codebook.indicators.values()), default=0)
    head = ["indicator_id", "name", "question", "anchors", *(f"code {n + 1}" for n in range(most))]
    body = []
    for i in codebook.indicators.values():
        codes = [f"{c.value} {c.label}" for c in i.codes]
        body.append([i.id, i.name, i.question, anchors_text(i), *codes])
    widths = [18, 24, 50, 90, *[16] * most]
    for line, texts in enumerate([head, *body], start=1):
        sheet.row_dimensions[line].height = _height(texts, widths)
        for column, text in enumerate(texts, start=1):
            cell = sheet.cell(line, column)
            _string(cell, text)
            cell.alignment, cell.font = _TOP, _BOLD if line == 1 else _PLAIN
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[column_letters(column)].width = width
    sheet.freeze_panes = "B2"
    _protect(sheet)


def _height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """The height in points at which wrapped texts can be read; a
    row of a spreadsheet has at most 409.
    """
    most = 1
    for text, width in zip(texts[:10], widths, strict=False):
        if len(text) > width - 3 or "\n" in text:
            lines = sum(len(part) // (width - 3) + 1 for part in text.split("\n"))
            most = max(most, lines)
    return min(15 * most, 405)


def _row_xml(rows: Sequence[Sequence[str]], locked: int, free: int) -> str:
    styles = [free if name in FILLED else locked for name in COLUMNS]
    out = []
    for line, row in enumerate(rows, start=2):
        fixed = row[3].startswith(EARLIER)
        cells = []
        for letter, style, text in zip(LETTERS, styles, row, strict=True):
            cell = f'<c r="{letter}{line}" s="{locked if fixed else style}"'
            if text:
                value = f'<is><t xml:space="preserve">{xml_text(text)}</t></is>'
                cells.append(f'{cell} t="inlineStr">{value}</c>')
            else:
                cells.append(f"{cell}/>")
        # no customHeight: the program makes the row higher as the coder writes
        out.append(f'<row r="{line}" ht="{_height(row, WIDTHS)}">{"".join(cells)}</row>')
    return "".join(out)


def _filled(frame: bytes, rows: bytes, span: str) -> bytes:
    """The workbook with its rows, which stand after the header; the
    cells that lent their styles are taken out.
    """
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(frame)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as new,
    ):
        for info in old.infolist():
            data = old.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                before, end, after = data.partition(b"</sheetData>")
                assert end and b"</sheetData>" not in after
                before, lent = re.subn(rb'<c r="[OP]1"[^>]*/>', b"", before)
                before, sized = re.subn(
                    rb'<dimension ref="[^"]*"', b'<dimension ref="' + span.encode() + b'"', before
                )
                assert (lent, sized) == (2, 1)
                data = before + rows + end + after
            new.writestr(info.filename, data)
    return out.getvalue()
