"""The verb ``fit``: a frozen specification and a table in, a frozen result out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note, composed
from peacestudy.errors import FitError, SpecError
from peacestudy.models.clock_check import check_clock
from peacestudy.models.engines.counts import check_counts
from peacestudy.models.engines.design_checks import check_design, check_range
from peacestudy.models.engines.estimate import arrange, estimate
from peacestudy.models.engines.parameters import is_spread
from peacestudy.models.engines.positive import wald_ends
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.fit_notes.assumptions import assumption_notes
from peacestudy.models.fit_notes.conventions import convention_notes
from peacestudy.models.fit_notes.design_notes import design_notes
from peacestudy.models.fit_notes.repeated import repeated_notes
from peacestudy.models.fit_notes.robust_notes import robust_notes
from peacestudy.models.formulas.centring import Centring, centring_of, no_centring, turned
from peacestudy.models.formulas.design import Design, build_design
from peacestudy.models.inference.hypotheses import critical, two_sided
from peacestudy.models.inference.profile import likelihood_ratio, profile_ends
from peacestudy.models.inference.reference import (
    Reference,
    blanked,
    bootstrap_gaps,
    bootstrap_note,
    bootstrapped,
    cluster_notes,
    contrast_df,
    reference,
)
from peacestudy.models.inference.robust_limits import Blank, find_blanks, is_blank, with_blanks
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.pooling import check_model, pooled
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

LEVEL = 0.95
EXAMPLE = 'Write: ps.fit(data, ps.ModelSpec("name", "y ~ x", engine="linear", vcov="hc1")).'
# share of the model's own variance below which a robust variance is zero but for rounding
NOTHING = 1e-12
EXACT = 1 - 1e-14  # R2 above which residuals are rounding


@overload
def fit(data: StudyFrame | pd.DataFrame, spec: ModelSpec) -> Fit: ...
@overload
def fit(data: Imputed, spec: ModelSpec) -> PooledFit: ...
@overload
def fit(data: Imputed, spec: Sequence[ModelSpec]) -> list[PooledFit]: ...
@overload
def fit(data: StudyFrame | pd.DataFrame, spec: Sequence[ModelSpec]) -> list[Fit]: ...
def fit(
    data: StudyFrame | pd.DataFrame | Imputed, spec: ModelSpec | Sequence[ModelSpec]
) -> Fit | PooledFit | list[Fit] | list[PooledFit]:
    """Fit a model to data, or each of several models.

    Parameters
    ----------
    data : StudyFrame, DataFrame or Imputed
        A row a case. The key of a StudyFrame or the index of a DataFrame names the cases. With the
        completed tables of ``ps.models.impute`` every table is fitted and the fits are pooled.
    spec : ModelSpec or sequence of ModelSpec
        What to fit.

    Returns
    -------
    Fit, PooledFit or list
        A Fit; for imputed data a PooledFit; for several specifications a list in their order.

    Raises
    ------
    SpecError
        The data are no table; the formula, a column, the engine or the vcov does not exist. With a
        clock: a column is known only after it and has no reason in ``known_late``, or nothing says
        from when a column is known.
    FitError
        The data do not determine an estimate: no variation, exact collinearity, a separated outcome
        with ``logit``, a single cluster, no convergence.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [1.0, 2.1, 2.9, 4.2, 5.0], "x": [1, 2, 3, 4, 5]})
    >>> line = ps.fit(d, ps.ModelSpec("line", "y ~ x", "linear", "hc1"))
    >>> line.terms[["term", "estimate"]].round(3).values.tolist()
    [['Intercept', 0.01], ['x', 1.01]]

    A specification of a study, fitted to its sample:

    >>> study = ps.load_study("peace_agreements")
    >>> found = ps.fit(study.frame("primary"), study.spec("breadth"))
    >>> found.n, found.n_events
    (99, 29)
    """
    if not isinstance(data, StudyFrame | pd.DataFrame | Imputed):
        raise SpecError(
            f"fit takes the data first, a StudyFrame or a DataFrame, not a {type(data).__name__}."
            f" {EXAMPLE}"
        )
    if isinstance(spec, list | tuple):
        return [fit(data, s) for s in spec]  # type: ignore[return-value]
    if not isinstance(spec, ModelSpec):
        raise SpecError(
            f"fit takes a ModelSpec or a list of them, not a {type(spec).__name__}. {EXAMPLE}"
        )
    if isinstance(data, Imputed):
        spec = _composed(spec)
        return pooled(data, spec, _each(data, spec))
    table, case = (data.data, data.key) if isinstance(data, StudyFrame) else (data, None)
    given = build_design(
        table,
        spec.formula,
        spec.cluster_columns,
        case,
        engine_of(spec).outcome,
        spec.option_columns,
        spec.panel,
        spec.engine,
    )
    late = check_clock(data, spec, given.cases)
    made = fit_arranged(*arrange(given, spec), spec)
    extra = (*data.notes, *data.ledger.gaps()) if isinstance(data, StudyFrame) else ()
    origin = data.origin if isinstance(data, StudyFrame) else ""
    repeated = repeated_notes(table) if case is None else []  # a key names every row once
    derived = data.derived_values() if isinstance(data, StudyFrame) else ()
    return replace(
        made, notes=(*extra, *repeated, *late, *made.notes), origin=origin, derived=derived
    )


def fit_arranged(design: Design, arranged: list[Note], spec: ModelSpec) -> Fit:
    """Fit a design as its engine takes it; ``arranged`` are the notes on how it was arranged.

    The steps: check the design, centre its columns, estimate, choose the covariance and the
    reference distribution, write the notes, test every term, and return the result in the units
    of the columns. Raises as ``fit`` does.
    """
    engine = engine_of(spec)
    if engine.kind == "count":
        check_counts(design)
    check_design(design, engine.kind)
    centring = _centring(design, spec)
    centred = replace(design, X=design.X - centring.centre) if centring.moves else design
    est, estimation_notes = _estimate(centred, spec)
    check_range(design, est)

    parameters = _of_parameters(centring, design, est)
    blanks = find_blanks(spec, centred, est.leverage[0])
    found = reference(spec, centred, est)

    separation = [note for note in estimation_notes if note.kind == "separation"]
    others = [note for note in estimation_notes if note.kind != "separation"]
    notes = [
        *separation,
        *design_notes(design, engine.kind),
        *robust_notes(spec, centred, est, blanked(found, blanks)),
        *arranged,
        *others,
        *assumption_notes(centred, spec, est.beta[0]),
        *convention_notes(spec, design, est),
    ]
    found = replace(found, blanks=_of_reported(blanks, parameters))
    result = _result(spec, design, centred, parameters, est, found, notes)
    return _with_digits(result, centred, parameters)


def _estimate(design: Design, spec: ModelSpec) -> tuple[Estimates, list[Note]]:
    """Estimates of centred columns; numbers that overflow are refused by ``check_range``."""
    with np.errstate(over="ignore"):
        return estimate(design, spec)


def _with_digits(result: Fit, centred: Design, parameters: Centring) -> Fit:
    """The fit with a covariance that keeps its digits in sums, where columns are nearly dependent:
    the covariance of orthonormal columns.
    """
    turn = None if _penalised(result.spec) else turned(centred.X)
    if turn is None:
        return result
    Z, T = turn
    orthonormal = replace(centred, X=Z)
    est, _ = estimate(orthonormal, result.spec)
    V = reference(result.spec, orthonormal, est).vcov
    full_turn = np.eye(len(V))
    full_turn[: len(T), : len(T)] = T
    return replace(result, moved=replace(parameters, turn=full_turn), precise_vcov=V)


def _of_reported(blanks: tuple[Blank, ...], moved: Centring) -> tuple[Blank, ...]:
    """The blanks of moved columns as those of the columns as they were:
    an intercept takes part in what is moved.
    """
    back = moved.weights(np.eye(len(moved.centre)))
    out = []
    for blank in blanks:
        resting = (back[:, list(blank.terms)] != 0).any(axis=1)
        out.append(replace(blank, terms=tuple(int(j) for j in np.flatnonzero(resting))))
    return tuple(out)


def _penalised(spec: ModelSpec) -> bool:
    """Whether a penalty is on the columns as they are."""
    return "penalty" in dict(spec.options)


def _centring(design: Design, spec: ModelSpec) -> Centring:
    """How far the columns of a design are moved; by nothing where that would change the model."""
    # cut points, a baseline hazard
    outside = bool(design.categories) or engine_of(spec).kind == "survival"
    moved = centring_of(design.X, np.zeros(design.X.shape[1]) if outside else None)
    taking = [name for name, a in zip(design.names, moved.constant, strict=True) if a]
    # dummies that are shrunk cannot take up a difference
    if _penalised(spec) and taking != ["Intercept"]:
        return no_centring(design.X.shape[1])
    return moved


def _of_parameters(moved: Centring, design: Design, est: Estimates) -> Centring:
    """The centring of the columns as one of all parameters: cut points
    are the constant with the opposite sign.
    """
    more = est.beta.shape[1] - len(moved.centre)
    cuts = -1.0 if design.categories else 0.0
    return Centring(
        np.append(moved.centre, np.zeros(more)), np.append(moved.constant, np.full(more, cuts))
    )


def _composed(spec: ModelSpec) -> ModelSpec:
    """The spec with the names of columns as ``impute`` writes them."""
    columns = spec.option_columns + (spec.panel or ())
    options = {
        name: composed(value) if value in columns else value
        for name, value in dict(spec.options).items()
    }
    return replace(
        spec,
        formula=composed(spec.formula),
        cluster=tuple(map(composed, spec.cluster_columns)) or None,
        options=options,
    )


def _each(data: Imputed, spec: ModelSpec) -> list[Fit]:
    """The fit of every completed table, without the cases whose outcome was missing."""
    out = []
    for i, table in enumerate(data.emptied(check_model(data, spec)), start=1):
        try:
            out.append(fit(table, spec))
        except FitError as err:
            raise FitError(f"completed table {i} of {len(data)}: {err}") from err
    return out


@dataclass(frozen=True, eq=False)
class _Tests:
    """The test of every term against zero: arrays (K,), with notes."""

    statistic: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    notes: tuple[Note, ...] = ()


def _result(
    spec: ModelSpec,
    design: Design,
    centred: Design,
    parameters: Centring,
    est: Estimates,
    found: Reference,
    notes: list[Note],
) -> Fit:
    """The Fit in the units of the columns given, from the estimates of centred columns."""
    names = est.names or design.names
    reported = blanked(_reported_reference(spec, centred, parameters, found), found.blanks)
    blank = is_blank(found.blanks, len(names))
    V = with_blanks(parameters.covariance(found.vcov), blank)
    beta = parameters.coefficients(est.beta[0])
    zero = _zero_variance(V, parameters.covariance(est.classical[0]))
    std_error = np.sqrt(np.where(zero, np.nan, np.diag(V)))
    tests = _tests(spec, design, names, beta, std_error, reported)
    terms = pd.DataFrame(
        {
            "term": list(names),
            "estimate": beta,
            "std_error": std_error,
            "statistic": tests.statistic,
            "p_value": tests.p_value,
            "conf_low": tests.conf_low,
            "conf_high": tests.conf_high,
        }
    )
    notes = [
        *notes,
        *cluster_notes(spec, design, reported),
        *_variance_notes(spec, names, zero & ~blank),
        *_exact_fit_notes(spec, est),
        *tests.notes,
    ]
    cases = _cases(design)
    return Fit(
        spec=spec,
        terms=terms,
        n=len(cases),
        vcov=pd.DataFrame(V, index=names, columns=names),
        cases=cases,
        dropped=design.dropped,
        notes=tuple(notes),
        converged=True,
        df=reported.df,
        design=design,
        own_df=tuple(reported.dfs.tolist()) if np.isnan(reported.df) else (),
        moved=parameters,
        precise_vcov=found.vcov if parameters.moves else None,
        **_summary(spec, design, est),
    )


def _summary(spec: ModelSpec, design: Design, est: Estimates) -> dict[str, Any]:
    """The numbers of a fit as a whole, by the names of the Fit's fields."""
    engine = engine_of(spec)
    loglik, r2 = float(est.loglik[0]), float(est.r2[0])
    n_parameters = est.beta.shape[1] + engine.scale_parameters
    n_clusters = tuple(int(g.max()) + 1 for g in design.clusters)
    has_events = engine.kind not in ("number", "ordered")
    return {
        "n_events": int(design.y.sum()) if has_events else None,
        "n_clusters": n_clusters[0] if len(n_clusters) == 1 else n_clusters or None,
        "loglik": loglik,
        "pseudo_r2": np.nan if engine.least_squares else r2,
        "r_squared": r2 if engine.least_squares else np.nan,
        "aic": np.nan if _no_aic(spec) else -2 * loglik + 2 * n_parameters,
        "scale": float(est.scale[0]),
    }


