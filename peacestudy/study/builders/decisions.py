"""Decisions on data problems: what a builder finds wrong in its sources is decided in
``decisions.tsv``, not in code.

A builder says what it found (``Finding``); the file holds a row for each: the place, the problem,
what was found there, the decision with its value, and why. A finding without a row stops the build,
and so does a row that no longer meets a finding: when a source changes, its decisions are looked at
again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from peacestudy.core.problems import Problem, nearest
from peacestudy.core.schema import Field, Schema, typed
from peacestudy.core.tables import header_problems, read_text
from peacestudy.errors import SourceError

NAME = "decisions.tsv"
DECISIONS_SCHEMA = Schema(
    (
        Field("place", required=True, description="the row of the source, such as 'paid 1534'"),
        Field("problem", required=True, description="kind of problem, in the builder's words"),
        Field("found", required=True, description="what stands there"),
        Field(
            "decision",
            required=True,
            description="what is done, one of the builder's words for this problem",
        ),
        Field("value", description="the value that is taken, where the decision needs one"),
        Field("why", required=True, description="the reason, for a reader who knows the case"),
    ),
    key=("place", "problem"),
)


@dataclass(frozen=True)
class Finding:
    """A data problem that a builder detects.

    Attributes
    ----------
    place : the row of the source it is at, such as ``paid 1534``.
    problem : kind of problem.
    found : what stands there, on one line.
    choices : the decisions that the builder can carry out.
    """

    place: str
    problem: str
    found: str
    choices: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("place", "problem", "found"):
            value = getattr(self, name)
            if not value or value != " ".join(value.split()):
                raise SourceError(
                    f"{name} of a finding is {value!r}; it must be one line of words with single"
                    " blanks."
                )


@dataclass(frozen=True)
class Decision:
    """What is done about a finding: the decision, the value it
    takes ('' where it needs none), and why.
    """

    decision: str
    value: str
    why: str


def read_decisions(folder: Path, name: str = NAME) -> pd.DataFrame:
    """The decisions of a study, from ``decisions.tsv`` in its folder, or another file of its form.

    The file is tab separated, its first line the names of the columns; a cell holds no tab, no line
    break and no quotes around it. A study without the file has decided nothing.

    Returns
    -------
    DataFrame
        Columns ``place, problem, found, decision, value, why``; the index is the line of the file.

    Raises
    ------
    SourceError
        The file cannot be read; every problem is told.
    """
    path = folder / name
    if not path.exists():
        return pd.DataFrame(columns=DECISIONS_SCHEMA.names)
    rows = {
        n: line.split("\t")
        for n, line in enumerate(read_text(path).splitlines(), start=1)
        if line.strip()
    }
    if not rows or next(iter(rows)) != 1:
        raise SourceError(
            f"{path} is empty. Expected a header with {', '.join(DECISIONS_SCHEMA.names)}, tab"
            " separated."
        )
    header = rows.pop(1)
    problems = [
        Problem(
            name,
            n,
            "",
            " | ".join(row)[:80],
            f"{len(row)} cells where the header has {len(header)}",
            "look for a missing or extra tab",
        )
        for n, row in rows.items()
        if len(row) != len(header)
    ]
    problems += header_problems(header, name)
    if not problems:
        text = pd.DataFrame(list(rows.values()), columns=header, dtype=object)
        table, problems = typed(text, list(rows), DECISIONS_SCHEMA, name)
        if not problems:
            return table.set_axis(pd.Index(list(rows), name="line"), axis=0)
    raise SourceError(f"{path} cannot be read as decisions: {len(problems)} problem(s).", problems)


def decide(
    problems: Iterable[Finding], decisions: pd.DataFrame, file: str = NAME
) -> Mapping[tuple[str, str], Decision]:
    """The decision on every finding.

    Parameters
    ----------
    problems : what the builder found.
    decisions : rows of ``read_decisions``.
    file : where they stand, for what is said of problems.

    Returns
    -------
    dict
        From (place, problem) to the decision; as many entries as there are findings.

    Raises
    ------
    SourceError
        A finding has no row (the row to add is told), a row speaks of nothing that was found, of
        something else than now stands there, or its decision is no word of the builder's.
    """
    open_findings = {(f.place, f.problem): f for f in problems}
    out: dict[tuple[str, str], Decision] = {}
    wrong: list[Problem] = []
    for line, place, problem, found, decision, value, why in decisions[
        DECISIONS_SCHEMA.names
    ].itertuples(name=None):
        finding = open_findings.pop((place, problem), None)
        if finding is None:
            hint = nearest(f"{place} {problem}", [f"{p} {q}" for p, q in open_findings])
            wrong.append(
                Problem(
                    file,
                    int(line),
                    "place",
                    f"{place}, {problem}",
                    "nothing of the kind was found there",
                    f"take the row out, or correct it.{hint}",
                )
            )
        elif found != finding.found:
            wrong.append(
                Problem(
                    file,
                    int(line),
                    "found",
                    found,
                    f"found there: {finding.found}",
                    "look at the case again, then correct the row",
                )
            )
        elif decision not in finding.choices:
            rule = f"decisions on {problem!r} are {', '.join(finding.choices)}"
            wrong.append(
                Problem(
                    file,
                    int(line),
                    "decision",
                    decision,
                    rule,
                    f"correct it.{nearest(decision, finding.choices)}",
                )
            )
        else:
            out[place, problem] = Decision(decision, "" if pd.isna(value) else str(value), why)
    wrong += [
        Problem(
            file,
            0,
            "",
            f"{f.place}, {f.problem}: {f.found}",
            "every problem of the sources is decided in this file",
            "add the row, tab separated: "
            + " <tab> ".join((f.place, f.problem, f.found, "|".join(f.choices), "...", "...")),
        )
        for f in open_findings.values()
    ]
    if wrong:
        raise SourceError(f"{file} and the sources do not agree: {len(wrong)} problem(s).", wrong)
    return out


def as_written(decisions: pd.DataFrame) -> dict[tuple[str, str], Decision]:
    """The decisions as they stand in the file, not yet held against what
    was found: for findings that hang on others.
    """
    return {
        (str(place), str(problem)): Decision(
            str(decision), "" if pd.isna(value) else str(value), str(why)
        )
        for place, problem, _, decision, value, why in decisions[DECISIONS_SCHEMA.names].itertuples(
            index=False, name=None
        )
    }
