"""The same study on other releases of its sources: which cases enter,
leave or change, and what becomes of its findings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import pandas as pd

from peacestudy.core.display import cell, html_table, p_text
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note
from peacestudy.core.tables import header_of
from peacestudy.errors import SourceError
from peacestudy.outcomes.matching import compare_cases
from peacestudy.outcomes.registry import SOURCES
from peacestudy.outcomes.releases import ReleaseChanges, compare_releases, release_of
from peacestudy.outcomes.source import Source, read_source

TOLD = ("releases", "decisions")  # kinds of a rebuilt study's notes that speak of the rebuild


class Rebuildable(Protocol):
    """What is asked of a study: ``ps.Study`` has it."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources it is built from."""

    @property
    def outcome(self) -> str:
        """Column of the outcome."""

    @property
    def primary_sample(self) -> str:
        """The sample of the primary model."""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its tables; of ``agreements`` (``case_id, agreement_id``,
        perhaps ``role``) the texts of a case are read.
        """

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader must know; those of a rebuild among them."""

    def rebuilt(self, raw: Path, instead: Mapping[str, str]) -> "Rebuildable":
        """The study built in memory with other releases; nothing is written."""

    def frame(self, sample: str = "all") -> StudyFrame:
        """The joined table of a sample."""

    def primary(self) -> pd.DataFrame:
        """What is found of every declared hypothesis: ``id, odds_ratio, conf_low, conf_high,
        p_value, p_adjusted, decision, n``.
        """


@dataclass(frozen=True, eq=False)
class Vintages:
    """A study on several releases, in the order in which they were given.

    Attributes
    ----------
    cases : a row a case of two releases that follow each other: ``old_release, new_release,
        old_case_id, new_case_id, label, status`` (entered, left, moved: another id and the same
        texts, changed, same), ``old_left_at, new_left_at`` (the step that leaves it out of the
        primary sample; missing where it is in it), ``old_outcome, new_outcome, texts_gone,
        texts_new`` (numbers), ``shares_texts_with`` (other cases of the other release that hold
        some of its texts), ``changed`` (columns).
    changes : a row a value that changed: the releases,
        ``old_case_id, new_case_id, column, old, new``.
    counts : ``release, step, unit, rows, events``: from rows of the source to the primary sample;
        events where rows are cases.
    findings : a row a hypothesis and release: ``release`` and what the study's ``primary()`` gives.
    sources : what changed in the sources themselves.
    notes : what the rebuilds had to tell, and which hypotheses are decided otherwise.
    """

    cases: pd.DataFrame = field(repr=False)
    changes: pd.DataFrame = field(repr=False)
    counts: pd.DataFrame = field(repr=False)
    findings: pd.DataFrame = field(repr=False)
    sources: tuple[ReleaseChanges, ...] = field(repr=False)
    notes: tuple[Note, ...] = ()

    @property
    def releases(self) -> list[str]:
        """Ids of the releases."""
        return [str(r) for r in self.findings["release"].drop_duplicates()]

    def side_by_side(self) -> pd.DataFrame:
        """The findings with a column a release: odds ratio,
        interval, p and the p that decides, as text.
        """
        columns = ["odds_ratio", "conf_low", "conf_high", "p_value", "p_adjusted"]
        told = [
            ("" if pd.isna(o) else f"{o:.2f} [{low:.2f}, {high:.2f}] ")
            + f"p {p_text(p)}, decides {p_text(q)}"
            for o, low, high, p, q in self.findings[columns].itertuples(index=False, name=None)
        ]
        wide = self.findings.assign(told=told).pivot(index="id", columns="release", values="told")
        order = self.findings["id"].drop_duplicates()
        return wide.loc[order, self.releases].reset_index().rename_axis(columns=None)

    def __str__(self) -> str:
        lines = []
        for (old, new), part in self.cases.groupby(["old_release", "new_release"], sort=False):
            n = part["status"].value_counts()
            lines.append(f"{old} to {new}: " + ", ".join(f"{n[s]} {s}" for s in n.index))
        return "; ".join(lines)

    def _repr_html_(self) -> str:
        other = self.cases[self.cases["status"] != "same"]
        wide = self.counts.assign(
            told=[
                _count(r, e)
                for r, e in zip(self.counts["rows"], self.counts["events"], strict=True)
            ]
        )
        steps = wide.pivot(index="step", columns="release", values="told").loc[
            wide["step"].drop_duplicates(), self.releases
        ]
        return (
            html_table(steps.reset_index(), f"Rows, and events where rows are cases: {self}")
            + html_table(self.side_by_side(), "Findings")
            + html_table(
                other, "Cases that are not the same", [*map(str, self.sources), *self.notes]
            )
        )


