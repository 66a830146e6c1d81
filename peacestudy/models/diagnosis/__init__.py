"""Check a fit: separation, influential cases, calibration, predictions for cases that the model
has not seen, and sensitivity to unmeasured confounders.
"""

from peacestudy.models.diagnosis.accuracy import brier, log_score, roc_auc
from peacestudy.models.diagnosis.cross_validation import OutOfSample, out_of_sample
from peacestudy.models.diagnosis.fit_checks import Diagnosis, diagnose
from peacestudy.models.diagnosis.leave_one_out import left_out
from peacestudy.models.diagnosis.ratio_sensitivity import e_value
from peacestudy.models.diagnosis.sensitivity import robustness_value

__all__ = [
    "Diagnosis",
    "OutOfSample",
    "brier",
    "diagnose",
    "e_value",
    "left_out",
    "log_score",
    "out_of_sample",
    "robustness_value",
    "roc_auc",
]
