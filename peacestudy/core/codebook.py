"""The codebook: pillars > indicators > codes, each with its
question, anchors, theory and hypothesis.

A codebook is a TOML file that people write. Codes that several indicators share are written once,
as a scale whose anchors hold ``{topic}``.
"""

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path

import pandas as pd

from peacestudy.core.display import escape_markdown, html_table
from peacestudy.core.old_names import renamed_property
from peacestudy.core.problems import Problem, one_of
from peacestudy.core.settings import fill, read_toml
from peacestudy.core.toml_lines import Place, line_of
from peacestudy.errors import CodebookError

LEVELS = ("nominal", "ordinal", "interval", "ratio")
DIMENSIONS = ("political", "economic", "social", "environmental")
ASPECTS = ("promise", "implementation")
KINDS = ("pillar", "rival")
SCORES = ("share", "depth", "weighted", "weakest", "first_component", "graded_response")


@dataclass(frozen=True)
class Code:
    """A value that a coder may give, with its name and the rule when to give it.

    Attributes
    ----------
    value : int
        The number in the data.
    label : str
        The name of the value.
    anchor : str
        What must be true of a case that gets this code.

    Examples
    --------
    >>> code = ps.Code(1, "present", "An agreement names a third party that mediates.")
    >>> code.value, code.label
    (1, 'present')
    >>> [c.label for c in ps.load_study("double_coding").codebook.indicators["terror"].codes]
    ['level 1', 'level 2', 'level 3', 'level 4', 'level 5']
    """

    value: int
    label: str
    anchor: str


@dataclass(frozen=True)
class Scale:
    """Codes that several indicators share; ``{topic}`` in an
    anchor stands for the indicator's topic.
    """

    id: str
    level: str
    codes: tuple[Code, ...]


