"""Tables of studies with several coders."""

import pandas as pd

from peacestudy.core.display import p_text
from peacestudy.tables.cells import interval, two_decimals
from peacestudy.tables.table import Table


def agreement_table(a: pd.DataFrame) -> Table:
    """Agreement by indicator with every coefficient."""
    body = pd.DataFrame(
        {
            "indicator": a["indicator_id"],
            "level": a["level"],
            "units": a["n_units"],
            "coders": a["n_coders"],
            "agree": a["percent"].map("{:.1%}".format),
            "alpha [95 %]": interval(a, "alpha", "alpha_conf_low", "alpha_conf_high"),
            "Gwet's AC [95 %]": interval(a, "gwet", "gwet_conf_low", "gwet_conf_high"),
            "kappa": a["kappa"].map(two_decimals),
            "pi": a["pi"].map(two_decimals),
            "Brennan-Prediger": a["brennan_prediger"].map(two_decimals),
            "ICC": a["icc"].map(two_decimals),
            "weights": a["weights"],
            "by convention": a["convention"],
            "earned": a["earned"],
            "below the reliability floor": a["flagged"].astype(bool).map({True: "yes", False: ""}),
            "note": a["note"].fillna(""),
        }
    )
    notes = (
        (
            "Alpha at the indicator's level of measurement (ordinal: Krippendorff's metric of"
            " mid-ranks), with a bootstrap interval over units."
        ),
        (
            "Kappa is Cohen's for two coders and Conger's for more; pi is Scott's for two and"
            " Fleiss' for more; these, Gwet's AC and Brennan-Prediger have the weights named and t"
            " intervals over units. ICC: two-way, absolute agreement, single coder, over units"
            " that all coded."
        ),
        (
            "By convention: Krippendorff's thresholds of .8 and .667. Earned: the category of"
            " Landis and Koch that Gwet's AC reaches with 95 % probability (Gwet's probabilistic"
            f" benchmarking). The reliability floor is {a['floor'].iloc[0]:g}."
        ),
    )
    return Table("agreement", "Agreement by indicator", body, notes)


def pairs_table(p: pd.DataFrame) -> Table:
    """Agreement by pair of coders, and the mean code of each."""
    body = pd.DataFrame(
        {
            "indicator": p["indicator_id"],
            "coder": p["coder"],
            "other": p["other"],
            "units": p["n_units"],
            "agree": p["percent"].map("{:.1%}".format),
            "alpha": p["alpha"].map(two_decimals),
            "mean": p["mean"].map(two_decimals),
            "mean of the other": p["other_mean"].map(two_decimals),
            "p, equal use of codes": p["p_value"].map(p_text),
        }
    )
    note = (
        "Equal use of codes: Stuart and Maxwell's test, for two codes McNemar's; not adjusted for"
        " the number of pairs."
    )
    return Table("pairs", "Agreement by pair of coders", body, (note,))


def by_rater_table(b: pd.DataFrame) -> Table:
    """The same model with each rater's rating as the outcome."""
    body = pd.DataFrame(
        {
            "term": b["term"],
            "by the staff": interval(b, "staff", "staff_low", "staff_high"),
            "by the independent": interval(b, "independent", "independent_low", "independent_high"),
            "by the final": interval(b, "final", "final_low", "final_high"),
            "ratio [95 %]": interval(b, "ratio", "ratio_low", "ratio_high"),
            "p": b["p_value"].map(p_text),
            "p, Holm": b["p_holm"].map(p_text),
        }
    )
    note = (
        "Odds ratios of success. Final: the latest independent rating. Ratio: the staff's over the"
        " independent one; the second raters had read the first rating. Standard errors by leaving"
        " out each cluster. Holm over the slopes of this table only."
    )
    return Table("by_rater", "Success by each rater's rating", body, (note,))


def left_out_table(left: pd.DataFrame) -> Table:
    """The smallest and the largest estimate of each term without one group."""
    rows = []
    for (model, term), own in left.dropna(subset=["estimate"]).groupby(
        ["model", "term"], sort=False
    ):
        ordered = own.sort_values("odds_ratio", kind="stable")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        row = {"model": model, "term": term, "all": two_decimals(low["all_odds_ratio"])}
        for name, end in (("smallest", low), ("largest", high)):
            row[name] = f"{end['odds_ratio']:.2f} without {end['left_out']}"
        rows.append(row)
    failed = int(left["estimate"].isna().sum())
    note = (
        "Odds ratios with all cases, and the smallest and largest without one group. A case that"
        " names several groups is left out with each of them."
    )
    if failed:
        note += f" {failed} estimates could not be made."
    return Table("left_out", "Estimates without one group", pd.DataFrame(rows), (note,))


def uncertainty_table(u: pd.DataFrame, assumptions: pd.DataFrame) -> Table:
    """Every term with and without coding uncertainty, and the assumptions of every analysis."""
    body = pd.DataFrame(
        {
            "analysis": u["analysis"],
            "model": u["model"],
            "term": u["term"],
            "as if true [95 %]": interval(u, "naive", "naive_conf_low", "naive_conf_high"),
            "with coding uncertainty [95 %]": interval(u, "estimate", "conf_low", "conf_high"),
            "p": u["p_value"].map(p_text),
            "decision as if true": u["naive_decision"],
            "decision": u["decision"],
            "variance due to coding": u["share_coding"].map("{:.1%}".format),
            "Monte Carlo error": u["monte_carlo"].map("{:.4f}".format),
        }
    )
    note = (
        "Log odds. With coding uncertainty: true codes imputed from the codes of all coders, the"
        " covariates and the outcome, pooled by Rubin's rules with Barnard and Rubin's degrees of"
        " freedom. Decisions by the other study's declared rule, over its families; empty where it"
        " decides nothing by the term."
    )
    stated = [
        f"{text} ({', '.join(own['analysis'])})"
        for text, own in assumptions.groupby("text", sort=False)
    ]
    heading = "The finding with and without coding uncertainty"
    return Table("uncertainty", heading, body, (note, *stated))


def dropped_indicator_table(w: pd.DataFrame) -> Table:
    """The findings with and without the indicator that is coded twice."""
    body = pd.DataFrame(
        {
            "model": w["model"],
            "term": w["term"],
            "with it [95 %]": interval(w, "estimate", "conf_low", "conf_high"),
            "p": w["p_value"].map(p_text),
            "without it [95 %]": interval(
                w, "without_estimate", "without_conf_low", "without_conf_high"
            ),
            "p without": w["without_p_value"].map(p_text),
        }
    )
    first = w.iloc[0]
    note = (
        f"Log odds. The indicator is {first['indicator_id']}; alpha of its readings"
        f" {first['alpha']:.2f}, {'below' if first['below_floor'] else 'not below'} the declared"
        f" reliability floor of {first['floor']:g}."
    )
    return Table(
        "dropped_indicator",
        "The finding with and without the indicator that is coded twice",
        body,
        (note,),
    )
