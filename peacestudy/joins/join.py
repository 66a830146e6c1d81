"""The join: keeps every row of the cases, multiplies none, never
matches missing to missing, and writes it down.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import one_of
from peacestudy.core.spoiled_numbers import spoiled_columns, spoiled_notes
from peacestudy.errors import JoinError
from peacestudy.joins.bring import as_frame, bring, taken
from peacestudy.joins.coverage import declared
from peacestudy.joins.gather import gathered, met_rows, refuse_shared
from peacestudy.joins.given import has_keys, key_pairs, opened
from peacestudy.joins.meet import meet
from peacestudy.joins.reasons import reasons, said
from peacestudy.joins.special import met_code, without_special
from peacestudy.joins.wanted import wanted_keys
from peacestudy.outcomes import OutcomeTable

SHAPES = ("one_to_one", "many_to_one")
TWICE = ("refuse", "agreeing", "missing")


def join(
    left: StudyFrame | pd.DataFrame,
    right: pd.DataFrame | OutcomeTable,
    *,
    on: str | Sequence[str] | Mapping[str, str],
    name: str = "",
    shape: str = "one_to_one",
    columns: Sequence[str] | None = None,
    states: str = "",
    lag: int = 0,
    absent: Mapping[str, object] | None = None,
    twice: str = "refuse",
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Bring the columns of another table to the cases.

    Parameters
    ----------
    left : the cases, a StudyFrame or a DataFrame with ``key`` and ``unit`` below; not changed.
    right : the other table, not changed. An OutcomeTable (``ps.outcomes.read``,
        ``ps.outcomes.own``) knows its years, units and special codes, so that the join can say why
        a row found nothing.
    on : key column, or columns, of both tables, of the same type; where they have other names,
        ``{column of the cases: column of the other table}``.
    name : what the other table is, for the ledger; an OutcomeTable has
        its id, or the name that ``own`` gave it.
    shape : ``one_to_one``, or ``many_to_one`` where several
        cases may share a row of the other table.
    columns : what to take; None takes all but the keys.
    states : code system of the cases' column that names a state (``gw, cow, iso3, vdem``); required
        where the source's key names a state. Codes are translated on 31 December of the year that
        is looked up.
    lag : years before the case's year that are looked up; negative for
        a lead. Needs an OutcomeTable with years.
    absent : ``{column: value}`` that stands where the other table covers unit and year and has no
        row. Only for a source that says what an absent row means; without it such values are
        missing.
    twice : rows of the other table that share a key are refused (``refuse``), or are one where they
        agree in all columns taken (``agreeing``, which refuses the others), or else give the cases
        that meet them a missing value, with the reason (``missing``).
    key, unit : id column and unit of the cases, where ``left`` is a DataFrame; None takes
        ``case_id`` where there is one, else the key column; with several key columns rows are
        numbered in a column ``row_id``.

    Returns
    -------
    StudyFrame
        Every row of ``left`` in its order; columns of ``right`` added, missing where nothing
        matched. Columns keep their type; where a value is missing, integers become Int64 and truth
        values boolean, which can say so. The ledger has one entry more: rows in, out, unmatched on
        both sides, duplicated, filled. ``ps.joins.missing`` tells the reason of every gap. Where no
        case found a row, a note says what the keys of both sides look like; another names columns
        of a DataFrame that are numbers but for marks such as "NA".

    Raises
    ------
    JoinError
        A key column is absent or of another type (a time zone or a frequency of periods included);
        keys that find no equal differ from one of the other table only by blanks, accents,
        composition (NFC, NFD), capitals, apostrophes, dashes, leading zeros or rounding (of keys
        that differ only by capitals or zeros, one of which found its equal, a note tells); keys of
        the other table stand twice; a column stands on both sides; a row of the other table meets
        several cases though ``one_to_one`` was declared; most codes of states are of another system
        than declared, or are names.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20]})
    >>> peace = pd.DataFrame({"state": [2, 70], "peace": [1, 0]})
    >>> frame = join(cases, peace, on="state", name="peace")
    >>> frame.ledger.table()[
    ...     ["rows_in", "rows_out", "unmatched", "other_unmatched"]
    ... ].values.tolist()
    [[2, 2, 1, 1]]
    """
    pairs = key_pairs(on)
    theirs = list(pairs.values())
    if isinstance(right, OutcomeTable):
        name = name or right.source.id or right.source.name
    other, source = opened(right, name or "the other table")
    _check(name, shape, twice)
    frame = as_frame(left, key, unit, list(pairs))
    has_keys(frame.data, list(pairs), "the cases")
    has_keys(other, theirs, name)
    take = taken(other, None if columns is None else list(columns), theirs, name)
    marked = [] if source else spoiled_notes(spoiled_columns(other[take]), reading=False)
    fill = declared(absent, source, take, name, numbers=False)
    look = wanted_keys(frame.data, source, pairs, states, lag)
    met = meet(look, other, theirs, take, name, twice)
    refuse_shared(frame, other[take], met.at, name)
    unmatched, shared = met_rows(met.at, len(other))
    if shared and shape == "one_to_one":
        raise JoinError(
            f"{shared} row(s) of {name} meet several cases. If that is meant (a country-year that"
            " several cases share), "
            f'say shape="many_to_one".'
        )
    why = reasons(look, met, source, theirs, bool(fill))
    values, special = without_special(other[take], source)
    added = gathered(values, met.at, why == FILLED, fill)
    entry = Entry(
        f"join {name}",
        "join",
        frame.unit,
        len(frame.data),
        len(frame.data),
        unmatched=int((met.at < 0).sum()),
        other_rows=len(other),
        other_unmatched=unmatched,
        duplicated=shared,
        filled=int((why == FILLED).sum()),
        why=said(look, met, why, pairs, shape, name, absent),
    )
    codes = {column: met_code(held, met.at) for column, held in special.items()}
    return bring(frame, added, why, entry, source, codes, (*look.notes, *met.notes, *marked))


def _check(name: str, shape: str, twice: str) -> None:
    if not name:
        raise JoinError('the other table has no name. Say what it is, for the ledger: name="...".')
    for what, word, known in (("shape", shape, SHAPES), ("twice", twice, TWICE)):
        if word not in known:
            raise JoinError(one_of(what, word, known))
