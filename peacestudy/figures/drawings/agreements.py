"""Figures of scored agreements: the finding, the profile, survival curves, the ledger."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.forest_plot import forest
from peacestudy.figures.ledger_chart import ledger
from peacestudy.figures.profile_map import profile
from peacestudy.figures.survival_curves import survival
from peacestudy.figures.theme import short_name
from peacestudy.models.inference.decisions import is_rejected, said

Tables = Mapping[str, pd.DataFrame]
PILLARS = ["diplomacy", "resources", "norms", "economy", "environment", "community", "institutions"]
HYPOTHESES = ["H0", "H0_joint", *(f"H{i}" for i in range(1, 8))]
ALPHA = 0.05


def study_notes(notes: pd.DataFrame) -> dict[str, str]:
    """The notes on the whole study, by kind."""
    of_study = notes[notes["model"] == "study"]
    return dict(zip(of_study["kind"], of_study["text"], strict=True))


def draw_forest(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The association of each pillar with lasting peace."""
    models: Any = r["models"].set_index("model")
    texts = study_notes(r["notes"])
    hypotheses = r["hypotheses"][r["hypotheses"]["id"].isin(HYPOTHESES)]
    single = hypotheses[hypotheses["odds_ratio"].notna()].reset_index(drop=True)
    joint = hypotheses[hypotheses["odds_ratio"].isna()].iloc[0]
    names = [t.removeprefix("scale(").removesuffix(")") for t in single["terms"]]
    labels = [f"{i}  {short_name(n)}" for i, n in zip(single["id"], names, strict=True)]
    alone = _alone(r["terms"], names)
    table = pd.concat([single, alone], axis=1).assign(label=labels)
    in_family = table["family"].notna()
    table["p_adjusted"] = table["p_adjusted"].where(in_family)
    pillars = models.loc["pillars"]
    slopes = int((r["terms"]["model"] == "pillars").sum()) - 1
    nominal = r["permutation"].set_index("term")["nominal"]
    detectable = table["detectable"]
    notes = [
        (
            "Filled: odds ratio of lasting peace for one standard deviation more of a pillar's"
            " score, all seven pillars in one model (H1 to H7); breadth, their mean, in its own"
            " model (H0). Hollow: each pillar alone with the controls, for comparison. Bars: 95 %"
            " intervals."
        ),
        (
            "Grey: odds ratios that the first step of Holm's procedure (for H0, its single test)"
            f" detects with less than 80 % power (up to {detectable.min():.1f} to"
            f" {detectable.max():.1f}, or their inverses). A true effect in this range may be"
            " missed, and an estimate just outside it is likely too large."
        ),
        (
            f"Tests by Holm over the seven at .05, H0 alone: {_verdict(single)} Joint test of the"
            f" seven: chi-squared({joint['df']:.0f}) = {joint['statistic']:.1f}, p"
            f" {_is(joint['p_value'])}."
        ),
        (
            f"Firth logit, standard errors clustered by {pillars['n_clusters']:.0f} countries;"
            " controls: log pages of the scored text, fighting as known at the last agreement (25"
            " deaths in t0-1, or an episode that reached them in t0 before the agreement), years of"
            f" war in t0-10..t0-1, territory; {pillars['n_events'] / slopes:.1f} events per"
            " variable."
        ),
        (
            "Robustness checks, which do not decide. perm.:"
            " permutation of the outcome within strata of that fighting, against the largest of"
            " the seven |z| (Westfall and Young 1993); the null is that the outcome is unrelated to"
            f" every regressor, controls included; joint p {_is(joint['p_permutation'])}."
            f" Penalised likelihood ratio: joint p {_is(joint['p_profile'])}."
        ),
        (
            "Under permutation the cluster-robust tests at .05 reject in"
            f" {nominal['any by Holm']:.0%} of permutations by Holm and in {nominal['joint']:.0%}"
            " jointly. Smallest adjusted p of the seven: by profile likelihood"
            f" {p_text(single['p_profile'][in_family].min())}, with standard errors of the"
            f" jackknife {p_text(single['p_jackknife'][in_family].min())}. One case left out:"
            f" adjusted p of {_range(r['influence'], single)}."
        ),
        (
            f"N = {pillars['n']:.0f} settlement attempts whose outcome windows do not overlap,"
            f" {pillars['n_events']:.0f} with lasting peace. {texts['outcome']}"
        ),
        (
            f"{texts['sources']} Not pre-registered: the data had been explored, and every"
            " reading of the state of the war tried, before the declaration was written."
        ),
    ]
    figure = forest(
        table,
        "Which pillars are associated with lasting peace?",
        "Odds ratios for one standard deviation more of each score",
        notes,
    )
    return figure, table


