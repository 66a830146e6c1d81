"""Conditional effects after imputation: pooled at each value of the moderator, with the support
that every completed table has.

Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Hainmueller, Mummolo
and Xu (2019), Political Analysis 27(2) (support: a value that only some completed tables reach
rests on what was filled in).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from peacestudy.models.interpretation.effect_rows import EffectRows
from peacestudy.models.interpretation.effect_table import Effects
from peacestudy.models.interpretation.moderator_support import Moderator, cases_near
from peacestudy.models.interpretation.pooled_effects import one_note, pooled
from peacestudy.models.missing.pooled import PooledFit


@dataclass(frozen=True, eq=False)
class AtValues:
    """Effects at the values of a moderator in one table.

    Attributes
    ----------
    effects : a row a value, and one for a difference; of ordered one for every category of each.
    support : a row a value, as of ``support_at``.
    rows : the rows that were averaged.
    """

    effects: Effects
    support: pd.DataFrame
    rows: EffectRows


def one_moderator(each: Sequence[Moderator]) -> Moderator:
    """The moderator with the values that any table holds: numbers in order,
    categories as the first table that has them.
    """
    values = list(dict.fromkeys(v for m in each for v in m.values))
    if each[0].near is not None and any(m.values != each[0].values for m in each):
        values = sorted(values)
    return replace(each[0], values=tuple(values))


def pooled_values(
    fit: PooledFit,
    found: Sequence[AtValues],
    m: Moderator,
    variable: str,
    conf_level: float,
    simulated: bool,
) -> AtValues:
    """The effects of all tables as one.

    Parameters
    ----------
    fit : of imputed data.
    found : of every completed table, at the same values.
    m : the moderator.
    variable : whose effect it is.
    conf_level : of the intervals.
    simulated : whether standard errors come from draws.
    """
    effects = pooled(fit, [f.effects for f in found], conf_level, simulated)
    return replace(found[0], effects=effects, support=_support(fit, found, m, variable))


def _support(
    fit: PooledFit, found: Sequence[AtValues], m: Moderator, variable: str
) -> pd.DataFrame:
    """Support that every table has: the lowest counts, the range that all
    reach, and how many near cases were filled.
    """
    each = [f.support for f in found]
    lowest = {
        c: np.min([s[c].to_numpy(dtype=float) for s in each], axis=0)
        for c in ("n_near", "share", "n_events")
    }
    with np.errstate(invalid="ignore"):
        low = np.max([s["variable_low"].to_numpy(dtype=float) for s in each], axis=0)
        high = np.min([s["variable_high"].to_numpy(dtype=float) for s in each], axis=0)
    own = set(fit.filled["case"][fit.filled["column"].isin([m.column, variable])])
    filled = np.array([c in own for c in fit.cases])
    most = [
        max(int((cases_near(f.rows.table[m.column], v, m) & filled).sum()) for f in found)
        for v in m.values
    ]
    why = [one_note([s["why"][j] for s in each]) for j in range(len(m.values))]
    out = pd.DataFrame(lowest).assign(variable_low=low, variable_high=high)
    out["support"] = np.all([s["support"] for s in each], axis=0)
    return out.assign(n_filled=most, why=why).astype({"n_near": "Int64", "n_filled": "Int64"})
