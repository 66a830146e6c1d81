"""datapackage.json: what every table of a study holds, its bytes, and
on what terms (Frictionless Data Package).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Problem
from peacestudy.core.schema import Schema
from peacestudy.core.settings import inside, read_json
from peacestudy.core.spelling import canonical, visible
from peacestudy.core.tables import file_sha256, read_table, row_lines, write_text
from peacestudy.errors import PeacestudyError, SourceError

NAME = "datapackage.json"


def write_package(
    folder: Path,
    head: Mapping[str, Any],
    schemas: Mapping[str, Schema],
    case_tables: tuple[str, ...],
) -> None:
    """Write the descriptor of the tables that stand in the folder.

    Parameters
    ----------
    folder : the study.
    head : name, title, version, licences and sources of the package.
    schemas : schema of every table; the file of table ``cases`` is ``cases.csv``.
    case_tables : tables whose ``case_id`` must stand in ``cases``.
    """
    resources = []
    for name, schema in schemas.items():
        path = folder / f"{name}.csv"
        fields = schema.descriptor()
        if name in case_tables:
            fields["foreignKeys"] = [
                {"fields": ["case_id"], "reference": {"resource": "cases", "fields": ["case_id"]}}
            ]
        resources.append(
            {
                "name": name,
                "path": path.name,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": path.stat().st_size,
                "hash": f"sha256:{file_sha256(path)}",
                "schema": fields,
            }
        )
    write_text(
        folder / NAME,
        json.dumps({**head, "resources": resources}, indent=1, ensure_ascii=False) + "\n",
    )


@dataclass(frozen=True)
class _Resource:
    """A table as the descriptor has it."""

    name: str
    file: Path
    sha256: str
    schema: Schema
    foreign: tuple[tuple[str, str, str], ...]  # column here, table there, column there


def read_package(folder: Path) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Every table that the descriptor names, and all problems:
    bytes, schema, keys, foreign keys.
    """
    path = folder / NAME
    try:
        resources = [_resource(folder, r) for r in read_json(path, SourceError)["resources"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as err:
        rule = "expected a Frictionless data package with resources, schemas and hashes"
        return {}, [Problem(NAME, 0, "", f"{type(err).__name__}: {err}", rule, "restore the file")]
    except PeacestudyError as err:
        return {}, _told(err, NAME)
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for r in resources:
        try:
            tables[r.name] = read_table(r.file, r.schema)
        except SourceError as err:
            problems += _told(err, r.file.name)
            continue
        found = file_sha256(r.file)
        if found != r.sha256:
            rule = f"sha256 {r.sha256[:12]}... is recorded in {NAME}"
            remedy = (
                "restore the file; if the change is intended, run: python -m peacestudy"
                " update-hashes with the study's name"
            )
            problems.append(Problem(r.file.name, 0, "", found[:12] + "...", rule, remedy))
    for r in resources:
        problems += _strangers(r, tables, {other.name for other in resources})
    return tables, problems


def _resource(folder: Path, r: Mapping[str, Any]) -> _Resource:
    keys = tuple(
        (*_names(k["fields"]), str(k["reference"]["resource"]), *_names(k["reference"]["fields"]))
        for k in r["schema"].get("foreignKeys", ())
    )
    if any(len(k) != 3 for k in keys):
        raise ValueError(f"a foreign key of {r['name']} has several columns; one is read")
    if inside(r["path"], f"the path of table {r['name']!r}") != f"{r['name']}.csv":
        raise ValueError(
            f"the file of table {r['name']!r} is {r['path']!r}; it must be {r['name']}.csv"
        )
    return _Resource(
        r["name"],
        folder / r["path"],
        r["hash"].removeprefix("sha256:"),
        Schema.read(r["schema"]),
        keys,  # type: ignore[arg-type]
    )


def _names(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _told(err: PeacestudyError, file: str) -> list[Problem]:
    found = [p for p in err.problems if isinstance(p, Problem)]
    return found or [Problem(file, 0, "", "", str(err), "restore the file")]


def _strangers(r: _Resource, tables: dict[str, pd.DataFrame], known: set[str]) -> list[Problem]:
    """Values of a foreign key that the table it refers to does not have."""
    out = []
    for column, other, there in r.foreign:
        if other not in known:
            out.append(
                Problem(
                    NAME,
                    0,
                    column,
                    other,
                    f"a foreign key of {r.name} refers to a table",
                    "name a table",
                )
            )
        if r.name not in tables or other not in tables:
            continue
        absent = [
            f"{t}.{c}" for t, c in ((r.name, column), (other, there)) if c not in tables[t].columns
        ]
        if absent:
            out.append(
                Problem(
                    NAME,
                    0,
                    column,
                    ", ".join(absent),
                    f"a foreign key of {r.name} names columns",
                    "name a column",
                )
            )
            continue
        values = tables[r.name][column]
        strange = np.flatnonzero(values.notna() & ~values.isin(tables[other][there]))
        lines = row_lines(r.file) if len(strange) else []
        rule = f"every {column} is in {other}.csv"
        spelled = (
            {canonical(value): value for value in tables[other][there].dropna()}
            if len(strange)
            else {}
        )
        for i in strange:
            alike = spelled.get(canonical(values.iloc[i]))
            hint = "" if alike is None else f"; it is written {visible(alike)} there"
            remedy = f"correct it, or add the row there{hint}"
            out.append(Problem(r.file.name, lines[i], column, str(values.iloc[i]), rule, remedy))
    return out
