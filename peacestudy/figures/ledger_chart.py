"""Ledger and coverage: the fate of every row, and the context values of the remaining cases."""

import textwrap
from collections.abc import Hashable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.frame import StudyFrame
from peacestudy.core.ledger import Ledger
from peacestudy.errors import SpecError
from peacestudy.figures.theme import (
    INK,
    NAMES,
    PALE,
    STYLE,
    canvas,
    footnotes,
    note_height,
    pretty,
    title,
)

STEP_WIDTH = 34  # characters of the name of a step beside its bar
# kind of gap -> grey and hatch, distinct in print
KINDS = {
    "value": ("#4d4d4d", ""),
    "outside coverage": ("#bdbdbd", ""),
    "special code": ("white", "//////"),
    "no value in the source": ("white", "......"),
    "several governments": ("white", "xxxxxx"),
    "no such state": ("white", "++++++"),
}


def ledger(steps: pd.DataFrame, coverage: pd.DataFrame, heading: str, notes: list[str]) -> Figure:
    """Draw the rows in and out of every step, and below it the coverage of every context variable.

    Parameters
    ----------
    steps : DataFrame
        The table of a ledger: ``step, kind, unit, rows_in, rows_out, left_out, unmatched,
        other_rows, other_unmatched, why``.
    coverage : DataFrame
        ``variable, kind, cases``: the number of cases by variable and kind, which is ``value`` or
        the reason why there is none.
    heading : str
        Title.
    notes : list of str
        Text below the figure.

    Returns
    -------
    Figure
        A matplotlib figure with two axes: coverage first, then the steps.

    Raises
    ------
    KeyError
        A table lacks one of these columns.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20]})
    >>> frame = ps.join(
    ...     cases, pd.DataFrame({"state": [2], "gdp": [1.0]}), on="state", name="income"
    ... )
    >>> coverage = pd.DataFrame(
    ...     {"variable": ["gdp", "gdp"], "kind": ["value", "no such state"], "cases": [1, 1]}
    ... )
    >>> figure = ps.figures.ledger(frame.ledger.table(), coverage, "Rows and coverage", [])
    >>> figure.axes[1].get_title(loc="left")
    'Rows kept (dark), filled (hatched), and left out or unmatched (pale)'
    """
    with mpl.rc_context(STYLE):
        order = list(NAMES)
        variables = sorted(
            coverage["variable"].unique(),
            key=lambda v: order.index(v) if v in order else len(order),
        )
        height = 2.0 + 0.42 * len(steps) + 0.17 * len(variables) + note_height(notes)
        fig = canvas(height)
        title(fig, heading)
        foot = footnotes(fig, notes)
        lower = 0.17 * len(variables) / height
        below = fig.add_axes((0.29, foot + 0.46 / height, 0.68, lower))
        above = fig.add_axes((0.29, foot + 1.30 / height + lower, 0.68, 0.42 * len(steps) / height))
        _steps(above, steps)
        _coverage(below, coverage, variables)
    return fig


