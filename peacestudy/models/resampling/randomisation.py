"""Randomisation inference: the treatment dealt anew as it was, or might have been, assigned; the
outcome stays where it is.

Sources: Fisher (1935), The Design of Experiments, ch. 2; Gerber and Green (2012), Field
Experiments, ch. 3 (clusters and blocks); Imbens and Rosenbaum (2005), Journal of the Royal
Statistical Society A 168(1) (few clusters). ``permutation_test`` deals the outcome, and tests all
terms at once; here one column is dealt, the others keep their rows.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import factorial, prod

import numpy as np
import pandas as pd

from peacestudy.core.draw_order import groups_by_id
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.clock_check import check_clock, without_clock
from peacestudy.models.engines.design_checks import check_design
from peacestudy.models.engines.registry import engine_of, kernel_of, names_where
from peacestudy.models.formulas.centring import centring_of
from peacestudy.models.formulas.design import Design, build_design
from peacestudy.models.formulas.lags import refuse_lags
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.cr2 import orthogonal
from peacestudy.models.inference.robust_limits import find_blanks, is_blank
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.resampling.resample import column_of
from peacestudy.models.spec import ModelSpec

CHUNK = 250  # designs fitted at once; bounds the memory
TIES = 1e-9  # relative; a deal as large as the data but for rounding counts
# share of the model's own variance below which a robust variance is zero but for rounding
NOTHING = 1e-12
ALONE = 1e-9  # share of a dealt column's length left beside the others, below which they give it


def randomisation_test(
    data: StudyFrame | pd.DataFrame,
    spec: ModelSpec,
    term: str,
    *,
    clusters: str | None,
    blocks: str | None,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Test a term by permuting its values, as a treatment assigned at random.

    The null is that the term has no effect on any row (Fisher's sharp null).

    Parameters
    ----------
    data : StudyFrame or DataFrame
        A row a case.
    spec : ModelSpec
        A model of engine ``firth`` or ``linear``, with vcov classical, hc0 to hc3 or cluster and
        without options.
    term : str
        A column of the formula that stands in no other term.
    clusters : str or None
        The column whose groups were assigned whole: each has one value, and values are permuted
        among clusters; None permutes among rows.
    blocks : str or None
        The column within whose values the permutation stays; None permutes among all.
    draws : int
        Number of permutations; if there are no more different ones, each is made once.
    seed : int
        Seed of the permutations, which are given to cases and clusters in the order of their ids.

    Returns
    -------
    DataFrame
        One row, ``term, estimate, statistic, p_value, deals, every``: ``p_value`` is the share of
        permutations whose absolute estimate / standard error is at least that of the data (random
        permutations count the data as one), ``deals`` the number of permutations, ``every`` whether
        all different ones were made.

    Raises
    ------
    SpecError
        An unknown term, column or engine, a term whose column stands in another too, a vcov or
        option that the test does not take, imputed data.
    FitError
        A treatment that varies within a cluster, a cluster in several blocks, nothing to permute, a
        permutation that cannot be fitted, a term without a robust standard error.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [3.1, 2.8, 3.6, 1.2, 0.9, 1.7], "mission": [1, 1, 1, 0, 0, 0]})
    >>> spec = ps.ModelSpec("m", "y ~ mission", "linear", "classical")
    >>> table = ps.models.resampling.randomisation_test(
    ...     d, spec, "mission", clusters=None, blocks=None, draws=99, seed=1
    ... )
    >>> table[["estimate", "p_value", "deals", "every"]].round(2).values.tolist()
    [[1.9, 0.1, 20, True]]
    """
    refuse_imputed(
        "randomisation_test",
        data,
        instead=(
            "Resampling of imputed data is not available: use the p values of the PooledFit, or"
            " the data without imputation."
        ),
    )
    if not engine_of(spec).permutable:
        known = names_where(lambda engine: engine.permutable)
        raise SpecError(one_of("engine of a randomisation test", spec.engine, known))
    refuse_lags(spec.formula, "a randomisation test, which would not permute lags,")
    if spec.vcov in ("cr2", "jackknife") or without_clock(spec).options:
        raise SpecError(
            "a randomisation test takes no options but those of a clock, and vcov classical, hc0 to"
            " hc3 or cluster: its p value is its own."
        )
    table, case = (data.data, data.key) if isinstance(data, StudyFrame) else (data, None)
    design = build_design(table, spec.formula, spec.cluster_columns, case, engine_of(spec).outcome)
    check_clock(data, spec, design.cases, tuple(c for c in (blocks, clusters) if c is not None))
    check_design(design, engine_of(spec).outcome)
    design = replace(
        design, X=design.X - centring_of(design.X).centre
    )  # slopes stay, and no digit is lost far from zero
    at = _alone(design, term)
    x = design.X[:, at]
    unit = _codes(design, data, clusters, "the cluster column", np.arange(len(x)))
    block = _codes(design, data, blocks, "the block column", np.zeros(len(x), int))
    first = np.unique(unit, return_index=True)[1]
    _constant(
        design,
        x,
        unit,
        first,
        f"{term} varies within a cluster of {clusters}: it was not assigned to whole clusters",
    )
    _constant(
        design, block, unit, first, f"a cluster of {clusters} lies in several blocks of {blocks}"
    )
    order = groups_by_id(unit, design.cases)
    by_id, every = _deals(x[first][order], pd.factorize(block[first][order])[0], draws, seed)
    deals = by_id[:, np.argsort(order)]
    if len(deals) == 1:
        raise FitError(f"{term} has only one permutation: it does not vary within a block.")
    if is_blank(find_blanks(spec, design), len(design.names))[at]:
        raise FitError(
            f"{term} has no robust standard error in these data, as it depends on one case, one"
            " cluster or rows whose outcome is separated. Write vcov 'classical', for which the"
            " statistic of every permutation exists."
        )
    found = _statistics(design, spec, at, np.vstack([x, deals[:, unit]]))
    size = np.abs(found[:, 1])
    as_large = size >= size[0] * (1 - TIES)
    p = as_large[1:].mean() if every else as_large.mean()
    row = (term, found[0, 0], found[0, 1], float(p), len(deals), every)
    return pd.DataFrame(
        [row], columns=["term", "estimate", "statistic", "p_value", "deals", "every"]
    )


