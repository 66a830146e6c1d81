"""Figures of alternative specifications, of moderators and selection, and of predictions."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.calibration_plot import calibration
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.drawings.declared_terms import draw_declared_terms
from peacestudy.figures.estimate_plot import estimates
from peacestudy.figures.forecast_plot import forecasts
from peacestudy.figures.moderation_plot import moderation
from peacestudy.figures.probability_curves import predicted_probabilities
from peacestudy.figures.theme import pretty, short_name
from peacestudy.figures.time_trends import over_time
from peacestudy.figures.variant_plot import readings, variants
from peacestudy.figures.window_plot import windows

Tables = Mapping[str, pd.DataFrame]
MODELS = {
    "pillars": "pillars and controls",
    "pillars_without_controls": "pillars",
    "controls": "controls",
}
ALPHA = 0.05
CONSTRAINTS_SOURCES = "Constraints: Polity5, V-Dem v15."
SELECTION_SOURCES = (
    "Democracy: V-Dem v15. Constraints: Polity5. GDP and population: World Development Indicators"
    " 2025-10."
)
FEW = 10  # cases at peace in a split below which its scores are imprecise
FORECAST_MODELS = {
    "pillars": "pillars and controls",
    "breadth": "breadth and controls",
    "controls": "controls",
}


def draw_over_time(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Pillar scores over time."""
    t, texts = r["over_time"], study_notes(r["notes"])
    sizes: Any = t[t["score"] == "breadth"].set_index("period")["n"]
    last = sizes.index.max()
    periods = ", ".join(
        f"{p:.0f} to {p + (5 if p == last else 4):.0f}: {n:.0f}" for p, n in sizes.items()
    )
    notes = [
        (
            "All settlement attempts, eligible or not, by five years of the last substantive"
            f" agreement; attempts by period: {periods}."
        ),
        (
            "Bands: mean plus and minus 1.96 standard errors, attempts treated as independent. The"
            " means are not adjusted, not even for the length of the texts."
        ),
        texts["sources"],
    ]
    return over_time(t, "Provisions of settlement attempts, 1990 to 2025", notes), t


