"""The finding under every variant: what a referee would change, tried and shown, with what could not be fitted."""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import FitError
from peacestudy.models import Fit, adjust, fit
from peacestudy.study.config import Specification, Variant
from peacestudy.study.results.results import Results

DECLARED = Variant("declared", "As declared", "Declared", "")
MEASURES = {"linear": "difference", "cox": "hazard ratio"}


def variants(found: Results) -> pd.DataFrame:
    """Every varied specification under every variant, first as declared.

    Returns
    -------
    DataFrame
        ``variant, label, group, reason, spec, term, measure, n, n_events, n_clusters, estimate, std_error, conf_low, conf_high,
        p_value, p_family, log_odds, log_odds_low, log_odds_high, note``. A row for each term that a hypothesis of the varied
        specification names. ``p_family``: by Holm over these terms, as in the declared family. ``log_odds``: the estimate
        turned so that above zero is more peace, and for linear divided by p(1-p), the slope of the logit at the mean;
        hazards stay log hazards. What could not be fitted has no numbers, and the note says why.
    """
    config = found.study.config
    of = {s.name: s for s in config.specs}
    rows: list[dict[str, object]] = []
    for variant in (DECLARED, *config.variants):
        for name in config.varied:
            terms = list(dict.fromkeys(t for h in config.hypotheses if h.spec == name for t in h.terms))
            spec = of[name] if variant is DECLARED else variant.of(of[name])
            rows += _rows(found, variant, spec, name, terms)
    return pd.DataFrame(rows)


def _rows(
    found: Results, variant: Variant, spec: Specification, name: str, terms: list[str]
) -> list[dict[str, object]]:
    head: dict[str, object] = {
        "variant": variant.id, "label": variant.label, "group": variant.group, "reason": variant.reason, "spec": name,
    }  # fmt: skip
    try:
        made = fit(found.data(spec), spec.model())
    except FitError as err:
        return [head | {"term": t, "measure": "not fitted", "note": str(err)} for t in terms]
    table: Any = made.terms.set_index("term").loc[terms]
    family = adjust(table["p_value"], found.study.config.decision.decide)
    said = {
        "measure": MEASURES.get(spec.engine, "odds ratio"), "n": made.n, "n_events": made.n_events,
        "n_clusters": made.n_clusters, "note": " ".join(n.text for n in made.notes if n.kind in WORTH),
    }  # fmt: skip
    out = []
    for term, p in zip(terms, family, strict=True):
        row = table.loc[term]
        ends = {k: float(row[k]) for k in ("estimate", "conf_low", "conf_high")}
        own = head | {"term": term} | said | ends | {"std_error": row["std_error"], "p_value": row["p_value"]}
        out.append(own | {"p_family": p if len(terms) > 1 else np.nan} | _log_odds(made, variant, ends))
    return out


WORTH = ("separation", "few_clusters", "dropped", "non_proportional", "monotone", "periods", "variance")


def _log_odds(made: Fit, variant: Variant, ends: dict[str, float]) -> dict[str, float]:
    """The estimate and its interval on the scale of a logit, above zero for more peace."""
    scale = 1.0
    if made.spec.engine == "linear":
        share = float(np.mean(made.design.y))
        scale = 1 / (share * (1 - share))
    values = [ends[k] * scale for k in ("estimate", "conf_low", "conf_high")]
    if variant.reversed:
        values = [-values[0], -values[2], -values[1]]
    return dict(zip(("log_odds", "log_odds_low", "log_odds_high"), values, strict=True))
