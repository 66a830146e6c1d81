"""From a number back to what it rests on: cases, codes, coders, evidence, outcomes, and the sources behind them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.display import cell as shown
from peacestudy.core.display import html_table
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError, printable
from peacestudy.models import Fit, PooledFit
from peacestudy.models import fit as fitted
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.formulas.formula import parse
from peacestudy.outcomes import SOURCES
from peacestudy.study.behind import Row, behind, by_case, code_row, codes_of
from peacestudy.study.load import load_study
from peacestudy.study.study import Study

COLUMNS = ("step", "case_id", "name", "value", "coder", "confidence", "source", "locator", "comment", "date")


@dataclass(frozen=True, eq=False)
class Trace:
    """What a number rests on.

    Attributes
    ----------
    number : the number, in words.
    table : a row for everything behind it, ``step, case_id, name, value, coder, confidence, source, locator, comment,
        date``. ``step`` is ``estimate``, ``case`` (the value that went into it), ``code``, ``outcome``, ``covariate``,
        ``imputed`` (the values that stand in for a missing one), ``left out`` or ``source``.
    """

    number: str
    table: pd.DataFrame = field(repr=False)

    def __str__(self) -> str:
        lines = [self.number]
        for row in self.table.astype(object).where(self.table.notna(), None).to_dict("records"):
            who = f" by {row['coder']}" if row["coder"] else ""
            doubt = f" ({row['confidence']})" if row["confidence"] else ""
            where = ", ".join(str(row[c]) for c in ("source", "locator", "comment", "date") if row[c])
            at = f"{row['case_id']}: " if row["case_id"] else ""
            said = f"{row['name']} = {shown(row['value'])}{who}{doubt}"
            lines.append(f"  {row['step']}: {at}{said}{f'; {where}' if where else ''}")
        return printable("\n".join(lines))

    def __repr__(self) -> str:
        return printable(f"<Trace of {self.number}: {len(self.table)} rows; see .table, or print it>")

    def _repr_html_(self) -> str:
        return html_table(self.table.dropna(axis=1, how="all"), self.number, rows=40)


def trace(
    of: Fit | PooledFit | StudyFrame | pd.DataFrame, at: str | tuple[Any, str], study: Study | str | Path | None = None
) -> Trace:
    """From a number to the cases, codes, coders, evidence and source rows that it rests on.

    Parameters
    ----------
    of : a Fit, also of imputed data, and ``at`` the term; or a table, and ``at`` the row and the column of a cell. The table is a StudyFrame (the
        row is a case id), a result with columns ``model`` and ``term``, or one with a column ``case_id`` or
        ``indicator_id`` (the row is its label in the index, or that id where it stands once).
    study : where the data come from; None where ``of`` knows it: a StudyFrame of a study, a Fit on one, or a table from
        ``Results``.

    Returns
    -------
    Trace
        The rows as ``.table``, and as text by ``str``.

    Raises
    ------
    SpecError
        The term, row or column does not exist, or nothing says which study it is.

    Examples
    --------
    >>> import peacestudy as ps
    >>> frame = ps.load_study("peace_agreements").frame("primary")
    >>> found = ps.trace(frame, ("316-1992", "diplomacy"))
    >>> found.table.step.value_counts()["code"].item()
    4
    """
    if isinstance(of, Fit | PooledFit):
        return _of_fit(of, str(at), _study(study, of.origin))
    if not isinstance(of, StudyFrame | pd.DataFrame):
        raise SpecError(
            f"a number is traced from a Fit, a StudyFrame or a table of results, not from a {type(of).__name__}."
        )
    if isinstance(at, str) or len(at) != 2:
        raise SpecError(f'a cell is (row, column), as ("316-1992", "diplomacy"), not {at!r}.')
    if isinstance(of, StudyFrame):
        return _of_case(of.data.set_index(of.key), at[0], at[1], _study(study, of.origin))
    return _of_table(of, at[0], at[1], _study(study, str(of.attrs.get("study", ""))))


def _study(given: Study | str | Path | None, origin: str) -> Study:
    if isinstance(given, Study):
        return given
    if given is None and not origin:
        raise SpecError("nothing says which study this number comes from. Say it: ps.trace(..., study=study).")
    return load_study(given if given is not None else origin)


def _of_fit(fit: Fit | PooledFit, term: str, study: Study) -> Trace:
    known = fit.terms.set_index("term")
    if term not in known.index:
        raise SpecError(one_of("term", term, list(known.index)))
    row: Any = known.loc[term]
    formula = parse(fit.spec.formula)
    parts = {piece.partition("[")[0] for piece in term.split(":")}
    if lagged := [f.label for f in formula.factors if f.label in parts and f.lag]:
        raise SpecError(
            f"{lagged[0]} was read in other rows than those of its cases; trace the cells of those: ps.trace(frame, (case, column))."
        )
    columns = [f.column for f in formula.factors if f.label in parts]
    outcome = formula.response.columns if isinstance(formula.response, Survival) else (formula.response.column,)
    left = [c for c in outcome if c not in {f.column for f in formula.factors if not f.lag}]
    number = (
        f"{term} in model {fit.spec.name} ({fit.spec.formula}; {fit.spec.engine}, {fit.spec.vcov}), N {fit.n}: "
        f"estimate {shown(row['estimate'])}, 95 % interval {shown(row['conf_low'])} to {shown(row['conf_high'])}"
    )
    if isinstance(fit, PooledFit):
        number += f"; pooled over {len(fit.fits)} completed tables"
    rows: list[Row] = [{"step": "estimate", "name": term, "value": row["estimate"]}]
    frames, tables = _frames(study, fit), by_case(study)
    for case in dict.fromkeys(fit.cases):
        for column in [*left, *columns]:
            rows += behind(study, str(case), column, frames, tables)
    rows += _filled(fit, [*left, *columns])
    rows += [
        {"step": "left out", "case_id": str(r.case), "name": str(r.term), "comment": str(r.reason)}
        for r in fit.dropped.itertuples()
    ]
    return Trace(number, _table(rows))


def _filled(fit: Fit | PooledFit, columns: list[str]) -> list[Row]:
    """The values that stand in for what was missing in the columns behind a term."""
    if not isinstance(fit, PooledFit):
        return []
    own = fit.filled[fit.filled["column"].isin(columns)]
    return [
        {"step": "imputed", "case_id": str(r["case"]), "name": str(r["column"]), "value": ", ".join(map(shown, r["values"])),
         "comment": f"missing; a value for each of {len(r['values'])} completed tables"}
        for r in own.to_dict("records")
    ]  # fmt: skip


def _frames(study: Study, fit: Fit | PooledFit) -> pd.DataFrame | None:
    """The table of the study that holds the cases of a fit, by case; None where no sample does."""
    for sample in study.config.samples:
        data = study.frame(sample.id).data.set_index("case_id")
        if set(fit.cases) <= set(data.index):
            return data
    return None


def _of_case(data: pd.DataFrame, case: Any, column: str, study: Study) -> Trace:
    if case not in data.index:
        raise SpecError(one_of("case", case, [str(i) for i in data.index]))
    if column not in data.columns:
        raise SpecError(one_of("column", column, [str(c) for c in data.columns]))
    number = f"{column} of {case}: {shown(data.loc[case, column])}"
    return Trace(number, _table(behind(study, str(case), column, data)))


def _of_table(table: pd.DataFrame, row: Any, column: str, study: Study) -> Trace:
    if column not in table.columns:
        raise SpecError(one_of("column", column, [str(c) for c in table.columns]))
    at: Any = _row(table, row)
    number = f"{column} of {row}: {shown(at[column])}"
    if {"model", "term"} <= set(table.columns):
        return _of_term(at, number, study)
    asked = _asked(study, at) if "indicator_id" in table.columns else []
    if "case_id" in table.columns:
        case = str(at["case_id"])
        frame = study.frame(study.config.samples[0].id).data.set_index("case_id") if study.config.samples else None
        rows = list(codes_of(study, case, asked) if asked else behind(study, case, column, frame))
    elif "indicator_id" in table.columns:
        rows = list(_coded(study, asked))
    else:
        raise SpecError(
            "a cell can be traced in a table with a column case_id or indicator_id, or with model and term; "
            f"this one has {', '.join(map(str, table.columns))}."
        )
    if not rows:
        raise SpecError(f"study {study.config.id} holds nothing that lies behind {number}.")
    return Trace(number, _table(rows))


def _of_term(at: Any, number: str, study: Study) -> Trace:
    """A cell of a table of terms: what its model rests on, and the readings of its codes where another study's finding is redone."""
    from peacestudy.study.results import Results
    from peacestudy.study.results.coders import attempt_sheet

    found = Results(study)
    if at["model"] in found.fits:
        behind, readings = _of_fit(found.fits[at["model"]], at["term"], study), []
    else:
        rules = [r for r in study.config.uncertainty if at["model"] in r.specs and at.get("analysis", r.id) == r.id]
        if not rules:
            known = [*found.fits, *(s for r in study.config.uncertainty for s in r.specs)]
            raise SpecError(one_of("model", str(at["model"]), list(dict.fromkeys(known))))
        twin = load_study(rules[0].study)
        model = fitted(twin.frame(rules[0].sample), twin.spec(at["model"]))
        behind = _of_fit(model, at["term"], twin)
        own = attempt_sheet(found, rules[0]).table
        readings = [code_row(r) for r in own[own["case_id"].isin(set(model.cases))].to_dict("records")]
    return Trace(f"{number}; rests on {behind.number}", pd.concat([behind.table, _table(readings)], ignore_index=True))


