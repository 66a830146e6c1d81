"""The values of study.toml."""

from dataclasses import dataclass
from typing import Any

from peacestudy.study.config.alternatives import Forecast, LeftOut, OutOfSample, Variant, Windows
from peacestudy.study.config.coders import Adjudication, Reliability, Uncertainty
from peacestudy.study.config.declared import (
    Decision,
    Declared,
    Display,
    Hypothesis,
    Permutation,
    Sample,
    Specification,
    Step,
    TableClock,
    Weighting,
)
from peacestudy.study.config.politics import Contexts, Moderation


@dataclass(frozen=True)
class Config:
    """Everything in study.toml.

    Attributes
    ----------
    samples, specs, hypotheses, decision : empty in a study that only codes.
    codebook : another study whose codebook is used; empty where the study has its own.
    cases : the values under [cases] as the study's builder reads them; a mapping where no builder
        is known.
    varied : specifications that every variant changes.
    clocks : when treatment is complete, a clock a table; empty in a study without a clock.
    weighting : how cases are weighted for their selection.
    windows : other choices of cases with disjoint windows; None where windows cannot overlap.
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
    adjudication: Adjudication | None = None
    reliability: Reliability | None = None
    uncertainty: tuple[Uncertainty, ...] = ()
    steps: tuple[Step, ...] = ()
    codebook: str = ""
    permutation: Permutation | None = None
    varied: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    out_of_sample: OutOfSample | None = None
    forecast: Forecast | None = None
    moderations: tuple[Moderation, ...] = ()
    contexts: Contexts | None = None
    clocks: tuple[TableClock, ...] = ()
    left_out: LeftOut | None = None
    weighting: Weighting | None = None
    windows: Windows | None = None

    def clock_of(self, table: str) -> TableClock | None:
        """The clock of a table, None where it has none."""
        return next((clock for clock in self.clocks if clock.table == table), None)

    @property
    def weight_column(self) -> str:
        """The column of weights that the results compute; empty where there are none."""
        return self.weighting.column if self.weighting is not None else ""

    def varied_specs(self) -> tuple[Specification, ...]:
        """Every varied specification as changed by every variant."""
        specs = {s.name: s for s in self.specs}
        varied = [specs[name] for name in self.varied if name in specs]
        return tuple(variant.of(spec) for variant in self.variants for spec in varied)
