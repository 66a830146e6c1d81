"""Estimate one effect in several contexts: a fit in each context, and partial pooling of the
estimates.
"""

from peacestudy.models.contexts.context_effects import ByContext, by_context
from peacestudy.models.contexts.shrinkage import PartialPooling, partial_pooling

__all__ = [
    "ByContext",
    "PartialPooling",
    "by_context",
    "partial_pooling",
]
