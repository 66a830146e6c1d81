"""One effect in several contexts, for several pillars: separate and partially pooled estimates."""

from collections.abc import Iterable

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    NOTE,
    STYLE,
    VERMILION,
    canvas,
    footnotes,
    note_height,
    pretty,
    title,
)

REACH = (-3.2, 3.2)  # range of log odds ratios drawn; an arrow marks what lies outside
TICKS = (0.1, 1, 10)
APART = 0.7  # rows between two groupings of the cases


def in_contexts(
    table: pd.DataFrame, heading: str, subtitle: str, notes: Iterable[str] = ()
) -> Figure:
    """Draw a column for every pillar and a row for every context.

    Parameters
    ----------
    table : ``by, label, pillar, context, n, n_events, estimate, shrunken, shrunken_low,
        shrunken_high, conf_low, conf_high, all_cases``, log odds ratios; rows in the order drawn. A
        context without an estimate is marked as such.
    heading, subtitle, notes : text above and below.
    """
    notes = list(notes)
    pillars = table["pillar"].drop_duplicates().tolist()
    rows = table.drop_duplicates(["by", "context"])[
        ["by", "label", "context", "n", "n_events"]
    ].reset_index(drop=True)
    starts = rows["by"].ne(rows["by"].shift()).to_numpy()
    at = np.arange(len(rows)) + APART * np.cumsum(starts)
    with mpl.rc_context(STYLE):
        height = 1.5 + 0.2 * (at[-1] + 1) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        left, gap = 0.265, 0.008
        width = (0.985 - left - gap * (len(pillars) - 1)) / len(pillars)
        for i, pillar in enumerate(pillars):
            ax = fig.add_axes(
                (left + i * (width + gap), foot + 0.45 / height, width, 1 - foot - 1.2 / height)
            )
            own = (
                table[table["pillar"] == pillar]
                .set_index(["by", "context"])
                .reindex(pd.MultiIndex.from_frame(rows[["by", "context"]]))
            )
            _column(ax, own.reset_index(), at)
            ax.set_title(pretty(pillar), fontsize=7.5, loc="center")
            ax.set_ylim(at[-1] + 0.6, at[0] - APART - 0.5)
            ax.set_xlim(*REACH)
            ax.set_xticks(np.log(TICKS), [f"{t:g}" for t in TICKS])
            ax.tick_params(axis="y", length=0)
            ax.spines["left"].set_visible(False)
            row_labels = [
                f"{c}  ({n:.0f}; {e:.0f})"
                for c, n, e in zip(rows["context"], rows["n"], rows["n_events"], strict=True)
            ]
            ax.set_yticks(at, row_labels if i == 0 else [""] * len(at))
            if i == 0:
                for y, label in zip(at[starts], rows["label"][starts], strict=True):
                    ax.text(
                        -0.05,
                        y - 0.85,
                        label,
                        transform=ax.get_yaxis_transform(),
                        ha="right",
                        va="center",
                        fontsize=7.5,
                        fontweight="bold",
                    )
        fig.axes[len(pillars) // 2].set_xlabel(
            "odds ratio for one standard deviation more, log scale"
        )
        return fig


def _column(ax: Axes, own: pd.DataFrame, at: np.ndarray) -> None:
    ax.axvline(0, color=GREY, lw=0.8)
    for _, part in own.groupby("by", sort=False):
        where = at[part.index]
        ax.vlines(
            part["all_cases"].iloc[0], where[0] - 0.4, where[-1] + 0.4, color=INK, lw=0.8, ls=":"
        )
    drawn = own["shrunken"].notna().to_numpy()
    alone = own["estimate"].notna().to_numpy() & ~drawn
    for mask, low, high, colour in (
        (drawn, "shrunken_low", "shrunken_high", BLUE),
        (alone, "conf_low", "conf_high", VERMILION),
    ):
        ends = own.loc[mask, [low, high]].clip(*REACH)
        ax.hlines(at[mask], ends[low], ends[high], color=colour, lw=1.1)
        for end, sign, mark in ((low, -1, "<"), (high, 1, ">")):
            cut = mask & (sign * own[end].to_numpy(float) > REACH[1])
            ax.plot(
                np.full(int(cut.sum()), sign * REACH[1]),
                at[cut],
                mark,
                color=colour,
                ms=2.5,
                clip_on=False,
            )
    # an estimate outside the range has no mark: only the arrow of its interval is drawn
    ax.plot(
        own["estimate"].where(own["estimate"].abs() <= REACH[1]),
        at,
        "o",
        color=VERMILION,
        mfc="white",
        ms=3.8,
    )
    ax.plot(own["shrunken"].where(own["shrunken"].abs() <= REACH[1]), at, "s", color=BLUE, ms=3.2)
    for y in at[own["estimate"].isna().to_numpy()]:
        ax.text(
            0,
            y,
            "not est.",
            fontsize=NOTE - 0.6,
            color=GREY,
            ha="center",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )
