"""Data files and known sources, read as tables that state their unit, key and coverage."""

from peacestudy.core.old_names import renamed_members
from peacestudy.outcomes.files import FileTable, read_file
from peacestudy.outcomes.known_sources import read_source, sources
from peacestudy.outcomes.registry import SOURCES
from peacestudy.outcomes.releases import ReleaseChanges, compare_releases
from peacestudy.outcomes.source import OutcomeTable, Source
from peacestudy.outcomes.user_table import as_outcome
from peacestudy.outcomes.vintages import Vintages, compare_vintages

OLD_NAMES = {
    "read": "peacestudy.outcomes.known_sources.read_source",
    "own": "peacestudy.outcomes.user_table.as_outcome",
}
__getattr__ = renamed_members(__name__, OLD_NAMES)

__all__ = [
    "SOURCES",
    "FileTable",
    "OutcomeTable",
    "ReleaseChanges",
    "Source",
    "Vintages",
    "as_outcome",
    "compare_releases",
    "compare_vintages",
    "read_file",
    "read_source",
    "sources",
]
