"""Which figure is drawn from which results, and what it says about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.forest import forest
from peacestudy.figures.ledger import ledger
from peacestudy.figures.profile import profile
from peacestudy.figures.survival import survival
from peacestudy.figures.theme import pretty

Tables = Mapping[str, pd.DataFrame]
SOURCES = "Data: PA-X v10 (Bell and Badanjak 2019), UCDP/PRIO ACD 25.1 (Gleditsch et al. 2002; Davies et al. 2025)."
PILLARS = ["diplomacy", "resources", "norms", "economy", "environment", "community", "institutions"]
PEACE = "Lasting peace: no year with 25 or more battle-related deaths in the five calendar years after the last substantive agreement."


@dataclass(frozen=True)
class Drawing:
    """A figure of a study: the results it needs, and the function from them to the figure and the table of what is drawn."""

    needs: tuple[str, ...]
    draw: Callable[[Tables], tuple[Figure, pd.DataFrame]]


def _forest(r: Tables) -> tuple[Figure, pd.DataFrame]:
    h, models = r["hypotheses"], r["models"].set_index("model")
    one = h[h["odds_ratio"].notna()].reset_index(drop=True)
    joint = h[h["odds_ratio"].isna()].iloc[0]
    names = [t.removeprefix("scale(").removesuffix(")") for t in one["terms"]]
    alone = (
        r["terms"]
        .assign(name=r["terms"]["model"].str.removesuffix("_alone"))
        .query("term == 'scale(' + name + ')'")
        .set_index("name")
    )
    beside = pd.DataFrame({k: [_exp(alone, n, c) for n in names] for k, c in
                           (("beside", "estimate"), ("beside_low", "conf_low"), ("beside_high", "conf_high"))})  # fmt: skip
    table = pd.concat([one, beside], axis=1).assign(
        label=[f"{i}  {pretty(n)}" for i, n in zip(one["id"], names, strict=True)]
    )
    table["p_decide"] = table["p_decide"].where(table["family"].notna())
    m, rejected = models.loc["pillars"], one[one["decision"] == "null rejected"]
    verdict = f"rejected for {', '.join(rejected['id'])}" if len(rejected) else "not rejected for any hypothesis"
    notes = [
        f"Filled: odds ratio of lasting peace for one standard deviation more of a pillar's score, all seven in one model (H1 to H7), breadth in its "
        f"own (H0). Hollow: each pillar alone with the controls; shown beside, decides nothing. Bars: 95 % intervals. Grey: odds ratios that a two-sided "
        f"test at .05 would find with less than 80 % power; a true effect in there could well be missed (least detectable: "
        f"{table['detectable'].min():.1f} to {table['detectable'].max():.1f}).",
        f"The null is {verdict} at .05 (H1 to H7 by Holm over the seven; H0 by itself). The seven jointly: chi-squared({joint['df']:.0f}) = "
        f"{joint['statistic']:.1f}, p = {joint['p_value']:.3f}. Firth logit, standard errors clustered by {m['n_clusters']:.0f} countries; controls: log pages of "
        f"the scored text, fighting in t0, years of war in t0-9..t0, territory.",
        f"N = {m['n']:.0f} settlement attempts that do not overlap, {m['n_events']:.0f} with lasting peace. {PEACE}",
        *(_notes(r["notes"], "pillars")),
        f"{SOURCES} Specifications were declared before fitting, on data that pilots had looked at: not pre-registered.",
    ]  # fmt: skip
    head = "Do agreements that invest in a pillar bring lasting peace?"
    return forest(table, head, "Odds ratios for one standard deviation more of each score", notes), table


def _exp(terms: pd.DataFrame, name: str, column: str) -> float:
    import numpy as np

    return float(np.exp(terms.loc[name, column])) if name in terms.index and name != "breadth" else float("nan")


def _notes(notes: pd.DataFrame, model: str) -> list[str]:
    return [
        n
        for n, k in zip(notes["text"][notes["model"] == model], notes["kind"][notes["model"] == model], strict=True)
        if k != "vcov"
    ]


def _profile(r: Tables) -> tuple[Figure, pd.DataFrame]:
    t = r["profile"]
    notes = [
        f"Rows: {len(t)} settlement attempts that do not overlap (country, what is fought over, year of the last substantive agreement), sorted by breadth. "
        f"Shade: share of the pillar's indicators that any agreement of the attempt provides for. {PEACE}",
        f"Scores say what texts promise, not what was done. {SOURCES}",
    ]
    return profile(t, PILLARS, "lasting_peace", "What settlement attempts promise, pillar by pillar", notes), t


def _survival(r: Tables) -> tuple[Figure, pd.DataFrame]:
    t = r["survival"]
    first = t[t["years"] == 0]
    notes = [
        f"Kaplan-Meier curves of {int(first['at_risk'].sum())} settlement attempts that do not overlap, by breadth (mean share of the seven pillars' indicators "
        f"present), split at its median for display only. Fighting: a year with 25 or more battle-related deaths. Bands: pointwise 95 % intervals, log-log; "
        f"bars: censored at the end of 2024. The curves hold nothing constant: broader texts are longer, and conflicts that had gone quiet differ from active ones.",
        SOURCES,
    ]  # fmt: skip
    return survival(t, "How long peace lasts after broad and narrow agreements", notes, window=5), t


def _ledger(r: Tables) -> tuple[Figure, pd.DataFrame]:
    steps, coverage = r["ledger"], r["coverage"]
    notes = [
        "Joins keep every case: rows in equal rows out. Context is read in the year before t0, the year of the last substantive agreement. Missing is never "
        "zero: outside coverage, the source does not speak of the year; special codes are Polity's -66 (foreign interruption), -77 (collapse) and -88 "
        "(transition).",
        SOURCES
        + " Context: V-Dem v15, Polity5, World Development Indicators 2025-10, Correlates of War IGO v3 and Trade v4.",
    ]
    drawn = pd.concat([steps.assign(panel="steps"), coverage.assign(panel="coverage")], ignore_index=True)
    return ledger(steps, coverage, "From agreements to cases: no row lost without a reason", notes), drawn


FIGURES: dict[str, Drawing] = {
    "profile": Drawing(("profile",), _profile),
    "forest": Drawing(("hypotheses", "terms", "models", "notes"), _forest),
    "survival": Drawing(("survival",), _survival),
    "ledger": Drawing(("ledger", "coverage"), _ledger),
}
