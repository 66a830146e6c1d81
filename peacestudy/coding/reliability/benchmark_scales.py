"""How good is good: an estimate against a scale of words, with its standard error taken seriously.

Source: Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 6: the chance that the true
coefficient lies in each band of the scale, from a normal distribution around the estimate cut to
-1..1; the word that is earned is the highest whose chance, together with all better ones, reaches
95 %. With estimate k and standard error s the band from a to b has the chance

    (Phi((k - a) / s) - Phi((k - b) / s)) / (Phi((k + 1) / s) - Phi((k - 1) / s)).

Scales: Landis and Koch (1977), Altman (1991), Fleiss (1981); and Krippendorff's (2019) .667 and .8,
a convention of its author.
"""

import numpy as np
import pandas as pd
from scipy import stats

from peacestudy.core.problems import one_of
from peacestudy.errors import CodingError

SCALES: dict[str, tuple[tuple[float, str], ...]] = {  # lower end and word, the best first
    "krippendorff": ((0.8, "reliable"), (0.667, "tentative"), (-1.0, "discard")),
    "landis_koch": (
        (0.8, "almost perfect"),
        (0.6, "substantial"),
        (0.4, "moderate"),
        (0.2, "fair"),
        (0.0, "slight"),
        (-1.0, "poor"),
    ),
    "altman": ((0.8, "very good"), (0.6, "good"), (0.4, "moderate"), (0.2, "fair"), (-1.0, "poor")),
    "fleiss": ((0.75, "excellent"), (0.4, "intermediate to good"), (-1.0, "poor")),
}
ENOUGH = 0.95


def benchmark(estimate: float, std_error: float, scale: str) -> pd.DataFrame:
    """The chance of every band of a scale.

    Parameters
    ----------
    estimate, std_error : of a coefficient of agreement.
    scale : ``krippendorff, landis_koch, altman`` or ``fleiss``.

    Returns
    -------
    DataFrame
        A row a band, the best first: ``low, word, chance, cumulative, earned``; ``earned`` is true
        for one band, the first whose cumulative chance reaches .95. All chances are missing where
        the standard error is.

    Examples
    --------
    >>> table = benchmark(0.77544, 0.14295, "landis_koch")
    >>> table.loc[table.earned, "word"].item()
    'moderate'
    """
    if scale not in SCALES:
        raise CodingError(one_of("scale", scale, list(SCALES)))
    bands = SCALES[scale]
    low = np.array([b for b, _ in bands])
    high = np.array([1.0, *low[:-1]])
    if not np.isfinite(estimate) or not np.isfinite(std_error):
        chance = np.full(len(bands), np.nan)
    elif std_error == 0:
        chance = np.eye(len(bands))[int(np.argmax(low <= estimate))]
    else:
        ends = stats.norm.cdf([(e - estimate) / std_error for e in (-1.0, 1.0)])
        chance = (
            stats.norm.cdf((high - estimate) / std_error)
            - stats.norm.cdf((low - estimate) / std_error)
        ) / (ends[1] - ends[0])
    cumulative = np.cumsum(chance)
    reached = cumulative >= ENOUGH - 1e-12
    earned = reached & (np.cumsum(reached) == 1)
    words = [w for _, w in bands]
    return pd.DataFrame(
        {"low": low, "word": words, "chance": chance, "cumulative": cumulative, "earned": earned}
    )


def earned(estimate: float, std_error: float, scale: str) -> str:
    """The word that a coefficient earns with 95 % chance; empty where it has no standard error."""
    table = benchmark(estimate, std_error, scale)
    return str(table.loc[table["earned"], "word"].iloc[0]) if table["earned"].any() else ""
