"""Refusal of a fit whose engine does not make the assumption that is to be tested."""

from peacestudy.errors import SpecError
from peacestudy.models.engines.registry import engine_of, names_where
from peacestudy.models.result import Fit


def refuse_without(fit: Fit, assumption: str, verb: str) -> None:
    """Refuse a fit of an engine without an assumption.

    Raises
    ------
    SpecError
        With the engines that make the assumption.
    """
    if engine_of(fit.spec).assumption == assumption:
        return
    names = " or ".join(map(repr, names_where(lambda engine: engine.assumption == assumption)))
    raise SpecError(f"{verb} tests a fit of engine {names}, not of {fit.spec.engine!r}.")
