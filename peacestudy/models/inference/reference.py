"""Which covariance a fit has, and which distribution its statistics are referred to.

Sources: those of ``covariance``, ``cr2`` and ``jackknife``; G-1 degrees of freedom for t with
clusters, as Stata, and MacKinnon, Nielsen and Webb (2023) for the jackknife.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from peacestudy.core.draw_order import groups_by_id
from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.bootstrap_options import POINTS
from peacestudy.models.engines.engine import CLUSTERED, WILD
from peacestudy.models.engines.registry import engine_of, kernel_of
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.weights import row_weights
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.cr2 import clusters_of, cr2_covariance, hotelling, satterthwaite
from peacestudy.models.inference.hypotheses import one_sided, sign_of
from peacestudy.models.inference.jackknife import jackknife
from peacestudy.models.inference.robust_limits import Blank, find_blanks, is_blank, with_blanks
from peacestudy.models.inference.score_bootstrap import FARTHEST as FARTHEST_SCORE
from peacestudy.models.inference.score_bootstrap import score_bootstrap, score_nulls, score_side
from peacestudy.models.inference.signs import (
    Signs,
    check_signs,
    not_rejected_beyond,
    signs_of,
)
from peacestudy.models.inference.wild import FARTHEST as FARTHEST_WILD
from peacestudy.models.inference.wild import nulls, wild, wild_side
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.spec import ModelSpec

# Satterthwaite's degrees of freedom below which t is a poor reference (Pustejovsky and Tipton 2018,
# 5)
POOR = 4.0


@dataclass(frozen=True, eq=False)
class Reference:
    """Which covariance a fit has, and which distribution its statistics are referred to.

    Attributes
    ----------
    vcov : the covariance (K, K), NaN in the rows and columns of blank terms.
    df : degrees of freedom of t, infinite for z, NaN where each term has its own.
    dfs : those of the terms (K,).
    blanks : terms without a robust standard error, and why.
    """

    vcov: np.ndarray
    df: float
    dfs: np.ndarray
    blanks: tuple[Blank, ...] = ()


def reference(spec: ModelSpec, design: Design, est: Estimates) -> Reference:
    """Covariance and degrees of freedom of estimates (a batch of one), also where they mean
    nothing; see ``blanked``.

    Raises
    ------
    FitError
        The jackknife cannot leave a cluster out.
    """
    N, K = len(design.X), est.beta.shape[1]
    if spec.vcov == "cr2":
        parts = clusters_of(design.X, design.clusters[0])
        residual = design.y - design.X @ est.beta[0]
        return Reference(cr2_covariance(parts, residual), np.nan, satterthwaite(parts, np.eye(K)))
    engine = engine_of(spec)
    if spec.vcov == "jackknife":
        weights = row_weights(design, spec.options)
        V = jackknife(design, est.beta[0], engine, kernel_of(spec), weights)
    else:
        V = covariance(est, spec.vcov, design.clusters, small_sample=engine.small_sample)[0]
    G = [int(g.max()) + 1 for g in design.clusters]
    df = np.inf if engine.distribution == "z" else float(min(G) - 1 if G else N - K)
    return Reference(V, df, np.full(K, df))


def estimated_reference(spec: ModelSpec, design: Design, est: Estimates) -> Reference:
    """The reference of estimates with NaN for the terms that have no
    robust standard error, as in a sample of rows.
    """
    return blanked(reference(spec, design, est), find_blanks(spec, design, est.leverage[0]))


def blanked(found: Reference, blanks: tuple[Blank, ...]) -> Reference:
    """The reference with NaN for the terms that have no robust standard error."""
    blank = is_blank(blanks, len(found.dfs))
    dfs = np.where(blank & np.isnan(found.df), np.nan, found.dfs)
    return Reference(with_blanks(found.vcov, blank), found.df, dfs, blanks)


def one_sided_p(
    spec: ModelSpec, design: Design, terms: pd.DataFrame, dfs: np.ndarray, direction: str
) -> np.ndarray:
    """One-sided p values of the terms of a fit (K,), by the reference that their two-sided ones
    have; NaN where those are.

    By t or z; after firth with classical by the signed root of the penalised likelihood ratio,
    which is z (Barndorff-Nielsen and Cox 1994, Inference and Asymptotics, 4.4); with a bootstrap of
    signs by its own draws.
    """
    sign = sign_of(direction)
    none = terms["p_value"].isna().to_numpy(dtype=bool)
    statistic = terms["statistic"].to_numpy(dtype=float)
    if "bootstrap" in dict(spec.options):
        side = wild_side if engine_of(spec).bootstrap == WILD else score_side
        p = side(design.X, design.y, design.clusters[0], _signs(spec, design), sign)
    elif engine_of(spec).profile and spec.vcov == "classical":
        p = one_sided(np.sign(terms["estimate"].to_numpy()) * np.sqrt(statistic), np.inf, direction)
    else:
        p = one_sided(statistic, dfs, direction)
    return np.where(none, np.nan, p)


def _signs(spec: ModelSpec, design: Design) -> Signs:
    """The signs of clusters that the options ask for; drawn for the
    clusters in the order of their smallest id.
    """
    options = dict(spec.options)
    draws, seed = int(options["bootstrap_draws"]), int(options["bootstrap_seed"])
    drawn = signs_of(str(options["bootstrap"]), int(design.clusters[0].max()) + 1, draws, seed)
    order = groups_by_id(design.clusters[0], design.cases)
    return Signs(drawn.values[:, np.argsort(order)], drawn.every)


def bootstrapped(
    spec: ModelSpec, design: Design, beta: np.ndarray, std_error: np.ndarray, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """P values (K,) and intervals (K, 2) by the bootstrap of signs that the options ask for; NaN
    where the standard error is.

    Raises
    ------
    FitError
        Too few clusters for the level, or no maximum under a null.
    """
    groups, signs = design.clusters[0], _signs(spec, design)
    kind = str(dict(spec.options)["bootstrap"])
    check_signs(signs, 1 - conf_level, groups, spec.cluster_columns[0], kind)
    if engine_of(spec).bootstrap == WILD:
        p, ends = wild(design.X, design.y, groups, signs, 1 - conf_level)
    else:
        p, ends = score_bootstrap(
            design.X, design.y, groups, beta, np.nan_to_num(std_error), signs, 1 - conf_level
        )
    none = np.isnan(std_error)
    return np.where(none, np.nan, p), np.where(none[:, None], np.nan, ends)


def bootstrap_gaps(
    spec: ModelSpec,
    design: Design,
    beta: np.ndarray,
    std_error: np.ndarray,
    ends: np.ndarray,
    conf_level: float,
) -> list[Note]:
    """A note on terms of which values beyond the interval (K, 2) are not rejected either."""
    groups, signs = design.clusters[0], _signs(spec, design)
    if engine_of(spec).bootstrap == WILD:
        look, _, unit = nulls(design.X, design.y, groups, signs)
        farthest = FARTHEST_WILD
    else:
        look, unit = score_nulls(design.X, design.y, groups, signs), np.nan_to_num(std_error)
        farthest = FARTHEST_SCORE
    found = not_rejected_beyond(
        look, np.tile(beta, 2), np.tile(unit, 2), ends.T.ravel(), 1 - conf_level, farthest
    )
    beyond = np.where(np.isnan(found[: len(beta)]), found[len(beta) :], found[: len(beta)])
    terms = [
        f"{name} ({value:.3g})"
        for name, value in zip(design.names, beyond, strict=True)
        if not np.isnan(value)
    ]
    if not terms:
        return []
    text = (
        "The values that the bootstrap does not reject do not form one interval: values beyond the"
        f" ends are not rejected either, for example of {', '.join(terms)}. The ends are those"
        " nearest to the estimate."
    )
    return [Note("bootstrap_gap", text)]


def bootstrap_note(spec: ModelSpec, design: Design, names: list[str]) -> Note:
    """Which bootstrap gave p values and intervals; ``names`` of
    terms with an end that is not found.
    """
    options, G = dict(spec.options), int(design.clusters[0].max()) + 1
    draws, seed, points = (
        int(options["bootstrap_draws"]),
        options["bootstrap_seed"],
        len(POINTS[str(options["bootstrap"])]),
    )
    how = f"all {points}^{G} draws" if points**G <= draws else f"{draws} draws, seed {seed}"
    statistic = (
        "t by the clustered covariance"
        if engine_of(spec).bootstrap == WILD
        else "Lagrange multiplier statistic"
    )
    text = (
        f"p and intervals by {engine_of(spec).bootstrap}, null imposed, {statistic},"
        f" {options['bootstrap']} signs of clusters, {how}."
    )
    if names:
        text += (
            f" The interval of {', '.join(names)} has an end that is not found within 8 standard"
            " errors: infinite."
        )
    return Note("bootstrap", text + " Joint tests and contrasts are not bootstrapped.")


def contrast_df(spec: ModelSpec, design: Design, df: float, contrasts: np.ndarray) -> np.ndarray:
    """Degrees of freedom of sums of coefficients, weights (q, K), shape
    (q,): ``df``, but each its own with cr2.
    """
    if spec.vcov != "cr2":
        return np.full(len(contrasts), df)
    return satterthwaite(clusters_of(design.X, design.clusters[0]), contrasts)


def joint_df(design: Design, contrasts: np.ndarray) -> tuple[float, float]:
    """With cr2, what a Wald statistic of q contrasts, divided by q, is multiplied by, and the
    denominator's degrees of freedom.

    Raises
    ------
    FitError
        There are too few clusters for such a test.
    """
    q = len(contrasts)
    eta = hotelling(clusters_of(design.X, design.clusters[0]), contrasts)
    if not eta > q - 1:
        raise FitError(
            f"{q} coefficients cannot be tested jointly with cr2: the clusters give {eta:.1f}"
            f" degrees of freedom, and the test needs more than {q - 1}. Test fewer terms."
        )
    return (eta - q + 1) / eta, eta - q + 1


def cluster_notes(spec: ModelSpec, design: Design, found: Reference) -> list[Note]:
    """What the rule of cr2 and jackknife is, and what two clusters or
    clusters of one row do to a clustered covariance.
    """
    if spec.vcov not in CLUSTERED:
        return []
    out = []
    for groups, name in zip(design.clusters, spec.cluster_columns, strict=True):
        size = np.bincount(groups)
        # the note on few clusters says it of ``cluster``
        if len(size) == 2 and spec.vcov != "cluster":
            text = (
                f"2 clusters of {name}: the variance between clusters is estimated from one"
                " difference, so standard errors, p values and intervals are uninformative."
            )
            out.append(Note("two_clusters", text))
        if (size == 1).all():
            out.append(
                Note(
                    "singleton_clusters",
                    f"Every cluster of {name} is a single row: rows count as independent.",
                )
            )
    if spec.vcov != "cluster":
        out.append(_rule(spec, design, found))
    return out


def _rule(spec: ModelSpec, design: Design, found: Reference) -> Note:
    size = np.bincount(design.clusters[0])
    single = f", {(size == 1).sum()} of a single row" if (size == 1).any() else ""
    sizes = f"{len(size)} of {spec.cluster_columns[0]}{single}"
    if spec.vcov == "jackknife":
        test = f"t with G-1 = {len(size) - 1}" if engine_of(spec).distribution == "t" else "Wald z"
        said = (
            f"Standard errors by leaving out each cluster ({sizes}), CV3 about the full estimate,"
            " factor (G-1)/G"
        )
        return Note("vcov", f"{said}; {test}.", pooled=f"{said}.")
    own = [(name, df) for name, df in zip(design.names, found.dfs, strict=True) if not np.isnan(df)]
    each = ", ".join(f"{name} {df:.1f}" for name, df in own)
    said = f"Standard errors clustered ({sizes}), CR2 for independent rows"
    text = f"{said}; t with Satterthwaite's degrees of freedom: {each}."
    poor = [name for name, df in own if df < POOR]
    if poor:
        text += f" Below {POOR:.0f} ({', '.join(poor)}) the approximation is poor."
    exact = int(clusters_of(design.X, design.clusters[0]).fitted.sum())
    fitted = ""
    if exact:
        fitted = (
            f" In {exact} clusters the terms fit a direction exactly, as cluster dummies do: the"
            " pseudo-inverse is used there."
        )
    return Note("vcov", text + fitted, pooled=f"{said}.{fitted}")
