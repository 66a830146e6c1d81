"""study.toml whole, and the hash of what it declares."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any

from peacestudy.study.config.coders import Reliability, Settling, Uncertainty
from peacestudy.study.config.declared import (
    Decision,
    Declared,
    Display,
    Hypothesis,
    Permutation,
    Sample,
    Specification,
    Step,
)
from peacestudy.study.config.politics import Contexts, Moderation
from peacestudy.study.config.rivals import Forecast, OutOfSample, Variant


@dataclass(frozen=True)
class Config:
    """Everything in study.toml.

    Attributes
    ----------
    samples, specs, hypotheses, decision : none where a study only codes.
    codebook : another study whose codebook this one codes by; empty for one of its own.
    cases : the values under [cases], as the study's builder has
        them; a mapping where no builder is known.
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
    moderations: tuple[Moderation, ...] = ()
    contexts: Contexts | None = None

    def varied_specs(self) -> tuple[Specification, ...]:
        """Every specification that the variants make of the varied ones."""
        of = {s.name: s for s in self.specs}
        return tuple(v.of(of[name]) for v in self.variants for name in self.varied if name in of)

    def declaration_hash(self) -> str:
        """SHA-256 of what is declared: all but names, what figures say, and the declaration itself.

        A value that is not written does not count, so that a new kind of value leaves old
        declarations as they are.
        """
        part = {
            f.name: _written(getattr(self, f.name))
            for f in fields(self)
            if f.name not in UNDECLARED
        }
        part = {name: value for name, value in part.items() if value not in ((), None, "", [])}
        return hashlib.sha256(
            json.dumps(part, sort_keys=True, ensure_ascii=False).encode()
        ).hexdigest()


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


LATER = ("keep", "table", "sample", "scores", "options", "weights", "turnover_years_back")
