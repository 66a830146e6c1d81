"""SPSS files, where pyreadstat is installed: labels kept, the file's
own missing codes made missing and counted.

The library ends the whole Python process on some damaged files, so one process is started for each
file and reads it whole; what it read comes back as plain numbers and texts.
"""

import importlib.util
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.core.tables import too_many_cells
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.table import FileTable

MAX_CELLS = 50_000_000
_PROGRAM = Path(__file__).with_name("spss_process.py")
_SECONDS = 60  # and one more for each megabyte of the file
# formats of SPSS by their names; moments are seconds since the first day of the Gregorian calendar
_MOMENTS = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "DATETIME", "YMDHMS")
_DURATIONS = ("TIME", "DTIME", "MTIME")
_ORIGIN = np.datetime64("1582-10-14", "us")
# seconds from the origin to the years 2 and 10000
_FIRST, _LAST = -49_884_681_600.0, 265_621_680_000.0


def read(path: Path, sheet: str | None) -> FileTable:
    """An SPSS file."""
    if sheet is not None:
        raise SourceError(
            f"{path} is an SPSS file, which has no sheet {sheet!r}. Leave sheet= out."
        )
    if importlib.util.find_spec("pyreadstat") is None:
        raise SourceError(
            f"{path} is an SPSS file, which needs pyreadstat: pip install 'peacestudy[files]'."
        )
    with tempfile.TemporaryDirectory() as folder:
        _run(path, folder)
        found = _found(path, Path(folder))
        table = np.load(Path(folder, "numbers.npy"), allow_pickle=False)
    numbers = dict(zip(found["numbers"], table, strict=True))
    notes: list[Note] = []
    columns = {}
    for name in found["names"]:
        spans = found["missing"].get(name, [])
        if name in numbers:
            columns[name] = _numbers(
                numbers[name], spans, found["formats"].get(name, ""), name, notes, path
            )
        else:
            columns[name] = _texts(found["texts"][name], spans, name, notes)
    values = {}
    for name, pairs in found["values"].items():
        values[name] = {_code(code): text for code, text in pairs}
    frame = pd.DataFrame(columns, index=range(found["rows"]))
    return FileTable(frame, found["labels"], values, tuple(notes))


def _run(path: Path, folder: str) -> None:
    """Start the program that reads the file; how it ends is told as an error of the file."""
    wait = _SECONDS + path.stat().st_size / 2**20
    places = os.pathsep.join(place for place in sys.path if place)
    command = [sys.executable, "-P", str(_PROGRAM), str(path.absolute()), folder, str(MAX_CELLS)]
    damaged = f"{path} is damaged or not an SPSS file"
    try:
        done = subprocess.run(  # noqa: S603 (a program of ours, and no shell)
            command,
            env={**os.environ, "PYTHONPATH": places},
            capture_output=True,
            timeout=wait,
            check=False,
        )
    except subprocess.TimeoutExpired as err:
        raise SourceError(
            f"{damaged}: it was not read within {wait:.0f} seconds. Save it again in SPSS."
        ) from err
    except OSError as err:
        raise SourceError(
            f"{path} needs a Python process of its own, and {sys.executable!r} does not start"
            f" ({err}). Save the file as CSV."
        ) from err
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        raise SourceError(
            f"{damaged}: the SPSS library ended on it with {how}{f' ({told[-1]})' if told else ''}."
            " Download it again, or save it again in SPSS."
        )


def _found(path: Path, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="ascii"))
    if "error" in found:
        raise SourceError(
            f"{path} is damaged or not an SPSS file ({found['error']}). Download or save it again."
        )
    if "names" not in found:
        too_many_cells(found["rows"], found["columns"], str(path), MAX_CELLS)
    return found


def _code(code: Any) -> str:
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)


def _told(name: str, coded: list[Any], notes: list[Note]) -> None:
    """A note on the codes of a column that the file declares as missing."""
    if not coded:
        return
    counts = pd.Series([_code(code) for code in coded]).value_counts().sort_index()
    said = ", ".join(f"{code} {n}" for code, n in counts.items())
    notes.append(
        Note(
            "coded_missing",
            f"Codes that the file declares as missing are missing in {name}: {said}.",
        )
    )


def _texts(cells: list[str | None], spans: list[Any], name: str, notes: list[Note]) -> pd.Series:
    coded = []
    ranges = [(low, high) for low, high in spans if isinstance(low, str)]
    for cell in cells:
        if cell and any(low <= cell <= high for low, high in ranges):
            coded.append(cell)
    _told(name, coded, notes)
    gone = set(coded)
    return pd.Series([None if not cell or cell in gone else cell for cell in cells], dtype=object)


def _numbers(
    values: Any, spans: list[Any], form: str, name: str, notes: list[Note], path: Path
) -> pd.Series:
    coded = np.zeros(len(values), bool)
    for low, high in spans:
        if not isinstance(low, str):
            least = -math.inf if low is None else low
            most = math.inf if high is None else high
            coded |= (values >= least) & (values <= most)
    _told(name, values[coded].tolist(), notes)
    values = np.where(coded, np.nan, values)
    kind = re.sub(r"[0-9.].*", "", form)
    if kind in _MOMENTS:
        return _moments(values, name, path)
    if kind in _DURATIONS and np.isfinite(values).any():
        notes.append(
            Note(
                "durations",
                f"{name} holds times or durations ({form}); they are numbers of seconds.",
            )
        )
    return pd.Series(values)


def _moments(seconds: Any, name: str, path: Path) -> pd.Series:
    filled = np.isfinite(seconds)
    odd = filled & ((seconds < _FIRST) | (seconds >= _LAST))
    if odd.any():
        row = int(np.flatnonzero(odd)[0]) + 1
        raise SourceError(
            f"{path}: {name} holds {float(seconds[odd][0])!r} seconds in row {row}, which is not a"
            " date in the years 2 to 9999. Correct it in SPSS."
        )
    steps = np.round(np.where(filled, seconds, 0) * 1e6).astype("timedelta64[us]")
    return pd.Series(np.where(filled, _ORIGIN + steps, np.datetime64("NaT", "us")))
