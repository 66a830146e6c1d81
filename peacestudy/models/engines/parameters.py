"""Parameters after the slopes: cut points of an ordered outcome,
``alpha`` of counts, ``sd(group)`` of groups.

They are recognised by their position, after the columns of the design, and never by their names.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from peacestudy.errors import SpecError
from peacestudy.models.engines.engine import POSITIVE, Request
from peacestudy.models.engines.parameter_names import parameter_names
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.formula import renamed


def refuse_shared_names(design: Design, spec: Request) -> None:
    """Refuse an arranged design in which a column has the name of another term of the fit.

    Raises
    ------
    SpecError
        With the name, what else has it, and what to do.
    """
    engine = ENGINES[spec.engine]
    beside = parameter_names(engine.parameters, design, spec)
    shared = [name for name, times in Counter((*design.names, *beside)).items() if times > 1]
    if not shared:
        return
    name = shared[0]
    if name not in design.names:
        raise SpecError(
            f"{spec.name}: two cut points are both named {name!r}. Rename categories of the"
            " outcome."
        )
    what = (
        f"{engine.parameters} of engine {spec.engine!r}"
        if name in beside
        else "a term of the baseline"
    )
    raise SpecError(
        f"{spec.name}: two terms are both named {name!r}, a column and {what}. {renamed(name)}"
    )


def is_spread(engine: str, slopes: int, terms: int) -> np.ndarray:
    """Which terms cannot be below zero, shape (terms,), bool: those after the slopes, in engines
    where these are positive.
    """
    after = np.arange(terms) >= slopes
    return after if ENGINES[engine].parameters in POSITIVE else np.zeros(terms, dtype=bool)


def refuse_edge(terms: Sequence[str], names: Sequence[str], engine: str, slopes: int) -> None:
    """Refuse to test terms against zero that cannot be below it: their
    statistic is neither chi-squared nor normal.

    Parameters
    ----------
    terms : to be tested. names : of all terms. engine : of the fit. slopes : how many of the terms
        are columns of the design.

    Raises
    ------
    SpecError
        With the terms, and with what tests them.
    """
    spread = {n for n, s in zip(names, is_spread(engine, slopes, len(names)), strict=True) if s}
    if edge := [t for t in terms if t in spread]:
        raise SpecError(
            f"{', '.join(edge)} cannot be negative, so that a test against zero would be at the"
            " boundary; the notes of a fit have the likelihood ratio."
        )
