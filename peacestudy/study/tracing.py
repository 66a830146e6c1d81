"""From a number back to its cases, codes, coders, evidence, outcomes and sources."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import cell as shown
from peacestudy.core.display import html_table
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError, printable
from peacestudy.models import Fit
from peacestudy.models import fit as fitted
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.formulas.formula import parse
from peacestudy.models.missing import PooledFit
from peacestudy.outcomes import SOURCES
from peacestudy.study.config import Uncertainty
from peacestudy.study.load import load_study
from peacestudy.study.provenance import (
    Row,
    Values,
    by_case,
    code_row,
    codes_of,
    value_provenance,
)
from peacestudy.study.study import Study
from peacestudy.study.trace_rows import TERM, as_id, columns_of, number_in, place_of, row_of

CLOSE = 1e-6  # relative difference of numbers that differ only by rounding in a file
COLUMNS = (
    "step",
    "case_id",
    "name",
    "value",
    "coder",
    "confidence",
    "source",
    "locator",
    "comment",
    "date",
)


@dataclass(frozen=True, eq=False)
class Trace:
    """The provenance of a number: its cases, codes, coders, evidence and source rows.

    Attributes
    ----------
    number : str
        A description of the number.
    table : DataFrame
        A row for every value, code and source: ``step, case_id, name, value, coder, confidence,
        source, locator, comment, date``. ``step`` is ``estimate``, ``case`` (a value used by the
        estimate), ``code``, ``outcome``, ``covariate``, ``derived`` (how the user computed a
        column, see ``StudyFrame.with_columns``), ``imputed`` (the values imputed for a missing
        one), ``left out``, ``unknown`` (a column whose origin is not recorded) or ``source``.

    Examples
    --------
    >>> frame = ps.load_study("double_coding").frame("all")
    >>> found = ps.trace(frame, ("adb-0001", "late"))
    >>> found.number
    'late of adb-0001: yes'
    >>> found.table.loc[found.table["step"] == "case", "source"].tolist()[-1]
    'adb_aer_2024 row 1'
    """

    number: str
    table: pd.DataFrame = field(repr=False)

    def __str__(self) -> str:
        lines = [self.number]
        for row in self.table.astype(object).where(self.table.notna(), None).to_dict("records"):
            who = f" by {row['coder']}" if row["coder"] else ""
            doubt = f" ({row['confidence']})" if row["confidence"] else ""
            where = ", ".join(
                str(row[c]) for c in ("source", "locator", "comment", "date") if row[c]
            )
            at = f"{row['case_id']}: " if row["case_id"] else ""
            text = f"{row['name']} = {shown(row['value'])}{who}{doubt}"
            lines.append(f"  {row['step']}: {at}{text}{f'; {where}' if where else ''}")
        return printable("\n".join(lines))

    def __repr__(self) -> str:
        return printable(
            f"<Trace of {self.number}: {len(self.table)} rows; see .table, or print it>"
        )

    def _repr_html_(self) -> str:
        return html_table(self.table.dropna(axis=1, how="all"), self.number, rows=40)


def trace(
    of: Fit | PooledFit | StudyFrame | pd.DataFrame | pd.Series,
    at: Any,
    study: Study | str | Path | None = None,
) -> Trace:
    """Trace a number back to its cases, codes, coders, evidence and source rows.

    Parameters
    ----------
    of : Fit, PooledFit, StudyFrame, DataFrame or Series
        What holds the number. A table is a StudyFrame (the row is a case id), a result with columns
        ``model`` and ``term`` (the row is its label in the index, or the pair of both), or one with
        a column ``case_id`` or ``indicator_id`` (the row is its label in the index, or that id
        where it occurs once). These columns may be levels of the index. The table may be read from
        the CSV of a study's results. A Series is one row of such a table (``table.iloc[n]``).
    at : str or tuple
        Of a fit the term; of a table the pair of row and column; of a row the column.
    study : Study, str or Path, optional
        The study of the data; None where ``of`` records it: a StudyFrame of a study, a Fit on one,
        or a table from ``Results``.

    Returns
    -------
    Trace
        The rows as ``.table``, and as text by ``str``.

    Raises
    ------
    SpecError
        The term, row or column does not exist, several rows match, the study is unknown, or the
        number is not of that study.

    Examples
    --------
    >>> frame = ps.load_study("peace_agreements").frame("primary")
    >>> found = ps.trace(frame, ("316-1992", "diplomacy"))
    >>> found.table.loc[found.table["step"] == "code", ["name", "value", "coder"]].values.tolist()
    [['third_party', 1, 'pax_rule'], ['ceasefire', 3, 'pax_rule'], ['security_guarantees',
    1, 'pax_rule'], ['prisoner_release', 1, 'pax_rule']]
    """
    if isinstance(of, Fit | PooledFit):
        if not isinstance(at, str):
            raise SpecError(
                f"at is {at!r}. Of a fit the number is a term, as ps.trace(fit,"
                f" {of.terms['term'].iloc[-1]!r})."
            )
        return _of_fit(of, at, _study(study, of.origin))
    if not isinstance(of, StudyFrame | pd.DataFrame | pd.Series):
        raise SpecError(
            "a number is traced from a Fit, a StudyFrame, a table of results or a row of one, not"
            f" from a {type(of).__name__}."
        )
    if isinstance(of, StudyFrame):
        return _of_case(of, *place_of(at), _study(study, of.origin))
    if isinstance(of, pd.Series):
        column = at if isinstance(at, str) else place_of(at)[1]
        return _of_row(of, of.name, column, _study(study, str(of.attrs.get("study", ""))))
    label, column = place_of(at)
    own = _study(study, str(of.attrs.get("study", "")))
    return _of_row(row_of(columns_of(of), label), label, column, own)


def _study(given: Study | str | Path | None, origin: str) -> Study:
    if given is None and not origin:
        raise SpecError(
            "nothing says which study this number comes from. Say it: ps.trace(..., study=study)."
        )
    found = (
        given if isinstance(given, Study) else load_study(given if given is not None else origin)
    )
    if origin and Path(origin).resolve() != Path(found.folder).resolve():
        raise SpecError(
            f"the number comes from the study in {Path(origin).name}, and study is"
            f" {found.config.id}. Leave out study, or give that one."
        )
    return found


def _own_ids(study: Study, ids: Iterable[Any], whose: str) -> dict[Any, str]:
    """The study's spelling of case ids.

    Raises
    ------
    SpecError
        The study does not have one of them.
    """
    tables = [t["case_id"] for t in study.tables.values() if "case_id" in t.columns]
    known = {as_id(i): str(i) for column in tables for i in column.dropna().unique()}
    wanted = list(dict.fromkeys(ids))
    strange = [i for i in wanted if as_id(i) not in known]
    if strange:
        some = ", ".join(repr(i) for i in strange[:3])
        first = f", for example {next(iter(known.values()))!r}" if known else ""
        raise SpecError(
            f"{len(strange)} of {len(wanted)} case(s) {whose} are not in study {study.config.id}:"
            f" {some}. Give the study that the data come from; its ids are the key of its"
            f" StudyFrame or the index of a DataFrame{first}."
        )
    return {i: known[as_id(i)] for i in wanted}


def _of_fit(fit: Fit | PooledFit, term: str, study: Study) -> Trace:
    known = fit.terms.set_index("term")
    if term not in known.index:
        raise SpecError(one_of("term", term, list(known.index)))
    row: Any = known.loc[term]
    formula = parse(fit.spec.formula)
    design = (fit.fits[0] if isinstance(fit, PooledFit) else fit).design
    parts = design.made_of.get(term, ())
    lagged = {f.label for f in design.lags}
    if past := [f.label for f in parts if f.column in lagged]:
        raise SpecError(
            f"{past[0]} was read in other rows than those of its cases; trace the cells of those:"
            " ps.trace(frame, (case, column))."
        )
    columns = list(dict.fromkeys(f.column for f in parts))
    outcome = (
        formula.response.columns
        if isinstance(formula.response, Survival)
        else (formula.response.column,)
    )
    left = [c for c in outcome if c not in {f.column for f in formula.factors if not f.lag}]
    number = (
        f"{term} in model {fit.spec.name} ({fit.spec.formula}; {fit.spec.engine}, {fit.spec.vcov}),"
        f" N {fit.n}: estimate {shown(row['estimate'])}, 95 % interval {shown(row['conf_low'])} to"
        f" {shown(row['conf_high'])}"
    )
    if isinstance(fit, PooledFit):
        number += f"; pooled over {len(fit.fits)} completed tables"
    rows: list[Row] = [{"step": "estimate", "name": term, "value": row["estimate"]}]
    rows += _values(fit, list(dict.fromkeys([*left, *columns])), study)
    rows += _filled(fit, [*left, *columns])
    rows += [
        {"step": "left out", "case_id": str(r.case), "name": str(r.term), "comment": str(r.reason)}
        for r in fit.dropped.itertuples()
    ]
    return Trace(number, _table(rows))


def _values(fit: Fit | PooledFit, columns: list[str], study: Study) -> list[Row]:
    """The values of the cases of a fit in some columns, with what lies
    behind each; refused where none is of the study.
    """
    ids = _own_ids(study, fit.cases, f"of model {fit.spec.name}")
    values = Values(study, _frames(study, list(ids.values())), fit.derived, by_case(study))
    rows: list[Row] = [row for column in columns for row in values.derivation(column)]
    found: set[str] = set()
    for given, own in ids.items():
        for column in columns:
            behind_it = list(values.of(given, own, column))
            if behind_it:
                found.add(column)
            rows += behind_it
    if not found:
        raise SpecError(
            f"study {study.config.id} has none of the columns {', '.join(columns)}. Give the study"
            " that the data come from, or add columns by frame.with_columns(...), which the trace"
            " records."
        )
    absent = [c for c in columns if c not in found]
    comment = (
        "not a column of the study, and not added by with_columns: nothing says how it was made"
    )
    return rows + [{"step": "unknown", "name": c, "comment": comment} for c in absent]


def _filled(fit: Fit | PooledFit, columns: list[str]) -> list[Row]:
    """The values that stand in for what was missing in the columns behind a term."""
    if not isinstance(fit, PooledFit):
        return []
    own = fit.filled[fit.filled["column"].isin(columns)]
    return [
        {
            "step": "imputed",
            "case_id": str(r["case"]),
            "name": str(r["column"]),
            "value": ", ".join(map(shown, r["values"])),
            "comment": f"missing; a value for each of {len(r['values'])} completed tables",
        }
        for r in own.to_dict("records")
    ]


def _frames(study: Study, cases: list[str]) -> pd.DataFrame | None:
    """The table of the study that holds the cases of a fit, by case; None where no sample does."""
    for sample in study.config.samples:
        data = study.frame(sample.id).data.set_index("case_id")
        if set(cases) <= set(data.index):
            return data
    return None


def _of_case(frame: StudyFrame, case: Any, column: str, study: Study) -> Trace:
    data = frame.data.set_index(frame.key)
    found = {as_id(i): i for i in data.index}
    if as_id(case) not in found:
        if not found:
            raise SpecError("the frame has no rows, so there is no number to trace.")
        raise SpecError(one_of("case", case, [str(i) for i in data.index]))
    if column not in data.columns:
        raise SpecError(one_of("column", column, [str(c) for c in data.columns]))
    given = found[as_id(case)]
    own = _own_ids(study, [given], "of the frame")[given]
    values = Values(study, data.set_axis(data.index.map(as_id)), frame.derived_values())
    number = f"{column} of {own}: {shown(data[column][given])}"
    return Trace(number, _table([*values.derivation(column), *values.of(given, own, column)]))


def _of_row(row: "pd.Series[Any]", label: Any, column: str, study: Study) -> Trace:
    value = number_in(row, column)
    number = f"{column} of {label}: {shown(value)}"
    if set(TERM) <= set(row.index):
        return _of_term(row, number, study)
    if "term" in row.index:
        raise SpecError(
            "a table of terms does not say which model they are of. Give the fit: ps.trace(fit,"
            " term)."
        )
    indicators = _indicators_of(study, row) if "indicator_id" in row.index else []
    if "case_id" in row.index:
        case = _own_ids(study, [row["case_id"]], "of the table")[row["case_id"]]
        frame = None
        if study.config.samples:
            frame = study.frame(study.config.samples[0].id).data.set_index("case_id")
        _same_value(frame, case, column, value, study)
        if indicators:
            rows = list(codes_of(study, case, indicators))
        else:
            rows = list(value_provenance(study, case, column, frame))
    elif "indicator_id" in row.index:
        rows = list(_coded(study, indicators))
    else:
        raise SpecError(
            "a cell can be traced in a table with a column case_id or indicator_id, or with model"
            f" and term; this one has {', '.join(map(str, row.index))}. Give a result of a study, a"
            " StudyFrame, or a Fit and its term."
        )
    if not rows:
        raise SpecError(f"study {study.config.id} has no record of {number}.")
    return Trace(number, _table(rows))


def _same_value(
    frame: pd.DataFrame | None, case: str, column: str, value: Any, study: Study
) -> None:
    """Refuse a number that differs from the study's: the study's provenance is not its own."""
    if frame is None or case not in frame.index or column not in frame.columns:
        return
    own = (
        pd.to_numeric(pd.Series([frame[column][case], value]), errors="coerce")
        .astype(float)
        .to_numpy()
    )
    if not np.isnan(own).any() and not np.isclose(own[0], own[1], rtol=CLOSE, atol=CLOSE):
        raise SpecError(
            f"the table has {shown(value)} for {column} of {case}, and study {study.config.id} has"
            f" {shown(frame[column][case])}. Give the StudyFrame or the Fit that the number comes"
            " from."
        )


def _of_term(at: Any, number: str, study: Study) -> Trace:
    """A cell of a table of terms: the provenance of its model, and the codes of each coder where
    another study's finding is re-estimated.
    """
    from peacestudy.study.results import Results
    from peacestudy.study.results.coders import attempt_sheet, known_codes

    found = Results(study)
    declared = {s.name: s for s in study.config.specs}
    codes: list[Row] = []
    if at["model"] in declared:
        made = fitted(found.data(declared[at["model"]]), declared[at["model"]].model())
        _same_estimate(made, at, study)
        traced = _of_fit(made, at["term"], study)
    else:
        rule = _uncertainty_rule(study, at, declared)
        other = found.other(rule.study).study
        made = fitted(other.frame(rule.sample), other.spec(at["model"]))
        traced = _of_fit(made, at["term"], other)
        sheet = pd.concat([attempt_sheet(found, rule).table, known_codes(found, rule)])
        in_model = sheet["case_id"].isin(set(made.cases))
        codes = [code_row(r) for r in sheet[in_model].to_dict("records")]
    table = pd.concat([traced.table, _table(codes)], ignore_index=True)
    return Trace(f"{number}; from {traced.number}", table)


def _uncertainty_rule(study: Study, at: Any, declared: Iterable[str]) -> Uncertainty:
    """The declared analysis of coding uncertainty to which a row of terms belongs."""
    rules = study.config.uncertainty
    for rule in rules:
        if at["model"] in rule.specs and at.get("analysis", rule.id) == rule.id:
            return rule
    known = [*declared, *(name for rule in rules for name in rule.specs)]
    raise SpecError(one_of("model", str(at["model"]), list(dict.fromkeys(known))))


def _same_estimate(fit: Fit, at: Any, study: Study) -> None:
    """Refuse a row of terms whose estimate is not that of the study's model: it was computed from
    other data or by an older version.
    """
    if not set(fit.terms.columns) <= set(at.index):
        return  # the estimate of another kind of result, computed from the model
    own = fit.terms.set_index("term")["estimate"].get(at["term"])
    given = pd.to_numeric(at["estimate"], errors="coerce")
    if own is not None and not np.isclose(own, given, rtol=CLOSE, atol=CLOSE, equal_nan=True):
        raise SpecError(
            f"the table has {shown(at['estimate'])} for {at['term']} in {at['model']}, and the"
            f" model of study {study.config.id} has {shown(own)}. Give the fit itself, the study"
            " of the table, or results that were computed again."
        )


def _indicators_of(study: Study, at: Any) -> list[str]:
    """The indicators of a row: one, or, where indicators are pooled, those of one scale in a pillar
    or in all pillars.
    """
    book, name = study.codebook, str(at["indicator_id"])
    if name in book.indicators:
        return [name]
    pillars = [p for p in book.entries if at.get("pillar") in (p.id, "all")]
    pooled = [i.id for p in pillars for i in p.indicators if i.scale == name]
    if not pooled:
        raise SpecError(one_of("indicator", name, list(book.indicators)))
    return pooled


def _coded(study: Study, indicators: Iterable[str]) -> Iterator[Row]:
    """Every code of some indicators; of units known only by the frequency of each combination of
    codes, these frequencies.
    """
    selected = set(indicators)
    coded = study.sheet if study.sheet is not None else study.coding
    if coded is not None:
        rows = coded.table[coded.table["indicator_id"].isin(selected)]
        yield from (code_row(r) for r in rows.to_dict("records"))
    if "patterns" not in study.tables:
        return
    patterns = study.tables["patterns"]
    for r in patterns[patterns["indicator_id"].isin(selected)].to_dict("records"):
        yield {
            "step": "code",
            "name": r["indicator_id"],
            "value": r["codes"],
            "coder": r["raters"],
            "source": r["source"],
            "comment": f"{r['n']} units",
        }


def _table(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows, then every source that one of them names, with its citation."""
    given = list(rows)
    text = " ".join(str(r.get("source")) for r in given if r.get("source"))
    words = set(text.replace(";", " ").replace(",", " ").split())
    given += [
        {
            "step": "source",
            "name": s.id,
            "value": f"{s.name}, version {s.version}",
            "source": s.file,
            "locator": f"sha256 {s.sha256}",
            "comment": s.citation,
        }
        for s in SOURCES.values()
        if s.id in words
    ]
    return pd.DataFrame(given, columns=list(COLUMNS), dtype=object)
