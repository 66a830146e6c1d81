"""What in two key columns will not match as it should: types, zones,
rounding and spelling, refused or reported.

Matching itself is exact (``peacestudy.core.keys``). Two keys that differ only by their canonical
form (``peacestudy.core.spelling``) never match, and never in silence.
"""

import unicodedata
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.keys import kind
from peacestudy.core.problems import Note
from peacestudy.core.spelling import (
    CODE_LIKE,
    Twins,
    canonical_forms,
    differences,
    twins,
    twins_of,
    visible,
)

# relative distance below which a fraction and a number are one number that was rounded
CLOSE = 1e-6
EXACT = 2**53  # beyond, floats no longer hold every whole number


class KeyCheck(NamedTuple):
    """What a comparison of two key columns found: why they are
    refused (empty where they are not), and notes.
    """

    refusal: str = ""
    notes: tuple[Note, ...] = ()


def check_keys(
    key: str, mine: pd.Index, theirs: pd.Index, name: str, who: str = "the cases"
) -> KeyCheck:
    """Compare the distinct values of two key columns.

    Parameters
    ----------
    key : name of the column.
    mine, theirs : distinct values in the cases and in the other table.
    name, who : what the other table is, and what the table of the cases is.

    Returns
    -------
    KeyCheck
        Refused: columns of two types, texts and numbers in one column, dates with and without a
        time zone, days against times of day, periods of two frequencies, floats beyond 2**53,
        numbers that differ only by rounding, and texts that find no equal and have one form with a
        text of the other side. Reported: fractions as keys; texts of one side that have one form;
        and texts that differ only by capitals or leading zeros from one that found its equal, since
        codes may tell ``a`` from ``A``.

    Examples
    --------
    >>> check_keys("state", pd.Index([2, 20]), pd.Index(["002", "020"]), "peace").refusal
    "'state' is number in the cases and text in peace; nothing would match. peace writes numbers \
as text, 2 of 2 of them with leading zeros: make numbers of them, or texts of the cases' with \
the same zeros."
    """
    kinds = kind(mine), kind(theirs)
    if "empty" in kinds:
        return KeyCheck()
    if kinds[0] != kinds[1]:
        remedy = _remedy_for_types(kinds, mine, theirs, name, who)
        return KeyCheck(
            f"{key!r} is {kinds[0]} in {who} and {kinds[1]} in {name}; nothing would match."
            f" {remedy}"
        )
    held = kinds[0]
    if held.startswith("mixed"):
        return KeyCheck(
            f"{key!r} holds numbers and texts in one column. Convert it to one type: numbers as"
            " integers, or all of it as text with .astype(str)."
        )
    if held == "number":
        return _numbers(key, mine, theirs, name, who)
    if held == "datetime":
        return KeyCheck(_dates(key, mine, theirs, name, who))
    if held == "period":
        return KeyCheck(_periods(key, mine, theirs, name, who))
    if held == "text":
        return _texts(key, mine, theirs, name, who)
    return KeyCheck()


def twin_notes(key: str, values: pd.Index, who: str) -> tuple[Note, ...]:
    """A note on texts of one column that differ only by their
    form: they are taken for different keys.
    """
    if kind(values) != "text":
        return ()
    found = twins(values)
    if not found.pairs:
        return ()
    text = (
        f"{len(found.pairs)} key(s) in {key!r} of {who} differ from another one only by"
        f" {found.how} ({found.shown()}). They are treated as different keys; if they are the"
        " same, use one spelling."
    )
    return (Note("similar_keys", text),)


def split_units(panel: pd.DataFrame, key: str, others: list[str], year: str, who: str) -> str:
    """The sentence that refuses a panel in which one unit seems to be
    written in two ways; empty where none is.

    Two spellings of one form that never stand in the same year are refused: lags, leads and spells
    would break between them. Where both have a row in one year they are two units.

    Parameters
    ----------
    panel, who : the panel, and what it is.
    key, others : the column that names the unit, and further ones that do.
    year : the column of the year.
    """
    units = panel[key]
    if units.dtype.kind in "iufb" or kind(pd.Index(units.dropna().unique())) != "text":
        return ""
    pairs = []
    for first, other in twins(units.dropna().unique()).pairs:
        one = _rows_of_unit(panel, key, first, [*others, year])
        two = _rows_of_unit(panel, key, other, [*others, year])
        without_year = {row[:-1] for row in one} & {row[:-1] for row in two}
        if without_year and not one & two:
            pairs.append((first, other))
    if not pairs:
        return ""
    found = twins_of(pairs)
    return (
        f"{len(pairs)} unit(s) in {key!r} of {who} seem to be written in two ways, which differ"
        f" only by {found.how} and never occur in the same year: {found.shown()}. Write each unit"
        f" in one way first, for example with .replace({{{visible(pairs[0][1])}:"
        f" {visible(pairs[0][0])}}})."
    )


