"""The registry of engines: a list one can read. A new engine is one
file, one line here, one reference test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

VCOVS = ("classical", "hc0", "hc1", "hc2", "hc3", "cluster", "cr2", "jackknife")
CLUSTERED = ("cluster", "cr2", "jackknife")  # those that take cluster columns


@dataclass(frozen=True, eq=False)
class Estimates:
    """What a kernel returns for a batch of B designs with N rows and K columns.

    Attributes
    ----------
    beta : coefficients, shape (B, K).
    influence : score of every row times the inverse information (inverse cross-product for linear),
        shape (B, N, K); outer products of their sums over clusters are the sandwich.
    leverage : diagonal of the hat matrix, shape (B, N).
    classical : model-based covariance, shape (B, K, K).
    loglik : log-likelihood at beta, shape (B,); penalised for firth.
    r2 : R2 of linear, McFadden's of the others, from likelihoods without
        penalty: that does not change with units.
    scale : residual variance of linear, 1 otherwise, shape (B,).
    converged : shape (B,), bool.
    iterations : shape (B,), int.
    names : of the K coefficients, where they are not the columns of the design: cut points,
        ``alpha``, ``sd(group)`` come last.
    """

    beta: np.ndarray
    influence: np.ndarray
    leverage: np.ndarray
    classical: np.ndarray
    loglik: np.ndarray
    r2: np.ndarray
    scale: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray
    names: tuple[str, ...] = ()


Kernel = Callable[..., Estimates]


@dataclass(frozen=True)
class Engine:
    """What the house knows of an engine.

    Attributes
    ----------
    kernel : name of the function ``fit_<name>`` and of its module. Kernels of linear, logit and
        firth take a batch of designs and outcomes; what others take stands with them, and
        ``peacestudy.models.engines.estimate`` calls them.
    outcome : ``number``, ``binary`` (0 or 1), ``survival`` (``Surv(...)``), ``periods``
        (``Surv(...)`` in whole periods, or 0 and 1 in rows that are periods already), ``ordered``
        (categories with an order) or ``count`` (0, 1, 2 ...).
    statistic : ``t`` or ``z``, the reference distribution.
    vcovs : covariances it offers.
    options : names of its options, each with the words it may be,
        ``NUMBER``, or none where it names a column.
    required : options without which there is no specification.
    beside : what is estimated after the slopes: ``CUT_POINTS``, a word of ``POSITIVE``, or nothing.
    """

    kernel: str
    outcome: str
    statistic: str
    vcovs: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    beside: str = ""

    def load(self) -> Kernel:
        """The kernel, imported when first asked for."""
        from importlib import import_module

        kernel: Kernel = getattr(
            import_module(f"peacestudy.models.engines.{self.kernel}"), f"fit_{self.kernel}"
        )
        return kernel


LIKELIHOOD = ("classical", "hc0", "hc1", "cluster")
COLUMN = ()  # an option that names a column
NUMBER = ("a number above zero",)  # an option that is one
CUT_POINTS = "a cut point"
DISPERSION = "the dispersion"
SPREAD = "the standard deviation between groups"
POSITIVE = (DISPERSION, SPREAD)  # parameters that cannot be below zero

ENGINES: dict[str, Engine] = {
    "linear": Engine("linear", "number", "t", VCOVS, {"weights": COLUMN}),
    "logit": Engine("logit", "binary", "z", (*LIKELIHOOD, "jackknife"), {"weights": COLUMN}),
    "firth": Engine("firth", "binary", "z", (*LIKELIHOOD, "jackknife")),
    "cox": Engine(
        "cox",
        "survival",
        "z",
        ("classical", "hc0", "cluster"),
        {"ties": ("efron", "breslow"), "strata": COLUMN},
    ),
    "discrete_time": Engine(
        "logit", "periods", "z", LIKELIHOOD, {"baseline": ("dummies", "cubic", "log", "constant")}
    ),
    "ordered": Engine("ordered", "ordered", "z", LIKELIHOOD, beside=CUT_POINTS),
    "poisson": Engine("poisson", "count", "z", LIKELIHOOD, {"offset": COLUMN, "exposure": COLUMN}),
    "negative_binomial": Engine(
        "negative_binomial",
        "count",
        "z",
        LIKELIHOOD,
        {"offset": COLUMN, "exposure": COLUMN},
        beside=DISPERSION,
    ),
    "ridge": Engine("ridge", "binary", "z", LIKELIHOOD, {"penalty": NUMBER}, ("penalty",)),
    "mixed_logit": Engine(
        "mixed_logit", "binary", "z", ("classical",), {"group": COLUMN}, ("group",), beside=SPREAD
    ),
    "mixed_linear": Engine(
        "mixed_linear",
        "number",
        "z",
        ("classical",),
        {"group": COLUMN, "method": ("reml", "ml")},
        ("group", "method"),
        beside=SPREAD,
    ),
}
