"""Alternatives to the declared models: variants, out-of-sample tests, forecasts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.study.config.declared import Specification


@dataclass(frozen=True)
class Variant:
    """An alternative specification: what it changes in the varied specifications, and the
    objection that it answers.

    Attributes
    ----------
    id, label, group : identifier, name in figures, heading under which it stands.
    reason : the objection that it answers.
    sample, scores, engine, vcov, cluster, options : replace those of
        the specification where they are written.
    outcome : replaces the left-hand side.
    add, drop : terms added to, or taken from, the right-hand side.
    reversed : its coefficients describe the opposite outcome, and are shown with the opposite
        sign.
    known_late : the reason for each column that is used although it is known only after the clock;
        replaces those of the specification where it is written.
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
    known_late: Mapping[str, str] = field(default_factory=dict)

    def of(self, spec: Specification) -> Specification:
        """A specification as changed by this variant."""
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
            known_late=self.known_late or spec.known_late,
        )


@dataclass(frozen=True)
class LeftOut:
    """Which groups of cases are left out one at a time.

    Attributes
    ----------
    specs : the declared models that are refitted.
    column : of the groups.
    part : regular expression of a name within the column; a case that names several groups is left
        out with each of them. Empty where the whole value is the group.
    """

    specs: tuple[str, ...]
    column: str
    part: str = ""

    def groups_of(self, values: "pd.Series[str]") -> "pd.Series[Any]":
        """The groups of every case, as lists of names."""
        if not self.part:
            return values.map(lambda value: [value])
        return values.map(lambda value: re.findall(self.part, value) or [value])


@dataclass(frozen=True)
class OutOfSample:
    """How the models are tested out of sample.

    Attributes
    ----------
    specs : declared models that are compared.
    sample : the cases.
    groups : column whose groups are left out in turn.
    time, cut : column of time, and the last value that the models
        are trained on; later cases are predicted.
    draws, seed : number of permuted outcomes on which the procedure is repeated, and the seed.
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
    specs, train, cases : declared models, the training sample, and the sample that is forecast.
    substitutes : for a column that may be missing in a case that is forecast, the column used in
        its place; the forecast says where it was used.
    """

    specs: tuple[str, ...]
    train: str
    cases: str
    substitutes: Mapping[str, str] = field(default_factory=dict)
