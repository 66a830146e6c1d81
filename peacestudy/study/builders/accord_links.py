"""From the accords of the Peace Accords Matrix to cases: their
dates, agreements, states and conflicts.

What the sources say wrongly, or in two ways, is a finding here and is decided in ``decisions.tsv``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from peacestudy.core.countries import country_name, translate
from peacestudy.errors import SourceError
from peacestudy.outcomes.registry.pam import PROVISIONS
from peacestudy.study.builders.decisions import Decision, Finding

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BLANK, TWICE, CHANGES, NAMED = (
    "blank year of the accord",
    "calendar year stands twice",
    "promise changes with the years",
    "two dates of the accord",
)
LATE, CEASE, NONE, DIFFER = (
    "joined, but of a later year",
    "joined, but a ceasefire",
    "no agreement joined",
    "date differs from the agreement",
)
STATE, SHARED, OTHERS = "state differs", "one code for two states", "other conflicts of the state"
LONG_AFTER = 5  # years: an agreement of the accord itself is not signed so much later
Decided = Mapping[tuple[str, str], Decision]


@dataclass(frozen=True)
class Accord:
    """An accord as a case: its id in the Peace Accords Matrix, place,
    date, years, state, and what belongs to it.

    Attributes
    ----------
    first_year : calendar year of the accord's year 1.
    country : state whose domestic politics are read, Gleditsch-Ward code.
    conflicts : conflicts of UCDP/PRIO that it is to end.
    agreements : agreements of PA-X that are its text; empty where PA-X has none.
    """

    case_id: str
    place: str
    date: pd.Timestamp
    first_year: int
    country: int
    conflicts: tuple[int, ...]
    agreements: tuple[int, ...]

    @property
    def t0(self) -> int:
        """Year in which the accord was signed."""
        return int(self.date.year)


def named_dates(name: str, other: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The dates in ``accord_name`` ('..., Dec 29 1996') and
    ``country_accorddate`` ('Guatemala (12/29/1996)').

    Raises
    ------
    SourceError
        There is none in one of them.
    """
    one = re.search(r"([A-Z][a-z]{2}) (\d{1,2}) (\d{4})$", name)
    two = re.search(r"\(\s*(\d{1,2})/(\d{1,2})/(\d{4})\)$", other)
    if not one or one[1] not in MONTHS or not two:
        raise SourceError(
            f"no date in {name!r} or {other!r}. Expected 'Mon dd yyyy' and '(m/d/yyyy)' at their"
            " ends."
        )
    return (
        pd.Timestamp(int(one[3]), MONTHS.index(one[1]) + 1, int(one[2])),
        pd.Timestamp(int(two[3]), int(two[1]), int(two[2])),
    )


def accord_findings(pam: pd.DataFrame, pax: pd.DataFrame, acd: pd.DataFrame) -> list[Finding]:
    """Every problem of the accords: within the Peace Accords
    Matrix, against PA-X, against UCDP/PRIO.
    """
    own = [
        f
        for case, part in pam.groupby("pam_caseid", sort=True)
        for f in _within(int(str(case)), part)
    ]
    names = pam.drop_duplicates(["cowcode", "country"]).groupby("cowcode")["country"].apply(sorted)
    own += [
        Finding(f"cowcode {code}", SHARED, " and ".join(states), ("keep",))
        for code, states in names.items()
        if len(states) > 1
    ]
    heads: Any = pam.drop_duplicates("pam_caseid").sort_values("pam_caseid").to_dict("records")
    return own + [f for head in heads for f in _against(head, pax, acd)]


def _within(case: int, part: pd.DataFrame) -> list[Finding]:
    place = f"pam_caseid {case}"
    out = [
        Finding(f"{place} year {y}", BLANK, "blank", ("take",))
        for y in part.loc[part["year_count"].isna(), "year"]
    ]
    twice = part[part.duplicated("year", keep=False)]
    for year, rows in twice.groupby("year"):
        counts = " and ".join(str(k) for k in sorted(rows["year_count"]))
        out.append(
            Finding(f"{place} year {year}", TWICE, f"years {counts} of the accord", ("last is",))
        )
    for name in PROVISIONS:
        if part[name].nunique() > 1:
            ordered = part.sort_values("year_count")
            said = " ".join(ordered[name].astype(str))
            out.append(Finding(f"{place} {name}", CHANGES, said, ("promised", "not promised")))
    one, two = named_dates(part["accord_name"].iloc[0], part["country_accorddate"].iloc[0])
    if one != two:
        out.append(Finding(place, NAMED, f"{one.date()} and {two.date()}", ("take",)))
    return out


