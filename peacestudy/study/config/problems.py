"""Problems of study.toml: unknown or repeated names, values that are not allowed, and changes
made after the declaration.
"""

import re
from collections.abc import Iterator

from peacestudy.core.codebook import SCORES
from peacestudy.core.problems import Problem, nearest
from peacestudy.core.toml_lines import line_of
from peacestudy.errors import SpecError
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.formulas.formula import parse
from peacestudy.models.inference.decisions import DIRECTIONS
from peacestudy.models.inference.hypotheses import ADJUSTMENTS
from peacestudy.study.config import Config, Specification, Variant
from peacestudy.study.config.alternatives import LeftOut
from peacestudy.study.config.declaration import declaration_hash
from peacestudy.study.config.findings import Finding, among, spec_problems
from peacestudy.study.config.politics_problems import politics_findings

ROLES = ("primary", "comparison", "check")
MOST_DRAWS = 1_000_000  # more would not fit in memory


def config_problems(config: Config, text: str) -> list[Problem]:
    """Every problem that study.toml shows by itself, each with its line in the text."""
    findings = [
        *_names(config),
        *_specs(config),
        *_clocks(config),
        *_selection(config),
        *_hypotheses(config),
        *_values(config),
        *politics_findings(config),
        *_declaration(config),
    ]
    return [
        Problem(
            "study.toml",
            line_of(text, *place),
            next(str(p) for p in reversed(place) if isinstance(p, str)),
            str(value),
            rule,
            remedy,
        )
        for place, value, rule, remedy in findings
    ]


def _names(config: Config) -> Iterator[Finding]:
    steps = [s.id for s in config.steps]
    named = {
        "steps": steps,
        "samples": [s.id for s in config.samples],
        "specs": [s.name for s in config.specs],
        "hypotheses": [h.id for h in config.hypotheses],
        "variants": [v.id for v in config.variants],
    }
    for kind, names in named.items():
        key = "name" if kind == "specs" else "id"
        for n, name in enumerate(names):
            if name in names[:n]:
                yield (kind, n, key), name, f"the {key} appears twice in {kind}", "rename one"
    for n, sample in enumerate(config.samples):
        for m, step in enumerate(sample.steps):
            yield from among(
                ("samples", n, "steps", m), step, steps, "a sample is made of declared steps"
            )
    tables = {s.table for s in config.samples}
    clocked = [clock.table for clock in config.clocks]
    for n, table in enumerate(clocked):
        yield from among(("clocks", n, "table"), table, tables, "a clock is of a sample's table")
        if table in clocked[:n]:
            yield ("clocks", n, "table"), table, "a table has one clock", "merge the two"
    samples = named["samples"]
    both: dict[str, tuple[Specification | Variant, ...]] = {
        "specs": config.specs,
        "variants": config.variants,
    }
    for kind, rows in both.items():
        for n, row in enumerate(rows):
            if row.sample:
                yield from among((kind, n, "sample"), row.sample, samples, "a declared sample")
            if row.scores:
                yield from among(
                    (kind, n, "scores"), row.scores, SCORES, "a rule from codes to scores"
                )


def _specs(config: Config) -> Iterator[Finding]:
    for n, s in enumerate(config.specs):
        yield from among(("specs", n, "role"), s.role, ROLES, "a role is one of")
        for key, why in spec_problems(s).items():
            yield ("specs", n, key), getattr(s, key), why, "correct the spec"
    names = [s.name for s in config.specs]
    for m, name in enumerate(config.varied):
        yield from among(("varied", m), name, names, "a variant changes declared specs")
    terms = [
        t
        for s in config.specs
        if s.name in config.varied
        for t in s.formula.split("~")[-1].strip().split(" + ")
    ]
    for n, v in enumerate(config.variants):
        for m, term in enumerate(v.drop):
            yield from among(
                ("variants", n, "drop", m),
                term,
                dict.fromkeys(terms),
                "a variant drops a term of the varied specs",
            )
        turned = v.engine in ENGINES and ENGINES[v.engine].timed
        if v.reversed != turned:
            rule = (
                "hazards of fighting are turned, so that above zero is more peace, and nothing"
                " else is"
            )
            yield (
                ("variants", n, "id"),
                f"reversed = {v.reversed}",
                rule,
                f"write reversed = {str(turned).lower()}",
            )
        for s in (v.of(s) for s in config.specs if s.name in config.varied):
            yield from (
                (("variants", n, "id"), f"{v.id}: {s.formula}", why, "correct the variant")
                for why in spec_problems(s).values()
            )


