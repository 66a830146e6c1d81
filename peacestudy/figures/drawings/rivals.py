"""Figures of what a referee asks: the finding under every variant, over
time, by constraints, on unseen cases, ahead.
"""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.calibration import calibration
from peacestudy.figures.chance import chance
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.estimates import estimates
from peacestudy.figures.forecasts import forecasts
from peacestudy.figures.moderation import moderation
from peacestudy.figures.over_time import over_time
from peacestudy.figures.theme import pretty
from peacestudy.figures.variants import variants

Tables = Mapping[str, pd.DataFrame]
MODELS = {
    "pillars": "pillars and controls",
    "pillars_without_controls": "pillars",
    "controls": "controls",
}
ALPHA = 0.05
AHEAD = {
    "pillars": "pillars and controls",
    "breadth": "breadth and controls",
    "controls": "controls",
}


def draw_over_time(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Pillars over the years."""
    t, said = r["over_time"], study_notes(r["notes"])
    sizes: Any = t[t["score"] == "breadth"].set_index("period")["n"]
    notes = [
        "All settlement attempts, eligible or not, by five years of the last substantive agreement;"
        " attempts by period: "
        + ", ".join(f"{p}-{p + 4 + (p == sizes.index.max())}: {n}" for p, n in sizes.items())
        + ". Bands: mean plus and minus 1.96 standard errors, attempts taken as "
        "independent. Nothing is held constant, the length of the texts included.",
        said["sources"],
    ]
    return over_time(t, "What settlement attempts provide for, 1990 to 2025", notes), t


def draw_variants(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The finding under every variant."""
    t, said = r["variants"], study_notes(r["notes"])
    tried = t[(t["variant"] != "declared") & t["log_odds"].notna()]
    norms, breadth = tried[tried["term"] == "scale(norms)"], tried[tried["spec"] == "breadth"]
    others = tried[
        (tried["spec"] == "pillars")
        & (tried["term"] != "scale(norms)")
        & (tried["p_permutation"] < ALPHA)
    ]
    also = "; ".join(
        f"{label}: {', '.join(pretty(x).split(' (')[0] for x in part['term'])}"
        for label, part in others.groupby("label", sort=False)
    )
    dealt = norms["p_permutation"].notna()
    low = breadth["p_permutation"].fillna(breadth["p_value"]) < ALPHA
    notes = [
        (
            "Each row changes the declared models, first row, as its label says; why a referee"
            " would ask stands in the table of variants. Left: breadth alone with controls. Right:"
            " norms, in the model of all seven pillars, the one pillar of which the declared test"
            " rejected the null. Circles: odds ratios; diamonds: hazard ratios, turned (like the"
            " odds of discrete time) so that above 1 is more peace; square: linear, on the logit's"
            " scale. Bars: 95 % intervals, arrows where they leave the axis. Grey: the declared"
            " interval. N: attempts, of case-years attempt-years."
        ),
        (
            "perm.: outcome dealt anew 499 times within fighting in t0, against the largest |z| of"
            " the seven pillars (of breadth alone); the tests by their own standard errors, and"
            " Holm on them, reject too often with so few events. Filled: below .05, by permutation,"
            " by Holm where a model cannot be permuted. 'Weighted' takes its weights as estimated."
            " Not fitted: no variation, or completely separated."
        ),
        (
            "The variants share most of their cases and are no independent tests; none is chosen."
            f" Breadth: above 1 in {int((breadth['log_odds'] > 0).sum())} of {len(breadth)}, below"
            f" .05 in {int(low.sum())}{_named(breadth[low])}. Norms: above 1 in"
            f" {int((norms['log_odds'] > 0).sum())} of {len(norms)}; below .05 by Holm in"
            f" {int((norms['p_family'] < ALPHA).sum())}, by permutation in"
            f" {int((norms['p_permutation'] < ALPHA).sum())} of the {int(dealt.sum())} that can be"
            f" permuted. Other pillars below .05 by permutation: {also or 'none'}."
        ),
        f"{said['outcome']} {said['sources']}",
    ]
    terms = (("breadth", "scale(breadth)", "Breadth"), ("pillars", "scale(norms)", "Norms"))
    n = t[t["variant"] == "declared"]["n"].iloc[0]
    return (
        variants(
            t,
            terms,
            "The finding under every variant",
            f"Effect of one standard deviation more on lasting peace; as declared: N = {n:.0f}",
            notes,
        ),
        t,
    )


def _named(rows: pd.DataFrame) -> str:
    """Labels and ratios of some rows, in brackets."""
    said = "; ".join(
        f"{label}: {math.exp(b):.2f}"
        for label, b in zip(rows["label"], rows["log_odds"], strict=True)
    )
    return f" ({said})" if said else ""


def draw_chance(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Predicted chance of peace along norms and breadth."""
    t, cases, said = r["chance"], r["support"], study_notes(r["notes"])
    notes = [
        (
            f"Average over the {len(cases)} attempts of the primary sample, each given the value on"
            " the axis, its other terms as they are; Firth's slopes with the intercept of maximum"
            " likelihood (FLIC), so that predictions average to the observed share. Bands: 95 %"
            " intervals by the delta method, countries as clusters. Dashed and pale: beyond every"
            " case. Left: norms with the six other pillars as they are, though norms seldom rise"
            " alone; a lead, not a finding: see the variants. A prediction is not an effect of"
            " writing more."
        ),
        f"{said['outcome']} {said['sources']}",
    ]
    panels = (
        ("norms", "norms: share of its ten provisions present"),
        ("breadth", "breadth: mean share of the seven pillars"),
    )
    return chance(t, cases, panels, "Predicted chance of lasting peace", notes), t


def draw_moderation(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Breadth by constraints on the executive."""
    t, said = r["moderation"], study_notes(r["notes"])
    h: Any = r["hypotheses"].set_index("id").loc["H8"]
    models: Any = r["models"].set_index("model")
    sizes = ", ".join(
        f"{models.loc[m, 'n']:.0f}"
        for m in ("moderation", "moderation_legislative", "moderation_judicial")
    )
    notes = [
        (
            "Odds ratio of lasting peace for one standard deviation more of breadth, at each value"
            " of a constraint on the executive in the year before t0; bands: 95 % pointwise. Bars:"
            " cases with the value, dark those at peace. Firth logit, clusters by country,"
            f" controls as in the declared models. N = {sizes}: Polity ends in 2018 and has no"
            " value for interruption, collapse and transition; conflicts over several governments"
            " have none."
        ),
        (
            f"H8, one product, declared before it was fitted: odds ratio {h['odds_ratio']:.2f}"
            f" [{h['conf_low']:.2f}, {h['conf_high']:.2f}], p {p_text(h['p_value'])}, by Holm over"
            f" H8 to H10 {p_text(h['p_decide'])}: {h['decision']}. The products with V-Dem's"
            " constraints stand beside and decide nothing."
        ),
        f"{said['outcome']} {said['sources']}",
    ]
    panels = (
        ("executive_constraints", "executive constraints (Polity, 1 to 7)"),
        ("legislative_constraints", "legislative (V-Dem)"),
        ("judicial_constraints", "judicial (V-Dem)"),
    )
    return (
        moderation(
            t,
            panels,
            "Do constraints on the executive turn promises into peace?",
            "Effect of breadth by domestic politics",
            notes,
        ),
        t,
    )


def draw_who(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Who gets an agreement."""
    terms, w, said = r["terms"], r["weights"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    names = {
        "selection": "all conflict-years",
        "selection_constraints": "with constraints, GDP and population known",
    }
    rows = terms[
        terms["model"].isin(names)
        & (terms["term"] != "Intercept")
        & ~terms["term"].str.startswith("period")
    ]
    table = pd.DataFrame(
        {
            "label": [pretty(t) for t in rows["term"]],
            "model": rows["model"],
            **{
                a: rows[b].map(_exp)
                for a, b in (
                    ("odds_ratio", "estimate"),
                    ("conf_low", "conf_low"),
                    ("conf_high", "conf_high"),
                )
            },
            "p_value": rows["p_value"],
        }
    )
    n = ", ".join(
        f"{names[m]}: N {models.loc[m, 'n']:.0f}, {models.loc[m, 'n_events']:.0f} attempts begun"
        for m in names
    )
    notes = [
        (
            "Discrete-time model (logit) of the beginning of a settlement attempt in a"
            " conflict-year at risk, 1990 to 2019: fighting in it or in the four years before."
            f" {n}. Bars: 95 % intervals, clusters by conflict. Domestic politics and economy in"
            " the year before; regions against Africa."
        ),
        (
            f"Inverse-probability weights of the {w['weight'].notna().sum()} attempts for which all"
            f" is known run from {w['weight'].min():.2f} to {w['weight'].max():.2f}; with them the"
            " first finding stands in the figure of variants. They pull towards the conflict-years"
            " at risk in what is in this model, and in nothing that is not."
        ),
        said["sources"],
    ]
    return (
        estimates(
            table,
            names,
            "Who gets an agreement?",
            "Odds ratios of an attempt beginning in a conflict-year",
            "odds ratio, log scale",
            notes,
        ),
        table,
    )


def _exp(x: float) -> float:
    return math.exp(min(x, 50))


def draw_calibration(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Trial on unseen cases."""
    t, seen, said = r["out_of_sample"], r["calibration"], study_notes(r["notes"])
    auc: Any = t[t["score"] == "auc"].set_index(["split", "model"])
    few = seen[seen["model"] == "pillars"].groupby("split", sort=False)["outcome"].sum()
    thin = "".join(
        f" {split}: {n:.0f} at peace, too few to say much." for split, n in few.items() if n < 10
    )
    worst = ", ".join(
        f"{split}: {auc.loc[(split, 'pillars'), 'permuted_mean']:.2f}"
        for split in t["split"].drop_duplicates()
    )
    notes = [
        (
            "Firth logit trained without the cases that it predicts; FLIC probabilities; scores"
            " scaled within the training cases. p: share of permuted outcomes on which the same"
            " procedure does at least as well. A larger area, smaller Brier and log scores are"
            " better (log score: mean of minus log probability). The area of permuted outcomes is"
            f" not .5 when whole countries are left out (mean for pillars and controls, {worst}):"
            " leaving out a country with many successes lowers the share among the others, so .5"
            f" is no yardstick.{thin}"
        ),
        f"{said['outcome']} {said['sources']}",
    ]
    return calibration(
        t, seen, MODELS, "What the models say of cases they have not seen", notes
    ), pd.concat([t, seen], ignore_index=True)


def draw_forecasts(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Frozen forecasts."""
    t, said = r["forecasts"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    base = models.loc["pillars", "n_events"] / models.loc["pillars", "n"]
    seen = int(t.drop_duplicates("case_id")["fighting_seen"].astype(bool).sum())
    cases = t["case_id"].nunique()
    notes = [
        (
            f"{cases} attempts with t0 from 2020 on whose windows run past the conflict data. Made"
            f" {str(t['made_on'].iloc[0])[:10]} from {models.loc['pillars', 'n']:.0f} earlier"
            " attempts and frozen in forecasts.csv with the hash of declaration and model: this is"
            f" a pre-registration, to be scored when the windows close. In {seen} of {cases} (grey)"
            " fighting was already in the data by then: their windows can only fail, and scores"
            " are given with and without them. By then: in the release that ends with 2024; later"
            " news was out, and three windows had closed. The models know none of it. Attempts of"
            " one conflict share years (DR Congo, Sudan, South Sudan). Attempts of 2025: fighting"
            " in t0 is read in 2024."
        ),
        (
            f"Dotted: share at peace among the cases learned from, {base:.2f}. How much such models"
            f" say of unseen cases: see the figure of calibration. {said['outcome']}"
            f" {said['sources']}"
        ),
    ]
    return forecasts(t, AHEAD, float(base), "Forecasts, frozen until their windows close", notes), t
