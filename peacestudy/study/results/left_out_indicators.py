"""The varied models with the scores computed without each indicator of the codebook in turn."""

from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.coding import drop_indicators
from peacestudy.models import adjust, fit
from peacestudy.study.results.results import Results


def indicators_left_out(found: Results) -> pd.DataFrame:
    """Every varied model with each indicator left out of the scores in turn.

    Returns
    -------
    DataFrame
        A row for each indicator and each term that a hypothesis of the varied specification names:
        ``indicator, pillar, spec, term, n, estimate, ratio, conf_low, conf_high, p_value,
        p_family``. ``ratio`` is exp of the estimate, with its interval; ``p_family`` is by the
        declared adjustment over the terms of the specification. The first rows, with an empty
        indicator, leave none out.
    """
    parts = [_fitted(found, "", "")]
    coding = found.study.coding
    assert coding is not None  # a study of texts has codes
    for pillar in found.study.codebook.pillars:
        for indicator in pillar.indicators:
            smaller = drop_indicators(coding, [indicator.id])
            without = Results(replace(found.study, coding=smaller))
            parts.append(_fitted(without, indicator.id, pillar.id))
    return pd.concat(parts, ignore_index=True)


def _fitted(found: Results, indicator: str, pillar: str) -> pd.DataFrame:
    """The terms of the varied models on the scores of a study."""
    config = found.study.config
    specs = {s.name: s for s in config.specs}
    rows = []
    for name in config.varied:
        made = fit(found.data(specs[name]), specs[name].model())
        terms = found.tested_terms(name)
        table = made.terms.set_index("term").loc[terms]
        p_family = adjust(table["p_value"], found.decision.adjustment)
        for term in terms:
            row = table.loc[term]
            rows.append(
                {
                    "indicator": indicator,
                    "pillar": pillar,
                    "spec": name,
                    "term": term,
                    "n": made.n,
                    "estimate": row["estimate"],
                    "ratio": np.exp(row["estimate"]),
                    "conf_low": np.exp(row["conf_low"]),
                    "conf_high": np.exp(row["conf_high"]),
                    "p_value": row["p_value"],
                    "p_family": p_family[term],
                }
            )
    return pd.DataFrame(rows)
