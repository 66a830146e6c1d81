"""Accuracy of coders: its prior, and draws of it given the true codes.

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
    """The prior of the accuracy of coders: a Dirichlet distribution for each true code.

    Attributes
    ----------
    mean : float
        Prior mean of the share of cases coded correctly; the rest is spread evenly over the other
        codes.
    prior_n : float
        Number of cases of each true code that the prior counts as; the larger, the narrower.

    Raises
    ------
    CodingError
        ``mean`` is not between 0 and 1, or ``prior_n`` is not above 0.

    Examples
    --------
    >>> import peacestudy as ps
    >>> ps.Accuracy(0.85, prior_n=40).counts(2).round(3).tolist()
    [[34.0, 6.0], [6.0, 34.0]]
    """

    mean: float
    prior_n: float

    def __post_init__(self) -> None:
        if not 0 < self.mean < 1 or not self.prior_n > 0:
            raise CodingError(
                f"Accuracy has mean {self.mean} and prior_n {self.prior_n}; expected a mean between"
                " 0 and 1 and a prior_n above 0."
            )

    def counts(self, codes: int) -> Array:
        """Dirichlet counts, shape (true codes, given codes)."""
        wrong = self.prior_n * (1 - self.mean) / (codes - 1)
        out: Array = np.full((codes, codes), wrong)
        np.fill_diagonal(out, self.prior_n * self.mean)
        return out


# correct twice as often as wrong, with the weight of three cases: identifies the codes' labels
WEAK = Accuracy(2 / 3, 3.0)


def draw_accuracy(counts: Array, rng: np.random.Generator) -> Array:
    """Rows drawn from Dirichlet distributions; shape as ``counts``."""
    drawn = rng.gamma(counts) + 1e-300  # of counts near 0 a gamma may underflow
    out: Array = drawn / drawn.sum(axis=-1, keepdims=True)
    return out
