"""What leaving a row out does, by one step of Newton's from the estimate of all.

Sources: Pregibon (1981), Annals of Statistics 9(4); Cook (1986), JRSS B 48(2) (likelihoods of
several parameters). A row touches the likelihood in r directions of the parameters alone, so that
the information without it follows from an r by r system (Sherman and Morrison 1950, Annals of
Mathematical Statistics 21(1)).
"""

from dataclasses import dataclass

import numpy as np

# of what a row leaves of the information in its directions, below which nothing but the row tells
# them
ALONE = 1e-10
ONE = 1 - 1e-10  # leverage above which a row's residual is rounding


@dataclass(frozen=True, eq=False)
class RowScores:
    """What each of N rows adds to a log-likelihood of P parameters, in r directions.

    Attributes
    ----------
    U : the directions, shape (N, P, r).
    slope : derivatives of the row's log-likelihood along them, shape (N, r).
    curvature : minus its second derivatives, shape (N, r, r).
    """

    U: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray


def one_step(A: np.ndarray, rows: RowScores) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The estimate less that without each row, by one step.

    Parameters
    ----------
    A : the inverse information (of a penalised likelihood, with the penalty), shape (P, P).
    rows : what each adds.

    Returns
    -------
    dfbeta, leverage, cook
        Shape (N, P), NaN where a row alone tells some parameter; the share of the information that
        is the row's, trace of A times its curvature, which sums to P without a penalty, shape (N,);
        ``dfbeta' inverse(A) dfbeta / P``, shape (N,). Of a logit they are Pregibon's.
    """
    AU = np.einsum("ij,njr->nir", A, rows.U)
    M = np.einsum("nir,nis->nrs", rows.U, AU)
    CM = rows.curvature @ M
    left = np.eye(CM.shape[1]) - CM
    alone = np.abs(np.linalg.det(left)) < ALONE
    left[alone] = np.eye(CM.shape[1])
    step = np.linalg.solve(left, rows.slope[:, :, None])
    dfbeta = (AU @ step)[:, :, 0]
    cook = (step.transpose(0, 2, 1) @ M @ step)[:, 0, 0] / len(A)
    dfbeta[alone], cook[alone] = np.nan, np.nan
    return dfbeta, np.trace(CM, axis1=1, axis2=2), cook
