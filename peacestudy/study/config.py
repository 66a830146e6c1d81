"""study.toml as dataclasses: windows, samples, specifications, hypotheses, and how they are decided."""

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass

from peacestudy.models import ModelSpec
from peacestudy.outcomes.attempts import AttemptRule


@dataclass(frozen=True)
class Declared:
    """When the specifications were written down, their hash and the codebook's, and what was known by then."""

    date: datetime.date
    hash: str
    codebook: str
    statement: str


@dataclass(frozen=True)
class CaseRule:
    """How cases are made and what years they are read in; see the comments in study.toml."""

    rule: str
    gap_days: int
    before_days: int
    horizon: int
    recent_years: int
    war_years_back: int
    last_year: int
    lag: int

    def attempts(self) -> AttemptRule:
        """The part that makes attempts of agreements."""
        return AttemptRule(self.rule, self.gap_days, self.before_days, self.horizon)


@dataclass(frozen=True)
class Step:
    """A step that keeps the cases where ``column`` is true, and the reason given for the others."""

    id: str
    column: str
    step: str
    reason: str


@dataclass(frozen=True)
class Sample:
    """A named sample: steps in order."""

    id: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Specification:
    """A declared model. ``role``: ``primary``; ``beside`` or ``check`` for what is shown and decides nothing."""

    name: str
    formula: str
    engine: str
    vcov: str
    cluster: str = ""
    role: str = "primary"

    def model(self) -> ModelSpec:
        """As the engines take it."""
        return ModelSpec(self.name, self.formula, self.engine, self.vcov, self.cluster or None)


@dataclass(frozen=True)
class Hypothesis:
    """A claim, and the terms of a declared model that speak to it. Those of one ``family`` are decided together."""

    id: str
    text: str
    spec: str
    terms: tuple[str, ...]
    family: str = ""


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
    survival_split : how the survival figure parts the cases; ``median``.
    """

    outcome: str
    sources: str
    context: str
    survival_split: str


@dataclass(frozen=True)
class Config:
    """Everything in study.toml."""

    id: str
    title: str
    question: str
    unit: str
    declared: Declared
    cases: CaseRule
    steps: tuple[Step, ...]
    samples: tuple[Sample, ...]
    specs: tuple[Specification, ...]
    hypotheses: tuple[Hypothesis, ...]
    decision: Decision
    permutation: Permutation
    display: Display

    def declaration_hash(self) -> str:
        """SHA-256 of what is declared: cases, steps, samples, specifications, hypotheses, how they are decided and checked."""
        values = asdict(self)
        part = {k: values[k] for k in ("cases", "steps", "samples", "specs", "hypotheses", "decision", "permutation")}
        return hashlib.sha256(json.dumps(part, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