def _selection(config: Config) -> Iterator[Finding]:
    """The model of the weights, and variants that take the cases of another one."""
    names = [s.name for s in config.specs]
    rule = config.weighting
    if rule is not None:
        yield from among(
            ("weighting", "spec"), rule.spec, names, "weights come from a declared spec"
        )
    others = [v.id for v in config.variants if not v.cases_of]
    for n, v in enumerate(config.variants):
        if v.cases_of:
            yield from among(
                ("variants", n, "cases_of"), v.cases_of, others, "cases are those of a variant"
            )


def _clocks(config: Config) -> Iterator[Finding]:
    """Rules of a model that contradict the clock of its table, and reasons of a variant for columns
    that none of its models has.
    """
    table_of = {s.id: s.table for s in config.samples}
    specs = {s.name: s for s in config.specs}
    varied = [specs[name] for name in config.varied if name in specs]
    made: dict[str, list[list[Specification]]] = {
        "specs": [[s] for s in config.specs],
        "variants": [[v.of(s) for s in varied] for v in config.variants],
    }
    for kind, rows in made.items():
        for n, models in enumerate(rows):
            rules: dict[str, str] = {}
            for model in models:
                clock = config.clock_of(table_of.get(model.sample, ""))
                rules |= dict(clock.known_from) if clock is not None else {}
            written = models[0].known_from if models else {}
            for column, rule in written.items():
                if rules.get(column, rule) != rule:
                    said = f"the clock of the table says {rules[column]!r} of {column!r}"
                    remedy = "leave it out, or give a reason under known_late"
                    yield (kind, n, "known_from"), f"{column} = {rule!r}", said, remedy
    for n, variant in enumerate(config.variants):
        for column in variant.known_late:
            if varied and not any(column in variant.of(s).known_late for s in varied):
                said = "no varied spec has this column as this variant changes it"
                remedy = "correct it; write columns of steps and options under late_steps"
                yield ("variants", n, "known_late"), column, said, remedy


def _hypotheses(config: Config) -> Iterator[Finding]:
    formulas = {s.name: s.formula for s in config.specs}
    for n, h in enumerate(config.hypotheses):
        yield from among(
            ("hypotheses", n, "spec"), h.spec, formulas, "a hypothesis refers to a declared spec"
        )
        yield from among(
            ("hypotheses", n, "direction"), h.direction, DIRECTIONS, "the sign that the claim gives"
        )
        joint = len(h.terms) > 1 and not h.weights
        if joint and h.direction in ("positive", "negative"):
            rule = "a joint test of several terms has no direction"
            yield ("hypotheses", n, "direction"), h.direction, rule, 'write direction = "none"'
        if h.weights and len(h.weights) != len(h.terms):
            yield (
                ("hypotheses", n, "weights"),
                h.weights,
                f"a contrast has a weight for each of its {len(h.terms)} terms",
                "write them",
            )
        if not h.terms:
            yield (
                ("hypotheses", n, "terms"),
                "",
                "a hypothesis names a term, or several",
                "name them",
            )
        labels = _labels(formulas.get(h.spec, ""))
        for m, term in enumerate(h.terms if labels else ()):
            if not all(piece.partition("[")[0] in labels for piece in term.split(":")):
                rule = f"the terms of spec {h.spec!r} are made of {', '.join(labels)}"
                yield (
                    ("hypotheses", n, "terms", m),
                    term,
                    rule,
                    f"correct it.{nearest(term, labels)}",
                )


