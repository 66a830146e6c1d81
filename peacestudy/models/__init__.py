"""StudyFrame or DataFrame in, frozen results out. Nothing here knows of coding, outcomes or joins."""

from peacestudy.models.fit import fit
from peacestudy.models.inference import JointTest, adjust, detectable
from peacestudy.models.kaplan_meier import kaplan_meier
from peacestudy.models.permutation import permutation_test
from peacestudy.models.proportional import proportional_hazards
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

__all__ = [
    "Fit",
    "JointTest",
    "ModelSpec",
    "adjust",
    "detectable",
    "fit",
    "kaplan_meier",
    "permutation_test",
    "proportional_hazards",
]
