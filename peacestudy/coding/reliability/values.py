"""What coders gave, as numbers; and the paradox of a rare code, in words."""

import numpy as np
import numpy.typing as npt

from peacestudy.errors import CodingError

Array = npt.NDArray[np.float64]
USABLE, AGREE, BY_CHANCE = 0.667, 0.8, 0.6  # the paradox: a coefficient below, agreement and chance agreement from


def numbers(values: npt.ArrayLike) -> Array:
    """The values as numbers, shape (coders, units), finite or NaN; refused where they are anything else, text of digits too."""
    try:
        X = np.asarray(values)
        if X.dtype.kind in "USO" and any(isinstance(v, (str, bytes)) for v in X.ravel()):
            raise TypeError("text")
        X = X.astype(float)
    except (TypeError, ValueError) as err:
        raise CodingError(
            "the values hold something that is no number. Give codes as numbers, NaN where none was given."
        ) from err
    if X.ndim != 2:
        raise CodingError(f"the values have {X.ndim} dimension(s); expected shape (coders, units).")
    if np.isinf(X).any():
        raise CodingError("the values hold infinity. Give codes as finite numbers, NaN where none was given.")
    return X


def paradox(name: str, found: float, same: float, chance: float) -> str:
    """The paradox of a rare code in words; empty where agreement is not high, the coefficient is, or chance would not do most of it."""
    if not (found < USABLE and same >= AGREE and chance >= BY_CHANCE):
        return ""
    return (
        f"The coders agree on {same:.0%} of the units, yet {name} is {found:.2f}: one code is so common that codes given at random in the same "
        f"shares would agree on {chance:.0%} already, and {name} counts only agreement beyond that."
    )
