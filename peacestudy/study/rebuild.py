"""A study built anew in memory, on the releases that it names or on
others, and its declared hypotheses fitted alone.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from peacestudy.coding import CodingSheet
from peacestudy.core.problems import Note, one_of
from peacestudy.core.tables import parse_table, to_csv
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes import SOURCES
from peacestudy.study.builders import BUILDERS, Builder
from peacestudy.study.builders.releases import Releases
from peacestudy.study.load import adjudicated
from peacestudy.study.results import Results
from peacestudy.study.study import Study


def builder_of(study: Study) -> Builder:
    """How a study is built; SourceError where nobody but its author knows."""
    if study.config.id not in BUILDERS:
        raise SourceError("no builder: " + one_of("study", study.config.id, list(BUILDERS)))
    return BUILDERS[study.config.id]


def rebuild(study: Study, raw: Path, instead: Mapping[str, str]) -> Study:
    """The study with every table built anew from source files; nothing is written.

    Parameters
    ----------
    raw : folder with the source files.
    instead : from the id of a source that the study reads to the id
        of the release that is read in its place.

    Returns
    -------
    Study
        With the tables of its builder (frozen forecasts and what else is not built are not among
        them), which name the release that was read; its notes tell what was read and what became of
        the decisions.

    Raises
    ------
    SourceError
        A file is missing or not as known, or something found in a release has no decision.
    """
    builder = builder_of(study)
    for named, other in instead.items():
        if named not in builder.sources:
            raise SourceError(one_of("a source of the study", named, list(builder.sources)))
        if other not in SOURCES:
            raise SourceError(one_of(f"the release in place of {named}", other, list(SOURCES)))
    releases = Releases(dict(instead))
    built = builder.build(raw, study.config.cases, study.codebook, study.folder, releases)
    tables = {
        name: parse_table(
            to_csv(_renamed(table, instead)), builder.schemas[name], Path(f"{name}.csv")
        )
        for name, table in built.items()
    }
    sheet = (
        None
        if study.sheet is None
        else CodingSheet(tables["codings"], study.codebook, "codings.csv")
    )
    coding = None if sheet is None else adjudicated(study.folder, study.config, sheet)
    said = [_said(named, release) for named, release in instead.items()]
    changed = [
        n
        for n, t in tables.items()
        if n not in study.tables or to_csv(t) != to_csv(study.tables[n])
    ]
    if changed and not instead:
        said = [
            "Rebuilt on the releases that the study names, with differences from its tables:"
            f" {', '.join(changed)}."
        ]
    display = replace(study.config.display, sources=" ".join([study.config.display.sources, *said]))
    return replace(
        study,
        config=replace(study.config, display=display),
        coding=coding,
        tables=tables,
        sheet=sheet,
        releases=dict(instead),
        rebuild_notes=(*(Note("releases", s) for s in said), *releases.notes),
    )


def _said(named: str, other: str) -> str:
    old, new = SOURCES[named], SOURCES[other]
    return f"Rebuilt on {new.name} version {new.version} in place of version {old.version}."


def _renamed(table: pd.DataFrame, instead: Mapping[str, str]) -> pd.DataFrame:
    """A table whose source records name the release that was read:
    builders write the id that the study names.
    """
    out = table.copy()
    for column in out.columns[[str(t) in ("object", "str", "string") for t in out.dtypes]]:
        for named, other in instead.items():
            whole = rf"(?<!\w){re.escape(named)}(?!\w)"
            out[column] = [
                re.sub(whole, other, v) if isinstance(v, str) else v for v in out[column]
            ]
    return out


def primary(study: Study) -> pd.DataFrame:
    """What is found of every declared hypothesis, without the models that no hypothesis asks for.

    Returns
    -------
    DataFrame
        The columns of ``Results.hypotheses``, and ``n, n_events`` of the model.
    """
    config = study.config
    if not config.hypotheses:
        raise SpecError(f"study.toml of {config.id} declares no [[hypotheses]].")
    names = {h.spec for h in config.hypotheses}
    names |= {f"{n}_profile" for n in names} | {config.specs[0].name}
    if config.permutation is not None:
        names.add(config.permutation.spec)
    specs = tuple(s for s in config.specs if s.name in names)
    if any("weights" in s.options for s in specs):
        specs = config.specs  # the weights come from a model beside
    found = Results(replace(study, config=replace(config, specs=specs)))
    table = found.hypotheses()
    models = found.models().set_index("model")
    return table.assign(**{c: table["model"].map(models[c]) for c in ("n", "n_events")})
