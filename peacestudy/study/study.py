"""The Study: a folder of values, codebook and tables, read whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.coding import Coding, CodingSheet, agreement, drop_indicators, reliability_floor
from peacestudy.coding.scoring import Flags, score_with_diagnostics
from peacestudy.core.cases import Case, find_case
from peacestudy.core.clock import Days, KnownFrom, last_days
from peacestudy.core.codebook import Codebook
from peacestudy.core.display import html_table
from peacestudy.core.frame import StudyFrame
from peacestudy.core.ledger import Ledger
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import SpecError
from peacestudy.joins import join
from peacestudy.models import ModelSpec
from peacestudy.study.config import Config


@dataclass(frozen=True, eq=False)
class Study:
    """One study: its declared values, codebook, cases, codes, outcomes and covariates.

    Attributes
    ----------
    folder : Path
        The folder that it was read from.
    config : Config
        The values of study.toml.
    codebook : Codebook
        The questions of codebook.toml.
    coding : Coding or None
        One code a cell, from codings.csv: of a single coder, or adjudicated by the declared rule.
        None where the codebook asks for no codes, or several coders gave them and study.toml has no
        [adjudication].
    tables : dict of str to DataFrame
        Every table of the data package by name.
    sheet : CodingSheet or None
        codings.csv as the coders wrote it; None where the codebook asks for no codes.
    releases : mapping of str to str
        For a study that was rebuilt on other releases: id of a source in study.toml to the id of
        the release that was read.
    rebuild_notes : tuple of Note
        Notes of such a rebuild.

    Examples
    --------
    >>> study = ps.load_study("peace_agreements")
    >>> frame = study.frame("primary")
    >>> len(frame), int(frame.data["lasting_peace"].sum())
    (99, 29)
    >>> [spec.name for spec in study.specs][:2]
    ['breadth', 'pillars']
    """

    folder: Path
    config: Config
    codebook: Codebook
    coding: Coding | None
    tables: dict[str, pd.DataFrame] = field(repr=False)
    sheet: CodingSheet | None = field(default=None, repr=False)
    releases: Mapping[str, str] = field(default_factory=dict)
    rebuild_notes: tuple[Note, ...] = field(default=(), repr=False)

    @property
    def cases(self) -> pd.DataFrame:
        """cases.csv, a row a case."""
        return self.tables["cases"]

    @property
    def outcomes(self) -> pd.DataFrame:
        """outcomes.csv, a row a case."""
        return self.tables["outcomes"]

    @property
    def covariates(self) -> pd.DataFrame:
        """covariates.csv, long: ``case_id, variable, value, year, source, reason``."""
        return self.tables["covariates"]

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources that its tables are built from, those in place of others included."""
        from peacestudy.study.rebuild import builder_of  # it knows the studies

        return tuple(self.releases.get(i, i) for i in builder_of(self).sources)

    @property
    def outcome(self) -> str:
        """Left side of the first declared specification."""
        return self.config.specs[0].formula.split("~")[0].strip()

    @property
    def primary_sample(self) -> str:
        """The sample of the first declared specification."""
        return self.config.specs[0].sample

    def rebuilt(self, raw: str | Path, instead: Mapping[str, str] | None = None) -> "Study":
        """The study built anew in memory, see ``peacestudy.study.rebuild.rebuild``; ``{"pax_v10":
        "pax_v9"}`` reads another release.
        """
        from peacestudy.study.rebuild import rebuild

        return rebuild(self, Path(raw), instead or {})

    def primary(self) -> pd.DataFrame:
        """What is found of every declared hypothesis, with ``n`` and
        ``n_events`` of its model; a row each.
        """
        from peacestudy.study.rebuild import primary

        return primary(self)

    @property
    def _origin(self) -> str:
        """The folder for ``ps.trace``; nothing where the tables are not those that stand in it."""
        return "" if self.releases else str(self.folder)

    @property
    def specs(self) -> tuple[ModelSpec, ...]:
        """The declared specifications, in the order of study.toml."""
        return tuple(s.model() for s in self.config.specs)

    def spec(self, name: str) -> ModelSpec:
        """A declared specification by its name."""
        found = {s.name: s for s in self.specs}
        if name not in found:
            raise SpecError(one_of("spec", name, list(found)))
        return found[name]

    def frame(self, sample: str = "all", rule: str | None = None) -> StudyFrame:
        """The joined table of a declared sample.

        Parameters
        ----------
        sample : a sample of study.toml, such as ``primary``.
        rule : from codes to scores: ``share``, ``depth`` or ``weakest``; None takes the codebook's.

        Returns
        -------
        StudyFrame
            A row a case: the case's own columns, pillar scores and breadth, outcomes, covariates.
            Its ledger begins with the source and ends with the sample.
        """
        samples = {s.id: s for s in self.config.samples}
        if sample not in samples:
            raise SpecError(one_of("sample", sample, list(samples)))
        table = samples[sample].table
        frame = self._joined(rule) if table == "cases" else self._own(table, rule)
        clock = self.config.clock_of(table)
        if clock is not None:
            frame = frame.with_clock(clock.column, clock.known_from)
        steps = {s.id: s for s in self.config.steps}
        for step in (steps[i] for i in samples[sample].steps):
            mask = frame.data[step.column].astype("boolean")
            kept = mask if step.keep else ~mask
            frame = frame.keep(kept, step.step, step.reason, (step.column,))
        return frame

    def _joined(self, rule: str | None) -> StudyFrame:
        """The cases with scores, outcomes and covariates."""
        history = Ledger.read(self.tables["ledger"]) if "ledger" in self.tables else Ledger()
        frame = StudyFrame(
            self.cases.drop(columns="source", errors="ignore"),
            self.config.unit,
            "case_id",
            history,
            origin=self._origin,
        )
        wide = (
            self.covariates.pivot(index="case_id", columns="variable", values="value")
            .reset_index()
            .rename_axis(columns=None)
        )
        scores = None if self.coding is None else score_with_diagnostics(self.coding, rule)
        parts = {
            **({"scores": scores.table} if scores is not None else {}),
            "outcomes": self.outcomes.drop(columns="source", errors="ignore"),
            "covariates": wide,
        }
        for name, table in parts.items():
            frame = join(frame, table, on="case_id", name=name)
        frame = self._dated(frame)
        return frame if scores is None else replace(frame, notes=(*frame.notes, *scores.notes))

    def _dated(self, frame: StudyFrame) -> StudyFrame:
        """The frame with the days from which scores and covariates are known, where it has a clock:
        scores by its rule, a covariate from the end of the years that its row names.
        """
        clock = self.config.clock_of("cases")
        if clock is None:
            return frame
        known = {"join covariates": _covariate_days(self.covariates, frame.data["case_id"])}
        if clock.scores:
            days = KnownFrom.parse(clock.scores).days(frame.data)
            known["join scores"] = dict.fromkeys(frame.data.columns, days)
        joined = []
        for step in frame.joined:
            days_of = known.get(step.name, {})
            days_of_columns = tuple((c, days_of[c]) for c in step.columns if c in days_of)
            joined.append(replace(step, known_on=days_of_columns))
        return replace(frame, joined=tuple(joined))

    def _own(self, table: str, rule: str | None) -> StudyFrame:
        """A table of the study that is joined already, a row a ``case_id``."""
        if rule is not None:
            raise SpecError(
                f"scores cannot be computed again by {rule!r} for the table {table!r}: its scores"
                " are stored."
            )
        if table not in self.tables:
            raise SpecError(one_of("table", table, list(self.tables)))
        own = self.tables[table].drop(columns="source", errors="ignore")
        return StudyFrame(own, table.replace("_", " "), "case_id", origin=self._origin)

    def case(self, case_id: str) -> Case:
        """Everything the study knows of a case, by its id or label, each fact with its source."""
        row = find_case(self.cases, case_id)
        case_id = str(row["case_id"])
        own = [("cases", k, v, row.get("source")) for k, v in row.items() if k != "source"]
        for after in self._of(case_id, "outcomes").to_dict("records"):
            own += [
                ("outcomes", k, v, after["source"])
                for k, v in after.items()
                if k not in ("case_id", "source")
            ]
        around = self._of(case_id, "covariates")
        if len(around):
            shown = around["value"].astype(object).where(around["value"].notna(), around["reason"])
            own += [
                ("covariates", *row)
                for row in zip(around["variable"], shown, around["source"], strict=True)
            ]
        codes: Any = self._of(case_id, "codings")
        several = self.sheet is not None and len(self.sheet.coders) > 1
        own += [
            (
                "codings",
                f"{r.indicator_id} by {r.coder}" if several else r.indicator_id,
                r.code,
                f"{r.source} {r.locator}",
            )
            for r in codes.itertuples()
        ]
        return Case(
            case_id,
            str(row["label"]),
            pd.DataFrame(own, columns=["table", "name", "value", "source"]),
        )

    def _of(self, case_id: str, table: str) -> pd.DataFrame:
        """The rows of a case in a table that the study may have."""
        rows = self.tables.get(table, pd.DataFrame(columns=["case_id"]))
        return rows[rows["case_id"] == case_id]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader of any result of this study must know: how it
        was declared, its outcome, its sources.
        """
        declared, show = self.config.declared, self.config.display
        flags = self.flags
        return (
            Note(
                "declared",
                f"Specifications declared {declared.date}, sha256 {declared.hash[:12]}."
                f" {declared.statement}",
            ),
            Note("outcome", show.outcome),
            Note("sources", show.sources),
            *(Note(f"sources_{name}", text) for name, text in show.sources_of.items()),
            Note("context", show.context),
            *(flags.notes if flags is not None else ()),
            *self.rebuild_notes,
        )

    @cached_property
    def flags(self) -> Flags | None:
        """The indicators that several coders coded, beside the declared floor
        of reliability; None where there is no floor.

        Those below it are named in the notes of every result.
        ``peacestudy.coding.drop_indicators`` gives a coding without them.
        """
        rule = self.config.reliability
        if rule is None or self.sheet is None or len(self.sheet.coders) < 2:
            return None
        coded = drop_indicators(
            self.codebook, [i for i in self.codebook.indicators if i not in self.sheet.indicators]
        )
        return reliability_floor(coded, agreement(self.sheet), rule.coefficient, rule.floor)

    def __repr__(self) -> str:
        first = "cases" if "cases" in self.tables else self.config.samples[0].table
        rows = (
            f"{len(self.cases)} cases"
            if first == "cases"
            else f"{len(self.tables[first])} rows of {first}"
        )
        return f"<Study {self.config.id}: {rows}; see .codebook, .frame(), .specs, .case()>"

    def _repr_html_(self) -> str:
        rows = [(name, len(t), ", ".join(t.columns[:6])) for name, t in self.tables.items()]
        view = pd.DataFrame(rows, columns=["table", "rows", "first columns"])
        return html_table(
            view, f"{self.config.title} ({self.config.id})", [self.config.question, *self.notes]
        )


def _covariate_days(covariates: pd.DataFrame, cases: "pd.Series[Any]") -> dict[str, Days]:
    """The last day of the years of each covariate, for each case; a covariate without years in any
    row is left out.
    """
    years = covariates["year"].astype(object).where(covariates["year"].notna(), None)
    span = years.astype("string").str.replace(r"^(\d{4})-(\d{4})$", r"\1/\2", regex=True)
    dated = covariates[["case_id", "variable"]].assign(span=span.astype(object))
    days = {}
    for variable, rows in dated.groupby("variable", sort=False):
        by_case = rows.drop_duplicates("case_id").set_index("case_id")["span"].reindex(cases)
        if by_case.notna().any():
            days[str(variable)] = last_days(by_case.to_frame(), "span")
    return days
