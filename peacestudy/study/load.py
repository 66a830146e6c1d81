"""Reading a study folder: everything is read and checked, and all problems are reported."""

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.coding import Coding, CodingSheet, adjudicate
from peacestudy.coding.adjudication import read_decisions
from peacestudy.coding.coding import CODING_SCHEMA, coding_problems
from peacestudy.core.cases import CASES_SCHEMA
from peacestudy.core.codebook import Codebook, read_codebook
from peacestudy.core.problems import Problem, nearest, problem_table
from peacestudy.core.settings import fill, inside, read_toml
from peacestudy.core.tables import file_sha256, read_text, row_lines
from peacestudy.core.toml_lines import line_of
from peacestudy.errors import PeacestudyError, SourceError, SpecError
from peacestudy.outcomes.context import COVARIATES_SCHEMA
from peacestudy.study.builders import BUILDERS
from peacestudy.study.clock_problems import clock_problems
from peacestudy.study.config import Config, Sample
from peacestudy.study.config.problems import config_problems
from peacestudy.study.package import NAME, read_package
from peacestudy.study.requirements import required_columns
from peacestudy.study.study import Study

# tables that a study of coded cases has, and columns that they have whatever the study
CODED = {"cases": CASES_SCHEMA.names, "codings": CODING_SCHEMA.names}
COMPARED = {"outcomes": ["case_id", "source"], "covariates": COVARIATES_SCHEMA.names}


def study_folder(study: str | Path) -> Path:
    """The folder of a study: a path as it is, a name among the studies that come with the package
    or stand in the checkout.
    """
    path = Path(str(study))
    package = Path(str(files("peacestudy")))
    shelves = [package / "datasets", package.parent / "datasets"]
    name = str(study)
    known = sorted({p.parent.name for shelf in shelves for p in shelf.glob("*/study.toml")})
    # a folder of the same name may hold anything
    if name in known and not (path / "study.toml").is_file():
        return next(shelf / name for shelf in shelves if (shelf / name / "study.toml").is_file())
    if path.is_dir():
        return path
    raise SourceError(
        f"there is no study {name!r} and no folder of that name. Known studies:"
        f" {', '.join(known)}.{nearest(name, known)}"
    )


def load_study(study: str | Path) -> Study:
    """Read a study by its name, or from a folder.

    Parameters
    ----------
    study : str or Path
        A name such as ``peace_agreements``, or the path of a study folder.

    Returns
    -------
    Study
        The study, complete and checked.

    Raises
    ------
    SourceError
        There is no such study, or it has problems; all of them are in ``err.problems``.

    Examples
    --------
    >>> study = ps.load_study("double_coding")
    >>> len(study.cases), [spec.name for spec in study.specs[:2]]
    (863, ['success_by_staff', 'success_by_independent'])
    """
    folder = study_folder(study)
    found, problems = _read(folder)
    if found is None or problems:
        raise SourceError(f"the study {folder.name!r} has {len(problems)} problem(s).", problems)
    return found


def check(study: str | Path) -> pd.DataFrame:
    """Read everything in a study and report all problems at once.

    Parameters
    ----------
    study : str or Path
        A name such as ``peace_agreements``, or the path of a study folder.

    Returns
    -------
    DataFrame
        A row a problem: ``file, line, column, value, rule, remedy``. No rows: the study has no
        problem.

    Raises
    ------
    SourceError
        There is no such study or folder.

    Examples
    --------
    >>> import shutil
    >>> import tempfile
    >>> from pathlib import Path
    >>> len(ps.check("double_coding"))
    0
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     copy = Path(folder, "double_coding")
    ...     _ = shutil.copytree(ps.load_study("double_coding").folder, copy)
    ...     Path(copy, "cases.csv").unlink()
    ...     problems = ps.check(copy)
    >>> problems["file"].tolist()
    ['cases.csv']
    """
    return problem_table(_read(study_folder(study))[1])


