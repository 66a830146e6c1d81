"""Permutation of the outcome: how often data without any effect look as
good as these, whatever the standard errors say.

With few events a cluster-robust Wald test rejects too often. Here the outcome is dealt anew to the
cases, within strata that are known to matter, and the same model is fitted to every deal.

Sources: Fisher (1935), The Design of Experiments, ch. 2; Westfall and Young (1993),
Resampling-Based Multiple Testing, ch. 2 (single-step maximum statistic over a family).
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from peacestudy.core.draw_order import places_by_id
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import as_known, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.design_checks import check_design
from peacestudy.models.engines.registry import engine_of, kernel_of, names_where
from peacestudy.models.formulas.design import build_design
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.robust_limits import find_blanks, is_blank
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.resampling.resample import column_of
from peacestudy.models.spec import ModelSpec

ALPHA = 0.05
CHUNK = 250  # designs fitted at once; bounds the memory


def permutation_test(
    data: StudyFrame | pd.DataFrame,
    spec: ModelSpec,
    terms: list[str],
    *,
    strata: str,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Test terms of a model by dealing the outcome anew within strata.

    Parameters
    ----------
    data, spec : as for ``fit``; engine ``firth`` or ``linear``,
        whose estimates exist in every deal.
    terms : the family that is tested.
    strata : column within whose values the outcome is dealt.
    draws : deals.
    seed : of the random numbers, which are given to cases in the order of their ids.

    Returns
    -------
    DataFrame
        ``term, statistic, p_permutation, p_family, nominal``: a row a term, missing where the term
        has no robust standard error (see the notes of the fit), with |z| compared to its own deals
        and to the largest |z| of the family in each deal; then a row ``any by Holm``, and last a
        row ``joint`` with the Wald chi-squared of all terms. ``nominal`` is the share of deals, in
        which nothing is there to find, that the test by its own standard errors rejects at .05: its
        true size. P values count the data as one of the deals. The null is that the outcome has
        nothing to do with any term of the model within strata, controls included; clusters are not
        kept together.

    Raises
    ------
    SpecError
        An unknown term, stratum or engine.
    FitError
        A deal could not be fitted.
    """
    refuse_imputed(
        "permutation_test",
        data,
        instead=(
            "Resampling of imputed data is not available: use the p values of the PooledFit, or"
            " the data without imputation."
        ),
    )
    if not engine_of(spec).permutable:
        known = names_where(lambda engine: engine.permutable)
        raise SpecError(one_of("engine of a permutation test", spec.engine, known))
    if spec.vcov in ("cr2", "jackknife"):
        raise SpecError(
            f"a permutation test takes vcov classical, hc0 to hc3 or cluster, not {spec.vcov!r}:"
            " its p value is its own."
        )
    if "weights" in dict(spec.options):
        raise SpecError(
            "a permutation test has no weights: permuting outcomes treats all cases equally. Leave"
            " out the option."
        )
    table, case = (data.data, data.key) if isinstance(data, StudyFrame) else (data, None)
    known = [str(c) for c in table.columns]
    if as_known(strata, known) not in known:
        raise SpecError(one_of("strata", strata, known))
    design = build_design(table, spec.formula, tuple(spec.cluster or ()), case, panel=spec.panel)
    if any(f.column in design.formula.columns[:1] for f in design.lags):
        raise SpecError(
            "the formula has a lag of the outcome, which would not be permuted with it. Drop it."
        )
    check_design(design, engine_of(spec).kind)
    terms = as_known(list(terms), design.names)
    for term in terms:
        if term not in design.names:
            raise SpecError(one_of("term", term, design.names))
    at = [design.names.index(t) for t in terms]
    blanks = find_blanks(replace(spec, options={}), design)
    blank = is_blank(blanks, len(design.names))[at]
    used = column_of(design, data, strata, "the stratum")
    rng = np.random.default_rng(seed)
    order = places_by_id(design.cases)
    outcomes = np.repeat(design.y[None], draws + 1, axis=0)
    outcomes[1:, order] = _deals(design.y[order], pd.factorize(used.iloc[order])[0], draws, rng)
    z, joint = [], []
    for first in range(0, len(outcomes), CHUNK):
        y = outcomes[first : first + CHUNK]
        est = kernel_of(spec)(design.X, y)
        if not est.converged.all():
            raise FitError(
                f"{spec.name}: {int((~est.converged).sum())} of {len(y)} permutations did not"
                " converge. Use fewer terms."
            )
        V = covariance(est, spec.vcov, design.clusters, small_sample=engine_of(spec).small_sample)[
            :, at
        ][:, :, at]
        b = est.beta[:, at]
        z.append(np.where(blank, np.nan, b / np.sqrt(np.diagonal(V, axis1=1, axis2=2))))
        if blank.any():
            joint.append(np.full(len(y), np.nan))
        else:
            joint.append(_wald(V, b, spec.name))
    size, chi2 = np.abs(np.vstack(z)), np.concatenate(joint)
    largest = size[:, ~blank].max(axis=1, initial=0.0)
    critical = (
        stats.norm.ppf(1 - ALPHA / 2),
        stats.norm.ppf(1 - ALPHA / 2 / len(terms)),
        stats.chi2.ppf(1 - ALPHA, len(terms)),
    )
    rows = [
        (
            t,
            z[0][0, j],
            _share(size[:, j], size[0, j]),
            _share(largest, size[0, j]),
            _rejected(size[1:, j], critical[0]),
        )
        for j, t in enumerate(terms)
    ]
    rows.append(("any by Holm", np.nan, np.nan, np.nan, (largest[1:] > critical[1]).mean()))
    rows.append(("joint", chi2[0], _share(chi2, chi2[0]), np.nan, _rejected(chi2[1:], critical[2])))
    return pd.DataFrame(rows, columns=["term", "statistic", "p_permutation", "p_family", "nominal"])


def _deals(y: np.ndarray, strata: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """The outcome dealt anew within strata, shape (draws, N)."""
    out = np.repeat(y[None], draws, axis=0)
    for s in np.unique(strata):
        rows = np.flatnonzero(strata == s)
        out[:, rows] = rng.permuted(out[:, rows], axis=1)
    return out


def _rejected(deals: np.ndarray, critical: float) -> float:
    """Share of deals beyond a critical value; missing where there is no statistic."""
    return np.nan if np.isnan(deals).any() else float((deals > critical).mean())


def _wald(V: np.ndarray, b: np.ndarray, name: str) -> np.ndarray:
    """Wald statistics of coefficients (B, q) with covariances (B, q, q), shape (B,).

    Raises
    ------
    FitError
        A covariance is singular.
    """
    try:
        solved = np.linalg.solve(V, b[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError as err:
        raise FitError(
            f"{name}: in a permuted data set the covariance of the terms is singular, so there is"
            " no joint test. Test fewer terms, or use another vcov."
        ) from err
    return np.asarray((b * solved).sum(axis=1))


def _share(deals: np.ndarray, found: float) -> float:
    """Share of deals, the data's own included, at least as
    large as what was found (up to rounding).
    """
    if np.isnan(found):
        return np.nan
    return float((deals >= found * (1 - 1e-9)).mean())