def _count(rows: object, events: object) -> str:
    return cell(rows) if pd.isna(events) else f"{cell(rows)} ({cell(events)})"  # type: ignore[call-overload]


def compare_vintages(
    study: Rebuildable, releases: Mapping[str, Sequence[str]], raw: str | Path | None = None
) -> Vintages:
    """Rebuild a study on several releases of its sources, and tell which cases and findings change.

    Every release is read in place of the one that the study names, the other sources as they are;
    of several families one is changed at a time. Nothing is written. A data problem that only
    another release has must be decided in the study's folder, in a file such as
    ``decisions_pax_v9.tsv``; the rows to add are told.

    Parameters
    ----------
    study : what is rebuilt, such as ``ps.load_study("peace_agreements")``.
    releases : of a family of sources its releases, older first: ``{"pax": ["v9", "v10"]}`` for
        ``pax_v9`` and ``pax_v10``.
    raw : folder with the source files.

    Raises
    ------
    SourceError
        A release is not known, the study has no source of the family, a file is missing (all are
        told, with from whom to get them), or something found in a release has no decision.

    Examples
    --------
    >>> import peacestudy as ps
    >>> study = ps.load_study("peace_agreements")
    >>> found = ps.outcomes.compare_vintages(
    ...     study, {"pax": ["v9", "v10"]}, raw="source_files"
    ... )  # doctest: +SKIP
    >>> found.cases.status.value_counts()  # doctest: +SKIP
    """
    wanted = {
        family: [release_of(family, r, SOURCES) for r in names]
        for family, names in releases.items()
    }
    named = {family: _named(study, family) for family in wanted}
    if short := [
        f
        for f, found in wanted.items()
        if len({s.id for s in found}) != len(found) or len(found) < 2
    ]:
        raise SourceError(
            f"releases of {', '.join(short)}: give two or more, each once, the older first."
        )
    if not wanted:
        raise SourceError(
            'no release is given. Give two or more of a family, as {"pax": ["v9", "v10"]}.'
        )
    folder = _folder(study, [s for found in wanted.values() for s in found], raw)
    parts = []
    for family, found in wanted.items():
        rebuilt = [
            (s.id, study.rebuilt(folder, {named[family]: s.id} if s.id != named[family] else {}))
            for s in found
        ]
        parts.append(_compared(rebuilt, tuple(_changes(a, b, folder) for a, b in pairwise(found))))
    tables = [(p.cases, p.changes, p.counts, p.findings) for p in parts]
    cases, changes, counts, findings = (
        pd.concat(t, ignore_index=True) for t in zip(*tables, strict=True)
    )
    sources, notes = (
        tuple(c for p in parts for c in p.sources),
        tuple(n for p in parts for n in p.notes),
    )
    return Vintages(cases, changes, counts, findings, sources, notes)


def _named(study: Rebuildable, family: str) -> str:
    """The release of a family that a study names."""
    own = [i for i in study.sources if i.startswith(f"{family}_")]
    if len(own) != 1:
        raise SourceError(
            f"the study has {len(own)} sources of the family {family!r}, not one. It reads"
            f" {', '.join(study.sources)}."
        )
    return own[0]


