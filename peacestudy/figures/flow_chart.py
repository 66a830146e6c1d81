"""Flow chart: the share of a pillar's provisions promised, and the share implemented."""

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
    """Draw, for every pillar, the share promised at the left and what became of it at the right.

    Parameters
    ----------
    table : ``label, promised, implemented, n``: mean share of the pillar's provisions that were
        promised, and mean share of those that were implemented.
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
                str(row.label),
                float(str(row.promised)),
                float(str(row.implemented)),
                int(float(str(row.n))),
            )
        ax.set_xlim(-0.52, 1.3)
        ax.set_ylim(len(table) * (1 + GAP), -0.55)
        ax.axis("off")
        for x, text in ((0, "promised"), (1, "of what was promised")):
            ax.text(x, -0.35, text, ha="center", fontsize=7.5, fontweight="bold")
        return fig


def _pillar(ax: Axes, top: float, label: str, promised: float, implemented: float, n: int) -> None:
    """A pillar's bar of promises, parted at the right into done and not done."""
    done = promised * implemented
    ax.text(
        -0.05,
        top + 0.5,
        f"{label}\n{promised:.0%} promised, by {n} accords",
        ha="right",
        va="center",
        fontsize=7,
    )
    ax.add_patch(mpl.patches.Rectangle((-0.03, top), 0.03, 1, fc="white", ec=GREY, lw=0.6))
    ax.add_patch(mpl.patches.Rectangle((-0.03, top), 0.03, promised, fc=INK, lw=0))
    split = promised - done
    _ribbon(ax, (top, top + done), (top, top + done), BLUE, 0.75)
    _ribbon(
        ax,
        (top + done, top + promised),
        (top + done + 0.12 * bool(split), top + promised + 0.12 * bool(split)),
        PALE,
        1.0,
    )
    ax.text(
        1.02,
        top + max(done, 0.16) / 2,
        f"implemented {implemented:.0%}",
        va="center",
        fontsize=7,
        color=INK,
    )
    ax.text(
        1.02,
        top + promised + 0.12 - min(split, 0.3) / 2 + 0.08,
        f"not {1 - implemented:.0%}",
        va="center",
        fontsize=7,
        color=GREY,
    )


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
