"""Figures of studies with several coders: agreement, disagreement, and coding uncertainty."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.agreement_plot import agreement
from peacestudy.figures.disagreement_map import disagreement
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.estimate_plot import estimates
from peacestudy.figures.theme import PALE, VERMILION, pretty, short_name

Tables = Mapping[str, pd.DataFrame]
DARK = "#0b2545"  # darker than vermilion in grey too
NAIVE = "as if the codes were true"
ESTIMATES = ["label", "model", "odds_ratio", "conf_low", "conf_high", "p_value"]
AXIS = "odds ratio, log scale"


def draw_agreement(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Agreement by indicator."""
    t, texts = r["agreement"], study_notes(r["notes"])
    above_lowest = r["agreement_above_lowest"].set_index("indicator_id")
    flagged = t["flagged"].astype(bool)
    table = t.assign(label=t["indicator_id"].map(pretty), flagged=flagged).reset_index(drop=True)
    paradox = _paradox(table, above_lowest)
    machines = table["note"].fillna("").str.contains("machines").any()
    notes = [
        (
            "Right margin: units with codes of two or more coders x coders. Bars: 95 % bootstrap"
            f" intervals over units, {int(table['resamples'].max()):,} resamples, each with its own"
            " ordinal metric. Grey lines: .667 and .8, Krippendorff's conventional thresholds."
        ),
        (
            f"* below the reliability floor of {float(table['floor'].iloc[0]):g} declared in"
            f" study.toml ({int(flagged.sum())} of {len(table)}). Gwet's AC is AC1 for nominal and"
            " AC2 with ordinal weights for ordinal indicators; kappa is weighted likewise."
        ),
    ]
    if paradox:
        notes.append(paradox)
    if machines:
        notes.append(
            "No person has coded: the coders are machines. This is the stability of an automated"
            " reading, not inter-coder reliability, and errors that both share do not lower it."
        )
    notes.append(texts.get("sources_agreement", texts["sources"]))
    heading = "High agreement on a rare code, low alpha" if paradox else "Agreement"
    subtitle = "Agreement by indicator, four coefficients"
    return agreement(table, heading, subtitle, notes), table


def _paradox(table: pd.DataFrame, above_lowest: pd.DataFrame) -> str:
    """A sentence on the largest indicator with high agreement and low alpha; empty without one."""
    hidden = table[(table["percent"] >= 0.8) & (table["alpha"] < 0.667)]
    if hidden.empty:
        return ""
    row: Any = hidden.sort_values("n_units").iloc[-1]
    selected: Any = above_lowest.loc[row["indicator_id"]]
    name = short_name(str(row["indicator_id"])).lower()
    return (
        f"Paradox of a rare code: on {name} coders agree on {row['percent']:.0%} of pairs, but"
        f" alpha is {row['alpha']:.2f} because most units have the lowest code (Gwet's AC"
        f" {row['gwet']:.2f}). On the {selected['n_units']:,.0f} units that at least one coder"
        f" coded higher they agree on {selected['percent']:.0%}."
    )


RATING = {
    "both yes": ("both: yes", PALE),
    "both no": ("both: no", "#9a9a9a"),
    "staff only": ("staff alone: yes", VERMILION),
    "independent only": ("second rating alone: yes", DARK),
}