def _folder(study: Rebuildable, others: Sequence[Source], raw: str | Path | None) -> Path:
    """The folder of source files, where every file that is needed is in it."""
    folder = None if raw is None else Path(raw)
    needed = {s.id: s for s in [*others, *(SOURCES[i] for i in study.sources)]}
    lacking = [s for s in needed.values() if folder is None or not (folder / s.file).is_file()]
    if folder is None or lacking:
        where = (
            "The source files are no part of the project"
            if folder is None
            else f"{len(lacking)} source file(s) are not in {folder}"
        )
        lines = "\n".join(f"  {s.where_to_get()}" for s in lacking)
        raise SourceError(
            f"{where}. Save these in one folder under these names, and give it as raw=:\n{lines}"
        )
    return folder


def _changes(old: Source, new: Source, folder: Path) -> ReleaseChanges:
    before, after = (read_source(s, folder) for s in (old, new))
    return compare_releases(
        before, after, header_of(folder / old.file), header_of(folder / new.file)
    )


def _compared(
    rebuilt: Sequence[tuple[str, Rebuildable]], changes: tuple[ReleaseChanges, ...]
) -> Vintages:
    """The tables of one family's releases."""
    found = pd.concat([s.primary().assign(release=i) for i, s in rebuilt], ignore_index=True)
    found = found[["release", *(c for c in found.columns if c != "release")]]
    frames = [(i, s.frame(), s.frame(s.primary_sample), s) for i, s in rebuilt]
    builds = [
        (i, (f.data.set_index(f.key), kept.excluded, s.tables, s.outcome))
        for i, f, kept, s in frames
    ]
    tables = []
    for (old, a), (new, b) in pairwise(builds):
        both = pd.DataFrame({"old_release": [old], "new_release": [new]})
        tables.append([both.merge(t, how="cross") for t in compare_cases(a, b)])
    cases, values = (pd.concat(t, ignore_index=True) for t in zip(*tables, strict=True))
    counts = pd.concat(
        [_counts(i, f, kept, s.outcome) for i, f, kept, s in frames], ignore_index=True
    )
    notes = [Note(n.kind, f"{i}: {n.text}") for i, s in rebuilt for n in s.notes if n.kind in TOLD]
    return Vintages(cases, values, counts, found, changes, (*notes, _decided(found)))


def _counts(release: str, whole: StudyFrame, frame: StudyFrame, outcome: str) -> pd.DataFrame:
    """Rows after every step of the ledger of the primary sample, and
    events among them from where rows are cases.
    """
    happened = whole.data.set_index(whole.key)[outcome].astype("boolean").fillna(False)
    ledger, out = frame.ledger.table(), frame.excluded
    assert out is not None
    rows: list[tuple[object, ...]] = []
    if len(ledger):
        rows.append(
            (
                release,
                "rows of the source",
                ledger["unit"].iloc[0],
                int(ledger["rows_in"].iloc[0]),
                None,
            )
        )
    for step, kind, unit, n in ledger[["step", "kind", "unit", "rows_out"]].itertuples(
        index=False, name=None
    ):
        if kind != "join":
            happened = happened.drop(out.loc[out["step"] == step, "case"])
            events = int(happened.sum()) if unit == frame.unit and len(happened) == n else None
            rows.append((release, step, unit, int(n), events))
    table = pd.DataFrame(rows, columns=["release", "step", "unit", "rows", "events"])
    return table.astype({"rows": "Int64", "events": "Int64"})


def _decided(found: pd.DataFrame) -> Note:
    """Which hypotheses are decided otherwise from one release to another."""
    other = [
        f"{i}: "
        + ", ".join(f"{d} on {r}" for r, d in zip(part["release"], part["decision"], strict=True))
        for i, part in found.groupby("id", sort=False)
        if part["decision"].nunique() > 1
    ]
    alike = "Every hypothesis is decided alike on every release."
    return Note("decided_otherwise", f"Decided otherwise: {'; '.join(other)}." if other else alike)
