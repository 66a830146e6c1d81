"""A model fitted to many choices of its cases: what each choice would have found.

Every choice is fitted as ``fit`` fits a table of its cases: means and standard deviations of
``scale`` are those of the chosen cases. The fits are made in batches, and where a batch cannot say
what a single fit gives, one by one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import PeacestudyError, SpecError
from peacestudy.models.clock_check import without_clock
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.fitting import fit
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.lags import refuse_lags
from peacestudy.models.inference.row_samples import parts
from peacestudy.models.inference.row_subsets import terms_of_subsets
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.spec import ModelSpec

CENTRED = ("scale", "center")  # functions whose values depend on the cases
INTERCEPT = "Intercept"  # depends on the means that a choice of cases changes
NUMBERS = ["estimate", "std_error", "p_value"]
COLUMNS = ["choice", "n", "n_events", "term", *NUMBERS, "reason"]


def fits_of_choices(
    data: StudyFrame | pd.DataFrame, spec: ModelSpec, chosen: np.ndarray
) -> pd.DataFrame:
    """Fit a model to every choice of cases.

    Parameters
    ----------
    data : StudyFrame or DataFrame
        All cases; the key of a StudyFrame or the index of a DataFrame names them.
    spec : ModelSpec
        The model, without lags.
    chosen : bool array, shape (choices, cases)
        Which cases each choice has.

    Returns
    -------
    DataFrame
        A row for each choice and term, the intercept left out: ``choice``, its number from 0;
        ``n, n_events``, the cases used, and those with the event (missing unless the outcome is
        binary); ``term, estimate, std_error, p_value``; ``reason``, empty, or why no model can be
        fitted (the numbers are then missing).

    Raises
    ------
    SpecError
        ``chosen`` does not fit the table, two cases have one name, the model has lags, or the data
        are imputed.
    FitError
        The model cannot be fitted to all cases together.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [1.0, 2.1, 2.9, 4.2, 9.0], "x": [1, 2, 3, 4, 5]})
    >>> spec = ps.ModelSpec("line", "y ~ x", "linear", "classical")
    >>> chosen = np.array([[True, True, True, True, False], [True, False, True, True, True]])
    >>> from peacestudy.models.diagnosis.case_choices import fits_of_choices
    >>> table = fits_of_choices(d, spec, chosen).query("term == 'x'")
    >>> table[["choice", "n", "estimate"]].round(2).values.tolist()
    [[0.0, 4.0, 1.04], [1.0, 4.0, 1.82]]
    """
    refuse_imputed(
        "fits_of_choices", data, instead="Give the data without imputation, or a completed table."
    )
    refuse_lags(spec.formula, f"{spec.name}: fits_of_choices, which takes cases out of the table,")
    table = data.data.set_index(data.key) if isinstance(data, StudyFrame) else data
    chosen = _checked(table, chosen)
    whole = fit(data, spec)
    keep = chosen[:, table.index.get_indexer(pd.Index(whole.design.cases))]
    every = whole.terms["term"].tolist()
    at = [j for j, term in enumerate(every) if term != INTERCEPT]
    terms = [every[j] for j in at]
    numbers = np.full((len(chosen), len(terms), len(NUMBERS)), np.nan)
    sizes = _sizes(whole.design, spec, keep)
    known = _batched(whole.design, spec, keep, at, numbers)
    reasons = [""] * len(chosen)
    alone = np.flatnonzero(~known)
    single = without_clock(spec)  # the clock was checked with all cases
    for b in tqdm(alone, desc="choices of cases", leave=False, disable=None):
        numbers[b], sizes[b], reasons[b] = _alone(table[chosen[b]], single, terms, sizes[b])
    return _long(numbers, sizes, reasons, terms)


def _batched(
    design: Design, spec: ModelSpec, keep: np.ndarray, at: list[int], numbers: np.ndarray
) -> np.ndarray:
    """Put the estimates, standard errors and p values of the terms at these positions, for the
    choices that a batch can fit, among the numbers (B, K, 3), and say which choices these are (B,).
    """
    known = np.zeros(len(keep), bool)
    if design.rows is not None or not _only_rescaled(design):
        return known
    step = [*parts(len(keep), 10 * keep.shape[1])]  # small parts, so that progress shows
    for members in tqdm(step, desc=f"fits of {spec.name}", leave=False, disable=None):
        found = terms_of_subsets(design, spec, keep[members])
        spread = _spread(design, keep[members])
        known[members] = found.known & (spread > 0).all(axis=1)
        values = [found.estimate * spread, found.std_error * spread, found.p_value]
        numbers[members] = np.stack(values, axis=2)[:, at]
    return known


def _only_rescaled(design: Design) -> bool:
    """Whether a choice of cases does no more to the columns than to move and rescale them."""
    if design.bases:
        return False
    for factors in design.made_of.values():
        centred = [f for f in factors if set(f.functions) & set(CENTRED)]
        inside = [f for f in centred if set(f.functions[:-1]) & set(CENTRED)]
        if inside or (centred and len(factors) > 1):
            return False
    return True


def _spread(design: Design, keep: np.ndarray) -> np.ndarray:
    """Standard deviation in each choice of every column that ``scale`` makes, in units of that of
    all cases; one for other columns, shape (B, K).
    """
    spread = np.ones((len(keep), design.X.shape[1]))
    for j, name in enumerate(design.names):
        factors = design.made_of.get(name, ())
        if factors and factors[0].functions[-1:] == ("scale",):
            spread[:, j] = [design.X[rows, j].std(ddof=1) if rows.any() else 0.0 for rows in keep]
    return spread


def _sizes(design: Design, spec: ModelSpec, keep: np.ndarray) -> np.ndarray:
    """Cases and events of each choice, shape (B, 2); events of a binary outcome alone."""
    events = np.full(len(keep), np.nan)
    if engine_of(spec).outcome == "binary":
        events = keep @ design.y
    return np.column_stack([keep.sum(axis=1), events]).astype(float)


def _alone(
    table: pd.DataFrame, spec: ModelSpec, terms: Sequence[str], size: np.ndarray
) -> tuple[np.ndarray, np.ndarray, str]:
    """Numbers (K, 3) and size (2,) of a single fit, or why there is none."""
    none = np.full((len(terms), len(NUMBERS)), np.nan)
    try:
        made = fit(table, spec)
    except PeacestudyError as err:
        return none, size, str(err)
    events = np.nan if made.n_events is None else float(made.n_events)
    found = made.terms.set_index("term")[NUMBERS].reindex(list(terms))
    return found.to_numpy(dtype=float), np.array([made.n, events]), ""


def _long(
    numbers: np.ndarray, sizes: np.ndarray, reasons: Sequence[str], terms: Sequence[str]
) -> pd.DataFrame:
    K = len(terms)
    table: dict[str, Any] = {
        "choice": np.repeat(np.arange(len(numbers)), K),
        "n": np.repeat(sizes[:, 0].astype(int), K),
        "n_events": np.repeat(sizes[:, 1], K),
        "term": list(terms) * len(numbers),
        "reason": np.repeat(np.array(reasons, dtype=object), K),
    }
    for i, name in enumerate(NUMBERS):
        table[name] = numbers[:, :, i].ravel()
    return pd.DataFrame(table)[COLUMNS]


def _checked(table: pd.DataFrame, chosen: np.ndarray) -> np.ndarray:
    """The choices as an array; refused where they hold anything but yes and no."""
    try:
        chosen = np.asarray(chosen)
    except ValueError as err:
        raise SpecError("the rows of chosen differ in length; give each case a yes or no.") from err
    if chosen.dtype != bool:
        raise SpecError(
            f"chosen is of type {chosen.dtype}, and not of yes and no. Give True for the cases that"
            " a choice has and False for the others, not their positions."
        )
    if chosen.ndim != 2 or chosen.shape[1] != len(table):
        raise SpecError(
            f"chosen has shape {chosen.shape}, and the table {len(table)} rows. Give an array of"
            " yes and no with a row for each choice and a column for each row of the table."
        )
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise SpecError(f"case {twice!r} appears twice. Give every row a name of its own.")
    return chosen
