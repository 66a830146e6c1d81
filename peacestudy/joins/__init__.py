"""Joins of cases with other tables, with a ledger that accounts for every row.

Pairs of states are in ``ps.joins.states``, joins of Parquet files in ``ps.joins.files``.
"""

from peacestudy.core.names_to_codes import state_codes
from peacestudy.core.old_names import renamed_members
from peacestudy.joins import files as files
from peacestudy.joins.events.windows import event_windows
from peacestudy.joins.events.years import event_years
from peacestudy.joins.key_join import join
from peacestudy.joins.missing_values import missing
from peacestudy.joins.states import from_directions, join_states, state_years, to_system
from peacestudy.joins.time.active_spells import spells
from peacestudy.joins.time.lags import lagged
from peacestudy.joins.time.nearest_dates import join_asof
from peacestudy.joins.time.windows import join_window
from peacestudy.joins.time.years_at_risk import case_years
from peacestudy.joins.writers.formats import write

OLD_NAMES = {
    "asof": "peacestudy.joins.join_asof",
    "window": "peacestudy.joins.join_window",
    "several": "peacestudy.joins.join_states",
    "join_parquet": "peacestudy.joins.files.join_parquet",
    "ParquetJoin": "peacestudy.joins.files.ParquetJoin",
    "directed": "peacestudy.joins.states.directed",
    "undirected": "peacestudy.joins.states.undirected",
    "dyad_key": "peacestudy.joins.states.dyad_key",
    "dyad_years": "peacestudy.joins.states.dyad_years",
    "missing_by": "peacestudy.joins.missing_values.missing_by",
}
__getattr__ = renamed_members(__name__, OLD_NAMES)

__all__ = [
    "case_years",
    "event_windows",
    "event_years",
    "from_directions",
    "join",
    "join_asof",
    "join_states",
    "join_window",
    "lagged",
    "missing",
    "spells",
    "state_codes",
    "state_years",
    "to_system",
    "write",
]
