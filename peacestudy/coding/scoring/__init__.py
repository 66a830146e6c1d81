"""Adjudicated codes -> scores of pillars, by the rule that the codebook declares, and the
indicators whose agreement is too low.
"""

from peacestudy.coding.scoring.consistency import internal_consistency
from peacestudy.coding.scoring.reliability_threshold import (
    Flags,
    drop_indicators,
    reliability_floor,
)
from peacestudy.coding.scoring.scores import Scores, score, score_with_diagnostics

__all__ = [
    "Flags",
    "Scores",
    "drop_indicators",
    "internal_consistency",
    "reliability_floor",
    "score",
    "score_with_diagnostics",
]
