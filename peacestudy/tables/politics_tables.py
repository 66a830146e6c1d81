"""Tables of domestic politics and context: every pillar under
every moderator, and in every context.
"""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import p_text
from peacestudy.tables.table import Table


def moderated_table(tests: pd.DataFrame, effects: pd.DataFrame) -> Table:
    """Every pillar's effect where a moderator is low and high, their
    difference, and what the product could have told.
    """
    rows = []
    for (pillar, moderator), part in effects.groupby(["pillar", "moderator"], sort=False):
        own = tests[(tests["pillar"] == pillar) & (tests["moderator"] == moderator)].iloc[0]
        if pd.isna(own["p_value"]):
            rows.append((pillar, moderator, "", str(own["note"]), *[""] * 6))
            continue
        at: Any = part.set_index("at")
        points = [_points(at.loc[name]) for name in ("low", "high", "difference")]
        product = np.exp(own[["estimate", "conf_low", "conf_high"]].astype(float))
        rows.append(
            (
                pillar,
                moderator,
                f"{own['n']:.0f} ({own['n_events']:.0f})",
                *points,
                p_text(at.loc["difference", "p_value"]),
                "{:.2f} [{:.2f}, {:.2f}]".format(*product),
                (
                    f"{p_text(own['p_value'])}; {p_text(own['p_decide'])};"
                    f" {p_text(own['p_permutation'])}"
                ),
                f"{own['detectable']:.1f}; {own['detectable_family']:.1f}",
            )
        )
    columns = [
        "pillar",
        "moderator",
        "N (at peace)",
        "low",
        "high",
        "difference",
        "p",
        "product",
        "p alone; by Holm; by permutation",
        "detectable alone; in the family",
    ]
    notes = (
        (
            "Low, high, difference: percentage points of lasting peace for one standard deviation"
            " more of the pillar, at the 10th and 90th percentile of the moderator (of leader"
            " turnover: no, yes), 95 % pointwise; n.s.: too few cases near the value for support."
            " Product: ratio of odds ratios, by which the family is decided as declared; p by Holm"
            " over all rows, and so the permutation's, which tests that no term of the model"
            " matters. Detectable: the ratio found with 80 % power, for a standard deviation more"
            " of the moderator, or a change of leader against none."
        ),
    )
    return Table(
        "domestic_politics",
        "Pillars under domestic politics",
        pd.DataFrame(rows, columns=columns),
        notes,
    )


def _points(row: "pd.Series[float]") -> str:
    text = "{:+.0f} [{:+.0f}, {:+.0f}]".format(
        *(100 * row[c] for c in ("estimate", "conf_low", "conf_high"))
    )
    return text if bool(row["support"]) else f"{text}, n.s."


def contexts_table(contexts: pd.DataFrame) -> Table:
    """Every pillar in every context: alone, drawn together, or why not."""
    rows = []
    records: Any = contexts.to_dict("records")
    for row in records:
        alone, drawn = (
            _ratio(row, *names)
            for names in (
                ("estimate", "conf_low", "conf_high"),
                ("shrunken", "shrunken_low", "shrunken_high"),
            )
        )
        weight = "" if pd.isna(row["shrinkage"]) else f"{row['shrinkage']:.2f}"
        said = row["reason"] if isinstance(row["reason"], str) else ""
        rows.append(
            (
                row["label"],
                row["pillar"],
                row["context"],
                f"{row['n']:.0f} ({row['n_events']:.0f})",
                alone or said,
                drawn,
                weight,
                p_text(row["p_alike"]) if row["p_alike"] == row["p_alike"] else "",
            )
        )
    columns = [
        "parted by",
        "pillar",
        "context",
        "N (rarer outcome)",
        "alone [95 %]",
        "drawn together [95 %]",
        "weight of the mean",
        "p that all are one",
    ]
    notes = (
        (
            "Odds ratios of lasting peace for one standard deviation more of the pillar. Alone:"
            " Firth logit in the context, scales those of all cases. Drawn together: partial"
            " pooling with the spread between contexts averaged over, from three contexts on. p:"
            " Cochran's Q over the contexts that could be fitted, not adjusted for the number of"
            " tests."
        ),
    )
    return Table("contexts", "Pillars by context", pd.DataFrame(rows, columns=columns), notes)


def _ratio(row: dict[str, float], value: str, low: str, high: str) -> str:
    if pd.isna(row[value]):
        return ""
    return "{:.2f} [{:.2f}, {:.2f}]".format(*np.exp([row[value], row[low], row[high]]))
