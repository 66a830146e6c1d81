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
from peacestudy.outcomes.known_sources import read_source
from peacestudy.outcomes.matching import compare_cases
from peacestudy.outcomes.registry import SOURCES
from peacestudy.outcomes.releases import ReleaseChanges, compare_releases, release_of
from peacestudy.outcomes.source import Source

TOLD = ("releases", "decisions")  # kinds of notes that a rebuild adds to a study


class Rebuildable(Protocol):
    """What a study must have; ``ps.Study`` has it."""

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
    """A study on several releases of its sources, in the order in which they were given.

    Attributes
    ----------
    cases : DataFrame
        A row a case of two consecutive releases: ``old_release, new_release, old_case_id,
        new_case_id, label, status`` (entered, left, moved: another id and the same texts, changed,
        same), ``old_left_at, new_left_at`` (the step that excludes it from the primary sample;
        missing where it is included), ``old_outcome, new_outcome, texts_gone, texts_new``
        (numbers), ``shares_texts_with`` (other cases of the other release with some of its texts),
        ``changed`` (columns).
    changes : DataFrame
        A row a value that changed: the releases, ``old_case_id, new_case_id, column, old, new``.
    counts : DataFrame
        ``release, step, unit, rows, events``: from rows of the source to the primary sample; events
        where rows are cases.
    findings : DataFrame
        A row a hypothesis and release: ``release`` and the columns of the study's ``primary()``.
    sources : tuple of ReleaseChanges
        What changed in the sources themselves.
    notes : tuple of Note
        Notes of the rebuilds, and the hypotheses with another decision.

    Examples
    --------
    >>> import pandas as pd
    >>> none = pd.DataFrame()
    >>> findings = pd.DataFrame(
    ...     {
    ...         "release": ["v9", "v10"],
    ...         "id": "H1",
    ...         "odds_ratio": [1.8, 1.5],
    ...         "conf_low": [1.1, 0.9],
    ...         "conf_high": [2.9, 2.5],
    ...         "p_value": [0.02, 0.11],
    ...         "p_adjusted": [0.04, 0.22],
    ...     }
    ... )
    >>> found = ps.outcomes.Vintages(none, none, none, findings, sources=())
    >>> found.releases
    ['v9', 'v10']
    >>> found.side_by_side().loc[0, "v10"]
    '1.50 [0.90, 2.50] p 0.110, decides 0.220'
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
        texts = []
        for odds, low, high, p, q in self.findings[columns].itertuples(index=False, name=None):
            ratio = "" if pd.isna(odds) else f"{odds:.2f} [{low:.2f}, {high:.2f}] "
            texts.append(f"{ratio}p {p_text(p)}, decides {p_text(q)}")
        table = self.findings.assign(text=texts)
        wide = table.pivot(index="id", columns="release", values="text")
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
        pairs = zip(self.counts["rows"], self.counts["events"], strict=True)
        table = self.counts.assign(text=[_count(rows, events) for rows, events in pairs])
        steps = table.pivot(index="step", columns="release", values="text")
        steps = steps.loc[table["step"].drop_duplicates(), self.releases]
        notes = [*map(str, self.sources), *self.notes]
        parts = [
            html_table(steps.reset_index(), f"Rows, and events where rows are cases: {self}"),
            html_table(self.side_by_side(), "Findings"),
            html_table(other, "Cases that are not the same", notes),
        ]
        return "".join(parts)


def _count(rows: object, events: object) -> str:
    missing = pd.isna(events)  # type: ignore[call-overload]
    return cell(rows) if missing else f"{cell(rows)} ({cell(events)})"


def compare_vintages(
    study: Rebuildable, releases: Mapping[str, Sequence[str]], raw: str | Path | None = None
) -> Vintages:
    """Rebuild a study on several releases of its sources, and compare its cases and findings.

    Each release is read in place of the one that the study names, the other sources as they are;
    with several families of sources one family is changed at a time. Nothing is written. A data
    problem that only another release has must be decided in the study's folder, in a file such as
    ``decisions_pax_v9.tsv``; the message lists the rows to add.

    Parameters
    ----------
    study : Study
        The study that is rebuilt, such as ``ps.load_study("peace_agreements")``.
    releases : mapping of str to sequence of str
        For each family of sources its releases, older first: ``{"pax": ["v9", "v10"]}`` for
        ``pax_v9`` and ``pax_v10``.
    raw : str or Path, optional
        Folder with the source files.

    Returns
    -------
    Vintages
        ``cases``, ``changes``, ``counts`` and ``findings`` by release; ``side_by_side()`` has the
        findings with a column a release.

    Raises
    ------
    SourceError
        A release is unknown, the study has no source of the family, a file is missing (the message
        lists all, and where to get them), or a data problem of a release has no decision.

    Examples
    --------
    With the source files in ``raw``, the call is
    ``ps.outcomes.compare_vintages(study, {"pax": ["v9", "v10"]}, raw="raw")``. Without them the
    error lists the files that are missing:

    >>> import tempfile
    >>> study = ps.load_study("peace_agreements")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     try:
    ...         ps.outcomes.compare_vintages(study, {"pax": ["v9", "v10"]}, raw=folder)
    ...     except ps.SourceError as err:
    ...         message = str(err)
    >>> "pax_v9" in message and "pax_v10" in message
    True
    """
    wanted: dict[str, list[Source]] = {}
    for family, names in releases.items():
        wanted[family] = [release_of(family, name, SOURCES) for name in names]
    named = {family: _named(study, family) for family in wanted}
    short = []
    for family, sources in wanted.items():
        ids = {source.id for source in sources}
        if len(ids) < 2 or len(ids) != len(sources):
            short.append(family)
    if short:
        raise SourceError(
            f"releases of {', '.join(short)}: give two or more, each once, the older first."
        )
    if not wanted:
        raise SourceError(
            'no release is given. Give two or more of a family, as {"pax": ["v9", "v10"]}.'
        )
    others = [source for sources in wanted.values() for source in sources]
    folder = _folder(study, others, raw)
    parts = []
    for family, sources in wanted.items():
        rebuilt = []
        for source in sources:
            is_own = source.id == named[family]
            instead = {} if is_own else {named[family]: source.id}
            rebuilt.append((source.id, study.rebuilt(folder, instead)))
        changes = tuple(_changes(old, new, folder) for old, new in pairwise(sources))
        parts.append(_compared(rebuilt, changes))
    return Vintages(
        pd.concat([part.cases for part in parts], ignore_index=True),
        pd.concat([part.changes for part in parts], ignore_index=True),
        pd.concat([part.counts for part in parts], ignore_index=True),
        pd.concat([part.findings for part in parts], ignore_index=True),
        tuple(change for part in parts for change in part.sources),
        tuple(note for part in parts for note in part.notes),
    )


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
            "The source files are not part of the project"
            if folder is None
            else f"{len(lacking)} source file(s) are not in {folder}"
        )
        lines = "\n".join(f"  {s.where_to_get()}" for s in lacking)
        raise SourceError(
            f"{where}. Save these in one folder under these names, and give it as raw=:\n{lines}"
        )
    return folder


def _changes(old: Source, new: Source, folder: Path) -> ReleaseChanges:
    before, after = read_source(old, folder), read_source(new, folder)
    return compare_releases(
        before, after, header_of(folder / old.file), header_of(folder / new.file)
    )


def _compared(
    rebuilt: Sequence[tuple[str, Rebuildable]], changes: tuple[ReleaseChanges, ...]
) -> Vintages:
    """The tables of one family's releases."""
    findings, counts, builds = [], [], []
    notes: list[Note] = []
    for release, study in rebuilt:
        findings.append(study.primary().assign(release=release))
        whole, primary = study.frame(), study.frame(study.primary_sample)
        counts.append(_counts(release, whole, primary, study.outcome))
        data = whole.data.set_index(whole.key)
        builds.append((release, (data, primary.excluded, study.tables, study.outcome)))
        for note in study.notes:
            if note.kind in TOLD:
                notes.append(Note(note.kind, f"{release}: {note.text}"))
    found = pd.concat(findings, ignore_index=True)
    found = found[["release", *(c for c in found.columns if c != "release")]]

    all_cases, all_values = [], []
    for (old_release, old), (new_release, new) in pairwise(builds):
        both = pd.DataFrame({"old_release": [old_release], "new_release": [new_release]})
        cases, values = compare_cases(old, new)
        all_cases.append(both.merge(cases, how="cross"))
        all_values.append(both.merge(values, how="cross"))
    return Vintages(
        pd.concat(all_cases, ignore_index=True),
        pd.concat(all_values, ignore_index=True),
        pd.concat(counts, ignore_index=True),
        found,
        changes,
        (*notes, _decided(found)),
    )


