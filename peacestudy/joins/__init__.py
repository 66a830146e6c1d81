"""Scores + outcomes -> StudyFrame: joins that lose, invent and multiply nothing, with a ledger that proves it."""

from peacestudy.joins.join import join

__all__ = ["join"]
