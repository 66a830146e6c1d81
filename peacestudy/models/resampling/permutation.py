"""Permutation tests: how often data without any effect give statistics as large as these.

With few events a cluster-robust Wald test rejects too often. Here the outcome is permuted among the
cases of a stratum, and the same model is fitted to every permuted data set.

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
from peacestudy.models.clock_check import check_clock
from peacestudy.models.engines.design_checks import check_design
from peacestudy.models.engines.registry import engine_of, kernel_of, names_where
from peacestudy.models.formulas.design import Design, build_design
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.robust_limits import find_blanks, is_blank
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.resampling.resample import column_of
from peacestudy.models.spec import ModelSpec

ALPHA = 0.05
CHUNK = 250  # outcomes fitted at once; bounds the memory


def permutation_test(
    data: StudyFrame | pd.DataFrame,
    spec: ModelSpec,
    terms: list[str],
    *,
    strata: str,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Test terms of a model by permuting the outcome within strata.

    The null is that the outcome is unrelated to every term of the model within strata, controls
    included; clusters are not kept together.

    Parameters
    ----------
    data : StudyFrame or DataFrame
        A row a case.
    spec : ModelSpec
        A model of engine ``firth`` or ``linear``, whose estimates exist in every permutation, with
        vcov classical, hc0 to hc3 or cluster.
    terms : list of str
        The family of terms that is tested.
    strata : str
        The column within whose values the outcome is permuted.
    draws : int
        Number of permutations.
    seed : int
        Seed of the permutations, which are given to cases in the order of their ids.

    Returns
    -------
    DataFrame
        ``term, statistic, p_permutation, p_family, nominal``: a row a term, with its z statistic
        compared with those of the same term and with the largest of the family in each permutation
        (missing if the term has no robust standard error); then a row ``any by Holm``, and a row
        ``joint`` with the Wald chi-squared of all terms. ``nominal`` is the share of permutations
        that the test by its own standard errors rejects at .05: its true size. P values count the
        data as one permutation.

    Raises
    ------
    SpecError
        An unknown term, stratum or engine, a vcov or option that the test does not take, imputed
        data. With a clock: a column of the model or the strata are known only after it, as in
        ``ps.fit``.
    FitError
        A permutation could not be fitted.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"x": rng.normal(size=40), "region": np.repeat(["north", "south"], 20)})
    >>> d["y"] = d.x + rng.normal(size=40)
    >>> spec = ps.ModelSpec("m", "y ~ x", "linear", "hc1")
    >>> table = ps.models.permutation_test(d, spec, ["x"], strata="region", draws=99, seed=1)
    >>> table[["term", "p_permutation"]].round(2).values.tolist()[0]
    ['x', 0.01]
    """
    _check_request(data, spec)
    design = _design(data, spec)
    check_clock(data, spec, design.cases, (strata,))
    terms = as_known(list(terms), design.names)
    for term in terms:
        if term not in design.names:
            raise SpecError(one_of("term", term, design.names))
    at = [design.names.index(term) for term in terms]
    blank = is_blank(find_blanks(replace(spec, options={}), design), len(design.names))[at]
    outcomes = _permuted_outcomes(design, _strata(design, data, strata), draws, seed)
    z, chi2 = _statistics(spec, design, outcomes, at, blank)
    return _table(terms, z, chi2, blank)


def _check_request(data: StudyFrame | pd.DataFrame, spec: ModelSpec) -> None:
    """Refuse imputed data, and specifications that a permutation of outcomes cannot test."""
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


def _design(data: StudyFrame | pd.DataFrame, spec: ModelSpec) -> Design:
    """The design of the specification, whose outcome may not depend on its own past."""
    table, case = (data.data, data.key) if isinstance(data, StudyFrame) else (data, None)
    design = build_design(table, spec.formula, tuple(spec.cluster or ()), case, panel=spec.panel)
    outcome = design.formula.columns[:1]
    if any(lag.column in outcome for lag in design.lags):
        raise SpecError(
            "the formula has a lag of the outcome, which would not be permuted with it. Drop it."
        )
    check_design(design, engine_of(spec).kind)
    return design


