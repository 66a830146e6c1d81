"""Scores + outcomes -> StudyFrame: joins that lose, invent and multiply nothing, with a ledger that proves it."""

from peacestudy.joins.join import join
from peacestudy.joins.missing import missing, missing_by
from peacestudy.joins.state_years import state_years

__all__ = ["join", "missing", "missing_by", "state_years"]
