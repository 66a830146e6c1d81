"""Reading a study folder: everything is read and checked, all problems are told at once."""

import re
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
from peacestudy.study.asked import asked
from peacestudy.study.builders import BUILDERS
from peacestudy.study.config import Config, Sample
from peacestudy.study.config.problems import config_problems
from peacestudy.study.package import NAME, read_package
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
    """Read a study by name, or from a folder.

    Parameters
    ----------
    study : a name such as ``peace_agreements``, or the path of a study folder.

    Raises
    ------
    SourceError
        There is no such study, or it has problems; all of them are in ``err.problems``.

    Examples
    --------
    >>> import peacestudy as ps
    >>> ps.load_study("peace_agreements").codebook.pillars[0].name
    'Diplomacy and conflict resolution'
    """
    folder = study_folder(study)
    found, problems = _read(folder)
    if found is None or problems:
        raise SourceError(f"the study {folder.name!r} has {len(problems)} problem(s).", problems)
    return found


def check(study: str | Path) -> pd.DataFrame:
    """Read everything in a study and report all problems at once.

    Returns
    -------
    DataFrame
        A row a problem: ``file, line, column, value, rule, remedy``. No rows: the study is sound.
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
    """The values under [cases] as the builder takes them, or None with the problems told."""
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
    """The codebook that a study codes by: its own, or that of the study it names."""
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
        # as long as the table: a file that is not whole gives no table
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
        coding = None if sheet is None else settled(folder, config, sheet)
    except PeacestudyError as err:
        return None, problems + _from(err, "study.toml")
    study = Study(folder, config, book, coding, tables, sheet)
    problems += _across(study, text)
    return study, problems


def _needed(config: Config | None) -> dict[str, list[str]]:
    """Tables and columns that a study of coded cases has: those of its
    codes, and of its outcomes where it compares.
    """
    compares = config is None or any(s.table == "cases" for s in config.samples)
    return CODED | COMPARED if compares else CODED


def settled(folder: Path, config: Config, sheet: CodingSheet) -> Coding | None:
    """The one code of every cell: of the single coder, or by the declared
    rule; None where coders are not settled yet.
    """
    rule = config.adjudication
    if rule is not None:
        file = inside(rule.decisions, "decisions") if rule.decisions else ""
        decisions = read_decisions(folder / file, sheet.codebook) if file else None
        return adjudicate(sheet, rule.rule, senior=rule.senior or None, decisions=decisions)
    return sheet.coding() if len(sheet.coders) == 1 else None


def _lacking(
    tables: dict[str, pd.DataFrame], told: set[str], needed: dict[str, list[str]]
) -> list[Problem]:
    """Tables and columns that every study has and this one has
    not, unless the file is told of already.
    """
    if NAME in told:
        return []
    out = []
    for table, columns in needed.items():
        if table not in tables:
            if f"{table}.csv" not in told:
                out.append(Problem(NAME, 0, table, "", f"a study has a table {table!r}", "add it"))
            continue
        out += [
            Problem(
                NAME,
                0,
                table,
                ", ".join(tables[table].columns[:8]),
                f"a table {table!r} has a column {c!r}",
                "add it to the schema",
            )
            for c in columns
            if c not in tables[table].columns
        ]
    return out


def _across(study: Study, text: str) -> list[Problem]:
    """What only the whole study shows: cases without outcome, columns
    that something asks for and nothing provides.
    """
    out: list[Problem] = []
    if "cases" in study.tables and "outcomes" in study.tables:
        lost = sorted(set(study.cases["case_id"]) - set(study.outcomes["case_id"]))
        out += [
            Problem("outcomes.csv", 0, "case_id", c, "every case has an outcome row", "add the row")
            for c in lost
        ]
    found = file_sha256(codebook_path(study.folder, study.config))
    if found != study.config.declared.codebook:
        rule = f"codebook.toml has sha256 {found}"
        remedy = (
            "restore it; or declare anew with today's date and this hash, and say in the statement"
            " what changed and why"
        )
        expected = study.config.declared.codebook[:12] + "..."
        out.append(
            Problem(
                "study.toml",
                line_of(text, "declared", "codebook"),
                "codebook",
                expected,
                rule,
                remedy,
            )
        )
    for table in dict.fromkeys(s.table for s in study.config.samples):
        out += _asked_of(study, text, table)
    out += _frozen(study, text)
    return out


def _frozen(study: Study, text: str) -> list[Problem]:
    """Forecasts that are not those whose sha256 stands beside the
    declaration: what was frozen is not changed.
    """
    path, said = study.folder / "forecasts.csv", study.config.declared.forecasts
    found = file_sha256(path) if path.is_file() else ""
    if found == said:
        return []
    rule = (
        f"the forecasts frozen have sha256 {said[:12]}..."
        if said
        else "study.toml has no sha256 of forecasts"
    )
    remedy = (
        "restore the file: forecasts are made once"
        if said
        else f'write under [declared]: forecasts = "{found}"'
    )
    return [
        Problem(
            "forecasts.csv",
            line_of(text, "declared", "forecasts") if said else 0,
            "",
            found[:12],
            rule,
            remedy,
        )
    ]


def _asked_of(study: Study, text: str, table: str) -> list[Problem]:
    """What is asked of a joined table and does not stand in it."""
    config = study.config
    try:
        frame = replace(study, config=replace(config, samples=(Sample("all", (), table),))).frame(
            "all"
        )
    except PeacestudyError as err:
        return _from(err, f"{table}.csv")
    columns = [str(c) for c in frame.data.columns]
    texts = {"study.toml": text, "codebook.toml": read_text(codebook_path(study.folder, config))}
    out = []
    samples = {s.id: s for s in config.samples if s.table == table}
    for file, key, place, column in asked(study, set(samples)):
        if column not in columns:
            rule, remedy = "a column of the joined table", f"correct it.{nearest(column, columns)}"
            out.append(Problem(file, line_of(texts[file], *place, key), key, column, rule, remedy))
    used = {i for s in samples.values() for i in s.steps}
    for n, step in enumerate(config.steps):
        if step.id in used and step.column in columns:
            try:
                frame.keep(frame.data[step.column], step.step, step.reason)
            except PeacestudyError as err:
                line = line_of(text, "steps", n, "column")
                out.append(
                    Problem(
                        "study.toml",
                        line,
                        "column",
                        step.column,
                        str(err),
                        "name a column of yes and no",
                    )
                )
    return out
