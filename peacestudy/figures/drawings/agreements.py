"""Figures of scored agreements: the finding, the profile, the curves of
peace, the ledger, and what each says of itself.
"""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.forest import forest
from peacestudy.figures.ledger import ledger
from peacestudy.figures.profile import profile
from peacestudy.figures.survival import survival
from peacestudy.figures.theme import pretty

Tables = Mapping[str, pd.DataFrame]
PILLARS = ["diplomacy", "resources", "norms", "economy", "environment", "community", "institutions"]
ALPHA = 0.05


def draw_forest(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Which pillars go with lasting peace."""
    models, said = r["models"].set_index("model"), study_notes(r["notes"])
    h = r["hypotheses"][
        r["hypotheses"]["id"].isin(["H0", "H0_joint", *(f"H{i}" for i in range(1, 8))])
    ]
    one = h[h["odds_ratio"].notna()].reset_index(drop=True)
    joint = h[h["odds_ratio"].isna()].iloc[0]
    names = [t.removeprefix("scale(").removesuffix(")") for t in one["terms"]]
    alone = r["terms"][
        r["terms"]["model"].isin([f"{p}_alone" for p in PILLARS])
        & r["terms"]["term"].str.startswith("scale(")
    ]
    alone = alone.set_index(alone["model"].str.removesuffix("_alone"))
    beside = pd.DataFrame(
        {
            k: [_exp(alone, n, c) for n in names]
            for k, c in (
                ("beside", "estimate"),
                ("beside_low", "conf_low"),
                ("beside_high", "conf_high"),
            )
        }
    )
    table = pd.concat([one, beside], axis=1).assign(
        label=[f"{i}  {pretty(n).split(' (')[0]}" for i, n in zip(one["id"], names, strict=True)]
    )
    table["p_decide"] = table["p_decide"].where(table["family"].notna())
    m, joint = models.loc["pillars"], h[h["odds_ratio"].isna()].iloc[0]
    slopes = int((r["terms"]["model"] == "pillars").sum()) - 1
    dealt = r["permutation"].set_index("term")["nominal"]
    least = f"{table['detectable'].min():.1f} to {table['detectable'].max():.1f}"
    notes = [
        (
            "Filled: odds ratio of lasting peace for one standard deviation more of a pillar's"
            " score, all seven in one model (H1 to H7); breadth, the mean of the seven, in its own"
            " (H0). Hollow: each pillar alone with the controls; shown beside, decides nothing."
            " Bars: 95 % intervals. Grey: odds ratios that a single two-sided test at .05 finds"
            f" with less than 80 % power (up to {least}, or their inverses; for one of seven by"
            f" Holm up to {table['detectable_family'].min():.1f} to"
            f" {table['detectable_family'].max():.1f}): a true effect in there could well be"
            " missed, and an estimate just outside is likely too large."
        ),
        (
            f"Decided by Holm over the seven at .05, H0 by itself: {_verdict(one)} The seven"
            f" jointly: chi-squared({joint['df']:.0f}) = {joint['statistic']:.1f}, p"
            f" {_is(joint['p_value'])}. Firth logit, standard errors clustered by"
            f" {m['n_clusters']:.0f} countries; controls: log pages of the scored text, fighting in"
            " t0, years of war in t0-9..t0, territory."
        ),
        (
            f"Checks added after the first fit, with {m['n_events'] / slopes:.1f} events per"
            " variable; both take cases as independent. perm.: permutation of the outcome within"
            " fighting in t0, largest of the seven |z| (Westfall and Young 1993); its null is that"
            " the outcome has to do with no term, controls included. Jointly p"
            f" {_is(joint['p_permutation'])}. Under it the cluster-robust tests at .05 reject in"
            f" {dealt['any by Holm']:.0%} of deals by Holm and {dealt['joint']:.0%} jointly."
            " Profile likelihood: smallest Holm-adjusted p"
            f" {_is(one['p_profile'][one['family'].notna()].min())}. One case left out:"
            f" Holm-adjusted p of {_span(r['influence'], one)}."
        ),
        (
            f"N = {m['n']:.0f} settlement attempts whose outcome windows do not overlap,"
            f" {m['n_events']:.0f} with lasting peace. {said['outcome']}"
        ),
        (
            f"{said['sources']} Declared before fitting, on data that pilots had looked at: not"
            " pre-registered."
        ),
    ]
    head = "Which pillars go with lasting peace?"
    return (
        forest(table, head, "Odds ratios for one standard deviation more of each score", notes),
        table,
    )


def _verdict(one: pd.DataFrame) -> str:
    """What was decided of each hypothesis, and how the rejected ones stand the checks."""
    rejected = one[one["decision"] == "null rejected"]
    if rejected.empty:
        return "no null is rejected."
    said = f"the null is rejected for {', '.join(rejected['id'])}"
    weak = rejected[(rejected["p_permutation"] >= ALPHA) | (rejected["p_profile"] >= ALPHA)]
    if len(weak):
        said += (
            f"; the checks do not bear this out for {', '.join(weak['id'])}, which must be read as"
            " a lead and not as a finding"
        )
    return said + "."


def _span(influence: pd.DataFrame, one: pd.DataFrame) -> str:
    """The range of the smallest adjusted p over the cases left out."""
    family = one[one["family"].notna()].sort_values("p_decide")
    first = str(family["id"].iloc[0])
    p = influence[f"p_{first.lower()}"]
    return f"{first} from {p.min():.3f} to {p.max():.3f}"


def _is(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def study_notes(notes: pd.DataFrame) -> dict[str, str]:
    """The sentences that hold for the whole study, by kind."""
    own = notes[notes["model"] == "study"]
    return dict(zip(own["kind"], own["text"], strict=True))


def _exp(terms: pd.DataFrame, name: str, column: str) -> float:
    return math.exp(float(terms[column].get(name, math.nan)))


def draw_profile(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """What the texts hold, case by case."""
    t, said = r["profile"], study_notes(r["notes"])
    notes = [
        (
            f"Rows: {len(t)} settlement attempts whose outcome windows do not overlap (country,"
            " what is fought over, year of the last substantive agreement), sorted by breadth."
            " Shade: share of the pillar's indicators that any agreement of the attempt mentions"
            f" or provides for. {said['outcome']}"
        ),
        (
            "'And others': a conflict between governments. Peace is that of the conflict: UCDP"
            " lists Iraq's later civil war as another one. Scores say what texts hold, not what"
            f" was done. {said['sources']}"
        ),
    ]
    return (
        profile(
            t,
            PILLARS,
            "lasting_peace",
            "What the texts of settlement attempts hold, pillar by pillar",
            notes,
        ),
        t,
    )


def draw_survival(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """Years until fighting is next seen."""
    t, said = r["survival"], study_notes(r["notes"])
    start, first = t[t["years"] == 0], t[t["years"] == 1]
    h0 = r["hypotheses"].set_index("id").loc["H0"]
    unseen = int(r["facts"].set_index("fact")["value"]["durations_without_a_year"])
    notes = [
        (
            f"Kaplan-Meier curves of {int(start['at_risk'].sum())} settlement attempts whose"
            " outcome windows do not overlap, by breadth (mean share of the seven pillars'"
            " indicators present), split at its median for display only. Fighting: a year with 25"
            " or more battle-related deaths. In the first year the curves fall by"
            f" {int(first['events'].sum())} attempts, after most of which fighting had never"
            " stopped: it is no return of war. Bands: pointwise 95 % intervals, log-log, cases"
            " taken as independent; bars: censored at the end of 2024. Nothing is held constant"
            " here: with length, fighting in t0, years of war and territory held constant, the"
            " odds ratio of five years' peace for a standard deviation of breadth is"
            f" {h0['odds_ratio']:.2f} ({h0['conf_low']:.2f} to {h0['conf_high']:.2f}). {unseen}"
            " more attempt(s) ended so late that no year after them was seen."
        ),
        said["sources"],
    ]
    return (
        survival(t, "Years until fighting is next seen, by breadth of the text", notes, window=5),
        t,
    )


def draw_ledger(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """From the source's rows to the cases."""
    steps, coverage, said = r["ledger"], r["coverage"], study_notes(r["notes"])
    notes = [
        (
            "Joins keep every case: rows in equal rows out. Context is read in the year before t0,"
            " the year of the (last substantive) agreement. Missing is never zero. Outside"
            " coverage: the source does not speak of the year. Special codes: Polity's -66 (foreign"
            " interruption), -77 (collapse) and -88 (transition)."
        ),
        f"{said['sources']} {said['context']}",
    ]
    drawn = pd.concat(
        [steps.assign(panel="steps"), coverage.assign(panel="coverage")], ignore_index=True
    )
    return (
        ledger(steps, coverage, "From agreements to cases: no row lost without a reason", notes),
        drawn,
    )
