"""Building a study's tables from source files: all of them are built before the first is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peacestudy.core.codebook import Codebook, read_codebook
from peacestudy.core.problems import one_of
from peacestudy.core.schema import Schema
from peacestudy.core.tables import write_table
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes import SOURCES
from peacestudy.study import peace_agreements
from peacestudy.study.config import CaseRule, Config
from peacestudy.study.load import read_config, study_folder
from peacestudy.study.package import write_package


@dataclass(frozen=True, eq=False)
class Builder:
    """How a study is built: its function, and the schema of every table it gives."""

    build: Callable[[Path, CaseRule, Codebook], peace_agreements.Built]
    schemas: Mapping[str, Schema]
    missing: Callable[[Path | None], list[str]]


BUILDERS: dict[str, Builder] = {
    "peace_agreements": Builder(peace_agreements.build, peace_agreements.TABLES, peace_agreements.missing_sources),
}


def missing(study: str, raw: Path | None) -> list[str]:
    """A line for every source file of a study that is not in the folder."""
    return _builder(study).missing(raw)


def build_study(study: str, raw: Path) -> list[str]:
    """Build and write every table of a study; returns a line a file written.

    Raises
    ------
    SourceError, CodebookError, SpecError
        Nothing is written then.
    """
    builder, folder = _builder(study), study_folder(study)
    built = builder.build(raw, _config(folder).cases, read_codebook(folder / "codebook.toml"))
    lines = []
    for name, table in built.tables.items():
        path = folder / f"{name}.csv"
        write_table(path, table)
        lines.append(f"{path}: {len(table)} rows")
    return [*lines, str(seal_study(study))]


def seal_study(study: str) -> Path:
    """Write datapackage.json anew from the tables that stand in the folder."""
    builder, folder = _builder(study), study_folder(study)
    config = _config(folder)
    head: dict[str, Any] = {
        "name": config.id.replace("_", "-"), "title": config.title, "description": config.question,
        "licenses": [{"name": "CC-BY-NC-SA-4.0", "title": "believed, as an adaptation of PA-X; see LICENSE and README.md"}],
        "sources": [{"title": f"{s.name}, version {s.version}. {s.citation}", "path": s.landing_page, "licence": s.licence, "sha256": s.sha256}
                    for s in SOURCES.values()],
    }  # fmt: skip
    write_package(folder, head, builder.schemas, tuple(n for n in builder.schemas if n not in ("cases", "ledger")))
    return folder / "datapackage.json"


def _config(folder: Path) -> Config:
    config, _, problems = read_config(folder)
    if config is None or problems:
        raise SpecError(f"{folder / 'study.toml'} has {len(problems)} problem(s); nothing was written.", problems)
    return config


def _builder(study: str) -> Builder:
    name = study_folder(study).name
    if name not in BUILDERS:
        raise SourceError("no builder: " + one_of("study", name, list(BUILDERS)))
    return BUILDERS[name]
