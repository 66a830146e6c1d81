"""Settled codes -> pillar scores, by the rule that the codebook declares;
which indicators stand on too little agreement.
"""

from peacestudy.coding.scoring.consistency import internal_consistency
from peacestudy.coding.scoring.floor import Flags, floor, without
from peacestudy.coding.scoring.score import Scores, fit_scores, score

__all__ = ["Flags", "Scores", "fit_scores", "floor", "internal_consistency", "score", "without"]
