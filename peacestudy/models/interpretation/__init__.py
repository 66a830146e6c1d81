"""Express a fit in the unit of its outcome: average effects, conditional effects, predictions and
survival curves.
"""

from peacestudy.models.interpretation.average_effects import effects
from peacestudy.models.interpretation.conditional import conditional_effects
from peacestudy.models.interpretation.predictions import predict
from peacestudy.models.interpretation.product_limit import kaplan_meier

__all__ = [
    "conditional_effects",
    "effects",
    "kaplan_meier",
    "predict",
]
