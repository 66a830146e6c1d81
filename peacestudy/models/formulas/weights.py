"""Probability weights: how many cases of the population a row stands for, up to a factor.

Source: Binder (1983), International Statistical Review 51(3): weighted estimating equations with a
sandwich covariance, as Stata's pweight and R's survey. Weights are scaled to mean one, so that
nothing depends on their unit.
"""

from typing import Any

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.errors import FitError, SpecError
from peacestudy.models.formulas.design import Design

NAMED = 5  # cases named in a message


def weights_of(design: Design, column: str) -> np.ndarray:
    """The weights of a design, scaled to mean 1, shape (N,).

    Raises
    ------
    SpecError
        The column does not hold numbers.
    FitError
        A weight that is not above zero, with the cases.
    """
    values = design.further[column]
    if values.dtype.kind not in "iuf":
        raise SpecError(f"the weights {column!r} hold {values.dtype}, not numbers.")
    w = values.to_numpy(dtype=float)
    bad = np.flatnonzero(w <= 0)
    if len(bad):
        shown = ", ".join(f"{design.cases[i]}: {w[i]:g}" for i in bad[:NAMED])
        raise FitError(
            f"the weights {column!r} must be above zero; {len(bad)} are not (cases {shown}). Leave"
            " these rows out yourself, with a reason."
        )
    return np.asarray(w / w.max() / (w / w.max()).mean())


def row_weights(design: Design, options: Any) -> np.ndarray | None:
    """The weights that the option ``weights`` names, shape (N,); None where it is not written.

    Raises
    ------
    SpecError, FitError
        As ``weights_of``.
    """
    column = dict(options).get("weights")
    return None if column is None else weights_of(design, str(column))


def weights_notes(options: Any, w: np.ndarray | None) -> list[Note]:
    """What the weights are taken for, and how many equal rows they are worth.

    Source: Kish (1965), Survey Sampling, 11.7.
    """
    if w is None:
        return []
    column = str(dict(options)["weights"])
    worth = w.sum() ** 2 / (w**2).sum()
    text = (
        f"Probability weights {column!r}, scaled to mean 1; {len(w)} rows have an effective sample"
        f" size of {worth:.1f}. The log-likelihood is a pseudo-likelihood, so there is no AIC."
    )
    return [Note("weights", text)]
