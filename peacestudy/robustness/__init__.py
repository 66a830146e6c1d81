"""How far a finding rests on what could have been otherwise: the
doubt of coders, carried into the model.
"""

from peacestudy.models.missing.pool import Pooled, pool
from peacestudy.robustness.accuracy import Accuracy
from peacestudy.robustness.intervals import Interval, from_intervals
from peacestudy.robustness.propagate import Propagated, propagate
from peacestudy.robustness.stability import stability

__all__ = [
    "Accuracy",
    "Interval",
    "Pooled",
    "Propagated",
    "from_intervals",
    "pool",
    "propagate",
    "stability",
]
