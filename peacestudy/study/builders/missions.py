"""Peacekeeping missions by state and year, from two lists, and
what in the lists needs a decision.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from peacestudy.core.countries import country_name, translate
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable
from peacestudy.study.builders.decisions import Decision, Finding

UN, THIRD = "un_pko", "third_party_pkm_3.1"
FROM = 1989  # missions that ended before are not read: no attempt is so old
NO_COUNTRY, NO_START, NOT_IN_FORCE, OTHER_NAME = (
    "mission without a country",
    "mission without a start",
    "country code not in force",
    "country code is not that of the name",
)
Decided = Mapping[tuple[str, str], Decision]


@dataclass(frozen=True)
class Mission:
    """A mission in a state in a year: its name in the list, and the day on which it began there;
    None where only years are read.
    """

    name: str
    began: datetime.date | None


Presence = dict[tuple[int, int], list[Mission]]


def mission_findings(un: OutcomeTable, third: OutcomeTable) -> list[Finding]:
    """What in the two lists is blank, out of force or contradicts
    itself, among missions that reach 1989 or later.
    """
    out = []
    for row in _un_rows(un):
        where = f"{UN} mission {row['id']}"
        if row["iso3c"] is None:
            out.append(Finding(where, NO_COUNTRY, row["mission_acronym"], ("leave out",)))
        elif pd.isna(row["start_date"]):
            out.append(
                Finding(
                    f"{where} {row['iso3c']}",
                    NO_START,
                    f"{row['mission_acronym']} {row['iso3c']}",
                    ("leave out",),
                )
            )
        elif lost := [y for y in _years(row, un) if _gw(row["iso3c"], y, "iso3") is None]:
            found = (
                f"{row['mission_acronym']}: {row['iso3c']} is no code in {lost[0]} to {lost[-1]}"
            )
            out.append(
                Finding(f"{where} {row['iso3c']}", NOT_IN_FORCE, found, ("country", "leave out"))
            )
    for row in _third_rows(third):
        where, code = f"{THIRD} OBSNUM {row['OBSNUM']}", row["CCODE1"]
        try:
            name = country_name(code, max(row["STARTYR"], FROM), "cow")
        except JoinError:
            out.append(
                Finding(
                    where, NOT_IN_FORCE, f"{row['STATE']}, CCODE1 {code}", ("country", "leave out")
                )
            )
            continue
        if not any(word in row["STATE"] for word in name.split() if len(word) > 3):
            out.append(
                Finding(
                    where,
                    OTHER_NAME,
                    f"{row['STATE']}, CCODE1 {code} is {name}",
                    ("country", "keep"),
                )
            )
    return out


def un_presence(un: OutcomeTable, decided: Decided) -> Presence:
    """Missions of the UN list by Gleditsch-Ward code and year.

    Parameters
    ----------
    un : the list.
    decided : decisions on ``mission_findings``; ``country`` gives the state for the years in which
        the code is not in force.
    """
    out: Presence = {}
    for row in _un_rows(un):
        where = f"{UN} mission {row['id']}"
        code = row["iso3c"]
        if (where, NO_COUNTRY) in decided or (f"{where} {code}", NO_START) in decided:
            continue
        choice = decided.get((f"{where} {code}", NOT_IN_FORCE))
        if choice is not None and choice.decision == "leave out":
            continue
        for year in _years(row, un):
            state = _gw(code, year, "iso3")
            if state is None and choice is not None:
                state = int(choice.value)
            if state is not None:
                mission = Mission(row["mission_acronym"], row["start_date"].date())
                out.setdefault((state, year), []).append(mission)
    return out


def third_party_presence(third: OutcomeTable, decided: Decided) -> Presence:
    """Missions of any sender by Correlates of War code and year; those
    that went on when the list ended reach its end.
    """
    out: Presence = {}
    for row in _third_rows(third):
        where = f"{THIRD} OBSNUM {row['OBSNUM']}"
        choice = decided.get((where, NOT_IN_FORCE)) or decided.get((where, OTHER_NAME))
        if choice is not None and choice.decision == "leave out":
            continue
        code = (
            int(choice.value)
            if choice is not None and choice.decision == "country"
            else row["CCODE1"]
        )
        last = third.source.last_year if pd.isna(row["ENDYR"]) else row["ENDYR"]
        for year in range(row["STARTYR"], last + 1):
            out.setdefault((code, year), []).append(Mission(f"OBSNUM {row['OBSNUM']}", None))
    return out


def _un_rows(un: OutcomeTable) -> Iterator[dict[str, Any]]:
    for row in un.table.astype(object).to_dict("records"):
        if pd.isna(row["end_date"]) or row["end_date"].year >= FROM:
            yield {str(k): v for k, v in row.items()}


def _third_rows(third: OutcomeTable) -> Iterator[dict[str, Any]]:
    for row in third.table.astype(object).to_dict("records"):
        if pd.isna(row["ENDYR"]) or row["ENDYR"] >= FROM:
            yield {str(k): v for k, v in row.items()}


def _years(row: Mapping[str, Any], un: OutcomeTable) -> range:
    """Calendar years in which a mission of the UN list was there, from 1989 to the list's last."""
    last = (
        un.source.last_year
        if pd.isna(row["end_date"])
        else min(row["end_date"].year, un.source.last_year)
    )
    return range(max(row["start_date"].year, FROM), last + 1)


def _gw(code: object, year: int, system: str) -> int | None:
    """The Gleditsch-Ward code of a state on 31 December, or None
    where its code is not in force then.
    """
    try:
        return int(translate(code, year, system, "gw"))
    except JoinError:
        return None
