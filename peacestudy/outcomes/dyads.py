"""Peace between those who signed: years of fighting by dyad, windows
that share no dyad-year, who else fought on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from peacestudy.errors import SourceError
from peacestudy.outcomes.peace import PeaceRule, lasting_peace


@dataclass(frozen=True)
class Dyad:
    """Two parties of a conflict, and the years in which 25 or
    more people died in battle between them.

    Attributes
    ----------
    id, conflict : ids of UCDP.
    side_a, side_b : names of the parties, as in the dyad's last year, single blanks.
    years : years with 25 or more battle-related deaths.
    war : those with 1000 or more.
    """

    id: int
    conflict: int
    side_a: str
    side_b: str
    years: frozenset[int]
    war: frozenset[int]


def read_dyads(dyad_years: pd.DataFrame) -> dict[int, Dyad]:
    """Every dyad by its id, from the rows of UCDP Dyadic (``dyad_id, conflict_id, side_a, side_b,
    year, intensity_level``).

    Raises
    ------
    SourceError
        A dyad stands under two conflicts.
    """
    out = {}
    for dyad, rows in dyad_years.sort_values("year").groupby("dyad_id"):
        if rows["conflict_id"].nunique() > 1:
            found = ", ".join(map(str, rows["conflict_id"].unique()))
            raise SourceError(
                f"dyad {dyad} is listed under the conflicts {found}; a dyad belongs to one."
                " Correct the file."
            )
        last = rows.iloc[-1]
        years = frozenset(map(int, rows["year"]))
        war = frozenset(map(int, rows.loc[rows["intensity_level"] == 2, "year"]))
        number = int(str(dyad))
        one = " ".join(str(last["side_a"]).split())
        other = " ".join(str(last["side_b"]).split())
        out[number] = Dyad(number, int(last["conflict_id"]), one, other, years, war)
    return out


def years_of(dyads: Iterable[int], known: Mapping[int, Dyad]) -> set[int]:
    """Years in which any of the dyads fought."""
    return {y for d in dyads for y in known[d].years}


def dyad_peace(
    cases: pd.DataFrame, known: Mapping[int, Dyad], rule: PeaceRule, source: str
) -> pd.DataFrame:
    """Outcome over the dyads that signed: peace is that none of them fought in the window.

    Parameters
    ----------
    cases : ``case_id, dyads`` (tuple of ids), ``t0``.
    known : dyads by id.
    rule, source : as in ``peace.lasting_peace``.

    Raises
    ------
    SourceError
        The source does not know a dyad, or a case has none: that is no sign of peace.
    """
    strange = sorted({d for own in cases["dyads"] for d in own} - set(known))
    without = [c for c, own in zip(cases["case_id"], cases["dyads"], strict=True) if not own]
    if strange or without:
        said = (
            f"{source} has no dyad {', '.join(map(str, strange[:5]))}"
            if strange
            else f"case {without[0]} has no dyad"
        )
        raise SourceError(
            f"{said}: this does not mean peace. Correct the id, or leave the case out."
        )
    numbered = cases[["case_id", "t0"]].assign(conflict_id=range(len(cases)))
    fighting = {n: years_of(own, known) for n, own in enumerate(cases["dyads"])}
    out = lasting_peace(numbered, fighting, rule, source)
    return out.assign(
        source=[f"{source} dyads {' '.join(map(str, own))}" for own in cases["dyads"]]
    )


def separate_windows(cases: pd.DataFrame, horizon: int) -> "pd.Series[bool]":
    """One case a window of every dyad: no year of any dyad is counted in two outcomes.

    Cases are taken by t0, and within a year the last agreement first (its text holds what was
    agreed before it that year). One is kept if its t0 lies after t0 + horizon of every kept case
    that shares a dyad with it. So two kept cases that share a dyad have t0 more than ``horizon``
    years apart, whatever other dyads they have, and whether or not fighting returned in between.

    Parameters
    ----------
    cases : ``date, t0, dyads`` (tuple of ids); only these compete.
    horizon : years.

    Returns
    -------
    Series of bool
        On the index of ``cases``.
    """
    last: dict[int, int] = {}
    kept = set()
    order = cases.assign(place=range(len(cases))).sort_values(
        ["t0", "date", "place"], ascending=[True, False, True]
    )
    for i, t0, dyads in order[["t0", "dyads"]].itertuples(name=None):
        if all(t0 > last[d] + horizon for d in dyads if d in last):
            kept.add(i)
            last |= dict.fromkeys(dyads, t0)
    return pd.Series(cases.index.isin(kept), index=cases.index)


def others_fighting(
    dyads: Iterable[int], conflicts: Iterable[int], years: Iterable[int], known: Mapping[int, Dyad]
) -> list[Dyad]:
    """Dyads of the conflicts, other than these, that fought in any of the years; sorted by id."""
    own, where, when = set(dyads), set(conflicts), set(years)
    return [
        d
        for d in sorted(known.values(), key=lambda d: d.id)
        if d.id not in own and d.conflict in where and d.years & when
    ]


def newcomers(
    dyads: Iterable[int],
    conflicts: Iterable[int],
    t0: int,
    window: Iterable[int],
    known: Mapping[int, Dyad],
) -> dict[int, list[Dyad]]:
    """Dyads that may be a signing dyad under another name, or merged with others.

    Parameters
    ----------
    dyads : those that signed.
    conflicts : conflicts to look in, beside each dyad's own.
    t0 : year of the agreement.
    window : years after it.
    known : dyads by id.

    Returns
    -------
    dict
        From every signing dyad that never fought after t0 to the dyads, sorted by id, that did not
        sign, were first seen fighting in t0 or later, and fought in the window. It is a sign, no
        proof: a group that was never party to the agreement looks the same.
    """
    own, where, when = set(dyads), set(conflicts), set(window)
    new = {}
    for dyad in sorted(own):
        if any(year > t0 for year in known[dyad].years):
            continue
        others = others_fighting(own, {known[dyad].conflict, *where}, when, known)
        found = [other for other in others if min(other.years) >= t0]
        if found:
            new[dyad] = found
    return new


def rival(dyad: Dyad) -> str:
    """Name of the party that fights the government; both where governments fight each other."""
    if dyad.side_b.startswith("Government of "):
        return f"{dyad.side_a} and {dyad.side_b}".replace("Government of ", "")
    return dyad.side_b
