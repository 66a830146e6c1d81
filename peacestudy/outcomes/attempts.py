"""From agreements to cases: settlement attempts, and the texts that belong to each.

Every function takes agreements with columns ``agreement_id, conflict_id, date, stage, type`` and
gives spans; the members of a span follow from it by one rule, so that a case's texts can be read
off its dates.
"""

from dataclasses import dataclass

import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError

SUBSTANTIVE_STAGES = ("SubPar", "SubComp")
SUBSTANTIVE_TYPES = ("Intra", "InterIntra")
RULES = ("chain", "anchor")
SPAN = ["conflict_id", "t0", "first_date", "last_date", "text_from", "text_to", "n_substantive"]


@dataclass(frozen=True)
class AttemptRule:
    """How substantive agreements become attempts.

    Attributes
    ----------
    rule : ``chain``: a run in which each agreement follows the last within ``gap_days``; its text
        reaches from ``before_days`` before the first to the day of the last. ``anchor``: everything
        from ``before_days`` before to ``gap_days`` after a first agreement; the next attempt begins
        with the first agreement after 1 January of the year in which fighting returned (but not
        within ``gap_days`` of the anchor), or else after the window of ``horizon`` years.
    gap_days : days, 0 or more.
    before_days : days before the first substantive agreement
        from which texts are scored, 0 or more.
    horizon : years after t0 over which the outcome is read, 1 or more.
    """

    rule: str
    gap_days: int
    before_days: int
    horizon: int

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise SpecError(one_of("rule", self.rule, RULES))
        for name, least in {"gap_days": 0, "before_days": 0, "horizon": 1}.items():
            value = getattr(self, name)
            if value < least:
                raise SpecError(f"{name} is {value}; it must be {least} or more.")


def is_substantive(agreements: pd.DataFrame) -> "pd.Series[bool]":
    """Whether an agreement settles part or all of the conflict between its parties."""
    return agreements["stage"].isin(SUBSTANTIVE_STAGES) & agreements["type"].isin(SUBSTANTIVE_TYPES)


def find_attempts(
    agreements: pd.DataFrame, fighting: dict[int, set[int]], rule: AttemptRule
) -> pd.DataFrame:
    """The attempts of every conflict.

    Parameters
    ----------
    agreements : agreements of known conflicts, a row each.
    fighting : conflict_id to its years with 25 or more deaths; read by ``anchor`` only.
    rule : how to bundle.

    Returns
    -------
    DataFrame
        ``conflict_id, t0, first_date, last_date, text_from, text_to, n_substantive``, sorted by
        conflict and t0. t0 is the year of the last substantive agreement.
    """
    find = _chains if rule.rule == "chain" else _anchors
    rows = [
        span
        for conflict, part in agreements.sort_values(
            ["conflict_id", "date", "agreement_id"]
        ).groupby("conflict_id")
        for span in find(part, fighting.get(int(str(conflict)), set()), rule)
    ]
    return pd.DataFrame(rows, columns=SPAN).sort_values(["conflict_id", "t0"], ignore_index=True)


def _chains(part: pd.DataFrame, fighting: set[int], rule: AttemptRule) -> list[tuple[object, ...]]:
    own = part[is_substantive(part)]
    run = (own["date"].diff() > pd.Timedelta(days=rule.gap_days)).cumsum()
    before = pd.Timedelta(days=rule.before_days)
    return [
        (
            _id(g),
            g["date"].max().year,
            g["date"].min(),
            g["date"].max(),
            g["date"].min() - before,
            g["date"].max(),
            len(g),
        )
        for _, g in own.groupby(run)
    ]


def _anchors(part: pd.DataFrame, fighting: set[int], rule: AttemptRule) -> list[tuple[object, ...]]:
    gap, before = pd.Timedelta(days=rule.gap_days), pd.Timedelta(days=rule.before_days)
    texts = part[part["stage"] != "Oth"]
    out: list[tuple[object, ...]] = []
    after = pd.Timestamp.min
    for anchor in part.loc[is_substantive(part), "date"]:
        if anchor <= after:
            continue
        bundle = texts[texts["date"].between(anchor - before, anchor + gap)]
        # of any type: the pilot's rule, kept as it counts
        own = bundle[bundle["stage"].isin(SUBSTANTIVE_STAGES)]
        t0 = int(own["date"].dt.year.max())
        later = [y for y in sorted(fighting) if y > t0]
        if later and later[0] <= t0 + rule.horizon:
            after = max(pd.Timestamp(later[0], 1, 1), anchor + gap)
        else:
            after = pd.Timestamp(t0 + rule.horizon, 12, 31)
        out.append(
            (
                _id(own),
                t0,
                own["date"].min(),
                own["date"].max(),
                anchor - before,
                anchor + gap,
                len(own),
            )
        )
    return out