def _strata(design: Design, data: StudyFrame | pd.DataFrame, strata: str) -> pd.Series:
    """The stratum of every row of a design."""
    table = data.data if isinstance(data, StudyFrame) else data
    known = [str(c) for c in table.columns]
    if as_known(strata, known) not in known:
        raise SpecError(one_of("strata", strata, known))
    return column_of(design, data, strata, "the stratum")


def _permuted_outcomes(design: Design, strata: pd.Series, draws: int, seed: int) -> np.ndarray:
    """The outcome, then its permutations within strata, shape (draws + 1, N).

    Random numbers go to the cases in the order of their ids, so that sorting rows changes nothing.
    """
    rng = np.random.default_rng(seed)
    order = places_by_id(design.cases)
    codes = pd.factorize(strata.iloc[order])[0]
    outcomes = np.repeat(design.y[None], draws + 1, axis=0)
    outcomes[1:, order] = _permuted(design.y[order], codes, draws, rng)
    return outcomes


def _statistics(
    spec: ModelSpec, design: Design, outcomes: np.ndarray, at: list[int], blank: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Z of each term (draws + 1, q) and the joint Wald statistic (draws + 1,) of each outcome."""
    engine, kernel = engine_of(spec), kernel_of(spec)
    z, joint = [], []
    for first in range(0, len(outcomes), CHUNK):
        y = outcomes[first : first + CHUNK]
        est = kernel(design.X, y)
        if not est.converged.all():
            raise FitError(
                f"{spec.name}: {int((~est.converged).sum())} of {len(y)} permutations did not"
                " converge. Use fewer terms."
            )
        V = covariance(est, spec.vcov, design.clusters, small_sample=engine.small_sample)
        V_terms = V[:, at][:, :, at]
        b = est.beta[:, at]
        std_error = np.sqrt(np.diagonal(V_terms, axis1=1, axis2=2))
        z.append(np.where(blank, np.nan, b / std_error))
        if blank.any():
            joint.append(np.full(len(y), np.nan))
        else:
            joint.append(_wald(V_terms, b, spec.name))
    return np.vstack(z), np.concatenate(joint)


def _table(terms: list[str], z: np.ndarray, chi2: np.ndarray, blank: np.ndarray) -> pd.DataFrame:
    """P values of the terms, of the family and of the joint test; the first outcome is observed."""
    size = np.abs(z)
    largest = size[:, ~blank].max(axis=1, initial=0.0)
    single = stats.norm.ppf(1 - ALPHA / 2)
    of_family = stats.norm.ppf(1 - ALPHA / 2 / len(terms))
    of_joint = stats.chi2.ppf(1 - ALPHA, len(terms))
    rows: list[tuple[str, float, float, float, float]] = []
    for j, term in enumerate(terms):
        observed = size[0, j]
        nominal = _rejected(size[1:, j], single)
        p_term, p_family = _share(size[:, j], observed), _share(largest, observed)
        rows.append((term, z[0, j], p_term, p_family, nominal))
    rows.append(("any by Holm", np.nan, np.nan, np.nan, float((largest[1:] > of_family).mean())))
    rows.append(("joint", chi2[0], _share(chi2, chi2[0]), np.nan, _rejected(chi2[1:], of_joint)))
    return pd.DataFrame(rows, columns=["term", "statistic", "p_permutation", "p_family", "nominal"])


def _permuted(
    y: np.ndarray, strata: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Permutations of the outcome within strata, shape (draws, N)."""
    out = np.repeat(y[None], draws, axis=0)
    for s in np.unique(strata):
        rows = np.flatnonzero(strata == s)
        out[:, rows] = rng.permuted(out[:, rows], axis=1)
    return out


def _rejected(permuted: np.ndarray, critical: float) -> float:
    """Share of permutations beyond a critical value; missing where there is no statistic."""
    return np.nan if np.isnan(permuted).any() else float((permuted > critical).mean())


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


def _share(statistics: np.ndarray, observed: float) -> float:
    """Share of the statistics, the observed one included, that reach it up to rounding."""
    if np.isnan(observed):
        return np.nan
    return float((statistics >= observed * (1 - 1e-9)).mean())
