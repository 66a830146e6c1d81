"""What the Makefile asks for: results as CSV, figures and tables from
them. A file that would not change is left alone.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from peacestudy.core.file_sets import write_files
from peacestudy.core.problems import one_of
from peacestudy.core.tables import read_plain, to_csv, write_bytes
from peacestudy.errors import SourceError, SpecError
from peacestudy.figures.registry import FIGURES
from peacestudy.figures.theme import render
from peacestudy.study.load import load_study
from peacestudy.study.results import Results, results_of
from peacestudy.tables import all_tables


def write_results(study: str, out: Path) -> list[str]:
    """Compute every result and write it; returns a line a file. An unchanged file keeps its time,
    so nothing is redrawn for it.
    """
    found = Results(load_study(study))
    lines = []
    for name in tqdm(results_of(found.study.config.id), desc="results", disable=None):
        table = found.table(name)
        changed = _write(out / f"{name}.csv", to_csv(table).encode())
        lines.append(f"{out / name}.csv: {len(table)} rows{'' if changed else ', unchanged'}")
    return lines


def _write(path: Path, data: bytes) -> bool:
    if path.is_file() and path.read_bytes() == data:
        return False
    write_bytes(path, data)
    return True


def read_results(folder: Path, names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Results that stand in a folder, by name."""
    wanted = list(names)
    absent = [name for name in wanted if not (folder / f"{name}.csv").is_file()]
    if absent:
        raise SourceError(
            f"{folder} has no result {', '.join(f'{name}.csv' for name in absent)}. Compute the"
            " results first: make results, or python -m peacestudy results with the study's name"
            f" and --out {folder}."
        )
    return {name: read_plain(folder / f"{name}.csv") for name in wanted}


def write_figure(study: str, name: str, results: Path, out: Path) -> str:
    """Draw one figure of a study from its results; returns a line that names the files."""
    known = [n for n, d in FIGURES.items() if study in d.studies]
    if name not in known:
        raise SpecError(one_of("figure", name, known))
    needs = FIGURES[name].needs
    drawn, table = FIGURES[name].draw(read_results(results, needs))
    write_files({**render(drawn, out / name), out / f"{name}.csv": to_csv(table).encode()})
    return f"{out / name}: pdf, png, csv ({study})"


def write_tables(study: str, results: Path, out: Path) -> list[str]:
    """Write every table of a study as Markdown, HTML and LaTeX; returns a line a table."""
    whole = load_study(study)
    lines = []
    for table in all_tables(whole.codebook, read_results(results, results_of(whole.config.id))):
        for ending, text in table.texts().items():
            _write(out / f"{table.name}.{ending}", text.encode())
        lines.append(f"{out / table.name}: {', '.join(table.texts())}")
    return lines
