"""A model fitted to many samples, or subsets, of the rows of its design at once.

What is returned is what single fits give, or marked as not known: the caller then fits such a
sample by itself, which also says why it cannot be fitted.
"""

from dataclasses import dataclass

import numpy as np

from peacestudy.errors import FitError
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.weights import row_weights
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.cr2 import sums
from peacestudy.models.inference.hypotheses import two_sided
from peacestudy.models.inference.profile import likelihood_ratio
from peacestudy.models.inference.reference import reference
from peacestudy.models.inference.robust_limits import CLOSE, find_blanks, row_groups
from peacestudy.models.inference.row_samples import batch_of, kept_rows
from peacestudy.models.kernels.batch import LOGIT, Block, coefficients, fit_batch
from peacestudy.models.spec import ModelSpec

# covariances that are found for each subset by itself, and not in a batch
SINGLE = ("cr2", "jackknife")
# share of the model's own variance below which a robust variance is zero but for rounding
NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class Subsets:
    """Terms of a model in B subsets of its rows.

    Attributes
    ----------
    estimate, std_error, p_value : shape (B, K).
    known : whether they are those of a single fit, shape (B,).
    """

    estimate: np.ndarray
    std_error: np.ndarray
    p_value: np.ndarray
    known: np.ndarray


def estimates_of_samples(
    design: Design, spec: ModelSpec, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of samples of rows (B, K), and whether each is known (B,).

    Parameters
    ----------
    design, spec : an arranged design of any engine.
    counts : how often each row is in each sample, shape (B, N).
    """
    kernel = engine_of(spec).batch
    if kernel is None:
        return np.full((len(counts), design.X.shape[1]), np.nan), np.zeros(len(counts), bool)
    batch = batch_of(design, row_weights(design, spec.options), counts)
    beta, doubts = coefficients(kernel, batch)
    return beta, (doubts == "") & _several_clusters(design, counts)


def terms_of_subsets(design: Design, spec: ModelSpec, keep: np.ndarray) -> Subsets:
    """Estimates, standard errors and p values with some rows left out.

    Parameters
    ----------
    design, spec : an arranged design of any engine.
    keep : the rows of each subset, shape (B, N), bool.
    """
    B, K = len(keep), design.X.shape[1]
    none = np.full((B, K), np.nan)
    out = Subsets(none, none.copy(), none.copy(), np.zeros(B, bool))
    engine = engine_of(spec)
    kernel = engine.batch
    signs = "bootstrap" in dict(spec.options)
    if kernel is None or signs:
        return out
    batch = batch_of(design, row_weights(design, spec.options), keep)
    known = _several_clusters(design, keep)
    if spec.vcov != "classical" and engine.penalised:
        # where rows are separated, terms may have no robust standard error
        known &= coefficients(LOGIT, batch)[1] == ""
    dfs = np.empty((B, K))
    for block in fit_batch(kernel, batch, by_row=spec.vcov not in SINGLE):
        members = block.members
        known[members] &= block.doubts == ""
        if spec.vcov in SINGLE:
            V, dfs[members] = _one_by_one(design, spec, keep[members], block, known[members])
        else:
            if spec.vcov != "classical":
                known[members] &= _no_blanks(spec, design, block)
            V = covariance(
                block.estimates,
                spec.vcov,
                design.clusters,
                small_sample=engine.small_sample,
                batch=batch.part(members),
            )
            dfs[members] = _degrees(design, keep[members], engine.distribution)[:, None]
        variance = np.diagonal(V, axis1=1, axis2=2)
        least = NOTHING * np.diagonal(block.estimates.classical, axis1=1, axis2=2)
        known[members] &= (variance > least).all(axis=1)
        out.estimate[members] = block.estimates.beta
        out.std_error[members] = np.sqrt(np.maximum(variance, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = out.estimate / out.std_error
    for b in np.flatnonzero(known):
        if engine.profile and spec.vcov == "classical":
            rows = keep[b]
            out.p_value[b] = likelihood_ratio(design.X[rows], design.y[rows], out.estimate[b])[1]
        else:
            out.p_value[b] = two_sided(statistic[b], dfs[b])
    out.known[:] = known
    return out


def _one_by_one(
    design: Design, spec: ModelSpec, keep: np.ndarray, block: Block, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Covariances (b, K, K) and degrees of freedom (b, K) of the known subsets of a block, each
    found by itself; NaN where there are none.
    """
    V = np.full_like(block.estimates.classical, np.nan)
    dfs = np.full_like(block.estimates.beta, np.nan)
    clear = _no_blanks(spec, design, block)
    for b in np.flatnonzero(known):
        part = kept_rows(design, keep[b])
        if not clear[b] and find_blanks(spec, part, block.estimates.leverage[b, keep[b]]):
            continue
        try:
            found = reference(spec, part, block.estimates.at(int(b)))
        except FitError:
            continue
        V[b], dfs[b] = found.vcov, found.dfs
    return V, dfs


def _several_clusters(design: Design, counts: np.ndarray) -> np.ndarray:
    """Whether the rows of each sample lie in more than one cluster, shape (B,)."""
    out = np.ones(len(counts), bool)
    for groups in design.clusters:
        lowest = np.where(counts > 0, groups, groups.max()).min(axis=1)
        out &= lowest < np.where(counts > 0, groups, 0).max(axis=1)
    return out


def _no_blanks(spec: ModelSpec, design: Design, block: Block) -> np.ndarray:
    """Whether leverages show that every term has a robust standard error, shape (b,)."""
    far = np.ones(len(block.members), bool)
    for groups in row_groups(spec, design):
        far &= (sums(block.estimates.leverage.T, groups) < CLOSE).all(axis=0)
    return far


def _degrees(design: Design, keep: np.ndarray, distribution: str) -> np.ndarray:
    """Degrees of freedom in each subset, shape (B,): see ``reference``."""
    if distribution == "z":
        return np.full(len(keep), np.inf)
    if not design.clusters:
        return np.asarray(keep.sum(axis=1) - design.X.shape[1], float)
    sizes = [[len(np.unique(groups[rows])) for groups in design.clusters] for rows in keep]
    return np.asarray(np.min(np.asarray(sizes, float), axis=1) - 1)