def read_config(folder: Path) -> tuple[Config | None, str, list[Problem]]:
    """study.toml of a folder, its text, and what is wrong with it."""
    problems: list[Problem] = []
    try:
        values, text = read_toml(folder / "study.toml", SpecError)
    except SpecError as err:
        return None, "", _from(err, "study.toml")
    builder = BUILDERS.get(str(values.get("id")))
    rule = values.get("cases", {})
    if builder is not None:
        values["cases"] = _rule(builder.rule, rule, text, problems)
    config = fill(Config, values, "study.toml", text, problems)
    if config is not None:
        problems += config_problems(config, text)
    return config, text, problems


def _rule(cls: type[Any], values: dict[str, Any], text: str, problems: list[Problem]) -> Any:
    """The values under [cases] as the builder reads them, or None and the problems."""
    try:
        return fill(cls, values, "study.toml", text, problems, ("cases",))
    except SpecError as err:
        problems.append(
            Problem(
                "study.toml", line_of(text, "cases"), "cases", "", str(err), "correct the value"
            )
        )
        return None


def codebook_path(folder: Path, config: Config | None) -> Path:
    """The codebook of a study: its own, or that of the study that it names."""
    name = config.codebook if config is not None else ""
    if name and not re.fullmatch(r"\w[\w.-]*", name):
        raise SpecError(
            f"codebook is {name!r}; expected the name of a study, such as 'peace_agreements'. Name"
            " the study, not a path."
        )
    return (study_folder(name) if name else folder) / "codebook.toml"


def _from(err: PeacestudyError, file: str) -> list[Problem]:
    listed = [p for p in err.problems if isinstance(p, Problem)]
    return listed or [
        Problem(file, 0, "", "", str(err).splitlines()[0], "correct or restore the file")
    ]


def _read(folder: Path) -> tuple[Study | None, list[Problem]]:
    config, text, problems = read_config(folder)
    book: Codebook | None = None
    try:
        book = read_codebook(codebook_path(folder, config))
    except PeacestudyError as err:
        problems += _from(err, "codebook.toml")
    tables, found = read_package(folder)
    problems += found
    coded = book is None or bool(book.indicators)
    needed = _needed(config) if coded else {}
    lacking = _lacking(tables, {p.file for p in found}, needed)
    problems += lacking
    sheet: CodingSheet | None = None
    wrong: list[Problem] = []
    if book is not None and coded and "codings" in tables and not lacking:
        # as many lines as rows: an incomplete file gives no table
        lines = row_lines(folder / "codings.csv")
        wrong = coding_problems(tables["codings"], book, "codings.csv", lines)
        sheet = None if wrong else CodingSheet(tables["codings"], book, "codings.csv")
    problems += wrong
    if (
        config is None
        or book is None
        or not tables
        or lacking
        or wrong
        or not tables.keys() >= needed.keys()
    ):
        return None, problems
    coding: Coding | None = None
    try:
        coding = None if sheet is None else adjudicated(folder, config, sheet)
    except PeacestudyError as err:
        return None, problems + _from(err, "study.toml")
    study = Study(folder, config, book, coding, tables, sheet)
    problems += _across(study, text)
    return study, problems


def _needed(config: Config | None) -> dict[str, list[str]]:
    """Tables and columns that a study of coded cases needs: those of its codes, and those of its
    outcomes where it compares cases.
    """
    compares = config is None or any(s.table == "cases" for s in config.samples)
    return CODED | COMPARED if compares else CODED


def adjudicated(folder: Path, config: Config, sheet: CodingSheet) -> Coding | None:
    """One code a cell: the single coder's, or by the declared rule of adjudication; None where
    several coders have no such rule.
    """
    rule = config.adjudication
    if rule is not None:
        file = inside(rule.decisions, "decisions") if rule.decisions else ""
        decisions = read_decisions(folder / file, sheet.codebook) if file else None
        return adjudicate(sheet, rule.rule, senior=rule.senior or None, decisions=decisions)
    return sheet.coding() if len(sheet.coders) == 1 else None