def _asked(study: Study, at: Any) -> list[str]:
    """The indicators of a row: one, or where indicators are pooled those of one scale in a pillar or in all."""
    book, name = study.codebook, str(at["indicator_id"])
    if name in book.indicators:
        return [name]
    pooled = [i.id for p in book.entries if at.get("pillar") in (p.id, "all") for i in p.indicators if i.scale == name]
    if not pooled:
        raise SpecError(one_of("indicator", name, list(book.indicators)))
    return pooled


def _coded(study: Study, indicators: Iterable[str]) -> Iterator[Row]:
    """Every code of some indicators; of units that are only counted, how often each combination of codes occurs."""
    wanted = set(indicators)
    table = study.sheet.table if study.sheet is not None else study.coding.table if study.coding is not None else None
    if table is not None:
        yield from (code_row(r) for r in table[table["indicator_id"].isin(wanted)].to_dict("records"))
    counted = study.tables.get("patterns")
    for r in counted[counted["indicator_id"].isin(wanted)].to_dict("records") if counted is not None else ():
        yield {"step": "code", "name": r["indicator_id"], "value": r["codes"], "coder": r["raters"], "source": r["source"],
               "comment": f"{r['n']} units"}  # fmt: skip


def _row(table: pd.DataFrame, row: Any) -> Any:
    if row in table.index:
        return table.loc[row]
    for key in ("case_id", "indicator_id", "term"):
        if key in table.columns and (table[key] == row).sum() == 1:
            return table[table[key] == row].iloc[0]
    raise SpecError(f"the table has no row {row!r}. Give its label in the index, or an id that stands once.")


def _table(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows, then every source that one of them names, with its citation."""
    given = list(rows)
    text = " ".join(str(r.get("source")) for r in given if r.get("source"))
    words = set(text.replace(";", " ").replace(",", " ").split())
    given += [
        {"step": "source", "name": s.id, "value": f"{s.name}, version {s.version}", "source": s.file,
         "locator": f"sha256 {s.sha256}", "comment": s.citation}
        for s in SOURCES.values() if s.id in words
    ]  # fmt: skip
    return pd.DataFrame(given, columns=list(COLUMNS), dtype=object)
