"""Tables beside the first finding: variants with their reasons, cases
that differ between studies, accords, coverage.
"""

import numpy as np
import pandas as pd

from peacestudy.core.display import p_text
from peacestudy.tables.table import Table


def variants_table(v: pd.DataFrame) -> Table:
    """Every variant with the reason for it, and breadth and norms under it."""
    rows = []
    for variant, part in v.groupby("variant", sort=False):
        first = part.iloc[0]
        cells = [
            _ratio(part[part["term"] == t].iloc[0]) for t in ("scale(breadth)", "scale(norms)")
        ]
        low = part[
            (part["spec"] == "pillars") & (part["p_permutation"].fillna(part["p_family"]) < 0.05)
        ]["term"].str.extract(r"\((\w+)\)")[0]
        n = part["n"].dropna()
        events = part["n_events"].dropna()
        size = f"{n.iloc[0]:.0f}" if len(n) else ""
        rows.append(
            (
                first["group"],
                first["label"],
                first["reason"] if variant != "declared" else "",
                size,
                f"{events.iloc[0]:.0f}" if len(events) else "",
                *cells,
                ", ".join(low),
            )
        )
    columns = [
        "group",
        "variant",
        "why",
        "N",
        "events",
        "breadth [95 %], p",
        "norms [95 %], p by Holm",
        "pillars below .05 by Holm",
    ]
    notes = (
        (
            "Ratios of peace for one standard deviation more: odds ratios, for cox and discrete"
            " time hazard ratios of fighting turned over, for linear the coefficient over p(1-p),"
            " exponentiated. N and events of the model of breadth. Pillars below .05: by"
            " permutation, by Holm where the model cannot be permuted. The variants share most of"
            " their cases; none is chosen."
        ),
    )
    return Table(
        "variants", "The finding under every variant", pd.DataFrame(rows, columns=columns), notes
    )


def _ratio(row: "pd.Series[float]") -> str:
    if pd.isna(row["log_odds"]):
        return f"not fitted: {row['note']}"
    r = np.exp([row["log_odds"], row["log_odds_low"], row["log_odds_high"]])
    p = row["p_value"] if pd.isna(row["p_family"]) else row["p_family"]
    return f"{r[0]:.2f} [{r[1]:.2f}, {r[2]:.2f}], {p_text(p)}"


def effects_table(h: pd.DataFrame, models: pd.DataFrame) -> Table:
    """Every hypothesis of a study with its estimate, tests and what this N could have found."""
    size = models.set_index("model")
    linear = h["odds_ratio"].isna()
    ends = [
        np.where(linear, h[a], h[b])
        for a, b in (
            ("estimate", "odds_ratio"),
            ("estimate_low", "conf_low"),
            ("estimate_high", "conf_high"),
        )
    ]
    body = pd.DataFrame(
        {
            "hypothesis": h["id"],
            "claim": h["text"],
            "N": h["model"].map(size["n"]),
            "measure": np.where(
                h["estimate"].isna(), "joint test", np.where(linear, "difference", "odds ratio")
            ),
            "estimate [95 %]": [
                "" if np.isnan(m) else f"{m:.2f} [{a:.2f}, {b:.2f}]"
                for m, a, b in zip(*ends, strict=True)
            ],
            "p": h["p_value"].map(p_text),
            "p, Holm": h["p_decide"].map(p_text).where(h["family"].notna(), ""),
            "decision": h["decision"],
            "least effect found with 80 % power": [
                "" if np.isnan(x) else f"{x:.2f}" for x in h["detectable"]
            ],
        }
    )
    note = (
        "Two-sided at .05, Holm within families. A null that is not rejected is no proof of no"
        " effect: effects smaller than the last column would be missed more often than one time in"
        " five. A null rejected says nothing of the direction: read the estimate beside the claim."
    )
    return Table("effects", "Hypotheses: what was found, and what could have been", body, (note,))


def differences_table(d: pd.DataFrame) -> Table:
    """Agreements whose outcome differs from that of the attempt that holds them."""
    columns = [c for c in ("label", "t0", "beside_a", "a_outcome", "differs_from_a") if c in d]
    return Table(
        "differences",
        f"{len(d)} agreements whose outcome differs between the two studies, and why",
        d[columns].reset_index(drop=True),
        (),
    )


def accords_table(a: pd.DataFrame) -> Table:
    """The comprehensive accords by name."""
    body = a.copy()
    for c in body.select_dtypes("number").columns:
        body[c] = body[c].map(lambda x: "" if pd.isna(x) else f"{x:.2f}")
    for c in body.columns[body.dtypes.astype(str) == "boolean"]:
        body[c] = body[c].map({True: "yes", False: "no"}).fillna("")
    return Table(
        "accords",
        f"{len(a)} comprehensive accords: promised, implemented, and what came after",
        body,
        (),
    )


def coverage_table(c: pd.DataFrame) -> Table:
    """What every source covers, and why the others are missing."""
    return Table(
        "coverage",
        "Coverage of the sources",
        c,
        ("Outside its coverage a source says nothing: the value is missing, never zero.",),
    )
