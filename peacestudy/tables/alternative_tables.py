"""Tables of alternatives to the first finding: variants, hypotheses of other studies, differences
between studies, accords, coverage.
"""

from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import p_text
from peacestudy.tables.cells import interval, two_decimals
from peacestudy.tables.table import Table

ALPHA = 0.05
FLAGS = ("fought_", "peace_after_", "lasting_peace")  # how columns of accords begin
SHARES = ("text_", "promised_", "implemented_")


def variants_table(v: pd.DataFrame) -> Table:
    """Every variant with its reason, and the estimates for breadth and norms; in a study without
    these, for every hypothesis.
    """
    if "breadth" not in set(v["spec"]):
        return _tested_variants(v)
    rows = []
    for variant, part in v.groupby("variant", sort=False):
        first = part.iloc[0]
        by_term: Any = part.drop_duplicates("term").set_index("term")
        row = {
            "group": first["group"],
            "variant": first["label"],
            "why": first["reason"] if variant != "declared" else "",
            "N": _first_count(part["n"]),
            "events": _first_count(part["n_events"]),
            "breadth [95 %], p": _ratio(by_term.loc["scale(breadth)"]),
            "norms [95 %], p by Holm": _ratio(by_term.loc["scale(norms)"]),
            "pillars below .05 by Holm": ", ".join(_significant_pillars(part)),
        }
        rows.append(row)
    notes = (
        (
            "Ratios of peace for one standard deviation more: odds ratios; for cox and discrete"
            " time inverted hazard ratios of fighting; for linear the coefficient over p(1-p),"
            " exponentiated. N and events of the model of breadth."
        ),
        (
            "Pillars below .05: by permutation, or by Holm where the model cannot be permuted. The"
            " variants share most of their cases, and none is preferred."
        ),
    )
    return Table("variants", "The finding under every variant", pd.DataFrame(rows), notes)


def _tested_variants(v: pd.DataFrame) -> Table:
    """Every variant with its reason, and every hypothesis in it."""
    rows = []
    for variant, part in v.groupby("variant", sort=False):
        first = part.iloc[0]
        row = {
            "group": first["group"],
            "variant": first["label"],
            "why": first["reason"] if variant != "declared" else "",
            "N": _first_count(part["n"]),
            "events": _first_count(part["n_events"]),
        }
        for hypothesis, tested in part.groupby("hypothesis", sort=False):
            result = tested.iloc[0]
            joint = result["measure"] == "joint test"
            head = "p by Holm, joint" if joint else "[95 %], p by Holm"
            row[f"{hypothesis} {head}"] = p_text(result["p_family"]) if joint else _ratio(result)
        rows.append(row)
    notes = (
        (
            "Ratios for one unit more of the term; of a logarithm, for e times as much. N and"
            " events of each model. Holm: over the hypotheses of the family in each variant."
        ),
        "The variants share most of their rows and are not independent tests.",
    )
    return Table("variants", "The finding under every variant", pd.DataFrame(rows), notes)


def ranges_table(r: pd.DataFrame) -> Table:
    """The effect of every single term from its 10th to its 90th percentile."""
    body = pd.DataFrame(
        {
            "hypothesis": r["id"],
            "term": r["term"],
            "measure": r["measure"],
            "10th percentile": r["p10"].map(two_decimals),
            "90th percentile": r["p90"].map(two_decimals),
            "effect [95 %]": interval(r, "effect", "conf_low", "conf_high"),
        }
    )
    note = (
        "Percentiles of the term among the rows of the model; of a term with two values, the two."
        " A null that is not rejected is compatible with every effect in the interval."
    )
    caption = "Effects from the 10th to the 90th percentile of each term"
    return Table("ranges", caption, body, (note,))


def variant_counts_table(counts: pd.DataFrame) -> Table:
    """How often each term is above or below one, and rejected, over the variants."""
    body = pd.DataFrame(
        {
            "model": counts["spec"],
            "term": counts["term"],
            "hypothesis": counts["direction"],
            "fitted": counts["fitted"],
            "above 1": counts["above"],
            "below 1": counts["below"],
            "p < .05, above": counts["rejected_above"],
            "p < .05, below": counts["rejected_below"],
            "permuted": counts["permuted"],
            "perm. p < .05, above": counts["permutation_above"],
            "perm. p < .05, below": counts["permutation_below"],
        }
    )
    notes = (
        (
            "Models of all variants, the declared one included. p by Holm over the terms of the"
            " model (of a single term, unadjusted), and by permutation where the model can be"
            " permuted. Above: a ratio above 1. The variants share most of their cases, and the"
            " counts are no independent tests."
        ),
    )
    return Table("variant_counts", "Every term over all variants", body, notes)