@dataclass(frozen=True)
class Indicator:
    """One question that is asked about every case.

    Attributes
    ----------
    id : str
        Identifier in tables.
    name : str
        Name in prose.
    question : str
        What the coder answers.
    topic : str
        The noun phrase that replaces ``{topic}`` in the anchors of the scale.
    scale : str
        Id of the scale; its level and codes are in ``level`` and ``codes`` once the codebook is
        read.
    reason : str
        Why the indicator belongs to its pillar.
    dimension : {"political", "economic", "social", "environmental"}
        Dimension of peace that the indicator measures.
    aspect : {"promise", "implementation"}
        What a text promises, or what was done.
    direction : int
        +1 if more is expected to help peace, -1 if it is expected to harm it.
    columns : tuple of str
        Columns of the source from which a rule codes the indicator; empty where people code it.
    rule : str
        How the code follows from these columns, in words.
    weight : float or None
        Weight in its pillar under the rule ``weighted``, above 0; None where it has none.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Level of measurement of the scale.
    codes : tuple of Code
        Codes of the scale.

    Examples
    --------
    >>> terror = ps.load_study("double_coding").codebook.indicators["terror"]
    >>> terror.question
    'How far does the state imprison, torture or kill people for their politics?'
    >>> terror.level, [code.value for code in terror.codes]
    ('ordinal', [0, 1, 2, 3, 4])
    """

    id: str
    name: str
    question: str
    topic: str
    scale: str
    reason: str
    dimension: str
    aspect: str
    direction: int
    columns: tuple[str, ...] = ()
    rule: str = ""
    weight: float | None = None
    level: str = ""
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True)
class Pillar:
    """A way in which partnerships are expected to build peace, or an alternative explanation.

    Attributes
    ----------
    id : str
        Identifier in tables; it names the column of the pillar's score.
    name : str
        Name in prose.
    theory : str
        What is claimed.
    hypothesis : str
        What the theory predicts here.
    source : str
        The works that make the claim.
    kind : {"pillar", "rival"}
        ``rival`` for an explanation that competes with the pillars.
    number : int
        Place among the pillars, from 1.
    indicators : tuple of Indicator
        The questions of the pillar.
    measured_by : tuple of str
        Columns of the study's covariates, where a source measures the pillar and nobody codes it.

    Examples
    --------
    >>> pillar = ps.load_study("double_coding").codebook.pillars[0]
    >>> pillar.id, [indicator.id for indicator in pillar.indicators][:3]
    ('resources', ['success', 'grade', 'relevance'])
    """

    id: str
    name: str
    theory: str
    hypothesis: str
    source: str
    kind: str = "pillar"
    number: int = 0
    indicators: tuple[Indicator, ...] = ()
    measured_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Codebook:
    """Every question that a study asks about its cases.

    Attributes
    ----------
    id : str
        Identifier of the codebook.
    title : str
        Title in prose.
    version : str
        Version; sheets of other versions are recognised by it.
    score : {"share", "depth", "weighted", "weakest", "first_component", "graded_response"}
        The declared rule from codes to the score of a pillar, see ``ps.score``.
    concepts : dict of str to str
        Definitions of the key terms.
    scales : tuple of Scale
        Codes that several indicators share.
    entries : tuple of Pillar
        The pillars and the alternative explanations, in the order of the file.
    answered : float
        The smallest share of a pillar's indicators that must have codes for a case to get a score,
        above 0; at 1 a score is missing where any code is.

    Examples
    --------
    >>> book = ps.load_study("double_coding").codebook
    >>> [pillar.id for pillar in book.pillars]
    ['resources', 'positions']
    >>> book.table().loc[[0, 6], ["indicator_id", "level", "codes"]].values.tolist()
    [['success', 'nominal', '0 no; 1 yes'], ['terror', 'ordinal', '0 level 1; 1 level 2; 2
    level 3; 3 level 4; 4 level 5']]
    """

    id: str
    title: str
    version: str
    score: str
    concepts: dict[str, str]
    scales: tuple[Scale, ...]
    entries: tuple[Pillar, ...] = field(repr=False)
    answered: float = 1.0

    @property
    def pillars(self) -> tuple[Pillar, ...]:
        """The pillars, without the alternative explanations."""
        return tuple(p for p in self.entries if p.kind == "pillar")

    @property
    def alternatives(self) -> tuple[Pillar, ...]:
        """The alternative explanations, the entries of kind ``rival``."""
        return tuple(p for p in self.entries if p.kind == "rival")

    rivals = renamed_property("Codebook.rivals", "alternatives")

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """Every indicator by its id."""
        return {i.id: i for p in self.entries for i in p.indicators}

    def pillar_of(self, indicator_id: str) -> Pillar:
        """The pillar (or rival) that an indicator serves."""
        for pillar in self.entries:
            if any(i.id == indicator_id for i in pillar.indicators):
                return pillar
        raise CodebookError(one_of("indicator", indicator_id, list(self.indicators)))

    def table(self) -> pd.DataFrame:
        """A row an indicator: ``pillar, kind, indicator_id, name, question, level, codes,
        direction, dimension, aspect, columns, rule, reason, weight``.
        """
        rows = [
            {
                "pillar": p.id,
                "kind": p.kind,
                "indicator_id": i.id,
                "name": i.name,
                "question": i.question,
                "level": i.level,
                "codes": "; ".join(f"{c.value} {c.label}" for c in i.codes),
                "direction": i.direction,
                "dimension": i.dimension,
                "aspect": i.aspect,
                "columns": " ".join(i.columns),
                "rule": i.rule,
                "reason": i.reason,
                "weight": float("nan") if i.weight is None else i.weight,
            }
            for p in self.entries
            for i in p.indicators
        ]
        return pd.DataFrame(rows)

    def to_markdown(self) -> str:
        """The whole codebook as a Markdown document: concepts,
        pillars, questions, anchors of every code.
        """
        e = escape_markdown
        out = [
            f"# {e(self.title)}",
            f"Version {e(self.version)}. Scores: {e(self.score)}.{self._gaps()}",
            "## Concepts",
        ]
        out += [
            f"- **{e(name.replace('_', ' '))}**: {e(text)}" for name, text in self.concepts.items()
        ]
        for p in self.entries:
            head = (
                f"{p.number}. {e(p.name)}"
                if p.kind == "pillar"
                else f"Rival explanation: {e(p.name)}"
            )
            out += [
                f"## {head}",
                f"*Theory*: {e(p.theory)} *Hypothesis*: {e(p.hypothesis)} *Source*: {e(p.source)}",
            ]
            if p.measured_by:
                out.append(f"Measured, not coded, by the covariates {e(', '.join(p.measured_by))}.")
            for i in p.indicators:
                out += [f"### {e(i.name)} (`{i.id}`)", e(i.question)]
                weight = "" if i.weight is None else f"; weight {i.weight:g}"
                out.append(
                    f"{i.level}; {i.dimension}; {i.aspect}; direction {i.direction:+d}{weight}."
                    f" Rule: {e(i.rule)} Why here: {e(i.reason)}"
                )
                out += ["\n".join(f"- {c.value} {e(c.label)}: {e(c.anchor)}" for c in i.codes)]
        return "\n\n".join(out) + "\n"

    def _gaps(self) -> str:
        return (
            f" At least {self.answered:.0%} of the indicators of a score have codes."
            if self.answered < 1
            else ""
        )

    def _repr_html_(self) -> str:
        view = self.table()[["pillar", "name", "question", "level", "codes", "dimension"]]
        concepts = "".join(
            f"<li><b>{escape(k.replace('_', ' '))}</b>: {escape(v)}</li>"
            for k, v in self.concepts.items()
        )
        notes = [f"{p.name}: {p.theory} Hypothesis: {p.hypothesis}" for p in self.entries]
        return f"<ul>{concepts}</ul>" + html_table(
            view, f"{self.title}, version {self.version}", notes, rows=len(view)
        )