def _alone(design: Design, term: str) -> int:
    """The position of a term whose column stands in no other."""
    if term not in design.names:
        raise SpecError(one_of("term", term, design.names))
    labels = [
        i
        for i, f in enumerate(design.formula.factors)
        if f.label == term and "C" not in f.functions
    ]
    if not labels:
        raise SpecError(f"{term} is not a single numeric column, so its values cannot be permuted.")
    column = design.formula.factors[labels[0]].column
    also = [
        n
        for n, parts in design.made_of.items()
        if n != term and column in {f.column for f in parts}
    ]
    if also:
        raise SpecError(
            f"the column of {term} stands in {', '.join(also)} too, which would not be permuted."
            " Drop these terms from the formula."
        )
    return design.names.index(term)


def _codes(
    design: Design,
    data: StudyFrame | pd.DataFrame,
    column: str | None,
    what: str,
    otherwise: np.ndarray,
) -> np.ndarray:
    if column is None:
        return otherwise
    return np.asarray(pd.factorize(column_of(design, data, column, what))[0])


def _constant(
    design: Design, values: np.ndarray, unit: np.ndarray, first: np.ndarray, said: str
) -> None:
    differs = np.flatnonzero(values != values[first][unit])
    if len(differs):
        raise FitError(f"{said} (case {design.cases[int(differs[0])]}).")


def _deals(values: np.ndarray, block: np.ndarray, draws: int, seed: int) -> tuple[np.ndarray, bool]:
    """Deals of the values of units (m,), shape (D, m), and whether they are all that differ."""
    parts = [np.flatnonzero(block == b) for b in np.unique(block)]
    counts = [np.unique(values[at], return_counts=True)[1] for at in parts]
    many = prod(factorial(int(c.sum())) // prod(factorial(int(n)) for n in c) for c in counts)
    if many <= draws:
        rows = product(*[list(_orders(sorted(values[at].tolist()))) for at in parts])
        out = np.empty((many, len(values)))
        for i, row in enumerate(rows):
            for at, order in zip(parts, row, strict=True):
                out[i, at] = order
        return out, True
    out = np.repeat(values[None], draws, axis=0)
    rng = np.random.default_rng(seed)
    for at in parts:
        out[:, at] = rng.permuted(out[:, at], axis=1)
    return out, False


def _orders(values: list[float]) -> Iterator[list[float]]:
    """The different orders of sorted values."""
    if not values:
        yield []
    for i, value in enumerate(values):
        if i == 0 or value != values[i - 1]:
            for rest in _orders(values[:i] + values[i + 1 :]):
                yield [value, *rest]


def _statistics(design: Design, spec: ModelSpec, at: int, columns: np.ndarray) -> np.ndarray:
    """Estimate and statistic of the term with each of the
    columns (D, N) in its place, shape (D, 2).
    """
    Q, _ = (
        orthogonal(np.delete(design.X, at, axis=1))
        if design.X.shape[1] > 1
        else (np.zeros((len(design.y), 0)), None)
    )
    left = columns - (columns @ Q) @ Q.T
    if ((left**2).sum(axis=1) < ALONE * (columns**2).sum(axis=1)).any():
        raise FitError(
            "in a permutation the treatment is a combination of the other terms, so that its"
            " effect cannot be estimated. Use fewer terms."
        )
    out = []
    for i in range(0, len(columns), CHUNK):
        part = columns[i : i + CHUNK]
        X = np.repeat(design.X[None], len(part), axis=0)
        X[:, :, at] = part
        est = kernel_of(spec)(X, np.broadcast_to(design.y, part.shape))
        if not est.converged.all():
            raise FitError(
                f"{spec.name}: {int((~est.converged).sum())} of {len(part)} permutations did not"
                " converge. Use fewer terms."
            )
        V = covariance(est, spec.vcov, design.clusters, small_sample=engine_of(spec).small_sample)[
            :, at, at
        ]
        least = NOTHING * est.classical[:, at, at]
        none = ~(least < V)  # a deal without a robust variance counts as the largest
        statistic = np.where(none, np.inf, est.beta[:, at] / np.sqrt(np.where(none, 1.0, V)))
        out.append(np.column_stack([est.beta[:, at], statistic]))
    return np.vstack(out)
