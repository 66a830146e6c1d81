"""Profile: a row a case, its pillar scores as shades, grouped by outcome."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peacestudy.figures.theme import (
    GREY,
    SEQUENCE,
    STYLE,
    canvas,
    footnotes,
    note_height,
    pretty,
    title,
)

ROW = 0.096  # inches a case


def profile(
    table: pd.DataFrame, pillars: list[str], outcome: str, heading: str, notes: list[str]
) -> Figure:
    """Draw the pillar scores of every case: with the outcome left, without it right.

    Parameters
    ----------
    table : DataFrame
        A row a case: ``label``, the pillars in [0, 1], and the outcome as 1 or 0; drawn in its
        order.
    pillars : list of str
        Columns to draw.
    outcome : str
        Column that divides the cases.
    heading : str
        Title.
    notes : list of str
        Text below the figure.

    Returns
    -------
    Figure
        A matplotlib figure: cases with the outcome, cases without it, group means and the colour
        scale.

    Raises
    ------
    KeyError
        The table lacks one of these columns.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"label": ["A", "B"], "diplomacy": [1.0, 0.5], "norms": [0.4, 0.2]})
    >>> table = table.assign(peace=[1, 0])
    >>> figure = ps.figures.profile(table, ["diplomacy", "norms"], "peace", "Pillar scores", [])
    >>> [label.get_text() for axes in figure.axes[:2] for label in axes.get_yticklabels()]
    ['A', 'B']
    """
    yes, no = (
        table[table[outcome].astype(bool) == side].reset_index(drop=True) for side in (True, False)
    )
    with mpl.rc_context(STYLE):
        rows = max(len(yes) + 12, len(no) + 2)
        height = 1.75 + ROW * rows + note_height(notes)
        fig = canvas(height)
        title(fig, heading)
        foot = footnotes(fig, notes)
        top = 1 - 1.12 / height
        unit = (top - foot - 0.06 / height) / rows
        scale = _panel(
            fig,
            (0.262, top - unit * len(yes), 0.215, unit * len(yes)),
            yes,
            pillars,
            f"Lasting peace: {len(yes)}",
        )
        _panel(
            fig,
            (0.755, top - unit * len(no), 0.215, unit * len(no)),
            no,
            pillars,
            f"No lasting peace: {len(no)}",
        )
        low = top - unit * (len(yes) + 7)
        means = pd.DataFrame([part[pillars].mean() for part in (yes, no)]).assign(
            label=["Mean, lasting peace", "Mean, no lasting peace"]
        )
        _panel(fig, (0.262, low, 0.215, unit * 4), means, pillars, "", numbers=True)
        bar = fig.add_axes((0.262, low - 0.36 / height, 0.215, 0.10 / height))
        fig.colorbar(scale, cax=bar, orientation="horizontal", ticks=[0, 0.25, 0.5, 0.75, 1])
        bar.set_title("share of the pillar's indicators present", fontsize=7, loc="left", pad=2)
        bar.tick_params(labelsize=6.5, length=2)
    return fig


def _panel(
    fig: Figure,
    place: tuple[float, float, float, float],
    t: pd.DataFrame,
    pillars: list[str],
    head: str,
    numbers: bool = False,
) -> mpl.image.AxesImage:
    ax: Axes = fig.add_axes(place)
    shares = t[pillars].to_numpy(dtype=float)
    image = ax.imshow(shares, cmap=SEQUENCE, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    ax.set_yticks(range(len(t)), t["label"].tolist(), fontsize=6.9 if numbers else 5.8)
    ax.tick_params(length=0, pad=2)
    ax.set_xticks(np.arange(-0.5, len(pillars)), minor=True)
    ax.set_yticks(np.arange(-0.5, len(t)), minor=True)
    ax.grid(which="minor", color="white", lw=0.6)
    ax.tick_params(which="minor", length=0)
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color(GREY)
    if numbers:
        ax.set_xticks([])
        for (i, j), v in np.ndenumerate(shares):
            ax.text(
                j,
                i,
                f".{round(100 * v):02d}",
                ha="center",
                va="center",
                fontsize=6.2,
                color="white" if v > 0.55 else "black",
            )
    else:
        ax.xaxis.tick_top()
        ax.set_xticks(
            range(len(pillars)),
            [pretty(p) for p in pillars],
            rotation=55,
            ha="left",
            rotation_mode="anchor",
            fontsize=6.8,
        )
        ax.text(
            -0.02,
            1.0,
            head,
            transform=ax.transAxes,
            ha="right",
            va="bottom",
            fontsize=8,
            fontweight="bold",
        )
    return image
