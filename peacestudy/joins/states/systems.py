"""States of one code system in another: a column of translated codes, never a guess, and a word
where the system is wrong.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.code_systems import code_system_fit
from peacestudy.core.countries import (
    SYSTEMS,
    covered,
    crosswalk,
    distinct_pairs,
    rows_in_force,
    translate_many,
)
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import MET, NO_STATE
from peacestudy.core.ledger import Entry
from peacestudy.core.names_to_codes import names_given_as_codes
from peacestudy.core.problems import Note, one_of
from peacestudy.core.todays_codes import DATES_OF_CODES, code_today, translate_todays
from peacestudy.errors import JoinError
from peacestudy.joins.bring import as_frame, bring
from peacestudy.joins.coverage import Bools, Whys, explained
from peacestudy.joins.gather import met_rows
from peacestudy.joins.given import has_keys
from peacestudy.outcomes import OutcomeTable

MARGIN = (
    # another system that knows so much more of the codes is the column's system; below, it is told
    # and not refused
    0.1
)
_WRITTEN = {"gw": "GW", "cow": "COW", "iso3": "ISO3", "vdem": "V-Dem"}


def to_system(
    cases: StudyFrame | pd.DataFrame | OutcomeTable,
    column: str,
    *,
    date: str | int,
    source: str,
    target: str,
    name: str,
    key: str | None = None,
    unit: str = "case",
    codes: str = "date",
    accept_misfit: bool = False,
) -> StudyFrame:
    """Add a column with the codes of states in another system, each on its date.

    Parameters
    ----------
    cases : a StudyFrame, a DataFrame, or an outcome table whose
        states are to be written as the cases' are.
    column : column of codes.
    date : column of dates or years (a year is its 31 December), or one year for all rows.
    source, target : {"gw", "cow", "iso3", "vdem"}: the system of ``column``, and the one wanted.
    name : name of the new column.
    key, unit : as in ``join``, where ``cases`` is a plain DataFrame.
    codes : ``date`` where a row carries the code that its state had on the date, ``today`` where it
        carries today's in every year, as most panels do (COD in 1990). An outcome table says so
        itself.
    accept_misfit : go on though another system fits the column
        better by a tenth or more of its codes.

    Returns
    -------
    StudyFrame
        With the column ``name``: Int64, for ``iso3`` text. It is missing where the code has no
        translation on its date; the ledger counts these rows, ``joined`` has the reason of each,
        and a note tells the commonest in words.

    Raises
    ------
    JoinError
        A column is absent, a system unknown, or the codes are rather those of another system.

    Examples
    --------
    >>> cases = pd.DataFrame({"case_id": ["a", "b", "c"], "state": [260, 678, 340], "year": 1995})
    >>> frame = to_system(cases, "state", date="year", source="gw", target="cow", name="ccode")
    >>> frame.data["ccode"].tolist()
    [255, 679, <NA>]
    >>> print(frame.notes[0])
    state: 1 of 3 rows have no COW code. GW 340 (Serbia) is in force from 2006-06-05; on \
1995-12-31 the state there was GW 345 (Yugoslavia). (1 row)
    """
    if isinstance(cases, OutcomeTable):
        cases, unit, codes = cases.table, cases.source.unit, cases.source.codes
    if codes not in DATES_OF_CODES:
        raise JoinError(one_of("codes", codes, DATES_OF_CODES))
    frame = as_frame(cases, key, unit, [column, str(date)])
    values, dates = _columns(frame.data, column, date)
    for what, system in (("source", source), ("target", target)):
        if system not in SYSTEMS:
            raise JoinError(one_of(what, system, SYSTEMS))
    _refuse_no_dates(dates, date)
    misfit = system_misfit(values, dates if codes == "date" else None, source, column)
    if misfit.refused and not accept_misfit:
        raise JoinError(f"{misfit.text} accept_misfit=True goes on all the same.")
    today = codes == "today"
    out = (
        translate_todays(values, dates, source, target, "source")
        if today
        else translate_many(values, dates, source, target)
    )
    none = out["translated"].isna().to_numpy()
    met = np.where(none, -1, rows_in_force(out["translated"], dates, target))
    entry = _entry(
        frame, met, f"translate {column} from {_WRITTEN[source]} to {_WRITTEN[target]} as {name}"
    )
    added = out["translated"].astype("str" if target == "iso3" else "Int64").to_frame(name)
    told = bring(frame, added, _why(values, dates, none), entry)
    notes = [Note("code_system", misfit.text)] if misfit.text else []
    if today:
        notes += border_notes(out["borders"], column)
    if none.any():
        notes.append(
            Note(
                "no_such_state",
                f"{column}: {int(none.sum())} of {len(out)} rows have no {_WRITTEN[target]} code. "
                f"{_commonest(out['reason'])}",
            )
        )
    return replace(told, notes=(*told.notes, *notes))


def border_notes(borders: pd.Series, name: str) -> list[Note]:
    """A note that names the border changes between the years of the cases and today."""
    counts = borders.dropna().value_counts()
    if counts.empty:
        return []
    shown = "; ".join(f"{change}, {n} row(s)" for change, n in counts.head(3).items())
    more = f"; and {len(counts) - 3} other changes" if len(counts) > 3 else ""
    text = (
        f"{int(counts.sum())} row(s) of {name} are of years before a change of borders, or before"
        " their code was in force; they met rows of the same code, which may describe the borders"
        f" of today: {shown}{more}."
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
    if names := names_given_as_codes(codes, declared, column):
        return Misfit(names, True)
    fit = code_system_fit(codes, dates)
    share = dict(zip(fit["system"], fit["share"], strict=True))
    best = str(fit["system"].iloc[0])
    if share[best] <= share[declared]:
        return Misfit()
    refused = share[best] - share[declared] >= MARGIN
    count, on = int(fit["codes"].iloc[0]), " on their dates" if dates is not None else ""
    text = (
        f"{column!r} is declared as {_WRITTEN[declared]}, but {_percent(share[best])} of its"
        f" {count} codes{on} are {_WRITTEN[best]} codes, {_percent(share[declared])}"
        f" {_WRITTEN[declared]} codes. {_strangers(codes, dates, declared, best)}"
    )
    return Misfit(
        f"{text} Declare {_WRITTEN[best]}, or correct the codes." if refused else text,
        refused,
    )


def own_system(
    data: pd.DataFrame,
    pairs: Mapping[str, str],
    source: OutcomeTable | None,
    dates: pd.Series | None = None,
) -> list[Note]:
    """Refuse cases whose codes of states are rather of another system than
    the source's; a note where single ones are.

    For the joins that translate nothing: a code of another
    system would meet another state, or none.

    Parameters
    ----------
    data, pairs : the cases, and key columns of the cases and of the other table.
    source : the other table, which says in which system its columns are; None for a plain one.
    dates : the date or year of each case, or None.
    """
    notes = []
    for mine, theirs in pairs.items():
        system = dict(source.source.states).get(theirs) if source else None
        misfit = system_misfit(data[mine], dates, system, mine) if system else Misfit()
        if misfit.refused:
            raise JoinError(
                f"{misfit.text} Write them in the source's system first: ps.joins.to_system."
            )
        notes += [Note("code_system", misfit.text)] if misfit.text else []
        notes += todays_notes(data[mine], source, theirs, mine)
    return notes


def todays_notes(
    codes: pd.Series, source: OutcomeTable | None, theirs: str, name: str
) -> list[Note]:
    """A note where cases carry former codes and the source writes
    today's, for the joins that translate nothing.

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
        f" {source.source.id or source.source.name} writes today's in every year, so they meet no"
        f" row: {shown}. Write today's codes in the cases."
    )
    return [Note("codes", text)]


