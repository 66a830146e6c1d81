"""The rows of a table of states and years that the members of a case match,
their values, and the reason where there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.joined import FILLED, MET, NO_KEY, NO_ROW, NOT_COVERED, OUTSIDE, PARTLY
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_keys, open_table
from peacestudy.joins.columns.collect import can_miss, gathered
from peacestudy.joins.columns.source_coverage import Whys
from peacestudy.joins.columns.special_codes import Codes, met_code, without_special
from peacestudy.joins.keys.match_keys import match_cases
from peacestudy.joins.keys.requested_keys import RequestedKeys
from peacestudy.joins.keys.unmatched_reasons import reasons
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.contradicting_rows import contradiction_text


def state_table(
    other: pd.DataFrame | OutcomeTable, columns: list[str], name: str
) -> tuple[pd.DataFrame, OutcomeTable | None]:
    """The other table, refused where a column of the key is absent
    or rows of one key stand in it twice.
    """
    table, source = open_table(other, name)
    has_keys(
        table,
        columns,
        name,
        " Name its columns of states and years: other_state, other_states, other_year.",
    )
    if text := contradiction_text(table, name, columns):
        raise JoinError(text)
    return table, source


@dataclass(frozen=True, eq=False)
class MetRows:
    """The rows that the members match.

    Attributes
    ----------
    at : for each member the row of the other table, -1 for none.
    why : the place of why in ``REASONS``.
    values : the other table's columns, a row a member, in types that can be missing.
    codes : by column that held special codes: for each member the
        place of its code, -1 for none.
    notes : what a reader must know of the keys.
    """

    at: npt.NDArray[np.int64]
    why: Whys
    values: pd.DataFrame
    codes: dict[str, Codes]
    notes: tuple[Note, ...] = ()

    def column(self, name: str, absent: Mapping[str, float]) -> pd.Series:
        """The values of a column, with the declared one where a row is absent."""
        values = self.values[name]
        if name not in absent:
            return values
        value = absent[name]
        where = self.why == NO_ROW
        if values.dtype == "boolean" and value in (0, 1):
            return values.mask(where, bool(value))
        if pd.api.types.is_integer_dtype(values.dtype) and not float(value).is_integer():
            values = values.astype("Float64")
        return values.mask(where, value)


def look_up(
    keys: Mapping[str, pd.Series],
    year: str,
    table: pd.DataFrame,
    source: OutcomeTable | None,
    columns: list[str],
    name: str,
) -> MetRows:
    """Find the row of each member.

    Parameters
    ----------
    keys : from each key column of the other table to the values of the members.
    year : the one of these columns that holds the year.
    table, source : the other table; an outcome table says over which units and years it speaks.
    columns : what is taken of it.
    name : what it is.
    """
    columns_of_members = [values.rename(column) for column, values in keys.items()]
    no_state = np.zeros(len(columns_of_members[0]), bool)
    look = RequestedKeys(columns_of_members, list(keys).index(year), no_state, [], ())
    met = match_cases(look, table, list(keys), [], name, "refuse")
    taken = list(dict.fromkeys(columns))
    values, codes = without_special(table[taken], source)
    member_codes = {}
    for column, code_of_row in codes.items():
        member_codes[column] = met_code(code_of_row, met.at)
    return MetRows(
        met.at,
        reasons(look, met, source, list(keys), False),
        gathered(can_miss(values), met.at),
        member_codes,
        met.notes,
    )


def case_why(why: Whys, owner: npt.NDArray[np.intp], cases: int) -> Whys:
    """The reason of each case from those of its members.

    ``met`` where each has a row or a declared value and one at least a row, ``partly observed``
    where some have a row; else the reason of the member that came nearest to one; a case without
    members has no key.
    """
    count = {}
    for reason in (MET, FILLED, NO_ROW, NOT_COVERED, OUTSIDE):
        count[reason] = np.bincount(owner[why == reason], minlength=cases)
    members = np.bincount(owner, minlength=cases)
    out = np.full(cases, NO_KEY)
    for reason in (OUTSIDE, NOT_COVERED, NO_ROW, FILLED):
        out[count[reason] > 0] = reason
    some = count[MET] > 0
    out[some] = PARTLY
    out[some & (count[MET] + count[FILLED] == members)] = MET
    return out.astype(np.int8)
