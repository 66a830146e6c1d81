"""StudyFrame or DataFrame in, frozen results out. Nothing here
knows of coding, outcomes or joins.
"""

from peacestudy.models.contexts.by_context import ByContext, by_context
from peacestudy.models.contexts.partial_pooling import PartialPooling, partial_pooling
from peacestudy.models.diagnosis.accuracy import brier, log_score, roc_auc
from peacestudy.models.diagnosis.diagnose import Diagnosis, diagnose
from peacestudy.models.diagnosis.e_value import e_value
from peacestudy.models.diagnosis.left_out import left_out
from peacestudy.models.diagnosis.out_of_sample import OutOfSample, out_of_sample
from peacestudy.models.diagnosis.sensitivity import robustness_value
from peacestudy.models.fit_notes.dispersion import overdispersion
from peacestudy.models.fit_notes.parallel_lines import parallel_lines
from peacestudy.models.fit_notes.proportional import proportional_hazards
from peacestudy.models.fitting import fit
from peacestudy.models.inference.hypotheses import JointTest, adjust, detectable, step_down
from peacestudy.models.interpretation.conditional import conditional_effects
from peacestudy.models.interpretation.effects import effects
from peacestudy.models.interpretation.kaplan_meier import kaplan_meier
from peacestudy.models.interpretation.predict import predict
from peacestudy.models.missing.impute import impute
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pool import Pooled, pool
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.resampling.bootstrap import Bootstrap, bootstrap
from peacestudy.models.resampling.permutation import permutation_test
from peacestudy.models.resampling.randomisation import randomisation_test
from peacestudy.models.resampling.romano_wolf import RomanoWolf, romano_wolf
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

__all__ = [
    "Bootstrap",
    "ByContext",
    "Diagnosis",
    "Fit",
    "Imputed",
    "JointTest",
    "ModelSpec",
    "OutOfSample",
    "PartialPooling",
    "Pooled",
    "PooledFit",
    "RomanoWolf",
    "adjust",
    "bootstrap",
    "brier",
    "by_context",
    "conditional_effects",
    "detectable",
    "diagnose",
    "e_value",
    "effects",
    "fit",
    "impute",
    "kaplan_meier",
    "left_out",
    "log_score",
    "out_of_sample",
    "overdispersion",
    "parallel_lines",
    "partial_pooling",
    "permutation_test",
    "pool",
    "predict",
    "proportional_hazards",
    "randomisation_test",
    "robustness_value",
    "roc_auc",
    "romano_wolf",
    "step_down",
]
