"""Test the assumptions behind a fit: overdispersion of counts, parallel lines of ordered logits,
proportional hazards. The notes that a fit carries about them are computed here too.
"""

from peacestudy.models.fit_notes.dispersion import overdispersion
from peacestudy.models.fit_notes.parallel_slopes import parallel_lines
from peacestudy.models.fit_notes.proportional import proportional_hazards

__all__ = [
    "overdispersion",
    "parallel_lines",
    "proportional_hazards",
]
