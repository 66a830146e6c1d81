"""The declared models without each group of cases."""

import numpy as np
import pandas as pd

from peacestudy.errors import FitError, SpecError
from peacestudy.models import Fit, fit
from peacestudy.models.clock_check import without_clock
from peacestudy.models.engines.registry import engine_of
from peacestudy.study.config import Specification
from peacestudy.study.results.results import Results


def left_out_groups(found: Results) -> pd.DataFrame:
    """The declared models refitted without each group, see ``[left_out]`` in study.toml.

    Returns
    -------
    DataFrame
        A row a model, group and term: ``model, left_out, n`` of the cases without the group,
        ``term, estimate, odds_ratio`` (missing for linear models), ``p_value``; ``all_estimate,
        all_odds_ratio, all_p_value`` of all cases; ``reason``, empty, or why there is no fit
        without the group.
    """
    rule = found.study.config.left_out
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [left_out].")
    specs = {spec.name: spec for spec in found.study.config.specs}
    parts = []
    for name in rule.specs:
        data = found.data(specs[name]).data
        groups = rule.groups_of(data[rule.column])
        for group in sorted(set(groups.explode().dropna())):
            outside = ~groups.map(lambda names, group=group: group in names)
            parts.append(_without(found, specs[name], group, data[outside.to_numpy(dtype=bool)]))
    return pd.concat(parts, ignore_index=True)


def _without(found: Results, spec: Specification, group: str, data: pd.DataFrame) -> pd.DataFrame:
    """The terms of one model without one group."""
    whole = found.fits[spec.name]
    out = whole.terms[["term"]].assign(model=spec.name, left_out=group, n=len(data), reason="")
    before, after = whole.terms, None
    try:
        after = fit(data.set_index("case_id"), without_clock(spec.model())).terms.set_index("term")
    except FitError as err:
        out["reason"] = str(err)
    for prefix, terms in (("", after), ("all_", before.set_index("term"))):
        for column in ("estimate", "p_value"):
            out[f"{prefix}{column}"] = np.nan if terms is None else out["term"].map(terms[column])
        ratio = _is_ratio(whole)
        out[f"{prefix}odds_ratio"] = np.exp(out[f"{prefix}estimate"]) if ratio else np.nan
    names = ["model", "left_out", "n", "term", "estimate", "odds_ratio", "p_value"]
    compared = ["all_estimate", "all_odds_ratio", "all_p_value", "reason"]
    table: pd.DataFrame = out[[*names, *compared]]
    return table


def _is_ratio(made: Fit) -> bool:
    return engine_of(made.spec).effect != "difference"
