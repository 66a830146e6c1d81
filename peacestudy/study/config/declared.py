"""What is compared and how it is decided: samples, models,
hypotheses, the rule, the check by permutation.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from peacestudy.models import ModelSpec


@dataclass(frozen=True)
class Declared:
    """When the specifications were written down, their hash, the codebook's, that of frozen
    forecasts, and what was known by then.
    """

    date: datetime.date
    hash: str
    codebook: str
    statement: str
    forecasts: str = ""


@dataclass(frozen=True)
class Step:
    """A step that keeps the cases where ``column`` is true (or false, where ``keep`` is), and the
    reason given for the others.
    """

    id: str
    column: str
    step: str
    reason: str
    keep: bool = True


@dataclass(frozen=True)
class Sample:
    """A named sample: steps in order, on the cases or on another table
    of the study that has its own ``case_id``.
    """

    id: str
    steps: tuple[str, ...]
    table: str = "cases"


@dataclass(frozen=True)
class Specification:
    """A declared model on a sample.

    Attributes
    ----------
    role : ``primary``; ``beside`` or ``check`` for what is shown and decides nothing; ``variant``
        for what a variant makes.
    sample : id of the sample it is fitted on.
    scores : rule from codes to scores; empty takes the codebook's.
    """

    name: str
    formula: str
    engine: str
    vcov: str
    cluster: str = ""
    role: str = "primary"
    sample: str = "primary"
    scores: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def terms(self) -> list[str]:
        """The right side of the formula, taken apart at ' + '."""
        return [t.strip() for t in self.formula.partition("~")[2].split(" + ")]

    def model(self) -> ModelSpec:
        """As the engines take it."""
        return ModelSpec(
            self.name, self.formula, self.engine, self.vcov, self.cluster or None, self.options
        )


@dataclass(frozen=True)
class Hypothesis:
    """A claim, and the terms of a declared model that speak to it.
    Those of one ``family`` are decided together.

    One term is tested against zero, several jointly, or, where there are ``weights``, as one
    contrast: their weighted sum.
    """

    id: str
    text: str
    spec: str
    terms: tuple[str, ...]
    family: str = ""
    weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class Decision:
    """How hypotheses are decided."""

    alpha: float
    decide: str
    beside: str
    power: float


@dataclass(frozen=True)
class Permutation:
    """A check by dealing the outcome anew: of the terms of a family, within strata."""

    spec: str
    family: str
    strata: str
    draws: int
    seed: int


@dataclass(frozen=True)
class Display:
    """What figures and tables say and choose, and no test rests on.

    Attributes
    ----------
    outcome, sources, context : sentences that stand below figures and tables.
    survival_split : how the survival figure parts the cases;
        ``median``, or empty where there is none.
    licence : terms, believed, on which the study's own tables may be used.
    """

    outcome: str
    sources: str
    context: str
    survival_split: str = ""
    licence: str = ""
