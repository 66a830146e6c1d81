"""What a table must look like: fields with type and bounds, keys; a table of text becomes a typed
one or a list of problems.

The descriptor is Frictionless Table Schema (https://specs.frictionlessdata.io/table-schema/), the
part of it that we use: type, constraints (required, minimum, maximum, enum, pattern), unit as
``unit``, missingValues, primaryKey.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.patterns import full_matches
from peacestudy.core.problems import Problem, nearest, one_of, repeated
from peacestudy.errors import SourceError

TYPES = ("string", "integer", "number", "boolean", "date", "year")
COMPARED = 100  # problems of a column for which the nearest known word is looked for
NUMERIC = ("integer", "number", "year")
# our own forms: pandas' parsers take 'inf', '1_000', surrounding blanks and the digits of every
# script
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
# sources write midnight for a day, as they write 160.0 for 160
_DATE = r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00:00)?"


@dataclass(frozen=True)
class Field:
    """One column: its name, type, unit and the values it may hold. Empty
    text is missing, and missing is declared.
    """

    name: str
    type: str = "string"
    required: bool = False
    unit: str = ""
    description: str = ""
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise SourceError(one_of(f"the type of field {self.name!r}", self.type, TYPES))
        bounds = [b for b in (self.minimum, self.maximum) if b is not None]
        if bounds and (
            self.type not in NUMERIC or not all(isinstance(b, int | float) for b in bounds)
        ):
            raise SourceError(
                f"field {self.name!r} is a {self.type} with bounds {bounds}. Bounds are numbers,"
                f" for fields of type {', '.join(NUMERIC)}."
            )
        try:
            if self.pattern:
                full_matches(self.pattern, [])
        except (ValueError, TypeError) as err:
            raise SourceError(
                f"the pattern {str(self.pattern)[:80]!r} of field {self.name!r} cannot be used as"
                f" an expression: {err}. Write one without references and lookaround."
            ) from err

    def descriptor(self) -> dict[str, Any]:
        """This field in Frictionless terms."""
        constraints: dict[str, Any] = {"required": True} if self.required else {}
        for name in ("minimum", "maximum"):
            if getattr(self, name) is not None:
                constraints[name] = getattr(self, name)
        if self.enum:
            constraints["enum"] = list(self.enum)
        if self.pattern:
            constraints["pattern"] = self.pattern
        out: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.description:
            out["description"] = self.description
        if self.unit:
            out["unit"] = self.unit
        return out | ({"constraints": constraints} if constraints else {})

    @classmethod
    def read(cls, d: Mapping[str, Any]) -> "Field":
        """A field from its Frictionless descriptor."""
        c = d.get("constraints", {})
        return cls(
            d["name"],
            d.get("type", "string"),
            c.get("required", False),
            d.get("unit", ""),
            d.get("description", ""),
            tuple(c.get("enum", ())),
            c.get("minimum"),
            c.get("maximum"),
            c.get("pattern", ""),
        )


@dataclass(frozen=True)
class Schema:
    """The fields of a table, its key, and the text that means missing.

    Attributes
    ----------
    fields : the columns that must be there, in the order in which they are written.
    key : columns that together name a row; no two rows share them and none is missing.
    missing : cell texts that mean missing. A source may declare its own; ours is the empty cell.
    """

    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        twice = repeated(self.names)
        if twice:
            raise SourceError(
                f"the field(s) {', '.join(twice)} appear twice in a schema. Name each once."
            )
        known = set(self.names)
        for name in self.key:
            if name not in known:
                raise SourceError(one_of("a part of the key", name, self.names))

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [f.name for f in self.fields]

    def descriptor(self) -> dict[str, Any]:
        """This schema in Frictionless terms."""
        return {
            "fields": [f.descriptor() for f in self.fields],
            "missingValues": list(self.missing),
            "primaryKey": list(self.key),
        }

    @classmethod
    def read(cls, d: Mapping[str, Any]) -> "Schema":
        """A schema from its Frictionless descriptor."""
        key = d.get("primaryKey", ())  # one name may stand without a list
        return cls(
            tuple(map(Field.read, d["fields"])),
            (key,) if isinstance(key, str) else tuple(key),
            tuple(d.get("missingValues", ("",))),
        )


def typed(
    text: pd.DataFrame, lines: Sequence[int], schema: Schema, file: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn a table of text into typed columns.

    Parameters
    ----------
    text : every cell a str; columns may be more than the schema's, the rest is left out.
    lines : line of the file at which each row begins, one a row.
    schema : what is expected.
    file : name used in the problems.

    Returns
    -------
    table, problems
        Columns of the schema in its order: ``string`` as object str or None, ``integer`` and
        ``year`` as Int64, ``number`` as float64, ``boolean`` as boolean, ``date`` as datetime64.
        The table is whole only if there are no problems.
    """
    problems = [
        Problem(
            file,
            1,
            name,
            ", ".join(text.columns[:8]),
            f"column {name!r} is expected",
            f"add or rename the column.{nearest(name, list(text.columns))}",
        )
        for name in schema.names
        if name not in text.columns
    ]
    if problems:
        return pd.DataFrame(), problems
    out: dict[str, Any] = {}
    line = np.asarray(lines)
    for field in schema.fields:
        cells = text[field.name]
        # columns repeat few texts: each is judged once, then stands for all its cells
        codes, once = pd.factorize(cells, use_na_sentinel=False)
        single = pd.Series(once, dtype=object)
        empty = single.isin(schema.missing).to_numpy(dtype=bool)
        values, broken, rule = _CONVERT[field.type](single.mask(empty, ""))
        broken = broken & ~empty
        problems += _found(file, line, field.name, cells, broken[codes], rule, "correct the value")
        if field.required:
            problems += _found(
                file, line, field.name, cells, empty[codes], "a value is required", "fill the cell"
            )
        for bad, said, remedy, known in _bounds(field, single, values, ~(empty | broken)):
            problems += _found(file, line, field.name, cells, bad[codes], said, remedy, known)
        out[field.name] = values.take(codes).set_axis(cells.index)
    table = pd.DataFrame(out)
    if schema.key and not problems:
        problems += _key_problems(table, list(schema.key), file, line)
    return table, problems


