"""What engines of counts share: offsets, and the check that a coefficient does not run to infinity.

Source: Santos Silva and Tenreyro (2010), Economics Letters 107(2): the likelihood has no maximum
where some combination of the terms is zero in all rows with a count above zero, and of one sign in
the others; the same holds of the negative binomial with a given alpha.
"""

import numpy as np

# share of the information at the start left at the maximum, below which separation is looked for
LOST = 1e-2


def left_of(start: np.ndarray, end: np.ndarray) -> float:
    """The share of an information (K, K) left, along the axis that has lost most."""
    root = np.linalg.cholesky(start)
    return float(np.linalg.eigvalsh(np.linalg.solve(root, np.linalg.solve(root, end).T))[0])


def null_means(y: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Means with the intercept alone, shape (N,)."""
    rate = np.exp(offset - offset.max())
    return np.asarray(rate * y.sum() / rate.sum())
