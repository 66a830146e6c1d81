"""Reading a study folder: everything is read and checked, all problems are told at once."""

from importlib.resources import files
from pathlib import Path

import pandas as pd

from peacestudy.coding import Coding
from peacestudy.core.codebook import Codebook, read_codebook
from peacestudy.core.problems import Problem, nearest, problem_table
from peacestudy.core.settings import fill, line_of, read_toml
from peacestudy.errors import PeacestudyError, SourceError, SpecError
from peacestudy.models.formula import parse
from peacestudy.models.inference import ADJUSTMENTS
from peacestudy.outcomes.attempts import RULES
from peacestudy.study.config import Config
from peacestudy.study.package import read_package
from peacestudy.study.study import Study

NEEDED = ("cases", "codings", "outcomes", "covariates")


def study_folder(study: str | Path) -> Path:
    """The folder of a study: a path as it is, a name among the studies that come with the package or stand in the checkout."""
    path = Path(study)
    if path.is_dir():
        return path
    package = Path(str(files("peacestudy")))
    shelves = [package / "datasets", package.parent / "datasets"]
    name = str(study)
    known = sorted({p.parent.name for shelf in shelves for p in shelf.glob("*/study.toml")})
    if name in known:
        return next(shelf / name for shelf in shelves if (shelf / name / "study.toml").is_file())
    raise SourceError(
        f"there is no study {name!r} and no folder of that name. Known studies: {', '.join(known)}.{nearest(name, known)}"
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
    config = fill(Config, values, "study.toml", text, problems)
    if config is not None:
        problems += _config_problems(config, text)
    return config, text, problems


def _from(err: PeacestudyError, file: str) -> list[Problem]:
    listed = [p for p in err.problems if isinstance(p, Problem)]
    return listed or [Problem(file, 0, "", "", str(err).splitlines()[0], "correct or restore the file")]


def _read(folder: Path) -> tuple[Study | None, list[Problem]]:
    config, text, problems = read_config(folder)
    book: Codebook | None = None
    try:
        book = read_codebook(folder / "codebook.toml")
    except PeacestudyError as err:
        problems += _from(err, "codebook.toml")
    tables, found = read_package(folder)
    problems += found
    if not found:
        problems += [
            Problem("datapackage.json", 0, name, "", f"a study has a table {name!r}", "add it")
            for name in NEEDED
            if name not in tables
        ]
    coding: Coding | None = None
    if book is not None and "codings" in tables:
        try:
            coding = Coding(tables["codings"], book, "codings.csv")
        except PeacestudyError as err:
            problems += _from(err, "codings.csv")
    if config is None or book is None or coding is None or problems:
        return None, problems
    study = Study(folder, config, book, coding, tables)
    return study, _across(study, text)


def _config_problems(config: Config, text: str) -> list[Problem]:
    """Names in study.toml that refer to nothing, words that do not exist, and a declaration that was changed."""
    out: list[Problem] = []

    def say(words: tuple[str, ...], key: str, value: str, rule: str, remedy: str) -> None:
        out.append(Problem("study.toml", line_of(text, *words, f"{key} ="), key, value, rule, remedy))

    steps, specs = {s.id for s in config.steps}, {s.name for s in config.specs}
    for sample in config.samples:
        for step in set(sample.steps) - steps:
            say(
                (f'id = "{sample.id}"',),
                "steps",
                step,
                "a sample is made of declared steps",
                "declare the step, or correct it",
            )
    for h in config.hypotheses:
        if h.spec not in specs:
            say(
                (f'id = "{h.id}"',),
                "spec",
                h.spec,
                "a hypothesis speaks of a declared spec",
                f"correct it.{nearest(h.spec, sorted(specs))}",
            )
    for s in config.specs:
        try:
            s.model()
            parse(s.formula)
        except SpecError as err:
            say((f'name = "{s.name}"',), "formula", s.formula, str(err), "correct the spec")
    if config.cases.rule not in RULES:
        say(("[cases]",), "rule", config.cases.rule, f"one of {', '.join(RULES)}", "correct it")
    for key in ("decide", "beside"):
        if (word := getattr(config.decision, key)) not in ADJUSTMENTS:
            say(("[decision]",), key, word, f"one of {', '.join(ADJUSTMENTS)}", "correct it")
    for name, values in {"step": [s.id for s in config.steps], "spec": [s.name for s in config.specs],
                         "hypothesis": [h.id for h in config.hypotheses], "sample": [s.id for s in config.samples]}.items():  # fmt: skip
        for twice in {v for v in values if values.count(v) > 1}:
            say((f'"{twice}"',), "id", twice, f"the {name} stands twice", "rename one")
    if config.declared.hash != config.declaration_hash():
        say(("[declared]",), "hash", config.declared.hash[:12] + "...", f"the values declared have sha256 {config.declaration_hash()}",
            "restore them; or declare anew: set today's date and this hash, and say in the statement what changed and why")  # fmt: skip
    return out


def _across(study: Study, text: str) -> list[Problem]:
    """What only the whole study shows: cases without outcome, columns that a spec or step asks for and nothing provides."""
    out: list[Problem] = []
    lost = sorted(set(study.cases["case_id"]) - set(study.outcomes["case_id"]))
    out += [Problem("outcomes.csv", 0, "case_id", c, "every case has an outcome row", "add the row") for c in lost]
    try:
        columns = study.frame(
            "all" if any(s.id == "all" for s in study.config.samples) else study.config.samples[0].id
        ).data.columns
    except PeacestudyError as err:
        return [*out, *_from(err, "study.toml")]
    for s in study.config.specs:
        for c in (*parse(s.formula).columns, *(s.model().cluster or ())):
            if c not in columns:
                line = line_of(text, f'name = "{s.name}"', "formula =")
                out.append(
                    Problem(
                        "study.toml",
                        line,
                        "formula",
                        c,
                        "a column of the joined table",
                        f"correct it.{nearest(c, list(columns))}",
                    )
                )
    for step in study.config.steps:
        if step.column not in columns:
            line = line_of(text, f'id = "{step.id}"', "column =")
            out.append(Problem("study.toml", line, "column", step.column, "a column of the joined table", "correct it"))
    return out
