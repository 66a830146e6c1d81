"""StudyFrame or DataFrame in, frozen results out. Nothing here knows of coding, outcomes or joins."""

from peacestudy.models.accuracy import brier, log_score, roc_auc
from peacestudy.models.bootstrap import Bootstrap, bootstrap
from peacestudy.models.conditional import conditional_effects
from peacestudy.models.diagnose import Diagnosis, diagnose
from peacestudy.models.dispersion import overdispersion
from peacestudy.models.e_value import e_value
from peacestudy.models.effects import effects
from peacestudy.models.fit import fit
from peacestudy.models.impute import impute
from peacestudy.models.imputed import Imputed
from peacestudy.models.inference import JointTest, adjust, detectable, step_down
from peacestudy.models.kaplan_meier import kaplan_meier
from peacestudy.models.left_out import left_out
from peacestudy.models.out_of_sample import OutOfSample, out_of_sample
from peacestudy.models.parallel_lines import parallel_lines
from peacestudy.models.partial_pooling import PartialPooling, partial_pooling
from peacestudy.models.permutation import permutation_test
from peacestudy.models.pool import Pooled, pool
from peacestudy.models.pooled import PooledFit
from peacestudy.models.predict import predict
from peacestudy.models.proportional import proportional_hazards
from peacestudy.models.randomisation import randomisation_test
from peacestudy.models.result import Fit
from peacestudy.models.romano_wolf import RomanoWolf, romano_wolf
from peacestudy.models.sensitivity import robustness_value
from peacestudy.models.spec import ModelSpec

__all__ = [
    "Bootstrap",
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