def _labels(formula: str) -> list[str]:
    """The factors that the terms of a formula are made of, none where it cannot be read."""
    try:
        return [*(f.label for f in parse(formula).factors), "Intercept"]
    except SpecError:
        return []


def _values(config: Config) -> Iterator[Finding]:
    families = dict.fromkeys(h.family for h in config.hypotheses if h.family)
    specs, samples = [s.name for s in config.specs], [s.id for s in config.samples]
    permuted, unseen, ahead = config.permutation, config.out_of_sample, config.forecast
    windows = config.windows
    if permuted is not None:
        yield from among(
            ("permutation", "spec"), permuted.spec, specs, "a permutation is of a declared spec"
        )
        yield from among(
            ("permutation", "family"), permuted.family, families, "a family of hypotheses"
        )
    for key, found in (("out_of_sample", unseen), ("forecast", ahead), ("windows", windows)):
        for m, name in enumerate(found.specs if found is not None else ()):
            yield from among((key, "specs", m), name, specs, "a declared spec")
    if config.left_out is not None:
        for m, name in enumerate(config.left_out.specs):
            yield from among(("left_out", "specs", m), name, specs, "a declared spec")
        yield from _part(config.left_out)
    for key, sampled in (("out_of_sample", unseen), ("windows", windows)):
        if sampled is not None:
            yield from among((key, "sample"), sampled.sample, samples, "a declared sample")
    if ahead is not None:
        for key in ("train", "cases"):
            yield from among(("forecast", key), getattr(ahead, key), samples, "a declared sample")
    draws = {
        "permutation": permuted.draws if permuted is not None else 1,
        "out_of_sample": unseen.draws if unseen is not None else 1,
        "windows": windows.draws if windows is not None else 1,
    }
    for key, n in draws.items():
        if not 1 <= n <= MOST_DRAWS:
            rule = f"1 or more, and at most {MOST_DRAWS:,}"
            yield (key, "draws"), n, rule, "write the number of draws, such as 500"
    if windows is not None and windows.seed < 0:
        yield ("windows", "seed"), windows.seed, "0 or more", "write a whole number"
    yield from _decision(config)
    floor = config.reliability
    if floor is not None and not floor.floor <= 1:
        yield ("reliability", "floor"), floor.floor, "at most 1", "write it as 0.667 or 0.8"


def _part(rule: LeftOut) -> Iterator[Finding]:
    """A part of a column that is no regular expression, or has several groups."""
    try:
        groups = re.compile(rule.part).groups
    except re.error as err:
        found = f"no regular expression: {err}"
    else:
        if groups < 2:
            return
        found = "a regular expression with one group at most"
    yield ("left_out", "part"), rule.part, found, "correct it, or leave it empty"


def _decision(config: Config) -> Iterator[Finding]:
    rule = config.decision
    if rule is None:
        if config.hypotheses:
            yield ("hypotheses",), "", "hypotheses are decided by a declared rule", "add [decision]"
        return
    for name, value in (("alpha", rule.alpha), ("power", rule.power)):
        if not 0 < value < 1:
            yield ("decision", name), value, "between 0 and 1", "write it as 0.05 or 0.8"
    for key in ("adjustment", "comparison"):
        yield from among(("decision", key), getattr(rule, key), ADJUSTMENTS, "one of")


def _declaration(config: Config) -> Iterator[Finding]:
    found = declaration_hash(config)
    if config.declared.hash != found:
        yield (
            ("declared", "hash"),
            config.declared.hash[:12] + "...",
            f"the values declared have sha256 {found}",
            (
                "restore them; or renew the declaration: set today's date and this hash, and say"
                " in the statement what changed and why"
            ),
        )
