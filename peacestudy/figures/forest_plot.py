"""Forest plot: odds ratios with intervals, tests, and smallest detectable effects."""

from collections.abc import Iterable, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.errors import SpecError
from peacestudy.figures.theme import (
    BLUE,
    GREY,
    INK,
    PALE,
    STYLE,
    canvas,
    clean_y,
    footnotes,
    note_height,
    title,
)
from peacestudy.models import Fit
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.missing import PooledFit

COLUMNS = ["label", "odds_ratio", "conf_low", "conf_high", "p_value"]


def forest(
    fits: Fit | PooledFit | Sequence[Fit | PooledFit] | pd.DataFrame,
    heading: str | None = None,
    subtitle: str = "",
    notes: Iterable[str] = (),
) -> Figure:
    """Draw odds ratios (or hazard or rate ratios) with 95 % intervals.

    Parameters
    ----------
    fits : Fit, PooledFit, sequence of them or DataFrame
        Fits whose terms are logs of odds, hazards or rates; all terms but the intercept, cut
        points, alpha and standard deviations of groups are drawn. Or a table with ``label,
        odds_ratio, conf_low, conf_high, p_value`` and, optionally, ``p_adjusted``, ``detectable``
        (smallest odds ratio detectable with this N) and ``comparison, comparison_low,
        comparison_high`` (the estimate of another model, drawn hollow).
    heading : str, optional
        Title; None names the ratio.
    subtitle : str
        Line below the title.
    notes : iterable of str
        Text below the figure. The notes of fits are added.

    Returns
    -------
    Figure
        A matplotlib figure.

    Raises
    ------
    SpecError
        The table has no rows, or lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "label": ["Mediation", "Aid"],
    ...         "odds_ratio": [1.8, 0.9],
    ...         "conf_low": [1.1, 0.5],
    ...         "conf_high": [2.9, 1.6],
    ...         "p_value": [0.02, 0.71],
    ...     }
    ... )
    >>> figure = ps.figures.forest(table, heading="Odds ratios of lasting peace")
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['Mediation', 'Aid']
    """
    ratio = "odds ratio"
    if isinstance(fits, pd.DataFrame):
        table = fits
    else:
        each = [fits] if isinstance(fits, Fit | PooledFit) else list(fits)
        table = _terms(each)
        measures = {engine_of(f.spec).effect for f in each}
        ratio = measures.pop() if len(measures) == 1 else "ratio"
        notes = [
            *notes,
            *(f"{f.spec.name}: N {f.n}{_events(f)}. " + " ".join(map(str, f.notes)) for f in each),
        ]
    absent = [c for c in COLUMNS if c not in table.columns]
    if absent or table.empty:
        raise SpecError(
            f"a forest needs rows with the columns {', '.join(COLUMNS)};"
            f" {', '.join(absent) or 'rows'} are missing."
        )
    with mpl.rc_context(STYLE):
        return _draw(
            table.reset_index(drop=True),
            heading or f"{ratio.capitalize()}s",
            subtitle,
            list(notes),
            ratio,
        )


def _events(fit: Fit | PooledFit) -> str:
    return "" if fit.n_events is None else f", {fit.n_events} events"


def _slopes(fit: Fit | PooledFit) -> tuple[str, ...]:
    return fit.slopes if isinstance(fit, PooledFit) else fit.design.names


def _terms(fits: Sequence[Fit | PooledFit]) -> pd.DataFrame:
    parts = []
    for f in fits:
        part = f.tidy(exponentiate=True).rename(columns={"estimate": "odds_ratio"})
        part = part.iloc[: len(_slopes(f))]
        part = part[part["term"] != "Intercept"]
        parts.append(
            part.assign(label=part["term"] if len(fits) == 1 else f.spec.name + ": " + part["term"])
        )
    return pd.concat(parts, ignore_index=True)


def _draw(t: pd.DataFrame, heading: str, subtitle: str, notes: list[str], ratio: str) -> Figure:
    height = 1.55 + 0.27 * len(t) + note_height(notes)
    fig = canvas(height)
    title(fig, heading, subtitle)
    foot = footnotes(fig, notes)
    ax = fig.add_axes((0.185, foot + 0.52 / height, 0.435, 1 - foot - 1.2 / height))
    y = np.arange(len(t))
    compared = "comparison" in t
    up = -0.13 if compared else 0.0
    if "detectable" in t:
        for row, least in zip(y, t["detectable"], strict=True):
            ax.fill_betweenx(
                [row - 0.38, row + 0.38], 1 / least, least, color=PALE, alpha=0.55, lw=0, zorder=0
            )
    ax.axvline(1, color=GREY, lw=0.8, zorder=1)
    ax.hlines(y + up, t["conf_low"], t["conf_high"], color=INK, lw=1.3, zorder=2)
    ax.plot(t["odds_ratio"], y + up, "o", color=BLUE, ms=5.5, zorder=3)
    if compared:
        ax.hlines(
            y + 0.2,
            t["comparison_low"],
            t["comparison_high"],
            color=GREY,
            lw=0.9,
            ls=(0, (3, 1.5)),
            zorder=2,
        )
        ax.plot(t["comparison"], y + 0.2, "s", mfc="white", mec=GREY, ms=4, zorder=3)
    ax.set_xscale("log")
    _ticks(ax, t)
    clean_y(ax, t["label"].tolist())
    ax.set_xlabel(
        "odds ratio of lasting peace, log scale" if "detectable" in t else f"{ratio}, log scale"
    )
    _columns(fig, ax, t, ratio)
    return fig


def _ticks(ax: mpl.axes.Axes, t: pd.DataFrame) -> None:
    ends = t[
        [
            c
            for c in ("conf_low", "conf_high", "comparison_low", "comparison_high", "detectable")
            if c in t
        ]
    ].replace([np.inf, 0], np.nan)
    low, high = (
        float(min(ends.min().min(), 1 / ends.max().max() if "detectable" in t else 1)),
        float(ends.max().max()),
    )
    low, high = max(low / 1.12, 1e-3), min(high * 1.12, 1e3)
    marks = [
        m
        for m in (0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000)
        if low <= m <= high
    ]
    ax.set_xlim(low, high)
    ax.set_xticks(marks, [f"{m:g}" for m in marks])
    ax.minorticks_off()


def _columns(fig: Figure, ax: mpl.axes.Axes, t: pd.DataFrame, ratio: str) -> None:
    """Numbers at the right of the rows."""
    shown = [
        f"{o:.2f} [{a:.2f}, {b:.2f}]"
        for o, a, b in zip(t["odds_ratio"], t["conf_low"], t["conf_high"], strict=True)
    ]
    short = {"odds ratio": "OR", "hazard ratio": "HR", "rate ratio": "IRR"}.get(ratio, "ratio")
    columns = [(f"{short} [95 %]", 1.03, shown)]
    for head, x, name in (
        ("p", 1.47, "p_value"),
        ("Holm", 1.60, "p_adjusted"),
        ("perm.", 1.73, "p_permutation"),
    ):
        if name in t:
            columns.append((head, x, [p_text(p) for p in t[name]]))
    blend = ax.get_yaxis_transform()
    for head, x, cells in columns:
        ax.text(x, -0.85, head, transform=blend, fontsize=7.2, fontweight="bold", va="center")
        for row, text in enumerate(cells):
            ax.text(x, row, text, transform=blend, fontsize=7.2, va="center")
