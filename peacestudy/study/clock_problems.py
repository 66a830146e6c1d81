"""Declared models that explain their outcome by what is known only after the clock."""

from collections.abc import Iterable, Iterator
from functools import cache

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Problem
from peacestudy.core.toml_lines import Place, line_of
from peacestudy.errors import JoinError, PeacestudyError, SpecError
from peacestudy.models.clock_check import ClockReport, clock_report
from peacestudy.models.formulas.formula import parse
from peacestudy.study.config import Specification
from peacestudy.study.study import Study

FILE = "study.toml"
READ_EARLIER = (
    "read it from before the clock, drop it, or write the reason in the spec: known_late ="
    " {column = 'why'}"
)


def clock_problems(study: Study, text: str, table: str) -> list[Problem]:
    """What the clock of a table refuses: a problem for each column, at the first model that uses
    it, with the number of models. What names an unknown step or spec is reported by another check,
    and left out here.
    """
    clock = study.config.clock_of(table)
    if clock is None:
        return []
    steps = {step.id for step in study.config.steps}
    of_table = [s for s in study.config.samples if s.table == table]
    samples = [s.id for s in of_table if steps.issuperset(s.steps)]
    if not samples:
        return []
    try:
        study.frame(samples[0])
    except JoinError as err:
        line = line_of(text, "clocks", study.config.clocks.index(clock), "column")
        rule = str(err).splitlines()[0]
        return [Problem(FILE, line, "clocks", clock.column, rule, "correct the clock")]
    problems: list[Problem] = []
    uses: dict[tuple[str, str], list[tuple[Place, Specification]]] = {}
    rules: dict[tuple[str, str], str] = {}
    frame_of = cache(lambda sample, scores: _frame(study, sample, scores))
    for place, spec, further in _specs(study):
        frame = frame_of(spec.sample, spec.scores) if spec.sample in samples else None
        if frame is None:
            continue
        try:
            report = _report(frame, spec, further)
        except SpecError as err:
            rule = str(err).splitlines()[0]
            line = line_of(text, *place)
            problems.append(Problem(FILE, line, spec.name, spec.formula, rule, "correct it"))
            continue
        if report is None:
            continue
        for column in report.unknown:
            uses.setdefault((column, "unknown"), []).append((place, spec))
        for late in report.refused:
            uses.setdefault((late.column, "late"), []).append((place, spec))
            rules.setdefault((late.column, "late"), report.text(late))
    for (column, kind), models in uses.items():
        place, spec = models[0]
        where = f"{spec.name} and {len(models) - 1} more" if len(models) > 1 else spec.name
        rule = rules.get((column, kind), f"nothing says from when {column!r} is known")
        remedy = READ_EARLIER if kind == "late" else f"write it under known_from: {column} = ..."
        problems.append(Problem(FILE, line_of(text, *place), where, column, rule, remedy))
    return problems


def _specs(study: Study) -> Iterator[tuple[Place, Specification, tuple[str, ...]]]:
    """The declared models, their variants, and those with a moderator or in contexts, each with its
    place in study.toml and the column of the contexts.
    """
    config = study.config
    named = {spec.name: spec for spec in config.specs}

    def declared(names: Iterable[str]) -> list[Specification]:
        return [named[name] for name in names if name in named]

    for n, spec in enumerate(config.specs):
        yield ("specs", n, "formula"), spec, ()
    for n, variant in enumerate(config.variants):
        for spec in declared(config.varied):
            yield ("variants", n, "id"), variant.of(spec), ()
    for n, rule in enumerate(config.moderations):
        for moderator in rule.moderators:
            for spec in declared(rule.specs):
                yield ("moderations", n, "moderators"), rule.of(spec, moderator), ()
    if config.contexts is not None:
        for n, context in enumerate(config.contexts.by):
            for spec in declared(config.contexts.specs):
                yield ("contexts", "by", n, "column"), config.contexts.of(spec), (context.column,)


def _frame(study: Study, sample: str, scores: str) -> StudyFrame | None:
    """The frame of a sample; None where it cannot be made, which another check reports."""
    try:
        return study.frame(sample, scores or None)
    except PeacestudyError:
        return None


def _report(frame: StudyFrame, spec: Specification, further: tuple[str, ...]) -> ClockReport | None:
    """The clock's report on the rows that have a value in every column of a model."""
    columns = [c for c in parse(spec.formula).columns if c in frame.data.columns]
    complete = frame.data[columns].notna().all(axis=1)
    cases = frame.data.loc[complete, frame.key].tolist()
    return clock_report(frame, spec.model(), cases, further)
