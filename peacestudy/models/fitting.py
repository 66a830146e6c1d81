"""The verb ``fit``: a frozen specification and a table in, a frozen result out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, overload

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note, composed
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.counts import check_counts
from peacestudy.models.engines.design_checks import check_design, check_range
from peacestudy.models.engines.estimate import arrange, estimate
from peacestudy.models.engines.parameters import is_spread
from peacestudy.models.engines.positive import wald_ends
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.fit_notes.assumptions import assumption_notes
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
        The data are no table; the formula, a column, the engine or the vcov does not exist.
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
    (100, 29)
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
    made = fit_arranged(*arrange(given, spec), spec)
    extra = (*data.notes, *data.ledger.gaps()) if isinstance(data, StudyFrame) else ()
    origin = data.origin if isinstance(data, StudyFrame) else ""
    repeated = repeated_notes(table) if case is None else []  # a key names every row once
    derived = data.derived_values() if isinstance(data, StudyFrame) else ()
    return replace(made, notes=(*extra, *repeated, *made.notes), origin=origin, derived=derived)


def fit_arranged(design: Design, arranged: list[Note], spec: ModelSpec) -> Fit:
    """Fit a design as its engine takes it, ``arranged`` being what is
    to be said of that; raises as ``fit`` does.
    """
    engine = engine_of(spec)
    if engine.kind == "count":
        check_counts(design)
    check_design(design, engine.kind)
    moved = _centring(design, spec)
    work = replace(design, X=design.X - moved.centre) if moved.moves else design
    with np.errstate(over="ignore"):  # what overflows is refused next
        est, found = estimate(work, spec)
    check_range(design, est)
    separation = [n for n in found if n.kind == "separation"]
    rest = [n for n in found if n.kind != "separation"]
    rest += assumption_notes(work, spec, est.beta[0])
    parameters = _of_parameters(moved, design, est)
    blanks = find_blanks(spec, work, est.leverage[0])
    referred = reference(spec, work, est)
    notes = [*separation, *design_notes(design, engine.kind)]
    notes += [*robust_notes(spec, work, est, blanked(referred, blanks)), *arranged, *rest]
    notes += _conventions(spec, design, est)
    referred = replace(referred, blanks=_of_reported(blanks, parameters))
    return _with_digits(
        _result(spec, design, work, parameters, est, referred, notes), work, parameters
    )


def _with_digits(made: Fit, work: Design, parameters: Centring) -> Fit:
    """The fit with a covariance whose sums keep their digits, where its columns are nearly
    dependent: that of orthonormal columns.
    """
    turn = None if _penalised(made.spec) else turned(work.X)
    if turn is None:
        return made
    Z, T = turn
    around = replace(work, X=Z)
    V = reference(made.spec, around, estimate(around, made.spec)[0]).vcov
    whole = np.eye(len(V))
    whole[: len(T), : len(T)] = T
    return replace(made, moved=replace(parameters, turn=whole), precise_vcov=V)


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


def _conventions(spec: ModelSpec, design: Design, est: Estimates) -> list[Note]:
    """Notes on conventions: which factor, which reference distribution."""
    out = []
    engine = engine_of(spec)
    N, K = len(design.X), est.beta.shape[1]
    sizes = " and ".join(
        f"{int(g.max()) + 1} of {name}"
        for g, name in zip(design.clusters, spec.cluster or (), strict=True)
    )
    if spec.vcov == "cluster":
        factor = "G/(G-1) * (N-1)/(N-K)" if engine.small_sample else "G/(G-1)"
        test = ", Wald z" if engine.profile else ""
        said = f"Standard errors clustered ({sizes}), factor {factor}{engine.cluster_rule}"
        out.append(Note("vcov", f"{said}{test}.", pooled=f"{said}."))
    elif spec.vcov == "hc1":
        out.append(
            Note(
                "vcov",
                "Heteroskedasticity-consistent standard errors, hc1: factor N/(N-K) ="
                f" {N / (N - K):.4f}.",
            )
        )
    elif spec.vcov == "hc0" and design.times is not None:
        each = "person-period" if design.rows is not None else "row"
        out.append(
            Note(
                "vcov",
                f"Robust standard errors, hc0: every {each} counts as independent of the others.",
            )
        )
    elif engine.profile and spec.vcov == "classical":
        out.append(
            Note(
                "vcov",
                "Standard errors from the augmented weights; p by penalised likelihood ratio,"
                " interval by profile.",
                pooled="Standard errors from the augmented weights.",
            )
        )
    return out


def _result(
    spec: ModelSpec,
    design: Design,
    work: Design,
    moved: Centring,
    est: Estimates,
    referred: Reference,
    notes: list[Note],
) -> Fit:
    """The Fit in the units of the columns given, from estimates
    of ``work``, whose columns were moved.
    """
    names = est.names or design.names
    K = len(names)
    engine = engine_of(spec)
    linear = engine.least_squares
    found = blanked(_moved_reference(spec, work, moved, referred), referred.blanks)
    blank = is_blank(referred.blanks, K)
    V = with_blanks(moved.covariance(referred.vcov), blank)
    notes = [*notes, *cluster_notes(spec, design, found)]
    beta, variance = moved.coefficients(est.beta[0]), np.diag(V)
    none = ~(variance > NOTHING * np.diag(moved.covariance(est.classical[0])))
    if (none & ~blank).any():
        bad = ", ".join(name for name, is_none in zip(names, none & ~blank, strict=True) if is_none)
        text = (
            f"The variance of {bad} is not above zero under {spec.vcov}; its standard error is"
            " missing."
        )
        notes = [*notes, Note("variance", text)]
    if linear and est.r2[0] > EXACT:
        notes = [
            *notes,
            Note(
                "exact_fit",
                "The terms give the outcome exactly: residuals and standard errors are rounding.",
            ),
        ]
    std_error = np.sqrt(np.where(none, np.nan, variance))
    G = [int(g.max()) + 1 for g in design.clusters]
    spread = is_spread(spec.engine, len(design.names), K)
    statistic = np.where(spread, np.nan, beta / std_error)
    low, high = wald_ends(beta, std_error, spread, critical(0.5 + LEVEL / 2, found.dfs))
    p_value = two_sided(statistic, found.dfs)
    if engine.profile and spec.vcov == "classical":
        statistic, p_value = likelihood_ratio(design.X, design.y, beta)
        profile = profile_ends(design.X, design.y, beta, std_error, LEVEL)
        low, high = profile.ends.T
        notes = [*notes, *profile.notes(names)]
    if "bootstrap" in dict(spec.options):
        p_value, ends = bootstrapped(spec, design, beta, std_error, LEVEL)
        low, high = ends.T
        endless = [
            name for name, end in zip(design.names, ends, strict=True) if np.isinf(end).any()
        ]
        notes = [*notes, bootstrap_note(spec, design, endless)]
        notes += bootstrap_gaps(spec, design, beta, std_error, ends, LEVEL)
    terms = pd.DataFrame(
        {
            "term": list(names),
            "estimate": beta,
            "std_error": std_error,
            "statistic": statistic,
            "p_value": p_value,
            "conf_low": low,
            "conf_high": high,
        }
    )
    loglik, r2 = float(est.loglik[0]), float(est.r2[0])
    summary: dict[str, Any] = {
        "n_events": int(design.y.sum()) if engine.kind not in ("number", "ordered") else None,
        "n_clusters": G[0] if len(G) == 1 else tuple(G) or None,
        "pseudo_r2": np.nan if linear else r2,
        "r_squared": r2 if linear else np.nan,
        "aic": np.nan if _no_aic(spec) else -2 * loglik + 2 * (K + engine.scale_parameters),
    }
    cases = _cases(design)
    return Fit(
        spec=spec,
        terms=terms,
        n=len(cases),
        loglik=loglik,
        vcov=pd.DataFrame(V, index=names, columns=names),
        cases=cases,
        dropped=design.dropped,
        notes=tuple(notes),
        converged=True,
        scale=float(est.scale[0]),
        df=found.df,
        design=design,
        own_df=tuple(found.dfs.tolist()) if np.isnan(found.df) else (),
        moved=moved,
        precise_vcov=referred.vcov if moved.moves else None,
        **summary,
    )


def _moved_reference(spec: ModelSpec, work: Design, moved: Centring, found: Reference) -> Reference:
    """Covariance of the moved parameters; degrees of freedom of
    the parameters as they are reported.
    """
    if not moved.moves or not np.isnan(found.df):
        return found
    return replace(
        found, dfs=contrast_df(spec, work, found.df, moved.weights(np.eye(len(found.dfs))))
    )


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
