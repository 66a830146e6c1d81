"""Forecasts with their intervals, case by case."""

from collections.abc import Iterable, Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    PALE,
    STYLE,
    VERMILION,
    canvas,
    clean_y,
    footnotes,
    note_height,
    title,
)

MARKS = (("o", BLUE), ("s", VERMILION), ("D", INK))


def forecasts(
    table: pd.DataFrame,
    names: Mapping[str, str],
    base: float,
    heading: str,
    notes: Iterable[str] = (),
    earlier: pd.DataFrame | None = None,
) -> Figure:
    """Draw frozen forecasts.

    Parameters
    ----------
    table : as ``peacestudy.study.forecasts`` writes it, of one file.
    names : names of the models, in the order drawn.
    base : share at peace among the cases that the models learned from, drawn as a line.
    heading, notes : text above and below.
    earlier : ``case_id, model, probability`` of forecasts frozen before, drawn as strokes.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        first = table[table["model"] == next(iter(names))].sort_values(
            "probability", ascending=False
        )
        height = 1.2 + 0.3 * len(first) + note_height(notes)
        fig = canvas(height)
        title(
            fig,
            heading,
            "Probability of five years without 25 battle-related deaths a year; bars: 95 %"
            " intervals of the probability",
        )
        foot = footnotes(fig, notes)
        ax = fig.add_axes((0.37, foot + 0.45 / height, 0.6, 1 - foot - 1.05 / height))
        y = np.arange(len(first))
        ax.axvline(base, color=GREY, lw=0.8, ls=":")
        for row, seen in zip(y, first["outcome_known"].astype(bool), strict=True):
            if seen:
                ax.axhspan(row - 0.45, row + 0.45, color=PALE, alpha=0.5, lw=0)
        for i, ((model, name), (mark, colour)) in enumerate(
            zip(names.items(), MARKS, strict=False)
        ):
            own = table[table["model"] == model].set_index("case_id").loc[first["case_id"]]
            at = y + 0.24 * (i - (len(names) - 1) / 2)
            ax.hlines(at, own["conf_low"], own["conf_high"], color=colour, lw=0.9)
            ax.plot(
                own["probability"],
                at,
                mark,
                color=colour,
                ms=3.6,
                mfc="white" if mark == "s" else colour,
                label=name,
            )
            if earlier is not None:
                old = earlier[earlier["model"] == model].set_index("case_id")["probability"]
                strokes = old.reindex(first["case_id"]).to_numpy(dtype=float)
                ax.plot(strokes, at, "|", color=colour, ms=6, ls="none")
        ends = first["window_to"].astype(int)
        clean_y(ax, [f"{label}, to {end}" for label, end in zip(first["label"], ends, strict=True)])
        ax.set_xlim(0, 1)
        ax.set_xlabel("forecast probability of lasting peace")
        fig.legend(
            *ax.get_legend_handles_labels(),
            loc="upper right",
            bbox_to_anchor=(0.99, 1 - 0.3 / height),
            ncols=3,
            fontsize=7,
        )
        return fig