def draw_ratings(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The yes and no of two raters by unit."""
    wide = _by_coder(r["ratings"])
    staff, independent = wide["adb_staff"] > 0, wide["adb_independent"] > 0
    conditions = [staff & independent, ~staff & ~independent, staff]
    states = ["both yes", "both no", "staff only"]
    wide["state"] = np.select(conditions, states, "independent only")
    return _map(
        wide,
        RATING,
        _ratings_heading(wide),
        "Projects rated by the bank's staff and then by evaluators who had read that rating,"
        " sorted within each row",
        "projects",
        r,
        "sources_ratings",
    )


def _ratings_heading(wide: pd.DataFrame) -> str:
    """The direction of disagreement on the indicator with most units."""
    name = wide["indicator_id"].value_counts().index[0]
    states = wide.loc[wide["indicator_id"] == name, "state"].value_counts()
    staff, second = int(states.get("staff only", 0)), int(states.get("independent only", 0))
    return (
        f"{pretty(str(name))}: {staff} projects by the staff's rating alone, {second} by the second"
        " alone"
    )


READING = {
    "same 0": ("both: none", "#f7f7f7"),
    "same 1": ("both: witness or host", "#e0e0e0"),
    "same 2": ("both: mediator", "#c6c6c6"),
    "same 3": ("both: guarantor", "#a5a5a5"),
    "apart 1": ("one step apart", VERMILION),
    "apart 2": ("two or three apart", DARK),
}


def draw_readings(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Two readings of the third party's role by unit."""
    wide = _by_coder(r["ratings"])
    codes = wide[["machine_1", "machine_2"]]
    low, high = codes.min(axis=1), codes.max(axis=1)
    gap = high - low
    same = "same " + low.astype(int).astype(str)
    wide["state"] = np.select([gap == 0, gap == 1], [same, "apart 1"], "apart 2")
    return _map(
        wide,
        READING,
        "Two readings of the same field, and where they differ",
        "Role of the third party in every agreement whose field is not blank, as read by two"
        " machine coders",
        "agreements",
        r,
    )


def _by_coder(ratings: pd.DataFrame) -> pd.DataFrame:
    """A row a unit with the codes of all coders; units that all coded."""
    keys = ["case_id", "indicator_id"]
    wide = ratings.pivot(index=keys, columns="coder", values="code")
    return wide.dropna().reset_index()


def _map(
    wide: pd.DataFrame,
    states: Mapping[str, tuple[str, str]],
    heading: str,
    subtitle: str,
    axis: str,
    r: Tables,
    sources: str = "sources",
) -> tuple[Figure, pd.DataFrame]:
    """The map of disagreement: ``states`` gives name and colour in the order of the row, and
    ``sources`` the note with the sources of the figure.
    """
    pairs, texts = r["pairs"], study_notes(r["notes"])
    rank = {state: n for n, state in enumerate(states)}
    parts = []
    for name, units in wide.groupby("indicator_id", sort=False):
        units = units.assign(rank=units["state"].map(rank)).sort_values(["rank", "case_id"])
        pair: Any = pairs[pairs["indicator_id"] == name].iloc[0]
        share = f"{pair['percent']:.0%} alike, alpha {pair['alpha']:.2f}"
        position = range(len(units))
        parts.append(units.assign(row=pretty(str(name)), position=position, share=share))
    table = pd.concat(parts, ignore_index=True)
    shown = pairs[pairs["indicator_id"].isin(wide["indicator_id"].unique())]
    tests = "; ".join(
        f"{pretty(str(p['indicator_id'])).lower()} {p['mean']:.2f} by {p['coder']} and"
        f" {p['other_mean']:.2f} by {p['other']}, p {p_text(p['p_value'])}"
        for p in _rows(shown)
    )
    notes = [
        (
            "Units coded by both. Mean codes, and Stuart and Maxwell's test (for two codes"
            f" McNemar's) that both use the codes equally often: {tests}. The test concerns the"
            " direction of disagreement; it does not say which code is right."
        ),
        texts["outcome"],
        texts.get(sources, texts["sources"]),
    ]
    columns = ["row", "position", "state", "share", "case_id", "indicator_id"]
    return disagreement(table, states, heading, subtitle, axis, notes), table[columns]


RATED_BY = {
    "staff": "by the staff's rating",
    "independent": "by the independent rating",
    "final": "by the latest independent rating",
}


def draw_by_rater(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The same model of success with each rater's rating as the outcome."""
    t, texts = r["by_rater"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    terms: Any = r["terms"].set_index(["model", "term"])
    slopes = t[t["term"] != "Intercept"]
    rows = []
    for x in _rows(slopes):
        for name in RATED_BY:
            ratios = (x[name], x[f"{name}_low"], x[f"{name}_high"])
            p_value = terms.loc[(f"success_by_{name}", x["term"]), "p_value"]
            rows.append((pretty(str(x["term"])), name, *ratios, p_value))
    table = pd.DataFrame(rows, columns=ESTIMATES)
    ratios_of_both = "; ".join(
        f"{pretty(str(x['term'])).lower()} {x['ratio']:.2f} [{x['ratio_low']:.2f},"
        f" {x['ratio_high']:.2f}], p {p_text(x['p_value'])}, Holm {p_text(x['p_holm'])}"
        for x in _rows(slopes)
    )
    size = models.loc["success_by_staff"]
    rejected = int((slopes["p_holm"] < 0.05).sum())
    notes = [
        (
            f"Odds ratios of success from one logit model of the same {size['n']:.0f} projects of"
            f" {size['n_clusters']:.0f} countries and regions, with each rating as the outcome."
            " Bars: 95 % intervals, by leaving out each of them (jackknife)."
        ),
        (
            "Ratio of the two odds ratios (staff over independent), with the jackknife of the"
            f" difference: {ratios_of_both}. Holm is over these {len(slopes)} ratios only."
        ),
        _without_one_group(r["left_out"], "success_by_staff"),
        texts["outcome"],
        texts["context"],
        texts.get("sources_by_rater", texts["sources"]),
    ]
    heading = (
        f"Success by rating: {rejected} of {len(slopes)} ratios differ significantly from 1 (Holm)"
    )
    subtitle = "Success of development projects, by the staff's and by the independent rating"
    return estimates(table, RATED_BY, heading, subtitle, AXIS, notes), table


def _without_one_group(left: pd.DataFrame, model: str) -> str:
    """The smallest and largest odds ratios of a model without one group."""
    own = left[(left["model"] == model) & (left["term"] != "Intercept")].dropna(subset="estimate")
    parts = []
    for term, rows in own.groupby("term", sort=False):
        ends: Any = rows.sort_values("odds_ratio", kind="stable")
        low, high = ends.iloc[0], ends.iloc[-1]
        parts.append(
            f"{pretty(str(term)).lower()} {low['odds_ratio']:.2f} (without {low['left_out']}) to"
            f" {high['odds_ratio']:.2f} ({high['left_out']})"
        )
    return (
        f"By the staff's rating, without one of {own['left_out'].nunique()} countries and regions"
        f" at a time: {'; '.join(parts)}."
    )


def _rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def draw_uncertainty(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The findings of the other study with and without coding uncertainty."""
    texts = study_notes(r["notes"])
    u = r["uncertainty"]
    u = u[u["term"].str.startswith("scale(")]
    names = {"naive": NAIVE} | {a: a.replace("_", " ") for a in u["analysis"].unique()}
    table = _uncertainty_rows(u, list(names))
    shares = "; ".join(
        f"{short_name(str(x['term'])).lower()} (model {x['model']},"
        f" {x['analysis'].replace('_', ' ')}): {x['share_coding']:.1%} of its variance, standard"
        f" error {x['std_error'] / x['naive_std_error'] - 1:+.1%}"
        for x in _rows(u[u["coded"].astype(bool)])
    )
    notes = [
        (
            "Odds ratios of lasting peace (study peace_agreements) from its declared models,"
            " refitted with the true code of a third party's presence imputed from the readings,"
            " the covariates and the outcome; pooled by Rubin's rules. Attempts that an outsider"
            " signed are known and not imputed. No person has coded: two readings count as"
            " independent (two readings) or as one (one reading); these are the two ends."
        ),
        f"Variance due to coding uncertainty: {shares}.",
        _changed_decisions(r["flips"]),
        (
            "Only this indicator was read twice: the intervals do not include uncertainty about"
            " the others."
        ),
        texts["sources"],
    ]
    figure = estimates(
        table,
        names,
        "Coding uncertainty in one indicator, between independent readings and one",
        "Lasting peace, with and without coding uncertainty in the third party's presence",
        AXIS,
        notes,
    )
    return figure, table


def _changed_decisions(flips: pd.DataFrame) -> str:
    """Which single disputed codes change a declared decision, counted once however often used."""
    keys = ["model", "term", "case_id", "indicator_id", "alternative"]
    singles = flips[flips["kind"] == "single"].drop_duplicates(keys)
    changing = singles[singles["flips"].astype(bool)]
    cells = singles[["case_id", "indicator_id"]].drop_duplicates()
    text = (
        f"{len(cells)} disputed cell(s), changed one at a time and decided by the declared rule"
        f" over the family: {len(changing)} of {len(singles)} decisions change"
    )
    named = "; ".join(
        f"{short_name(str(x['term'])).lower()} with {x['case_id']} coded {x['alternative']:.0f}:"
        f" {x['decision_before']} becomes {x['decision']} (adjusted p {p_text(x['p_adjusted'])})"
        for x in _rows(changing)
    )
    return f"{text}: {named}." if named else f"{text}."


def _uncertainty_rows(u: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Odds ratios by term, naive first, then of each analysis in order."""
    first = u["analysis"].iloc[0]
    rows = []
    for x in _rows(u):
        label = f"{short_name(str(x['term']))} ({x['model']})"
        if x["analysis"] == first:
            naive = np.exp([x["naive"], x["naive_conf_low"], x["naive_conf_high"]])
            rows.append((label, "naive", *naive, x["naive_p_value"]))
        pooled = np.exp([x["estimate"], x["conf_low"], x["conf_high"]])
        rows.append((label, x["analysis"], *pooled, x["p_value"]))
    table = pd.DataFrame(rows, columns=ESTIMATES)
    labels = table["label"].drop_duplicates().tolist()
    table["label"] = pd.Categorical(table["label"], labels)
    table["model"] = pd.Categorical(table["model"], order)
    table = table.sort_values(["label", "model"], kind="stable", ignore_index=True)
    return table.astype({"label": str, "model": str})
