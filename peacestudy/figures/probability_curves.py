"""Predicted probability along a score, with the cases as a rug."""

from collections.abc import Iterable, Sequence

import matplotlib as mpl
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
    footnotes,
    note_height,
    title,
)


def predicted_probabilities(
    curves: pd.DataFrame,
    cases: pd.DataFrame,
    panels: Sequence[tuple[str, str]],
    heading: str,
    notes: Iterable[str] = (),
) -> Figure:
    """Draw predicted probabilities.

    Parameters
    ----------
    curves : ``score, value, probability, conf_low, conf_high, inside``.
    cases : a column a score, and ``lasting_peace``.
    panels : (score, name of the axis), a panel each.
    heading, notes : text above and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        height = 3.3 + note_height(notes)
        fig = canvas(height)
        title(
            fig,
            heading,
            "Average predicted probability, other terms as observed; rug: cases, at peace above and"
            " others below",
        )
        foot = footnotes(fig, notes)
        for i, (score, name) in enumerate(panels):
            ax = fig.add_axes(
                (0.075 + 0.49 * i, foot + 0.5 / height, 0.41, 1 - foot - 1.15 / height)
            )
            part = curves[curves["score"] == score]
            inside = part[part["inside"].astype(bool)]
            ax.fill_between(
                part["value"], part["conf_low"], part["conf_high"], color=PALE, alpha=0.35, lw=0
            )
            ax.fill_between(
                inside["value"], inside["conf_low"], inside["conf_high"], color=PALE, lw=0
            )
            ax.plot(part["value"], part["probability"], color=GREY, lw=1, ls=(0, (2, 2)))
            ax.plot(inside["value"], inside["probability"], color=BLUE, lw=1.6)
            peace = cases["lasting_peace"].astype(bool)
            for at, rows, colour in ((1.0, peace, BLUE), (0.0, ~peace, VERMILION)):
                ax.plot(
                    cases.loc[rows, score],
                    [at] * int(rows.sum()),
                    "|",
                    color=colour,
                    ms=7,
                    mew=0.7,
                    clip_on=False,
                    zorder=4,
                )
            edge = inside["value"].max()
            if edge < 1:
                ax.axvline(edge, color=GREY, lw=0.7, ls=":")
                ax.text(
                    edge + 0.01, 0.5, "no cases", fontsize=6.8, color=GREY, rotation=90, va="center"
                )
            ax.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
            ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
            ax.set_xlim(0, 1)
            ax.set_ylim(-0.02, 1.02)
            ax.set_xlabel(name)
            if i == 0:
                ax.set_ylabel("predicted probability of lasting peace", color=INK)
        return fig
