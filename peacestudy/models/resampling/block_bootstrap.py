"""Block bootstrap: blocks of rows are drawn with replacement, and the model of any engine is
refitted to every sample.

Sources: Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 and 14; Davison and
Hinkley (1997), Bootstrap Methods and their Application, 3.8 (clusters drawn with replacement, rows
within them kept).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from tqdm import tqdm

from peacestudy.core.display import html_table
from peacestudy.core.draw_order import groups_by_id
from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.inference.hypotheses import check_level
from peacestudy.models.inference.row_samples import parts
from peacestudy.models.inference.row_subsets import estimates_of_samples
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.resampling.percentile import bca_probabilities, percentile
from peacestudy.models.resampling.resample import column_of, refit, sample
from peacestudy.models.result import Fit

INTERVALS = ("percentile", "bca")
MOST_FAILED = 0.5  # share of refits that fail above which the rest says nothing
FEW_BLOCKS = 20  # blocks below which draws take too few values


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """The result of a bootstrap.

    Attributes
    ----------
    terms : DataFrame
        ``term, estimate, std_error, bias, conf_low, conf_high``: the estimate of the fit, the
        standard deviation of the draws, their mean less the estimate, and the interval.
    estimates : DataFrame
        Estimates of every sample that could be fitted: a row a draw, a column a term.
    failed : DataFrame
        Samples that could not be fitted: ``draw, reason``.
    notes : tuple of Note
        What was drawn, and how many samples failed.
    interval : str
        ``percentile`` or ``bca``.
    conf_level : float
        Confidence level of the intervals.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [1.0, 2.2, 2.9, 4.1, 5.3, 5.9], "x": [1, 2, 3, 4, 5, 6]})
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "linear", "hc1"))
    >>> found = ps.models.bootstrap(fit, d, block=None, draws=199, seed=1, interval="percentile")
    >>> found.estimates.columns.tolist(), found.interval
    (['Intercept', 'x'], 'percentile')
    """

    terms: pd.DataFrame
    estimates: pd.DataFrame = field(repr=False)
    failed: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]
    interval: str
    conf_level: float

    def _repr_html_(self) -> str:
        head = (
            f"Bootstrap, {len(self.estimates)} samples, {self.interval} intervals of"
            f" {self.conf_level:.0%}"
        )
        return html_table(self.terms, head, self.notes, rows=len(self.terms))


@renamed_arguments(level="conf_level")
def bootstrap(
    fit: Fit,
    data: StudyFrame | pd.DataFrame,
    *,
    block: str | None,
    draws: int,
    seed: int,
    interval: str,
    conf_level: float = 0.95,
) -> Bootstrap:
    """Bootstrap a fit: draw its blocks with replacement, refit every sample, and give intervals.

    Parameters
    ----------
    fit : Fit
        A fit of any engine.
    data : StudyFrame or DataFrame
        The table that was fitted; the blocks are looked up in it.
    block : str or None
        The column whose groups are drawn whole, such as the country; None draws single rows.
    draws : int
        Number of samples.
    seed : int
        Seed of the draws, which are given to cases and blocks in the order of their ids.
    interval : {"percentile", "bca"}
        Kind of interval; ``bca`` also refits the model without each block.
    conf_level : float, optional
        Confidence level of the intervals.

    Returns
    -------
    Bootstrap
        Standard errors, bias and intervals, and the estimates of every sample.

    Raises
    ------
    SpecError
        An unknown column or interval, a confidence level or a number outside its range, a
        PooledFit.
    FitError
        A single block, more than half of the samples cannot be fitted, or, for ``bca``, the data
        without a block.

    Notes
    -----
    Samples keep the design of the fit: ``scale`` and ``center`` are those of the data, so that a
    coefficient means the same in every sample. A block drawn twice counts as two clusters, and as
    two groups of the engine if it groups by that column.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 and 14; Davison
    and Hinkley (1997), Bootstrap Methods and their Application, 3.8.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [1.0, 2.2, 2.9, 4.1, 5.3, 5.9], "x": [1, 2, 3, 4, 5, 6]})
    >>> d["country"] = [1, 1, 2, 2, 3, 3]
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "linear", "hc1"))
    >>> found = ps.models.bootstrap(
    ...     fit, d, block="country", draws=199, seed=1, interval="percentile"
    ... )
    >>> bool(found.terms.conf_low[1] < 1 < found.terms.conf_high[1])
    True
    """
    refuse_imputed(
        "bootstrap",
        fit,
        data,
        instead=(
            "Resampling of imputed data is not available: use the intervals of the PooledFit, or"
            " the data without imputation."
        ),
    )
    _check(draws, seed, interval, conf_level)
    blocks, labels = _blocks(fit, data, block)
    rows = [np.flatnonzero(blocks == g) for g in range(len(labels))]
    order = groups_by_id(blocks, fit.design.cases)
    taken = order[np.random.default_rng(seed).integers(0, len(labels), (draws, len(labels)))]
    times = np.apply_along_axis(np.bincount, 1, taken, minlength=len(labels))
    together, known = _in_parts(fit, draws, lambda members: times[members][:, blocks])
    found, failed = [], []
    for draw, chosen in enumerate(
        tqdm(taken, desc=f"bootstrap of {fit.spec.name}", disable=None, leave=False)
    ):
        if known[draw]:
            found.append((draw, together[draw]))
            continue
        try:
            found.append((draw, _estimates(fit, blocks, rows, chosen, block)))
        except FitError as err:
            failed.append((draw, str(err)))
    lost = pd.DataFrame(failed, columns=["draw", "reason"])
    if len(failed) > MOST_FAILED * draws:
        raise FitError(
            f"{len(failed)} of {draws} samples of {fit.spec.name} cannot be fitted, the first"
            f" because: {failed[0][1]}"
        )
    values = np.array([b for _, b in found])
    names = fit.terms["term"].tolist()
    left = _left_out(fit, blocks, rows, labels, block) if interval == "bca" else None
    own = fit.terms["estimate"].to_numpy()
    ends, extreme = _ends(values, own, left, conf_level)
    terms = pd.DataFrame(
        {
            "term": names,
            "estimate": own,
            "std_error": values.std(axis=0, ddof=1),
            "bias": values.mean(axis=0) - own,
            "conf_low": ends[:, 0],
            "conf_high": ends[:, 1],
        }
    )
    notes = _notes(
        labels, block, draws, seed, lost, [n for n, e in zip(names, extreme, strict=True) if e]
    )
    drawn = pd.DataFrame(values, columns=names, index=pd.Index([d for d, _ in found], name="draw"))
    return Bootstrap(terms, drawn, lost, notes, interval, conf_level)


def _check(draws: int, seed: int, interval: str, conf_level: float) -> None:
    if interval not in INTERVALS:
        raise SpecError(one_of("interval", interval, INTERVALS))
    check_level(conf_level)
    for name, value in (("draws", draws), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise SpecError(f"{name} is {value!r}; it must be a whole number, not below zero.")
    least = int(np.ceil(round(2 / (1 - conf_level), 9))) - 1
    if draws < least:
        raise SpecError(
            f"{draws} draws have no quantiles for an interval at {conf_level:.0%}; use at least"
            f" {least} draws, preferably 999."
        )


def _blocks(
    fit: Fit, data: StudyFrame | pd.DataFrame, block: str | None
) -> tuple[np.ndarray, list[str]]:
    """Block number of every row of the design (n,), and what each block is called."""
    design = fit.design
    if block is None:
        first = (
            np.arange(len(design.y))
            if design.rows is None
            else np.unique(design.rows, return_inverse=True)[1]
        )
        at = np.unique(first, return_index=True)[1]
        labels = [f"case {design.cases[i]}" for i in at]
    else:
        codes, values = pd.factorize(column_of(design, data, block, "the block column"))
        first, labels = np.asarray(codes), [f"{block} {v}" for v in values]
    if len(labels) < 2:
        raise FitError(
            f"all rows are in one block ({labels[0]}): every sample is the same data. Draw by"
            " another column."
        )
    return first, labels


def _estimates(
    fit: Fit, blocks: np.ndarray, rows: list[np.ndarray], chosen: np.ndarray, column: str | None
) -> np.ndarray:
    parts = [rows[g] for g in chosen]
    copy = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    beta: np.ndarray = refit(
        sample(fit.design, np.concatenate(parts), blocks, copy, column), fit.spec
    ).beta[0]
    if len(beta) != len(fit.terms):
        raise SpecError(
            f"engine {fit.spec.engine!r} cannot be bootstrapped: a sample has other terms than the"
            " fit."
        )
    return beta


def _in_parts(
    fit: Fit, size: int, counts: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of so many samples (size, K), and whether each is known (size,).

    ``counts`` gives how often each row is in some samples, by their positions.
    """
    beta = np.full((size, fit.design.X.shape[1]), np.nan)
    known = np.zeros(size, bool)
    for members in parts(size, len(fit.design.y)):
        found = estimates_of_samples(fit.design, fit.spec, counts(members))
        beta[members], known[members] = found
    return beta, known


