"""Agreement of coders: kernels on arrays, and tables of a sheet."""

from peacestudy.coding.reliability.agreement import agreement
from peacestudy.coding.reliability.alpha import Alpha, alpha
from peacestudy.coding.reliability.benchmark import benchmark
from peacestudy.coding.reliability.coefficients import Coefficient, coefficient, table_coefficient
from peacestudy.coding.reliability.confusion import confusion
from peacestudy.coding.reliability.disputed import disputed
from peacestudy.coding.reliability.drift import drift
from peacestudy.coding.reliability.icc import Icc, icc
from peacestudy.coding.reliability.pairs import pairs
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
