"""Conditional effects: what a variable does at each value of its moderator, beside the cases that are there.

Sources: Brambor, Clark and Golder (2006), Political Analysis 14(1) (effects over the moderator's range, not the product's p value);
Ai and Norton (2003), Economics Letters 80(1) (on the scale of probabilities the product's coefficient is not the interaction: two
effects are compared); Hainmueller, Mummolo and Xu (2019), Political Analysis 27(2) (common support).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.interpretation.effect_notes import said_of
from peacestudy.models.interpretation.effect_rows import effect_rows, set_to
from peacestudy.models.interpretation.effect_scale import scale_of
from peacestudy.models.interpretation.effect_table import by_delta, by_simulation, check_interval
from peacestudy.models.interpretation.effect_terms import (
    Asked,
    EffectTerm,
    changed,
    comparison_terms,
    pairs_of,
    slope_terms,
)
from peacestudy.models.interpretation.moderator_support import SUPPORT, Moderator, moderator_of, support_at
from peacestudy.models.interpretation.quantities import Contrast
from peacestudy.models.interpretation.slopes import derivative
from peacestudy.models.result import Fit

BEYOND = ("tell", "refuse")
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]
SAME = 1e-9  # of the largest change of a column, within which a variable changes the linear predictor alike everywhere


def conditional_effects(
    fit: Fit,
    data: StudyFrame | pd.DataFrame,
    variable: str,
    change: Any,
    moderator: str,
    values: Sequence[Any] | str,
    *,
    near: float | None,
    fewest: int,
    difference: tuple[Any, Any] | None = None,
    at: Mapping[str, Any] | None = None,
    scale: str | None = None,
    horizon: float | None = None,
    interval: str = "delta",
    draws: int | None = None,
    seed: int | None = None,
    level: float = 0.95,
    beyond: str = "tell",
) -> pd.DataFrame:
    """The effect of a variable at values of its moderator, with the cases that are near each.

    Parameters
    ----------
    fit, data : a fit of any engine and the table that was fitted.
    variable : whose effect it is.
    change : ``slope``, or what ``effects`` compares: two values or categories ``(low, high)``, a step, ``sd``, ``iqr``, ``minmax``.
    moderator : the column that the effect may depend on.
    values : of the moderator, or ``observed``: all that the cases hold.
    near : how far from a value of the moderator a case still counts as near, in its unit; 0 takes the value alone, None is for categories.
    fewest : cases that must be near for a value to have support. Neither has a default.
    difference : two of the values; a last row has the effect at the second less that at the first, which is how an interaction is tested.
    at, scale, horizon, interval, draws, seed, level : as of ``effects``.
    beyond : ``tell``, values without support stand in the table with ``support`` False and the reason; ``refuse`` them.

    Returns
    -------
    DataFrame
        ``term, contrast, moderator, value, estimate, std_error, conf_low, conf_high, n, n_near, share, n_events, variable_low,
        variable_high, support, note``: a row a value (of ordered one a value and ``category``, which stands after ``contrast``),
        averaged over all ``n`` rows with the moderator held there. ``n_near`` cases are near, a ``share`` of all, ``n_events``
        of them with the event (of counts their sum); among them the variable goes from ``variable_low`` to ``variable_high``.
        ``support``: the value is within the moderator's range, enough cases are near, and among them the variable
        varies, and reaches both values compared. Intervals are pointwise. No row tests a product.

    Raises
    ------
    SpecError
        A column, value or word that does not exist; a moderator that is the variable.
    FitError
        A value without support, with ``beyond="refuse"``; what ``effects`` refuses.

    Examples
    --------
    >>> import numpy as np
    >>> from peacestudy.models.fit import fit as fit_model
    >>> from peacestudy.models.spec import ModelSpec
    >>> d = pd.DataFrame({"x": np.tile([0.0, 1, 2], 4), "m": np.repeat([0, 1, 2, 5], 3)}).assign(y=lambda t: t.x * t.m + t.x % 2)
    >>> found = fit_model(d, ModelSpec("m", "y ~ x*m", "linear", "classical"))
    >>> table = conditional_effects(found, d, "x", "slope", "m", [0, 2, 4], near=0.5, fewest=3)
    >>> table[["value", "estimate", "n_near", "support"]].round(6).values.tolist()
    [[0.0, 0.0, 3, True], [2.0, 2.0, 3, True], [4.0, 4.0, 0, False]]
    """
    if not isinstance(fit, Fit):
        raise SpecError(
            f"conditional_effects takes a Fit, not a {type(fit).__name__}: effects with at= takes a PooledFit."
        )
    if beyond not in BEYOND:
        raise SpecError(one_of("beyond", beyond, BEYOND))
    if variable == moderator or moderator in (at or {}):
        raise SpecError(f"{moderator!r} is the moderator; it can be neither the variable nor held at another value.")
    found = scale_of(fit, scale, horizon)
    check_interval(fit, found, interval, draws, seed, level)
    asked = Asked(fit, effect_rows(fit, data, "fit"), found, horizon, "fit")
    m = moderator_of(asked.rows, moderator, values, near, fewest)
    by_value = [_terms(asked, variable, change, {**(at or {}), moderator: v}) for v in m.values]
    support = support_at(fit, asked.rows, m, variable, _ends(asked, variable, change))
    if beyond == "refuse" and not support["support"].all():
        bad = support[~support["support"]]
        first = bad.index[0]
        raise FitError(
            f"{len(bad)} of {len(support)} values of {moderator!r} have no support; at {m.values[first]}: {bad['why'][first]}. Leave them "
            "out, or write beyond='tell'."
        )
    said = [_straight(asked, m, variable, change), said_of(asked, at)]
    if difference is not None:
        by_value, support = _with_difference(m, by_value, support, difference)
    terms = [t for each in by_value for t in each]
    if interval == "delta":
        table = by_delta(fit, found, terms, level)
    else:
        assert draws is not None and seed is not None
        table = by_simulation(fit, found, terms, level, draws, seed)
    value = pd.Series([*m.values, *([np.nan] if difference is not None else [])])
    of = np.repeat(np.arange(len(by_value)), len(asked.categories))  # the value of the moderator of each row
    support = support.iloc[of].reset_index(drop=True)
    notes = [_joined(w, n, *said) for w, n in zip(support["why"], table["note"], strict=True)]
    out = table[[c for c in ("term", "contrast", "category") if c in table]]
    out = out.assign(moderator=moderator, value=value.iloc[of].to_numpy())
    return pd.concat([out, table[[*NUMBERS, "n"]], support[SUPPORT]], axis=1).assign(note=notes)


def _terms(asked: Asked, variable: str, change: Any, profile: Mapping[str, Any]) -> list[EffectTerm]:
    """The effect at a value of the moderator, of every category where the outcome is ordered."""
    if isinstance(change, str) and change == "slope":
        found = list(slope_terms(asked, [variable], profile))
    else:
        found = list(comparison_terms(asked, {variable: change}, profile, "difference"))
    if len(found) > len(asked.categories):
        raise SpecError(
            f"change {change!r} and the values held make {len(found) // len(asked.categories)} effects at each value of the moderator; "
            "write two categories, and one value a column."
        )
    return found


def _joined(*said: str) -> str:
    """Sentences, each once."""
    return "; ".join(dict.fromkeys(part for text in said for part in text.split("; ") if part))


def _ends(asked: Asked, variable: str, change: Any) -> tuple[Any, Any] | None:
    """The two values compared, the same for all rows; None for slopes and steps."""
    if isinstance(change, str) and change in ("slope", "sd"):
        return None
    low, high, label = pairs_of(asked.rows, variable, change)[0]
    if not label:
        return low, high
    return (float(low[0]), float(high[0])) if change in ("iqr", "minmax") else None


def _with_difference(
    m: Moderator, by_value: list[list[EffectTerm]], support: pd.DataFrame, difference: tuple[Any, Any]
) -> tuple[list[list[EffectTerm]], pd.DataFrame]:
    if len(difference) != 2 or difference[0] == difference[1] or any(v not in m.values for v in difference):
        raise SpecError(f"difference is {difference!r}; write two of the values of {m.column!r}.")
    low, high = (m.values.index(v) for v in difference)
    text = f"at {m.column} = {difference[1]} less at {difference[0]}"
    both = [
        replace(above, contrast=f"{above.contrast}, {text}", quantity=Contrast(above.quantity, below.quantity))
        for above, below in zip(by_value[high], by_value[low], strict=True)
    ]
    ends = support.loc[[low, high]]
    why = "; ".join(f"at {v}: {w}" for v, w in zip(difference, ends["why"], strict=True) if w)
    row = pd.DataFrame([dict.fromkeys(SUPPORT, np.nan) | {"n_near": pd.NA, "support": not why, "why": why}])
    return [*by_value, both], pd.concat([support, row.astype({"n_near": "Int64"})], ignore_index=True)


def _straight(asked: Asked, m: Moderator, variable: str, change: Any) -> str:
    """A sentence where nothing in the formula lets the effect depend on the moderator."""
    if len(m.values) < 2:
        return ""
    found = []
    for value in (m.values[0], m.values[-1]):
        table = set_to(asked.rows, {m.column: value})
        if isinstance(change, str) and change == "slope":
            found.append(derivative(asked.rows, table, variable))
        else:
            _, below, above, _ = next(changed(asked.rows, table, variable, change, "difference"))
            found.append(asked.rows.matrix(above) - asked.rows.matrix(below))
    size = np.abs(found).max()
    if np.abs(found[0] - found[1]).max() > SAME * size:
        return ""
    return (
        f"the formula has no product of {variable} and {m.column}: what differs comes from the shape of the link alone"
    )
