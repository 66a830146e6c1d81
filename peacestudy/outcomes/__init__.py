"""Sources -> outcome tables: what public data say happened, of which cases, in which context."""

from peacestudy.outcomes.known import read, sources
from peacestudy.outcomes.registry import SOURCES
from peacestudy.outcomes.source import OutcomeTable, Source, read_source

__all__ = ["SOURCES", "OutcomeTable", "Source", "read", "read_source", "sources"]
