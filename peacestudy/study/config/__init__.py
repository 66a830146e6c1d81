"""study.toml as dataclasses: windows, samples, specifications,
hypotheses, and how they are decided.
"""

from peacestudy.study.config.coders import Reliability, Settling, Uncertainty
from peacestudy.study.config.config import Config
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
from peacestudy.study.config.politics import Context, Contexts, Moderation
from peacestudy.study.config.rivals import Forecast, OutOfSample, Variant

__all__ = [
    "Config",
    "Context",
    "Contexts",
    "Decision",
    "Declared",
    "Display",
    "Forecast",
    "Hypothesis",
    "Moderation",
    "OutOfSample",
    "Permutation",
    "Reliability",
    "Sample",
    "Settling",
    "Specification",
    "Step",
    "Uncertainty",
    "Variant",
]
