"""Robustness of a finding: the uncertainty of coders, propagated into the model."""

from peacestudy.robustness.accuracy import Accuracy
from peacestudy.robustness.coding_stability import stability
from peacestudy.robustness.intervals import Interval, from_intervals
from peacestudy.robustness.propagation import Propagated, propagate

__all__ = [
    "Accuracy",
    "Interval",
    "Propagated",
    "from_intervals",
    "propagate",
    "stability",
]