def _rows_of_unit(
    panel: pd.DataFrame, key: str, unit: object, columns: list[str]
) -> set[tuple[Any, ...]]:
    """The distinct rows of a unit, in some columns."""
    of_unit = (panel[key] == unit).fillna(False).astype(bool)
    return set(panel.loc[of_unit, columns].itertuples(index=False, name=None))


def _remedy_for_types(
    kinds: tuple[str, str], mine: pd.Index, theirs: pd.Index, name: str, who: str
) -> str:
    """What to do about two types."""
    if set(kinds) == {"number", "text"}:
        return _digits(kinds, mine, theirs, name, who)
    if set(kinds) & {"datetime", "date"}:
        return (
            "Convert both to dates with pd.to_datetime, or take the year of the dates (.dt.year)."
        )
    if set(kinds) == {"number", "boolean"}:
        return "True and 1 are not one key: convert both to integers with .astype(int)."
    return "Convert both to one type: numbers as integers, codes as text with .astype(str)."


def _digits(kinds: tuple[str, str], mine: pd.Index, theirs: pd.Index, name: str, who: str) -> str:
    if kinds[1] == "text":
        texts, writer, other = theirs, name, f"{who}'"
    else:
        texts, writer, other = mine, who, f"{name}'s"
    digits = [t.strip() for t in map(str, texts) if t.strip().isdecimal()]
    zeros = [t for t in digits if len(t) > 1 and t.startswith("0")]
    if zeros:
        return (
            f"{writer} writes numbers as text, {len(zeros)} of {len(texts)} of them with leading"
            f" zeros: make numbers of them, or texts of {other} with the same zeros."
        )
    if digits:
        return (
            f"{len(digits)} of {len(texts)} texts are digits: make numbers of them, for example"
            " with pd.to_numeric, or texts of the numbers with .astype(str)."
        )
    return "Convert both to one type: numbers as integers, codes as text with .astype(str)."


def _numbers(key: str, mine: pd.Index, theirs: pd.Index, name: str, who: str) -> KeyCheck:
    """Fractions match only where they are equal to the last bit;
    floats beyond 2**53 run together.
    """
    one, other = _floats(mine), _floats(theirs)
    for values, index, holder in ((one, mine, who), (other, theirs, name)):
        huge = np.abs(values) >= EXACT
        if index.dtype.kind == "f" and huge.any():
            return KeyCheck(
                f"{key!r} of {holder} holds {values[huge][0]:.0f} as a float, and floats beyond"
                " 2**53 do not hold every whole number: two ids may have become one. Read the"
                " column as text or integers."
            )
    fraction = np.concatenate([one[one % 1 != 0], other[other % 1 != 0]])
    if not len(fraction):
        return KeyCheck()
    pairs = _rounded(one, other)
    if pairs:
        a, b = pairs[0]
        return KeyCheck(
            f"{len(pairs)} number(s) of {key!r} differ between {who} and {name} only by rounding,"
            f" for example {a!r} and {b!r}, and would not match. Round both sides first"
            " (.round(3)), or use whole numbers or texts as keys."
        )
    text = (
        f"{key!r} holds fractions such as {float(fraction[0])!r}: as keys they match only if they"
        " are equal to the last bit. Whole numbers or texts are safer keys."
    )
    return KeyCheck(notes=(Note("float_keys", text),))


def _floats(values: pd.Index) -> npt.NDArray[np.float64]:
    out = np.asarray(values.astype(object), dtype=np.float64)
    return out[np.isfinite(out)]


