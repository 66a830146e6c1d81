"""Table or Fit in, Figure out. ``forest``, ``profile``, ``survival``, ``ledger`` and ``rows`` take
any data of the right shape.
"""

from peacestudy.figures.forest import forest
from peacestudy.figures.ledger import ledger, rows
from peacestudy.figures.profile import profile
from peacestudy.figures.survival import survival

__all__ = ["forest", "ledger", "profile", "rows", "survival"]