def _left_out(
    fit: Fit, blocks: np.ndarray, rows: list[np.ndarray], labels: list[str], column: str | None
) -> np.ndarray:
    """Estimates without each block, shape (G, K)."""
    together, known = _in_parts(fit, len(labels), lambda members: blocks != members[:, None])
    out = []
    for g, label in enumerate(labels):
        if known[g]:
            out.append(together[g])
            continue
        try:
            out.append(_estimates(fit, blocks, rows, np.delete(np.arange(len(rows)), g), column))
        except FitError as err:
            raise FitError(
                f"without {label} the model cannot be fitted, so there is no bca interval; write"
                f" 'percentile'. {err}"
            ) from err
    return np.array(out)


def _ends(
    values: np.ndarray, own: np.ndarray, left: np.ndarray | None, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals (K, 2), and whether one rests on the outermost draws, or does not exist, (K,)."""
    R, K = values.shape
    tails = np.array([(1 - conf_level) / 2, (1 + conf_level) / 2])
    asked = np.array(
        [
            (
                tails
                if left is None
                else bca_probabilities(values[:, j], own[j], left[:, j], conf_level)
            )
            for j in range(K)
        ]
    )
    rank = (R + 1) * asked
    extreme = ~((rank > 1 - 1e-9) & (rank < R + 1e-9)).all(axis=1)
    whole = np.isfinite(asked).all(axis=1)
    ends = [
        percentile(values[:, j], asked[j]) if whole[j] else np.full(2, np.nan) for j in range(K)
    ]
    return np.array(ends), extreme


def _notes(
    labels: list[str],
    block: str | None,
    draws: int,
    seed: int,
    lost: pd.DataFrame,
    extreme: list[str],
) -> tuple[Note, ...]:
    what = "rows" if block is None else f"blocks of {block}"
    out = [
        Note(
            "bootstrap",
            f"{draws} samples of {len(labels)} {what} drawn with replacement, seed {seed}.",
        )
    ]
    if len(lost):
        text = (
            f"{len(lost)} of {draws} samples could not be fitted and are left out, the first"
            f" because: {lost.reason[0]} "
        )
        out.append(Note("failed", text + "The intervals are those of samples that could."))
    if len(labels) < FEW_BLOCKS:
        out.append(
            Note(
                "few_blocks",
                f"{len(labels)} {what}, under {FEW_BLOCKS}: bootstrap intervals are too narrow with"
                " so few.",
            )
        )
    if extreme:
        out.append(
            Note(
                "extreme",
                f"The interval of {', '.join(extreme)} depends on the most extreme draws, or all"
                " draws are on one side: draw more.",
            )
        )
    return tuple(out)
