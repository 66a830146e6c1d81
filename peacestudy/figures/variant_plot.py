"""The finding under every variant: a row a variant, a column a term."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    NOTE,
    PALE,
    STYLE,
    canvas,
    footnotes,
    note_height,
    title,
)

LIMITS = 0.08, 25.0  # range of odds ratios drawn; an interval that leaves it ends in an arrow
PANELS = 4  # of readings, side by side
ALPHA = 0.05  # p below which a mark is filled: by permutation, or by Holm where there is none


def variants(
    table: pd.DataFrame,
    terms: Sequence[tuple[str, str, str]],
    heading: str,
    subtitle: str,
    notes: Iterable[str] = (),
    axis: str = "ratio of peace per sd, log scale",
    numbers: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Draw the declared terms under every variant.

    Parameters
    ----------
    table : the result ``variants``.
    terms : (spec, term, name) of each column of the figure, two at most.
    heading, subtitle, notes : text above and below.
    axis : what the ratios are of.
    numbers : two that stand at the right of a term, by its name: ``N/events``, ``Holm``, ``perm.``,
        or the id of a joint test, whose p in the family is printed.
    """
    notes = list(notes)
    order = table[["variant", "label", "group"]].drop_duplicates("variant").reset_index(drop=True)
    groups = order["group"].ne(order["group"].shift()).cumsum()
    y = np.arange(len(order)) + 0.7 * (groups.to_numpy() - 1)
    with mpl.rc_context(STYLE):
        height = 1.2 + 0.172 * (y[-1] + 1) + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        box = foot + 0.42 / height, 1 - foot - 1.02 / height
        for i, (spec, term, name) in enumerate(terms):
            part = (
                table[(table["spec"] == spec) & (table["term"] == term)]
                .set_index("variant")
                .reindex(order["variant"])
            )
            ax = fig.add_axes((0.294 + 0.345 * i, box[0], 0.23, box[1]))
            _column(ax, part, y, name)
            ax.set_xlabel(axis)
            chosen = (numbers or {}).get(term, _usual_numbers(part))
            _numbers(ax, {head: _cells(table, part, head) for head in chosen}, y)
            if i == 0:
                _labels(ax, order, y)
        return fig


