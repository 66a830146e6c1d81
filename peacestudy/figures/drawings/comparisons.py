"""Figures that compare a finding between studies and between releases of a source."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.core.display import p_text
from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.estimate_plot import estimates
from peacestudy.figures.theme import short_name
from peacestudy.models.inference.decisions import said

Tables = Mapping[str, pd.DataFrame]
STUDIES = {"peace_agreements": "settlement attempts", "signing_dyads": "signing dyads"}
RELEASES = {"pax_v9": "PA-X 9", "pax_v10": "PA-X 10"}
AXIS = "odds ratio, log scale"


def draw_comparison(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The hypotheses on pillars in studies A and B."""
    t, differences, texts = r["comparison"], r["differences"], study_notes(r["notes"])
    labels = [f"{i}  {short_name(x)}" for i, x in zip(t["id"], t["terms"], strict=True)]
    table = t.assign(label=labels, model=t["study"])
    sizes: Any = t.drop_duplicates("study").set_index("study")
    n = "; ".join(
        f"{name}: N {sizes.loc[s, 'n']:.0f}, {sizes.loc[s, 'n_events']:.0f} at peace,"
        f" {sizes.loc[s, 'n_clusters']:.0f} countries"
        for s, name in STUDIES.items()
    )
    rejected = "; ".join(
        f"{name}: {_rejected(table[table['study'] == s])}" for s, name in STUDIES.items()
    )
    notes = [
        (
            "Odds ratios of five years' peace for one standard deviation more: H0 from a model of"
            " breadth, H1 to H7 from a model of the seven pillars. Bars: 95 % intervals, clustered"
            f" by country. {n}."
        ),
        (
            "Settlement attempts: no fighting in the conflict after a series of agreements. Signing"
            " dyads: no fighting between the dyads that signed, after one agreement. The studies"
            " share agreements and countries and are not pooled; neither replicates the other."
        ),
        (
            f"Nulls rejected by Holm over the seven, H0 alone: {rejected}."
            f" {len(differences)} agreements have another outcome than the settlement attempt that"
            " includes them; the table of differences gives the reasons."
        ),
        texts["sources"],
    ]
    figure = estimates(
        table,
        STUDIES,
        "The same hypotheses in two units of analysis",
        "Odds ratios of peace by pillar, settlement attempts and signing dyads",
        AXIS,
        notes,
    )
    return figure, table


def draw_vintages(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The declared hypotheses on two releases of the source of texts."""
    t, cases, counts = r["vintage_findings"], r["vintages"], r["vintage_counts"]
    texts = study_notes(r["notes"])
    single = t[t["odds_ratio"].notna()]
    names = {i: short_name(x) for i, x in zip(single["id"], single["terms"], strict=True)}
    names |= {"H8": "Breadth by executive constraints", "H9": "Three pillars minus four"}
    labels = [f"{i}  {names[i]}" for i in single["id"]]
    table = single.assign(label=labels, model=single["release"])
    sizes = "; ".join(
        f"{name}: {_sizes(counts[counts['release'] == release])}"
        for release, name in RELEASES.items()
    )
    n_h8 = [f"{n:.0f}" for n in single.loc[single["id"] == "H8", "n"].drop_duplicates()]
    joint = "; ".join(
        f"{RELEASES[release]} {p_text(p)}"
        for release, p in t.loc[t["id"] == "H0_joint", ["release", "p_value"]].to_numpy()
    )
    rejected = "; ".join(
        f"{name}: {_rejected(single[single['release'] == release])}"
        for release, name in RELEASES.items()
    )
    status: Any = cases["status"].value_counts()
    changes = ", ".join(f"{status.get(kind, 0):.0f} {text}" for kind, text in STATUS.items())
    notes = [
        (
            "The study rebuilt on each release of PA-X, all other sources unchanged. Odds ratios"
            " of lasting peace for one standard deviation more (H8: of an interaction; H9: of the"
            " mean coefficient of three pillars minus that of four)."
        ),
        (
            "Bars: 95 % intervals, clustered by country; p not adjusted."
            f" {sizes} (H8: N {', '.join(n_h8)})."
        ),
        (
            f"Attempts from PA-X 9 to 10: {changes}. The releases share nearly all cases, so"
            " agreement between them is not a replication."
        ),
        (
            f"Nulls rejected by Holm over the family: {rejected}. Joint Wald test of the seven"
            f" pillars, p: {joint}."
        ),
        f"{texts['sources']} PA-X v9 (the same authors).",
    ]
    figure = estimates(
        table,
        RELEASES,
        "The finding on two releases of PA-X",
        "Odds ratios of lasting peace, PA-X 9 and PA-X 10",
        AXIS,
        notes,
    )
    return figure, table


STATUS = {
    "entered": "entered",
    "left": "left",
    "moved": "moved to another last year",
    "changed": "changed",
    "same": "unchanged",
}


def _rejected(rows: pd.DataFrame) -> str:
    """Every rejected null of the rows, with its direction."""
    return said(rows["id"], rows["decision"])


def _sizes(counts: pd.DataFrame) -> str:
    """Agreements, attempts and the primary sample of a release."""
    first, last = counts.iloc[0], counts.iloc[-1]
    attempts = counts.loc[counts["step"] == "attempts", "rows"].iloc[0]
    return (
        f"{first['rows']:,.0f} agreements, {attempts:.0f} attempts, N {last['rows']:.0f},"
        f" {last['events']:.0f} at peace"
    )
