"""Tables of studies that several people or machines code."""

import pandas as pd

from peacestudy.core.display import p_text
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
            "alpha [95 %]": _interval(a, "alpha", "alpha_conf_low", "alpha_conf_high"),
            "Gwet's AC [95 %]": _interval(a, "gwet", "gwet_conf_low", "gwet_conf_high"),
            "kappa": a["kappa"].map(_two),
            "pi": a["pi"].map(_two),
            "Brennan-Prediger": a["brennan_prediger"].map(_two),
            "ICC": a["icc"].map(_two),
            "weights": a["weights"],
            "by convention": a["convention"],
            "earned": a["earned"],
            "below the floor": a["flagged"].astype(bool).map({True: "yes", False: ""}),
            "note": a["note"].fillna(""),
        }
    )
    notes = (
        (
            "Alpha at the indicator's level, ordinal by Krippendorff's metric of mid-ranks;"
            " interval by bootstrap over units. Kappa is Cohen's for two coders, Conger's for more;"
            " pi is Scott's for two, Fleiss' for more; these, Gwet's AC and Brennan-Prediger have"
            " the weights named, t intervals over units. ICC: two-way, absolute agreement, of one"
            " coder, over units that all coded."
        ),
        (
            "By convention: Krippendorff's .8 and .667, a convention of its author. Earned: the"
            " word of Landis and Koch that Gwet's AC reaches with 95 % chance (Gwet's"
            f" probabilistic benchmarking). The floor, {a['floor'].iloc[0]:g}, stands in"
            " study.toml."
        ),
    )
    return Table("agreement", "Agreement by indicator", body, notes)


def pairs_table(p: pd.DataFrame) -> Table:
    """Agreement and leniency by pair of coders."""
    body = pd.DataFrame(
        {
            "indicator": p["indicator_id"],
            "coder": p["coder"],
            "other": p["other"],
            "units": p["n_units"],
            "agree": p["percent"].map("{:.1%}".format),
            "alpha": p["alpha"].map(_two),
            "mean": p["mean"].map(_two),
            "mean of the other": p["other_mean"].map(_two),
            "p, equal use of codes": p["p_value"].map(p_text),
        }
    )
    note = (
        "Equal use of codes: Stuart and Maxwell's test, for two codes McNemar's; not adjusted for"
        " there being many."
    )
    return Table("pairs", "Agreement of every two coders", body, (note,))


def by_rater_table(b: pd.DataFrame) -> Table:
    """The same model by each rater's word."""
    body = pd.DataFrame(
        {
            "term": b["term"],
            "by the staff": _interval(b, "staff", "staff_low", "staff_high"),
            "by the independent": _interval(
                b, "independent", "independent_low", "independent_high"
            ),
            "ratio [95 %]": _interval(b, "ratio", "ratio_low", "ratio_high"),
            "p": b["p_value"].map(p_text),
            "p, Holm": b["p_holm"].map(p_text),
        }
    )
    note = (
        "Odds ratios of success. Ratio: the staff's over the independent one, with the covariance"
        " of two estimates from the same projects, clusters by country."
    )
    return Table("by_rater", "Success by each rater's word", body, (note,))


def uncertainty_table(u: pd.DataFrame) -> Table:
    """Every term with and without coding uncertainty."""
    body = pd.DataFrame(
        {
            "analysis": u["analysis"],
            "model": u["model"],
            "term": u["term"],
            "as if true [95 %]": _interval(u, "naive", "naive_conf_low", "naive_conf_high"),
            "with the doubt [95 %]": _interval(u, "estimate", "conf_low", "conf_high"),
            "p": u["p_value"].map(p_text),
            "variance that is coding": u["share_coding"].map("{:.1%}".format),
            "Monte Carlo error": u["monte_carlo"].map("{:.4f}".format),
        }
    )
    note = (
        "Log odds. With the doubt: the true codes drawn from the codes of all coders, the"
        " covariates and the outcome, pooled by Rubin's rules with Barnard and Rubin's degrees of"
        " freedom."
    )
    return Table("uncertainty", "The finding with and without coding uncertainty", body, (note,))


def with_and_without_table(w: pd.DataFrame) -> Table:
    """The findings with and without the indicator that is read twice."""
    body = pd.DataFrame(
        {
            "model": w["model"],
            "term": w["term"],
            "with it [95 %]": _interval(w, "estimate", "conf_low", "conf_high"),
            "p": w["p_value"].map(p_text),
            "without it [95 %]": _interval(
                w, "without_estimate", "without_conf_low", "without_conf_high"
            ),
            "p without": w["without_p_value"].map(p_text),
        }
    )
    first = w.iloc[0]
    note = (
        f"Log odds. The indicator is {first['indicator_id']}; alpha of its readings"
        f" {first['alpha']:.2f}, {'below' if first['below'] else 'not below'} the floor of"
        f" {first['floor']:g} that study.toml declares."
    )
    return Table(
        "with_and_without",
        "The finding with and without the indicator that was read twice",
        body,
        (note,),
    )


def _two(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f}"


def _interval(t: pd.DataFrame, middle: str, low: str, high: str) -> list[str]:
    return [
        "" if pd.isna(m) else f"{m:.2f} [{a:.2f}, {b:.2f}]" if pd.notna(a) else f"{m:.2f}"
        for m, a, b in t[[middle, low, high]].to_numpy(dtype=float)
    ]
