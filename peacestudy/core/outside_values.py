"""Values that a function reads besides its arguments, as a table in a closure."""

import dis
import functools
import types
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

# values that cannot hold data of cases
SCALARS = (str, bytes, bool, int, float, complex, type(None), np.generic, pd.Timestamp, type(...))
CODE = (type, types.ModuleType, np.ufunc)


def values_from_outside(function: Callable[..., object]) -> tuple[str, ...]:
    """The names of the values that a function reads besides its arguments and that can hold data:
    tables, lists, dicts and other objects in a closure, a default or a global variable.

    Numbers, texts, modules and classes are no data; functions of the same module are looked
    through, those of other modules are not.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [1]})
    >>> values_from_outside(lambda data: data["x"] * 2)
    ()
    >>> values_from_outside(lambda data, t=table: data["x"] * t["x"])
    ('t',)
    """
    return tuple(dict.fromkeys(_found(function, getattr(function, "__module__", None), set())))


def _found(function: object, module: str | None, seen: set[int]) -> Iterator[str]:
    if id(function) in seen:
        return
    seen.add(id(function))
    if isinstance(function, functools.partial):
        yield from _found(function.func, module, seen)
        given = {f"argument {n + 1}": value for n, value in enumerate(function.args)}
        yield from _data(given | function.keywords, module, seen)
    elif isinstance(function, types.MethodType):
        yield from _data({type(function.__self__).__name__: function.__self__}, module, seen)
        yield from _found(function.__func__, module, seen)
    elif isinstance(function, types.FunctionType):
        yield from _data(_values_read(function), module, seen)
    elif not isinstance(function, CODE) and not _is_builtin(function):
        yield type(function).__name__


def _data(values: dict[str, object], module: str | None, seen: set[int]) -> Iterator[str]:
    """The names of values that can hold data."""
    for name, value in values.items():
        if isinstance(value, (SCALARS, CODE)) or _is_builtin(value):
            continue
        if isinstance(value, tuple | frozenset) and all(isinstance(v, SCALARS) for v in value):
            continue
        if isinstance(value, types.FunctionType):
            if value.__module__ == module:
                yield from _found(value, module, seen)
            continue
        yield name


def _is_builtin(value: object) -> bool:
    """Whether a value is a compiled function and no method of an object, as ``dict.get`` is."""
    if not isinstance(value, types.BuiltinFunctionType):
        return False
    owner = getattr(value, "__self__", None)
    return owner is None or isinstance(owner, types.ModuleType)


def _values_read(function: types.FunctionType) -> dict[str, object]:
    """The values of a function's closure, defaults and global variables, by name."""
    code = function.__code__
    defaults = function.__defaults__ or ()
    arguments = code.co_varnames[: code.co_argcount]
    values: dict[str, object] = {}
    if defaults:
        values |= dict(zip(arguments[-len(defaults) :], defaults, strict=True))
    values |= function.__kwdefaults__ or {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            values[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    for name in _global_names(code):
        if name in function.__globals__:
            values[name] = function.__globals__[name]
    return values


def _global_names(code: types.CodeType) -> Iterator[str]:
    """The global names that a function reads, those of functions within it included."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(step.argval)
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _global_names(part)