def read_codebook(path: str | os.PathLike[str]) -> Codebook:
    """Read and check a codebook.

    Parameters
    ----------
    path : a TOML file.

    Raises
    ------
    CodebookError
        All problems at once: unknown or missing keys, a scale, level or dimension that does not
        exist, an id twice, a source column that serves two indicators.
    """
    path = Path(path)
    values, text = read_toml(path, CodebookError)
    problems: list[Problem] = []
    raw = fill(Codebook, values, path.name, text, problems)
    if raw is not None:
        problems += _problems(raw, path.name, text) + _score_problems(raw, path.name, text)
    if raw is None or problems:
        raise CodebookError(
            f"{path} is not a sound codebook: {len(problems)} problem(s).", problems
        )
    scales = {s.id: s for s in raw.scales}

    def resolve(i: Indicator) -> Indicator:
        codes = tuple(
            replace(c, anchor=c.anchor.replace("{topic}", i.topic)) for c in scales[i.scale].codes
        )
        return replace(i, level=scales[i.scale].level, codes=codes)

    entries = tuple(replace(p, indicators=tuple(map(resolve, p.indicators))) for p in raw.entries)
    return replace(raw, entries=entries)


class _Problems:
    """The problems of a codebook, each with its line in the file."""

    def __init__(self, book: Codebook, file: str, text: str) -> None:
        self.book, self.file, self.text = book, file, text
        self.found: list[Problem] = []
        self.ids: set[str] = set()
        self.taken: dict[str, str] = {}  # source column -> indicator

    def add(
        self, place: Place, value: object, rule: str, remedy: str = "correct the value"
    ) -> None:
        line = line_of(self.text, *place)
        self.found.append(Problem(self.file, line, str(place[-1]), str(value), rule, remedy))

    def known(self, place: Place, value: str, words: tuple[str, ...]) -> None:
        """The value is one of the words."""
        if value not in words:
            self.add(place, value, one_of(str(place[-1]), value, words))

    def new_id(self, place: Place, name: str) -> None:
        """The id is not used yet."""
        if name in self.ids or not name.isidentifier():
            rule = "ids are unique and made of letters, digits and _"
            self.add((*place, "id"), name, rule, "rename one")
        self.ids.add(name)

    def scale(self, place: Place, scale: Scale) -> None:
        self.new_id(place, scale.id)
        self.known((*place, "level"), scale.level, LEVELS)
        values = [c.value for c in scale.codes]
        distinct = len(set(values)) == len(values)
        if not distinct or min(values, default=1) != 0 or max(values) == 0:
            rule = "the codes of a scale are distinct: 0 is 'absent', and the others are above it"
            self.add((*place, "codes"), ", ".join(map(str, values)), rule, "correct the codes")

    def pillar(self, place: Place, pillar: Pillar) -> None:
        self.known((*place, "kind"), pillar.kind, KINDS)
        self.new_id(place, pillar.id)
        if not pillar.indicators and not pillar.measured_by:
            rule = "a pillar has indicators, or covariates that measure it"
            self.add((*place, "indicators"), "", rule, "add them")
        for m, indicator in enumerate(pillar.indicators):
            self.indicator((*place, "indicators", m), indicator)

    def indicator(self, place: Place, indicator: Indicator) -> None:
        scales = tuple(scale.id for scale in self.book.scales)
        self.new_id(place, indicator.id)
        self.known((*place, "scale"), indicator.scale, scales)
        self.known((*place, "dimension"), indicator.dimension, DIMENSIONS)
        self.known((*place, "aspect"), indicator.aspect, ASPECTS)
        if indicator.direction not in (1, -1):
            self.add((*place, "direction"), indicator.direction, "direction is 1 or -1")
        for column in indicator.columns:
            if column in self.taken:
                rule = f"a source column serves one indicator; {self.taken[column]} has it"
                self.add((*place, "columns"), column, rule, "remove it from one")
            self.taken[column] = indicator.id

    def weight(self, place: Place, weight: float | None) -> None:
        if weight is None and self.book.score == "weighted":
            rule = "scores are weighted, so every indicator has a weight"
            self.add(place, "", rule, "add the weight")
        if weight is not None and not 0 < weight < float("inf"):
            self.add(place, weight, "a weight is a number above 0")


def _problems(book: Codebook, file: str, text: str) -> list[Problem]:
    check = _Problems(book, file, text)
    check.known(("score",), book.score, SCORES)
    for n, scale in enumerate(book.scales):
        check.scale(("scales", n), scale)
    for n, pillar in enumerate(book.entries):
        check.pillar(("entries", n), pillar)
    return check.found


def _score_problems(book: Codebook, file: str, text: str) -> list[Problem]:
    check = _Problems(book, file, text)
    if not 0 < book.answered <= 1:
        rule = "a share above 0 and at most 1"
        check.add(("answered",), book.answered, rule, "write it as 0.8")
    for n, pillar in enumerate(book.entries):
        for m, indicator in enumerate(pillar.indicators):
            check.weight(("entries", n, "indicators", m, "weight"), indicator.weight)
    return check.found
