"""The files that coders fill: written blank, read back, written anew."""

from peacestudy.coding.sheets.notebook_form import Form, form
from peacestudy.coding.sheets.read import read_sheet
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.coding.sheets.write import blank_sheet, write_sheet

__all__ = ["CoderSheet", "Form", "blank_sheet", "form", "read_sheet", "write_sheet"]
