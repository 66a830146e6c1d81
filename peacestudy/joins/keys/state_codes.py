"""Codes of states in the key columns of a join: whether they are of the system that was declared,
and what a change of borders or of codes means for the rows they meet.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from peacestudy.core.code_systems import code_system_fit
from peacestudy.core.countries import covered, crosswalk, distinct_pairs, rows_in_force
from peacestudy.core.names_to_codes import names_given_as_codes
from peacestudy.core.problems import Note
from peacestudy.core.todays_codes import code_today
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable

SYSTEM_NAMES = {"gw": "GW", "cow": "COW", "iso3": "ISO3", "vdem": "V-Dem"}
# another system that has a larger share of the codes by at least this much is taken for the system
# of the column, and the declared one is refused; below it, a note says so
MARGIN = 0.1


def border_notes(borders: pd.Series, name: str) -> list[Note]:
    """A note that names the border changes between the years of the cases and today."""
    counts = borders.dropna().value_counts()
    if counts.empty:
        return []
    shown = "; ".join(f"{change}, {n} row(s)" for change, n in counts.head(3).items())
    more = f"; and {len(counts) - 3} other changes" if len(counts) > 3 else ""
    text = (
        f"{int(counts.sum())} row(s) of {name} are of years before a change of borders, or before"
        " their code was in force; they matched rows of the same code, which may describe the"
        f" borders of today: {shown}{more}."
    )
    return [Note("borders", text)]


class Misfit(NamedTuple):
    """How a column fits the system that was declared: a text where another fits better, refused
    where by a tenth or more.
    """

    text: str = ""
    refused: bool = False


def system_misfit(codes: pd.Series, dates: pd.Series | None, declared: str, column: str) -> Misfit:
    """Whether another system of states fits a column of codes better than the declared one.

    Parameters
    ----------
    codes, dates : the column, and the date or year of each code, or None.
    declared : the system that was declared.
    column : name of the column, for the text.

    Returns
    -------
    Misfit
        ``text`` is empty where the declared system fits best; ``refused``
        says that another fits better by a tenth.

    Examples
    --------
    >>> codes = pd.Series([255, 679, 345, 2])
    >>> print(system_misfit(codes, pd.Series([2010] * 4), "gw", "state").text)
    'state' is declared as GW, but 100 % of its 4 codes on their dates are COW codes, 25 % GW \
codes. GW does not have 255 in 2010, 679 in 2010, 345 in 2010. Declare COW, or correct the codes.
    """
    names = names_given_as_codes(codes, declared, column)
    if names:
        return Misfit(names, True)
    fit = code_system_fit(codes, dates)
    share = dict(zip(fit["system"], fit["share"], strict=True))
    best = str(fit["system"].iloc[0])
    if share[best] <= share[declared]:
        return Misfit()
    refused = share[best] - share[declared] >= MARGIN
    count = int(fit["codes"].iloc[0])
    on = " on their dates" if dates is not None else ""
    text = (
        f"{column!r} is declared as {SYSTEM_NAMES[declared]}, but {_percent(share[best])} of its"
        f" {count} codes{on} are {SYSTEM_NAMES[best]} codes, {_percent(share[declared])}"
        f" {SYSTEM_NAMES[declared]} codes. {_unknown_codes(codes, dates, declared, best)}"
    )
    if refused:
        text = f"{text} Declare {SYSTEM_NAMES[best]}, or correct the codes."
    return Misfit(text, refused)


def check_state_codes(
    data: pd.DataFrame,
    pairs: Mapping[str, str],
    source: OutcomeTable | None,
    dates: pd.Series | None = None,
) -> list[Note]:
    """Refuse cases whose codes of states are of another system than the source's;
    a note where single ones are.

    It is for the joins that do not translate codes: a code of another
    system would match another state, or none.

    Parameters
    ----------
    data, pairs : the cases, and key columns of the cases and of the other table.
    source : the other table, which says in which system its columns are; None for a plain one.
    dates : the date or year of each case, or None.
    """
    notes = []
    for mine, theirs in pairs.items():
        system = dict(source.source.states).get(theirs) if source else None
        if system:
            notes += misfit_notes(data[mine], dates, system, mine)
        notes += todays_notes(data[mine], source, theirs, mine)
    return notes


def misfit_notes(codes: pd.Series, dates: pd.Series | None, system: str, column: str) -> list[Note]:
    """Refuse codes that are of another system than the source's; a note where single ones are."""
    misfit = system_misfit(codes, dates, system, column)
    if misfit.refused:
        raise JoinError(
            f"{misfit.text} Write them in the source's system first: ps.joins.to_system."
        )
    return [Note("code_system", misfit.text)] if misfit.text else []


def todays_notes(
    codes: pd.Series, source: OutcomeTable | None, theirs: str, name: str
) -> list[Note]:
    """A note where cases carry former codes and the source writes
    today's, for the joins that do not translate codes.

    Parameters
    ----------
    codes : of the cases.
    source, theirs : the other table, and its column of states.
    name : name of the codes, for the text.
    """
    system = dict(source.source.states).get(theirs) if source else None
    if source is None or system is None or source.source.codes != "today":
        return []
    unmet = codes[codes.notna() & ~codes.isin(source.table[theirs])]
    now = {code: code_today(code, system) for code in unmet.unique()}
    former = {code: today for code, today in now.items() if today is not None and today != code}
    if not former:
        return []
    shown = ", ".join(f"{code} is {today} today" for code, today in list(former.items())[:5])
    text = (
        f"{int(unmet.isin(list(former)).sum())} row(s) of {name} carry former codes, and"
        f" {source.source.id or source.source.name} uses today's in every year, so they match no"
        f" row: {shown}. Write today's codes in the cases."
    )
    return [Note("codes", text)]


def _percent(share: float) -> str:
    digits = 0 if share in (0, 1) or 0.005 < share < 0.995 else 2
    return f"{100 * share:.{digits}f} %"


def _unknown_codes(codes: pd.Series, dates: pd.Series | None, declared: str, best: str) -> str:
    """The first codes that the declared system does not have and the better one has."""
    if dates is None:
        found = _codes_never_in_force(codes, declared, best)
    else:
        found = _codes_not_in_force(codes, dates, declared, best)
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"{SYSTEM_NAMES[declared]} does not have {', '.join(found[:5])}{more}."


def _codes_never_in_force(codes: pd.Series, declared: str, best: str) -> list[str]:
    """Codes that the declared system never had and the better one once had."""
    known = {}
    for system in (declared, best):
        known[system] = set(crosswalk()[system].dropna().astype(str))
    written = [_written(code) for code in codes.dropna().unique()]
    strange = [c for c in written if c not in known[declared] and c in known[best]]
    return strange


def _codes_not_in_force(codes: pd.Series, dates: pd.Series, declared: str, best: str) -> list[str]:
    """Codes that only the better system has on their date, with the date."""
    first = distinct_pairs(codes, dates)[1]
    columns = {"code": codes.iloc[first].array, "date": dates.iloc[first].array}
    table = pd.DataFrame(columns).astype(object).dropna()
    table = table[np.array([covered(d) for d in table["date"]], dtype=bool)]
    in_declared = rows_in_force(table["code"], table["date"], declared) >= 0
    in_best = rows_in_force(table["code"], table["date"], best) >= 0
    strange = table[~in_declared & in_best].drop_duplicates("code")
    found = []
    for code, date in zip(strange["code"], strange["date"], strict=True):
        found.append(f"{_written(code)} in {str(date).removesuffix(' 00:00:00')}")
    return found


def _written(code: object) -> str:
    return str(code).strip().removesuffix(".0")
