"""Figures of the studies beside the first: signing dyads, promise and deed, prevention."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.estimates import estimates
from peacestudy.figures.flow import flow
from peacestudy.figures.theme import pretty

Tables = Mapping[str, pd.DataFrame]
STUDIES = {"peace_agreements": "A: settlement attempts", "signing_dyads": "B: signing dyads"}


def draw_side_by_side(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """A and B side by side."""
    t, differ, said = r["beside_a"], r["differences"], study_notes(r["notes"])
    table = t.assign(
        label=[
            f"{i}  {pretty(x).split(' (')[0]}" for i, x in zip(t["id"], t["terms"], strict=True)
        ],
        model=t["study"],
    )
    sizes: Any = t.drop_duplicates("study").set_index("study")
    n = "; ".join(
        f"{name}: N {sizes.loc[s, 'n']:.0f}, {sizes.loc[s, 'n_events']:.0f} at peace,"
        f" {sizes.loc[s, 'n_clusters']:.0f} countries"
        for s, name in STUDIES.items()
    )
    found = table.loc[table["p_decide"] < 0.05, ["id", "study"]].to_numpy()
    rejected = "; ".join(f"{i} in {STUDIES[s].split(':')[0]}" for i, s in found)
    notes = [
        (
            "Odds ratios of five years' peace for one standard deviation more, H0 in a model of"
            " breadth, H1 to H7 in one of seven pillars; bars: 95 % intervals, clusters by"
            f" country. {n}. A: fighting of any kind in the conflict after a run of agreements. B:"
            " fighting of the dyads that signed, after one agreement. Controls of A: log pages,"
            " fighting in t0, years of war, territory; of B as its study.toml says. The studies"
            " share agreements and countries, were declared apart and are not pooled: B is no"
            " replication."
        ),
        (
            f"By Holm over the seven, H0 by itself: {rejected or 'no null is rejected in either'}."
            f" In {len(differ)} agreements of B the outcome differs from that of the attempt of A"
            " which holds them (others fought on, dyads merged or changed their name, windows"
            " differ): each is named with its reason in the table of differences."
        ),
        said["sources"],
    ]
    return (
        estimates(
            table,
            STUDIES,
            "Two units, one question",
            "Odds ratios of peace by pillar, study A and study B",
            "odds ratio, log scale",
            notes,
        ),
        table,
    )


RELEASES = {"pax_v9": "PA-X 9", "pax_v10": "PA-X 10"}


def draw_vintages(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The declared hypotheses on two releases of the source of texts."""
    t, cases, counts, said = (
        r["vintage_findings"],
        r["vintages"],
        r["vintage_counts"],
        study_notes(r["notes"]),
    )
    single = t[t["odds_ratio"].notna()]
    names = {
        i: pretty(x).split(" (")[0] for i, x in zip(single["id"], single["terms"], strict=True)
    } | {
        "H8": "Breadth by executive constraints",
        "H9": "Three pillars less four",
    }
    table = single.assign(label=[f"{i}  {names[i]}" for i in single["id"]], model=single["release"])
    status = cases["status"].value_counts()
    sizes = "; ".join(f"{RELEASES[i]}: {_steps(counts[counts['release'] == i])}" for i in RELEASES)
    joint = "; ".join(
        f"{RELEASES[i]} {p_text(p)}"
        for i, p in t.loc[t["id"] == "H0_joint", ["release", "p_value"]].to_numpy()
    )
    lowest = "; ".join(
        f"{RELEASES[i]}: {', '.join(part.loc[part['p_decide'] < 0.05, 'id']) or 'none'}"
        for i, part in ((i, single[single["release"] == i]) for i in RELEASES)
    )
    h8 = ", ".join(f"{n:.0f}" for n in single.loc[single["id"] == "H8", "n"].drop_duplicates())
    notes = [
        (
            "The study built anew on each release, the other sources as they are. Odds ratios of"
            " lasting peace for one standard deviation more (H8: of a product; H9: of the mean"
            " coefficient of three pillars less that of four). Bars: 95 % intervals, clusters by"
            f" country; p not adjusted. {sizes} (H8: N {h8})."
        ),
        (
            f"From PA-X 9 to 10 of the attempts {status.get('entered', 0):.0f} entered,"
            f" {status.get('left', 0):.0f} left, {status.get('moved', 0):.0f} moved (another last"
            f" year, the same texts and more), {status.get('changed', 0):.0f} changed,"
            f" {status.get('same', 0):.0f} stayed the same. The releases share nearly all cases:"
            " that they agree is no replication. Null rejected after Holm over the family:"
            f" {lowest}. The seven pillars jointly, Wald p: {joint}."
        ),
        said["sources"],
    ]
    return (
        estimates(
            table,
            RELEASES,
            "The finding on two releases",
            "Odds ratios of lasting peace, PA-X 9 and PA-X 10",
            "odds ratio, log scale",
            notes,
        ),
        table,
    )


