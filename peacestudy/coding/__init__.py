"""Codings -> scores: sheets of coders, their agreement, what is
settled of it, and what the codes add up to.
"""

from peacestudy.coding.adjudicate import adjudicate, read_decisions
from peacestudy.coding.coding import (
    CODER_KINDS,
    CODING_SCHEMA,
    CONFIDENCE,
    SHEET_SCHEMA,
    Coding,
    CodingSheet,
)
from peacestudy.coding.record import merge, read_record, record
from peacestudy.coding.reliability import Alpha, agreement, alpha
from peacestudy.coding.rule_coding import code_topics
from peacestudy.coding.scoring import (
    Flags,
    Scores,
    fit_scores,
    floor,
    internal_consistency,
    score,
    without,
)
from peacestudy.coding.sheets import CoderSheet, blank_sheet, form, read_sheet, write_sheet
from peacestudy.coding.splitting import Splitting, split_values
from peacestudy.coding.third_party import third_party

__all__ = [
    "CODER_KINDS",
    "CODING_SCHEMA",
    "CONFIDENCE",
    "SHEET_SCHEMA",
    "Alpha",
    "CoderSheet",
    "Coding",
    "CodingSheet",
    "Flags",
    "Scores",
    "Splitting",
    "adjudicate",
    "agreement",
    "alpha",
    "blank_sheet",
    "code_topics",
    "fit_scores",
    "floor",
    "form",
    "internal_consistency",
    "merge",
    "read_decisions",
    "read_record",
    "read_sheet",
    "record",
    "score",
    "split_values",
    "third_party",
    "without",
    "write_sheet",
]