def _zero_variance(V: np.ndarray, classical: np.ndarray) -> np.ndarray:
    """Which terms (K,) have no variance above rounding; true where it is NaN."""
    return ~(np.diag(V) > NOTHING * np.diag(classical))


def _variance_notes(spec: ModelSpec, names: tuple[str, ...], zero: np.ndarray) -> list[Note]:
    """A note that names the terms whose estimated variance is zero."""
    if not zero.any():
        return []
    listed = ", ".join(name for name, is_zero in zip(names, zero, strict=True) if is_zero)
    text = (
        f"The variance of {listed} is not above zero under {spec.vcov}; its standard error is"
        " missing."
    )
    return [Note("variance", text)]


def _exact_fit_notes(spec: ModelSpec, est: Estimates) -> list[Note]:
    """A note where least squares leaves no residuals."""
    if not (engine_of(spec).least_squares and est.r2[0] > EXACT):
        return []
    text = "The terms give the outcome exactly: residuals and standard errors are rounding."
    return [Note("exact_fit", text)]


def _tests(
    spec: ModelSpec,
    design: Design,
    names: tuple[str, ...],
    beta: np.ndarray,
    std_error: np.ndarray,
    reported: Reference,
) -> _Tests:
    """Tests and 95 % intervals of the terms: Wald, profile likelihood, or bootstrap of signs."""
    if engine_of(spec).profile and spec.vcov == "classical":
        tests = _profile_tests(design, names, beta, std_error)
    else:
        tests = _wald_tests(spec, design, beta, std_error, reported)
    if "bootstrap" in dict(spec.options):
        tests = _bootstrap_tests(spec, design, beta, std_error, tests)
    return tests


