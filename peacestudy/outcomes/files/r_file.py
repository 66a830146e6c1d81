"""R files, where rdata is installed: data frames and nothing else; functions, environments and objects of other kinds stay shut."""

import bz2
import gzip
import lzma
import warnings
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.core.tables import LIMIT, read_bytes
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.table import FileTable

_OPEN: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_DAMAGED = (ValueError, KeyError, IndexError, TypeError, AttributeError, NotImplementedError, AssertionError, EOFError, OSError,
            UnicodeError, RecursionError, OverflowError, zlib.error, lzma.LZMAError)  # fmt: skip
_DAY = np.timedelta64(86_400_000_000, "us")


def read(path: Path, sheet: str | None) -> FileTable:
    """The data frame of an ``.rds`` file, or the one named ``sheet`` of an ``.rda``; a factor becomes its text."""
    try:
        from rdata import parser
    except ImportError as err:
        raise SourceError(f"{path} is an R file, which needs rdata: pip install 'peacestudy[files]'.") from err
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rdata warns of what it does not know; only known columns are taken below
            root = parser.parse_data(_inflated(path)).object
            frames = {n: o for n, o in _objects(root).items() if "data.frame" in _attributes(o).get("class", [])}
            if not frames:
                raise SourceError(f"{path} holds no data frame. In R: saveRDS(as.data.frame(x), file).")
            if sheet is None and len(frames) > 1:
                raise SourceError(
                    f'{path} holds {len(frames)} data frames ({", ".join(frames)}). Say which: sheet="...".'
                )
            if sheet is not None and sheet not in frames:
                raise SourceError(f"{path}: " + one_of("sheet", sheet, [n for n in frames if n] or ["(leave it out)"]))
            return _frame(frames[sheet] if sheet is not None else next(iter(frames.values())), path)
    except _DAMAGED as err:
        raise SourceError(f"{path} is damaged or no R file ({err}). Save it again in R.") from err


def _inflated(path: Path) -> bytes:
    """The bytes once inflated, no more of them than the limit; what is packed twice is refused."""
    data = read_bytes(path)
    unpack = next((f for magic, f in _OPEN.items() if data.startswith(magic)), None)
    if unpack:
        with unpack(path, "rb") as stream:
            data = stream.read(LIMIT + 1)
    if len(data) > LIMIT or data[:2] in _OPEN:
        raise SourceError(f"{path} inflates to more than {LIMIT / 2**20:.0f} MB, or is packed twice. Do not trust it.")
    return data


def _objects(root: Any) -> dict[str, Any]:
    """The objects of a file by name; one without a name where it was saved alone."""
    if root.info.type.name != "LIST" or root.tag is None:
        return {"": root}
    out = {}
    while root is not None and root.info.type.name == "LIST":
        out[_symbol(root.tag)] = root.value[0]
        root = root.value[1]
    return out


def _symbol(tag: Any) -> str:
    tag = tag.referenced_object or tag
    return str(tag.value.value.decode("utf-8"))


def _attributes(thing: Any) -> dict[str, Any]:
    """Attributes that are plain vectors, as lists, beside the objects themselves under ``*name``."""
    out: dict[str, Any] = {}
    node = thing.attributes
    while node is not None and node.info.type.name == "LIST":
        name, value = _symbol(node.tag), node.value[0]
        out["*" + name] = value
        if value.info.type.name in ("STR", "INT", "REAL"):
            out[name] = list(_plain(value))
        node = node.value[1]
    return out


def _plain(thing: Any) -> Any:
    """A vector without its attributes: texts, or numbers (masked where they are missing)."""
    from rdata import conversion

    return conversion.convert(
        replace(thing, attributes=None, info=replace(thing.info, attributes=False, object=False)), {}
    )


def _frame(frame: Any, path: Path) -> FileTable:
    names = [str(n) for n in _attributes(frame)["names"]]
    columns: dict[str, Any] = {}
    labels: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for name, column in zip(names, frame.value, strict=True):
        told = _attributes(column)
        if column.info.type.name not in ("STR", "INT", "REAL", "LGL"):
            raise SourceError(
                f"the column {name!r} of {path} is an R {column.info.type.name.lower()}, which is no column of values. Drop it in R."
            )
        columns[name] = _column(column, told)
        if told.get("label"):
            labels[name] = str(told["label"][0])
        if "*labels" in told:
            meant = _attributes(told["*labels"])["names"]
            values[name] = {_code(c): str(t) for c, t in zip(told["labels"], meant, strict=True)}
    return FileTable(pd.DataFrame(columns), labels, values)


def _column(column: Any, told: dict[str, Any]) -> pd.Series:
    kinds, plain, storage = told.get("class", []), _plain(column), column.info.type.name
    if storage == "STR":
        return pd.Series([None if v is None or v is pd.NA else str(v) for v in plain], dtype=object)
    if storage == "LGL":
        return pd.Series(_masked(plain, bool), dtype="boolean")
    if "factor" in kinds:
        return pd.Series([None if c is None else str(told["levels"][c - 1]) for c in _masked(plain, int)], dtype=object)
    numbers = np.array([np.nan if v is None else v for v in _masked(plain, float)], dtype=float)
    if "Date" in kinds or "POSIXct" in kinds:
        unit = _DAY if "Date" in kinds else np.timedelta64(1_000_000, "us")
        filled = np.isfinite(numbers)
        steps = np.where(filled, numbers, 0) * unit.astype(int)
        days = np.datetime64(0, "us") + np.round(steps).astype("timedelta64[us]")
        return pd.Series(np.where(filled, days, np.datetime64("NaT", "us")))
    if storage == "INT":
        return pd.Series(_masked(plain, int), dtype="Int64")
    return pd.Series(numbers)


def _code(code: Any) -> str:
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)


def _masked(values: Any, kind: type) -> list[Any]:
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else np.zeros(len(values), bool)
    raw = np.ma.getdata(values) if isinstance(values, np.ma.MaskedArray) else values
    lowest = np.iinfo(np.int32).min  # how R stores a missing integer
    return [
        None if m or (kind is int and v == lowest) else kind(v)
        for v, m in zip(np.asarray(raw).tolist(), mask, strict=True)
    ]
