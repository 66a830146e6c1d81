"""Figure of the declared terms under every variant, for any study with one varied model."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from peacestudy.figures.drawings.agreements import study_notes
from peacestudy.figures.theme import pretty, short_name
from peacestudy.figures.variant_plot import ALPHA, variants

Tables = Mapping[str, pd.DataFrame]
MOST = 2  # terms that have room


def draw_declared_terms(r: Tables) -> tuple[Figure, pd.DataFrame]:
    """The terms of the varied model, two at most, and its joint test, under every variant."""
    t, texts = r["variants"], study_notes(r["notes"])
    declared: Any = t[t["variant"] == "declared"]
    is_joint = declared["measure"] == "joint test"
    single, joint = declared[~is_joint].head(MOST), declared[is_joint].head(1)
    columns = []
    for row in single.itertuples():
        columns.append((row.spec, row.term, f"{row.hypothesis}: {pretty(row.term)}"))
    in_family = ", ".join(declared.loc[declared["p_family"].notna(), "hypothesis"])
    joint_text = ""
    if len(joint):
        row = joint.iloc[0]
        names = ", ".join(short_name(term) for term in str(row["term"]).split())
        joint_text = f" {row['hypothesis']}: joint test of {names}, p by Holm."
    varied = t[t["variant"] != "declared"]
    counts = [_count(varied, row) for row in [*single.itertuples(), *joint.itertuples()]]
    notes = [
        (
            "Each row changes the declared model (first row) as its label says; the table of"
            " variants gives the reasons. Odds ratios of one unit more, of a log e times as much;"
            " bars: 95 % intervals, arrows where they leave the axis; grey: the declared interval."
            " N/events: rows and events of the model."
        ),
        f"Holm: p over {in_family}; filled: below .05.{joint_text}",
        f"{' '.join(counts)} The variants share most of their rows and are not independent tests.",
        f"{texts['outcome']} {texts['sources']} {texts['context']}",
    ]
    first, *rest = (column[1] for column in columns)
    ids = tuple(joint["hypothesis"])
    numbers = {first: ("N/events", "Holm"), **{term: ("Holm", *ids) for term in rest}}
    n, events = declared["n"].iloc[0], declared["n_events"].iloc[0]
    figure = variants(
        t,
        columns,
        "The finding under every variant",
        f"As declared: N = {n:,.0f}, {events:.0f} events",
        notes,
        "odds ratio, log scale",
        numbers,
    )
    return figure, t


def _count(varied: pd.DataFrame, row: Any) -> str:
    """In how many variants a hypothesis has which sign, and a p below .05."""
    rows = varied[varied["hypothesis"] == row.hypothesis]
    tested = rows[rows["p_value"].notna()]
    low = tested["p_family"].fillna(tested["p_value"]) < ALPHA
    share = f"p by Holm below .05 in {int(low.sum())} of {len(tested)}"
    if row.measure == "joint test":
        return f"{row.hypothesis}: {share}."
    above = tested["log_odds"] > 0
    sides = f" ({int((low & above).sum())} above 1)" if low.any() else ""
    return f"{row.hypothesis}: above 1 in {int(above.sum())} of {len(tested)}; {share}{sides}."
