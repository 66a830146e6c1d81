"""Sources -> outcome tables: what public data say happened, of which cases, in which context."""

from peacestudy.outcomes.files import FileTable, read_file
from peacestudy.outcomes.known import read, sources
from peacestudy.outcomes.own import own
from peacestudy.outcomes.registry import SOURCES
from peacestudy.outcomes.releases import ReleaseChanges, compare_releases
from peacestudy.outcomes.source import OutcomeTable, Source, read_source
from peacestudy.outcomes.vintages import Vintages, compare_vintages

__all__ = [
    "SOURCES",
    "FileTable",
    "OutcomeTable",
    "ReleaseChanges",
    "Source",
    "Vintages",
    "compare_releases",
    "compare_vintages",
    "own",
    "read",
    "read_file",
    "read_source",
    "sources",
]
