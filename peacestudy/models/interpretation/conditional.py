"""Conditional effects: the effect of a variable at values of its moderator, with their support.

Sources: Brambor, Clark and Golder (2006), Political Analysis 14(1) (effects over the moderator's
range, not the product's p value); Ai and Norton (2003), Economics Letters 80(1) (on the scale of
probabilities the product's coefficient is not the interaction: two effects are compared);
Hainmueller, Mummolo and Xu (2019), Political Analysis 27(2) (common support).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import as_known, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.interpretation.effect_notes import said_of
from peacestudy.models.interpretation.effect_rows import (
    EffectRows,
    effect_rows,
    set_to,
    spelt_names,
)
from peacestudy.models.interpretation.effect_scale import scale_of
from peacestudy.models.interpretation.effect_table import (
    Effects,
    by_delta,
    by_simulation,
    check_interval,
)
from peacestudy.models.interpretation.effect_terms import (
    Asked,
    EffectTerm,
    changed,
    comparison_terms,
    pairs_of,
    slope_terms,
)
from peacestudy.models.interpretation.moderator_support import (
    SUPPORT,
    Moderator,
    moderator_of,
    support_at,
)
from peacestudy.models.interpretation.pooled_conditional import (
    AtValues,
    one_moderator,
    pooled_values,
)
from peacestudy.models.interpretation.pooled_effects import in_every_table
from peacestudy.models.interpretation.quantities import Contrast
from peacestudy.models.interpretation.slopes import derivative
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.result import Fit

BEYOND = ("tell", "refuse")
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]
# of the largest change of a column, within which a variable changes the linear predictor alike
# everywhere
SAME = 1e-9


@renamed_arguments(level="conf_level", fewest="min_cases")
def conditional_effects(
    fit: Fit | PooledFit,
    data: StudyFrame | pd.DataFrame | Imputed,
    variable: str,
    change: Any,
    moderator: str,
    values: Sequence[Any] | str,
    *,
    near: float | None,
    min_cases: int,
    difference: tuple[Any, Any] | None = None,
    at: Mapping[str, Any] | None = None,
    scale: str | None = None,
    horizon: float | None = None,
    interval: str = "delta",
    draws: int | None = None,
    seed: int | None = None,
    conf_level: float = 0.95,
    beyond: str = "tell",
) -> pd.DataFrame:
    """The effect of a variable at values of its moderator, with the cases near each value.

    Parameters
    ----------
    fit : Fit or PooledFit
        A fit of any engine. For a PooledFit the effect at each value is pooled by Rubin's rules.
    data : StudyFrame, DataFrame or Imputed
        The table that was fitted; for a PooledFit the Imputed.
    variable : str
        The column whose effect is estimated.
    change : str, number or tuple
        ``slope``, or a change as in ``effects``: two values or categories ``(low, high)``, a step,
        ``sd``, ``iqr`` or ``minmax``.
    moderator : str
        The column on which the effect may depend.
    values : sequence or "observed"
        Values of the moderator, or ``observed``: all values in the data.
    near : float or None
        How far from a value of the moderator a case still counts as near, in the unit of the
        moderator; 0 counts equal values only, None is for categories.
    min_cases : int
        Number of near cases that a value needs to have support. ``near`` and ``min_cases`` have no
        default.
    difference : tuple of two values, optional
        Adds a row with the effect at the second value less that at the first: the test of an
        interaction.
    at : mapping, optional
        As in ``effects``.
    scale : str, optional
        As in ``effects``.
    horizon : float, optional
        As in ``effects``.
    interval : {"delta", "simulation"}, optional
        As in ``effects``.
    draws : int, optional
        Number of draws of the simulation.
    seed : int, optional
        Seed of the simulation.
    conf_level : float, optional
        Confidence level of the intervals.
    beyond : {"tell", "refuse"}, optional
        Show values without support, with ``support`` False and the reason, or raise an error.

    Returns
    -------
    DataFrame
        ``term, contrast, moderator, value, estimate, std_error, conf_low, conf_high, n, n_near,
        share, n_events, variable_low, variable_high, support, note``: a row a value (ordered: a row
        a value and ``category``, which follows ``contrast``), averaged over all ``n`` rows with the
        moderator held at the value. ``n_near`` cases are near, a ``share`` of all, ``n_events`` of
        them with the event (of counts their sum); among them the variable ranges from
        ``variable_low`` to ``variable_high``. ``support`` is True if the value is within the range
        of the moderator, enough cases are near, and among them the variable varies and reaches both
        values compared. Intervals are pointwise. For a PooledFit a value has support if it has it
        in every completed table; counts are the lowest of the tables, the range is common to all;
        ``n_filled``, of the cases near in the table with most, had the moderator or the variable
        imputed; ``df`` and ``fmi`` are the last columns.

    Raises
    ------
    SpecError
        An unknown column, value or word; a moderator that is the variable.
    FitError
        A value without support, with ``beyond="refuse"``; otherwise as ``effects``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"x": np.tile([0.0, 1, 2], 4), "m": np.repeat([0, 1, 2, 5], 3)})
    >>> d["y"] = d.x * d.m + d.x % 2
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x*m", "linear", "classical"))
    >>> table = ps.models.conditional_effects(
    ...     fit, d, "x", "slope", "m", [1, 2, 4], near=0.5, min_cases=3
    ... )
    >>> table[["value", "estimate", "n_near", "support"]].round(6).values.tolist()
    [[1.0, 1.0, 3, True], [2.0, 2.0, 3, True], [4.0, 4.0, 0, False]]
    """
    _check_words(variable, moderator, at, beyond)
    names = _column_names(fit)
    request = _Request(
        variable=as_known(variable, names),
        change=change,
        moderator=as_known(moderator, names),
        values=values,
        near=near,
        min_cases=min_cases,
        difference=difference,
        at=as_known(at, names) or {},
        scale=scale,
        horizon=horizon,
        interval=interval,
        draws=draws,
        seed=seed,
        conf_level=conf_level,
    )
    if request.moderator in (request.variable, *request.at):
        raise SpecError(
            f"{request.moderator!r} is the moderator; it can be neither the variable nor held at"
            " another value."
        )
    if isinstance(fit, PooledFit) and isinstance(data, Imputed):
        found, m = request.of_imputed(fit, data)
    elif isinstance(fit, Fit) and isinstance(data, StudyFrame | pd.DataFrame):
        asked = request.asked_of(fit, data)
        m = request.moderator_in(asked.rows)
        found = request.at_values(asked, m, seed)
    else:
        raise SpecError(
            "conditional_effects takes a Fit and its data, or a PooledFit and what impute gave,"
            f" not a {type(fit).__name__} and a {type(data).__name__}."
        )
    if beyond == "refuse" and not found.support["support"].all():
        raise FitError(_without(found.support, m))
    return _laid_out(found, m, difference)


def _check_words(variable: str, moderator: str, at: Any, beyond: str) -> None:
    """Refuse arguments of another kind than the function takes."""
    if beyond not in BEYOND:
        raise SpecError(one_of("beyond", beyond, BEYOND))
    if at is not None and not isinstance(at, Mapping):
        raise SpecError(
            f"at is {at!r}; write the value of each column that is held, as {{'x': 0}}."
        )
    if not isinstance(variable, str) or not isinstance(moderator, str):
        raise SpecError(
            f"variable is {variable!r} and moderator {moderator!r}; each must be the name of a"
            " column."
        )


def _column_names(fit: Any) -> tuple[str, ...]:
    """Names of columns as the formula of a fit spells them."""
    if isinstance(fit, PooledFit):
        return spelt_names(fit.fits[0])
    return spelt_names(fit) if isinstance(fit, Fit) else ()


@dataclass(frozen=True)
class _Request:
    """The arguments of ``conditional_effects``, and the answer for one completed table."""

    variable: str
    change: Any
    moderator: str
    values: Sequence[Any] | str
    near: float | None
    min_cases: int
    difference: tuple[Any, Any] | None
    at: Mapping[str, Any]
    scale: str | None
    horizon: float | None
    interval: str
    draws: int | None
    seed: int | None
    conf_level: float

    def asked_of(self, fit: Fit, data: StudyFrame | pd.DataFrame) -> Asked:
        """The rows over which effects of a fit are averaged, and the scale of the effects."""
        scale = scale_of(fit, self.scale, self.horizon)
        check_interval(fit, scale, self.interval, self.draws, self.seed, self.conf_level)
        return Asked(fit, effect_rows(fit, data, "fit"), scale, self.horizon, "fit")

    def moderator_in(self, rows: EffectRows) -> Moderator:
        """The values of the moderator, with the cases near each."""
        return moderator_of(rows, self.moderator, self.values, self.near, self.min_cases)

    def at_values(self, asked: Asked, m: Moderator, seed: int | None) -> AtValues:
        """The effect at each value of the moderator, and the support of each value."""
        terms_at = []
        for value in m.values:
            profile = {**self.at, self.moderator: value}
            terms_at.append(_terms(asked, self.variable, self.change, profile))
        if self.difference is not None:
            terms_at.append(_difference(m, terms_at, self.difference))
        ends = _ends(asked, self.variable, self.change)
        support = support_at(asked.fit, asked.rows, m, self.variable, ends)
        computed = self._computed(asked, list(chain.from_iterable(terms_at)), seed)
        remarks = [_straight(asked, m, self.variable, self.change), said_of(asked, self.at or None)]
        notes = [_joined(note, *remarks) for note in computed.table["note"]]
        table = computed.table.assign(note=notes)
        return AtValues(replace(computed, table=table), support, asked.rows)

    def _computed(self, asked: Asked, terms: list[EffectTerm], seed: int | None) -> Effects:
        """Estimates and intervals of effects, by simulation where draws and seed are given."""
        if self.draws is not None and seed is not None:
            return by_simulation(asked.fit, asked.scale, terms, self.conf_level, self.draws, seed)
        return by_delta(asked.fit, asked.scale, terms, self.conf_level)

    def of_imputed(self, fit: PooledFit, data: Imputed) -> tuple[AtValues, Moderator]:
        """The pooled effects of completed tables, at the same values of the moderator in each."""
        parts = []
        for single, table, seed in in_every_table(fit, data, self.seed):
            parts.append((self.asked_of(single, table), seed))
        m = one_moderator([self.moderator_in(asked.rows) for asked, _ in parts])
        found = [self.at_values(asked, m, seed) for asked, seed in parts]
        simulated = self.seed is not None
        return pooled_values(fit, found, m, self.variable, self.conf_level, simulated), m


def _without(support: pd.DataFrame, m: Moderator) -> str:
    bad = support[~support["support"]]
    first = bad.index[0]
    return (
        f"{len(bad)} of {len(support)} values of {m.column!r} have no support; at"
        f" {m.values[first]}: {bad['why'][first]}. Leave them out, or write beyond='tell'."
    )


def _laid_out(found: AtValues, m: Moderator, difference: tuple[Any, Any] | None) -> pd.DataFrame:
    """The table as it is given: effects, then who is near; of an
    ordered outcome a row for every category.
    """
    support, table = found.support, found.effects.table
    if difference is not None:
        support = _with_difference(m, support, difference)
    value = np.array([*m.values, *([np.nan] if difference is not None else [])], dtype=object)
    # the value of the moderator of each row
    of = np.repeat(np.arange(len(support)), len(table) // len(support))
    support = support.iloc[of].reset_index(drop=True)
    notes = [_joined(w, n) for w, n in zip(support["why"], table["note"], strict=True)]
    out = table[[c for c in ("term", "contrast", "category") if c in table]]
    out = out.assign(moderator=m.column, value=pd.Series(value[of]).infer_objects().to_numpy())
    more = table[[c for c in ("df", "fmi") if c in table]]
    counted = support[[*SUPPORT, *(c for c in ("n_filled",) if c in support)]]
    out = pd.concat([out, table[[*NUMBERS, "n"]], counted], axis=1).assign(note=notes)
    return pd.concat([out, more], axis=1)


def _terms(
    asked: Asked, variable: str, change: Any, profile: Mapping[str, Any]
) -> list[EffectTerm]:
    """The effect at a value of the moderator, of every category where the outcome is ordered."""
    if isinstance(change, str) and change == "slope":
        found = list(slope_terms(asked, [variable], profile))
    else:
        found = list(comparison_terms(asked, {variable: change}, profile, "difference"))
    if len(found) > len(asked.categories):
        raise SpecError(
            f"change {change!r} and the values held make {len(found) // len(asked.categories)}"
            " effects at each value of the moderator; write two categories, and one value a"
            " column."
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


def _difference(
    m: Moderator, by_value: list[list[EffectTerm]], difference: tuple[Any, Any]
) -> list[EffectTerm]:
    """The effects at the second of two values less those at the first."""
    if (
        not isinstance(difference, list | tuple)
        or len(difference) != 2
        or difference[0] == difference[1]
        or any(v not in m.values for v in difference)
    ):
        raise SpecError(f"difference is {difference!r}; write two of the values of {m.column!r}.")
    low, high = (m.values.index(v) for v in difference)
    text = f"at {m.column} = {difference[1]} less at {difference[0]}"
    return [
        replace(
            above,
            contrast=f"{above.contrast}, {text}",
            quantity=Contrast(above.quantity, below.quantity),
        )
        for above, below in zip(by_value[high], by_value[low], strict=True)
    ]


def _with_difference(
    m: Moderator, support: pd.DataFrame, difference: tuple[Any, Any]
) -> pd.DataFrame:
    ends = support.loc[[m.values.index(v) for v in difference]]
    why = "; ".join(f"at {v}: {w}" for v, w in zip(difference, ends["why"], strict=True) if w)
    none = {c: np.nan for c in support.columns} | {"n_near": pd.NA, "support": not why, "why": why}
    kinds = {c: "Int64" for c in ("n_near", "n_filled") if c in support}
    return pd.concat([support, pd.DataFrame([none]).astype(kinds)], ignore_index=True)


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
        f"the formula has no product of {variable} and {m.column}: differences come only from the"
        " shape of the link"
    )