def _lacking(
    tables: dict[str, pd.DataFrame], reported: set[str], needed: dict[str, list[str]]
) -> list[Problem]:
    """Needed tables and columns that are missing, unless the file is reported already."""
    if NAME in reported:
        return []
    out = []
    for table, columns in needed.items():
        if table not in tables:
            if f"{table}.csv" not in reported:
                out.append(Problem(NAME, 0, table, "", f"a study has a table {table!r}", "add it"))
            continue
        found = ", ".join(tables[table].columns[:8])
        for column in columns:
            if column not in tables[table].columns:
                rule = f"a table {table!r} has a column {column!r}"
                out.append(Problem(NAME, 0, table, found, rule, "add it to the schema"))
    return out


def _across(study: Study, text: str) -> list[Problem]:
    """Problems of the study as a whole: cases without outcome, a changed codebook, required
    columns that no table has, changed forecasts.
    """
    out = [
        *_without_outcome(study),
        *_changed_codebook(study, text),
        *_earlier_declarations(study, text),
    ]
    for table in dict.fromkeys(s.table for s in study.config.samples):
        required = _required_of(study, text, table)
        out += required or list(clock_problems(study, text, table))
    out += [*_changed_forecasts(study, text), *_changed_frozen(study, text)]
    return out


def _without_outcome(study: Study) -> list[Problem]:
    if "cases" not in study.tables or "outcomes" not in study.tables:
        return []
    lost = sorted(set(study.cases["case_id"]) - set(study.outcomes["case_id"]))
    rule = "every case has an outcome row"
    return [Problem("outcomes.csv", 0, "case_id", case, rule, "add the row") for case in lost]


def _changed_codebook(study: Study, text: str) -> list[Problem]:
    found = file_sha256(codebook_path(study.folder, study.config))
    declared = study.config.declared.codebook
    if found == declared:
        return []
    line = line_of(text, "declared", "codebook")
    rule = f"codebook.toml has sha256 {found}"
    remedy = (
        "restore it; or renew the declaration with today's date and this hash, and say in the"
        " statement what changed and why"
    )
    return [Problem("study.toml", line, "codebook", f"{declared[:12]}...", rule, remedy)]


def _earlier_declarations(study: Study, text: str) -> Iterator[Problem]:
    """Earlier declarations whose kept study.toml is missing, was changed or declares another hash;
    dates that are not earlier; and kept files that are not declared.
    """
    declared = study.config.declared
    for n, earlier in enumerate(declared.earlier):
        path = study.folder / earlier.path
        found = file_sha256(path) if path.is_file() else ""
        if not found or found != earlier.file:
            line = line_of(text, "declared", "earlier", n, "file")
            rule = f"the study.toml of {earlier.date} has sha256 {earlier.file[:12]}..."
            remedy = "restore the file: a declaration that was replaced is kept as it was"
            yield Problem(earlier.path, line, "", found[:12] or "no file", rule, remedy)
        elif (kept := _declared_hash(path)) != earlier.hash:
            line = line_of(text, "declared", "earlier", n, "hash")
            rule = f"the study.toml of {earlier.date} declares the hash {kept[:12] or 'of nothing'}"
            remedy = "write the hash that stands there under [declared]"
            yield Problem("study.toml", line, "hash", earlier.hash[:12], rule, remedy)
        others = [other.date for other in declared.earlier[:n]]
        if earlier.date >= declared.date or earlier.date in others:
            line = line_of(text, "declared", "earlier", n, "date")
            rule = "an earlier declaration stands once, with a date before the present one"
            yield Problem("study.toml", line, "date", str(earlier.date), rule, "correct the date")
    known = {earlier.path for earlier in declared.earlier}
    for path in sorted((study.folder / "declarations").glob("*.toml")):
        if f"declarations/{path.name}" not in known:
            rule = "study.toml has no date, hash and reason of this declaration"
            remedy = "write [[declared.earlier]] for it"
            yield Problem(f"declarations/{path.name}", 0, "", path.name, rule, remedy)


