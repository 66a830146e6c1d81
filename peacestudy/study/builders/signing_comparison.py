"""Study A beside study B: the settlement attempt whose texts hold an
agreement, and why the two judge it differently.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import read_table
from peacestudy.outcomes.dyads import Dyad, others_fighting, rival, years_of

ATTEMPTS = "peace_agreements"  # study A
REASONS = (
    "successor fought",
    "others fought",
    "other years",
    "others fought, other years",
    "other conflict",
    "eligible here only",
    "eligible in A only",
)
_CASES = Schema(
    (
        Field("case_id", required=True),
        Field("conflict_id", "integer", required=True),
        Field("t0", "year", required=True),
        Field("eligible", "boolean", required=True),
    ),
    ("case_id",),
)
_OUTCOMES = Schema(
    (
        Field("case_id", required=True),
        Field("window_from", "year", required=True),
        Field("window_to", "year", required=True),
        Field("lasting_peace", "boolean"),
    ),
    ("case_id",),
)
_MEMBERS = Schema(
    (
        Field("case_id", required=True),
        Field("agreement_id", "integer", required=True),
        Field("role", required=True),
    ),
    ("case_id", "agreement_id"),
)


@dataclass(frozen=True)
class Judged:
    """How a study judges a case.

    Attributes
    ----------
    case_id : its id in that study.
    conflicts : conflicts of UCDP that it belongs to.
    t0 : year from which the outcome is counted.
    window : years of the outcome.
    eligible : there was fighting to stop.
    peace : lasting peace; None where the window is not observed.
    """

    case_id: str
    conflicts: tuple[int, ...]
    t0: int
    window: range
    eligible: bool
    peace: bool | None


def read_attempts(folder: Path) -> dict[int, Judged]:
    """The attempt of study A that scores a PA-X text, by the text's
    id. A text belongs to one attempt at most.

    Parameters
    ----------
    folder : study A, with its built tables.
    """
    tables = [
        read_table(folder / f"{n}.csv", s)
        for n, s in (("cases", _CASES), ("outcomes", _OUTCOMES), ("agreements", _MEMBERS))
    ]
    cases = tables[0].merge(tables[1], on="case_id", how="left", validate="one_to_one")
    judged = {}
    for case, conflict, t0, eligible, first, last, peace in cases.itertuples(
        index=False, name=None
    ):
        known = None if pd.isna(peace) else bool(peace)
        judged[case] = Judged(
            case, (int(conflict),), int(t0), range(int(first), int(last) + 1), bool(eligible), known
        )
    members = tables[2]
    scored = members[members["role"] == "scored"]
    return {
        int(i): judged[c] for c, i in zip(scored["case_id"], scored["agreement_id"], strict=True)
    }


def differs(
    a: Judged | None,
    b: Judged,
    dyads: Iterable[int],
    heirs: Iterable[int],
    known: Mapping[int, Dyad],
    recent: int,
) -> tuple[str, str]:
    """Why study A and study B judge a case differently: the kind of
    reason, and a sentence; blank where they agree.

    Parameters
    ----------
    a, b : how the two studies judge it; None where A has no attempt.
    dyads : those that signed.
    heirs : dyads that are a signing one under another name or in a merger.
    known : all dyads by id.
    recent : years before t0 in which fighting makes a case eligible, as in t0 before the agreement.
    """
    own = tuple(dyads)
    if a is None:
        return "", ""
    if a.peace is not None and b.peace is not None and a.peace != b.peace:
        return _of_outcome(a, b, own, set(heirs), known)
    if a.eligible != b.eligible:
        return _of_eligibility(a, b, own, known, recent)
    return "", ""


def _of_outcome(
    a: Judged, b: Judged, own: tuple[int, ...], heirs: set[int], known: Mapping[int, Dyad]
) -> tuple[str, str]:
    signed = years_of(own, known)
    here = f"{_span(b.window)} here"
    apart = not set(a.conflicts) & set(b.conflicts)
    if b.peace:
        fought = others_fighting(own, a.conflicts, a.window, known)
        same = [d for d in fought if d.id in heirs]
        others = [d for d in fought if d.id not in heirs]
        late = sorted(signed & set(a.window))
        parts = [f"A files the text under conflict {a.conflicts[0]}"] if apart else []
        parts += (
            [f"{_names(same)} fought, a party that signed under another name or in a merger"]
            if same
            else []
        )
        parts += [f"{_names(others)} fought, which did not sign"] if others else []
        parts += (
            [f"the signing dyads fought in {_list(late)}, outside the window here"] if late else []
        )
        by = (
            "others fought, other years"
            if others and late
            else "others fought"
            if others
            else "other years"
        )
        because = "successor fought" if same else "other conflict" if apart else by
        return because, f"{a.case_id} fails in {_span(a.window)}, peace in {here}: " + "; ".join(
            parts
        )
    years = sorted(signed & set(b.window))
    head = f"{a.case_id} succeeds in {_span(a.window)}, fighting in {here}: "
    if apart:
        return (
            "other conflict",
            (
                f"{head}A files the text under conflict {a.conflicts[0]}; the signing dyads fought"
                f" in {_list(years)}"
            ),
        )
    return (
        "other years",
        (
            f"{head}the signing dyads fought in {_list(years)}, before A's window, which runs from"
            " the attempt's last agreement"
        ),
    )


def _of_eligibility(
    a: Judged, b: Judged, own: tuple[int, ...], known: Mapping[int, Dyad], recent: int
) -> tuple[str, str]:
    before_a, before_b = range(a.t0 - recent, a.t0 + 1), range(b.t0 - recent, b.t0 + 1)
    if b.eligible:
        fought = sorted(years_of(own, known) & set(before_b))
        return (
            "eligible here only",
            (
                f"{a.case_id} had no fighting that was known in {_span(before_a)}; the signing"
                f" dyads fought in {_list(fought)}"
            ),
        )
    others = others_fighting(own, a.conflicts, before_a, known)
    who = (
        f"{_names(others)} fought, which did not sign"
        if others
        else "the signing dyads fought, though not in the years here"
    )
    return (
        "eligible in A only",
        (
            f"no fighting of a signing dyad was known in {_span(before_b)}; in {_span(before_a)},"
            f" before {a.case_id}, {who}"
        ),
    )


def _span(years: range) -> str:
    return f"{years[0]}-{years[-1]}"


def _list(years: Iterable[int]) -> str:
    return " ".join(map(str, years))


def _names(dyads: Iterable[Dyad]) -> str:
    return ", ".join(rival(d) for d in dyads)
