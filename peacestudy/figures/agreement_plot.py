"""Agreement plot: a row an indicator, alpha with its interval and other coefficients."""

from collections.abc import Iterable

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    NOTE,
    PALE,
    STYLE,
    VERMILION,
    canvas,
    clean_y,
    footnotes,
    note_height,
    title,
)

BESIDE = (
    ("gwet", "s", VERMILION, "Gwet's AC"),
    ("kappa", "d", INK, "Cohen's or Conger's kappa"),
    ("percent", "|", GREY, "share of pairs that agree"),
)
CONVENTIONS = (0.667, 0.8)
BELOW = 0.28  # rows; kappa is often where alpha is


def agreement(
    table: pd.DataFrame, heading: str, subtitle: str, notes: Iterable[str] = ()
) -> Figure:
    """Draw agreement by indicator.

    Parameters
    ----------
    table : a row an indicator, in the order drawn: ``label, alpha, alpha_conf_low, alpha_conf_high,
        gwet, kappa, percent, n_units, n_coders, flagged``; flagged indicators are marked by an
        asterisk.
    heading, subtitle, notes : text above and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        height = 1.45 + 0.185 * len(table) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        ax = fig.add_axes((0.27, foot + 0.48 / height, 0.47, 1 - foot - 1.2 / height))
        at = np.arange(len(table))
        for x in CONVENTIONS:
            ax.axvline(x, color=PALE, lw=1.2, zorder=0)
            ax.text(
                x,
                1.005,
                f"{x:g}",
                transform=ax.get_xaxis_transform(),
                fontsize=NOTE,
                ha="center",
                va="bottom",
                color=GREY,
            )
        ax.hlines(at, table["alpha_conf_low"], table["alpha_conf_high"], color=BLUE, lw=1.4)
        ax.plot(table["alpha"], at, "o", color=BLUE, ms=4.5, label="Krippendorff's alpha, 95 %")
        for column, mark, colour, name in BESIDE:
            ax.plot(
                table[column],
                at + BELOW * (column == "kappa"),
                mark,
                color=colour,
                mfc="white" if mark != "|" else colour,
                ms=4 if mark != "|" else 6,
                label=name,
            )
        marks = table["flagged"].map({True: "*", False: ""})
        clean_y(ax, (table["label"] + marks).tolist())
        drawn = table[["alpha", "alpha_conf_low", *(column for column, *_ in BESIDE)]].astype(float)
        ax.set_xlim(float(np.nanmin([0.0, *drawn.min()])) - 0.02, 1.02)
        ax.set_xlabel("agreement beyond chance (share of pairs: agreement)")
        for row, a, low, high, n, c in zip(
            at,
            table["alpha"],
            table["alpha_conf_low"],
            table["alpha_conf_high"],
            table["n_units"],
            table["n_coders"],
            strict=True,
        ):
            said = _said(a, low, high)
            ax.text(
                1.03,
                row,
                f"{said}  {n:,.0f} x {c:.0f}",
                transform=ax.get_yaxis_transform(),
                fontsize=NOTE,
                va="center",
            )
        fig.legend(
            *ax.get_legend_handles_labels(),
            loc="upper right",
            bbox_to_anchor=(0.995, 1 - 0.33 / height),
            ncols=4,
            fontsize=6.8,
            handletextpad=0.3,
            columnspacing=0.9,
        )
        return fig


def _said(alpha: float, low: float, high: float) -> str:
    """Alpha with its interval, if there is one."""
    if np.isnan(alpha):
        return "alpha not defined"
    return f"{alpha:.2f}" if np.isnan(low) else f"{alpha:.2f} [{low:.2f}, {high:.2f}]"
