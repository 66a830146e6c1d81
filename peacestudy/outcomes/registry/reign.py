"""REIGN: rulers, elections and regimes to March 2021."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_CITATION = (
    "Bell, Curtis. 2016. The Rulers, Elections, and Irregular Governance dataset (REIGN). OEF"
    " Research."
)
_PAGE = "https://oefdatascience.github.io/REIGN.github.io/"
_UNKNOWN = "special code -99: not known"

REIGN_LEADERS = Source(
    id="reign_leaders_2021",
    name="REIGN, spells of leaders",
    version="2021-03",
    citation=_CITATION,
    landing_page=_PAGE,
    licence="MIT, stated",
    file="reign_leaders_2021.csv",
    sha256="026dea1cef294eaabb99ef042a0bd8f2ce7eeca4c22cdce22edfef85705c3825",
    rows=2524,
    schema=Schema(
        (
            Field("stateabb", required=True),
            Field("ccode", "integer", required=True),
            Field(
                "leadid",
                required=True,
                description="leader's spell; one id names three spells of Iceland",
            ),
            Field("leader", required=True),
            Field(
                "sdate",
                "integer",
                required=True,
                minimum=1,
                maximum=31,
                description="day of taking office",
            ),
            Field("smonth", "integer", required=True, minimum=1, maximum=12),
            Field("syear", "year", required=True),
            Field(
                "emonth",
                "integer",
                minimum=1,
                maximum=12,
                description="empty where in office in March 2021",
            ),
            Field("eyear", "year"),
            Field("birthyear", "year", description="-99 is a code"),
            Field(
                "gender",
                "integer",
                minimum=-99,
                maximum=1,
                description="1 male, 0 female; -99 is a code",
            ),
            Field("militarycareer", "number", minimum=-99, maximum=1, description="-99 is a code"),
        ),
        key=("leadid", "syear"),
    ),
    unit="spell of a leader",
    key=("leadid", "syear"),
    first_year=1950,
    last_year=2021,
    states=(("ccode", "cow"),),
    special=tuple((column, -99, _UNKNOWN) for column in ("birthyear", "gender", "militarycareer")),
    bibtex=owed("bell2016"),
)
_REIGN_ELECTIONS_SCHEMA = Schema(
    (
        Field("elecnum", "integer", required=True, description="election"),
        Field(
            "sequence",
            "integer",
            required=True,
            minimum=1,
            maximum=3,
            description="number of the event in the election",
        ),
        Field("ccode", "integer", required=True),
        Field("country", required=True),
        Field(
            "electionnumber",
            "integer",
            required=True,
            description="number within the state; -1 of five elections of 1915 to 1945",
        ),
        Field(
            "elec_year",
            "year",
            required=True,
            description="up to 2027: elections that were scheduled",
        ),
        Field("elec_month", "integer", required=True, minimum=1, maximum=12),
        Field("elec_day", "integer", minimum=1, maximum=31),
        Field(
            "event",
            required=True,
            description="vote, announcement, deadline, delay; spelled in several ways",
        ),
        Field(
            "type",
            required=True,
            enum=("X", "L", "R"),
            description="X executive, L legislative, R referendum",
        ),
        Field("direct", enum=("Y", "N", "A")),
        Field("regular", enum=("Y", "N")),
        Field("victory", enum=("Y", "N")),
        Field("change", enum=("Y", "N")),
        Field("runoff", description="Y, N, and single digits"),
    ),
    key=("elecnum", "sequence"),
    missing=("", " "),
)
REIGN_ELECTIONS = Source(
    id="reign_elections_2021",
    name="REIGN, national elections, announcements and scheduled elections included",
    version="2021-03",
    citation=_CITATION,
    landing_page=_PAGE,
    licence="MIT, stated",
    file="reign_elections_2021.csv",
    sha256="deff85e9146fc7fefbc538dd6a945f0f104983c59045633c208910214f01a82a",
    rows=4351,
    schema=_REIGN_ELECTIONS_SCHEMA,
    unit="event of an election",
    key=("elecnum", "sequence"),
    first_year=1945,
    last_year=2021,
    absent="no national election or referendum in the list",
    year="elec_year",
    states=(("ccode", "cow"),),
    bibtex=owed("bell2016"),
)
REIGN_REGIMES = Source(
    id="reign_regimes_2021",
    name="REIGN, spells of political regimes",
    version="2021-03",
    citation=_CITATION,
    landing_page=_PAGE,
    licence="MIT, stated",
    file="reign_regimes_2021.csv",
    sha256="acb8a511084b86917fbbf2d4437fc7cb6ae25217df81dd915d74183e7daef155",
    rows=627,
    schema=Schema(
        (
            Field("cowcode", "integer", required=True),
            Field("gwf_country", required=True),
            Field("gwf_casename", required=True),
            Field(
                "gwf_startdate",
                required=True,
                pattern=r"\d{1,2}/\d{1,2}/\d{4}",
                description="m/d/yyyy",
            ),
            Field(
                "gwf_enddate",
                required=True,
                pattern=r"\d{1,2}/\d{1,2}/\d{4}",
                description="m/d/yyyy; the last days of 2020 where it lived on",
            ),
            Field(
                "gwf_regimetype",
                required=True,
                description="'provisional' also with a blank behind it",
            ),
        ),
        key=("gwf_casename",),
    ),
    unit="spell of a regime",
    key=("gwf_casename",),
    first_year=1950,
    last_year=2021,
    states=(("cowcode", "cow"),),
    bibtex=owed("bell2016"),
)
