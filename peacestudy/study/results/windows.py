"""Which cases stand for their windows: the declared choice among all that could be made.

Where the windows of two cases overlap, one of them is left out, and the rule that says which is
arbitrary. Maximal sets of cases with disjoint windows are therefore drawn uniformly, the declared
models are fitted to each, and the estimate of the declared choice is placed among theirs.
"""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models import Fit, adjust
from peacestudy.models.diagnosis.case_choices import fits_of_choices
from peacestudy.models.engines.registry import engine_of
from peacestudy.outcomes.disjoint_windows import count_maximal_sets, draw_maximal_sets
from peacestudy.study.config import Windows
from peacestudy.study.results.results import Results

QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
SIZES = ("n", "n_events")


def window_draws(found: Results) -> pd.DataFrame:
    """Every fit of the declared models to a drawn set of cases with disjoint windows.

    Returns
    -------
    DataFrame
        A row for each model, set and term that a hypothesis of the model names: ``spec, draw, n,
        n_events, term, estimate, std_error, p_value, p_family, reason``. ``p_family`` is adjusted
        over these terms by the declared rule, missing where there is one; ``reason``, empty, or
        why the model could not be fitted to this set.
    """
    rule = _rule(found)
    if "window_draws" not in found.cache:
        found.cache["window_draws"] = _drawn(found, rule)
    out: pd.DataFrame = found.cache["window_draws"]
    return out


def windows(found: Results) -> pd.DataFrame:
    """The declared estimates among those of other choices of cases with disjoint windows.

    Returns
    -------
    DataFrame
        A row for each model and term that a hypothesis of the model names: ``spec, term,
        measure``; ``candidates``, the cases that compete; ``log10_sets``, the number of maximal
        sets; ``draws`` and ``not_fitted``, how many sets were drawn, and to how many the model
        could not be fitted; ``n_p05, n_median, n_p95`` and the same of ``n_events``; of the
        estimates ``estimate_p05, estimate_p25, estimate_median, estimate_p75, estimate_p95``;
        ``share_above``, the share of sets with an estimate above zero (a ratio above one);
        ``share_rejected_above`` and ``share_rejected_below``, the shares with p below the
        declared level and an estimate above, or below, zero; ``share_holm_above`` and
        ``share_holm_below``, the same with p adjusted over the terms, missing for one term;
        ``declared_estimate, declared_p_value, declared_n, declared_n_events`` of the declared
        choice, and ``percentile``, the share of sets with a lower estimate (ties count half), in
        percent. Shares are of the sets to which the model could be fitted.
    """
    rule = _rule(found)
    drawn = window_draws(found)
    cases = found.sample(rule.sample).data
    counts = count_maximal_sets(
        cases, group=rule.group, start=rule.start, end=rule.end, separator=rule.separator
    )
    head = {
        "candidates": len(cases),
        "log10_sets": float(sum(np.log10(float(count)) for count in counts)),
        "draws": rule.draws,
    }
    rows = []
    for (spec, term), part in drawn.groupby(["spec", "term"], sort=False):
        fitted = part[part["reason"] == ""]
        row: dict[str, object] = {
            "spec": spec,
            "term": term,
            "measure": engine_of(found.fits[str(spec)].spec).effect,
            **head,
            "not_fitted": len(part) - len(fitted),
            **_distribution(fitted, found.decision.alpha),
            **_declared(found.fits[str(spec)], str(term), fitted),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _rule(found: Results) -> Windows:
    rule = found.study.config.windows
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [windows].")
    return rule


def _drawn(found: Results, rule: Windows) -> pd.DataFrame:
    frame = found.sample(rule.sample)
    chosen = draw_maximal_sets(
        frame.data.set_index(frame.key),
        group=rule.group,
        start=rule.start,
        end=rule.end,
        draws=rule.draws,
        seed=rule.seed,
        separator=rule.separator,
    )
    tables = []
    for name in rule.specs:
        table = fits_of_choices(frame, found.study.spec(name), chosen)
        table = table[table["term"].isin(found.tested_terms(name))]
        table = table.rename(columns={"choice": "draw"}).assign(spec=name)
        tables.append(table.assign(p_family=_adjusted(table, found.decision.adjustment)))
    columns = ["spec", "draw", *SIZES, "term", "estimate", "std_error", "p_value", "p_family"]
    return pd.concat(tables, ignore_index=True)[[*columns, "reason"]]


def _adjusted(table: pd.DataFrame, adjustment: str) -> "pd.Series[float]":
    """P values adjusted over the terms of each draw; a term without a p value counts with one."""
    p_values = table["p_value"].fillna(1.0)
    if table["term"].nunique() == 1:
        return pd.Series(np.nan, index=table.index)
    adjusted = p_values.groupby(table["draw"]).transform(lambda p: adjust(p, adjustment))
    return adjusted.where(table["p_value"].notna())


def _distribution(fitted: pd.DataFrame, alpha: float) -> dict[str, float]:
    """What the fits of the drawn sets say of a term."""
    row: dict[str, float] = {}
    for size in SIZES:
        for name in ("p05", "median", "p95"):
            row[f"{size}_{name}"] = float(fitted[size].quantile(QUANTILES[name]))
    for name, share in QUANTILES.items():
        row[f"estimate_{name}"] = float(fitted["estimate"].quantile(share))
    above = fitted["estimate"] > 0
    row["share_above"] = _share(above)
    for name, column in (("rejected", "p_value"), ("holm", "p_family")):
        known = bool(fitted[column].notna().any())
        small = fitted[column] < alpha
        row[f"share_{name}_above"] = _share(small & above) if known else np.nan
        row[f"share_{name}_below"] = _share(small & ~above) if known else np.nan
    return row


def _share(which: "pd.Series[bool]") -> float:
    return float(which.mean()) if len(which) else np.nan


def _declared(made: Fit, term: str, fitted: pd.DataFrame) -> dict[str, object]:
    """The declared choice, and where its estimate stands among those of the drawn sets."""
    row: Any = made.terms.set_index("term").loc[term]
    lower = (fitted["estimate"] < row["estimate"]).mean()
    equal = (fitted["estimate"] == row["estimate"]).mean()
    return {
        "declared_estimate": row["estimate"],
        "declared_p_value": row["p_value"],
        "declared_n": made.n,
        "declared_n_events": made.n_events,
        "percentile": 100 * (lower + equal / 2),
    }
