"""Figures of domestic politics and context: pillars under moderators, in
contexts, and what is delivered of promises.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.by_pillar import by_pillar
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.in_contexts import in_contexts

Tables = Mapping[str, pd.DataFrame]
MODERATORS = (
    ("executive_constraints", "Constraints on the executive"),
    ("polyarchy", "Electoral democracy"),
    ("leader_turnover", "Leader changed"),
)
DELIVERY = (
    ("executive", *MODERATORS[0]),
    ("democracy", *MODERATORS[1]),
    ("turnover", *MODERATORS[2]),
)
POINTS = 100


def draw_domestic_politics(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """What each pillar does where a moderator is low and where it is high."""
    effects, tests, said = r["by_politics"], r["moderated"], study_notes(r["notes"])
    apart = effects[effects["at"] == "difference"]
    of = apart.set_index(["pillar", "moderator"])["p_value"]
    t = effects.copy()
    t[["estimate", "conf_low", "conf_high"]] *= POINTS
    t["right"] = [
        p_text(of.get(pair, np.nan)) for pair in zip(t["pillar"], t["moderator"], strict=True)
    ]
    values = (
        t[t["at"] != "difference"]
        .drop_duplicates(["moderator", "at"])
        .set_index(["moderator", "at"])["value"]
    )
    ends = "; ".join(
        f"{name.lower()} {values[m, 'low']:.3g} and {values[m, 'high']:.3g}"
        for m, name in MODERATORS[:2]
    )
    sizes = ", ".join(
        f"{n:.0f} ({e:.0f})"
        for n, e in (
            tests[tests["moderator"] == m][["n", "n_events"]].iloc[0] for m, _ in MODERATORS
        )
    )
    fitted = tests[tests["p_value"].notna()]
    least: Any = fitted.groupby("moderator")["detectable"].agg(["min", "max"])
    power = "; ".join(
        f"{name.lower()} {least.loc[m, 'min']:.1f} to {least.loc[m, 'max']:.1f}"
        for m, name in MODERATORS
    )
    notes = [
        (
            "Percentage points of lasting peace for one standard deviation more of a pillar,"
            " averaged over all cases with the moderator held at a low and a high value, 95 %"
            f" pointwise (delta method). Low and high are the 10th and 90th percentile ({ends}),"
            " for the leader no change and a change in the five years before t0. Firth logit,"
            " clusters by country, one model a pillar and moderator, controls as in the declared"
            f" models. N (at peace): {sizes}. Pale: fewer than five cases within half a standard"
            " deviation, or the pillar does not vary there."
        ),
        (
            "At the right: p of the difference between the two effects, taken alone; by Holm over"
            f" the {len(tests)} of all panels the smallest is"
            f" {p_text(float(apart['p_decide'].min()))}. As declared it is decided by the products"
            " of the logit, a ratio of odds ratios each: smallest p"
            f" {p_text(float(fitted['p_value'].min()))} alone,"
            f" {p_text(float(fitted['p_decide'].min()))} by Holm,"
            f" {p_text(float(fitted['p_permutation'].min()))} by permutation:"
            f" {int((fitted['decision'] == 'null rejected').sum())} of {len(fitted)} nulls"
            " rejected. What could have been found alone with 80 % power, for a standard deviation"
            f" more of the moderator or a change of leader: {power}. The permutation tests that no"
            " term of the model matters. Nothing here is causal, and a null here is no proof that"
            " politics does not matter."
        ),
        f"{said['outcome']} {said['sources']} {said['context']}",
    ]
    figure = by_pillar(
        t,
        MODERATORS,
        {"low": "low, or no change", "high": "high, or a change"},
        "Does domestic politics decide what a pillar does?",
        "Effect of each pillar of a text on five years of peace",
        "percentage points",
        notes,
    )
    return figure, effects


def draw_contexts(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The effect of each pillar in each context, alone and drawn together."""
    t, said = r["contexts"], study_notes(r["notes"])
    tests = t.drop_duplicates(["by", "pillar"]).dropna(subset=["p_alike"])
    first: Any = tests.sort_values("p_alike").iloc[0]
    refused = t[t["estimate"].isna()]
    few = refused["reason"].str.startswith("too few")
    apart = refused[~few].drop_duplicates(["pillar", "context"])
    others = "; ".join(f"{p}, {c}" for p, c in zip(apart["pillar"], apart["context"], strict=True))
    spread = t.drop_duplicates(["by", "pillar"])["tau"].dropna()
    notes = [
        (
            "Hollow: the pillar's odds ratio of lasting peace in the context alone (Firth logit,"
            " length of the text and fighting in t0 held constant, scales those of all cases)."
            " Squares: the same drawn towards the mean of the contexts by partial pooling, the"
            " spread between them averaged over (flat priors), 95 % posterior intervals; where"
            " fewer than three contexts could be fitted nothing is drawn together, and the interval"
            " is the context's own. Dotted: all cases. In brackets: cases; cases of the rarer"
            " outcome. Arrows: the interval goes on."
        ),
        f"Refused: {int(few.sum())} of {len(t)} for fewer than five cases of the rarer outcome"
        + (f"; because the outcome is completely separated: {others}" if others else "")
        + ".",
        (
            f"That an effect is one in all contexts is tested {len(tests)} times (Cochran's Q):"
            f" smallest p {p_text(first['p_alike'])} ({first['pillar']}, {first['label'].lower()}),"
            f" by Holm {p_text(first['p_decide'])}. Posterior median of the spread:"
            f" {spread.min():.2f} to {spread.max():.2f} log odds, from three contexts each, hardly"
            " known. Standard errors are taken for known and attempts of one country for"
            " independent."
        ),
        f"{said['outcome']} {said['sources']}",
    ]
    return (
        in_contexts(
            t,
            "Where do pillars work? Contexts with too few events are refused",
            "Effect of each pillar by context, apart and drawn together",
            notes,
        ),
        t,
    )


