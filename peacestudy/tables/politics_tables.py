"""Tables of domestic politics and context: every pillar by moderator and by context."""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import p_text
from peacestudy.tables.table import Table

INTERACTIONS = [
    "pillar",
    "moderator",
    "N (at peace)",
    "low",
    "high",
    "difference",
    "p",
    "interaction",
    "p unadjusted; by Holm; by permutation",
    "detectable",
]


def interactions_table(tests: pd.DataFrame, effects: pd.DataFrame) -> Table:
    """Every pillar's effect at a low and a high value of each moderator, their difference, and the
    declared test of the interaction.
    """
    by_pair: Any = tests.set_index(["pillar", "moderator"])
    rows: list[dict[str, str]] = []
    for pair, part in effects.groupby(["pillar", "moderator"], sort=False):
        test = by_pair.loc[pair]
        row = {"pillar": str(pair[0]), "moderator": str(pair[1])}
        if pd.isna(test["p_value"]):
            rows.append(row | {"low": str(test["note"])})
        else:
            rows.append(row | _interaction_cells(test, part.set_index("at")))
    notes = (
        (
            "Low, high, difference: percentage points of lasting peace for one standard deviation"
            " more of the pillar, at the 10th and 90th percentile of the moderator (leader"
            " turnover: no, yes), pointwise 95 %; n.s.: too few cases near the value for support."
        ),
        (
            "Interaction: ratio of odds ratios, by which the family is decided as declared; p by"
            " Holm over all rows. The null of the permutation test is that the outcome is unrelated"
            " to every regressor."
        ),
        (
            "Detectable: the ratio detected with 80 % power at the first step of Holm's procedure,"
            " for one standard deviation more of the moderator, or for a change of leader."
        ),
    )
    body = pd.DataFrame(rows, columns=INTERACTIONS).fillna("")
    return Table("domestic_politics", "Pillars by domestic politics", body, notes)


def _interaction_cells(test: Any, at: Any) -> dict[str, str]:
    ratio, low, high = np.exp(test[["estimate", "conf_low", "conf_high"]].astype(float))
    p_values = [p_text(test[c]) for c in ("p_value", "p_adjusted", "p_permutation")]
    return {
        "N (at peace)": f"{test['n']:.0f} ({test['n_events']:.0f})",
        "low": _points(at.loc["low"]),
        "high": _points(at.loc["high"]),
        "difference": _points(at.loc["difference"]),
        "p": p_text(at.loc["difference", "p_value"]),
        "interaction": f"{ratio:.2f} [{low:.2f}, {high:.2f}]",
        "p unadjusted; by Holm; by permutation": "; ".join(p_values),
        "detectable": f"{test['detectable']:.1f}",
    }


def _points(row: "pd.Series[float]") -> str:
    """An effect in percentage points with its interval."""
    estimate, low, high = (100 * row[c] for c in ("estimate", "conf_low", "conf_high"))
    text = f"{estimate:+.0f} [{low:+.0f}, {high:+.0f}]"
    return text if bool(row["support"]) else f"{text}, n.s."


def contexts_table(contexts: pd.DataFrame) -> Table:
    """Every pillar in every context: the separate and the partially pooled estimate, or the reason
    why there is none.
    """
    rows = []
    records: Any = contexts.to_dict("records")
    for row in records:
        separate = _ratio(row, "estimate", "conf_low", "conf_high")
        pooled = _ratio(row, "shrunken", "shrunken_low", "shrunken_high")
        reason = row["reason"] if isinstance(row["reason"], str) else ""
        weight, p = row["shrinkage"], row["p_homogeneity"]
        rows.append(
            {
                "grouping": row["label"],
                "pillar": row["pillar"],
                "context": row["context"],
                "N (rarer outcome)": f"{row['n']:.0f} ({row['n_events']:.0f})",
                "separate [95 %]": separate or reason,
                "partially pooled [95 %]": pooled,
                "weight of the mean": "" if pd.isna(weight) else f"{weight:.2f}",
                "p, homogeneity": "" if pd.isna(p) else p_text(p),
            }
        )
    notes = (
        (
            "Odds ratios of lasting peace for one standard deviation more of the pillar. Separate:"
            " Firth logit in the context, scores scaled over all cases."
        ),
        (
            "Partially pooled: averaged over the spread between contexts, from three contexts on."
            " p: Cochran's Q over the fitted contexts, not adjusted for the number of tests."
        ),
    )
    return Table("contexts", "Pillars by context", pd.DataFrame(rows), notes)


def _ratio(row: dict[str, float], value: str, low: str, high: str) -> str:
    if pd.isna(row[value]):
        return ""
    ratio, lower, upper = np.exp([row[value], row[low], row[high]])
    return f"{ratio:.2f} [{lower:.2f}, {upper:.2f}]"
