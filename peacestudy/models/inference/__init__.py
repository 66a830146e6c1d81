"""Test one or several coefficients: covariances, reference distributions, joint tests, adjusted
p values and detectable effects.
"""

from peacestudy.models.inference.hypotheses import JointTest, adjust, detectable, step_down

__all__ = [
    "JointTest",
    "adjust",
    "detectable",
    "step_down",
]
