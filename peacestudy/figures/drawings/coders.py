"""Figures of studies that several people or machines code: agreement, the map of disagreement, and
what it does to a finding.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.agreement import agreement
from peacestudy.figures.disagreement import disagreement
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.estimates import estimates
from peacestudy.figures.theme import PALE, VERMILION, pretty

Tables = Mapping[str, pd.DataFrame]


def draw_agreement(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Agreement by indicator."""
    t, marked, said = (
        r["agreement"],
        r["among_marked"].set_index("indicator_id"),
        study_notes(r["notes"]),
    )
    table = t.assign(
        label=t["indicator_id"].map(pretty), flagged=t["flagged"].astype(bool)
    ).reset_index(drop=True)
    flagged = table.loc[table["flagged"]]
    hidden = table[(table["percent"] >= 0.8) & (table["alpha"] < 0.667)]
    worst: Any = (hidden if len(hidden) else table).sort_values("n_units").iloc[-1]
    among: Any = marked.loc[worst["indicator_id"]]
    floor = float(table["floor"].iloc[0])
    paradox = (
        f"The paradox of a rare code: on {pretty(str(worst['indicator_id'])).lower()} coders agree"
        f" on {worst['percent']:.0%} of pairs and alpha is {worst['alpha']:.2f}, for most units"
        f" have the lowest code; on the {among['n_units']:,.0f} units that one of them coded higher"
        f" they agree on {among['percent']:.0%}. Gwet's AC, {worst['gwet']:.2f}, counts the easy"
        " units."
    )
    machines = table["note"].fillna("").str.contains("machines").any()
    notes = [
        (
            "Units coded by two coders or more x coders at the right. Bars: bootstrap over units,"
            f" 95 %, {int(table['resamples'].max()):,} resamples, each with its own ordinal metric."
            " Grey lines: .667 and .8, Krippendorff's convention and no law. * below the floor of"
            f" {floor:g} that study.toml declares ({len(flagged)} of {len(table)}). Gwet's AC is"
            " AC1 for nominal and AC2 with ordinal weights for ordinal indicators; so is the"
            " weighting of kappa."
        ),
        *((paradox,) if len(hidden) else ()),
        *(
            (
                (
                    "The coders are machines: this is the stability of an automated reading, never"
                    " inter-coder reliability."
                ),
            )
            if machines
            else ()
        ),
        said["sources"],
    ]
    heading = (
        "Much agreement is agreement on the easy cases" if len(hidden) else "How far coders agree"
    )
    return (
        agreement(table, heading, "Agreement by indicator, four ways of counting it", notes),
        table,
    )


DEEP = "#0b2545"  # darker than vermilion in grey too
RATING = {
    "both yes": ("both: yes", PALE),
    "both no": ("both: no", "#9a9a9a"),
    "staff only": ("staff alone: yes", VERMILION),
    "independent only": ("independent alone: yes", DEEP),
}


