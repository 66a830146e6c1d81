"""States: their codes in another system, every year of every state, pairs of states,
and cases that several states share.
"""

from peacestudy.joins.states.directions import from_directions
from peacestudy.joins.states.dyads import directed, dyad_key, dyad_years, undirected
from peacestudy.joins.states.independent_states import state_years
from peacestudy.joins.states.state_joins import join_states
from peacestudy.joins.states.systems import to_system

__all__ = [
    "directed",
    "dyad_key",
    "dyad_years",
    "from_directions",
    "join_states",
    "state_years",
    "to_system",
    "undirected",
]
