"""What is wrong with the moderations and contexts of study.toml: what
they name, and the models that they make.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isfinite

from peacestudy.core.toml_lines import Place
from peacestudy.errors import SpecError
from peacestudy.models.contexts.shrinkage import METHODS
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.formulas.factors import Factor
from peacestudy.models.formulas.formula import parse
from peacestudy.models.inference.decisions import DIRECTIONS
from peacestudy.study.config.config import Config
from peacestudy.study.config.declared import Specification
from peacestudy.study.config.findings import Finding, among, spec_problems
from peacestudy.study.config.politics import Context, Contexts, Moderation

SHAPE = "its terms are joined by ' + ', and the first, whose effect it is, is scale() of one column"


def politics_findings(config: Config) -> Iterator[Finding]:
    """Everything that is wrong with moderations and contexts."""
    of = {s.name: s for s in config.specs}
    yield from _once(("moderations",), [m.id for m in config.moderations], "id")
    for n, rule in enumerate(config.moderations):
        yield from _moderation(("moderations", n), rule, of)
    if config.contexts is not None:
        yield from _contexts(config.contexts, of)


def _once(at: Place, names: Sequence[str], key: str) -> Iterator[Finding]:
    """Names in tables of their own that are empty or stand twice."""
    for n, name in enumerate(names):
        if not name.strip():
            yield (
                (*at, n, key),
                name,
                f"every entry has {'an' if key == 'id' else 'a'} {key}",
                "write one",
            )
        elif name in names[:n]:
            yield (*at, n, key), name, f"the {key} appears twice in {at[-1]}", "rename one"


def _several(at: Place, key: str, words: Sequence[str]) -> Iterator[Finding]:
    """A list that is empty, or has a word twice."""
    if not words:
        yield (*at, key), "", f"{key} has one entry or more", "write them"
    for word, count in Counter(words).items():
        if count > 1:
            yield (
                (*at, key),
                word,
                f"it appears {count} times in {key}, and would be counted as often",
                "write it once",
            )


def _moderation(at: Place, rule: Moderation, of: dict[str, Specification]) -> Iterator[Finding]:
    yield from among(
        (*at, "direction"), rule.direction, DIRECTIONS, "the sign that the claim gives"
    )
    yield from _several(at, "specs", rule.specs)
    yield from _several(at, "moderators", rule.moderators)
    for m, name in enumerate(rule.specs):
        yield from among((*at, "specs", m), name, of, "a moderation is of declared specs")
    used = [of[s] for s in rule.specs if s in of and "formula" not in spec_problems(of[s])]
    bad = [s for s in used if not _is_shaped(s)]
    yield from (
        ((*at, "specs"), s.formula, f"in a model that is moderated {SHAPE}", "write the spec so")
        for s in bad
    )
    yield from _engines(
        (*at, "specs"),
        used,
        _odds_ratios(permuted=True),
        "products are tested as ratios of odds ratios by",
    )
    for m, moderator in enumerate(rule.moderators):
        place: Place = (*at, "moderators", m)
        factor = _one_column(moderator)
        if factor is None or {"C", "lag"} & set(factor.functions):
            yield (
                place,
                moderator,
                "a moderator is one numeric column, as polyarchy or scale(polyarchy)",
                "correct it",
            )
            continue
        yield from (
            (place, moderator, why, "write another moderator, or other specs")
            for why in dict.fromkeys(_clash(s, moderator, factor) for s in used if s not in bad)
            if why
        )
    if len(rule.quantiles) != 2 or not 0 <= rule.quantiles[0] < rule.quantiles[1] <= 1:
        yield (
            (*at, "quantiles"),
            rule.quantiles,
            "two shares between 0 and 1, the lower first",
            "write them as [0.1, 0.9]",
        )
    for key, least in (("near", 0), ("min_cases", 1), ("draws", 1), ("seed", 0)):
        value = getattr(rule, key)
        if not (isfinite(value) and value >= least):
            yield (*at, key), value, f"a number, {least} or more", "correct it"


def _odds_ratios(permuted: bool = False) -> list[str]:
    """The engines of 0 and 1 with a batched kernel, and of these the ones that can be permuted."""
    found = []
    for name, engine in ENGINES.items():
        binary = engine.outcome == "binary" and engine.kernel is not None
        if binary and (engine.permutable or not permuted):
            found.append(name)
    return found


def _engines(
    place: Place, specs: Sequence[Specification], known: Sequence[str], what: str
) -> Iterator[Finding]:
    for s in specs:
        if s.engine not in known:
            yield (
                place,
                f"{s.name} ({s.engine})",
                f"{what} engine {' or '.join(known)}",
                "name other specs",
            )


def _is_shaped(spec: Specification) -> bool:
    """Whether a formula is a sum of terms that can be taken apart at
    ' + ', the first scale() of one column.
    """
    terms = spec.terms()
    first = _one_column(terms[0])
    whole = sum(len(parse(f"y ~ {t}").factors) for t in terms if _reads(t)) == len(
        parse(spec.formula).factors
    )
    return (
        first is not None and first.functions == ("scale",) and all(map(_is_term, terms)) and whole
    )


def _reads(term: str) -> bool:
    try:
        parse(f"y ~ {term}")
    except SpecError:
        return False
    return True


def _is_term(term: str) -> bool:
    """Whether a text is one term, a product allowed, and no sum."""
    if not _reads(term):
        return False
    found = parse(f"y ~ {term}")
    return len(found.factors) == 1 or not set("+-") & set(found.right)


def _one_column(term: str) -> Factor | None:
    """The factor that a term is, where it is one of one column."""
    if not _reads(term):
        return None
    found = parse(f"y ~ {term}")
    return found.factors[0] if len(found.factors) == 1 and found.right == "f0" else None


def _clash(spec: Specification, moderator: str, factor: Factor) -> str:
    """Why a moderator cannot be one of a model's, or nothing."""
    terms, formula = spec.terms(), parse(spec.formula)
    if factor.column == parse(f"y ~ {terms[0]}").columns[-1]:
        return (
            f"{factor.column!r} is what is moderated in spec {spec.name!r}: it cannot be its own"
            " moderator"
        )
    if factor.column in parse(f"{spec.formula.split('~')[0]} ~ 1").columns:
        return f"{factor.column!r} is the outcome of spec {spec.name!r}"
    held = [f.label for f in formula.factors if f.column == factor.column]
    if held and moderator not in terms:
        return (
            f"spec {spec.name!r} has {factor.column!r} already, as {held[0]}: it would appear"
            " twice in one model; write the moderator as it is there"
        )
    return ""


