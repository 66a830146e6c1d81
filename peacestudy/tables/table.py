"""A rendered table: caption, body and notes, as Markdown, HTML and LaTeX, everything escaped."""

from dataclasses import dataclass

import pandas as pd

from peacestudy.core.display import escape_markdown, html_table, latex_table, markdown_table


@dataclass(frozen=True, eq=False)
class Table:
    """A table that stands alone.

    Attributes
    ----------
    name : file stem.
    caption : what it shows, of whom, N.
    body : cells as they are printed.
    notes : sources, conventions, what to distrust.
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
