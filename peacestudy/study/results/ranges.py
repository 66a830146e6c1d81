"""Effects over the range of the data: how much the outcome differs between low and high values."""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.models import Fit
from peacestudy.models.engines.registry import engine_of
from peacestudy.study.results.results import Results

PERCENTILES = (10, 90)
COLUMNS = ["id", "model", "term", "measure", "p10", "p90", "effect", "conf_low", "conf_high"]


def percentile_ranges(found: Results) -> pd.DataFrame:
    """The effect of every hypothesis of one term from the 10th to the 90th percentile of its term.

    An estimate for one unit says little where the data span a tenth of it, or ten. A null that is
    not rejected is compatible with every effect in this interval.

    Returns
    -------
    DataFrame
        ``id, model, term, measure``; ``p10, p90``, percentiles of the term among the rows of the
        model (of a term with two values, the two); ``effect, conf_low, conf_high`` of the one over
        the other: a ratio, or of linear models a difference. Hypotheses of several terms, and of a
        term whose column is also in another term, are left out: they have no one effect.
    """
    rows = []
    for hypothesis in found.study.config.hypotheses:
        made = found.fits[hypothesis.spec]
        if len(hypothesis.terms) > 1 or not _stands_alone(made, hypothesis.terms[0]):
            continue
        head = {"id": hypothesis.id, "model": hypothesis.spec, "term": hypothesis.terms[0]}
        rows.append(head | _range(made, hypothesis.terms[0]))
    return pd.DataFrame(rows, columns=COLUMNS)


def _stands_alone(made: Fit, term: str) -> bool:
    """Whether the column of a term is in this term only, so that the others can be held."""
    factors = made.design.made_of.get(term, ())
    if len(factors) != 1:
        return False
    for other, parts in made.design.made_of.items():
        if other != term and factors[0].column in [part.column for part in parts]:
            return False
    return True


def _range(made: Fit, term: str) -> dict[str, object]:
    values = made.design.X[:, made.design.names.index(term)]
    low, high = np.percentile(values, PERCENTILES)
    if len(np.unique(values)) == 2:
        low, high = values.min(), values.max()
    row: Any = made.terms.set_index("term").loc[term]
    measure = engine_of(made.spec).effect
    effects = {}
    for name, column in (("effect", "estimate"), ("conf_low",) * 2, ("conf_high",) * 2):
        change = float(row[column]) * float(high - low)
        effects[name] = change if measure == "difference" else float(np.exp(change))
    return {"measure": measure, "p10": float(low), "p90": float(high), **effects}