def draw_delivery(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """What is carried out of each pillar's promises, by domestic politics."""
    h, said = r["hypotheses"], study_notes(r["notes"])
    models: Any = r["models"].set_index("model")
    rows = []
    for kind, moderator, _ in DELIVERY:
        own = h[h["model"] == f"delivery_{kind}"]
        for row in own.to_dict("records"):
            mean = row["family"] == "delivery"
            pillar = "Mean of the seven" if mean else row["terms"].split("[")[1].split("]")[0]
            numbers = (
                row[c]
                for c in (
                    "estimate",
                    "estimate_low",
                    "estimate_high",
                    "p_value",
                    "p_decide",
                    "detectable",
                )
            )
            rows.append((moderator, pillar, "slope", *numbers, True, p_text(row["p_value"])))
    columns = [
        "moderator",
        "pillar",
        "at",
        "estimate",
        "conf_low",
        "conf_high",
        "p_value",
        "p_decide",
        "detectable",
        "support",
        "right",
    ]
    table = pd.DataFrame(rows, columns=columns)
    t = table.assign(**{c: POINTS * table[c] for c in ("estimate", "conf_low", "conf_high")})
    sizes = "; ".join(
        f"{name.lower()} {models.loc[f'delivery_{k}', 'n']:.0f}"
        f" ({float(models.loc[f'delivery_{k}', 'n_clusters']):.0f})"
        for k, _, name in DELIVERY
    )
    means = table[table["pillar"].str.startswith("Mean")]
    power = ", ".join(f"{POINTS * v:.0f}" for v in means["detectable"])
    notes = [
        (
            "Percentage points of what an accord promises under a pillar that are carried out by"
            " its fifth year, for one standard deviation more of constraints or democracy in the"
            " year before, and for a change of leader between promise and delivery. A row for each"
            f" pillar of each accord that promises anything of it: pillar rows (accords) {sizes}."
            " Least squares with the share promised held constant; standard errors by accord"
            " (CR2), 95 %, t with Satterthwaite's degrees of freedom, for environment about 3 to"
            " 4: its intervals are poor."
        ),
        (
            "At the right: p taken alone; by Holm, over the three means and over the 21 slopes,"
            f" the smallest is {p_text(float(np.nanmin(table['p_decide'])))}. A mean of the seven"
            f" could have been found with 80 % power from {power} percentage points on. The accords"
            " stand by name in their table. The leader may change because delivery fails: nothing"
            " here is causal."
        ),
        f"{said['sources']} {said['context']}",
    ]
    figure = by_pillar(
        t,
        MODERATORS,
        {"slope": ""},
        "Does domestic politics decide whether promises become deeds?",
        "Implementation of each pillar's promises by domestic politics",
        "percentage points",
        notes,
    )
    return figure, table
