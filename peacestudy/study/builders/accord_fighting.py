"""Fighting in the conflicts and the states of accords, and what of it was known on the day of the
signature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from peacestudy.outcomes.peace import PeaceRule, fighting_known, fighting_years, lasting_peace
from peacestudy.study.builders.accord_links import Accord

ACD = "ucdp_acd_25.1"


@dataclass(frozen=True)
class Fighting:
    """Years with 25 or more battle-related deaths, by ``case_id`` of the accord.

    Attributes
    ----------
    conflict : in the conflicts that the accord is to end.
    state : in any conflict over the government or a territory of its state.
    known : of those in ``conflict``, the years that are known on the day of the signature.
    """

    conflict: Mapping[str, set[int]]
    state: Mapping[str, set[int]]
    known: Mapping[str, set[int]]


def fighting_of(accords: Sequence[Accord], acd: pd.DataFrame) -> Fighting:
    """The years of fighting of every accord.

    Parameters
    ----------
    accords : the cases.
    acd : conflict-years of UCDP/PRIO.
    """
    by_conflict, by_state = fighting_years(acd), _fighting_by_state(acd)
    began: dict[int, dict[int, pd.Timestamp]] = {}
    starts = acd[acd["start_date2"].notna()]
    columns = ["conflict_id", "year", "start_date2"]
    for conflict, year, start in starts[columns].itertuples(index=False, name=None):
        began.setdefault(int(conflict), {})[int(year)] = start.date()
    conflict_years, known = {}, {}
    for a in accords:
        conflict_years[a.case_id] = set().union(*(by_conflict[c] for c in a.conflicts))
        known[a.case_id] = set().union(
            *(fighting_known(a.date.date(), by_conflict[c], began.get(c, {})) for c in a.conflicts)
        )
    state_years = {a.case_id: by_state.get(a.country, set()) for a in accords}
    return Fighting(conflict_years, state_years, known)


def _fighting_by_state(acd: pd.DataFrame) -> dict[int, set[int]]:
    """Years of fighting of every state whose government or territory was fought over."""
    out: dict[int, set[int]] = {}
    for states, year in acd[["gwno_loc", "year"]].itertuples(index=False, name=None):
        for code in states.split(","):
            out.setdefault(int(code), set()).add(int(year))
    return out


def peace_after(
    fighting: Mapping[str, set[int]], cases: Sequence[str], starts: Sequence[int], rule: PeaceRule
) -> pd.DataFrame:
    """The columns of ``lasting_peace`` for windows that begin after given years.

    Parameters
    ----------
    fighting : years of fighting by case.
    cases : ids of the cases, one a window.
    starts : the last year before each window.
    rule : horizon and end of coverage.
    """
    numbers = list(range(len(cases)))
    by_window = {n: fighting[case] for n, case in zip(numbers, cases, strict=True)}
    spans = pd.DataFrame({"case_id": list(cases), "conflict_id": numbers, "t0": list(starts)})
    return lasting_peace(spans, by_window, rule, ACD)
