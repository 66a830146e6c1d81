"""Codings -> scores: who gave which code to which case on what evidence, and what the codes add up to."""

from peacestudy.coding.coding import CODING_SCHEMA, Coding
from peacestudy.coding.consistency import internal_consistency
from peacestudy.coding.rule_coding import code_topics
from peacestudy.coding.score import score
from peacestudy.coding.third_party import third_party

__all__ = ["CODING_SCHEMA", "Coding", "code_topics", "internal_consistency", "score", "third_party"]
