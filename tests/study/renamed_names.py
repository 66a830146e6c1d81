"""The mapping of old to new names in names.csv, applied to old results and old study.toml files."""

import csv
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
with (HERE / "names.csv").open(encoding="utf-8", newline="") as file:
    NAMES = list(csv.DictReader(file))


def applies(row, kind, study, result):
    """Whether a row of the mapping is of a kind, and of a study and result where it names them."""
    return row["kind"] == kind and row["study"] in ("", study) and row["result"] in ("", result)


def mapping(kind, study="", result=""):
    """Old to new names of a kind."""
    return {row["old"]: row["new"] for row in NAMES if applies(row, kind, study, result)}


def renamed_result(study, name, table):
    """An old result, read as text, with the new names: its name and its table."""
    new = mapping("result", study).get(name, name)
    columns = mapping("column", study, new)
    values = mapping("value", study, new)
    table = table.rename(columns=columns)
    if values:
        table = table.replace(values)
    return new, table


def renamed_toml(study):
    """The old study.toml of a study as values, with the new keys and values."""
    text = (HERE / "declarations" / f"{study}.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    words = {row["old"]: row["new"] for row in NAMES if row["kind"] == "value"}
    for section in ("decision", "forecast", "contexts"):
        if section in values:
            values[section] = _renamed_keys(section, values[section])
    for section in ("uncertainty", "moderations"):
        if section in values:
            values[section] = [_renamed_keys(section, table) for table in values[section]]
    for section in ("hypotheses", "moderations"):
        for table in values.get(section, ()):
            table["text"] = words.get(table["text"], table["text"])
    for spec in values.get("specs", ()):
        spec["role"] = words.get(spec.get("role", "primary"), spec.get("role", "primary"))
    return values


def _renamed_keys(section, table):
    keys = mapping("key", result=section)
    return {keys.get(key, key): value for key, value in table.items()}
