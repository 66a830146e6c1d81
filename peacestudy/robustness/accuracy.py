"""How often coders are right: what is held of it before the codes
are seen, and draws of it given true codes.

A coder's accuracy is a table theta[true, given], rows sum to 1; a row is Dirichlet. Latent classes
of coders: Dawid and Skene (1979), Applied Statistics 28(1); its Bayesian form with Dirichlet rows:
Paun and others (2018), TACL 6.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peacestudy.errors import CodingError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Accuracy:
    """What the author holds of a coder's accuracy: as if ``worth``
    cases of each true code had been seen coded.

    Attributes
    ----------
    right : share of them that was coded right.
    worth : how many cases; the more, the surer. The wrong ones
        are spread evenly over the other codes.
    """

    right: float
    worth: float

    def __post_init__(self) -> None:
        if not 0 < self.right < 1 or not self.worth > 0:
            raise CodingError(
                f"accuracy is {self.right} worth {self.worth} cases; give a share between 0 and 1"
                " and cases above 0."
            )

    @classmethod
    def about(cls, right: float, worth: float) -> "Accuracy":
        """About this share right, as if seen in so many cases of each true code: drawn from a
        distribution, never fixed.

        Examples
        --------
        >>> Accuracy.about(0.85, worth=40).counts(2).round(3).tolist()
        [[34.0, 6.0], [6.0, 34.0]]
        """
        return cls(right, worth)

    def counts(self, codes: int) -> Array:
        """Dirichlet counts, shape (true codes, given codes)."""
        wrong = self.worth * (1 - self.right) / (codes - 1)
        out: Array = np.full((codes, codes), wrong)
        np.fill_diagonal(out, self.worth * self.right)
        return out


# right twice as often as wrong, worth three cases: enough to tell the codes' names apart
WEAK = Accuracy(2 / 3, 3.0)


def draw_accuracy(counts: Array, rng: np.random.Generator) -> Array:
    """Rows drawn from Dirichlet distributions; shape as ``counts``."""
    drawn = rng.gamma(counts) + 1e-300  # of counts near 0 a gamma may underflow
    out: Array = drawn / drawn.sum(axis=-1, keepdims=True)
    return out
