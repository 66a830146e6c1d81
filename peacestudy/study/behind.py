"""What lies behind one value of one case: the codes, or the rows of
the study's tables, that it was made from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from peacestudy.core.derived import Derived
from peacestudy.study.study import Study

Row = dict[str, object]
Tables = dict[str, tuple[str, pd.DataFrame, dict[Any, Any]]]


def behind(
    study: Study, case: str, column: str, data: pd.DataFrame | None, tables: Tables | None = None
) -> Iterator[Row]:
    """Everything behind one value of one case: the value, then the
    codes or source rows it was made from.
    """
    if data is not None and case in data.index and column in data.columns:
        yield {"step": "case", "case_id": case, "name": column, "value": data.loc[case, column]}
    names = _indicators(study, column)
    if names:
        yield from codes_of(study, case, names)
        return
    for table, (step, rows, at) in (tables or by_case(study)).items():
        long = table == "covariates"
        if not long and (column not in rows.columns or column == "source"):
            continue
        for n in at.get(case, ()):
            row = {
                "step": step,
                "case_id": case,
                "name": column,
                "source": rows["source"].iat[n] if "source" in rows else None,
            }
            if not long:
                yield row | {"value": rows[column].iat[n]}
            elif rows["variable"].iat[n] == column:
                yield row | {"value": rows["value"].iat[n], "comment": rows["reason"].iat[n]}


@dataclass(frozen=True, eq=False)
class Values:
    """The values of cases in the columns of an analysis, those that the user derived included.

    Attributes
    ----------
    study : whose cases they are.
    data : the values by the study's ids; None where no table of the study has all cases.
    derived : the columns that the user added, in order, each with its values.
    tables : the study's tables by case, see ``by_case``; None makes them anew.
    """

    study: Study
    data: pd.DataFrame | None
    derived: tuple[Derived, ...] = ()
    tables: Tables | None = None

    def made(self, column: str) -> Iterator[Row]:
        """How a derived column was made, and those that it was made
        from; nothing for a column of the study.
        """
        found = self._derived(column)
        if found is not None:
            how, before = found
            yield {"step": "derived", "name": column, "comment": str(how)}
            for source in how.sources:
                yield from before.made(source)

    def of(self, given: Any, own: str, column: str) -> Iterator[Row]:
        """Everything behind the value of a case: ``given`` is its
        id in the data, ``own`` in the study.
        """
        found = self._derived(column)
        if found is None:
            yield from behind(self.study, own, column, self.data, self.tables)
            return
        how, before = found
        if how.values is not None and given in how.values.index:
            yield {"step": "case", "case_id": own, "name": column, "value": how.values[given]}
        for source in how.sources:
            yield from before.of(given, own, source)

    def _derived(self, column: str) -> tuple[Derived, "Values"] | None:
        """The last derivation of a column, and the values from before it."""
        for n in reversed(range(len(self.derived))):
            if self.derived[n].name == column:
                return self.derived[n], replace(self, derived=self.derived[:n])
        return None


def by_case(study: Study) -> Tables:
    """The tables that say something of a case: what each is, its
    rows, and where those of a case stand.
    """
    where = {"outcomes": "outcome", "covariates": "covariate", "cases": "case"}
    if "outcomes" not in study.tables:  # its tables are fitted as they stand
        where |= {s.table: "case" for s in study.config.samples}
    held = {name: study.tables[name] for name in where if name in study.tables}
    return {
        n: (where[n], t, dict(t.groupby("case_id").indices))
        for n, t in held.items()
        if "case_id" in t.columns
    }


def _indicators(study: Study, column: str) -> list[str]:
    """The indicators that a score is made of."""
    book = study.codebook
    asked = [i for p in book.pillars for i in p.indicators]
    if column == "breadth":
        return [i.id for i in asked]
    if column.startswith("dimension_"):
        return [i.id for i in asked if i.dimension == column.removeprefix("dimension_")]
    if column in book.indicators:
        return [column]
    return [i.id for p in book.entries if p.id == column for i in p.indicators]


def codes_of(study: Study, case: str, indicators: Iterable[str]) -> Iterator[Row]:
    """The settled codes of a case and, where several coders gave
    them, what each wrote, revisions too.
    """
    if study.coding is None and study.sheet is None:
        return
    wanted = set(indicators)
    several = study.sheet is not None and study.coding is not None and len(study.sheet.coders) > 1
    tables = [study.coding.table] if study.coding is not None else []
    tables += [study.sheet.table] if study.sheet is not None and (several or not tables) else []
    for table in tables:
        own = table[(table["case_id"] == case) & table["indicator_id"].isin(wanted)]
        yield from (code_row(r) for r in own.to_dict("records"))


def code_row(r: dict[Any, Any]) -> Row:
    """A row of a coding as a row of a trace."""
    names = ("case_id", "coder", "confidence", "source", "locator", "comment", "date")
    return {"step": "code", "name": r["indicator_id"], "value": r["code"]} | {
        n: r[n] for n in names
    }