def windows_table(w: pd.DataFrame) -> Table:
    """The declared choice of cases among all with disjoint windows."""
    ratios = pd.DataFrame(
        {name: np.exp(w[f"estimate_{name}"].astype(float)) for name in ("median", "p05", "p95")}
    )
    body = pd.DataFrame(
        {
            "model": w["spec"],
            "term": w["term"],
            "as declared": [two_decimals(ratio) for ratio in np.exp(w["declared_estimate"])],
            "p": w["declared_p_value"].map(p_text),
            "median of sets [90 %]": interval(ratios, "median", "p05", "p95"),
            "above 1": w["share_above"].map("{:.1%}".format),
            "p < .05, above": w["share_rejected_above"].map("{:.1%}".format),
            "p < .05, below": w["share_rejected_below"].map("{:.1%}".format),
            "percentile of declared": w["percentile"].map("{:.0f}".format),
        }
    )
    first = w.iloc[0]
    notes = (
        (
            f"{first['draws']:,.0f} maximal sets of cases with disjoint windows, drawn uniformly"
            f" among {first['candidates']:.0f} cases. The share of sets above 1, the shares with p"
            " below .05 (not adjusted) above and below 1, and the percentile of the declared"
            " estimate. The sets share most of their cases: the spread is no confidence interval."
        ),
    )
    return Table("windows", "Which cases stand for their windows", body, notes)


def _first_count(values: pd.Series) -> str:
    known = values.dropna()
    return f"{known.iloc[0]:.0f}" if len(known) else ""


def _significant_pillars(part: pd.DataFrame) -> list[str]:
    p_values = part["p_permutation"].fillna(part["p_family"])
    terms = part.loc[(part["spec"] == "pillars") & (p_values < ALPHA), "term"]
    return [str(pillar) for pillar in terms.str.extract(r"\((\w+)\)")[0]]


def _ratio(row: "pd.Series[float]") -> str:
    if pd.isna(row["log_odds"]):
        return f"not fitted: {row['note']}"
    ratio, low, high = np.exp([row["log_odds"], row["log_odds_low"], row["log_odds_high"]])
    p = row["p_value"] if pd.isna(row["p_family"]) else row["p_family"]
    return f"{ratio:.2f} [{low:.2f}, {high:.2f}], {p_text(p)}"


def effects_table(h: pd.DataFrame, models: pd.DataFrame) -> Table:
    """Every hypothesis of a study with its estimate, tests and smallest detectable effect."""
    n = models.set_index("model")["n"]
    linear = h["odds_ratio"].isna()
    shown = pd.DataFrame(
        {
            "estimate": h["estimate"].where(linear, h["odds_ratio"]),
            "low": h["estimate_low"].where(linear, h["conf_low"]),
            "high": h["estimate_high"].where(linear, h["conf_high"]),
        }
    )
    single = np.where(linear, "difference", "odds ratio")
    body = pd.DataFrame(
        {
            "hypothesis": h["id"],
            "claim": h["text"],
            "N": h["model"].map(n),
            "measure": np.where(h["estimate"].isna(), "joint test", single),
            "estimate [95 %]": interval(shown, "estimate", "low", "high"),
            "p": h["p_value"].map(p_text),
            "p, Holm": h["p_adjusted"].map(p_text).where(h["family"].notna(), ""),
            "decision": h["decision"],
            "smallest detectable effect (80 % power)": h["detectable"].map(two_decimals),
        }
    )
    notes = (
        (
            "Two-sided at .05, Holm within families. A null that is not rejected is inconclusive:"
            " effects smaller than the last column would be missed in more than one sample in five"
            " at the first step of Holm's procedure."
        ),
    )
    caption = "Hypotheses: results, and smallest detectable effects"
    return Table("effects", caption, body, notes)


def differences_table(d: pd.DataFrame) -> Table:
    """Agreements whose outcome differs from that of the attempt that includes them."""
    columns = ("label", "t0", "attempt_in_a", "a_outcome", "differs_from_a")
    body = d[[c for c in columns if c in d]].reset_index(drop=True)
    caption = f"{len(d)} agreements whose outcome differs between the two studies, and why"
    return Table("differences", caption, body, ())


def accords_table(a: pd.DataFrame) -> Table:
    """The comprehensive accords by name."""
    body = a.copy()
    for column in body.columns:
        if column.startswith(FLAGS):
            number = body[column].astype("Float64")
            body[column] = number.map({1.0: "yes", 0.0: "no"}).fillna("")
        elif column.startswith(SHARES):
            body[column] = body[column].map(two_decimals)
        else:
            body[column] = body[column].astype("string").str.removesuffix(".0").fillna("")
    caption = f"{len(a)} comprehensive accords: promised, implemented, and peace afterwards"
    note = (
        "implemented_k: mean level of the promised provisions at the end of year k of the accord;"
        " year_1_days: from the signature to the end of year 1; years_since_fighting: to t0 from"
        " the last year of fighting that was known at the signature; fought_k: fighting in t0 + 1"
        " to the landmark; peace_after_k: none in the five years after it."
    )
    return Table("accords", caption, body, (note,))


def landmarks_table(found: pd.DataFrame) -> Table:
    """Peace after a landmark in every reading."""
    body = pd.DataFrame(
        {
            "model": found["model"],
            "accords": found["accords"].map({"at peace": "at peace at the landmark", "all": "all"}),
            "N": found["n"],
            "at peace afterwards": found["n_events"],
            "odds ratio per sd [95 %]": interval(found, "odds_ratio", "conf_low", "conf_high"),
            "p": found["p_value"].map(p_text),
        }
    )
    note = "Firth logit, profile intervals, unadjusted p; formulas in the tables of regressions."
    caption = "Implementation by a landmark and peace after it: every model"
    return Table("landmarks", caption, body, (note,))


def coverage_table(c: pd.DataFrame) -> Table:
    """Coverage of every source, and the reasons for missing values."""
    note = "A value outside the coverage of its source is missing, never zero."
    return Table("coverage", "Coverage of the sources", c, (note,))
