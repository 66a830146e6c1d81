"""What is tried beside the declared models: variants, cases that were not seen, forecasts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.study.config.declared import Specification


@dataclass(frozen=True)
class Variant:
    """A rival reading of the finding: what is changed in the specifications
    that are varied, and why a referee would ask.

    Attributes
    ----------
    id, label, group : identifier, name in figures, heading under which it stands.
    reason : the objection that it answers.
    sample, scores, engine, vcov, cluster, options : replace those of
        the specification where they are written.
    outcome : replaces the left-hand side.
    add, drop : terms added to, or taken from, the right-hand side.
    reversed : its coefficients speak of fighting, not of peace,
        and are shown with their sign turned.
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
            spec,
            name=f"{spec.name}, {self.id}",
            formula=f"{self.outcome or left} ~ {' + '.join([*terms, *self.add])}",
            engine=self.engine or spec.engine,
            vcov=vcov,
            cluster=(self.cluster or spec.cluster) if vcov in CLUSTERED else "",
            sample=self.sample or spec.sample,
            scores=self.scores or spec.scores,
            role="variant",
            options=self.options,
        )


@dataclass(frozen=True)
class OutOfSample:
    """How the models are tried on cases that they have not seen.

    Attributes
    ----------
    specs : declared models that are compared.
    sample : the cases.
    groups : column whose groups are left out in turn.
    time, cut : column of time, and the last value that the models
        are trained on; later cases are predicted.
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
    specs, train, cases : declared models, the sample they learn
        from, and the sample that is forecast.
    instead : column that stands in for another where that one is missing in a case that is
        forecast; written beside it.
    """

    specs: tuple[str, ...]
    train: str
    cases: str
    instead: Mapping[str, str] = field(default_factory=dict)
