"""Peace between those who signed: years of fighting by dyad, windows
that share no dyad-year, who else fought on.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from peacestudy.errors import SourceError
from peacestudy.outcomes.peace import PeaceRule, fighting_known, lasting_peace

YEAR_ONLY = 5  # precision of a date in UCDP from which no more than its year is known


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
    began : for years of fighting, the day on which the episode reached 25 deaths, where it is
        known.
    """

    id: int
    conflict: int
    side_a: str
    side_b: str
    years: frozenset[int]
    war: frozenset[int]
    began: Mapping[int, datetime.date] = field(default_factory=dict, hash=False)


def read_dyads(dyad_years: pd.DataFrame) -> dict[int, Dyad]:
    """Every dyad by its id, from the rows of UCDP Dyadic (``dyad_id, conflict_id, side_a, side_b,
    year, intensity_level, start_date2``).

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
        began = {
            int(year): start.date()
            for year, start in zip(rows["year"], rows["start_date2"], strict=True)
            if not pd.isna(start)
        }
        out[number] = Dyad(number, int(last["conflict_id"]), one, other, years, war, began)
    return out


def years_of(dyads: Iterable[int], known: Mapping[int, Dyad]) -> set[int]:
    """Years in which any of the dyads fought."""
    return {y for d in dyads for y in known[d].years}


def known_of(dyads: Iterable[int], signed: datetime.date, known: Mapping[int, Dyad]) -> set[int]:
    """Years of fighting of any of the dyads that are known on the day of a signature, see
    ``peace.fighting_known``.
    """
    years: set[int] = set()
    for dyad in dyads:
        years |= fighting_known(signed, known[dyad].years, known[dyad].began)
    return years


def read_ends(episodes: pd.DataFrame) -> dict[int, dict[int, datetime.date | None]]:
    """The day on which the episodes of every dyad ended, by dyad and year, from the rows of UCDP
    Conflict Termination (``dyad_id, ependdate, ependprec``).

    The day is None where no more than the year of the end is known. An episode that had not ended
    by the last year of the data has no entry.
    """
    out: dict[int, dict[int, datetime.date | None]] = {}
    ended = episodes[episodes["ependdate"].notna()]
    for dyad, end, precision in ended[["dyad_id", "ependdate", "ependprec"]].itertuples(
        index=False, name=None
    ):
        exact = not pd.isna(precision) and precision < YEAR_ONLY
        out.setdefault(int(dyad), {})[end.year] = end.date() if exact else None
    return out


def fought_over(
    dyads: Iterable[int],
    signed: datetime.date,
    known: Mapping[int, Dyad],
    ended: Mapping[int, Mapping[int, datetime.date | None]],
) -> bool | None:
    """Whether any of the dyads fought after a signature, in its year.

    Parameters
    ----------
    dyads : those that signed.
    signed : day of the signature.
    known : dyads by id.
    ended : of ``read_ends``.

    Returns
    -------
    bool or None
        True where an episode reached 25 deaths in that year on the day of the signature or later,
        or ended in that year after the day. None where one ended in that year on an unknown day.
        An episode that goes on in the next year is not regarded: the outcome has it.
    """
    year, unknown = signed.year, False
    for dyad in dyads:
        began = known[dyad].began.get(year)
        if began is not None and began.year == year and began >= signed:
            return True
        if year not in ended.get(dyad, {}):
            continue
        end = ended[dyad][year]
        unknown |= end is None
        if end is not None and end > signed:
            return True
    return None if unknown else False


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

    Cases are taken in the order of their rows. One is kept if its t0 is more than ``horizon`` years
    from that of every kept case that shares a dyad with it, whatever other dyads they have, and
    whether or not fighting returned in between.

    Parameters
    ----------
    cases : ``t0, dyads`` (tuple of ids), in the order in which they are taken; only these compete.
    horizon : years.

    Returns
    -------
    Series of bool
        On the index of ``cases``.
    """
    taken: dict[int, list[int]] = {}
    kept = []
    for t0, dyads in cases[["t0", "dyads"]].itertuples(index=False, name=None):
        near = [year for dyad in dyads for year in taken.get(dyad, ()) if abs(t0 - year) <= horizon]
        kept.append(not near)
        if not near:
            for dyad in dyads:
                taken.setdefault(dyad, []).append(t0)
    return pd.Series(kept, index=cases.index, dtype=bool)


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
