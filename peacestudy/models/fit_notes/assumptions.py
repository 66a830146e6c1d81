"""The assumption of an engine that is tested after each fit."""

from collections.abc import Callable

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.models.engines.engine import (
    EQUIDISPERSION,
    PARALLEL_LINES,
    PROPORTIONAL_HAZARDS,
)
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.fit_notes.dispersion import overdispersion_notes
from peacestudy.models.fit_notes.parallel_slopes import parallel_notes
from peacestudy.models.fit_notes.proportional import proportional_notes
from peacestudy.models.formulas.design import Design
from peacestudy.models.spec import ModelSpec

TESTS: dict[str, Callable[[Design, ModelSpec, np.ndarray], list[Note]]] = {
    EQUIDISPERSION: overdispersion_notes,
    PARALLEL_LINES: parallel_notes,
    PROPORTIONAL_HAZARDS: proportional_notes,
}


def assumption_notes(design: Design, spec: ModelSpec, parameters: np.ndarray) -> list[Note]:
    """Notes on the assumption of the engine, from parameters (P,) of an arranged design."""
    test = TESTS.get(engine_of(spec).assumption)
    return [] if test is None else test(design, spec, parameters)