def _found(
    file: str,
    line: Any,
    name: str,
    cells: Any,
    bad: Any,
    rule: str,
    remedy: str,
    known: tuple[str, ...] = (),
) -> list[Problem]:
    return [
        Problem(
            file,
            int(line[i]),
            name,
            str(cells.iloc[i]),
            rule,
            remedy + (nearest(cells.iloc[i], known) if known and n < COMPARED else ""),
        )
        for n, i in enumerate(np.flatnonzero(bad))
    ]


def _key_problems(table: pd.DataFrame, key: list[str], file: str, line: Any) -> list[Problem]:
    if not table[key].isna().to_numpy().any() and not table.duplicated(key).any():
        return []
    first: dict[tuple[Any, ...], int] = {}
    out = []
    for i, row in enumerate(table[key].astype(object).itertuples(index=False, name=None)):
        if any(pd.isna(v) for v in row):
            out.append(
                Problem(
                    file,
                    int(line[i]),
                    ",".join(key),
                    str(row),
                    "no part of the key may be missing",
                    "fill it",
                )
            )
        elif row in first:
            rule = f"the key ({', '.join(key)}) is already at line {first[row]}"
            out.append(
                Problem(
                    file,
                    int(line[i]),
                    ",".join(key),
                    ", ".join(map(str, row)),
                    rule,
                    "keep one of the rows",
                )
            )
        else:
            first[row] = int(line[i])
    return out


def _bounds(
    field: Field, cells: Any, values: Any, ok: Any
) -> list[tuple[Any, str, str, tuple[str, ...]]]:
    """What breaks the constraints of a field: which cells, the rule, the
    remedy, and the words that one may have meant.
    """
    out: list[tuple[Any, str, str, tuple[str, ...]]] = []
    if field.enum:
        bad = ok & ~cells.isin(field.enum).to_numpy(dtype=bool)
        out.append(
            (bad, f"expected one of {', '.join(field.enum)}", "correct the value.", field.enum)
        )
    if field.pattern:
        bad = ok & ~full_matches(field.pattern, cells.tolist())
        out.append((bad, f"expected the form {field.pattern}", "correct the value", ()))
    if field.minimum is not None or field.maximum is not None:
        v = values.astype("float64").to_numpy(na_value=np.nan)
        low, high = field.minimum, field.maximum
        with np.errstate(invalid="ignore"):
            bad = ok & (
                (v < (-np.inf if low is None else low)) | (v > (np.inf if high is None else high))
            )
        rule = (
            f"expected a value from {'any' if low is None else low} to"
            f" {'any' if high is None else high}"
        )
        out.append((bad, rule, "correct the value or its unit", ()))
    return out


def _string(cells: pd.Series) -> tuple[Any, Any, str]:
    values = cells.astype(object).where(cells != "", None)
    return values, np.zeros(len(cells), bool), ""


def _number(cells: pd.Series) -> tuple[Any, Any, str]:
    form = cells.str.fullmatch(NUMBER).to_numpy(dtype=bool)
    values = pd.to_numeric(cells.where(form, np.nan), errors="coerce").astype("float64")
    return values, ~form | ~np.isfinite(values.where(form, 0.0).to_numpy()), "expected a number"


def _integer(cells: pd.Series) -> tuple[Any, Any, str]:
    values, bad, _ = _number(cells)
    with np.errstate(invalid="ignore"):
        # sources write 160.0 for 160; from 2**53 on a float may not hold the integer that was
        # written
        broken = bad | (values.to_numpy() % 1 != 0) | (np.abs(values.to_numpy()) >= 2**53)
    return values.mask(broken).astype("Int64"), broken, "expected an integer"


def _boolean(cells: pd.Series) -> tuple[Any, Any, str]:
    known = {
        "0": False,
        "1": True,
        "false": False,
        "true": True,
        "False": False,
        "True": True,
        "FALSE": False,
        "TRUE": True,
    }
    values = cells.map(known.get).astype("boolean")
    return values, values.isna().to_numpy(), "expected 0 or 1"


def _date(cells: pd.Series) -> tuple[Any, Any, str]:
    form = cells.str.fullmatch(_DATE)
    values = pd.to_datetime(
        cells.str.slice(0, 10).where(form, None), format="%Y-%m-%d", errors="coerce"
    )
    return values, values.isna().to_numpy(), "expected a date as YYYY-MM-DD that exists"


_CONVERT: dict[str, Callable[[pd.Series], tuple[Any, Any, str]]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "year": _integer,
    "boolean": _boolean,
    "date": _date,
}