def _wald_tests(
    spec: ModelSpec, design: Design, beta: np.ndarray, std_error: np.ndarray, reported: Reference
) -> _Tests:
    """Wald tests by t or z; a standard deviation or dispersion has an interval and no test."""
    spread = is_spread(spec.engine, len(design.names), len(beta))
    statistic = np.where(spread, np.nan, beta / std_error)
    quantiles = critical(0.5 + LEVEL / 2, reported.dfs)
    low, high = wald_ends(beta, std_error, spread, quantiles)
    return _Tests(statistic, two_sided(statistic, reported.dfs), low, high)


def _profile_tests(
    design: Design, names: tuple[str, ...], beta: np.ndarray, std_error: np.ndarray
) -> _Tests:
    """Penalised likelihood ratios, and intervals of the profile."""
    statistic, p_value = likelihood_ratio(design.X, design.y, beta)
    profile = profile_ends(design.X, design.y, beta, std_error, LEVEL)
    low, high = profile.ends.T
    return _Tests(statistic, p_value, low, high, tuple(profile.notes(names)))


def _bootstrap_tests(
    spec: ModelSpec, design: Design, beta: np.ndarray, std_error: np.ndarray, tests: _Tests
) -> _Tests:
    """The tests with p and intervals by the bootstrap of signs that the options ask for."""
    p_value, ends = bootstrapped(spec, design, beta, std_error, LEVEL)
    unbounded = np.isinf(ends).any(axis=1)
    endless = [name for name, is_endless in zip(design.names, unbounded, strict=True) if is_endless]
    notes = (
        *tests.notes,
        bootstrap_note(spec, design, endless),
        *bootstrap_gaps(spec, design, beta, std_error, ends, LEVEL),
    )
    low, high = ends.T
    return _Tests(tests.statistic, p_value, low, high, notes)


def _reported_reference(
    spec: ModelSpec, centred: Design, parameters: Centring, found: Reference
) -> Reference:
    """Covariance of the centred parameters; degrees of freedom of the parameters as reported."""
    if not parameters.moves or not np.isnan(found.df):
        return found
    weights = parameters.weights(np.eye(len(found.dfs)))
    return replace(found, dfs=contrast_df(spec, centred, found.df, weights))


def _no_aic(spec: ModelSpec) -> bool:
    """Penalised, weighted and restricted likelihoods cannot be compared."""
    options = dict(spec.options)
    restricted = options.get("method") == "reml"
    return engine_of(spec).penalised or "weights" in options or restricted


def _cases(design: Design) -> tuple[Any, ...]:
    """Ids of the rows given: one that became several periods counts once."""
    if design.rows is None:
        return design.cases
    return tuple(design.cases[i] for i in np.unique(design.rows, return_index=True)[1])
