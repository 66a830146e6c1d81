"""Names of parameters after the slopes: cut points, ``alpha`` and ``sd(group)``."""

from peacestudy.models.engines.engine import CUT_POINTS, DISPERSION, SPREAD, Request
from peacestudy.models.formulas.design import Design

ALPHA = "alpha"


def cut_point_names(design: Design) -> tuple[str, ...]:
    """``low|high`` for each pair of neighbouring categories."""
    pairs = zip(design.categories, design.categories[1:], strict=False)
    return tuple(f"{low}|{high}" for low, high in pairs)


def spread_name(request: Request) -> str:
    """The name of the standard deviation between the groups of option ``group``."""
    return f"sd({dict(request.options)['group']})"


def parameter_names(parameters: str, design: Design, request: Request) -> tuple[str, ...]:
    """The names of what is estimated after the slopes of an arranged design.

    Parameters
    ----------
    parameters : str
        ``CUT_POINTS``, ``DISPERSION``, ``SPREAD`` or nothing, as in ``Engine``.
    """
    if parameters == CUT_POINTS:
        return cut_point_names(design)
    if parameters == SPREAD:
        return (spread_name(request),)
    return (ALPHA,) if parameters == DISPERSION else ()