def rows(
    frame: StudyFrame | Ledger,
    heading: str = "What happened to every row",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw the flow of rows of any frame: in, kept, left out and unmatched at every step.

    Parameters
    ----------
    frame : StudyFrame or Ledger
        The joined cases, or a ledger.
    heading : str
        Title.
    notes : sequence of str
        Text below the figure; the notes of a frame are added.

    Returns
    -------
    Figure
        A matplotlib figure with a bar a step.

    Raises
    ------
    SpecError
        The ledger has no step, or ``frame`` is neither a StudyFrame nor a Ledger.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20]})
    >>> frame = ps.join(cases, pd.DataFrame({"state": [2], "peace": [1]}), on="state", name="peace")
    >>> figure = ps.figures.rows(frame)
    >>> figure.axes[0].get_yticklabels()[0].get_text().splitlines()
    ['join peace', '(cases)']
    """
    if not isinstance(frame, StudyFrame | Ledger):
        raise SpecError(f"rows takes a StudyFrame or its ledger, not a {type(frame).__name__}.")
    ledger_of = frame.ledger if isinstance(frame, StudyFrame) else frame
    steps = ledger_of.table()
    if steps.empty:
        raise SpecError("the ledger has no step: nothing has been joined or left out yet.")
    all_notes = [*notes, *([str(n) for n in frame.notes] if isinstance(frame, StudyFrame) else [])]
    with mpl.rc_context(STYLE):
        height = 0.9 + 0.42 * len(steps) + note_height(all_notes)
        fig = canvas(height)
        title(fig, heading)
        foot = footnotes(fig, all_notes)
        _steps(fig.add_axes((0.29, foot + 0.10 / height, 0.68, 0.42 * len(steps) / height)), steps)
    return fig


def _steps(ax: mpl.axes.Axes, steps: pd.DataFrame) -> None:
    """A bar a step, as a share of the rows of its unit at the start."""
    ax.set_xlim(0, 1)
    first: dict[str, float] = {}
    before = ""
    for y, row in enumerate(steps.to_dict("records")):
        anew = row["kind"] in ("gather", "spread")  # rows of another unit
        full = max(1, first.setdefault(row["unit"], row["rows_out"] if anew else row["rows_in"]))
        ax.barh(y - 0.17, 1.0 if anew else row["rows_in"] / full, height=0.36, color=PALE)
        found = (row["rows_out"] - row["unmatched"]) / full
        ax.barh(y - 0.17, found, height=0.36, color="#4d4d4d")
        if row.get("filled"):
            ax.barh(
                y - 0.17,
                row["filled"] / full,
                left=found,
                height=0.36,
                color=PALE,
                hatch="//////",
                edgecolor=INK,
                lw=0.4,
            )
        said = "\n".join(textwrap.wrap(_said(row, before), 106))
        ax.text(0, y + 0.05, said, fontsize=6.4, va="top", color=INK, linespacing=1.15)
        before = row["unit"]
    labels = []
    for step, unit in zip(steps["step"], steps["unit"], strict=True):
        labels.append("\n".join([*textwrap.wrap(str(step), STEP_WIDTH), f"({unit}s)"]))
    ax.set_yticks(np.arange(len(steps)) - 0.1, labels, fontsize=6.9)
    ax.set_ylim(len(steps) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xticks([])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_title("Rows kept (dark), filled (hatched), and left out or unmatched (pale)")


def _said(row: dict[Hashable, Any], before: str) -> str:
    rows = f"{row['rows_in']:.0f} in, {row['rows_out']:.0f} out"
    if row["kind"] in ("join", "window"):
        filled = f", {row['filled']:.0f} of them filled" if row.get("filled") else ""
        return (
            f"{rows}; unmatched {row['unmatched']:.0f}{filled}; other table {row['other_rows']:.0f}"
            f" rows, unmatched {row['other_unmatched']:.0f}"
        )
    if row["kind"] in ("gather", "spread"):
        return (
            f"{row['rows_in']:.0f} {before or 'row'}s become {row['rows_out']:.0f} {row['unit']}s:"
            f" {row['why']}"
        )
    return f"{rows}, {row['left_out']:.0f} left out: {row['why']}"


def _coverage(ax: mpl.axes.Axes, coverage: pd.DataFrame, variables: list[str]) -> None:
    left = np.zeros(len(variables))
    counts = (
        coverage.groupby(["variable", "kind"])["cases"]
        .sum()
        .unstack(fill_value=0)
        .reindex(variables)
    )
    for kind, (colour, hatch) in KINDS.items():
        if kind not in counts:
            continue
        n = counts[kind].to_numpy(dtype=float)
        ax.barh(
            np.arange(len(variables)),
            n,
            left=left,
            height=0.7,
            color=colour,
            hatch=hatch,
            edgecolor=INK,
            lw=0.4,
            label=kind,
        )
        left = left + n
    for y, total in enumerate(counts["value"]):
        ax.text(left[y] * 0.008, y, f"{total:.0f}", fontsize=6.6, va="center", color="white")
    ax.set_yticks(range(len(variables)), [pretty(v) for v in variables], fontsize=6.9)
    ax.set_ylim(len(variables) - 0.5, -0.5)
    ax.set_xlim(0, left.max())
    ax.set_xticks([tick for tick in ax.get_xticks() if tick <= left.max()])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("cases of the primary sample")
    ax.set_title("Values of context, and reasons for missing values", pad=17)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 0.985),
        ncols=6,
        fontsize=6.4,
        handlelength=1.4,
        columnspacing=0.9,
        borderpad=0.1,
    )
