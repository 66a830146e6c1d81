"""Names of states to their codes, each on its date; what
cannot be matched is listed with the reason.
"""

from collections.abc import Sequence

import pandas as pd

from peacestudy.core.code_systems import code_system_fit
from peacestudy.core.countries import day_of
from peacestudy.core.dated_states import LABEL, SYSTEMS
from peacestudy.core.problems import one_of
from peacestudy.core.state_names import SOURCES, share_of_names, state_called
from peacestudy.errors import JoinError

MOST = 0.5  # a column of which more are names is one of names


def state_codes(
    names: Sequence[object] | pd.Series, system: str, date: object, *, source: str = ""
) -> pd.DataFrame:
    """Translate names of states into codes, each on its date.

    Nothing is guessed and no row is left out. The spellings are those of V-Dem, WDI, UCDP, PA-X,
    the United Nations and ISO 3166; accents, capitals, apostrophes, blanks and a leading article do
    not matter. Some names mean another state at another time, or two at once: Congo and Korea
    always, Germany (1949 to 1990), Yemen (1967 to 1990) and Vietnam (1954 to 1975); Yugoslavia ends
    in 2003, Serbia begins in 2006, Russia in 1991. A name that means two states on its date is not
    matched.

    Parameters
    ----------
    names : sequence or Series
        The names; missing ones stay missing.
    system : {"gw", "cow", "iso3", "vdem"}
        Code system of the result.
    date : date, int, str or sequence of them
        For each name its date or year (a year means its 31 December), or one for all; from
        1946-01-01 on.
    source : {"", "vdem", "wdi", "ucdp", "pax", "un"}
        Read names as this source does where conventions differ. V-Dem's Germany is West Germany
        before 1990, its Russia the Soviet Union, its Serbia Yugoslavia, its Yemen and Vietnam the
        north.

    Returns
    -------
    DataFrame
        Index of ``names``; ``name, date, code`` (Int64, for ``iso3`` text), ``state`` (its name in
        the crosswalk on the date) and ``reason``: why there is no code, with similar names as a
        hint, or missing.

    Raises
    ------
    JoinError
        An unknown system or source, another number of dates than names, a value that is no date, or
        a column of codes.

    Examples
    --------
    >>> found = ps.joins.state_codes(["Cote d'Ivoire", "Zaire", "Germany"], "gw", 1980)
    >>> found[["code", "state"]].values.tolist()
    [[437, "Cote d'Ivoire"], [490, 'Zaire'], [<NA>, None]]
    >>> print(found["reason"].iloc[2])
    'Germany' denotes several states on 1980-12-31: GW 260 (West Germany) or GW 265 (East
    Germany). Write which, or read it as a source does: source="vdem".
    """
    if system not in SYSTEMS:
        raise JoinError(one_of("system", system, SYSTEMS))
    if source not in ("", *SOURCES):
        raise JoinError(one_of("source", source, SOURCES))
    column = names if isinstance(names, pd.Series) else pd.Series(list(names), dtype=object)
    dates = _dates(date, column)
    _refuse_codes(column)
    rows = [_coded(name, day, system, source) for name, day in zip(column, dates, strict=True)]
    out = pd.DataFrame(rows, columns=["code", "state", "reason"], index=column.index, dtype=object)
    out["code"] = out["code"] if system == "iso3" else out["code"].astype("Int64")
    out.insert(0, "date", dates)
    out.insert(0, "name", column)
    return out


def unmatched_names(codes: pd.DataFrame) -> pd.DataFrame:
    """The names that ``state_codes`` could not match: ``name,
    rows, reason``, the most frequent first.
    """
    lost = codes[codes["code"].isna() & codes["name"].notna()]
    rows = (
        lost.groupby("name", sort=False)
        .agg(rows=("name", "size"), reason=("reason", "first"))
        .reset_index()
    )
    return rows.sort_values("rows", ascending=False, kind="stable", ignore_index=True)


def names_given_as_codes(values: pd.Series, system: str, column: str) -> str:
    """The sentence that refuses names of states where codes are
    expected; empty where they are not names.

    Examples
    --------
    >>> print(names_given_as_codes(pd.Series(["Mali", "Niger"]), "gw", "country"))
    'country' is declared as GW codes, and 2 of its 2 values are names of states ('Mali' is the \
name of GW 432 (Mali)). Turn them into codes first: ps.joins.state_codes(names, 'gw', date).
    """
    found, of, first = share_of_names(values)
    if found <= MOST * of:
        return ""
    fit = code_system_fit(values)
    known = dict(zip(fit["system"], fit["known"], strict=True))
    if known[system] >= found:  # USA is a name and a code
        return ""
    return (
        f"{column!r} is declared as {LABEL[system]} codes, and {found} of its {of} values are names"
        f" of states ({first}). Turn them into codes first: ps.joins.state_codes(names, {system!r},"
        " date)."
    )


def _dates(date: object, column: pd.Series) -> pd.Series:
    if not isinstance(date, pd.Series | list | tuple):
        return pd.Series([date] * len(column), index=column.index, dtype=object)
    if len(date) != len(column):
        raise JoinError(
            f"there are {len(column)} names and {len(date)} dates. Take both from one table."
        )
    if isinstance(date, pd.Series) and not date.index.equals(column.index):
        raise JoinError("names and dates do not have the same index; take both from one table.")
    return pd.Series(list(date), index=column.index, dtype=object)


def _refuse_codes(column: pd.Series) -> None:
    """Codes where names are expected would all be listed as unknown names."""
    names, of, _ = share_of_names(column)
    if not of or names > MOST * of:
        return
    fit = code_system_fit(column)
    if fit["share"].iloc[0] > MOST:
        system = str(fit["system"].iloc[0])
        raise JoinError(
            f"{fit['known'].iloc[0]} of the {of} values are {LABEL[system]} codes, such as"
            f" {column.dropna().iloc[0]!r}, and {names} are names of states. Translate codes with"
            f" ps.joins.to_system(..., source={system!r}, target=...)."
        )


def _coded(
    name: object, date: object, system: str, source: str
) -> tuple[object, str | None, str | None]:
    """Code, state and reason of one name."""
    if pd.isna(name):  # type: ignore[call-overload]
        return None, None, "the name is missing."
    try:
        day = day_of(date)
    except JoinError as err:
        return None, None, str(err)
    state, reason = state_called(str(name), day, source)
    if state is None:
        return None, None, reason
    code = state.codes[system]
    if code is None:
        note = f" Note: {state.note}." if state.note else ""
        return None, state.name, f"{LABEL[system]} has no code for {state.called(system)}.{note}"
    return code, state.name, None
