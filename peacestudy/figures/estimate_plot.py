"""Estimates of several models side by side, a row a term."""

from collections.abc import Iterable, Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
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

MARKS = (("o", BLUE, "full"), ("s", VERMILION, "white"), ("D", INK, "full"), ("^", GREY, "white"))


def estimates(
    table: pd.DataFrame,
    models: Mapping[str, str],
    heading: str,
    subtitle: str,
    axis: str,
    notes: Iterable[str] = (),
) -> Figure:
    """Draw odds ratios of several models.

    Parameters
    ----------
    table : ``label, model, odds_ratio, conf_low, conf_high, p_value``;
        rows in the order of their first appearance.
    models : names of the models, in the order drawn.
    heading, subtitle, axis, notes : text above, on the axis and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        labels = table["label"].drop_duplicates().tolist()
        height = 1.4 + (0.1 + 0.125 * len(models)) * len(labels) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        ax = fig.add_axes((0.3, foot + 0.48 / height, 0.45, 1 - foot - 1.25 / height))
        ax.axvline(1, color=GREY, lw=0.8)
        for i, ((model, name), (mark, colour, fill)) in enumerate(
            zip(models.items(), MARKS, strict=False)
        ):
            own = table[table["model"] == model].set_index("label").reindex(labels)
            at = np.arange(len(labels)) + 0.72 / len(models) * (i - (len(models) - 1) / 2)
            _rows(ax, own, at, colour)
            ax.plot(
                own["odds_ratio"],
                at,
                mark,
                color=colour,
                mfc="white" if fill == "white" else colour,
                ms=4,
                label=name,
            )
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        marks = [m for m in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= m <= high]
        ax.set_xticks(marks, [f"{m:g}" for m in marks])
        ax.minorticks_off()
        clean_y(ax, labels)
        ax.set_xlabel(axis)
        fig.legend(
            *ax.get_legend_handles_labels(),
            loc="upper right",
            bbox_to_anchor=(0.99, 1 - 0.3 / height),
            ncols=len(models),
            fontsize=7,
        )
        return fig


def _rows(ax: Axes, own: pd.DataFrame, at: np.ndarray, colour: str) -> None:
    ax.hlines(at, own["conf_low"], own["conf_high"], color=colour, lw=1)
    blend = ax.get_yaxis_transform()
    for row, ratio, low, high, p in zip(
        at, own["odds_ratio"], own["conf_low"], own["conf_high"], own["p_value"], strict=True
    ):
        if np.isfinite(ratio):
            ax.text(
                1.03,
                row,
                f"{ratio:.2f} [{low:.2f}, {high:.2f}]  p {p_text(p)}",
                transform=blend,
                fontsize=NOTE,
                va="center",
                color=colour,
            )
