"""Codings -> scores: who gave which code to which case on what evidence, and what the codes add up to."""

from peacestudy.coding.coding import CODER_KINDS, CODING_SCHEMA, CONFIDENCE, SHEET_SCHEMA, Coding, CodingSheet
from peacestudy.coding.reliability import Alpha, agreement, alpha
from peacestudy.coding.rule_coding import code_topics
from peacestudy.coding.scoring import internal_consistency, score
from peacestudy.coding.third_party import third_party

__all__ = [
    "CODER_KINDS",
    "CODING_SCHEMA",
    "CONFIDENCE",
    "SHEET_SCHEMA",
    "Coding",
    "CodingSheet",
    "code_topics",
    "internal_consistency",
    "score",
    "third_party",
]
