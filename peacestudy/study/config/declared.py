"""The declaration of a study: samples, models, hypotheses, decision rule, permutation test."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from peacestudy.models import ModelSpec


@dataclass(frozen=True)
class EarlierDeclaration:
    """A declaration that a later one replaced; its study.toml is kept in the folder
    ``declarations``, named by its date.

    Attributes
    ----------
    date : of the earlier declaration.
    hash : of its declared content.
    file : sha256 of the kept file.
    changed : what was changed after it, and why.
    """

    date: datetime.date
    hash: str
    file: str
    changed: str

    @property
    def path(self) -> str:
        """The kept file, from the study's folder."""
        return f"declarations/{self.date}.toml"


@dataclass(frozen=True)
class FrozenForecasts:
    """Forecasts that were made on a day and are never changed.

    Attributes
    ----------
    date : the day on which they were made.
    file : their file in the study's folder.
    hash : sha256 of the file.
    definition : in a sentence, how the cases trained on and the cases forecast are read.
    base_rate : the share of training cases with the outcome, where the file does not say it.
    """

    date: datetime.date
    file: str
    hash: str
    definition: str
    base_rate: float | None = None


@dataclass(frozen=True)
class Declared:
    """When the specifications were declared, their hash, the hashes of the codebook and of frozen
    forecasts, what was known by then, and the earlier declarations.

    ``forecasts`` is the hash of forecasts.csv; ``frozen`` are the files of forecasts with their
    dates and definitions, the earliest first.
    """

    date: datetime.date
    hash: str
    codebook: str
    statement: str
    forecasts: str = ""
    earlier: tuple[EarlierDeclaration, ...] = ()
    frozen: tuple[FrozenForecasts, ...] = ()


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
class TableClock:
    """When the treatment of the rows of a table is complete, and from when its columns are known.

    Attributes
    ----------
    column : the date or year at which treatment is complete.
    table : ``cases``, joined with scores, outcomes and covariates, or another table of the study.
    scores : from when the scores are known, which the codes of a case give.
    known_from : from when other columns are known: ``always``, a column of dates or years, or such
        a column and a distance, as ``year - 1``. Covariates with a year need no entry.
    """

    column: str
    table: str = "cases"
    scores: str = ""
    known_from: Mapping[str, str] = field(default_factory=dict)


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
    role : ``primary``; ``comparison`` or ``check`` for models by which no hypothesis is decided;
        ``variant`` for a model that a variant makes.
    sample : id of the sample it is fitted on.
    scores : rule from codes to scores; empty takes the codebook's.
    known_late : the reason for each column that is used although it is known only after the clock.
    known_from : from when columns are known that the clock of the table does not name.
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
    known_late: Mapping[str, str] = field(default_factory=dict)
    known_from: Mapping[str, str] = field(default_factory=dict)

    def terms(self) -> list[str]:
        """The right side of the formula, taken apart at ' + '."""
        return [t.strip() for t in self.formula.partition("~")[2].split(" + ")]

    def model(self) -> ModelSpec:
        """As the engines take it."""
        options: dict[str, object] = dict(self.options)
        if self.known_late:
            options["known_late"] = dict(self.known_late)
        if self.known_from:
            options["known_from"] = dict(self.known_from)
        return ModelSpec(
            self.name, self.formula, self.engine, self.vcov, self.cluster or None, options
        )


@dataclass(frozen=True)
class Hypothesis:
    """A claim, and the terms of a declared model that test it.
    Hypotheses of one ``family`` are adjusted together.

    One term is tested against zero, several jointly, or, where there are ``weights``, as one
    contrast: their weighted sum. ``direction`` is the sign that the claim gives to the estimate:
    ``positive``, ``negative``, or ``none`` where it gives none, as in a joint test.
    """

    id: str
    text: str
    spec: str
    terms: tuple[str, ...]
    family: str = ""
    weights: tuple[float, ...] = ()
    direction: str = ""


@dataclass(frozen=True)
class Decision:
    """How hypotheses are decided.

    Attributes
    ----------
    alpha : significance level of the two-sided tests.
    adjustment : adjustment for multiple testing within a family, by which hypotheses are decided.
    comparison : another adjustment, reported for comparison.
    power : of the smallest detectable effect.
    """

    alpha: float
    adjustment: str
    comparison: str
    power: float


@dataclass(frozen=True)
class Weighting:
    """Weights of cases: the inverse of the probability that a model of selection gives them.

    Attributes
    ----------
    column : name of the weights, as models name them in their options.
    spec : the declared model of selection; a row of its table is selected where its outcome is 1.
    case : column of that table with the case that is weighted.
    """

    column: str
    spec: str
    case: str


@dataclass(frozen=True)
class Permutation:
    """A permutation test of the terms of a family: the outcome is permuted within strata."""

    spec: str
    family: str
    strata: str
    draws: int
    seed: int


@dataclass(frozen=True)
class Display:
    """Text and choices of figures and tables; no test depends on them.

    Attributes
    ----------
    outcome, sources, context : sentences printed below figures and tables.
    survival_split : how the survival figure groups the cases: ``median``, or empty where there is
        no such figure.
    variant_group : a group of variants with a figure and a table of its own, or empty.
    licence : terms, believed, on which the study's own tables may be used.
    sources_of : the sources of figures and tables that use only some of them, by their names.
    """

    outcome: str
    sources: str
    context: str
    survival_split: str = ""
    variant_group: str = ""
    licence: str = ""
    sources_of: Mapping[str, str] = field(default_factory=dict)