def _steps(counts: pd.DataFrame) -> str:
    """Agreements, attempts and the primary sample of a release, in words."""
    first, last = counts.iloc[0], counts.iloc[-1]
    attempts = counts.loc[counts["step"] == "attempts", "rows"].iloc[0]
    return (
        f"{first['rows']:,.0f} agreements, {attempts:.0f} attempts, N {last['rows']:.0f},"
        f" {last['events']:.0f} at peace"
    )


def draw_flow(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Promise against deed."""
    t, said = r["delivery"], study_notes(r["notes"])
    r5: Any = r["agreement"].set_index(["promise", "deed"]).loc[("text_breadth", "implemented_k5")]
    at = t[(t["year_k"] == 5) & t["promised"].notna()]
    table = at.assign(label=at["pillar"].map(pretty).str.split(" (", regex=False).str[0])
    first = table["pillar"].isin(["aggregate", "breadth"])
    table = pd.concat(
        [table[~first & (table["n"] > 0)], table[table["pillar"] == "aggregate"]], ignore_index=True
    )
    notes = [
        (
            "Left: mean share of a pillar's provisions in the Peace Accords Matrix that the"
            " accords promise. Right: of what was promised, the mean share implemented by the"
            " fifth year (full 1, intermediate 2/3, minimal 1/3, none 0), over the accords that"
            f" promise any. {int(at['observed'].max())} accords whose record reaches the fifth"
            " year."
        ),
        (
            "Whether much is promised says little of how much is done: breadth of the text (PA-X)"
            f" against implementation in the fifth year, r = {r5['r']:.2f} [{r5['conf_low']:.2f},"
            f" {r5['conf_high']:.2f}], N = {r5['n']:.0f}."
        ),
        said["sources"],
    ]
    return (
        flow(
            table,
            "From promise to deed",
            "Comprehensive accords: what they promise, and what was done by the fifth year",
            notes,
        ),
        table,
    )


LANDMARKS = {
    "": "as declared",
    "_fought": "fighting up to k held constant",
    "_country": "peace in the whole country",
    "_first": "first accords only",
}


def draw_landmarks(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Implementation through year k and peace from k + 1 on; domestic politics and delivery."""
    h, said = r["hypotheses"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    rows = []
    for k in (1, 2, 3):
        for ending in LANDMARKS:
            name = f"landmark_k{k}{ending}"
            own: Any = r["terms"][
                (r["terms"]["model"] == name) & (r["terms"]["term"] == f"scale(implemented_k{k})")
            ].iloc[0]
            size = models.loc[f"landmark_k{k}", "n"]
            first = models.loc[f"landmark_k{k}_first", "n"]
            rows.append(
                (
                    f"C{k}  through year {k}, N {size:.0f} ({first:.0f})",
                    ending,
                    *np.exp(own[["estimate", "conf_low", "conf_high"]].astype(float)),
                    own["p_value"],
                )
            )
    table = pd.DataFrame(
        rows, columns=["label", "model", "odds_ratio", "conf_low", "conf_high", "p_value"]
    )
    linear: Any = h[h["family"].isin(["promise", "politics"])]
    lines = "; ".join(
        f"{i} {pretty(t)}: {b:+.2f} [{low:+.2f}, {high:+.2f}], p {p_text(p)}, by family"
        f" {p_text(q)}, N {models.loc[m, 'n']:.0f}"
        for i, t, m, b, low, high, p, q in linear[
            [
                "id",
                "terms",
                "model",
                "estimate",
                "estimate_low",
                "estimate_high",
                "p_value",
                "p_decide",
            ]
        ].itertuples(index=False)
    )
    decided = ", ".join(
        f"{i} {p_text(p)}"
        for i, p in h.loc[h["id"].isin(["C1", "C2", "C3"]), ["id", "p_decide"]].itertuples(
            index=False
        )
    )
    notes = [
        (
            "Landmarks: the share of the promised that was implemented through year k is set"
            " against five years without 25 battle-related deaths a year in the accord's conflict"
            " after k, so that nobody implements because peace held later. Fighting up to k may"
            " still delay both; the second series holds it constant. N in brackets: of first"
            " accords. One standard deviation more; Firth logit, profile intervals. As declared, p"
            f" by Holm over the three: {decided}; but the window of peace was chosen after 72 trial"
            " fits, this one among them: description, not a test. The record also counts a broken"
            " ceasefire as less implementation. The accords stand by name in their table."
        ),
        f"Linear models of the share implemented by the fifth year (hc3): {lines}.",
        said["sources"],
    ]
    return (
        estimates(
            table,
            LANDMARKS,
            "Does delivery go with peace?",
            "Odds ratios of peace after the landmark, one standard deviation more implemented",
            "odds ratio, log scale",
            notes,
        ),
        table,
    )


SHOWN = (
    "ln_trade_openness",
    "ln_igo_memberships",
    "executive_constraints",
    "ln_gdp_per_capita",
    "ln_population",
)
ONSET = {
    "prevention": "quiet years, all terms",
    "prevention_all_years": "years in conflict kept",
    "alone": "one at a time, longest sample",
    "without_early": "early sources left out",
}


def draw_onset(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Onset of conflict on institutions and interdependence."""
    said = study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    h: Any = r["hypotheses"].set_index("id")
    terms = r["terms"][r["terms"]["term"].isin(SHOWN)]
    own = {
        "trade_alone": SHOWN[:1],
        "organisations_alone": SHOWN[1:2],
        "constraints_alone": SHOWN[2:3],
    }
    alone = np.array(
        [t in own.get(m, ()) for m, t in zip(terms["model"], terms["term"], strict=True)]
    )
    shown = pd.concat([terms[terms["model"].isin(ONSET)], terms[alone].assign(model="alone")])
    shown = shown.sort_values(
        "term", key=lambda c: c.map({t: i for i, t in enumerate(SHOWN)}), kind="stable"
    )
    table = pd.DataFrame(
        {
            "label": [pretty(t) for t in shown["term"]],
            "model": shown["model"],
            "odds_ratio": np.exp(shown["estimate"]),
            "conf_low": np.exp(shown["conf_low"]),
            "conf_high": np.exp(shown["conf_high"]),
            "p_value": shown["p_value"],
        }
    )
    rows: Any = r["published"][r["published"]["model"] == "published"]
    beside = "; ".join(
        f"{pretty(p.term)} {p.published:.3f} ({p.published_se:.3f}) there, {p.estimate:.3f}"
        f" ({p.std_error:.3f}) here"
        for p in rows.itertuples()
    )
    n = "; ".join(
        f"{name}: N {models.loc[m, 'n']:,.0f}, {models.loc[m, 'n_events']:.0f} onsets"
        for m, name in ONSET.items()
        if m in models.index
    )
    decided = "; ".join(
        f"{i}: p {p_text(h.loc[i, 'p_value'])}, by Holm {p_text(h.loc[i, 'p_decide'])}"
        for i in ("D1", "D2", "D3")
    )
    notes = [
        (
            "Logit of the onset of an intrastate conflict in a state-year; terms of the year"
            f" before, one unit more (of logs: e times as much). {n}. Held constant too: polyarchy"
            " and its square, fighting in the region, a cubic of years at peace (of one at a time:"
            " GDP, population, the cubic). Bars: 95 % intervals, clusters by state. Trade and IGO"
            " memberships end in 2014, Polity in 2018: later years leave for want of data."
        ),
        (
            f"Declared, first series: {decided} (D3: polyarchy, its square and constraints"
            " jointly). An odds ratio of memberships above 1 speaks against the hypothesis: more"
            " onsets, not fewer. States join organisations over time and with size, and the ratio"
            " moves with the years that are kept: no effect of joining is claimed."
        ),
        (
            f"Beside a published state-year model of this outcome (N 8,192): {beside}; ours has N"
            f" {rows['n'].iloc[0]:,.0f}. Why they differ stands in the notebook. {said['sources']}"
        ),
    ]
    return (
        estimates(
            table,
            ONSET,
            "Does interdependence prevent?",
            "Odds ratios of conflict onset in a state-year; below 1: fewer onsets",
            "odds ratio, log scale",
            notes,
        ),
        table,
    )