def draw_variants(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The declared findings under every variant, those of a figure of their own left out."""
    if "pillars" not in set(r["variants"]["spec"]):
        return draw_declared_terms(r)
    apart = r["variant_group"]
    own = apart[apart["variant"] != "declared"]
    t, texts = r["variants"], study_notes(r["notes"])
    t = t[~t["variant"].isin(own["variant"])]
    first_of_group = t["group"].map({g: i for i, g in enumerate(t["group"].unique())})
    t = t.loc[first_of_group.sort_values(kind="stable").index].reset_index(drop=True)
    fitted = t[(t["variant"] != "declared") & t["log_odds"].notna()]
    norms, breadth = fitted[fitted["term"] == "scale(norms)"], fitted[fitted["spec"] == "breadth"]
    permuted = norms[norms["p_permutation"].notna()]
    low = breadth[breadth["p_permutation"].fillna(breadth["p_value"]) < ALPHA]
    elsewhere = f" Variants of '{own['group'].iloc[0]}': see their figure." if len(own) else ""
    notes = [
        (
            "Each row changes the declared models (first row) as its label says; the table of"
            " variants gives the reasons. Left: breadth with controls. Right: norms, in the model"
            f" of all seven pillars.{elsewhere}"
        ),
        (
            f"{_shapes(t)} Bars: 95 % intervals, arrows where they leave the axis. Grey: the"
            " declared interval. N: cases, or years of cases in discrete time."
        ),
        (
            "perm.: outcome permuted 499 times (as declared: more) within the declared strata,"
            " against the largest |z| of the seven pillars (of breadth alone); tests by the models'"
            " own standard errors reject too often with so few events. Filled: p below .05, by"
            " permutation, or by Holm where a model is not permuted."
        ),
        f"{_weighted(t)}The variants share most of their cases and are not independent tests.",
        (
            f"Breadth: above 1 in {int((breadth['log_odds'] > 0).sum())} of {len(breadth)}, p below"
            f" .05 in {len(low)}{_ratios(low)}. Norms: above 1 in"
            f" {int((norms['log_odds'] > 0).sum())} of {len(norms)}; p below .05 by Holm in"
            f" {_by_direction(norms, 'p_family')}, by permutation in"
            f" {_by_direction(permuted, 'p_permutation')} of {len(permuted)}. Other pillars below"
            f" .05 by either: {_other_pillars(fitted)}."
        ),
        f"{texts['outcome']} {texts['sources']}",
    ]
    terms = (("breadth", "scale(breadth)", "Breadth"), ("pillars", "scale(norms)", "Norms"))
    n = t[t["variant"] == "declared"]["n"].iloc[0]
    subtitle = f"Ratios of peace for one standard deviation more; as declared: N = {n:.0f}"
    return variants(t, terms, "The finding under every variant", subtitle, notes), t


def _shapes(t: pd.DataFrame) -> str:
    """What the marks mean, of the measures that are drawn."""
    measures = set(t["measure"])
    parts = ["Circles: odds ratios"]
    if "hazard ratio" in measures:
        parts.append(
            "diamonds: hazard ratios, inverted (like the odds of discrete time) so that above 1 is"
            " more peace"
        )
    if "difference" in measures:
        parts.append("square: linear, on the scale of the logit")
    return f"{'; '.join(parts)}."


def _weighted(t: pd.DataFrame) -> str:
    """What a reader must know of weighted variants and of those that were not fitted."""
    parts = []
    if "weighted" in set(t["variant"]):
        parts.append("'Weighted' accounts for its estimated weights. ")
    if t["log_odds"].isna().any():
        parts.append("Not fitted: no variation, complete separation, or too few cases. ")
    return "".join(parts)


def _by_direction(rows: pd.DataFrame, p: str) -> str:
    """In how many rows a p is below .05, and in how many of these the ratio is below 1."""
    low = rows[rows[p] < ALPHA]
    below = int((low["log_odds"] < 0).sum())
    return f"{len(low)} ({below} below 1)" if below else str(len(low))


def draw_windows(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The declared choice of cases among all with disjoint windows."""
    t, texts = r["windows"], study_notes(r["notes"])
    first = t.iloc[0]
    lost = t.drop_duplicates("spec").set_index("spec")["not_fitted"]
    unfitted = ", ".join(f"{spec} {n:.0f}" for spec, n in lost.items())
    notes = [
        (
            f"{first['candidates']:.0f} cases compete for windows that may not overlap; the"
            f" declared rule keeps {first['declared_n']:.0f} of them"
            f" ({first['declared_n_events']:.0f} at peace). {first['draws']:,.0f} of the"
            f" {_power_of_ten(first['log10_sets'])} sets to which no case can be added are drawn,"
            f" each with the same probability; they have {first['n_p05']:.0f} to"
            f" {first['n_p95']:.0f} cases"
            f" with {first['n_events_p05']:.0f} to {first['n_events_p95']:.0f} at peace (90 % of"
            " sets)."
        ),
        (
            "The declared models are fitted to every set. p < .05 and Holm < .05: share of sets in"
            " which the term is rejected by itself, and by Holm over the terms of its model, with a"
            " ratio above 1 / below 1. Percentile: share of sets with a lower ratio than the"
            f" declared one. Sets to which a model could not be fitted: {unfitted}."
        ),
        (
            "The sets share most of their cases: the spread shows how much the choice of cases"
            " matters and is not a confidence interval."
        ),
        f"{texts['outcome']} {texts['sources']}",
    ]
    heading = "The finding over the choices of cases with disjoint windows"
    subtitle = "Ratios of peace over maximal sets of cases, and as declared"
    labels = [short_name(term) for term in t["term"]]
    return windows(t, labels, heading, subtitle, notes), t


def _power_of_ten(log10: float) -> str:
    """A large number as 5 x 10^14."""
    whole = int(log10)
    return f"{10 ** (log10 - whole):.0f} x 10^{whole}"


def draw_variant_group(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Every term under the readings of one group of variants."""
    t, texts = r["variant_group"], study_notes(r["notes"])
    others = t[t["variant"] != "declared"]
    group = others["group"].iloc[0] if len(others) else "No variants"
    declared = t[t["variant"] == "declared"].iloc[0]
    notes = [
        (
            f"Each row is a reading of '{group}', with everything else as declared (first row); the"
            " table of variants gives the reason of each. Ratios of peace for one standard"
            " deviation more, with 95 % intervals, which end in arrows where they leave the axis."
        ),
        (
            "Filled: p below .05 by Holm over the terms of the model (alone, where it has one"
            " term). Grey: the declared interval."
        ),
        f"Below .05 in either direction: {_rejected_readings(t)}.",
        f"{texts['outcome']} {texts['sources']}",
    ]
    heading = f"{group}: the finding under every reading"
    size = f"N = {declared['n']:.0f}, {declared['n_events']:.0f} at peace"
    subtitle = f"Ratio of peace per standard deviation, log scale; as declared: {size}"
    terms = t[["spec", "term"]].drop_duplicates()
    panels = [(spec, term, short_name(term)) for spec, term in terms.itertuples(index=False)]
    return readings(t, panels, heading, subtitle, notes), t


def _rejected_readings(table: pd.DataFrame) -> str:
    """The terms and readings with p below .05, adjusted where there is a family."""
    p_values = table["p_family"].fillna(table["p_value"])
    low = table[p_values < ALPHA]
    parts = []
    for term, part in low.groupby("term", sort=False):
        named: Any = part[["label", "log_odds"]].itertuples(index=False)
        which = [f"{label} {math.exp(log_odds):.2f}" for label, log_odds in named]
        parts.append(f"{short_name(str(term))} ({'; '.join(which)})")
    return ", ".join(parts) or "none"


def _other_pillars(fitted: pd.DataFrame) -> str:
    """The variants in which another pillar than norms has p below .05, with the ratios."""
    of_pillars = (fitted["spec"] == "pillars") & (fitted["term"] != "scale(norms)")
    low = (fitted["p_permutation"] < ALPHA) | (fitted["p_family"] < ALPHA)
    parts = []
    for label, part in fitted[of_pillars & low].groupby("label", sort=False):
        pairs: Any = part[["term", "log_odds"]].itertuples(index=False)
        ratios = (f"{short_name(term)} {math.exp(log_odds):.2f}" for term, log_odds in pairs)
        parts.append(f"{label}: {', '.join(ratios)}")
    return "; ".join(parts) or "none"


def _ratios(rows: pd.DataFrame) -> str:
    """Labels and odds ratios of some rows, in brackets."""
    pairs: Any = rows[["label", "log_odds"]].itertuples(index=False)
    text = "; ".join(f"{label}: {math.exp(log_odds):.2f}" for label, log_odds in pairs)
    return f" ({text})" if text else ""


def draw_predicted_probability(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Predicted probability of peace along norms and breadth."""
    t, cases, texts = r["predicted_probabilities"], r["support"], study_notes(r["notes"])
    notes = [
        (
            f"Average over the {len(cases)} attempts of the primary sample, each given the value on"
            " the axis with its other terms as observed; Firth's slopes with the intercept of"
            " maximum likelihood (FLIC), so that predictions average to the observed share. Bands:"
            " 95 % intervals by the delta method, clustered by country."
        ),
        (
            "Dashed and pale: outside the range of the data. Left: the six other pillars stay as"
            " observed, although pillars rarely vary alone. Norms are shown because an earlier"
            " declaration rejected the null for them; this one does not. A prediction is not the"
            " effect of a longer text."
        ),
        f"{texts['outcome']} {texts['sources']}",
    ]
    panels = (
        ("norms", "norms: share of its ten provisions present"),
        ("breadth", "breadth: mean share of the seven pillars"),
    )
    heading = "Predicted probability of lasting peace"
    return predicted_probabilities(t, cases, panels, heading, notes), t


def draw_moderation(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The effect of breadth by constraints on the executive."""
    t, texts = r["moderation"], study_notes(r["notes"])
    h: Any = r["hypotheses"].set_index("id").loc["H8"]
    models: Any = r["models"].set_index("model")
    names = ("moderation", "moderation_legislative", "moderation_judicial")
    sizes = ", ".join(f"{models.loc[m, 'n']:.0f}" for m in names)
    notes = [
        (
            "Odds ratio of lasting peace for one standard deviation more of breadth, at each value"
            " of a constraint on the executive in the year before the first agreement; bands:"
            " pointwise 95 % intervals. Bars: cases with the value, coloured: at peace."
        ),
        (
            f"Firth logit, clustered by country, controls as declared. N = {sizes}: Polity ends in"
            " 2018 and has no value for interruption, collapse and transition; conflicts over"
            " several governments have none."
        ),
        (
            f"H8, one interaction: odds ratio {h['odds_ratio']:.2f}"
            f" [{h['conf_low']:.2f}, {h['conf_high']:.2f}], p {p_text(h['p_value'])}, by Holm over"
            f" H8 to H10 {p_text(h['p_adjusted'])}: {h['decision']}. The interactions with V-Dem's"
            " constraints are exploratory."
        ),
        f"{texts['outcome']} {texts['sources']} {CONSTRAINTS_SOURCES}",
    ]
    panels = (
        ("executive_constraints", "executive constraints (Polity, 1 to 7)"),
        ("legislative_constraints", "legislative (V-Dem)"),
        ("judicial_constraints", "judicial (V-Dem)"),
    )
    figure = moderation(
        t,
        panels,
        "Does the effect of breadth depend on constraints on the executive?",
        "Effect of breadth by domestic politics",
        notes,
    )
    return figure, t


def draw_selection(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Predictors of a settlement attempt."""
    terms, weights, texts = r["terms"], r["weights"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    names = {
        "selection": "all conflict-years",
        "selection_constraints": "with constraints, GDP and population known",
    }
    is_period = terms["term"].str.startswith("period")
    rows = terms[terms["model"].isin(names) & (terms["term"] != "Intercept") & ~is_period]
    table = pd.DataFrame(
        {
            "label": [pretty(t) for t in rows["term"]],
            "model": rows["model"],
            "odds_ratio": rows["estimate"].map(_exp),
            "conf_low": rows["conf_low"].map(_exp),
            "conf_high": rows["conf_high"].map(_exp),
            "p_value": rows["p_value"],
        }
    )
    n = ", ".join(
        f"{name}: N {models.loc[m, 'n']:.0f}, {models.loc[m, 'n_events']:.0f} attempts begun"
        for m, name in names.items()
    )
    known = weights["weight"]
    notes = [
        (
            "Discrete-time model (logit) of the beginning of an eligible settlement attempt in a"
            " conflict-year at risk, 1990 to 2019: fighting in one of the five years before, and no"
            f" attempt under way. {n[0].upper()}{n[1:]}."
        ),
        (
            "Bars: 95 % intervals, clustered by conflict. Fighting, war, domestic politics and"
            " economy are of the year before; reference region: Africa."
        ),
        (
            "Inverse-probability weights come from a third model, with the same terms as the first,"
            " of the beginning of an attempt that is in the primary sample. Those of the"
            f" {known.notna().sum()} attempts with complete data range from {known.min():.2f} to"
            f" {known.max():.2f}; the figure of variants shows the weighted finding. They balance"
            " attempts and conflict-years at risk only on the terms of that model."
        ),
        f"{texts['sources']} {SELECTION_SOURCES}",
    ]
    figure = estimates(
        table,
        names,
        "When do settlement attempts begin?",
        "Odds ratios of an attempt beginning in a conflict-year",
        "odds ratio, log scale",
        notes,
    )
    return figure, table


def _exp(x: float) -> float:
    return math.exp(min(x, 50))


def draw_calibration(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Out-of-sample predictions."""
    t, predictions, texts = r["out_of_sample"], r["calibration"], study_notes(r["notes"])
    auc: Any = t[t["score"] == "auc"].set_index(["split", "model"])
    of_pillars = predictions[predictions["model"] == "pillars"]
    peace = of_pillars.groupby("split", sort=False)["outcome"].sum()
    imprecise = "".join(
        f" {split}: only {n:.0f} at peace, too few for precise scores."
        for split, n in peace.items()
        if n < FEW
    )
    permuted = ", ".join(
        f"{split}: {auc.loc[(split, 'pillars'), 'permuted_mean']:.2f}"
        for split in t["split"].drop_duplicates()
    )
    notes = [
        (
            "Firth logit trained without the cases that it predicts; FLIC probabilities; scores"
            f" scaled within the training cases. {_trained(t)} Higher AUC and lower Brier and log"
            " scores are better (log score: mean of minus log probability)."
        ),
        (
            "p: share of permuted outcomes on which the same procedure does at least as well. The"
            " AUC of permuted outcomes is not .5 when whole countries are left out (mean for"
            f" pillars and controls, {permuted}), because leaving out a country with many successes"
            f" lowers the share among the others.{imprecise}"
        ),
        f"{texts['outcome']} {texts['sources']}",
    ]
    heading = "Out-of-sample predictions"
    figure = calibration(t, predictions, MODELS, heading, notes)
    return figure, pd.concat([t, predictions], ignore_index=True)


def _trained(scores: pd.DataFrame) -> str:
    """On how many cases the models of each split are trained, and why not on more."""
    parts = []
    for split, part in scores.groupby("split", sort=False):
        one = part.iloc[0]
        name = str(split)[:1].upper() + str(split)[1:]
        text = f"{name}: trained on {one['n_train']:.0f} cases or more"
        if one["n_not_known"]:
            text = (
                f"{name}: trained on the {one['n_train']:.0f} whose outcome was known by the cut,"
                f" {one['n_not_known']:.0f} left out"
            )
        parts.append(text)
    return "; ".join(parts) + "."


def draw_forecasts(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The forecasts frozen last, with those frozen before."""
    every, texts = r["forecasts"], study_notes(r["notes"])
    last = every["file"].iloc[-1]
    t, before = every[every["file"] == last], every[every["file"] != last]
    by_case = t.drop_duplicates("case_id")
    base = float(t["base_rate"].iloc[0])
    made_on = str(t["made_on"].iloc[0])[:10]
    known, closed = (int(by_case[c].astype(bool).sum()) for c in ("outcome_known", "window_closed"))
    notes = [
        (
            f"{len(by_case)} attempts whose windows end after the conflict data. Made {made_on}"
            f" from {t['n_train'].iloc[0]:.0f} earlier attempts and frozen in {last} with the hash"
            " of declaration and model. Frozen, not pre-registered: when it was frozen"
            f" {closed} windows had closed, and {known} outcomes were known (grey): the window had"
            " closed, or fighting in it was in the data."
        ),
        (
            "When windows close, forecasts are scored by the frozen window, against the base rate"
            " and against controls alone, with and without the outcomes that were known."
        ),
        *_earlier_files(before),
        (
            "Attempts of one conflict share years. Dotted: share at peace among the training"
            f" cases, {base:.2f}. The figure of calibration shows how well such models predict out"
            " of sample."
        ),
        f"{texts['outcome']} {texts['sources']}",
    ]
    heading = "Forecasts, frozen and not pre-registered"
    earlier = None
    if len(before):
        keys = ["conflict_id", "first_date", "model"]
        own, old = t[[*keys, "case_id"]], before[[*keys, "probability"]].dropna()
        earlier = old.merge(own, on=keys, validate="many_to_one")
    return forecasts(t, FORECAST_MODELS, base, heading, notes, earlier), every


def _earlier_files(before: pd.DataFrame) -> list[str]:
    """What is to be said of forecasts that were frozen before."""
    texts = []
    for file, part in before.groupby("file", sort=False):
        by_case = part.drop_duplicates("case_id")
        mismatched = by_case.loc[by_case["assumed"].notna(), "label"]
        texts.append(
            f"Upright strokes: the forecasts of {str(part['made_on'].iloc[0])[:10]} in {file}, of"
            f" which {len(mismatched)} were trained on one reading of a control and predicted from"
            f" another ({', '.join(mismatched) or 'none'})."
        )
    return texts
