"""What an engine is: one frozen value that answers every question about a model.

Nothing else in the project compares the names of engines. A value that is registered under a
second name behaves the same everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.batch import BatchKernel
from peacestudy.models.kernels.estimates import Estimates, Kernel

VCOVS = ("classical", "hc0", "hc1", "hc2", "hc3", "cluster", "cr2", "jackknife")
CLUSTERED = ("cluster", "cr2", "jackknife")  # those that take cluster columns
LIKELIHOOD = ("classical", "hc0", "hc1", "cluster")

COLUMN = ()  # an option that names a column
NUMBER = ("a number above zero",)  # an option that is one

CUT_POINTS = "a cut point"
DISPERSION = "the dispersion"
SPREAD = "the standard deviation between groups"
POSITIVE = (DISPERSION, SPREAD)  # parameters that cannot be below zero

WILD = "wild cluster bootstrap"
SCORE = "score bootstrap"

PROPORTIONAL_HAZARDS = "proportional hazards"
PARALLEL_LINES = "parallel lines"
EQUIDISPERSION = "variance equal to the mean"


@dataclass(frozen=True, eq=False)
class Residuals:
    """What the rows of a fit are, and what each adds to the parameters.

    Attributes
    ----------
    table : DataFrame, N rows
        Some of ``fitted, chance, residual, residual_standard, residual_student, leverage, cook``.
    dfbeta : float array, shape (N, P)
        The estimate less that without the row, of the first P parameters.
    scaled : float array, shape (N, P), or None
        The same in standard errors, where these are not the classical ones.
    """

    table: pd.DataFrame
    dfbeta: np.ndarray
    scaled: np.ndarray | None = None


class Request(Protocol):
    """What an engine reads of a specification."""

    @property
    def name(self) -> str:
        """What the model is called in messages."""
        ...

    @property
    def engine(self) -> str:
        """The name under which the engine is registered."""
        ...

    @property
    def formula(self) -> str:
        """The formula as it was written."""
        ...

    @property
    def options(self) -> Any:
        """Pairs of names and values."""
        ...


Arrange = Callable[[Design, Request], tuple[Design, list[Note]]]
Estimate = Callable[[Design, Request], tuple[Estimates, list[Note]]]
Refit = Callable[[Design, Request], Estimates | None]
ResidualsOf = Callable[[Design, Request, Estimates], Residuals]


def as_given(design: Design, request: Request) -> tuple[Design, list[Note]]:
    """The design as it is, without a note."""
    return design, []


@dataclass(frozen=True, eq=False)
class Engine:
    """Everything that the rest of the project asks of an engine.

    Attributes
    ----------
    outcome : str
        ``number``, ``binary`` (0 or 1), ``survival`` (``Surv(...)``), ``periods`` (``Surv(...)``
        in whole periods, or 0 and 1 in rows that are periods already), ``ordered`` (categories
        with an order) or ``count`` (0, 1, 2 ...).
    link : str
        The inverse link: ``identity``, ``expit``, ``exp``, ``category``, or nothing where the
        linear predictor has no mean of its own.
    effect : str
        What a coefficient is: a ``difference``, or after exp an ``odds ratio``, ``hazard ratio``
        or ``rate ratio``.
    estimate : callable
        Estimates of an arranged design, a batch of one, with notes; raises FitError where there
        are none.
    residuals : callable
        Residuals, leverage and influence of the rows.
    vcovs : tuple of str
        The covariances that it has.
    options : mapping
        Names of its options, each with the words it may be, ``NUMBER``, or ``COLUMN``.
    required : tuple of str
        Options without which there is no specification.
    arrange : callable
        The design as the engine takes it, with notes.
    refit : callable or None
        Estimates of a sample of the rows, without notes, or None where ``estimate`` must look at
        them. An engine without it takes ``estimate``.
    kernel : callable or None
        A function on arrays that fits a batch of designs (B, N, K) and outcomes (B, N).
    batch : BatchKernel or None
        The same for many models of one data set, with a doubt for each that it cannot clear.
    parameters : str
        What is estimated after the slopes: ``CUT_POINTS``, a word of ``POSITIVE``, or nothing.
    always_finite : bool
        Whether finite estimates exist for every outcome, as with least squares or a penalty.
    penalised : bool
        Whether the likelihood is penalised: it has no AIC, and fits a separated outcome.
    least_squares : bool
        Whether estimates are those of ordinary least squares: R2, and closed forms without a
        case or cluster.
    distribution : str
        ``t`` or ``z``, to which statistics are referred.
    small_sample : bool
        Whether a clustered covariance has the factor (N-1)/(N-K) beside G/(G-1).
    scale_parameters : int
        Parameters that the AIC counts beside the terms.
    profile : bool
        Whether p values and intervals with ``classical`` are of the penalised likelihood.
    bootstrap : str
        ``WILD``, ``SCORE``, or nothing where signs of clusters cannot be drawn.
    cluster_rule : str
        How a clustered covariance is made, where it needs words.
    assumption : str
        An assumption that is tested after each fit: ``PROPORTIONAL_HAZARDS``, ``PARALLEL_LINES``,
        ``EQUIDISPERSION``, or nothing.
    scales : tuple of str
        Scales on which effects are reported, the first one if none is written.
    scale_required : bool
        Whether the author must write the scale.
    scale_help : str
        The end of the sentence that asks for the scale.
    e_values : bool
        Whether E-values are known.
    limits : tuple of str
        What its diagnosis lacks, and what its tables rest on.
    """

    outcome: str
    link: str
    effect: str
    estimate: Estimate
    residuals: ResidualsOf
    vcovs: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    arrange: Arrange = as_given
    refit: Refit | None = None
    kernel: Kernel | None = None
    batch: BatchKernel | None = None
    parameters: str = ""
    always_finite: bool = False
    penalised: bool = False
    least_squares: bool = False
    distribution: str = "z"
    small_sample: bool = False
    scale_parameters: int = 0
    profile: bool = False
    bootstrap: str = ""
    cluster_rule: str = ""
    assumption: str = ""
    scales: tuple[str, ...] = ("response", "link")
    scale_required: bool = False
    scale_help: str = ""
    e_values: bool = True
    limits: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The outcome of an arranged design: person-periods are ``binary``."""
        return "binary" if self.outcome == "periods" else self.outcome

    @property
    def timed(self) -> bool:
        """Whether it explains times."""
        return self.outcome in ("survival", "periods")

    @property
    def permutable(self) -> bool:
        """Whether permuted outcomes are fitted in batches, each with finite estimates."""
        return self.kernel is not None and self.always_finite
