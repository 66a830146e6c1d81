"""Table or Fit in, Figure out. ``forest``, ``profile``, ``survival`` and ``ledger`` take any data of the right shape."""

from peacestudy.figures.forest import forest
from peacestudy.figures.ledger import ledger
from peacestudy.figures.profile import profile
from peacestudy.figures.survival import survival

__all__ = ["forest", "ledger", "profile", "survival"]