def readings(
    table: pd.DataFrame,
    terms: Sequence[tuple[str, str, str]],
    heading: str,
    subtitle: str,
    notes: Iterable[str] = (),
) -> Figure:
    """Draw every term under the variants of a table, a panel a term.

    Parameters
    ----------
    table : rows of the result ``variants``, the declared ones first.
    terms : (spec, term, name) of each panel.
    heading, subtitle, notes : text above and below.
    """
    notes = list(notes)
    order = table[["variant", "label"]].drop_duplicates("variant")
    rows = -(-len(terms) // PANELS)
    y = np.arange(len(order), dtype=float)
    with mpl.rc_context(STYLE):
        panel = 0.55 + 0.15 * len(order)
        height = 0.75 + rows * panel + note_height(notes)
        fig = canvas(height)
        title(fig, heading, subtitle)
        foot = footnotes(fig, notes)
        for i, (spec, term, name) in enumerate(terms):
            part = table[(table["spec"] == spec) & (table["term"] == term)]
            part = part.set_index("variant").reindex(order["variant"])
            down, across = divmod(i, PANELS)
            bottom = foot + (0.4 + panel * (rows - 1 - down)) / height
            box = (0.395 + 0.152 * across, bottom, 0.135, (panel - 0.55) / height)
            ax = fig.add_axes(box)
            _ratios(ax, part, y, part["p_family"].fillna(part["p_value"]) < ALPHA)
            ax.set_xticks([0.1, 0.5, 1, 2, 10], ["0.1", "", "1", "", "10"])
            ax.set_ylim(y[-1] + 0.6, -0.6)
            ax.set_title(name, fontsize=7.5, fontweight="bold")
            if across == 0:
                ax.set_yticks(y, order["label"])
                ax.tick_params(axis="y", length=0, labelsize=NOTE)
        return fig


def _column(ax: Axes, part: pd.DataFrame, y: np.ndarray, name: str) -> None:
    ax.patch.set_visible(False)  # numbers of the panel to the left reach here
    significant = part["p_permutation"].fillna(part["p_family"]).fillna(part["p_value"]) < ALPHA
    _ratios(ax, part, y, significant)
    ax.set_xticks([0.1, 0.25, 0.5, 1, 2, 4, 10], ["0.1", "", "0.5", "1", "2", "4", "10"])
    ax.set_ylim(y[-1] + 0.7, -1.1)
    ax.set_title(name, fontsize=8, fontweight="bold")


def _ratios(ax: Axes, part: pd.DataFrame, y: np.ndarray, significant: "pd.Series[bool]") -> None:
    """The ratios of one term with their intervals, the first row's interval as a band."""
    ratio = np.exp(part[["log_odds", "log_odds_low", "log_odds_high"]].astype(float).to_numpy())
    ax.axvline(1, color=GREY, lw=0.8, zorder=1)
    ax.axvspan(ratio[0, 1], ratio[0, 2], color=PALE, alpha=0.5, lw=0, zorder=0)
    for row, (middle, low, high), filled, measure in zip(
        y, ratio, significant, part["measure"], strict=True
    ):
        if not np.isfinite(middle):
            ax.text(
                1,
                row,
                "not fitted",
                fontsize=6.5,
                va="center",
                ha="center",
                color=GREY,
                backgroundcolor="white",
            )
            continue
        ax.plot([max(low, LIMITS[0]), min(high, LIMITS[1])], [row, row], color=INK, lw=1, zorder=2)
        shape = {"odds ratio": "o", "hazard ratio": "D"}.get(str(measure), "s")
        if LIMITS[0] < middle < LIMITS[1]:
            ax.plot(middle, row, shape, mfc=BLUE if filled else "white", mec=BLUE, ms=4, zorder=3)
        for end, mark, out in (
            (LIMITS[0], "<", low < LIMITS[0]),
            (LIMITS[1], ">", high > LIMITS[1]),
        ):
            if out:
                ax.plot(end, row, mark, color=INK, ms=2.5, zorder=3, clip_on=False)
    ax.set_xscale("log")
    ax.set_xlim(*LIMITS)
    ax.minorticks_off()
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _usual_numbers(part: pd.DataFrame) -> tuple[str, str]:
    return ("N/events" if part["p_family"].isna().all() else "Holm", "perm.")


def _cells(table: pd.DataFrame, part: pd.DataFrame, head: str) -> list[str]:
    """The texts of a column of numbers, a row a variant."""
    if head == "N/events":
        sizes = zip(part["n"], part["n_events"], strict=True)
        return [
            "" if pd.isna(n) else f"{n:.0f}" if pd.isna(k) else f"{n:.0f}/{k:.0f}" for n, k in sizes
        ]
    p_columns = {"Holm": "p_family", "perm.": "p_permutation"}
    if head in p_columns:
        return [p_text(p) for p in part[p_columns[head]]]
    joint = table[table["hypothesis"] == head].set_index("variant")["p_family"]
    return [p_text(p) for p in joint.reindex(part.index)]


def _numbers(ax: Axes, columns: Mapping[str, list[str]], y: np.ndarray) -> None:
    """Two columns of numbers at the right."""
    blend = ax.get_yaxis_transform()
    second = 1.34 if "N/events" in columns else 1.24
    for x, (head, cells) in zip((1.04, second), columns.items(), strict=True):
        ax.text(x, -0.95, head, transform=blend, fontsize=NOTE, fontweight="bold")
        for row, text in zip(y, cells, strict=True):
            ax.text(x, row, text, transform=blend, fontsize=NOTE, va="center")


def _labels(ax: Axes, order: pd.DataFrame, y: np.ndarray) -> None:
    blend = ax.get_yaxis_transform()
    for row, label, group, first in zip(
        y, order["label"], order["group"], order["group"].ne(order["group"].shift()), strict=True
    ):
        ax.text(-0.03, row, label, transform=blend, fontsize=7, va="center", ha="right")
        if first and group != label:
            ax.text(
                -1.25, row, group, transform=blend, fontsize=6.6, va="center", ha="left", color=GREY
            )
