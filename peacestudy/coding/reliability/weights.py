"""How far two categories count as agreement: 1 on the diagonal, less the further apart. Gwet
(2014), ch. 3 and app. B.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from peacestudy.core.problems import one_of
from peacestudy.errors import CodingError

Array = npt.NDArray[np.float64]


def _distance(x: Array) -> Array:
    out: Array = np.abs(x[:, None] - x[None, :])
    return out


def _ordinal(x: Array) -> Array:
    # categories from one to the other, both counted
    between = _distance(np.arange(len(x), dtype=float)) + 1
    pairs = between * (between - 1) / 2
    out: Array = 1 - pairs / (len(x) * (len(x) - 1) / 2)
    return out


def _ratio(x: Array) -> Array:
    if x.min() < 0:
        raise CodingError(
            f"ratio weights are for categories from 0 up; the lowest is {x.min():g}. Use linear or"
            " quadratic."
        )
    total = x[:, None] + x[None, :]
    apart = _distance(x) / np.where(total > 0, total, 1)  # two zeros are equal
    out: Array = 1 - (apart / apart.max()) ** 2
    return out


WEIGHTS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda x: np.eye(len(x)),
    "linear": lambda x: 1 - _distance(x) / (x.max() - x.min()),
    "quadratic": lambda x: 1 - (_distance(x) / (x.max() - x.min())) ** 2,
    "ordinal": _ordinal,
    "radical": lambda x: 1 - np.sqrt(_distance(x) / (x.max() - x.min())),
    "ratio": _ratio,
}


def agreement_weights(name: str, categories: npt.ArrayLike) -> Array:
    """Weights of pairs of categories.

    Parameters
    ----------
    name : ``identity`` (equal or not), ``linear`` and ``quadratic`` (by the distance of the codes),
        ``ordinal`` (Gwet's, by how many pairs of categories lie between), ``radical`` (root of the
        distance), ``ratio`` (distance over sum, squared).
    categories : all codes that may be given, in order; shape (q,), q of 2 or more.

    Returns
    -------
    Shape (q, q), symmetric, 1 on the diagonal.

    Examples
    --------
    >>> agreement_weights("linear", [0, 1, 2])[0].tolist()
    [1.0, 0.5, 0.0]
    """
    if name not in WEIGHTS:
        raise CodingError(one_of("weights", name, list(WEIGHTS)))
    x = np.asarray(categories, dtype=float)
    if len(x) < 2 or (np.diff(x) <= 0).any():
        raise CodingError(f"categories are {list(x)}; expected two or more, from the lowest up.")
    return WEIGHTS[name](x)
