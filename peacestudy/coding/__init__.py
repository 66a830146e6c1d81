"""From coding sheets to scores: sheets, agreement of coders, adjudication and scores.

Coefficients of agreement are in ``peacestudy.coding.reliability``, details of scores in
``peacestudy.coding.scoring``.
"""

from peacestudy.coding.adjudication import adjudicate
from peacestudy.coding.coding import Coding, CodingSheet
from peacestudy.coding.codings_file import append_codings, merge, read_codings
from peacestudy.coding.reliability import agreement, alpha
from peacestudy.coding.scoring import drop_indicators, reliability_floor, score
from peacestudy.coding.sheets import blank_sheet, form, read_sheet, write_sheet
from peacestudy.core.old_names import renamed_members

OLD_NAMES = {
    "floor": "peacestudy.coding.reliability_floor",
    "without": "peacestudy.coding.drop_indicators",
    "record": "peacestudy.coding.append_codings",
    "read_record": "peacestudy.coding.read_codings",
    "fit_scores": "peacestudy.coding.scoring.score_with_diagnostics",
    "internal_consistency": "peacestudy.coding.scoring.internal_consistency",
    "Flags": "peacestudy.coding.scoring.Flags",
    "Scores": "peacestudy.coding.scoring.Scores",
    "Alpha": "peacestudy.coding.reliability.Alpha",
    "CoderSheet": "peacestudy.coding.sheets.CoderSheet",
    "code_topics": "peacestudy.coding.rule_coding.code_topics",
    "split_values": "peacestudy.coding.splitting.split_values",
    "Splitting": "peacestudy.coding.splitting.Splitting",
    "read_decisions": "peacestudy.coding.adjudication.read_decisions",
    "CODER_KINDS": "peacestudy.coding.coding.CODER_KINDS",
    "CODING_SCHEMA": "peacestudy.coding.coding.CODING_SCHEMA",
    "CONFIDENCE": "peacestudy.coding.coding.CONFIDENCE",
    "SHEET_SCHEMA": "peacestudy.coding.coding.SHEET_SCHEMA",
}
__getattr__ = renamed_members(__name__, OLD_NAMES)

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
