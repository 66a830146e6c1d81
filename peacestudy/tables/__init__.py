"""Tables of fits and stored results, rendered as Markdown, HTML and LaTeX."""

from peacestudy.tables.regression_table import regression
from peacestudy.tables.study_tables import all_tables
from peacestudy.tables.table import Table

__all__ = ["Table", "all_tables", "regression"]