def _id(part: pd.DataFrame) -> int:
    return int(part["conflict_id"].iloc[0])


def attempt_members(agreements: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """Which agreements belong to which attempt, and as what.

    Parameters
    ----------
    agreements : as in ``find_attempts``.
    attempts : spans with ``case_id``.

    Returns
    -------
    DataFrame
        ``case_id, agreement_id, role, substantive``. ``scored``: any stage but Oth, dated within
        the attempt's text; ``follow_up``: later, up to the day before the next attempt's text
        begins; it enters no score.
    """
    texts = agreements[agreements["stage"] != "Oth"].assign(substantive=is_substantive(agreements))
    following = (
        attempts.sort_values(["conflict_id", "t0"]).groupby("conflict_id")["text_from"].shift(-1)
    )
    spans = attempts.assign(next_text=following.fillna(pd.Timestamp.max.normalize()))
    columns = ["case_id", "conflict_id", "text_from", "text_to", "next_text"]
    both = texts.merge(spans[columns], on="conflict_id", how="inner", validate="many_to_many")
    both["role"] = pd.Series(None, index=both.index, dtype=object)
    both.loc[both["date"].between(both["text_from"], both["text_to"]), "role"] = "scored"
    both.loc[(both["date"] > both["text_to"]) & (both["date"] < both["next_text"]), "role"] = (
        "follow_up"
    )
    out = both[both["role"].notna()][["case_id", "agreement_id", "role", "substantive"]]
    return out.sort_values(
        ["case_id", "role", "agreement_id"], ascending=[True, False, True], ignore_index=True
    )


def at_first_agreement(attempts: pd.DataFrame, agreements: pd.DataFrame) -> pd.DataFrame:
    """The same attempts, clock and text of each stopped on the
    day of its first substantive agreement.

    An attempt whose text grows over years needs years in which it is written: a clock that starts
    at its last agreement counts from a moment that depends on how it went (immortal time).
    ``case_id``, where there is one, is kept.

    Parameters
    ----------
    attempts : spans of ``find_attempts``.
    agreements : as there; read for the number of substantive agreements of that day.
    """
    own = agreements[is_substantive(agreements)]
    count = own.groupby(["conflict_id", "date"]).size()
    days = list(zip(attempts["conflict_id"], attempts["first_date"], strict=True))
    return attempts.assign(
        t0=attempts["first_date"].dt.year.astype(attempts["t0"].dtype),
        last_date=attempts["first_date"],
        text_to=attempts["first_date"],
        n_substantive=[int(count[day]) for day in days],
    )


def largest_text(
    members: pd.DataFrame, length: "pd.Series[int]", date: "pd.Series[pd.Timestamp]"
) -> pd.DataFrame:
    """Of the scored agreements of every case the longest; of those of one
    length the latest; of one day the highest id.

    Parameters
    ----------
    members : scored rows of ``attempt_members``.
    length, date : pages and day of every agreement, by its id.
    """
    told = members.assign(
        length=members["agreement_id"].map(length), date=members["agreement_id"].map(date)
    )
    ordered = told.sort_values(["case_id", "length", "date", "agreement_id"])
    return ordered.groupby("case_id").tail(1)[members.columns].reset_index(drop=True)


def non_overlapping(cases: pd.DataFrame, horizon: int) -> "pd.Series[bool]":
    """One attempt a window: in every conflict the earliest first, the
    next one that begins after t0 + horizon.

    Parameters
    ----------
    cases : ``conflict_id, t0``; only these compete for a window.
    horizon : years.
    """
    taken: dict[int, int] = {}
    kept = []
    for i, conflict, t0 in cases.sort_values(["conflict_id", "t0"])[
        ["conflict_id", "t0"]
    ].itertuples(name=None):
        if conflict not in taken or t0 > taken[conflict] + horizon:
            kept.append(i)
            taken[conflict] = t0
    return pd.Series(cases.index.isin(kept), index=cases.index)