def _declared_hash(path: Path) -> str:
    """The hash that a kept study.toml declares; empty where it declares none."""
    try:
        declared = read_toml(path, SpecError)[0].get("declared", {})
    except SpecError:
        return ""
    return str(declared.get("hash", "")) if isinstance(declared, dict) else ""


def _changed_forecasts(study: Study, text: str) -> list[Problem]:
    """Forecasts whose sha256 is not the declared one: frozen forecasts must not change."""
    path, declared = study.folder / "forecasts.csv", study.config.declared.forecasts
    found = file_sha256(path) if path.is_file() else ""
    if found == declared:
        return []
    if declared:
        line = line_of(text, "declared", "forecasts")
        rule = f"the forecasts frozen have sha256 {declared[:12]}..."
        remedy = "restore the file: forecasts are made once"
    else:
        line = 0
        rule = "study.toml has no sha256 of forecasts"
        remedy = f'write under [declared]: forecasts = "{found}"'
    return [Problem("forecasts.csv", line, "", found[:12], rule, remedy)]


def _changed_frozen(study: Study, text: str) -> Iterator[Problem]:
    """Files of forecasts that were changed or lost, and files that are not declared."""
    declared = study.config.declared
    for n, frozen in enumerate(declared.frozen):
        try:
            path = study.folder / inside(frozen.file, "file")
        except SpecError as err:
            line = line_of(text, "declared", "frozen", n, "file")
            yield Problem("study.toml", line, "file", frozen.file, str(err), "name a file of it")
            continue
        found = file_sha256(path) if path.is_file() else ""
        if not found or found != frozen.hash:
            line = line_of(text, "declared", "frozen", n, "hash")
            rule = f"the forecasts of {frozen.date} have sha256 {frozen.hash[:12]}..."
            remedy = "restore the file: forecasts are never changed"
            yield Problem(frozen.file, line, "", found[:12] or "no file", rule, remedy)
    known = {"forecasts.csv", *(frozen.file for frozen in declared.frozen)}
    for path in sorted(study.folder.glob("forecasts*.csv")):
        if path.name not in known:
            rule = "study.toml has no date, sha256 and definition of these forecasts"
            remedy = f'write [[declared.frozen]] with file = "{path.name}" and the hash'
            yield Problem(path.name, 0, "", file_sha256(path), rule, remedy)


def _required_of(study: Study, text: str, table: str) -> list[Problem]:
    """Columns that are required of a joined table and missing, and steps that cannot be applied."""
    config = study.config
    joined = replace(study, config=replace(config, samples=(Sample("all", (), table),), clocks=()))
    try:
        frame = joined.frame("all")
    except PeacestudyError as err:
        return _from(err, f"{table}.csv")
    columns = [str(c) for c in frame.data.columns]
    codebook = read_text(codebook_path(study.folder, config))
    texts = {"study.toml": text, "codebook.toml": codebook}
    samples = {s.id: s for s in config.samples if s.table == table}
    out = []
    for file, key, place, column in required_columns(study, set(samples)):
        if column not in columns:
            line = line_of(texts[file], *place, key)
            remedy = f"correct it.{nearest(column, columns)}"
            out.append(Problem(file, line, key, column, "a column of the joined table", remedy))
    used = {i for s in samples.values() for i in s.steps}
    for n, step in enumerate(config.steps):
        if step.id not in used or step.column not in columns:
            continue
        try:
            frame.keep(frame.data[step.column], step.step, step.reason)
        except PeacestudyError as err:
            line = line_of(text, "steps", n, "column")
            remedy = "name a column of yes and no"
            out.append(Problem("study.toml", line, "column", step.column, str(err), remedy))
    return out
