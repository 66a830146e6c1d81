"""Alternatives to the declared models: variants, out-of-sample tests, forecasts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models.clock_check import EXPLAINING
from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.models.formulas.formula import parse
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
    known_late : the reason for each column that is known only after the clock; for the
        specifications whose changed formula or options have it.
    late_steps : the same for columns of the steps of its sample.
    known_from : added to that of the specification.
    cases_of : another variant; only the cases that its model uses are kept.
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
    late_steps: Mapping[str, str] = field(default_factory=dict)
    known_from: Mapping[str, str] = field(default_factory=dict)
    cases_of: str = ""

    def of(self, spec: Specification) -> Specification:
        """A specification as changed by this variant."""
        left, _, right = (part.strip() for part in spec.formula.partition("~"))
        terms = [t for t in right.split(" + ") if t not in self.drop]
        formula = f"{self.outcome or left} ~ {' + '.join([*terms, *self.add])}"
        vcov = self.vcov or spec.vcov
        return replace(
            spec,
            name=f"{spec.name}, {self.id}",
            formula=formula,
            engine=self.engine or spec.engine,
            vcov=vcov,
            cluster=(self.cluster or spec.cluster) if vcov in CLUSTERED else "",
            sample=self.sample or spec.sample,
            scores=self.scores or spec.scores,
            role="variant",
            options=self.options,
            known_late=dict(spec.known_late) | self._late_in(formula) | dict(self.late_steps),
            known_from=dict(spec.known_from) | dict(self.known_from),
        )

    def _late_in(self, formula: str) -> dict[str, str]:
        """The reasons of the columns that a formula or an option, such as weights, has."""
        if not self.known_late:
            return {}
        try:
            columns = parse(formula).columns
        except SpecError:  # reported where the variant is checked
            return {}
        named = {*columns, *(str(self.options[key]) for key in EXPLAINING if key in self.options)}
        return {column: why for column, why in self.known_late.items() if column in named}


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
    known_from : column that says from when the outcome of a case is known; the models are trained
        only on cases whose outcome is known by the cut. Empty where every outcome counts as known.
    """

    specs: tuple[str, ...]
    sample: str
    groups: str
    time: str
    cut: int
    draws: int
    seed: int
    known_from: str = ""


@dataclass(frozen=True)
class Windows:
    """Which other cases could have stood for their windows, and the models fitted to them.

    Maximal sets of cases with disjoint windows are drawn uniformly in each group.

    Attributes
    ----------
    specs : declared models that are fitted to every set.
    sample : the cases that compete for windows.
    group : column within whose values windows may not overlap.
    start, end : columns of the first and the last time of the window of a case.
    draws, seed : number of sets, and the seed.
    separator : what parts the groups of a case in a cell of ``group``, where a case may be in
        several; windows of cases that share a group may then not overlap.
    """

    specs: tuple[str, ...]
    sample: str
    group: str
    start: str
    end: str
    draws: int
    seed: int
    separator: str = ""


@dataclass(frozen=True)
class Forecast:
    """Which cases are forecast, by which models, and what they are trained on.

    Attributes
    ----------
    specs, train, cases : declared models, the training sample, and the sample that is forecast.
    substitutes : for a column that may be missing in a case that is forecast, the column used in
        its place; the forecast says where it was used.
    conflict, first_date : columns of the conflict and of the day of the first agreement, by which
        a forecast is matched with outcomes that are known later.
    """

    specs: tuple[str, ...]
    train: str
    cases: str
    substitutes: Mapping[str, str] = field(default_factory=dict)
    conflict: str = "conflict_id"
    first_date: str = "first_date"
