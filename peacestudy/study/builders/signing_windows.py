"""Which agreement of the study signing_dyads stands for its window, where several agreements of a
dyad lie within five years: by the declared rule, and by others.
"""

import pandas as pd

from peacestudy.outcomes.dyads import separate_windows
from peacestudy.outcomes.peace import PeaceRule

# each column of cases.csv, and what it says
CHOICES = {
    "opening": (
        "linked and eligible; taken in the order of dates, its t0 lies more than five years after"
        " that of every opening agreement that shares a dyad"
    ),
    "earliest_by_year": "as opening, but taken by year, and within a year from the last agreement",
    "latest_backwards": (
        "linked, eligible, window complete; taken from the latest agreement backwards"
    ),
    "longest_text": "linked, eligible, window complete; taken from the longest scored text",
    "earlier_declaration": (
        "as declared on 2026-11-23: as earliest_by_year, but eligible by eligible_by_year"
    ),
}


def choices(cases: pd.DataFrame, pages: "pd.Series[float]", rule: PeaceRule) -> pd.DataFrame:
    """The agreements that stand for their windows under each rule.

    Agreements of one day, or of equal length and one day, are taken in the order of their ids.

    Parameters
    ----------
    cases : in the order of their ids: ``case_id, date, t0, dyads`` (tuple of ids), ``linked``,
        ``eligible``, ``eligible_by_year``.
    pages : length of the scored texts, by case id.
    rule : the window.

    Returns
    -------
    DataFrame of bool
        The columns of ``CHOICES``, on the index of ``cases``.
    """
    known = cases[cases["linked"] & cases["eligible"]]
    by_year = cases[cases["linked"] & cases["eligible_by_year"]]
    complete = known[known["t0"] + rule.horizon <= rule.last_year]
    length = complete.assign(pages=complete["case_id"].map(pages))
    backwards = complete.sort_values("date", ascending=False, kind="stable")
    orders = {
        "opening": known.sort_values("date", kind="stable"),
        "earliest_by_year": _by_year(known),
        "latest_backwards": backwards,
        "longest_text": length.sort_values(["pages", "date"], ascending=[False, True]),
        "earlier_declaration": _by_year(by_year),
    }
    kept = {
        name: separate_windows(order, rule.horizon).reindex(cases.index, fill_value=False)
        for name, order in orders.items()
    }
    return pd.DataFrame(kept)[list(CHOICES)]


def _by_year(cases: pd.DataFrame) -> pd.DataFrame:
    return cases.sort_values(["t0", "date"], ascending=[True, False])
