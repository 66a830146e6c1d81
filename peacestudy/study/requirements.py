"""The columns that study.toml and codebook.toml require of a study's tables."""

from collections.abc import Iterator
from typing import NamedTuple

from peacestudy.core.toml_lines import Place
from peacestudy.models.formulas.formula import parse
from peacestudy.study.config import Config, Specification
from peacestudy.study.config.findings import spec_problems
from peacestudy.study.study import Study


class Requirement(NamedTuple):
    """A column that a value of a file requires.

    Attributes
    ----------
    file, key, place : where the value stands: the file, its key, and the table that holds the key.
    column : the required column.
    """

    file: str
    key: str
    place: Place
    column: str


def required_columns(study: Study, samples: set[str]) -> Iterator[Requirement]:
    """Every column that is required of the tables of some samples.

    Parameters
    ----------
    study : Study
        The study whose study.toml and codebook.toml are read.
    samples : set of str
        Ids of the samples.
    """
    config = study.config
    yield from _of_specs(config, samples)
    yield from _of_variants(config, samples)
    yield from _of_moderations(config, samples)
    yield from _of_contexts(config, samples)
    yield from _of_steps(study, samples)
    yield from _of_weighting(config, samples)
    yield from _of_permutation(config, samples)
    yield from _of_out_of_sample(config, samples)
    yield from _of_windows(config, samples)
    yield from _of_left_out(config, samples)
    yield from _of_forecast(config, samples)
    yield from _of_codebook(study, samples)


def _required(key: str, place: Place, column: str) -> Requirement:
    return Requirement("study.toml", key, place, column)


def _sound_specs(
    specs: tuple[Specification, ...], samples: set[str]
) -> Iterator[tuple[int, Specification]]:
    """The specifications on some samples that can be read, with their positions."""
    for n, spec in enumerate(specs):
        if spec.sample in samples and not spec_problems(spec):
            yield n, spec


def _cluster_columns(spec: Specification) -> tuple[str, ...]:
    return tuple(spec.model().cluster or ())


def _option_columns(spec: Specification) -> tuple[str, ...]:
    model = spec.model()
    return (*model.option_columns, *(model.panel or ()))


def _of_specs(config: Config, samples: set[str]) -> Iterator[Requirement]:
    for n, spec in _sound_specs(config.specs, samples):
        place = ("specs", n)
        for column in parse(spec.formula).columns:
            yield _required("formula", place, column)
        for column in _cluster_columns(spec):
            yield _required("cluster", place, column)
        for column in _option_columns(spec):
            if column != config.weight_column:
                yield _required("options", place, column)


def _of_variants(config: Config, samples: set[str]) -> Iterator[Requirement]:
    for _, spec in _sound_specs(config.varied_specs(), samples):
        variant = next(n for n, v in enumerate(config.variants) if spec.name.endswith(f", {v.id}"))
        columns = (
            *parse(spec.formula).columns,
            *_cluster_columns(spec),
            *_option_columns(spec),
        )
        for column in columns:
            if column != config.weight_column:
                yield _required("id", ("variants", variant), column)


def _of_moderations(config: Config, samples: set[str]) -> Iterator[Requirement]:
    specs = {s.name: s for s in config.specs if s.sample in samples}
    for n, rule in enumerate(config.moderations):
        bases = [specs[name] for name in rule.specs if name in specs]
        columns: set[str] = set()
        for base in bases:
            for moderator in rule.moderators:
                spec = rule.of(base, moderator)
                if not spec_problems(spec):
                    columns.update(parse(spec.formula).columns)
        for column in sorted(columns):
            yield _required("moderators", ("moderations", n), column)
        if bases and rule.moderators:
            yield _required("strata", ("moderations", n), rule.strata)


def _of_contexts(config: Config, samples: set[str]) -> Iterator[Requirement]:
    rule = config.contexts
    if rule is None:
        return
    sample_of = {s.name: s.sample for s in config.specs}
    if any(sample_of.get(name) in samples for name in rule.specs):
        for n, grouping in enumerate(rule.by):
            yield _required("column", ("contexts", "by", n), grouping.column)


def _of_steps(study: Study, samples: set[str]) -> Iterator[Requirement]:
    """Steps of the samples; a step that no sample uses is required of the cases."""
    config = study.config
    used_here = {i for s in config.samples if s.id in samples for i in s.steps}
    used_anywhere = {i for s in config.samples for i in s.steps}
    has_cases = "cases" in study.tables
    for n, step in enumerate(config.steps):
        unused = step.id not in used_anywhere
        if step.id in used_here or (unused and has_cases):
            yield _required("column", ("steps", n), step.column)


def _of_weighting(config: Config, samples: set[str]) -> Iterator[Requirement]:
    rule = config.weighting
    if rule is None:
        return
    sample_of = {s.name: s.sample for s in config.specs}
    if sample_of.get(rule.spec) in samples:
        yield _required("case", ("weighting",), rule.case)


def _of_permutation(config: Config, samples: set[str]) -> Iterator[Requirement]:
    rule = config.permutation
    if rule is None:
        return
    sample_of = {s.name: s.sample for s in config.specs}
    if sample_of.get(rule.spec) in samples:
        yield _required("strata", ("permutation",), rule.strata)


def _of_out_of_sample(config: Config, samples: set[str]) -> Iterator[Requirement]:
    rule = config.out_of_sample
    if rule is not None and rule.sample in samples:
        yield _required("groups", ("out_of_sample",), rule.groups)
        yield _required("time", ("out_of_sample",), rule.time)
        if rule.known_from:
            yield _required("known_from", ("out_of_sample",), rule.known_from)


def _of_windows(config: Config, samples: set[str]) -> Iterator[Requirement]:
    rule = config.windows
    if rule is not None and rule.sample in samples:
        for key in ("group", "start", "end"):
            yield _required(key, ("windows",), getattr(rule, key))


def _of_left_out(config: Config, samples: set[str]) -> Iterator[Requirement]:
    rule = config.left_out
    sample_of = {s.name: s.sample for s in config.specs}
    if rule is not None and samples & {sample_of.get(name) for name in rule.specs}:
        yield _required("column", ("left_out",), rule.column)


def _of_forecast(config: Config, samples: set[str]) -> Iterator[Requirement]:
    rule = config.forecast
    if rule is not None and rule.cases in samples:
        for column, substitute in rule.substitutes.items():
            yield _required("substitutes", ("forecast",), column)
            yield _required("substitutes", ("forecast",), substitute)


def _of_codebook(study: Study, samples: set[str]) -> Iterator[Requirement]:
    """Columns that measure an entry of the study's own codebook."""
    config = study.config
    if config.codebook or not config.samples:
        return
    first_table = config.samples[0].table
    tables = {s.table for s in config.samples if s.id in samples}
    if first_table not in tables:
        return
    for n, entry in enumerate(study.codebook.entries):
        for column in entry.measured_by:
            yield Requirement("codebook.toml", "measured_by", ("entries", n), column)
