"""Conditional effects: what a variable does at each value of its
moderator, beside the cases that are there.

Sources: Brambor, Clark and Golder (2006), Political Analysis 14(1) (effects over the moderator's
range, not the product's p value); Ai and Norton (2003), Economics Letters 80(1) (on the scale of
probabilities the product's coefficient is not the interaction: two effects are compared);
Hainmueller, Mummolo and Xu (2019), Political Analysis 27(2) (common support).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from peacestudy.models.interpretation.effect_table import by_delta, by_simulation, check_interval
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
    """The effect of a variable at values of its moderator, with the cases that are near each.

    Parameters
    ----------
    fit, data : a fit of any engine and the table that was fitted; or a PooledFit and what
        ``impute`` gave: the effect at each value is then pooled by Rubin's rules.
    variable : whose effect it is.
    change : ``slope``, or what ``effects`` compares: two values or categories ``(low, high)``, a
        step, ``sd``, ``iqr``, ``minmax``.
    moderator : the column that the effect may depend on.
    values : of the moderator, or ``observed``: all that the cases hold.
    near : how far from a value of the moderator a case still counts as near, in its unit; 0 takes
        the value alone, None is for categories.
    min_cases : cases that must be near for a value to have support. Neither has a default.
    difference : two of the values; a last row has the effect at the second less that at the first,
        which is how an interaction is tested.
    at, scale, horizon, interval, draws, seed, conf_level : as of ``effects``.
    beyond : ``tell``, values without support stand in the table with
        ``support`` False and the reason; ``refuse`` them.

    Returns
    -------
    DataFrame
        ``term, contrast, moderator, value, estimate, std_error, conf_low, conf_high, n, n_near,
        share, n_events, variable_low, variable_high, support, note``: a row a value (of ordered one
        a value and ``category``, which stands after ``contrast``), averaged over all ``n`` rows
        with the moderator held there. ``n_near`` cases are near, a ``share`` of all, ``n_events``
        of them with the event (of counts their sum); among them the variable goes from
        ``variable_low`` to ``variable_high``. ``support``: the value is within the moderator's
        range, enough cases are near, and among them the variable varies, and reaches both values
        compared. Intervals are pointwise. No row tests a product. After imputation a value has
        support if it has it in every completed table; the counts are the lowest of the tables and
        the range of the variable is what all reach; ``n_filled`` of the cases near, in the table
        that has most, have a moderator or variable that was filled in; ``df`` and ``fmi`` stand at
        the end.

    Raises
    ------
    SpecError
        A column, value or word that does not exist; a moderator that is the variable.
    FitError
        A value without support, with ``beyond="refuse"``; what ``effects`` refuses.

    Examples
    --------
    >>> import numpy as np
    >>> from peacestudy.models.fitting import fit as fit_model
    >>> from peacestudy.models.spec import ModelSpec
    >>> d = pd.DataFrame({"x": np.tile([0.0, 1, 2], 4), "m": np.repeat([0, 1, 2, 5], 3)}).assign(
    ...     y=lambda t: t.x * t.m + t.x % 2
    ... )
    >>> found = fit_model(d, ModelSpec("m", "y ~ x*m", "linear", "classical"))
    >>> table = conditional_effects(found, d, "x", "slope", "m", [1, 2, 4], near=0.5, min_cases=3)
    >>> table[["value", "estimate", "n_near", "support"]].round(6).values.tolist()
    [[1.0, 1.0, 3, True], [2.0, 2.0, 3, True], [4.0, 4.0, 0, False]]
    """
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
    names = (
        spelt_names(fit.fits[0] if isinstance(fit, PooledFit) else fit)
        if isinstance(fit, Fit | PooledFit)
        else ()
    )
    variable, moderator, at = (as_known(name, names) for name in (variable, moderator, at))
    if variable == moderator or moderator in (at or {}):
        raise SpecError(
            f"{moderator!r} is the moderator; it can be neither the variable nor held at another"
            " value."
        )

    def asked_of(fit: Fit, data: StudyFrame | pd.DataFrame) -> Asked:
        found = scale_of(fit, scale, horizon)
        check_interval(fit, found, interval, draws, seed, conf_level)
        return Asked(fit, effect_rows(fit, data, "fit"), found, horizon, "fit")

    def of(rows: EffectRows) -> Moderator:
        return moderator_of(rows, moderator, values, near, min_cases)

    def one(
        fit: Fit, data: StudyFrame | pd.DataFrame, seed: int | None, m: Moderator | None = None
    ) -> AtValues:
        asked = asked_of(fit, data)
        m = m or of(asked.rows)
        by_value = [_terms(asked, variable, change, {**(at or {}), moderator: v}) for v in m.values]
        support = support_at(fit, asked.rows, m, variable, _ends(asked, variable, change))
        said = [_straight(asked, m, variable, change), said_of(asked, at)]
        if difference is not None:
            by_value = [*by_value, _difference(m, by_value, difference)]
        terms = [t for each in by_value for t in each]
        simulated = draws is not None and seed is not None
        given = (
            by_simulation(fit, asked.scale, terms, conf_level, draws or 0, seed or 0)
            if simulated
            else by_delta(fit, asked.scale, terms, conf_level)
        )
        table = given.table.assign(note=[_joined(n, *said) for n in given.table["note"]])
        return AtValues(replace(given, table=table), support, asked.rows)

    if isinstance(fit, PooledFit) and isinstance(data, Imputed):
        every = in_every_table(fit, data, seed)
        m = one_moderator([of(asked_of(f, t).rows) for f, t, _ in every])
        found = pooled_values(
            fit,
            [one(f, t, own, m) for f, t, own in every],
            m,
            variable,
            conf_level,
            seed is not None,
        )
    elif isinstance(fit, Fit) and isinstance(data, StudyFrame | pd.DataFrame):
        found = one(fit, data, seed)
        m = of(found.rows)
    else:
        raise SpecError(
            "conditional_effects takes a Fit and its data, or a PooledFit and what impute gave,"
            f" not a {type(fit).__name__} and a {type(data).__name__}."
        )
    if beyond == "refuse" and not found.support["support"].all():
        raise FitError(_without(found.support, m))
    return _laid_out(found, m, difference)


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
