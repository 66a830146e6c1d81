"""R files, where rdata is installed: data frames and nothing else; functions, environments and
objects of other kinds stay shut.
"""

import bz2
import gzip
import lzma
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, Problem, one_of, reason_of
from peacestudy.core.tables import LIMIT, MAX_CELLS, header_problems, read_bytes, too_many_cells
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.header import ROW_ID, free_name, ids_note
from peacestudy.outcomes.files.r_column import STORED, columns_of, tags_of
from peacestudy.outcomes.files.table import FileTable

_OPEN: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}


def read(path: Path, sheet: str | None) -> FileTable:
    """The data frame of an ``.rds`` file, or the one named ``sheet``
    of an ``.rda``; a factor becomes its text.
    """
    try:
        from rdata import parser
    except ImportError as err:
        raise SourceError(
            f"{path} is an R file, which needs rdata: pip install 'peacestudy[files]'."
        ) from err
    try:
        with warnings.catch_warnings():
            # rdata warns of what it does not know; only known columns are taken below
            warnings.simplefilter("ignore")
            root = parser.parse_data(_inflated(path), altrep_constructor_dict=_compact()).object
            frames = {
                n: o
                for n, o in _objects(root).items()
                if "data.frame" in _attributes(o).get("class", [])
            }
            if not frames:
                raise SourceError(
                    f"{path} holds no data frame. In R: saveRDS(as.data.frame(x), file)."
                )
            if sheet is None and len(frames) > 1:
                raise SourceError(
                    f"{path} holds {len(frames)} data frames ({', '.join(frames)}). Say which:"
                    ' sheet="...".'
                )
            if sheet is not None and sheet not in frames:
                raise SourceError(
                    f"{path}: "
                    + one_of("sheet", sheet, [n for n in frames if n] or ["(leave it out)"])
                )
            return _frame(frames[sheet] if sheet is not None else next(iter(frames.values())), path)
    except SourceError:
        raise
    except Exception as err:  # a library on damaged bytes fails in ways of its own
        raise SourceError(
            f"{path} is damaged or not an R file ({reason_of(err)}). Save it again in R."
        ) from err


def _inflated(path: Path) -> bytes:
    """The bytes once inflated, no more of them than the limit; what is packed twice is refused."""
    data = read_bytes(path)
    unpack = next((f for magic, f in _OPEN.items() if data.startswith(magic)), None)
    if unpack:
        with unpack(path, "rb") as stream:
            data = stream.read(LIMIT + 1)
    if len(data) > LIMIT or data[:2] in _OPEN:
        raise SourceError(
            f"{path} inflates to more than {LIMIT / 2**20:.0f} MB, or is packed twice. Do not"
            " trust it."
        )
    return data


def _compact() -> dict[bytes, Any]:
    """How sequences such as 1:n are written out: no longer than
    a table may be, and falling ones too.
    """
    from rdata import parser
    from rdata.parser import _parser

    def sequence(state: Any, kind: Any, dtype: Any) -> tuple[Any, Any]:
        length, first, step = (float(v) for v in state.value)
        if not 0 <= length <= MAX_CELLS or not np.isfinite([first, step]).all():
            raise ValueError(f"a sequence of {length:g} numbers")
        info = parser.RObjectInfo(
            type=kind, object=False, attributes=False, tag=False, gp=0, reference=0
        )
        return info, (first + step * np.arange(int(length))).astype(dtype)

    kinds = parser.RObjectType
    return {
        **_parser.DEFAULT_ALTREP_MAP,
        b"compact_intseq": lambda state: sequence(state, kinds.INT, np.int32),
        b"compact_realseq": lambda state: sequence(state, kinds.REAL, float),
    }


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
    """Attributes that are plain vectors, as lists, beside the
    objects themselves under ``*name``.
    """
    out: dict[str, Any] = {}
    node = thing.attributes
    while node is not None and node.info.type.name == "LIST":
        name, value = _symbol(node.tag), node.value[0]
        out["*" + name] = value
        if name != "row.names" and value.info.type.name in ("STR", "INT", "REAL"):
            out[name] = list(_plain(value))
        node = node.value[1]
    return out