def _against(head: Mapping[str, object], pax: pd.DataFrame, acd: pd.DataFrame) -> list[Finding]:
    """An accord against the agreements joined to it, and the conflict
    they name against the others of its state.
    """
    case, code = int(str(head["pam_caseid"])), int(str(head["cowcode"]))
    place, day = (
        f"pam_caseid {case}",
        named_dates(str(head["accord_name"]), str(head["country_accorddate"]))[0],
    )
    joined = pax[pax["PamAgr"] == case].sort_values(["Dat", "AgtId"])
    if joined.empty:
        return [Finding(place, NONE, str(head["accord_name"]).split(",")[0], ("conflict",))]
    out = []
    for i, date, stage in joined[["AgtId", "Dat", "Stage"]].itertuples(index=False, name=None):
        if date.year - day.year >= LONG_AFTER:
            out.append(
                Finding(
                    f"AgtId {i}",
                    LATE,
                    f"{date.date()}, accord {case} of {day.year}",
                    ("leave out", "keep"),
                )
            )
        elif stage == "Cea":
            out.append(
                Finding(f"AgtId {i}", CEASE, f"{date.date()}, accord {case}", ("keep", "replace"))
            )
    first = joined.iloc[0]
    if first["Dat"] != day:
        out.append(
            Finding(
                place,
                DIFFER,
                f"{day.date()}, AgtId {first['AgtId']} {first['Dat'].date()}",
                ("accord", "agreement"),
            )
        )
    country = translate(code, day, "cow", "gw")
    if first["Loc1GWNO"] != country:
        out.append(
            Finding(
                place, STATE, f"{country}, in PA-X {first['Loc1GWNO']}", ("accord", "agreement")
            )
        )
    others = _others(int(first["UcdpCon"]), country, day.year, acd)
    if others:
        found = (
            f"{first['UcdpCon']}; in {day.year - 4} to {day.year} also {' '.join(map(str, others))}"
        )
        out.append(Finding(place, OTHERS, found, ("named alone", "with")))
    return out


def _others(conflict: int, country: object, year: int, acd: pd.DataFrame) -> list[int]:
    """Other conflicts within the state that were fought in the five years up to the accord."""
    near = acd[
        acd["year"].between(year - 4, year)
        & acd["type_of_conflict"].isin([3, 4])
        & (acd["gwno_loc"] == str(country))
    ]
    return sorted({int(c) for c in near["conflict_id"]} - {conflict})


def mended(pam: pd.DataFrame, decided: Decided) -> pd.DataFrame:
    """Accord-years as decided, with ``case_id, year_k``: years told,
    promises the same in all years of an accord.
    """
    out = pam.assign(case_id=pam["pam_caseid"].astype(str), year_k=pam["year_count"])
    for (place, problem), d in decided.items():
        words = place.split()
        if problem not in (BLANK, TWICE, CHANGES):
            continue
        own = out["pam_caseid"] == int(words[1])
        if problem == BLANK:
            out.loc[own & out["year_count"].isna(), "year_k"] = int(d.value)
        elif problem == TWICE:
            same = own & (out["year"] == int(words[3]))
            out.loc[same & (out["year_count"] == out.loc[same, "year_count"].max()), "year"] = int(
                d.value
            )
        else:
            out.loc[own, words[2]] = int(d.decision == "promised")
            if d.decision == "not promised":
                out.loc[own, PROVISIONS[words[2]].level] = 0
    return out


def make_accords(pam: pd.DataFrame, pax: pd.DataFrame, decided: Decided) -> list[Accord]:
    """The accords as cases.

    Parameters
    ----------
    pam : accord-years as ``mended`` gives them.
    pax : agreements of PA-X.
    decided : decisions on ``accord_findings``.
    """
    firsts: Any = pam[pam["year_k"] == 1].sort_values("pam_caseid").to_dict("records")
    return [_accord(row, pax, decided) for row in firsts]


def _accord(row: Mapping[str, object], pax: pd.DataFrame, decided: Decided) -> Accord:
    case, code = int(str(row["pam_caseid"])), int(str(row["cowcode"]))
    place = f"pam_caseid {case}"

    def said(problem: str, where: str = place) -> Decision | None:
        return decided.get((where, problem))

    joined = [int(i) for i in pax.loc[pax["PamAgr"] == case, "AgtId"].sort_values()]
    agreements = [j for i in joined for j in _kept(i, decided)]
    known: Any = pax.set_index("AgtId")
    day = named_dates(str(row["accord_name"]), str(row["country_accorddate"]))[0]
    if d := said(NAMED):
        day = pd.Timestamp(d.value)
    if any((c := said(CEASE, f"AgtId {i}")) and c.decision == "replace" for i in joined):
        day = known.loc[agreements[0], "Dat"]
    if d := said(DIFFER):
        agreements += [int(i) for i in d.value.split()]
        day = known.loc[agreements[0], "Dat"] if d.decision == "agreement" else day
    lost = [i for i in agreements if i not in known.index]
    if lost:
        raise SourceError(
            f"{place}: PA-X has no agreement {lost[0]} that decisions.tsv names. Correct the id."
        )
    none, with_ = said(NONE), said(OTHERS)
    conflicts = [int(none.value)] if none else [int(known.loc[agreements[0], "UcdpCon"])]
    if with_ and with_.decision == "with":
        conflicts += [int(c) for c in with_.value.split()]
    country = int(translate(code, day, "cow", "gw"))
    if (d := said(STATE)) and d.decision == "agreement":
        country = int(known.loc[agreements[0], "Loc1GWNO"])
    name = str(row["country"]).split(" (")[0]
    return Accord(
        str(case),
        name,
        day,
        int(str(row["year"])),
        country,
        tuple(conflicts),
        tuple(sorted(set(agreements))),
    )


def _kept(agreement: int, decided: Decided) -> list[int]:
    """An agreement that PA-X joins to an accord, as decided: itself, another, or none."""
    late, cease = (
        decided.get((f"AgtId {agreement}", LATE)),
        decided.get((f"AgtId {agreement}", CEASE)),
    )
    if late and late.decision == "leave out":
        return []
    return [int(cease.value)] if cease and cease.decision == "replace" else [agreement]


def state_name(accord: Accord) -> str:
    """English name of the state whose politics are read, in the year of the accord."""
    return country_name(accord.country, accord.t0, "gw")
