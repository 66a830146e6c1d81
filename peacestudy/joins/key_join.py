"""The join by keys: it keeps every row of the cases, multiplies none,
never matches missing keys to each other, and records what it did.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from peacestudy.core.clock import Days, ends_of_years
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED
from peacestudy.core.keys import Ints
from peacestudy.core.ledger import Entry
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import one_of
from peacestudy.core.spoiled_numbers import spoiled_columns, spoiled_notes
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_keys, key_pairs, open_table
from peacestudy.joins.columns.collect import (
    count_rows_met,
    gathered,
    refuse_shared,
    several_cases_text,
)
from peacestudy.joins.columns.frame_columns import add_columns, as_frame, columns_to_take
from peacestudy.joins.columns.source_coverage import Whys, declared_values
from peacestudy.joins.columns.special_codes import met_code, without_special
from peacestudy.joins.keys.match_keys import match_cases
from peacestudy.joins.keys.requested_keys import RequestedKeys, keys_to_look_up
from peacestudy.joins.keys.unmatched_reasons import key_join_description, reasons
from peacestudy.outcomes import OutcomeTable

SHAPES = ("one_to_one", "many_to_one")
TWICE = ("refuse", "agreeing", "missing")


@renamed_arguments(left="cases", right="other")
def join(
    cases: StudyFrame | pd.DataFrame,
    other: pd.DataFrame | OutcomeTable,
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
    """Add the columns of another table to the cases, matched by keys.

    Every row of the cases is kept once, in its order. Missing keys are never matched to each other.

    Parameters
    ----------
    cases : StudyFrame or DataFrame
        The cases; not changed.
    other : DataFrame or OutcomeTable
        The other table; not changed. An OutcomeTable (``ps.outcomes.read_source``,
        ``ps.outcomes.as_outcome``) states its years, units and special codes, so that the join can
        give the reason why a row found nothing.
    on : str, sequence of str or mapping of str to str
        Key column, or columns, of both tables, of the same type; where their names differ,
        ``{column of the cases: column of the other table}``.
    name : str
        What the other table is, for the ledger. Optional for an OutcomeTable, which has its id, or
        the name that ``as_outcome`` gave it.
    shape : {"one_to_one", "many_to_one"}
        ``many_to_one`` where several cases may share a row of the other table.
    columns : sequence of str, optional
        The columns to add; None takes all but the keys.
    states : {"gw", "cow", "iso3", "vdem"}, optional
        Code system of the cases' column that names a state; required where the source's key names a
        state. Codes are translated on 31 December of the year that is looked up.
    lag : int
        Years before the case's year that are looked up; negative for a lead. Needs an OutcomeTable
        with years.
    absent : mapping of str to object, optional
        ``{column: value}`` for cases whose unit and year the other table covers without a row. Only
        for a source that says what an absent row means; without it such values are missing.
    twice : {"refuse", "agreeing", "missing"}
        What holds for rows of the other table that share a key. ``refuse`` raises an error;
        ``agreeing`` takes rows that agree in all columns taken as one, and refuses the others;
        ``missing`` does so too, and gives the cases that match the others a missing value with the
        reason.
    key : str, optional
        Id column of the cases, where ``cases`` is a DataFrame; None takes ``case_id`` where there
        is one, else the key column. With several key columns rows are numbered in a column
        ``row_id``.
    unit : str
        What a case is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        Every row of ``cases`` in its order, with the columns of ``other``, missing where nothing
        matched. Columns keep their type; where a value is missing, integers become Int64 and truth
        values boolean, which can be missing. The ledger has one more entry: rows in, out, unmatched
        on both sides, duplicated, filled. ``ps.joins.missing`` gives the reason of every missing
        value. Where no case found a row, a note shows the keys of both sides; another note names
        columns of a DataFrame that are numbers except for marks such as "NA".

    Raises
    ------
    JoinError
        A key column is absent or of another type (a time zone or a frequency of periods included).
        A key without a match differs from one of the other table only by blanks, accents,
        composition (NFC, NFD), capitals, apostrophes, dashes, leading zeros or rounding (where keys
        differ only by capitals or zeros and one of them found its match, there is a note instead).
        Keys of the other table are repeated. A column is in both tables. A row of the other table
        matches several cases although ``one_to_one`` was declared. Most codes of states are of
        another system than declared, or are names.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20]})
    >>> peace = pd.DataFrame({"state": [2, 70], "peace": [1, 0]})
    >>> frame = ps.join(cases, peace, on="state", name="peace")
    >>> frame.data.values.tolist()
    [['a', 2, 1], ['b', 20, <NA>]]
    >>> frame.ledger.table()[
    ...     ["rows_in", "rows_out", "unmatched", "other_unmatched"]
    ... ].values.tolist()
    [[2, 2, 1, 1]]
    """
    pairs = key_pairs(on)
    keys = list(pairs.values())
    if isinstance(other, OutcomeTable):
        name = name or other.source.id or other.source.name
    table, source = open_table(other, name or "the other table")
    _check(name, shape, twice)
    frame = as_frame(cases, key, unit, list(pairs))
    has_keys(frame.data, list(pairs), "the cases")
    has_keys(table, keys, name)
    named_columns = None if columns is None else list(columns)
    take = columns_to_take(table, named_columns, keys, name)
    spoiled = [] if source else spoiled_notes(spoiled_columns(table[take]), reading=False)
    fill = declared_values(absent, source, take, name, numbers=False)

    look = keys_to_look_up(frame.data, source, pairs, states, lag)
    met = match_cases(look, table, keys, take, name, twice)
    refuse_shared(frame, table[take], met.at, name)
    unused_rows, shared_rows = count_rows_met(met.at, len(table))
    if shared_rows and shape == "one_to_one":
        raise JoinError(several_cases_text(shared_rows, name))
    why = reasons(look, met, source, keys, bool(fill))
    values, special = without_special(table[take], source)
    added = gathered(values, met.at, why == FILLED, fill)
    codes = {column: met_code(code_of_row, met.at) for column, code_of_row in special.items()}
    rule = key_join_description(look, met, why, pairs, shape, name, absent)
    entry = _entry(frame, met.at, why, (len(table), unused_rows, shared_rows), name, rule)
    notes = (*look.notes, *met.notes, *spoiled)
    return add_columns(frame, added, why, entry, source, codes, notes, _known_on(look))


def _entry(
    frame: StudyFrame, at: Ints, why: Whys, other_rows: tuple[int, int, int], name: str, rule: str
) -> Entry:
    """The entry of the ledger; of the other table all rows, those unmatched and those shared."""
    rows, unused_rows, shared_rows = other_rows
    return Entry(
        f"join {name}",
        "join",
        frame.unit,
        len(frame.data),
        len(frame.data),
        unmatched=int((at < 0).sum()),
        other_rows=rows,
        other_unmatched=unused_rows,
        duplicated=shared_rows,
        filled=int((why == FILLED).sum()),
        why=rule,
    )


def _known_on(look: RequestedKeys) -> Days | None:
    """The last day of the year that each case looks up; None where no key is a year."""
    if look.year < 0:
        return None
    return ends_of_years(look.columns[look.year])


def _check(name: str, shape: str, twice: str) -> None:
    if not name:
        raise JoinError('the other table has no name. Say what it is, for the ledger: name="...".')
    for what, word, known in (("shape", shape, SHAPES), ("twice", twice, TWICE)):
        if word not in known:
            raise JoinError(one_of(what, word, known))
