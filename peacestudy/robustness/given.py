"""What a call of ``propagate`` or ``stability`` is given, in the one form that the rest works with."""

from collections.abc import Sequence
from dataclasses import replace

from peacestudy.coding import CodingSheet
from peacestudy.errors import CodingError, SpecError
from peacestudy.models import ModelSpec


def coders_only(sheet: object) -> CodingSheet:
    """The sheet without what was adjudicated, which is no coder's word: it would count as one who always agrees.

    Raises
    ------
    CodingError
        It is no sheet.
    """
    if not isinstance(sheet, CodingSheet):
        raise CodingError(f"sheet is a {type(sheet).__name__}; give the CodingSheet that holds every coder's codes.")
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