def draw_ratings(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The map of two raters' yes and no."""
    wide = (
        r["marks"]
        .pivot(index=["case_id", "indicator_id"], columns="coder", values="code")
        .dropna()
        .reset_index()
    )
    one, other = wide["adb_staff"] > 0, wide["adb_independent"] > 0
    wide["state"] = np.select(
        [one & other, ~one & ~other, one], ["both yes", "both no", "staff only"], "independent only"
    )
    return _map(
        wide,
        list(RATING),
        RATING,
        "Where raters differ, the staff is the kinder",
        "Projects rated by the bank's staff and by independent evaluators, sorted within each row",
        "projects",
        study_notes(r["notes"]),
        r["pairs"],
    )


READING = {
    "same 0": ("both: none", "#f7f7f7"),
    "same 1": ("both: witness or host", "#e0e0e0"),
    "same 2": ("both: mediator", "#c6c6c6"),
    "same 3": ("both: guarantor", "#a5a5a5"),
    "apart 1": ("one step apart", VERMILION),
    "apart 2": ("two or three apart", DEEP),
}


def draw_readings(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The map of two readings of the third party's role."""
    wide = (
        r["marks"]
        .pivot(index=["case_id", "indicator_id"], columns="coder", values="code")
        .dropna()
        .reset_index()
    )
    low, high = (
        wide[["machine_1", "machine_2"]].min(axis=1),
        wide[["machine_1", "machine_2"]].max(axis=1),
    )
    gap = high - low
    wide["state"] = np.where(
        gap == 0, "same " + low.astype(int).astype(str), np.where(gap == 1, "apart 1", "apart 2")
    )
    return _map(
        wide,
        list(READING),
        READING,
        "Two readings of the same field, and where they part",
        "Role of the third party in every agreement whose field says anything, as two machine"
        " coders read it",
        "agreements",
        study_notes(r["notes"]),
        r["pairs"],
    )


def _map(
    wide: pd.DataFrame,
    order: list[str],
    states: Mapping[str, tuple[str, str]],
    heading: str,
    subtitle: str,
    axis: str,
    said: Mapping[str, str],
    pairs: pd.DataFrame,
) -> tuple[Figure, pd.DataFrame]:
    rank = {s: n for n, s in enumerate(order)}
    parts = []
    for name, own in wide.groupby("indicator_id", sort=False):
        own = (
            own.assign(rank=own["state"].map(rank))
            .sort_values(["rank", "case_id"])
            .reset_index(drop=True)
        )
        pair: Any = pairs[pairs["indicator_id"] == name].iloc[0]
        text = f"{pair['percent']:.0%} alike, alpha {pair['alpha']:.2f}"
        parts.append(own.assign(row=pretty(str(name)), position=range(len(own)), share=text))
    table = pd.concat(parts, ignore_index=True)
    tests = "; ".join(
        f"{pretty(str(p['indicator_id'])).lower()} {p['mean']:.2f} by {p['coder']} against"
        f" {p['other_mean']:.2f} by {p['other']}, p {p_text(p['p_value'])}"
        for p in _rows(pairs[pairs["indicator_id"].isin(wide["indicator_id"].unique())])
    )
    notes = [
        (
            "Units that both coded. Mean code, and Stuart and Maxwell's test (of two codes:"
            f" McNemar's) that both use the codes equally often: {tests}. A difference of means is"
            " a difference of standards, not noise."
        ),
        said["outcome"],
        said["sources"],
    ]
    columns = ["row", "position", "state", "share", "case_id", "indicator_id"]
    return disagreement(table, states, heading, subtitle, axis, notes), table[columns]


def draw_by_rater(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The same model of success by each rater's word."""
    t, said, models = r["by_rater"], study_notes(r["notes"]), r["models"].set_index("model")
    terms = r["terms"].set_index(["model", "term"])
    names = {
        "success_by_staff": "by the staff's rating",
        "success_by_independent": "by the independent rating",
    }
    rows = []
    for term in t.loc[t["term"] != "Intercept", "term"]:
        for model in names:
            own: Any = terms.loc[(model, term)]
            rows.append(
                (
                    pretty(term),
                    model,
                    *np.exp(own[["estimate", "conf_low", "conf_high"]].astype(float)),
                    own["p_value"],
                )
            )
    table = pd.DataFrame(
        rows, columns=["label", "model", "odds_ratio", "conf_low", "conf_high", "p_value"]
    )
    gaps = "; ".join(
        f"{pretty(str(x['term'])).lower()} {x['ratio']:.2f} [{x['ratio_low']:.2f},"
        f" {x['ratio_high']:.2f}], p {p_text(x['p_value'])}"
        for x in _rows(t[t["term"] != "Intercept"])
    )
    size: Any = models.loc["success_by_staff"]
    heading = (
        "Success by two raters: the finding depends on who is asked"
        if t["p_holm"].min() < 0.05
        else "Success by two raters: findings differ in what they reject, not provably in size"
    )
    notes = [
        (
            f"Odds ratios of success in one logit model, fitted to the same {size['n']:.0f}"
            f" projects of {size['n_clusters']:.0f} countries by each rater's word; bars: 95 %,"
            " clusters by country. Ratio of the two odds ratios (staff over independent), with the"
            f" covariance of estimates from the same projects: {gaps}. By Holm over the five the"
            f" smallest p is {p_text(t['p_holm'].min())}."
        ),
        said["outcome"],
        said["context"],
        said["sources"],
    ]
    return (
        estimates(
            table,
            names,
            heading,
            "Success of development projects, by the staff's and by the independent rating",
            "odds ratio, log scale",
            notes,
        ),
        table,
    )


def _rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


NAIVE = "as if the codes were true"


def draw_uncertainty(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The finding of the other study with and without coding uncertainty."""
    u, said = r["uncertainty"], study_notes(r["notes"])
    u = u[u["term"].str.startswith("scale(")]
    first = u["analysis"].iloc[0]
    names = {"naive": NAIVE} | {a: a.replace("_", " ") for a in u["analysis"].unique()}
    rows = []
    for x in _rows(u):
        label = f"{pretty(str(x['term'])).split(' (')[0]} ({x['model']})"
        if x["analysis"] == first:
            rows.append(
                (
                    label,
                    "naive",
                    *np.exp([x["naive"], x["naive_conf_low"], x["naive_conf_high"]]),
                    x["naive_p_value"],
                )
            )
        rows.append(
            (
                label,
                x["analysis"],
                *np.exp([x["estimate"], x["conf_low"], x["conf_high"]]),
                x["p_value"],
            )
        )
    table = pd.DataFrame(
        rows, columns=["label", "model", "odds_ratio", "conf_low", "conf_high", "p_value"]
    )
    order = {n: k for k, n in enumerate(names)}
    table = table.sort_values("model", key=lambda s: s.map(order), kind="stable", ignore_index=True)
    table["label"] = pd.Categorical(table["label"], list(dict.fromkeys(r[0] for r in rows)))
    table = table.sort_values(["label"], kind="stable", ignore_index=True).astype({"label": str})
    coded = u[u["coded"].astype(bool)]
    shares = "; ".join(
        f"{pretty(str(x['term'])).split(' (')[0].lower()} (model {x['model']},"
        f" {x['analysis'].replace('_', ' ')}): {x['share_coding']:.1%} of its variance is doubt"
        f" about codes, standard error {x['std_error'] / x['naive_std_error'] - 1:+.1%}"
        for x in _rows(coded)
    )
    turned = r["flips"][(r["flips"]["kind"] == "single") & r["flips"]["flips"].astype(bool)]
    notes = [
        "Odds ratios of lasting peace (study A), its declared models, refitted with the true code"
        " of whether a third party took part drawn from the readings, the covariates and the"
        " outcome; pooled by Rubin's rules. " + shares + ".",
        (
            "Single disputed codes that by themselves would move a p across .05 or turn a sign:"
            f" {len(turned)} (of {len(r['flips'][r['flips']['kind'] == 'single'])} codes and terms"
            " tried). Only one indicator of 53 was read twice: the doubt in the others is not in"
            " these bars."
        ),
        said["sources"],
    ]
    return (
        estimates(
            table,
            names,
            "What doubt about one code does to the finding",
            "Study A with and without coding uncertainty in the third party's presence",
            "odds ratio, log scale",
            notes,
        ),
        table,
    )
