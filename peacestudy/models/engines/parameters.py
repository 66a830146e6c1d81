"""Parameters after the slopes: cut points of an ordered outcome,
``alpha`` of counts, ``sd(group)`` of groups.

They are recognised by their position, after the columns of the design, and never by their names.

Source: Self and Liang (1987), Journal of the American Statistical Association 82(398): where the
null lies on the edge of what a parameter can be, as zero for a variance, the Wald test does not
hold, and half of the likelihood ratio's mass is at zero.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from peacestudy.errors import SpecError
from peacestudy.models.engines.groups import spread_name
from peacestudy.models.engines.registry import CUT_POINTS, DISPERSION, ENGINES, POSITIVE, SPREAD
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.formula import renamed
from peacestudy.models.spec import ModelSpec


def parameter_names(design: Design, spec: ModelSpec) -> tuple[str, ...]:
    """The names of what an engine estimates after the slopes of an
    arranged design; empty for most engines.
    """
    kind = ENGINES[spec.engine].beside
    if kind == CUT_POINTS:
        pairs = zip(design.categories, design.categories[1:], strict=False)
        return tuple(f"{low}|{high}" for low, high in pairs)
    if kind == SPREAD:
        return (spread_name(spec),)
    return ("alpha",) if kind == DISPERSION else ()


def refuse_shared_names(design: Design, spec: ModelSpec) -> None:
    """Refuse an arranged design in which a column has the name of another term of the fit.

    Raises
    ------
    SpecError
        With the name, what else has it, and what to do.
    """
    beside = parameter_names(design, spec)
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
        f"{ENGINES[spec.engine].beside} of engine {spec.engine!r}"
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
    return after if ENGINES[engine].beside in POSITIVE else np.zeros(terms, dtype=bool)


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
            f"{', '.join(edge)} cannot be below zero, so that zero is no value to test against; the"
            " notes of a fit have the likelihood ratio."
        )


def wald_ends(
    beta: np.ndarray, std_error: np.ndarray, spread: np.ndarray, z: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Wald intervals; of parameters that cannot be below
    zero on the log scale, so that no end is.

    Parameters
    ----------
    beta, std_error : shape (K,).
    spread : which cannot be below zero, shape (K,), bool.
    z : standard errors to either side, one or one a term.

    Examples
    --------
    >>> low, high = wald_ends(
    ...     np.array([0.5, 0.5]), np.array([0.3, 0.3]), np.array([False, True]), 1.96
    ... )
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([-0.088, 0.154], [1.088, 1.621])
    """
    half = z * std_error
    low, high = beta - half, beta + half
    at = spread & (beta > 0)
    # from an estimate of almost zero the interval reaches from zero to infinity
    with np.errstate(over="ignore"):
        factor = np.exp(half[at] / beta[at])
    low[at], high[at] = beta[at] / factor, beta[at] * factor
    return low, high


def edge_test(loglik: float, without: float) -> tuple[float, float]:
    """The likelihood ratio of a parameter against zero on its edge, and
    its p: half that of chi-squared with 1 df.
    """
    ratio = max(2 * (loglik - without), 0.0)
    return ratio, 0.5 * float(chi2.sf(ratio, 1)) if ratio > 0 else 1.0