def _alone(terms: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Odds ratios of each pillar alone with the controls; missing for other names."""
    models = [f"{pillar}_alone" for pillar in PILLARS]
    rows = terms[terms["model"].isin(models) & terms["term"].str.startswith("scale(")]
    rows = rows.set_index(rows["model"].str.removesuffix("_alone"))
    columns = {
        "comparison": "estimate",
        "comparison_low": "conf_low",
        "comparison_high": "conf_high",
    }
    return pd.DataFrame(
        {new: [_exp(rows, name, old) for name in names] for new, old in columns.items()}
    )


def _exp(terms: pd.DataFrame, name: str, column: str) -> float:
    return math.exp(float(terms[column].get(name, math.nan)))


def _verdict(single: pd.DataFrame) -> str:
    """The decision on each hypothesis, and whether the robustness checks support it."""
    rejected = single[is_rejected(single["decision"])]
    if rejected.empty:
        return "no null is rejected."
    text = f"nulls rejected: {said(single['id'], single['decision'])}"
    weak = rejected[(rejected["p_permutation"] >= ALPHA) | (rejected["p_profile"] >= ALPHA)]
    if len(weak):
        text += (
            f"; the robustness checks do not support this for {', '.join(weak['id'])}, which is"
            " suggestive evidence only"
        )
    return text + "."


def _interval(row: Any, column: str) -> str:
    """The ratio of a row with its 95 % interval, from the logarithms in its columns."""
    ends = (column, f"{column}_low", f"{column}_high")
    ratio, low, high = (math.exp(float(row[name])) for name in ends)
    return f"{ratio:.2f} ({low:.2f} to {high:.2f})"


def _range(influence: pd.DataFrame, single: pd.DataFrame) -> str:
    """The range of the smallest adjusted p over the cases left out."""
    family = single[single["family"].notna()].sort_values("p_adjusted")
    first = str(family["id"].iloc[0])
    p = influence[f"p_{first.lower()}"]
    return f"{first} from {p.min():.3f} to {p.max():.3f}"


def _is(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def draw_profile(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Pillar scores of every case."""
    t, texts = r["profile"], study_notes(r["notes"])
    notes = [
        (
            f"Rows: {len(t)} settlement attempts whose outcome windows do not overlap (country,"
            " incompatibility, year of the last substantive agreement), sorted by breadth. Shade:"
            " share of the pillar's indicators that any scored agreement of the attempt mentions"
            " or provides for."
        ),
        texts["outcome"],
        (
            "'And others': a conflict between governments. Peace refers to the conflict: UCDP"
            " treats Iraq's later civil war as another conflict. Scores describe texts, not"
            " implementation."
        ),
        texts["sources"],
    ]
    heading = "The texts of settlement attempts by pillar"
    return profile(t, PILLARS, "lasting_peace", heading, notes), t


def draw_survival(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Years until the next fighting."""
    t, texts = r["survival"], study_notes(r["notes"])
    start, first = t[t["years"] == 0], t[t["years"] == 1]
    h0 = r["hypotheses"].set_index("id").loc["H0"]
    cox = r["survival_adjusted"].set_index("spec").loc["breadth"]
    unobserved = int(r["facts"].set_index("fact")["value"]["durations_without_a_year"])
    notes = [
        (
            f"Kaplan-Meier curves of {int(start['at_risk'].sum())} settlement attempts whose"
            " outcome windows do not overlap, by breadth (mean share of the seven pillars'"
            " indicators present), split at its median for display only. Fighting: a year with 25"
            " or more battle-related deaths."
        ),
        (
            f"In the first year the curves fall by {int(first['events'].sum())} attempts: fighting"
            " in the year after t0, which in many of them may never have stopped. Bands: pointwise"
            " 95 % intervals, log-log, cases treated as independent; upright strokes: censored at"
            f" the end of 2024. Further attempts, too late for a year of observation: {unobserved}."
        ),
        (
            "The curves are not adjusted. Adjusted for length, fighting at the agreement, years of"
            " war and territory, one standard deviation more of breadth has these ratios of peace:"
            f" {_interval(cox, 'log_odds')} over all observed years (Cox, hazard ratio of fighting"
            f" inverted, {cox['n']:.0f} attempts), {_interval(h0, 'estimate')} for five years"
            " (odds ratio, the declared test)."
        ),
        texts["sources"],
    ]
    heading = "Years until the next fighting, by breadth of the text"
    return survival(t, heading, notes, window=5), t


def draw_ledger(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """From the source's rows to the cases."""
    steps, coverage, texts = r["ledger"], r["coverage"], study_notes(r["notes"])
    notes = [
        (
            "Joins keep every case. Missing values are never set to zero. Outside coverage: the"
            " source does not cover the year. Special codes: Polity's -66 (foreign interruption),"
            " -77 (collapse) and -88 (transition)."
        ),
        f"{texts['sources']} {texts['context']}",
    ]
    drawn = pd.concat(
        [steps.assign(panel="steps"), coverage.assign(panel="coverage")], ignore_index=True
    )
    heading = "From agreements to cases: every exclusion has a reason"
    return ledger(steps, coverage, heading, notes), drawn
