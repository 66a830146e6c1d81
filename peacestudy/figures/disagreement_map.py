"""Map of disagreement: a column a unit, a row an indicator or coder, sorted by state."""

from collections.abc import Iterable, Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from peacestudy.figures.theme import INK, NOTE, STYLE, canvas, footnotes, note_height, title


def disagreement(
    table: pd.DataFrame,
    states: Mapping[str, tuple[str, str]],
    heading: str,
    subtitle: str,
    axis: str,
    notes: Iterable[str] = (),
) -> Figure:
    """Draw the map.

    Parameters
    ----------
    table : ``row, position, state, share``: the row's label, the column from 0, one of ``states``,
        and what is written at the row's end.
    states : name of each state, and the colour that it has; white is what is not there.
    heading, subtitle, axis, notes : text above, below the map, and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        rows = table["row"].drop_duplicates().tolist()
        height = 1.35 + 0.34 * len(rows) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        ax = fig.add_axes((0.17, foot + 0.45 / height, 0.68, 1 - foot - 1.1 / height))
        wide = int(table["position"].max()) + 1
        image = np.ones((len(rows), wide, 3))
        place = {r: n for n, r in enumerate(rows)}
        colour = {s: to_rgb(c) for s, (_, c) in states.items()}
        image[table["row"].map(place), table["position"]] = [colour[s] for s in table["state"]]
        ax.imshow(
            image, aspect="auto", interpolation="nearest", extent=(0, wide, len(rows) - 0.5, -0.5)
        )
        for n in range(1, len(rows)):
            ax.axhline(n - 0.5, color="white", lw=3)
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(axis)
        for side in ("left", "bottom"):
            ax.spines[side].set_visible(False)
        for n, text in enumerate(table.drop_duplicates("row")["share"]):
            ax.text(1.01, n, text, transform=ax.get_yaxis_transform(), fontsize=NOTE, va="center")
        legend = [
            Patch(facecolor=c, edgecolor=INK, lw=0.4, label=name) for name, c in states.values()
        ]
        fig.legend(
            handles=legend,
            loc="upper right",
            bbox_to_anchor=(0.995, 1 - 0.33 / height),
            ncols=len(legend),
            fontsize=6.8,
            handlelength=1.1,
            columnspacing=0.9,
        )
        return fig
