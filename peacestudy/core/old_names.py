"""Public names of version 0.1: they still work in 0.2, with a warning that gives the new name."""

import functools
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar, cast

from peacestudy.errors import SpecError

F = TypeVar("F", bound=Callable[..., Any])
FIRST, LAST = "first_year", "last_year"


def _warn(old: str, new: str) -> None:
    text = f"{old} is called {new} since version 0.2; the old name will be removed in version 0.3."
    warnings.warn(text, FutureWarning, stacklevel=3)


def renamed_arguments(**names: str) -> Callable[[F], F]:
    """Let a function take old names of its arguments, each with a warning.

    ``first_year`` and ``last_year``, and two whole numbers in the place of ``years``, become
    ``years=(first, last)`` where a function has such an argument.
    """

    def decorate(function: F) -> F:
        has_years = "years" in function.__annotations__

        @functools.wraps(function)
        def wrapped(*args: Any, **arguments: Any) -> Any:
            for old, new in names.items():
                if old in arguments and new in arguments:
                    raise SpecError(
                        f"{function.__name__} was given {new} and its old name {old}; write {new}."
                    )
                if old in arguments:
                    _warn(f"argument {old} of {function.__name__}", new)
                    arguments[new] = arguments.pop(old)
            if has_years and FIRST in arguments and LAST in arguments:
                _warn(f"{FIRST} and {LAST} of {function.__name__}", "years=(first, last)")
                arguments["years"] = (arguments.pop(FIRST), arguments.pop(LAST))
            if has_years and len(args) == 2 and all(isinstance(a, int) for a in args):
                _warn(f"two years of {function.__name__}", "years=(first, last)")
                args = ((args[0], args[1]),)
            return function(*args, **arguments)

        return cast("F", wrapped)

    return decorate


def renamed_members(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` for old names; ``names`` gives the full path of each new one."""

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        path, _, member = names[name].rpartition(".")
        _warn(f"{module}.{name}", names[name])
        return getattr(import_module(path), member)

    return find


def renamed_property(old: str, new: str) -> property:
    """A property under its old name, which gives the value of the new one with a warning."""

    def find(self: object) -> Any:
        _warn(old, new)
        return getattr(self, new)

    return property(find)