def _percent(share: float) -> str:
    return (
        f"{100 * share:.0f} %"
        if share in (0, 1) or 0.005 < share < 0.995
        else f"{100 * share:.2f} %"
    )


def _strangers(codes: pd.Series, dates: pd.Series | None, declared: str, best: str) -> str:
    """The first codes that the declared system does not have, and the better one has."""
    if dates is None:
        table = pd.DataFrame({"code": codes.dropna().unique()}, dtype=object)
        ever = {s: _ever(s) for s in (declared, best)}
        own, better = ([_written(c) in ever[s] for c in table["code"]] for s in (declared, best))
    else:
        first = distinct_pairs(codes, dates)[1]
        table = (
            pd.DataFrame({"code": codes.iloc[first].array, "date": dates.iloc[first].array})
            .astype(object)
            .dropna()
        )
        table = table[np.array([covered(d) for d in table["date"]], dtype=bool)]
        own, better = (
            list(rows_in_force(table["code"], table["date"], s) >= 0) for s in (declared, best)
        )
    strange = table[~np.array(own, dtype=bool) & np.array(better, dtype=bool)].drop_duplicates(
        "code"
    )
    found = [_written(c) for c in strange["code"]]
    if dates is not None:
        found = [
            f"{c} in {str(d).removesuffix(' 00:00:00')}"
            for c, d in zip(found, strange["date"], strict=True)
        ]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"{_WRITTEN[declared]} does not have {', '.join(found[:5])}{more}."


def _ever(system: str) -> set[str]:
    return set(crosswalk()[system].dropna().astype(str))


def _written(code: object) -> str:
    return str(code).strip().removesuffix(".0")


def _columns(data: pd.DataFrame, column: str, date: str | int) -> tuple[pd.Series, pd.Series]:
    has_keys(data, [column, *([date] if isinstance(date, str) else [])], "the table")
    return data[column], data[date] if isinstance(date, str) else pd.Series(date, index=data.index)


def _refuse_no_dates(dates: pd.Series, date: str | int) -> None:
    """Refuse cells that are neither dates nor years: they would
    look like states that are not there.
    """
    wrong = []
    for cell in dates.iloc[distinct_pairs(dates, dates)[1]].dropna():
        try:
            covered(cell)
        except JoinError as err:
            wrong.append(str(err))
    if wrong:
        raise JoinError(
            f"{date!r} has {len(wrong)} different value(s) that are no date. The first: {wrong[0]}"
        )


def _why(codes: pd.Series, dates: pd.Series, none: Bools) -> Whys:
    day, first = distinct_pairs(dates, dates)
    before = np.array(
        [not pd.isna(d) and not covered(d) for d in dates.iloc[first].astype(object)], dtype=bool
    )
    complete = (codes.notna() & dates.notna()).to_numpy()
    return explained(np.where(none, NO_STATE, MET), none, complete=complete, outside=before[day])


def _entry(frame: StudyFrame, met: npt.NDArray[np.int64], step: str) -> Entry:
    unused, again = met_rows(met, len(crosswalk()))
    return Entry(
        step,
        "join",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((met < 0).sum()),
        other_rows=len(crosswalk()),
        other_unmatched=unused,
        duplicated=again,
        why=(
            "by the dated crosswalk of states, each code on its date; a code that is not in force"
            " has no translation"
        ),
    )


def _commonest(reasons: pd.Series) -> str:
    counts = reasons.dropna().value_counts(sort=True)
    told = " ".join(f"{reason} ({n} row{'s' * (n > 1)})" for reason, n in counts.head(3).items())
    return told + (f" And {len(counts) - 3} other reasons." if len(counts) > 3 else "")
