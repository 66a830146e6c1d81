"""A rendered table: caption, body and notes, as Markdown, HTML and LaTeX, everything escaped."""

from dataclasses import dataclass

import pandas as pd

from peacestudy.core.display import escape_markdown, html_table, latex_table, markdown_table


@dataclass(frozen=True, eq=False)
class Table:
    r"""A rendered table: caption, body and notes, as Markdown, HTML and LaTeX.

    Attributes
    ----------
    name : str
        Name of the file without its ending.
    caption : str
        What the table shows, with N.
    body : DataFrame
        Cells as they are printed.
    notes : tuple of str
        Sources, conventions and limits.

    Examples
    --------
    >>> import pandas as pd
    >>> body = pd.DataFrame({"term": ["x"], "estimate": ["0.52 (0.21)"]})
    >>> table = ps.tables.Table("main", "Lasting peace, N 100", body, notes=("Firth's logit.",))
    >>> print("\n".join(table.to_markdown().splitlines()[2:5]))
    | term | estimate |
    | --- | --- |
    | x | 0.52 (0.21) |
    """

    name: str
    caption: str
    body: pd.DataFrame
    notes: tuple[str, ...] = ()

    def to_markdown(self) -> str:
        """The table as Markdown."""
        notes = "".join(f"\n{escape_markdown(n)}\n" for n in self.notes)
        return f"**{escape_markdown(self.caption)}**\n\n{markdown_table(self.body)}{notes}"

    def to_html(self) -> str:
        """The table as an HTML fragment."""
        return html_table(self.body, self.caption, self.notes, rows=len(self.body)) + "\n"

    def to_latex(self) -> str:
        """The table as LaTeX; it needs the package booktabs."""
        return latex_table(self.body, self.caption, self.notes)

    def texts(self) -> dict[str, str]:
        """Every rendering by file ending."""
        return {"md": self.to_markdown(), "html": self.to_html(), "tex": self.to_latex()}

    def _repr_html_(self) -> str:
        return self.to_html()
