"""Survival curves by group, with the numbers at risk."""

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.theme import BLUE, STYLE, VERMILION, canvas, footnotes, note_height, title

LOOKS = ((BLUE, "-"), (VERMILION, (0, (4, 1.5))))
LAST = 20  # years drawn; the table holds all
SHOWN = (0, 1, 2, 3, 4, 5, 10, 15, 20)


def survival(table: pd.DataFrame, heading: str, notes: list[str], window: int) -> Figure:
    """Draw Kaplan-Meier curves of two groups, with the numbers at risk.

    Parameters
    ----------
    table : DataFrame
        ``group, years, at_risk, events, censored, survival, conf_low, conf_high``, a row a group
        and year, from year 0. The first 20 years are drawn.
    heading : str
        Title.
    notes : list of str
        Text below the figure.
    window : int
        Years of the study's outcome, marked on the axis.

    Returns
    -------
    Figure
        A matplotlib figure with one axes.

    Raises
    ------
    KeyError
        The table lacks one of these columns.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"years": [0, 1, 2], "events": [0, 1, 0], "censored": [0, 0, 2]}
    >>> row |= {"at_risk": [4, 4, 3], "survival": [1, 0.75, 0.75]}
    >>> row |= {"conf_low": [1, 0.13, 0.13], "conf_high": [1, 0.96, 0.96]}
    >>> groups = [pd.DataFrame(row).assign(group=name) for name in ("mediated", "not mediated")]
    >>> figure = ps.figures.survival(pd.concat(groups), "Years without fighting", [], window=5)
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['mediated (4 attempts)', 'not mediated (4 attempts)']
    """
    groups = list(dict.fromkeys(table["group"]))
    with mpl.rc_context(STYLE):
        height = 4.05 + note_height(notes)
        fig = canvas(height)
        title(fig, heading)
        foot = footnotes(fig, notes)
        ax = fig.add_axes((0.185, foot + 1.02 / height, 0.79, 1 - foot - 1.36 / height))
        for name, (colour, line) in zip(groups, LOOKS, strict=False):
            part = table[(table["group"] == name) & (table["years"] <= LAST)]
            n = int(part["at_risk"].iloc[0])
            ax.fill_between(
                part["years"],
                part["conf_low"],
                part["conf_high"],
                step="post",
                facecolor=colour,
                alpha=0.13,
                lw=0,
                hatch=None,
            )
            ax.step(
                part["years"],
                part["survival"],
                where="post",
                color=colour,
                ls=line,
                lw=1.8,
                label=f"{name} ({n} attempts)",
            )
            gone = part[part["censored"] > 0]
            ax.plot(gone["years"], gone["survival"], "|", color=colour, ms=6, mew=0.9)
        ax.axvline(window, color="0.5", lw=0.7, ls=":")
        ax.text(
            window + 0.15,
            1.0,
            f"{window} years: the study's outcome",
            fontsize=7,
            va="top",
            color="0.3",
        )
        ax.set(
            xlim=(0, LAST),
            ylim=(0, 1.02),
            xlabel="calendar years after the last substantive agreement",
            ylabel="share still without fighting",
        )
        ax.set_xticks(range(0, LAST + 1, 5))
        ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.94))
        _at_risk(fig, ax, table, groups, height)
    return fig


def _at_risk(
    fig: Figure, ax: mpl.axes.Axes, table: pd.DataFrame, groups: list[str], height: float
) -> None:
    box = ax.get_position()
    fig.text(0.012, box.y0 - 0.50 / height, "At risk", fontsize=7.4, fontweight="bold", va="center")
    for i, (name, (colour, _)) in enumerate(zip(groups, LOOKS, strict=False)):
        y = box.y0 - (0.68 + 0.16 * i) / height
        fig.text(0.012, y, name, fontsize=7.2, va="center", color=colour)
        part = table[table["group"] == name].set_index("years")["at_risk"]
        for year in SHOWN:
            x = box.x0 + box.width * year / LAST
            fig.text(x, y, f"{int(part.get(year, 0))}", fontsize=7.2, va="center", ha="center")
