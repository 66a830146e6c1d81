"""Provenance of one value of one case: the codes, or the rows of the study's tables, from which it
was computed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from peacestudy.core.derived import Derived
from peacestudy.study.study import Study

Row = dict[str, object]
Tables = dict[str, tuple[str, pd.DataFrame, dict[Any, Any]]]


def value_provenance(
    study: Study, case: str, column: str, data: pd.DataFrame | None, tables: Tables | None = None
) -> Iterator[Row]:
    """The value of one case in a column, then the codes or source rows that it was computed from.

    Parameters
    ----------
    study : Study
        The study of the case.
    case, column : str
        Id of the case, and name of the column.
    data : DataFrame or None
        The joined table, by case.
    tables : dict, optional
        See ``by_case``; computed where it is not given.
    """
    if data is not None and case in data.index and column in data.columns:
        yield {"step": "case", "case_id": case, "name": column, "value": data.loc[case, column]}
    indicators = _indicators(study, column)
    if indicators:
        yield from codes_of(study, case, indicators)
        return
    for table, (step, rows, positions) in (tables or by_case(study)).items():
        is_long = table == "covariates"
        if not is_long and (column not in rows.columns or column == "source"):
            continue
        for n in positions.get(case, ()):
            source = rows["source"].iat[n] if "source" in rows else None
            row = {"step": step, "case_id": case, "name": column, "source": source}
            if not is_long:
                yield row | {"value": rows[column].iat[n]}
            elif rows["variable"].iat[n] == column:
                yield row | {"value": rows["value"].iat[n], "comment": rows["reason"].iat[n]}


@dataclass(frozen=True, eq=False)
class Values:
    """The values of cases in the columns of an analysis, including columns derived by the user.

    Attributes
    ----------
    study : the study of the cases.
    data : the values by the study's ids; None where no table of the study has all cases.
    derived : the columns that the user added, in order, each with its values.
    tables : the study's tables by case, see ``by_case``; computed where it is None.
    """

    study: Study
    data: pd.DataFrame | None
    derived: tuple[Derived, ...] = ()
    tables: Tables | None = None

    def derivation(self, column: str) -> Iterator[Row]:
        """How a derived column was computed, and how the columns it was computed from were; nothing
        for a column of the study.
        """
        found = self._derived(column)
        if found is not None:
            how, before = found
            yield {"step": "derived", "name": column, "comment": str(how)}
            for source in how.sources:
                yield from before.derivation(source)

    def of(self, data_id: Any, case: str, column: str) -> Iterator[Row]:
        """The provenance of the value of a case: ``data_id`` is its id in the data, ``case`` in the
        study.
        """
        found = self._derived(column)
        if found is None:
            yield from value_provenance(self.study, case, column, self.data, self.tables)
            return
        how, before = found
        if how.values is not None and data_id in how.values.index:
            value = how.values[data_id]
            yield {"step": "case", "case_id": case, "name": column, "value": value}
        for source in how.sources:
            yield from before.of(data_id, case, source)

    def _derived(self, column: str) -> tuple[Derived, "Values"] | None:
        """The last derivation of a column, and the values from before it."""
        for n in reversed(range(len(self.derived))):
            if self.derived[n].name == column:
                return self.derived[n], replace(self, derived=self.derived[:n])
        return None


def by_case(study: Study) -> Tables:
    """The tables with information on cases: the step of a trace that each is, its rows, and the
    positions of the rows of each case.
    """
    steps = {"outcomes": "outcome", "covariates": "covariate", "cases": "case"}
    if "outcomes" not in study.tables:  # its models are fitted on tables that are joined already
        steps |= {s.table: "case" for s in study.config.samples}
    out: Tables = {}
    for name, step in steps.items():
        table = study.tables.get(name)
        if table is not None and "case_id" in table.columns:
            out[name] = (step, table, dict(table.groupby("case_id").indices))
    return out


def _indicators(study: Study, column: str) -> list[str]:
    """The indicators from which a score is computed."""
    book = study.codebook
    scored = [i for p in book.pillars for i in p.indicators]
    if column == "breadth":
        return [i.id for i in scored]
    if column.startswith("dimension_"):
        dimension = column.removeprefix("dimension_")
        return [i.id for i in scored if i.dimension == dimension]
    if column in book.indicators:
        return [column]
    return [i.id for p in book.entries if p.id == column for i in p.indicators]


def codes_of(study: Study, case: str, indicators: Iterable[str]) -> Iterator[Row]:
    """The adjudicated codes of a case and, where there are several coders, the codes of each,
    including revisions.
    """
    tables = []
    if study.coding is not None:
        tables.append(study.coding.table)
    if study.sheet is not None and (study.coding is None or len(study.sheet.coders) > 1):
        tables.append(study.sheet.table)
    selected = set(indicators)
    for table in tables:
        rows = table[(table["case_id"] == case) & table["indicator_id"].isin(selected)]
        yield from (code_row(r) for r in rows.to_dict("records"))


def code_row(r: dict[Any, Any]) -> Row:
    """A row of a coding as a row of a trace."""
    names = ("case_id", "coder", "confidence", "source", "locator", "comment", "date")
    return {"step": "code", "name": r["indicator_id"], "value": r["code"]} | {
        n: r[n] for n in names
    }
