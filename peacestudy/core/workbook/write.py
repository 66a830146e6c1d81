"""A plain workbook: texts are texts whatever they begin with, numbers numbers, days days.

The parts are written here and not by openpyxl, which makes formulas of texts that begin with an
equals sign and cuts long texts without a word. ECMA-376, part 1, 18 (SpreadsheetML).
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from peacestudy.core.workbook.escapes import xml_text
from peacestudy.core.workbook.package import MAX_INFLATED, MAX_RATIO
from peacestudy.core.workbook.worksheet import MAX_ROWS
from peacestudy.errors import JoinError

FIRST_DAY = datetime(1900, 3, 1)  # the day before never was, and a worksheet counts it
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# styles of cells: 0 as it comes, 1 text, 2 a day, 3 text of the header
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164"'
    ' formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="2"><font><sz val="11"/><name'
    ' val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills'
    ' count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill'
    ' patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs'
    ' count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf numFmtId="49"'
    ' applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="49"'
    ' fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle'
    ' name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def workbook_bytes(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook of several sheets.

    Parameters
    ----------
    sheets : rows by name of the sheet, the first row the header. A cell is a str, int, float, bool,
        datetime (a day from 1 March 1900 on) or None, which is left empty; an empty text is written
        as one.

    Raises
    ------
    JoinError
        A sheet has more rows than a worksheet holds, or the whole more text than is read again.

    Examples
    --------
    >>> from openpyxl import load_workbook
    >>> book = load_workbook(io.BytesIO(workbook_bytes({"data": [["x"], ["=1+1"]]})))
    >>> book["data"]["A2"].value, book["data"]["A2"].data_type
    ('=1+1', 's')
    """
    names = list(sheets)
    parts = {
        "[Content_Types].xml": _content_types(len(names)),
        "_rels/.rels": _links([(f"{_OFFICE}/officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(names),
        "xl/_rels/workbook.xml.rels": _links(
            [(f"{_OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(names) + 1)]
            + [(f"{_OFFICE}/styles", "styles.xml")]
        ),
        "xl/styles.xml": _STYLES,
    }
    for n, (name, rows) in enumerate(sheets.items(), start=1):
        if len(rows) > MAX_ROWS:
            raise JoinError(
                f"the sheet {name!r} would have {len(rows):,} rows; a worksheet has {MAX_ROWS:,}."
                " Write Parquet or CSV."
            )
        parts[f"xl/worksheets/sheet{n}.xml"] = "".join(_sheet(rows))
    data = {name: text.encode("utf-8") for name, text in parts.items()}
    size = sum(map(len, data.values()))
    if size > 0.9 * MAX_INFLATED:
        raise JoinError(
            f"the workbook would hold {size / 2**20:,.0f} MB, and a workbook of this size cannot"
            " be read again. Write Parquet or CSV."
        )
    packed = _zipped(data, zipfile.ZIP_DEFLATED)
    # what packs too well looks like a bomb to a careful reader
    return packed if size < MAX_RATIO / 2 * len(packed) else _zipped(data, zipfile.ZIP_STORED)


def _zipped(parts: Mapping[str, bytes], how: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compress_type=how)
    return out.getvalue()


def _content_types(count: int) -> str:
    own = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in range(1, count + 1)
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default'
        ' Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml"'
        f' ContentType="{_TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml"'
        f' ContentType="{_TYPE}.styles+xml"/>{own}</Types>'
    )


def _links(targets: Iterable[tuple[str, str]]) -> str:
    own = "".join(
        f'<Relationship Id="rId{n}" Type="{t}" Target="{to}"/>'
        for n, (t, to) in enumerate(targets, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{own}</Relationships>'


def _workbook(names: Sequence[str]) -> str:
    own = "".join(
        f'<sheet name="{xml_text(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, start=1)
    )
    return f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{own}</sheets></workbook>'


def _sheet(rows: Sequence[Sequence[object]]) -> Iterable[str]:
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane'
        ' ySplit="1" topLeftCell="A2" '
    )
    yield 'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
    width = max(map(len, rows), default=0)
    letters = [column_letters(n) for n in range(1, width + 1)]
    for line, row in enumerate(rows, start=1):
        cells = "".join(
            _cell(value, f"{letters[n]}{line}", line == 1) for n, value in enumerate(row)
        )
        yield f'<row r="{line}">{cells}</row>'
    yield "</sheetData></worksheet>"


def column_letters(column: int) -> str:
    """The name of a column by its number from 1.

    Examples
    --------
    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    left, name = column, ""
    while left:
        left, rest = divmod(left - 1, 26)
        name = chr(65 + rest) + name
    return name


def _cell(value: object, at: str, header: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        style = 3 if header else 1
        return (
            f'<c r="{at}" s="{style}" t="inlineStr"><is><t'
            f' xml:space="preserve">{xml_text(value)}</t></is></c>'
        )
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime):
        return f'<c r="{at}" s="2"><v>{(value - datetime(1899, 12, 30)).days}</v></c>'
    return f'<c r="{at}"><v>{value!r}</v></c>'
