"""Effects of every pillar in several panels, at one or several values of a moderator."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    NOTE,
    PALE,
    STYLE,
    VERMILION,
    canvas,
    clean_y,
    footnotes,
    note_height,
    pretty,
    title,
)

MARKS = (("s", BLUE, BLUE), ("o", VERMILION, "white"))  # of one series the first


def by_pillar(
    table: pd.DataFrame,
    panels: Sequence[tuple[str, str]],
    series: Mapping[str, str],
    heading: str,
    subtitle: str,
    axis: str,
    notes: Iterable[str] = (),
) -> Figure:
    """Draw estimates with intervals, a row a pillar, a panel a moderator.

    Parameters
    ----------
    table : ``moderator, pillar, at, estimate, conf_low, conf_high, support``, and ``right``, text
        at the right of a row's last series. Estimates without support stand pale.
    panels : (moderator, heading of the panel).
    series : values of ``at`` with their names, in the order drawn; two at most.
    heading, subtitle, axis, notes : text above, on the axis and below.
    """
    notes = list(notes)
    pillars = table["pillar"].drop_duplicates().tolist()
    with mpl.rc_context(STYLE):
        height = 1.55 + (0.16 + 0.11 * len(series)) * len(pillars) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        left, gap, margin = 0.035 + 0.0085 * max(len(pretty(p)) for p in pillars), 0.075, 0.055
        width = (1 - left - margin - gap * (len(panels) - 1)) / len(panels)
        ends = table[table["at"].isin(series)][["conf_low", "conf_high"]].to_numpy(float)
        reach = (min(0.0, float(np.nanmin(ends))), max(0.0, float(np.nanmax(ends))))
        room = 0.04 * (reach[1] - reach[0])
        for i, (moderator, name) in enumerate(panels):
            ax = fig.add_axes(
                (left + i * (width + gap), foot + 0.48 / height, width, 1 - foot - 1.3 / height)
            )
            ax.axvline(0, color=GREY, lw=0.8)
            own = table[table["moderator"] == moderator]
            _panel(ax, own, pillars, series)
            clean_y(ax, [pretty(p) for p in pillars] if i == 0 else [""] * len(pillars))
            ax.set_xlim(reach[0] - room, reach[1] + room)
            ax.set_xticks(
                [t for t in MaxNLocator(4).tick_values(*reach) if reach[0] <= t <= reach[1]]
            )
            ax.set_title(name, fontsize=8)
            ax.set_xlabel(axis)
        if len(series) > 1:
            handles = fig.axes[0].get_legend_handles_labels()
            fig.legend(
                *handles,
                loc="upper right",
                bbox_to_anchor=(0.99, 1 - 0.3 / height),
                ncols=len(series),
                fontsize=7,
            )
        return fig


def _panel(ax: Axes, own: pd.DataFrame, pillars: Sequence[str], series: Mapping[str, str]) -> None:
    blend = ax.get_yaxis_transform()
    for j, ((at, label), (mark, colour, fill)) in enumerate(
        zip(series.items(), MARKS[len(series) - 1 :: -1], strict=False)
    ):
        part = own[own["at"] == at].set_index("pillar").reindex(list(pillars))
        rows = np.arange(len(pillars)) + 0.34 * (j - (len(series) - 1) / 2)
        held = np.array([pd.notna(v) and bool(v) for v in part["support"]])
        ax.hlines(
            rows, part["conf_low"], part["conf_high"], color=np.where(held, colour, PALE), lw=1.2
        )
        ax.plot(part["estimate"].where(held), rows, mark, color=colour, mfc=fill, ms=4, label=label)
        ax.plot(part["estimate"].where(~held), rows, mark, color=PALE, mfc="white", ms=4)
        if j == len(series) - 1:
            for row, text in enumerate(part["right"].fillna("")):
                ax.text(1.02, row, text, transform=blend, fontsize=NOTE, va="center", color=GREY)
