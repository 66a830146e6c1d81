"""An effect at every value of a moderator, with the number of cases at each value."""

from collections.abc import Iterable, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    PALE,
    STYLE,
    VERMILION,
    canvas,
    footnotes,
    note_height,
    title,
)


def moderation(
    table: pd.DataFrame,
    panels: Sequence[tuple[str, str]],
    heading: str,
    subtitle: str,
    notes: Iterable[str] = (),
) -> Figure:
    """Draw conditional effects.

    Parameters
    ----------
    table : ``moderator, value, n, n_peace, log_odds, conf_low, conf_high``.
    panels : (moderator, name of the axis), a panel each.
    heading, subtitle, notes : text above and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        height = 3.5 + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        width = (0.87 - 0.06 * (len(panels) - 1)) / len(panels)
        for i, (moderator, name) in enumerate(panels):
            part = table[table["moderator"] == moderator]
            left = 0.105 + i * (width + 0.06)
            bottom = foot + 0.5 / height
            whole = 1 - bottom - 0.6 / height
            ax = fig.add_axes((left, bottom + 0.27 * whole, width, 0.73 * whole))
            ratio = np.exp(part[["log_odds", "conf_low", "conf_high"]].to_numpy())
            ax.fill_between(part["value"], ratio[:, 1], ratio[:, 2], color=PALE, lw=0)
            ax.plot(
                part["value"],
                ratio[:, 0],
                "-o" if len(part) <= 10 else "-",
                color=BLUE,
                ms=3.5,
                lw=1.4,
            )
            ax.axhline(1, color=GREY, lw=0.8)
            ax.set_yscale("log")
            ax.set_ylim(0.08, 12)
            ax.set_yticks(
                [0.1, 0.25, 0.5, 1, 2, 4, 10],
                ["0.1", "0.25", "0.5", "1", "2", "4", "10"] if i == 0 else [""] * 7,
            )
            ax.minorticks_off()
            ax.tick_params(labelbottom=False)
            below = fig.add_axes((left, bottom, width, 0.22 * whole), sharex=ax)
            step = float(np.diff(part["value"]).min()) * 0.8
            below.bar(part["value"], part["n"], width=step, color=PALE, edgecolor=GREY, lw=0.5)
            below.bar(part["value"], part["n_peace"], width=step, color=VERMILION)
            below.set_xlabel(name)
            values = part["value"]
            tenths = [
                t for t in (0, 0.25, 0.5, 0.75) if values.min() - step < t < values.max() + step
            ]
            below.set_xticks(values.tolist() if len(part) <= 10 else tenths)
            below.set_xlim(values.min() - step, values.max() + step)
            most = int(part["n"].max())
            below.set_yticks([0, most // 2, most])
            below.tick_params(labelbottom=True)
            if i == 0:
                ax.set_ylabel("odds ratio,\none sd more breadth")
                below.set_ylabel("cases")
        return fig