def _plain(thing: Any) -> Any:
    """A vector without its attributes: texts, or numbers (masked where they are missing)."""
    from rdata import conversion

    return conversion.convert(
        replace(thing, attributes=None, info=replace(thing.info, attributes=False, object=False)),
        {},
    )


def _frame(frame: Any, path: Path) -> FileTable:
    told_of_frame = _attributes(frame)
    names = [str(n) for n in told_of_frame.get("names", [])]
    rows, row_names = _row_names(told_of_frame)
    too_many_cells(rows, len(names), str(path))
    if len(names) != len(frame.value):
        raise SourceError(
            f"{path} has {len(frame.value)} columns with {len(names)} names. Save it again in R."
        )
    notes: list[Note] = []
    columns: dict[str, Any] = {}
    labels: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    problems = header_problems(names, path.name, 0)
    for name, column in zip(names, frame.value, strict=True):
        try:
            told = _vector(column)
            found = columns_of(name, column, told, notes)
        except SourceError as err:
            problems.append(
                Problem(path.name, 0, name, "", str(err), "change the column in R, or leave it out")
            )
            continue
        problems += [
            Problem(
                path.name,
                0,
                n,
                str(len(values)),
                f"the data frame has {rows} rows",
                "the file is damaged: save it again in R",
            )
            for n, values in found.items()
            if len(values) != rows
        ]
        problems += [
            Problem(path.name, 0, n, n, "column names must be unique", "rename the column")
            for n in found
            if n in columns
        ]
        columns |= found
        if told.get("label"):
            labels[name] = str(told["label"][0])
        if "*labels" in told and name in found:
            meant = _attributes(told["*labels"]).get("names", [])
            values[name] = {_code(c): str(t) for c, t in zip(told["labels"], meant, strict=True)}
    if problems:
        raise SourceError(f"{path} cannot be read as it is: {len(problems)} problem(s).", problems)
    if row_names:
        name = free_name(ROW_ID, set(columns))
        notes.insert(0, ids_note(name))
        columns = {name: pd.Series(row_names, dtype=object), **columns}
    return FileTable(pd.DataFrame(columns, index=range(rows)), labels, values, tuple(notes))


def _vector(column: Any) -> dict[str, Any]:
    """The attributes of a column, after a check that it is a vector; texts are decoded in place."""
    kind = column.info.type.name
    told = _attributes(column)
    if kind not in STORED:
        remedy = (
            "as.POSIXct() makes it a column of values"
            if "POSIXlt" in told.get("class", [])
            else "drop it in R"
        )
        word = "list" if kind == "VEC" else kind.lower()
        raise SourceError(f"it is an R {word}, which is not a column of values; {remedy}")
    if kind == "STR":
        column.value = list(_plain(column))
    names = told.get("*dimnames")
    if names is not None and len(names.value) == 2 and names.value[1].info.type.name == "STR":
        told["dimnames columns"] = [str(n) for n in _plain(names.value[1])]
    return told


def _row_names(told: dict[str, Any]) -> tuple[int, list[str]]:
    """How many rows a data frame has, and their names where they are not just numbers."""
    node = told.get("*row.names")
    if node is None:
        raise ValueError("a data frame without row names")
    if node.info.type.name == "STR":
        names = [str(n) for n in _plain(node)]
        return len(names), [] if names == [str(n) for n in range(1, len(names) + 1)] else names
    numbers = np.ma.getdata(node.value)
    if len(numbers) == 2 and (
        np.ma.getmaskarray(node.value)[0]
        or numbers[0] == np.iinfo(np.int32).min
        or numbers[0] != numbers[0]
    ):
        return abs(int(numbers[1])), []  # c(NA, -n) stands for 1 to n
    return len(numbers), []


def _code(code: Any) -> str:
    if code != code:
        return "".join(f".{letter}" for letter in tags_of(np.array([code], dtype=float)))
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)
