"""Scores + outcomes -> StudyFrame: joins that lose, invent and multiply nothing, with a ledger that proves it."""

from peacestudy.joins.asof import asof
from peacestudy.joins.case_years import case_years
from peacestudy.joins.clock import lagged
from peacestudy.joins.directions import from_directions
from peacestudy.joins.event_years import event_years
from peacestudy.joins.events import event_windows
from peacestudy.joins.join import join
from peacestudy.joins.missing import missing, missing_by
from peacestudy.joins.parquet import ParquetJoin, join_parquet
from peacestudy.joins.several import several
from peacestudy.joins.spells import spells
from peacestudy.joins.state_dyads import directed, dyad_key, dyad_years, undirected
from peacestudy.joins.state_years import state_years
from peacestudy.joins.states import to_system
from peacestudy.joins.window import window
from peacestudy.joins.write import write

__all__ = [
    "ParquetJoin",
    "asof",
    "case_years",
    "directed",
    "dyad_key",
    "dyad_years",
    "event_windows",
    "event_years",
    "from_directions",
    "join",
    "join_parquet",
    "lagged",
    "missing",
    "missing_by",
    "several",
    "spells",
    "state_years",
    "to_system",
    "undirected",
    "window",
    "write",
]
