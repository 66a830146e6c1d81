"""Codings -> scores: sheets of coders, their agreement, adjudicated
codes, and scores.

Coefficients of agreement are in ``peacestudy.coding.reliability``, details of scores in
``peacestudy.coding.scoring``.
"""

from peacestudy.coding.adjudication import adjudicate
from peacestudy.coding.coding import Coding, CodingSheet
from peacestudy.coding.codings_file import append_codings, merge, read_codings
from peacestudy.coding.reliability import agreement, alpha
from peacestudy.coding.scoring import drop_indicators, reliability_floor, score
from peacestudy.coding.sheets import blank_sheet, form, read_sheet, write_sheet

__all__ = [
    "Coding",
    "CodingSheet",
    "adjudicate",
    "agreement",
    "alpha",
    "append_codings",
    "blank_sheet",
    "drop_indicators",
    "form",
    "merge",
    "read_codings",
    "read_sheet",
    "reliability_floor",
    "score",
    "write_sheet",
]
