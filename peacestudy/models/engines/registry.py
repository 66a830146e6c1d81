"""The registry of engines: a dict that one can read.

A new engine is one file with a value, one line here, and one reference test.
"""

from collections.abc import Callable

from peacestudy.models.engines.cox import COX
from peacestudy.models.engines.discrete_time import DISCRETE_TIME
from peacestudy.models.engines.engine import Engine, Request
from peacestudy.models.engines.firth import FIRTH
from peacestudy.models.engines.linear import LINEAR
from peacestudy.models.engines.logit import LOGIT
from peacestudy.models.engines.mixed_linear import MIXED_LINEAR
from peacestudy.models.engines.mixed_logit import MIXED_LOGIT
from peacestudy.models.engines.negative_binomial import NEGATIVE_BINOMIAL
from peacestudy.models.engines.ordered import ORDERED
from peacestudy.models.engines.poisson import POISSON
from peacestudy.models.engines.ridge import RIDGE
from peacestudy.models.kernels.estimates import Kernel

ENGINES: dict[str, Engine] = {
    "linear": LINEAR,
    "logit": LOGIT,
    "firth": FIRTH,
    "cox": COX,
    "discrete_time": DISCRETE_TIME,
    "ordered": ORDERED,
    "poisson": POISSON,
    "negative_binomial": NEGATIVE_BINOMIAL,
    "ridge": RIDGE,
    "mixed_logit": MIXED_LOGIT,
    "mixed_linear": MIXED_LINEAR,
}


def engine_of(request: Request) -> Engine:
    """The engine of a specification."""
    return ENGINES[request.engine]


def kernel_of(request: Request) -> Kernel:
    """The kernel of an engine that has one, see ``Engine.kernel``."""
    kernel = engine_of(request).kernel
    assert kernel is not None
    return kernel


def names_where(holds: Callable[[Engine], bool]) -> list[str]:
    """The names of the engines of which something holds, for messages."""
    return [name for name, engine in ENGINES.items() if holds(engine)]
