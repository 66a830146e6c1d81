"""Agreement of coders: kernels on arrays, and tables of a sheet."""

from peacestudy.coding.reliability.agreement_table import agreement
from peacestudy.coding.reliability.benchmark_scales import benchmark
from peacestudy.coding.reliability.coder_pairs import pairs
from peacestudy.coding.reliability.coefficients import Coefficient, coefficient, table_coefficient
from peacestudy.coding.reliability.confusion_table import confusion
from peacestudy.coding.reliability.disputed_cells import disputed
from peacestudy.coding.reliability.drift_over_time import drift
from peacestudy.coding.reliability.intraclass import Icc, icc
from peacestudy.coding.reliability.krippendorff import Alpha, alpha
from peacestudy.coding.reliability.weights import agreement_weights

__all__ = [
    "Alpha",
    "Coefficient",
    "Icc",
    "agreement",
    "agreement_weights",
    "alpha",
    "benchmark",
    "coefficient",
    "confusion",
    "disputed",
    "drift",
    "icc",
    "pairs",
    "table_coefficient",
]
