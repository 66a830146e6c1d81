"""Whether chains of draws agree: split R-hat and effective size (Gelman
and others 2013, Bayesian Data Analysis, 11.4).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from peacestudy.core.problems import Note
from peacestudy.robustness.augmentation import Chain

Array = npt.NDArray[np.float64]
R_HAT_LIMIT = 1.1  # R-hat above which chains have not converged


def split_r_hat(chains: Array) -> float:
    """R-hat of halves of chains, shape (chains, draws); 1 where they have converged, NaN for fewer
    than four draws each.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(2, 500))
    >>> bool(split_r_hat(x) < 1.02), bool(split_r_hat(x + [[0], [3]]) > 1.5)
    (True, True)
    """
    half = chains.shape[1] // 2
    if half < 2:
        return float("nan")
    parts = np.concatenate([chains[:, :half], chains[:, -half:]])
    within = parts.var(axis=1, ddof=1).mean()
    between = half * parts.mean(axis=1).var(ddof=1)
    return float(np.sqrt((half - 1) / half + between / (half * within))) if within > 0 else 1.0


def chain_notes(
    chains: Sequence[Chain], names: Sequence[str], coded: Sequence[str], model: str
) -> Iterator[Note]:
    """Problems of the chains of a model: no convergence, or slow mixing."""
    for k, name in enumerate(names):
        found = split_r_hat(np.array([c.beta[:, k] for c in chains]))
        if name in coded and found > R_HAT_LIMIT:
            text = (
                f"{model}: the chains have not converged for {name} (R-hat {found:.2f}); take more"
                " draws, a longer burn or a larger thin."
            )
            yield Note("not_converged", text)
    slow = min(c.taken for c in chains)
    if slow < 0.1:
        yield Note(
            "slow",
            f"{model}: only {slow:.0%} of the proposals for the outcome's parameters were taken;"
            " take a longer burn.",
        )
    for s in range(len(chains[0].theta)):
        theta = np.concatenate([c.theta[s] for c in chains]).mean(axis=0)
        right = np.diagonal(theta, axis1=-2, axis2=-1)
        if (right < 0.5).any():
            text = (
                f"{model}: the estimated accuracy of a coder is {right.min():.0%} for one true"
                " code, less than half; the labels of the codes may have switched."
            )
            yield Note("poor_accuracy", text)
