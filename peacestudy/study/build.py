"""Building a study's tables from source files: all of them are
built before the first is written.
"""

from pathlib import Path
from typing import Any

from peacestudy.core.codebook import read_codebook
from peacestudy.core.problems import one_of
from peacestudy.core.tables import write_table
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes import SOURCES, compare_vintages
from peacestudy.study.builders import BUILDERS, Builder
from peacestudy.study.builders.releases import AS_NAMED
from peacestudy.study.config import Config
from peacestudy.study.forecasts import forecast_schemas
from peacestudy.study.load import codebook_path, load_study, read_config, study_folder
from peacestudy.study.package import write_package
from peacestudy.study.vintages import RELEASES, TABLES, other_releases, vintage_tables

# tables whose case_id must stand in cases.csv; ids of frozen forecasts may be gone from it
CASE_TABLES = (
    "agreements",
    "codings",
    "outcomes",
    "covariates",
    "implementation",
)


def missing(study: str, raw: Path | None) -> list[str]:
    """A line for every source file of a study that is not in the
    folder: the file, what it is, from whom.
    """
    needed = [SOURCES[i] for i in _builder(study).sources]
    return [s.where_to_get() for s in needed if raw is None or not (raw / s.file).is_file()]


def build_study(study: str, raw: Path) -> list[str]:
    """Build and write every table of a study; returns a line a file written.

    Raises
    ------
    SourceError, CodebookError, SpecError
        Nothing is written then.
    """
    builder, folder = _builder(study), study_folder(study)
    config = _config(folder)
    built = builder.build(
        raw, config.cases, read_codebook(codebook_path(folder, config)), folder, AS_NAMED
    )
    lines = []
    for name, table in built.items():
        path = folder / f"{name}.csv"
        write_table(path, table)
        lines.append(f"{path}: {len(table)} rows")
    return [*lines, str(update_hashes(study))]


def write_vintages(study: str, raw: Path | None) -> list[str]:
    """Compare a study on the releases of its sources and write what
    comes of it; returns a line a file written.

    Raises
    ------
    SourceError
        A file is missing, or something found in a release has no decision. Nothing is written then.
    """
    whole = load_study(study)
    if whole.config.id not in RELEASES:
        raise SourceError(
            "no other releases are known: " + one_of("study", whole.config.id, list(RELEASES))
        )
    lines = []
    for name, table in vintage_tables(
        compare_vintages(whole, RELEASES[whole.config.id], raw)
    ).items():
        write_table(whole.folder / f"{name}.csv", table)
        lines.append(f"{whole.folder / name}.csv: {len(table)} rows")
    return [*lines, str(update_hashes(study))]


def update_hashes(study: str) -> Path:
    """Write datapackage.json with the hashes of the tables in the folder."""
    builder, folder = _builder(study), study_folder(study)
    config = _config(folder)
    schemas, sources = dict(builder.schemas), builder.sources
    schemas |= forecast_schemas(folder)  # frozen, not built
    if (folder / "vintages.csv").is_file():  # written by a command of their own
        schemas |= TABLES
        sources = tuple(dict.fromkeys([*sources, *other_releases(config.id)]))
    head: dict[str, Any] = {
        "name": config.id.replace("_", "-"),
        "title": config.title,
        "description": config.question,
        "licenses": [
            {"name": config.display.licence, "title": "believed; see LICENSE and README.md"}
        ],
        "sources": [
            {
                "title": f"{s.name}, version {s.version}. {s.citation}",
                "path": s.landing_page,
                "licence": s.licence,
                "sha256": s.sha256,
            }
            for s in (SOURCES[i] for i in sources)
        ],
    }
    write_package(folder, head, schemas, tuple(n for n in schemas if n in CASE_TABLES))
    return folder / "datapackage.json"


def _config(folder: Path) -> Config:
    config, _, problems = read_config(folder)
    if config is None or problems:
        raise SpecError(
            f"{folder / 'study.toml'} has {len(problems)} problem(s); nothing was written.",
            problems,
        )
    return config


def _builder(study: str) -> Builder:
    name = study_folder(study).name
    if name not in BUILDERS:
        raise SourceError("no builder: " + one_of("study", name, list(BUILDERS)))
    return BUILDERS[name]
