"""Robustness of a finding: the uncertainty of coders, propagated into the model."""

from peacestudy.robustness.accuracy import Accuracy
from peacestudy.robustness.coding_stability import stability
from peacestudy.robustness.disputed_codes import Family
from peacestudy.robustness.intervals import Interval, from_intervals
from peacestudy.robustness.one_reading import as_one_reading
from peacestudy.robustness.propagation import Propagated, propagate

__all__ = [
    "Accuracy",
    "Family",
    "Interval",
    "Propagated",
    "as_one_reading",
    "from_intervals",
    "propagate",
    "stability",
]
