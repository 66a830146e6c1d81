"""Weighted sums of coefficients: an effect at a value of its
moderator, or the difference of two effects.

Source: Brambor, Clark and Golder (2006), Political Analysis 14(1)
(standard errors of effects in interactions).
"""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from numbers import Real

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.inference.combinations import combined_covariance
from peacestudy.models.inference.hypotheses import one_sided, quantile, two_sided
from peacestudy.models.inference.tidied import add_one_sided

LEVEL = 0.95
# kinds of notes that say why a standard error is missing
WITHOUT = ("no_robust_error", "variance", "exact_fit")
# share of the variance without covariances below which that of the sum is zero but for rounding
NOTHING = 1e-12


def contrast(
    weights: Mapping[str, float],
    estimate: "pd.Series[float]",
    vcov: pd.DataFrame,
    degrees: Callable[[np.ndarray], float],
    direction: str | None = None,
    covariance: Callable[[np.ndarray], np.ndarray] | None = None,
    apart: Callable[[np.ndarray], np.ndarray] | None = None,
) -> pd.DataFrame:
    """One row for the sum of ``weights`` times the coefficients; see ``Fit.contrast``.

    Parameters
    ----------
    weights : by term.
    estimate : coefficients, in the order of ``vcov``.
    vcov : their covariance, with the terms' names.
    degrees : the degrees of freedom of a sum with weights (K,), infinite for z.
    direction : of a one-sided p that is added, ``greater`` or ``less``.
    covariance : gives the covariance (q, q) of sums with weights
        (q, K); None takes that of ``vcov``.
    apart : gives what their variances (q,) would be without covariances, by which rounding is
        known; None takes ``vcov``.
    """
    known = [str(c) for c in vcov.columns]
    if not weights:
        raise SpecError(f"contrast was given no weights; weigh some of {', '.join(known)}.")
    for term, weight in weights.items():
        if term not in known:
            raise SpecError(one_of("term", term, known))
        if isinstance(weight, bool) or not isinstance(weight, Real) or not isfinite(weight):
            raise SpecError(f"the weight of {term} is {weight!r}; it must be a finite number.")
    w = np.array([float(weights.get(term, 0.0)) for term in known])
    if not w.any():
        raise SpecError("all weights of the contrast are zero; give one that is not.")
    V = vcov.to_numpy(dtype=float)
    of_sums = covariance or (lambda rows: combined_covariance(rows, V))
    variance = float(of_sums(w[None])[0, 0])
    without = float(apart(w[None])[0]) if apart else float(w**2 @ np.nan_to_num(np.diag(V)))
    if not (np.isnan(variance) or variance > NOTHING * without):
        raise FitError(
            f"{_label(weights)} cannot be tested: its variance is not above zero, as with too few"
            " clusters."
        )
    b, se = float(w @ estimate.to_numpy()), variance**0.5
    df = degrees(w)
    half = quantile(0.5 + LEVEL / 2, df) * se
    row = (
        _label(weights),
        b,
        se,
        b / se,
        float(two_sided(np.array([b / se]), df)[0]),
        b - half,
        b + half,
    )
    columns = ["contrast", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    out = pd.DataFrame([row], columns=columns)
    if direction is not None:
        add_one_sided(out, one_sided(np.array([b / se]), df, direction), direction)
    return out


def written_weights(weights: object) -> dict[str, float]:
    """The weights of a contrast by term.

    Raises
    ------
    SpecError
        What is no mapping from terms to weights.
    """
    if not isinstance(weights, Mapping):
        raise SpecError(
            f"the weights of a contrast are {weights!r}; write the weight of each term, as {{'a':"
            " 1, 'b': -1}."
        )
    return dict(weights)


def refuse_missing(terms: Sequence[str], table: pd.DataFrame, notes: Sequence[Note]) -> None:
    """Refuse a joint test of terms of which one has no standard error.

    Raises
    ------
    FitError
        With these terms, and the notes that say why.
    """
    without = set(table["term"][table["std_error"].isna()])
    if missing := [t for t in terms if t in without]:
        why = " ".join(n.text for n in notes if n.kind in WITHOUT)
        raise FitError(
            f"{', '.join(missing)} cannot be tested: there is no standard error. {why}".rstrip()
        )


def _label(weights: Mapping[str, float]) -> str:
    """The sum as it is written: ``a + 2*a:m - b``; terms of weight zero are not in it."""
    text = ""
    for term, weight in weights.items():
        if weight:
            size = "" if abs(weight) == 1 else f"{abs(weight):g}*"
            sign = ("-" if weight < 0 else "") if not text else (" - " if weight < 0 else " + ")
            text += f"{sign}{size}{term}"
    return text
