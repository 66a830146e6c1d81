"""What every table of cases has, whatever the study: an id, a
name people recognise, a state and a year.
"""

from dataclasses import dataclass, field

import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import nearest
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError, printable

CASES_SCHEMA = Schema(
    (
        Field("case_id", required=True, pattern=r"[\w.-]+", description="identifier of the case"),
        Field("label", required=True, description="name of the case for people"),
        Field("t0", "year", required=True, description="year from which the outcome is counted"),
    ),
    key=("case_id",),
)


@dataclass(frozen=True, eq=False)
class Case:
    """One case with everything that the study knows about it.

    Attributes
    ----------
    case_id : str
        Identifier of the case.
    label : str
        Name of the case for people.
    facts : DataFrame
        Columns ``table, name, value, source``: the row of the case, its outcome, covariates and
        codes.

    Examples
    --------
    >>> case = ps.load_study("double_coding").case("adb-0863")
    >>> case
    <Case PCV: VIE 2007-35, project 30076 (adb-0863): 13 facts; see .facts>
    >>> case.facts.loc[case.facts["table"] == "codings", ["name", "value"]].head(2)
                                   name value
    3  effectiveness by adb_independent     1
    4        effectiveness by adb_staff     1
    """

    case_id: str
    label: str
    facts: pd.DataFrame = field(repr=False)

    def __repr__(self) -> str:
        return printable(
            f"<Case {self.label} ({self.case_id}): {len(self.facts)} facts; see .facts>"
        )

    def _repr_html_(self) -> str:
        return html_table(self.facts, f"{self.label} ({self.case_id})", rows=len(self.facts))


def find_case(cases: pd.DataFrame, case_id: str) -> pd.Series:
    """The row of a case by its id or label, or an error that names the nearest."""
    found = cases[(cases["case_id"] == case_id) | (cases["label"] == case_id)]
    if found.empty:
        case_id = str(case_id)
        raise SourceError(
            f"there is no case {case_id!r}.{nearest(case_id, [*cases['case_id'], *cases['label']])}"
            " study.cases lists all."
        )
    return found.iloc[0]
