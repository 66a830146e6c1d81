"""The declared choice of cases among all that could be made: a row a term."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    NOTE,
    STYLE,
    VERMILION,
    canvas,
    clean_y,
    footnotes,
    note_height,
    title,
)

TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10)
# columns of numbers, and where each begins, in widths of the axes
HEADS = {
    "declared": 1.04,
    "median": 1.23,
    "above 1": 1.40,
    "p < .05": 1.58,
    "Holm < .05": 1.81,
    "percentile": 2.05,
}


def windows(
    table: pd.DataFrame, labels: Sequence[str], heading: str, subtitle: str, notes: Iterable[str]
) -> Figure:
    """Draw the distribution of every term over the drawn sets of cases, and the declared estimate.

    Parameters
    ----------
    table : the result ``windows``, of models whose estimates are logarithms of ratios.
    labels : names of its rows.
    heading, subtitle, notes : text above and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        height = 1.45 + 0.25 * len(table) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        box = 0.135, foot + 0.45 / height, 0.37, 1 - foot - 1.2 / height
        ax = fig.add_axes(box)
        _rows(ax, table)
        clean_y(ax, labels)
        ax.set_xlabel("ratio per standard deviation, log scale")
        _numbers(ax, table)
        fig.legend(
            *ax.get_legend_handles_labels(),
            loc="upper right",
            bbox_to_anchor=(0.99, 1 - 0.38 / height),
            ncols=4,
            fontsize=7,
        )
        return fig


def _rows(ax: Axes, table: pd.DataFrame) -> None:
    at = np.arange(len(table))
    quantiles = ("p05", "p25", "median", "p75", "p95")
    ratio = {name: np.exp(table[f"estimate_{name}"].to_numpy(dtype=float)) for name in quantiles}
    declared = np.exp(table["declared_estimate"].to_numpy(dtype=float))
    ax.axvline(1, color=GREY, lw=0.8, zorder=0)
    ax.hlines(at, ratio["p05"], ratio["p95"], color=INK, lw=0.9, label="90 % of sets")
    ax.hlines(at, ratio["p25"], ratio["p75"], color=BLUE, lw=4, alpha=0.5, label="half of sets")
    ax.plot(ratio["median"], at, "o", color=BLUE, ms=4, ls="none", label="median")
    ax.plot(declared, at, "D", color=VERMILION, mfc="white", ms=4.5, ls="none", label="declared")
    ax.set_xscale("log")
    low = min(ratio["p05"].min(), declared.min()) * 0.9
    high = max(ratio["p95"].max(), declared.max()) * 1.1
    ax.set_xlim(low, high)
    marks = [mark for mark in TICKS if low <= mark <= high]
    ax.set_xticks(marks, [f"{mark:g}" for mark in marks])
    ax.minorticks_off()


def _numbers(ax: Axes, table: pd.DataFrame) -> None:
    """Columns of numbers at the right of the rows."""
    blend = ax.get_yaxis_transform()
    for head, x in HEADS.items():
        ax.text(x, -0.75, head, transform=blend, fontsize=NOTE, fontweight="bold")
    rows: Any = table.itertuples()
    for at, row in enumerate(rows):
        cells = (
            f"{np.exp(row.declared_estimate):.2f}",
            f"{np.exp(row.estimate_median):.2f}",
            _percent(row.share_above),
            _shares(row.share_rejected_above, row.share_rejected_below),
            _shares(row.share_holm_above, row.share_holm_below),
            f"{row.percentile:.0f}",
        )
        for x, text in zip(HEADS.values(), cells, strict=True):
            ax.text(x, at, text, transform=blend, fontsize=NOTE, va="center")


def _shares(above: float, below: float) -> str:
    """Shares of sets rejected with a ratio above and below one; empty where there is no test."""
    return "" if np.isnan(above) else f"{_percent(above)} / {_percent(below)}"


def _percent(share: float) -> str:
    """A share in percent; a small one is not rounded to none."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"
