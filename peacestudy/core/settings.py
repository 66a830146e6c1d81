"""TOML files whose values map one to one to the fields of a dataclass: an unknown key is a typing mistake, and is told."""

import dataclasses
import datetime
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from peacestudy.core.positions import Place, line_of
from peacestudy.core.problems import Problem, nearest
from peacestudy.core.tables import read_text
from peacestudy.errors import PeacestudyError

T = TypeVar("T")


def read_toml(path: Path, error: type[PeacestudyError]) -> tuple[dict[str, Any], str]:
    """The values of a TOML file and its text (for places in messages)."""
    text = read_text(path, error)
    try:
        return tomllib.loads(text), text
    except (tomllib.TOMLDecodeError, RecursionError) as err:
        found = re.search(r"at line (\d+)", str(err))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1 if "end of document" in str(err) else 0
        problem = Problem(path.name, line, "", "", f"not TOML: {err}", "correct the line")
        raise error(f"{path} cannot be read.", [problem]) from err


def fill(
    cls: type[T], values: Mapping[str, Any], file: str, text: str, problems: list[Problem], place: Place = ()
) -> T | None:
    """Fill a dataclass, nested ones included, from TOML values; what does not fit goes to ``problems``.

    Parameters
    ----------
    cls : a dataclass whose fields are str, int, float, bool, dates, tuples and dicts of these, or dataclasses.
    values : a TOML table.
    file, text : for the place in a problem.
    problems : list that receives what is wrong.
    place : where the table stands in the file, () for the whole.

    Returns
    -------
    The dataclass, or None where something did not fit.
    """
    return typing.cast(T | None, _Filler(file, text, problems).table(cls, values, place))


@dataclasses.dataclass(frozen=True)
class _Filler:
    file: str
    text: str
    problems: list[Problem]

    def say(self, place: Place, value: object, rule: str, remedy: str) -> None:
        key = next((str(p) for p in reversed(place) if isinstance(p, str)), "")
        self.problems.append(Problem(self.file, line_of(self.text, *place), key, str(value), rule, remedy))

    def table(self, cls: type[Any], values: Any, place: Place) -> Any:
        fields = {f.name: f for f in dataclasses.fields(cls)}
        if not isinstance(values, Mapping):
            self.say(place, values, f"expected a table of {', '.join(fields)}", "write it as [table] or {key = value}")
            return None
        hints = typing.get_type_hints(cls)
        before = len(self.problems)
        for key in values:
            if key not in fields:
                rule = f"unknown key; {cls.__name__} has {', '.join(fields)}"
                self.say((*place, key), values[key], rule, f"remove or rename it.{nearest(key, list(fields))}")
        out: dict[str, Any] = {}
        for name, field in fields.items():
            if name in values:
                out[name] = self.value(hints[name], values[name], (*place, name))
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                self.say((*place, name), "", f"{cls.__name__} needs {name!r}", "add the key")
        return cls(**out) if len(self.problems) == before else None

    def value(self, hint: Any, value: Any, place: Place) -> Any:
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if dataclasses.is_dataclass(hint):
            return self.table(typing.cast(type[Any], hint), value, place)
        if origin is tuple:
            if not isinstance(value, list):
                self.say(place, value, "expected a list", "write it in square brackets")
                return ()
            return tuple(self.value(args[0], v, (*place, i)) for i, v in enumerate(value))
        if origin in (dict, Mapping):
            if not isinstance(value, dict):
                self.say(place, value, "expected a table", "write it as [table] or {key = value}")
                return {}
            return {k: self.value(args[1], v, (*place, k)) for k, v in value.items()}
        if origin is types.UnionType or origin is typing.Union:
            return self.value(next(a for a in args if a is not type(None)), value, place)
        if hint is not Any and not _is(hint, value):
            found = f"found {type(value).__name__}" if value == value else "found nan"
            self.say(place, value, f"expected {getattr(hint, '__name__', hint)}, {found}", "correct the value")
        return value


def _is(hint: type, value: object) -> bool:
    """Whether a value is of a type, as people mean it: no truth value is a number, no moment a day, nan is no value."""
    if isinstance(value, bool | datetime.datetime):
        return type(value) is hint
    return isinstance(value, (int, float) if hint is float else hint) and value == value
