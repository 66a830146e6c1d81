"""Scores + outcomes -> StudyFrame: joins that lose, invent and
multiply nothing, with a ledger that proves it.
"""

from peacestudy.core.names_to_codes import state_codes
from peacestudy.joins.events.windows import event_windows
from peacestudy.joins.events.years import event_years
from peacestudy.joins.join import join
from peacestudy.joins.missing import missing, missing_by
from peacestudy.joins.parquet import ParquetJoin, join_parquet
from peacestudy.joins.states.directions import from_directions
from peacestudy.joins.states.dyads import directed, dyad_key, dyad_years, undirected
from peacestudy.joins.states.several import several
from peacestudy.joins.states.state_years import state_years
from peacestudy.joins.states.systems import to_system
from peacestudy.joins.time.asof import asof
from peacestudy.joins.time.case_years import case_years
from peacestudy.joins.time.lagged import lagged
from peacestudy.joins.time.spells import spells
from peacestudy.joins.time.window import window
from peacestudy.joins.writers.write import write

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
    "state_codes",
    "state_years",
    "to_system",
    "undirected",
    "window",
    "write",
]