def _counts(release: str, whole: StudyFrame, frame: StudyFrame, outcome: str) -> pd.DataFrame:
    """Rows after every step of the ledger of the primary sample, and
    events among them from where rows are cases.
    """
    happened = whole.data.set_index(whole.key)[outcome].astype("boolean").fillna(False)
    ledger, out = frame.ledger.table(), frame.excluded
    assert out is not None
    rows: list[tuple[object, ...]] = []
    if len(ledger):
        first = ledger.iloc[0]
        rows.append((release, "rows of the source", first["unit"], int(first["rows_in"]), None))
    steps = ledger[["step", "kind", "unit", "rows_out"]]
    for step, kind, unit, n in steps.itertuples(index=False, name=None):
        if kind != "join":
            happened = happened.drop(out.loc[out["step"] == step, "case"])
            events = int(happened.sum()) if unit == frame.unit and len(happened) == n else None
            rows.append((release, step, unit, int(n), events))
    table = pd.DataFrame(rows, columns=["release", "step", "unit", "rows", "events"])
    return table.astype({"rows": "Int64", "events": "Int64"})


def _decided(found: pd.DataFrame) -> Note:
    """Which hypotheses are decided otherwise from one release to another."""
    other = []
    for hypothesis, part in found.groupby("id", sort=False):
        if part["decision"].nunique() > 1:
            pairs = zip(part["release"], part["decision"], strict=True)
            decisions = ", ".join(f"{decision} on {release}" for release, decision in pairs)
            other.append(f"{hypothesis}: {decisions}")
    text = "The decision on every hypothesis is the same in every release."
    if other:
        text = f"Decided otherwise: {'; '.join(other)}."
    return Note("decided_otherwise", text)
