"""Every column that study.toml and codebook.toml ask of the tables of a study."""

from collections.abc import Iterator

from peacestudy.core.toml_lines import Place
from peacestudy.models.formulas.formula import parse
from peacestudy.study.config import Config
from peacestudy.study.config.findings import spec_problems
from peacestudy.study.study import Study

WEIGHT = "attempt_weight"  # a column that results make: the inverse chance of an attempt


def asked(study: Study, samples: set[str]) -> Iterator[tuple[str, str, Place, str]]:
    """Every column that is asked of the tables of some samples: the
    file, key and place that ask, and the column.
    """
    config = study.config
    for n, s in enumerate(config.specs):
        if s.sample in samples and not spec_problems(s):
            yield from (
                ("study.toml", "formula", ("specs", n), c) for c in parse(s.formula).columns
            )
            yield from (("study.toml", "cluster", ("specs", n), c) for c in s.model().cluster or ())
            yield from (
                ("study.toml", "options", ("specs", n), c)
                for c in (*s.model().option_columns, *(s.model().panel or ()))
                if c != WEIGHT
            )
    for s in config.varied_specs():
        if s.sample in samples and not spec_problems(s):
            n = next(i for i, v in enumerate(config.variants) if s.name.endswith(f", {v.id}"))
            asked = (
                *parse(s.formula).columns,
                *(s.model().cluster or ()),
                *s.model().option_columns,
                *(s.model().panel or ()),
            )
            yield from (("study.toml", "id", ("variants", n), c) for c in asked if c != WEIGHT)
    yield from _of_politics(config, samples)
    used = {i for s in config.samples if s.id in samples for i in s.steps}
    for n, step in enumerate(config.steps):
        if step.id in used or (
            step.id not in {i for s in config.samples for i in s.steps} and "cases" in study.tables
        ):
            yield "study.toml", "column", ("steps", n), step.column
    rule = config.permutation
    if rule is not None and {s.name: s.sample for s in config.specs}.get(rule.spec) in samples:
        yield "study.toml", "strata", ("permutation",), rule.strata
    unseen, ahead = config.out_of_sample, config.forecast
    if unseen is not None and unseen.sample in samples:
        yield from (
            ("study.toml", key, ("out_of_sample",), getattr(unseen, key))
            for key in ("groups", "time")
        )
    if ahead is not None and ahead.cases in samples:
        yield from (
            ("study.toml", "instead", ("forecast",), c)
            for pair in ahead.instead.items()
            for c in pair
        )
    if (
        not config.codebook
        and config.samples
        and any(s.table == config.samples[0].table for s in config.samples if s.id in samples)
    ):
        for n, p in enumerate(study.codebook.entries):
            yield from (("codebook.toml", "measured_by", ("entries", n), c) for c in p.measured_by)


def _of_politics(config: Config, samples: set[str]) -> Iterator[tuple[str, str, Place, str]]:
    """Columns that moderations and contexts ask of the samples of their models."""
    of = {s.name: s for s in config.specs if s.sample in samples}
    for n, rule in enumerate(config.moderations):
        made = [rule.of(of[s], m) for s in rule.specs if s in of for m in rule.moderators]
        asked = {c for s in made if not spec_problems(s) for c in parse(s.formula).columns}
        yield from (("study.toml", "moderators", ("moderations", n), c) for c in sorted(asked))
        if made:
            yield "study.toml", "strata", ("moderations", n), rule.strata
    where = config.contexts
    if where is not None and any(s in of for s in where.specs):
        yield from (
            ("study.toml", "column", ("contexts", "by", n), way.column)
            for n, way in enumerate(where.by)
        )
