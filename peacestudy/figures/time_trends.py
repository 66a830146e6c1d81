"""Scores over time: a panel a score."""

from collections.abc import Iterable

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    PALE,
    STYLE,
    canvas,
    footnotes,
    note_height,
    pretty,
    title,
)

COLUMNS_OF_PANELS = 4


def over_time(table: pd.DataFrame, heading: str, notes: Iterable[str] = ()) -> Figure:
    """Draw mean scores by period.

    Parameters
    ----------
    table : ``period, score, n, mean, conf_low, conf_high``.
    heading, notes : text above and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        scores = table["score"].drop_duplicates().tolist()
        rows = -(-len(scores) // COLUMNS_OF_PANELS)
        height = 0.9 + 1.35 * rows + note_height(notes)
        fig = canvas(height)
        title(
            fig,
            heading,
            "Mean share of the pillar's indicators that the texts of an attempt mention or"
            " provide for",
        )
        foot = footnotes(fig, notes)
        top, bottom = 1 - 0.62 / height, foot + 0.36 / height
        each = (top - bottom) / rows
        for i, score in enumerate(scores):
            column, row = i % COLUMNS_OF_PANELS, i // COLUMNS_OF_PANELS
            ax = fig.add_axes(
                (
                    0.055 + 0.24 * column,
                    top - (row + 1) * each + 0.22 / height,
                    0.2,
                    each - 0.5 / height,
                )
            )
            part = table[table["score"] == score]
            middle = part["period"] + 2
            ax.fill_between(
                middle, part["conf_low"].clip(0), part["conf_high"].clip(upper=1), color=PALE, lw=0
            )
            ax.plot(middle, part["mean"], "-o", color=BLUE, ms=3, lw=1.1)
            ax.set_ylim(0, 1)
            ax.set_xlim(table["period"].min() - 1, table["period"].max() + 5)
            ax.set_title(pretty(score).split(" (")[0], fontsize=8)
            ax.set_xticks([1990, 2000, 2010, 2020])
            ax.set_yticks([0, 0.5, 1])
            ax.grid(axis="y", color=GREY, alpha=0.2, lw=0.5)
        return fig
