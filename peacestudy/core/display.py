"""How tables show themselves in Jupyter and Markdown. Every string is
escaped: labels and cells come from outside.
"""

import html
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from peacestudy.errors import printable

ROWS = 60  # rows shown in a notebook; the object itself holds all


def cell(value: object, digits: int = 3) -> str:
    """One cell as people read it: floats rounded, missing as an en dash.

    Examples
    --------
    >>> [cell(v) for v in (0.12345, 2.0, None, True, "x")]
    ['0.123', '2', '–', 'yes', 'x']
    """
    if isinstance(value, float | np.floating):
        return "–" if np.isnan(value) else _number(float(value), digits)
    if value is None or value is pd.NA or value is pd.NaT:
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return str(value)


def _number(value: float, digits: int) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.{digits}f}" if abs(value) >= 1e-3 else f"{value:.1e}"


def exact_number(value: float) -> str:
    """A number in a message with every digit that it needs: what is not whole must not look whole.

    Examples
    --------
    >>> [exact_number(v) for v in (3.0, 0.5, 3 - 1e-13, 1234567.0)]
    ['3', '0.5', '2.9999999999999', '1234567']
    """
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:.0f}"
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def p_text(p: float) -> str:
    """A p value as it is printed; nothing where there is none.

    Examples
    --------
    >>> [p_text(p) for p in (0.0412, 0.00001, float("nan"))]
    ['0.041', '< .001', '']
    """
    if np.isnan(p):
        return ""
    return "< .001" if p < 0.0005 else f"{p:.3f}"


def html_table(
    table: pd.DataFrame,
    caption: str = "",
    notes: Iterable[object] = (),
    rows: int = ROWS,
    digits: int = 3,
) -> str:
    """A table as HTML, index left out, with caption above and notes
    below, everything escaped; text stands left.
    """
    sides = ["right" if pd.api.types.is_numeric_dtype(kind) else "left" for kind in table.dtypes]
    starts = [f" style='text-align:{side};vertical-align:top'" for side in sides]
    head = _html_cells("th", starts, [str(name) for name in table.columns])
    lines = []
    for row in table.head(rows).astype(object).itertuples(index=False, name=None):
        texts = [cell(value, digits) for value in row]
        lines.append(f"<tr>{_html_cells('td', starts, texts)}</tr>")
    body = "".join(lines)
    more = [f"{len(table) - rows} more rows are not shown."] if len(table) > rows else []
    foot = "".join(f"<div><small>{html.escape(str(n))}</small></div>" for n in [*more, *notes])
    title = ""
    if caption:
        title = f"<caption style='text-align:left'><b>{html.escape(caption)}</b></caption>"
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def _html_cells(tag: str, starts: Sequence[str], texts: Sequence[str]) -> str:
    """The cells of a row; ``starts`` are the attributes of each."""
    cells = []
    for start, text in zip(starts, texts, strict=True):
        cells.append(f"<{tag}{start}>{html.escape(text)}</{tag}>")
    return "".join(cells)


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it stands: no markup, no HTML, one line.

    Examples
    --------
    >>> escape_markdown("a|b <i>*c*</i>")
    'a\\\\|b &lt;i&gt;\\\\*c\\\\*&lt;/i&gt;'
    """
    flat = re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", printable(" ".join(text.split())))
    flat = re.sub(r"^(\d*)([-+=.)])(?=[\s=-]|$)", r"\1\\\2", flat)  # would begin a list or a rule
    flat = re.sub(r"&(?=\w+;)", "&amp;", flat)  # would be read as the character it names
    return flat.replace("<", "&lt;").replace(">", "&gt;")


def markdown_table(table: pd.DataFrame, digits: int = 3) -> str:
    """A table as a Markdown pipe table, index left out, everything escaped."""
    lines = [[escape_markdown(str(c)) for c in table.columns], ["---"] * table.shape[1]]
    for row in table.astype(object).itertuples(index=False, name=None):
        lines.append([escape_markdown(cell(value, digits)) for value in row])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands.

    Examples
    --------
    >>> escape_latex("50 % & _x_")
    '50 \\\\% \\\\& \\\\_x\\\\_'
    """
    return "".join(_LATEX.get(c, c) for c in printable(" ".join(text.split())))


def latex_table(
    table: pd.DataFrame, caption: str, notes: Iterable[object] = (), digits: int = 3
) -> str:
    """A table as a LaTeX ``table`` with booktabs rules, everything escaped."""

    def row(values: Sequence[object]) -> str:
        text = " & ".join(escape_latex(cell(v, digits)) for v in values)
        # a star or bracket that follows the \\ or \midrule of the line before would be read as its
        # argument
        return ("{}" if text.startswith(("[", "*")) else "") + text + r" \\"

    body = [row(r) for r in table.astype(object).itertuples(index=False, name=None)]
    foot = [rf"\par\footnotesize {escape_latex(str(n))}" for n in notes]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escape_latex(caption)}}}",
            rf"\begin{{tabular}}{{l{'r' * (table.shape[1] - 1)}}}",
            r"\toprule",
            row(list(table.columns)),
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            *foot,
            r"\end{table}",
            "",
        ]
    )
