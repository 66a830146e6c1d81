"""Flow chart: the share of a pillar's provisions promised, and the levels that these reached."""

from collections.abc import Iterable

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    PALE,
    STYLE,
    canvas,
    footnotes,
    note_height,
    title,
)

GAP = 0.25  # between two pillars, in the unit of a whole pillar


def flow(table: pd.DataFrame, heading: str, subtitle: str, notes: Iterable[str] = ()) -> Figure:
    """Draw, for every pillar, the share promised at the left and the levels reached at the right.

    Parameters
    ----------
    table : ``label, promised, level_3, level_2_or_3, implemented, n, n_provisions``: mean share of
        the pillar's provisions that were promised; of those promised, the shares at the highest
        level and at one of the two highest; their mean level; accords and provisions.
    heading, subtitle, notes : text above and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        height = 1.1 + 0.48 * len(table) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        ax = fig.add_axes((0.01, foot + 0.12 / height, 0.98, 1 - foot - 0.85 / height))
        for i, row in enumerate(table.itertuples()):
            _pillar(
                ax,
                i * (1 + GAP),
                f"{row.label}\n{row.promised:.0%} promised\n{row.n_provisions:.0f} provisions of"
                f" {row.n:.0f} accords",
                float(str(row.promised)),
                (float(str(row.level_3)), float(str(row.level_2_or_3))),
                float(str(row.implemented)),
            )
        ax.set_xlim(-0.52, 1.42)
        ax.set_ylim(len(table) * (1 + GAP), -0.55)
        ax.axis("off")
        for x, text in ((0, "promised"), (1, "level reached")):
            ax.text(x, -0.35, text, ha="center", fontsize=7.5, fontweight="bold")
        return fig


def _pillar(
    ax: Axes, top: float, label: str, promised: float, levels: tuple[float, float], mean: float
) -> None:
    """A pillar's bar of promises, parted at the right by the level that they reached."""
    full, at_least_intermediate = levels
    ax.text(-0.05, top + 0.5, label, ha="right", va="center", fontsize=7)
    ax.add_patch(mpl.patches.Rectangle((-0.03, top), 0.03, 1, fc="white", ec=GREY, lw=0.6))
    ax.add_patch(mpl.patches.Rectangle((-0.03, top), 0.03, promised, fc=INK, lw=0))
    ends = (0.0, full * promised, at_least_intermediate * promised, promised)
    for i, (colour, alpha) in enumerate(((BLUE, 0.9), (BLUE, 0.4), (PALE, 1.0))):
        shift = 0.08 * i
        left = (top + ends[i], top + ends[i + 1])
        _ribbon(ax, left, (left[0] + shift, left[1] + shift), colour, alpha)
    text = (
        f"full {full:.0%}, intermediate {at_least_intermediate - full:.0%},\n"
        f"less {1 - at_least_intermediate:.0%}; mean level {mean:.0%}"
    )
    ax.text(1.02, top + (promised + 0.16) / 2, text, va="center", fontsize=7, color=INK)


def _ribbon(
    ax: Axes, left: tuple[float, float], right: tuple[float, float], colour: str, alpha: float
) -> None:
    points = [
        (0, left[0]),
        (0.5, left[0]),
        (0.5, right[0]),
        (1, right[0]),
        (1, right[1]),
        (0.5, right[1]),
        (0.5, left[1]),
        (0, left[1]),
        (0, left[0]),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(np.array(points), codes), fc=colour, alpha=alpha, lw=0))
