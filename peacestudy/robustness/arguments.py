"""Checks of the arguments of ``propagate`` and ``stability``."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from peacestudy.coding import CodingSheet
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note
from peacestudy.errors import CodingError, SpecError
from peacestudy.models import ModelSpec
from peacestudy.models.clock_check import check_clock, without_clock
from peacestudy.models.formulas.formula import parse


def coders_only(sheet: object) -> CodingSheet:
    """The sheet without adjudicated codes, which are no coder's codes.

    Raises
    ------
    CodingError
        It is no sheet.
    """
    if not isinstance(sheet, CodingSheet):
        raise CodingError(
            f"sheet is a {type(sheet).__name__}; give the CodingSheet that holds every coder's"
            " codes."
        )
    own = sheet.table["kind"] != "adjudicated"
    return sheet if own.all() else replace(sheet, table=sheet.table[own].reset_index(drop=True))


def specs_of(then: object) -> list[ModelSpec]:
    """One model or several as a list.

    Raises
    ------
    SpecError
        There is none, or something else.
    """
    specs = list(then) if isinstance(then, Sequence) and not isinstance(then, str) else [then]
    wrong = [s for s in specs if not isinstance(s, ModelSpec)]
    if wrong or not specs:
        found = f"{wrong[0]!r}" if wrong else "nothing"
        raise SpecError(f"then is {found}; give a ModelSpec, or several in a list.")
    return [s for s in specs if isinstance(s, ModelSpec)]


def after_clock(
    specs: list[ModelSpec], data: StudyFrame | pd.DataFrame
) -> tuple[list[ModelSpec], list[Note]]:
    """The models as they are fitted to drawn values, after a check against the clock in the rows
    that have a value in every column of the model, and notes with the reasons for columns that are
    used although they are known late.

    Raises
    ------
    SpecError
        A column is known only after the clock and has no reason.
    """
    table = data.data if isinstance(data, StudyFrame) else data
    ids = pd.Index(table[data.key]) if isinstance(data, StudyFrame) else data.index
    notes: list[Note] = []
    for spec in specs:
        # columns that codes give are not in the data
        columns = [c for c in parse(spec.formula).columns if c in table.columns]
        used = table[columns].notna().all(axis=1).to_numpy(dtype=bool)
        notes += check_clock(data, spec, ids[used].tolist())
    return [without_clock(spec) for spec in specs], notes


def table_of(data: object) -> tuple[pd.DataFrame, str]:
    """The rows of the data, and the column of their ids.

    Raises
    ------
    SpecError
        It is no table, or has no ids.
    """
    if isinstance(data, StudyFrame):
        return data.data, data.key
    if not isinstance(data, pd.DataFrame):
        raise SpecError(
            f"data is a {type(data).__name__}; give a StudyFrame or a DataFrame with one"
            " row per case."
        )
    if "case_id" not in data.columns:
        raise SpecError("data has no column 'case_id'; it is needed to identify the cases.")
    return data, "case_id"


def check_draws(draws: int, burn: int, thin: int, seed: int | None, chains: int) -> None:
    """Refuse what no chains can be drawn by, and a seed that is none.

    Raises
    ------
    SpecError
        Fewer than two draws for each of ``chains``, draws that these cannot
        share, a burn or thin that is none, no seed.
    """
    if draws < 2 * chains or draws % chains or burn < 0 or thin < 1:
        even = ", an even number" if chains == 2 else ""
        raise SpecError(
            f"draws is {draws}, burn {burn}, thin {thin}; expected at least {2 * chains}"
            f" draws{even}, burn from 0, thin from 1."
        )
    if seed is None:
        raise SpecError(
            "seed is None, so that the draws could not be reproduced. Give a whole number,"
            " as seed=1."
        )