def _contexts(where: Contexts, of: dict[str, Specification]) -> Iterator[Finding]:
    at: Place = ("contexts",)
    yield from among(
        (*at, "method"), where.method, ("bayes", *METHODS), "a method of partial pooling"
    )
    if where.min_events < 1:
        yield (*at, "min_events"), where.min_events, "1 or more", "correct it"
    yield from _several(at, "specs", where.specs)
    for m, name in enumerate(where.specs):
        yield from among((*at, "specs", m), name, of, "contexts are of declared specs")
    used = [of[s] for s in where.specs if s in of and "formula" not in spec_problems(of[s])]
    bad = [s for s in used if not _is_shaped(s)]
    yield from (
        ((*at, "specs"), s.formula, f"in a model of contexts {SHAPE}", "write the spec so")
        for s in bad
    )
    yield from _engines(
        (*at, "specs"), used, _odds_ratios(), "effects in contexts are log odds ratios of"
    )
    good = [s for s in used if s not in bad]
    others = list(dict.fromkeys(t for s in good for t in s.terms()[1:]))
    for m, term in enumerate(where.drop if good else ()):
        yield from among(
            (*at, "drop", m),
            term,
            others,
            "what is left out is a term of these specs, and not the first",
        )
    made = [where.of(s) for s in good]
    yield from (
        ((*at, "vcov"), s.formula, why, "correct it")
        for s in made
        for why in spec_problems(s).values()
    )
    if not where.by:
        yield (*at, "by"), "", "cases are divided in one way or more", "add [[contexts.by]]"
    yield from _once((*at, "by"), [way.id for way in where.by], "id")
    yield from _once((*at, "by"), [way.label for way in where.by], "label")
    for n, way in enumerate(where.by):
        yield from _way((*at, "by", n), way, [s for s in made if not spec_problems(s)])


def _way(at: Place, way: Context, made: Sequence[Specification]) -> Iterator[Finding]:
    columns = {"case_id"} | {
        c for s in made for c in (*parse(s.formula).columns, *s.model().cluster_columns)
    }
    if way.id in columns:
        rule = (
            f"the id names a column of the contexts, and {way.id!r} is a column of their models"
            " already"
        )
        yield (*at, "id"), way.id, rule, "rename it"
    rises = all(isfinite(c) for c in way.cuts) and sorted(set(way.cuts)) == list(way.cuts)
    apart = len(set(way.names)) == len(way.names) and all(name.strip() for name in way.names)
    if len(way.names) < 2 or len(way.names) != len(way.cuts) + 1 or not rises or not apart:
        rule = (
            "two names or more, each another, one more than there are cuts, which rise and are"
            " finite"
        )
        yield (
            (*at, "names"),
            ", ".join(way.names),
            rule,
            "name every context and write where each begins",
        )
