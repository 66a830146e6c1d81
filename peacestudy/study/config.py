"""study.toml as dataclasses: windows, samples, specifications, hypotheses, and how they are decided."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from typing import Any

from peacestudy.models import ModelSpec
from peacestudy.models.engines.registry import CLUSTERED


@dataclass(frozen=True)
class Declared:
    """When the specifications were written down, their hash, the codebook's, that of frozen forecasts, and what was known by then."""

    date: datetime.date
    hash: str
    codebook: str
    statement: str
    forecasts: str = ""


@dataclass(frozen=True)
class Step:
    """A step that keeps the cases where ``column`` is true (or false, where ``keep`` is), and the reason given for the others."""

    id: str
    column: str
    step: str
    reason: str
    keep: bool = True


@dataclass(frozen=True)
class Sample:
    """A named sample: steps in order, on the cases or on another table of the study that has its own ``case_id``."""

    id: str
    steps: tuple[str, ...]
    table: str = "cases"


@dataclass(frozen=True)
class Specification:
    """A declared model on a sample.

    Attributes
    ----------
    role : ``primary``; ``beside`` or ``check`` for what is shown and decides nothing; ``variant`` for what a variant makes.
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

    def model(self) -> ModelSpec:
        """As the engines take it."""
        return ModelSpec(self.name, self.formula, self.engine, self.vcov, self.cluster or None, self.options)


@dataclass(frozen=True)
class Variant:
    """A rival reading of the finding: what is changed in the specifications that are varied, and why a referee would ask.

    Attributes
    ----------
    id, label, group : identifier, name in figures, heading under which it stands.
    reason : the objection that it answers.
    sample, scores, engine, vcov, cluster, options : replace those of the specification where they are written.
    outcome : replaces the left-hand side.
    add, drop : terms added to, or taken from, the right-hand side.
    reversed : its coefficients speak of fighting, not of peace, and are shown with their sign turned.
    """

    id: str
    label: str
    group: str
    reason: str
    sample: str = ""
    scores: str = ""
    outcome: str = ""
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    engine: str = ""
    vcov: str = ""
    cluster: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    reversed: bool = False

    def of(self, spec: Specification) -> Specification:
        """A specification as this variant has it."""
        left, right = (part.strip() for part in spec.formula.split("~"))
        terms = [t for t in right.split(" + ") if t not in self.drop]
        vcov = self.vcov or spec.vcov
        return replace(
            spec, name=f"{spec.name}, {self.id}", formula=f"{self.outcome or left} ~ {' + '.join([*terms, *self.add])}",
            engine=self.engine or spec.engine, vcov=vcov, cluster=(self.cluster or spec.cluster) if vcov in CLUSTERED else "",
            sample=self.sample or spec.sample, scores=self.scores or spec.scores, role="variant", options=self.options,
        )  # fmt: skip


@dataclass(frozen=True)
class Hypothesis:
    """A claim, and the terms of a declared model that speak to it. Those of one ``family`` are decided together.

    One term is tested against zero, several jointly, or, where there are ``weights``, as one contrast: their weighted sum.
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
    survival_split : how the survival figure parts the cases; ``median``, or empty where there is none.
    licence : terms, believed, on which the study's own tables may be used.
    """

    outcome: str
    sources: str
    context: str
    survival_split: str = ""
    licence: str = ""


@dataclass(frozen=True)
class OutOfSample:
    """How the models are tried on cases that they have not seen.

    Attributes
    ----------
    specs : declared models that are compared.
    sample : the cases.
    groups : column whose groups are left out in turn.
    time, cut : column of time, and the last value that the models are trained on; later cases are predicted.
    draws, seed : permuted outcomes that the same procedure is run on.
    """

    specs: tuple[str, ...]
    sample: str
    groups: str
    time: str
    cut: int
    draws: int
    seed: int


@dataclass(frozen=True)
class Forecast:
    """Which cases are forecast, by which models, and what they are trained on.

    Attributes
    ----------
    specs, train, cases : declared models, the sample they learn from, and the sample that is forecast.
    instead : column that stands in for another where that one is missing in a case that is forecast; written beside it.
    """

    specs: tuple[str, ...]
    train: str
    cases: str
    instead: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settling:
    """How codes of several coders become one: the rules of ``ps.adjudicate`` in the order in which they are tried.

    Attributes
    ----------
    senior : whose code stands, for the rule ``senior``.
    decisions : file in the study folder with decisions on single cells, for the rule ``decisions``.
    """

    rule: tuple[str, ...]
    senior: str = ""
    decisions: str = ""


@dataclass(frozen=True)
class Reliability:
    """The floor below which an indicator is flagged wherever its study's results are shown.

    Attributes
    ----------
    coefficient : column of ``ps.agreement`` that is held against the floor, such as ``alpha``.
    floor : the least value that is not flagged.
    resamples, seed : of the bootstrap intervals.
    """

    coefficient: str
    floor: float
    resamples: int
    seed: int


@dataclass(frozen=True)
class Uncertainty:
    """What disagreement among this study's coders does to the findings of another study.

    Attributes
    ----------
    study, specs : whose findings, and which of its declared models.
    sample : the cases they are fitted on.
    indicator : the indicator of that study that is coded here.
    coders : whose codes are taken; one of that study's own coders may be among them.
    accuracy, worth : what the author holds each coder's accuracy to be, and how many known cases that opinion is worth; 0
        where the codes themselves are to tell (three coders at least).
    draws, seed : imputations of the true codes.
    """

    id: str
    study: str
    specs: tuple[str, ...]
    sample: str
    indicator: str
    coders: tuple[str, ...]
    draws: int
    seed: int
    accuracy: float = 0.0
    worth: float = 0.0


@dataclass(frozen=True)
class Config:
    """Everything in study.toml.

    Attributes
    ----------
    samples, specs, hypotheses, decision : none where a study only codes.
    codebook : another study whose codebook this one codes by; empty for one of its own.
    cases : the values under [cases], as the study's builder has them; a mapping where no builder is known.
    varied : specifications that every variant changes.
    """

    id: str
    title: str
    question: str
    unit: str
    declared: Declared
    display: Display
    cases: Any
    samples: tuple[Sample, ...] = ()
    specs: tuple[Specification, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    decision: Decision | None = None
    adjudication: Settling | None = None
    reliability: Reliability | None = None
    uncertainty: tuple[Uncertainty, ...] = ()
    steps: tuple[Step, ...] = ()
    codebook: str = ""
    permutation: Permutation | None = None
    varied: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    out_of_sample: OutOfSample | None = None
    forecast: Forecast | None = None

    def varied_specs(self) -> tuple[Specification, ...]:
        """Every specification that the variants make of the varied ones."""
        of = {s.name: s for s in self.specs}
        return tuple(v.of(of[name]) for v in self.variants for name in self.varied if name in of)

    def declaration_hash(self) -> str:
        """SHA-256 of what is declared: all but names, what figures say, and the declaration itself.

        A value that is not written does not count, so that a new kind of value leaves old declarations as they are.
        """
        part = {f.name: _written(getattr(self, f.name)) for f in fields(self) if f.name not in UNDECLARED}
        part = {name: value for name, value in part.items() if value not in ((), None, "", [])}
        return hashlib.sha256(json.dumps(part, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


UNDECLARED = ("id", "title", "question", "unit", "declared", "display")


def _written(value: object) -> object:
    """A value as plain data, without what is as it is by default."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: _written(getattr(value, f.name))
            for f in fields(value)
            if not _is_default(f, getattr(value, f.name))
        }
    if isinstance(value, Mapping):
        return {str(k): _written(v) for k, v in value.items()}
    return [_written(v) for v in value] if isinstance(value, tuple | list) else value


def _is_default(f: "Field[Any]", value: object) -> bool:
    """Whether a field that was added after the first declarations is as it is by default."""
    if f.name not in LATER:
        return False
    if f.default is not MISSING:
        return bool(value == f.default)
    return f.default_factory is not MISSING and bool(value == f.default_factory())


LATER = ("keep", "table", "sample", "scores", "options", "weights")
