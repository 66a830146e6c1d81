"""Published indices with their intervals: the true index imputed given what was published, the
covariates and the outcome.

The published estimate is the true index plus normal error whose standard deviation the interval
tells; the author writes how much of the error's distribution the interval covers (V-Dem's codelow
and codehigh: about 68 %, one posterior standard deviation, Coppedge and others 2025, V-Dem Codebook
v15). The true index is normal given the covariates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from tqdm import tqdm

from peacestudy.core.draw_order import places_by_id
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note
from peacestudy.errors import SpecError
from peacestudy.models import Fit, ModelSpec, fit
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.formula import parse
from peacestudy.robustness.arguments import after_clock, check_draws, table_of
from peacestudy.robustness.coded_columns import LinearDesign, linear_design
from peacestudy.robustness.job import pooled_terms
from peacestudy.robustness.outcome_models import (
    LogitOutcome,
    Outcome,
    is_modelled,
    modelled_engines,
    outcome_model,
)
from peacestudy.robustness.propagation import Propagated

Array = npt.NDArray[np.float64]
MOVES = 5  # Metropolis moves of the true indices between draws of the parameters


@dataclass(frozen=True)
class Interval:
    """The columns of a published interval, and its coverage of the error.

    Attributes
    ----------
    low : str
        Column of the lower end.
    high : str
        Column of the upper end.
    covers : float
        Share of the distribution of the error within the interval, such as 0.68; there is no
        default, since sources differ.

    Raises
    ------
    SpecError
        ``covers`` is not between 0 and 1.

    Examples
    --------
    V-Dem publishes intervals of one standard deviation on either side:

    >>> import peacestudy as ps
    >>> ps.robustness.Interval("polyarchy_low", "polyarchy_high", covers=0.68)
    Interval(low='polyarchy_low', high='polyarchy_high', covers=0.68)
    """

    low: str
    high: str
    covers: float

    def __post_init__(self) -> None:
        if not 0 < self.covers < 1:
            raise SpecError(f"an interval covers {self.covers}; write the share, as 0.68 or 0.95.")


def from_intervals(
    data: StudyFrame | pd.DataFrame,
    columns: Mapping[str, Interval],
    then: ModelSpec,
    *,
    draws: int = 50,
    burn: int = 400,
    thin: int = 10,
    seed: int,
) -> Propagated:
    """Propagate the uncertainty of published indices into a finding.

    The true index is drawn given the published value and interval, the covariates and the outcome;
    the model is refitted to every draw, and the fits are pooled by Rubin's rules.

    Parameters
    ----------
    data : StudyFrame or DataFrame
        A row a case, with ``case_id`` (the key of a StudyFrame), the indices, the ends of their
        intervals and the columns of the formula.
    columns : mapping of str to Interval
        The interval of each index. Its error is treated as normal; the standard deviation is half
        the interval over the normal quantile.
    then : ModelSpec
        The model; engines linear, logit and firth. Indices may be used as they are, scaled, or
        multiplied with other columns.
    draws : int, optional
        Number of draws of the true index.
    burn : int, optional
        Sweeps before the first draw.
    thin : int, optional
        Sweeps for each draw.
    seed : int
        Seed of the draws, which are given to cases in the order of their ids.

    Returns
    -------
    Propagated
        Naive and pooled estimates; ``accuracy``, ``codes`` and ``flips`` are empty.

    Raises
    ------
    SpecError
        A column that is missing or holds text, an interval whose low end is not below its high end
        or that does not contain its value, a formula that uses a function of an index or none of
        it; data, a model, draws or a seed of a wrong type or size.
    FitError
        The model has no estimate.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"case_id": range(60), "true": rng.normal(size=60)})
    >>> d = d.assign(y=d.true + rng.normal(size=60), x=d.true + 0.5 * rng.normal(size=60))
    >>> d = d.assign(low=d.x - 0.5, high=d.x + 0.5)
    >>> index = {"x": ps.robustness.Interval("low", "high", covers=0.68)}
    >>> spec = ps.ModelSpec("m", "y ~ x", "linear", "classical")
    >>> found = ps.robustness.from_intervals(d, index, spec, draws=20, burn=50, thin=2, seed=1)
    >>> found.terms[["term", "naive", "estimate", "share_coding"]].round(2).values.tolist()[1]
    ['x', 0.74, 0.94, 0.29]
    """
    if not isinstance(then, ModelSpec):
        raise SpecError(f"then is a {type(then).__name__}; give one ModelSpec.")
    if not is_modelled(then):
        raise SpecError(
            f"an index cannot be imputed given an outcome of engine {then.engine!r}; the engines"
            f" are {', '.join(modelled_engines())}."
        )
    table, key = table_of(data)
    (then,), late = after_clock([then], data)
    check_draws(draws, burn, thin, seed, 1)
    _check(columns, then)
    ends = [c for i in columns.values() for c in (i.low, i.high)]
    if absent := [c for c in (key, *columns, *ends) if c not in table.columns]:
        raise SpecError(f"the data lack the column(s) {', '.join(absent)}.")
    table = table.iloc[places_by_id(table[key])]  # the order in which draws are given to the cases
    naive = fit(StudyFrame(table, "case", key), then)
    fitted = table[table[key].isin(naive.cases)].reset_index(drop=True)
    published = fitted[list(columns)].to_numpy(dtype=float)
    sd = _errors(fitted, columns, published)
    design = linear_design(naive.design, fitted, tuple(columns))
    fits = []
    for indices in _drawn_indices(naive, design, published, sd, draws, burn, thin, seed):
        drawn_table = fitted.assign(**dict(zip(columns, indices.T, strict=True)))
        fits.append(fit(StudyFrame(drawn_table, "case", key), then))
    tables = []
    for n, drawn_fit in enumerate(fits):
        part = drawn_fit.terms[["term", "estimate", "std_error"]]
        tables.append(part.assign(draw=n, model=then.name))
    drawn = pd.concat(tables, ignore_index=True)
    moved = np.abs(design.B).max(axis=(0, 1)) > 0
    moved_terms = [name for name, m in zip(naive.design.names, moved, strict=True) if m]
    none = pd.DataFrame()
    return Propagated(
        pooled_terms(naive, drawn, moved_terms),
        none,
        none,
        none,
        drawn,
        (naive,),
        seed,
        (_interval_note(columns), *late),
    )


def _interval_note(columns: Mapping[str, Interval]) -> Note:
    """The note on how each interval was read."""
    read = []
    for name, interval in columns.items():
        share = f"{interval.covers:.0%} of a normal error"
        read.append(f"{name}: {interval.low} to {interval.high} taken as {share}")
    return Note("intervals", f"{'; '.join(read)}.")


def _drawn_indices(
    naive: Fit,
    design: LinearDesign,
    published: Array,
    sd: Array,
    draws: int,
    burn: int,
    thin: int,
    seed: int,
) -> Iterator[Array]:
    """Draws of the true indices, each (cases, indices), by Gibbs sampling with Metropolis moves."""
    engine = engine_of(naive.spec)
    fixed = np.abs(design.B).max(axis=(0, 1)) == 0
    Z = design.X0[:, fixed]
    rng = np.random.default_rng(seed)
    start = naive.terms["estimate"].to_numpy()
    state = outcome_model(engine.outcome, naive.design.y, naive.design.X, start)
    x = published.copy()
    for sweep in tqdm(range(burn + draws * thin), desc="true indices", disable=None, leave=False):
        state.draw(design.of(x), rng)
        if isinstance(state, LogitOutcome) and sweep < burn and sweep % 10 == 9:
            state.tune()
        for d in range(x.shape[1]):
            mean, spread = _given_covariates(x, d, Z, rng)
            for _ in range(MOVES):
                slopes = design.slopes(state.beta)
                x[:, d] = _moved(
                    x, d, published[:, d], sd[:, d], mean, spread, design.X0, slopes, state, rng
                )
        if sweep >= burn and (sweep - burn) % thin == thin - 1:
            yield x.copy()


def _check(columns: Mapping[str, Interval], then: ModelSpec) -> None:
    used = {f.column for f in parse(then.formula).factors}
    for name, interval in columns.items():
        if not isinstance(interval, Interval):
            raise SpecError(
                f"the interval of {name} is {interval!r}; write it as Interval(low, high,"
                " covers=0.68)."
            )
        if name not in used:
            raise SpecError(
                f"the formula of {then.name} does not use {name}, so that its interval would have"
                " no effect."
            )


def _errors(own: pd.DataFrame, columns: Mapping[str, Interval], published: Array) -> Array:
    """Standard deviations of the published errors, shape (cases, indices)."""
    for c in dict.fromkeys(c for i in columns.values() for c in (i.low, i.high)):
        if not pd.api.types.is_numeric_dtype(own[c]):
            raise SpecError(f"the column {c} holds text; an interval ends in numbers.")
    low, high = (
        own[[getattr(i, end) for i in columns.values()]].to_numpy(dtype=float)
        for end in ("low", "high")
    )
    if not (high > low).all():
        raise SpecError(
            f"{int((~(high > low)).sum())} interval(s) are missing, of no width, or upside down;"
            " every case needs one."
        )
    outside = (published < low) | (published > high)
    if outside.any():
        raise SpecError(
            f"{int(outside.sum())} value(s) lie outside their interval, {published[outside][0]:g}"
            f" outside {low[outside][0]:g} to {high[outside][0]:g} for example. Are these the ends"
            " of that index?"
        )
    out: Array = (high - low) / 2 / stats.norm.ppf([0.5 + i.covers / 2 for i in columns.values()])
    return out


def _given_covariates(x: Array, d: int, Z: Array, rng: np.random.Generator) -> tuple[Array, float]:
    """Mean and standard deviation of an index given covariates and
    the other indices, their parameters drawn.
    """
    W = np.column_stack([Z, np.delete(x, d, axis=1)])
    V = np.linalg.pinv(W.T @ W)
    hat = V @ (W.T @ x[:, d])
    rest = x[:, d] - W @ hat
    spread = float(np.sqrt(rest @ rest / rng.chisquare(max(len(x) - W.shape[1], 1))))
    values, vectors = np.linalg.eigh(V)
    gamma = hat + spread * vectors @ (np.sqrt(np.maximum(values, 0)) * rng.normal(size=len(hat)))
    return W @ gamma, spread


def _moved(
    x: Array,
    d: int,
    published: Array,
    sd: Array,
    mean: Array,
    spread: float,
    fixed: Array,
    slopes: Array,
    state: Outcome,
    rng: np.random.Generator,
) -> Array:
    """One Metropolis move of every case's index; the proposal is exact but for the outcome."""
    weight = 1 / sd**2 + 1 / spread**2
    centre = (published / sd**2 + mean / spread**2) / weight
    new = centre + rng.normal(size=len(x)) / np.sqrt(weight)
    others = fixed @ state.beta + (x * slopes).sum(axis=1) - x[:, d] * slopes[:, d]
    eta = np.column_stack([others + x[:, d] * slopes[:, d], others + new * slopes[:, d]])
    loglik = state.loglik(eta)
    take = np.log(rng.uniform(size=len(x))) < loglik[:, 1] - loglik[:, 0]
    out: Array = np.where(take, new, x[:, d])
    return out
