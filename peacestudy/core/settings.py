"""TOML files whose values map one to one to the fields of a dataclass: an unknown key is a typing mistake, and is told."""

import dataclasses
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from peacestudy.core.problems import Problem, nearest
from peacestudy.core.tables import read_text
from peacestudy.errors import PeacestudyError

T = TypeVar("T")


def read_toml(path: Path, error: type[PeacestudyError]) -> tuple[dict[str, Any], str]:
    """The values of a TOML file and its text (for places in messages)."""
    text = read_text(path, error)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as err:
        found = re.search(r"line (\d+)", str(err))
        problem = Problem(path.name, int(found[1]) if found else 0, "", "", f"not TOML: {err}", "correct the line")
        raise error(f"{path} cannot be read.", [problem]) from err


def line_of(text: str, *words: str) -> int:
    """The 1-based line where the words stand one after the other in a text, as far as they are found; 0 if none is.

    Examples
    --------
    >>> line_of('a = 1\\n[[x]]\\nid = "k"\\na = 2', 'id = "k"', "a =")
    4
    """
    at, line = 0, 0
    for word in words:
        found = text.find(word, at)
        if found >= 0:
            at, line = found, text[:found].count("\n") + 1
    return line


def fill(
    cls: type[T], values: Mapping[str, Any], file: str, text: str, problems: list[Problem], where: tuple[str, ...] = ()
) -> T | None:
    """Fill a dataclass, nested ones included, from TOML values; what does not fit goes to ``problems``.

    Parameters
    ----------
    cls : a dataclass whose fields are str, int, float, bool, dates, tuples and dicts of these, or dataclasses.
    values : a TOML table.
    file, text : for the place in a problem.
    problems : list that receives what is wrong.
    where : words that lead to this table in the text.

    Returns
    -------
    The dataclass, or None where something did not fit.
    """
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if isinstance(values, Mapping) and "id" in values:
        where = (*where, f'id = "{values["id"]}"')
    before = len(problems)

    def say(key: str, value: object, rule: str, remedy: str) -> None:
        problems.append(Problem(file, line_of(text, *where, f"{key} ="), key, str(value), rule, remedy))

    if not isinstance(values, Mapping):
        problems.append(
            Problem(
                file,
                line_of(text, *where),
                "",
                str(values),
                f"expected a table of {', '.join(fields)}",
                "see the README",
            )
        )
        return None
    for key in values:
        if key not in fields:
            say(
                key,
                values[key],
                f"unknown key; a {cls.__name__} has {', '.join(fields)}",
                f"remove or rename it.{nearest(key, list(fields))}",
            )
    out: dict[str, Any] = {}
    for name, field in fields.items():
        if name in values:
            out[name] = _value(hints[name], values[name], say, name, (file, text, problems, where))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            say(name, "", f"a {cls.__name__} needs {name!r}", "add the key")
    return cls(**out) if len(problems) == before else None


def _value(hint: Any, value: Any, say: Any, name: str, place: tuple[Any, ...]) -> Any:
    file, text, problems, where = place
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return fill(typing.cast(type[Any], hint), value, file, text, problems, where)
    if origin is tuple:
        if not isinstance(value, list):
            say(name, value, "expected a list", "write it in square brackets")
            return ()
        return tuple(_value(args[0], v, say, name, place) for v in value)
    if origin in (dict, Mapping) or hint in (dict, Mapping):
        if not isinstance(value, dict):
            say(name, value, "expected a table", "write it as [table] or {key = value}")
            return {}
        return (
            {k: _value(args[1], v, say, name, place) for k, v in value.items()}
            if args and args[1] is not Any
            else value
        )
    if origin is types.UnionType or origin is typing.Union:
        return _value(next(a for a in args if a is not type(None)), value, say, name, place)
    kinds = (int, float) if hint is float else (hint,)
    if hint is not Any and (not isinstance(value, kinds) or (isinstance(value, bool) and hint is not bool)):
        say(
            name,
            value,
            f"expected {getattr(hint, '__name__', hint)}, found {type(value).__name__}",
            "correct the value",
        )
    return value
