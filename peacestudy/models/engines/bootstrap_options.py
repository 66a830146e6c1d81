"""Options of the bootstrap of signs of clusters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError
from peacestudy.models.engines.engine import SCORE, WILD
from peacestudy.models.engines.registry import ENGINES, names_where

POINTS = {
    "rademacher": np.array([-1.0, 1.0]),
    "webb": np.array([-(1.5**0.5), -1.0, -(0.5**0.5), 0.5**0.5, 1.0, 1.5**0.5]),
}
OPTIONS = ("bootstrap", "bootstrap_draws", "bootstrap_seed")
FEWEST_DRAWS = 99


def check_bootstrap(
    engine: str, vcov: str, groups: Sequence[str], options: Mapping[str, Any]
) -> None:
    """Refuse options of the bootstrap that the engine, the covariance or the bootstrap lacks.

    Raises
    ------
    SpecError
        An engine, covariance, kind, number or seed that it does not take.
    """
    mine = {name: options[name] for name in OPTIONS if name in options}
    if not mine:
        return
    kind = ENGINES[engine].bootstrap
    if not kind:
        wild = ", ".join(names_where(lambda other: other.bootstrap == WILD))
        score = ", ".join(names_where(lambda other: other.bootstrap == SCORE))
        raise SpecError(
            f"engine {engine!r} has no option {', '.join(mine)}: the {WILD} is of {wild}, the"
            f" {SCORE} of {score}."
        )
    if vcov != "cluster" or len(groups) != 1:
        raise SpecError(
            f"option bootstrap needs vcov 'cluster' and one cluster column, not vcov {vcov!r} with"
            f" {len(groups)}."
        )
    if missing := [name for name in OPTIONS if name not in mine]:
        raise SpecError(f"the {kind} needs {', '.join(missing)} too: nothing of it has a default.")
    if mine["bootstrap"] not in POINTS:
        raise SpecError(one_of("option bootstrap", mine["bootstrap"], list(POINTS)))
    for name, least in (("bootstrap_draws", FEWEST_DRAWS), ("bootstrap_seed", 0)):
        value = mine[name]
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SpecError(
                f"option {name} is {value!r}; it must be a whole number of {least} or more."
            )
    if "weights" in options:
        raise SpecError(f"the {kind} takes no weights; leave out one of the two options.")
