"""Civil Wars Mediation: who mediated in which episode of which civil war,
1946 to 2011; its dates with two-digit years.
"""

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_MEDIATION_SCHEMA = Schema(
    (
        Field("country", required=True, description="name of the state"),
        Field("sidea", required=True),
        Field("sideb"),
        Field(
            "Med_yes.no",
            "integer",
            minimum=0,
            maximum=1,
            description="1: the row is a mediation, 0: an episode without",
        ),
        Field(
            "year_term",
            "year",
            minimum=1946,
            maximum=2011,
            description="year of the end; in 15 rows not that of episode.end.date",
        ),
        Field(
            "Incompatibility",
            "integer",
            minimum=1,
            maximum=2,
            description=(
                "no code of UCDP: 1 in 606 of 619 rows with a territory, which in 192 of them"
                " is the state itself, as in Romania 1989 where the government was fought over"
            ),
        ),
        Field("territory"),
        Field(
            "episode.start.date",
            description=(
                "m/d/yy as written; see full_dates. 11 rows of El Salvador are filled on "
                "day by day, from 10/2/79 to 10/12/79; 10/1/79 is meant"
            ),
        ),
        Field(
            "episode.end.date",
            description="m/d/yy as written, single ones without day or with words",
        ),
        Field(
            "med.begins",
            description="m/d/yy as written, some with a part missing or a question mark",
        ),
        Field(
            "med.ends",
            description="m/d/yy as written, some with a part missing or a question mark",
        ),
        Field("name.of.third.party"),
    ),
    missing=("", " ", "."),
)
MEDIATION = Source(
    id="civil_war_mediation",
    name="Civil Wars Mediation Dataset",
    version="extended to 2011; release not stated",
    citation=(
        "DeRouen, Karl, Jacob Bercovitch, and Paulina Pospieszna. 2011. Introducing the Civil Wars"
        " Mediation (CWM) dataset. Journal of Peace Research 48(5): 663-672."
    ),
    landing_page="https://doi.org/10.1177/0022343311406157",
    licence="unknown",
    file="civil_war_mediation.csv",
    sha256="d4ac27aa65a81d9b8854880457498db41949198ceeef75a90aa5c78ee752dccd",
    rows=762,
    schema=_MEDIATION_SCHEMA,
    unit="mediation, or civil-war episode without one",
    key=(),  # nothing tells the rows apart
    first_year=1946,
    last_year=2011,
    bibtex=owed("derouen2011"),
)


def full_dates(cells: pd.Series) -> pd.Series:
    """The dates of a column of this source, where month, day and
    year are all there; the rest is missing.

    A year of two digits is one of 2000 to 2011 up to 11, the last year of the source, and else of
    1912 to 1999: an episode may have begun before 1946.

    Examples
    --------
    >>> full_dates(
    ...     pd.Series(["1/1/49", "11/23/09", "6/12/1969", "06//1969", None])
    ... ).dt.date.tolist()
    [datetime.date(1949, 1, 1), datetime.date(2009, 11, 23), datetime.date(1969, 6, 12), NaT, NaT]
    """
    part = (
        cells.astype("string")
        .str.strip()
        .str.extract(r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{2}|[0-9]{4})$")
    )
    month, day, year = (pd.to_numeric(part[i], errors="coerce").astype("float64") for i in range(3))
    year = year + 1900 * (year < 100) + 100 * (year <= 11)
    return pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