def _rounded(
    one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> list[tuple[float, float]]:
    """Numbers without an equal on the other side that have one there
    within ``CLOSE``, one of the two a fraction.
    """
    found = []
    for values, known, turned in ((one, np.unique(other), False), (other, np.unique(one), True)):
        alone = np.setdiff1d(values, known)
        at = np.searchsorted(known, alone)
        for place in (np.maximum(at - 1, 0), np.minimum(at, len(known) - 1)):
            near = known[place]
            size = np.maximum(np.abs(near), np.abs(alone))
            hit = (np.abs(near - alone) <= CLOSE * size) & ((alone % 1 != 0) | (near % 1 != 0))
            pairs = zip(alone[hit].tolist(), near[hit].tolist(), strict=True)
            found += [(b, a) if turned else (a, b) for a, b in pairs]
    return list(dict.fromkeys(found))


def _zones(values: pd.Index) -> set[str]:
    """The time zones of dates, an empty text for those without one."""
    if isinstance(values, pd.DatetimeIndex):
        return {str(values.tz or "")}
    zones = (getattr(value, "tzinfo", None) for value in values)
    return {str(zone or "") for zone in zones}


def _zone_names(zones: set[str]) -> str:
    return ", ".join(sorted(zone or "no time zone" for zone in zones))


def _dates(key: str, mine: pd.Index, theirs: pd.Index, name: str, who: str) -> str:
    zones = _zones(mine), _zones(theirs)
    if zones[0] != zones[1] or len(zones[0]) > 1:
        here, there = _zone_names(zones[0]), _zone_names(zones[1])
        return (
            f"{key!r} has {here} in {who} and {there} in {name}, and the dates would not match."
            " Convert both to one zone with .dt.tz_convert, or take the zone off with"
            " .dt.tz_localize(None)."
        )
    sides = [pd.DatetimeIndex(values) for values in (mine, theirs)]
    days = [side.normalize() for side in sides]
    whole = [bool((side == day).all()) for side, day in zip(sides, days, strict=True)]
    if whole[0] == whole[1]:
        return ""
    short, long = (0, 1) if whole[0] else (1, 0)
    alone = sides[short].difference(sides[long])
    at = np.flatnonzero(days[long].isin(alone) & ~sides[long].isin(sides[short]))
    if not len(at):
        return ""
    holders = (who, name)
    return (
        f"{key!r} holds days in {holders[short]} and times of day in {holders[long]} (for example "
        f"{sides[long][at[0]]}), which would not match. Take the days of both: .dt.normalize()."
    )


def _periods(key: str, mine: pd.Index, theirs: pd.Index, name: str, who: str) -> str:
    here, there = _frequencies(mine), _frequencies(theirs)
    if here == there and len(here) == 1:
        return ""
    return (
        f"{key!r} holds periods of frequency {', '.join(here)} in {who} and {', '.join(there)} in"
        f" {name}, which would not match. Convert both to one frequency with .dt.asfreq."
    )


def _frequencies(values: pd.Index) -> list[str]:
    return sorted({str(getattr(value, "freqstr", "")) for value in values})


def _texts(key: str, mine: pd.Index, theirs: pd.Index, name: str, who: str) -> KeyCheck:
    """Texts of two columns by their canonical form."""
    values = dict.fromkeys([*mine.tolist(), *theirs.tolist()])
    if len(set(canonical_forms(values))) == len(values):
        return KeyCheck()
    refused, reported = spelling_pairs(mine, theirs)
    if refused:
        return KeyCheck(spelling_text(key, twins_of(refused), name, who))
    if reported:
        told = twins_of(reported)
        text = (
            f"{len(reported)} value(s) of {key!r} were not matched and differ only by {told.how}"
            f" from a matched value, in {who} and in {name}: {told.shown()}. They are treated as"
            " different keys; if they are the same, use one spelling."
        )
        return KeyCheck(notes=(Note("similar_keys", text),))
    if len(mine) == len(theirs) == len(mine.intersection(theirs)):
        return KeyCheck(notes=twin_notes(key, theirs, name))
    return KeyCheck(notes=twin_notes(key, mine, who) + twin_notes(key, theirs, name))


def spelling_text(key: str, found: Twins, name: str, who: str) -> str:
    """The sentences that refuse keys which differ only by their canonical form."""
    a, b = found.pairs[0]
    remedy = f".replace({{{visible(b)}: {visible(a)}}})"
    if all(_stripped(one) == _stripped(other) for one, other in found.pairs):
        remedy = ".str.strip().str.normalize('NFC')"
    return (
        f"{len(found.pairs)} value(s) of {key!r} differ between {who} and {name} only by"
        f" {found.how}, and would not match: {found.shown()}. Convert both to one spelling first,"
        f" for example with {remedy}."
    )


def _stripped(value: object) -> str:
    return unicodedata.normalize("NFC", str(value).strip())


Pairs = list[tuple[object, object]]


def spelling_pairs(mine: pd.Index, theirs: pd.Index) -> tuple[Pairs, Pairs]:
    """Pairs (of the first side, of the second) of different texts of one
    form, of which one at least finds no equal.

    Returns
    -------
    refused, reported
        Reported are pairs that differ only by capitals or leading
        zeros and of which one found its equal.
    """
    alone, others = mine.difference(theirs, sort=False), theirs.difference(mine, sort=False)
    if not len(alone) and not len(others):
        return [], []
    pairs = [(a, b) for a, b in _of_one_form(alone, theirs)]
    pairs += [(a, b) for b, a in _of_one_form(others, mine)]
    lost = set(alone) | set(others)
    refused: Pairs = []
    reported: Pairs = []
    for a, b in dict.fromkeys(pairs):
        one_met = a not in lost or b not in lost
        if one_met and set(differences(a, b)) <= CODE_LIKE:
            reported.append((a, b))
        else:
            refused.append((a, b))
    return refused, reported


def _of_one_form(values: pd.Index, known: pd.Index) -> list[tuple[Any, Any]]:
    """Each value with every known one of its form."""
    wanted = dict(zip(values, canonical_forms(values), strict=True))
    forms = set(wanted.values())
    at: dict[str, list[Any]] = {}
    for form, value in zip(canonical_forms(known), known, strict=True):
        if form in forms:
            at.setdefault(form, []).append(value)
    pairs = []
    for value, form in wanted.items():
        for other in at.get(form, []):
            pairs.append((value, other))
    return pairs
