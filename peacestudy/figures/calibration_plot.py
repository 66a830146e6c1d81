"""Calibration and scores of out-of-sample predictions, with scores on permuted outcomes."""

from collections.abc import Iterable, Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    PALE,
    STYLE,
    VERMILION,
    canvas,
    clean_y,
    footnotes,
    note_height,
    title,
)

SCORES = {"auc": "area (AUC)", "brier": "Brier score", "log_score": "log score"}
MARKS = (("o", BLUE), ("s", VERMILION), ("D", INK))


def calibration(
    scores: pd.DataFrame,
    predictions: pd.DataFrame,
    names: Mapping[str, str],
    heading: str,
    notes: Iterable[str] = (),
) -> Figure:
    """Draw calibration by fifths, and the scores with what permuted outcomes give.

    Parameters
    ----------
    scores : ``model, split, score, value, permuted_mean, permuted_low, permuted_high, p_value``.
    predictions : ``model, split, probability, outcome``.
    names : names of the models, in the order drawn.
    heading, notes : text above and below.
    """
    notes = list(notes)
    with mpl.rc_context(STYLE):
        height = 4.5 + note_height(notes)
        fig = canvas(height)
        title(
            fig,
            heading,
            "Left: observed share by fifths of predicted probability. Right: scores (dots) and the"
            " middle 90 % of permuted outcomes (grey)",
        )
        foot = footnotes(fig, notes)
        splits = predictions["split"].drop_duplicates().tolist()
        room = (1 - foot - 1.0 / height) / len(splits)
        for i, split in enumerate(splits):
            bottom = 1 - 0.5 / height - (i + 1) * room + 0.1 / height
            ax = fig.add_axes((0.075, bottom, 0.25, room - 0.42 / height))
            _fifths(ax, predictions[predictions["split"] == split], names, i == len(splits) - 1)
            one = predictions[
                (predictions["split"] == split) & (predictions["model"] == next(iter(names)))
            ]
            ax.set_title(
                f"{split}: {len(one)} cases, {int(one['outcome'].sum())} at peace", fontsize=8
            )
            for j, score in enumerate(SCORES):
                own = (
                    scores[(scores["split"] == split) & (scores["score"] == score)]
                    .set_index("model")
                    .reindex(list(names))
                )
                right = fig.add_axes((0.485 + 0.178 * j, bottom, 0.135, room - 0.42 / height))
                _scores(right, own, SCORES[score], list(names.values()) if j == 0 else None)
        return fig


def _fifths(ax: Axes, part: pd.DataFrame, names: Mapping[str, str], last: bool) -> None:
    ax.plot([0, 1], [0, 1], color=GREY, lw=0.7, ls=":")
    for (model, name), (mark, colour) in zip(names.items(), MARKS, strict=False):
        own = part[part["model"] == model].sort_values(["probability", "case"])
        groups = np.array_split(np.arange(len(own)), 5)
        x = [own["probability"].iloc[g].mean() for g in groups]
        y = [own["outcome"].iloc[g].mean() for g in groups]
        ax.plot(
            x,
            y,
            mark + "-",
            color=colour,
            ms=3.5,
            lw=0.8,
            label=name,
            mfc="white" if mark == "s" else colour,
        )
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.set_yticks([0, 0.5, 1])
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_ylabel("observed share")
    if last:
        ax.set_xlabel("predicted probability")
    else:
        ax.legend(loc="upper left", fontsize=6.3, handlelength=1.2)


def _scores(ax: Axes, own: pd.DataFrame, name: str, labels: list[str] | None) -> None:
    y = np.arange(len(own))
    ax.barh(
        y,
        own["permuted_high"] - own["permuted_low"],
        left=own["permuted_low"],
        color=PALE,
        height=0.5,
    )
    ax.plot(own["permuted_mean"], y, "|", color=GREY, ms=9)
    ax.plot(own["value"], y, "o", color=BLUE, ms=4.5)
    for row, value, share in zip(y, own["value"], own["p_value"], strict=True):
        ax.text(
            value,
            row - 0.33,
            f"{value:.2f} (p {share:.3f})" if share > 0 else f"{value:.2f} (p < .005)",
            fontsize=6,
            ha="center",
            va="bottom",
        )
    low, high = ax.get_xlim()
    ax.set_xlim(low - 0.25 * (high - low), high + 0.25 * (high - low))
    clean_y(ax, labels or [""] * len(own))
    ax.set_ylim(len(own) - 0.5, -0.75)
    ax.set_title(name, fontsize=7.5)
    low, high = ax.get_xlim()
    ax.set_xticks([t for t in MaxNLocator(3).tick_values(low, high) if low < t < high])
