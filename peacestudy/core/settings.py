"""TOML files whose values map one to one to the fields of a dataclass: an
unknown key is a typing mistake, and is told.
"""

import dataclasses
import datetime
import json
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from peacestudy.core.problems import Problem, nearest, repeated
from peacestudy.core.tables import read_text
from peacestudy.core.toml_lines import Place, line_of
from peacestudy.errors import PeacestudyError, SpecError

T = TypeVar("T")
MAX_SETTINGS = 32 * 2**20  # bytes of a file of settings
MAX_DOTS = 64
_KEY = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
# a key of n parts costs the standard library's reader memory in the square of n
_DEEP = re.compile(rf"(?<![\w-]){_KEY}(?:[ \t]*\.[ \t]*{_KEY}){{{MAX_DOTS}}}")


def read_toml(path: Path, error: type[PeacestudyError]) -> tuple[dict[str, Any], str]:
    """The values of a TOML file and its text (for places in messages)."""
    text = read_text(path, error, limit=MAX_SETTINGS)
    deep = _DEEP.search(text)
    if deep:
        line = text.count("\n", 0, deep.start()) + 1
        rule = f"a key has more than {MAX_DOTS} parts"
        raise error(
            f"{path} cannot be read.",
            [Problem(path.name, line, "", deep[0][:60], rule, "correct the line")],
        )
    try:
        return tomllib.loads(text), text
    # ValueError: no TOML, or a number of thousands of digits
    except (ValueError, RecursionError) as err:
        found = re.search(r"at line (\d+)", str(err))
        line = 0
        if found:
            line = int(found[1])
        elif "end of document" in str(err):
            line = text.rstrip().count("\n") + 1
        problem = Problem(path.name, line, "", "", f"not TOML: {err}", "correct the line")
        raise error(f"{path} cannot be read.", [problem]) from err


def read_json(path: Path, error: type[PeacestudyError]) -> Any:
    """The values of a JSON file; a name that stands twice in one object is
    refused, since only one of the two could count.
    """
    text = read_text(path, error, limit=MAX_SETTINGS)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as err:
        problem = Problem(
            path.name,
            getattr(err, "lineno", 0),
            "",
            "",
            f"not JSON: {err}",
            "correct or restore the file",
        )
        raise error(f"{path} cannot be read.", [problem]) from err


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = repeated(name for name, _ in pairs)
    if twice:
        raise ValueError(f"the name {twice[0]!r} appears twice in one object")
    return dict(pairs)


def inside(name: str, what: str) -> str:
    """A path of a study, which is relative and does not leave the folder of the study.

    Raises
    ------
    SpecError
        It is absolute, climbs out with ``..``, or is written as paths of another system are.

    Examples
    --------
    >>> inside("sheets/ann.xlsx", "sheets")
    'sheets/ann.xlsx'
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.search(r"[\\:\0]", name):
        raise SpecError(
            f"{what} is {name!r}; a path of a study stays in its folder. Copy the file into it, and"
            " name it from there."
        )
    return name


def fill(
    cls: type[T],
    values: Mapping[str, Any],
    file: str,
    text: str,
    problems: list[Problem],
    place: Place = (),
) -> T | None:
    """Fill a dataclass, nested ones included, from TOML values;
    what does not fit goes to ``problems``.

    Parameters
    ----------
    cls : a dataclass whose fields are str, int, float, bool, dates,
        tuples and dicts of these, or dataclasses.
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
        self.problems.append(
            Problem(self.file, line_of(self.text, *place), key, str(value), rule, remedy)
        )

    def table(self, cls: type[Any], values: Any, place: Place) -> Any:
        fields = {f.name: f for f in dataclasses.fields(cls)}
        if not isinstance(values, Mapping):
            self.say(
                place,
                values,
                f"expected a table of {', '.join(fields)}",
                "write it as [table] or {key = value}",
            )
            return None
        hints = typing.get_type_hints(cls)
        before = len(self.problems)
        for key in values:
            if key not in fields:
                rule = f"unknown key; {cls.__name__} has {', '.join(fields)}"
                self.say(
                    (*place, key),
                    values[key],
                    rule,
                    f"remove or rename it.{nearest(key, list(fields))}",
                )
        out: dict[str, Any] = {}
        for name, field in fields.items():
            if name in values:
                out[name] = self.value(hints[name], values[name], (*place, name))
            elif (
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            ):
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
            self.say(
                place,
                value,
                f"expected {getattr(hint, '__name__', hint)}, {found}",
                "correct the value",
            )
        return value


def _is(hint: type, value: object) -> bool:
    """Whether a value is of a type, as people mean it: no truth value is
    a number, no moment a day, nan is no value.
    """
    if isinstance(value, bool | datetime.datetime):
        return type(value) is hint
    return isinstance(value, (int, float) if hint is float else hint) and value == value
