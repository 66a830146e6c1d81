"""datapackage.json: what every table of a study holds, its bytes, and on what terms (Frictionless Data Package)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.problems import Problem
from peacestudy.core.schema import Schema
from peacestudy.core.tables import file_sha256, read_table, read_text, write_text
from peacestudy.errors import PeacestudyError, SourceError

NAME = "datapackage.json"


def write_package(
    folder: Path, head: Mapping[str, Any], schemas: Mapping[str, Schema], case_tables: tuple[str, ...]
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
            fields["foreignKeys"] = [{"fields": ["case_id"], "reference": {"resource": "cases", "fields": ["case_id"]}}]
        resources.append({
            "name": name, "path": path.name, "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
            "bytes": path.stat().st_size, "hash": f"sha256:{file_sha256(path)}", "schema": fields,
        })  # fmt: skip
    write_text(folder / NAME, json.dumps({**head, "resources": resources}, indent=1, ensure_ascii=False) + "\n")


def read_package(folder: Path) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Every table that the descriptor names, and all problems: bytes, schema, keys, foreign keys."""
    path = folder / NAME
    try:
        resources = {r["name"]: r for r in json.loads(read_text(path))["resources"]}
        schemas = {name: Schema.read(r["schema"]) for name, r in resources.items()}
        files = {
            name: (folder / Path(r["path"]).name, r["hash"].removeprefix("sha256:")) for name, r in resources.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        line = getattr(err, "lineno", 0)
        return {}, [
            Problem(
                NAME,
                line,
                "",
                str(err),
                "expected a Frictionless data package with resources, schemas and hashes",
                "restore the file",
            )
        ]
    except PeacestudyError as err:
        return {}, list(err.problems) or [Problem(NAME, 0, "", "", str(err), "restore the file")]  # type: ignore[arg-type]
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name, (file, expected) in files.items():
        try:
            tables[name] = read_table(file, schemas[name])
        except SourceError as err:
            problems += list(err.problems) or [Problem(file.name, 0, "", "", str(err), "restore the file")]  # type: ignore[arg-type]
            continue
        found = file_sha256(file)
        if found != expected:
            rule = f"sha256 {expected[:12]}... stands in {NAME}"
            remedy = "restore the file; if the change is meant, run: python -m peacestudy seal with the study's name"
            problems.append(Problem(file.name, 0, "", found[:12] + "...", rule, remedy))
    for name, resource in resources.items():
        for key in resource["schema"].get("foreignKeys", ()):
            problems += _strangers(name, tables, key)
    return tables, problems


def _strangers(name: str, tables: dict[str, pd.DataFrame], key: Mapping[str, Any]) -> list[Problem]:
    """Values of a foreign key that the table it refers to does not have."""
    column, other = key["fields"][0], key["reference"]["resource"]
    if name not in tables or other not in tables:
        return []
    known = set(tables[other][key["reference"]["fields"][0]])
    values = tables[name][column]
    return [
        Problem(
            f"{name}.csv",
            int(i) + 2,
            column,
            str(values[i]),
            f"every {column} stands in {other}.csv",
            "correct it, or add the case",
        )
        for i in values.index[~values.isin(known)]
    ]
