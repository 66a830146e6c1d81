"""study.toml as dataclasses: windows, samples, specifications,
hypotheses, and how they are decided.
"""

from peacestudy.study.config.alternatives import Forecast, LeftOut, OutOfSample, Variant, Windows
from peacestudy.study.config.coders import Adjudication, Reliability, Uncertainty
from peacestudy.study.config.config import Config
from peacestudy.study.config.declared import (
    Decision,
    Declared,
    Display,
    EarlierDeclaration,
    FrozenForecasts,
    Hypothesis,
    Permutation,
    Sample,
    Specification,
    Step,
    TableClock,
    Weighting,
)
from peacestudy.study.config.politics import Context, Contexts, Moderation

__all__ = [
    "Adjudication",
    "Config",
    "Context",
    "Contexts",
    "Decision",
    "Declared",
    "Display",
    "EarlierDeclaration",
    "Forecast",
    "FrozenForecasts",
    "Hypothesis",
    "LeftOut",
    "Moderation",
    "OutOfSample",
    "Permutation",
    "Reliability",
    "Sample",
    "Specification",
    "Step",
    "TableClock",
    "Uncertainty",
    "Variant",
    "Weighting",
    "Windows",
]
