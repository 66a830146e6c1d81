"""Figures of fits and tables. Every function returns a matplotlib figure."""

from peacestudy.figures.forest_plot import forest
from peacestudy.figures.ledger_chart import ledger, rows
from peacestudy.figures.profile_map import profile
from peacestudy.figures.survival_curves import survival

__all__ = ["forest", "ledger", "profile", "rows", "survival"]
