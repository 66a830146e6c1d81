"""Regression models: specify, fit, interpret, check, impute and resample.

Functions take a StudyFrame or a DataFrame and return frozen results. The 15 names most used are
here; the rest is in the rooms ``contexts``, ``diagnosis``, ``fit_notes``, ``inference``,
``interpretation``, ``missing`` and ``resampling``. This room does not depend on coding, outcomes or
joins.
"""

from peacestudy.core.old_names import renamed_members
from peacestudy.models.contexts import by_context
from peacestudy.models.diagnosis import diagnose, left_out, out_of_sample
from peacestudy.models.fitting import fit
from peacestudy.models.inference import adjust
from peacestudy.models.interpretation import conditional_effects, effects, predict
from peacestudy.models.missing import impute, pool
from peacestudy.models.resampling import bootstrap, permutation_test
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

OLD_NAMES = {
    "Bootstrap": "peacestudy.models.resampling.Bootstrap",
    "ByContext": "peacestudy.models.contexts.ByContext",
    "Diagnosis": "peacestudy.models.diagnosis.Diagnosis",
    "Imputed": "peacestudy.models.missing.Imputed",
    "JointTest": "peacestudy.models.inference.JointTest",
    "OutOfSample": "peacestudy.models.diagnosis.OutOfSample",
    "PartialPooling": "peacestudy.models.contexts.PartialPooling",
    "Pooled": "peacestudy.models.missing.Pooled",
    "PooledFit": "peacestudy.models.missing.PooledFit",
    "RomanoWolf": "peacestudy.models.resampling.RomanoWolf",
    "brier": "peacestudy.models.diagnosis.brier",
    "detectable": "peacestudy.models.inference.detectable",
    "e_value": "peacestudy.models.diagnosis.e_value",
    "kaplan_meier": "peacestudy.models.interpretation.kaplan_meier",
    "log_score": "peacestudy.models.diagnosis.log_score",
    "overdispersion": "peacestudy.models.fit_notes.overdispersion",
    "parallel_lines": "peacestudy.models.fit_notes.parallel_lines",
    "partial_pooling": "peacestudy.models.contexts.partial_pooling",
    "proportional_hazards": "peacestudy.models.fit_notes.proportional_hazards",
    "randomisation_test": "peacestudy.models.resampling.randomisation_test",
    "robustness_value": "peacestudy.models.diagnosis.robustness_value",
    "roc_auc": "peacestudy.models.diagnosis.roc_auc",
    "romano_wolf": "peacestudy.models.resampling.romano_wolf",
    "step_down": "peacestudy.models.inference.step_down",
}
__getattr__ = renamed_members(__name__, OLD_NAMES)

__all__ = [
    "Fit",
    "ModelSpec",
    "adjust",
    "bootstrap",
    "by_context",
    "conditional_effects",
    "diagnose",
    "effects",
    "fit",
    "impute",
    "left_out",
    "out_of_sample",
    "permutation_test",
    "pool",
    "predict",
]
