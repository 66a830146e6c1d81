"""Settled codes -> pillar scores, by the rule that the codebook declares."""

from peacestudy.coding.scoring.consistency import internal_consistency
from peacestudy.coding.scoring.score import score

__all__ = ["internal_consistency", "score"]
