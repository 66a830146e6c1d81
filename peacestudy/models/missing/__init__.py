"""Fill in missing values by multiple imputation, and pool the fits of the completed tables by
Rubin's rules.
"""

from peacestudy.models.missing.imputation import impute
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.rubins_rules import Pooled, pool

__all__ = [
    "Imputed",
    "Pooled",
    "PooledFit",
    "impute",
    "pool",
]
