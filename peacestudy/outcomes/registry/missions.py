"""Peacekeeping missions: the United Nations' own list, and third-party missions of any sender."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

UN_MISSIONS = Source(
    id="un_pko",
    name="United Nations peacekeeping missions by country",
    version="2024-02-19",
    citation=(
        "United Nations, Department of Political and Peacebuilding Affairs and Department of Peace"
        " Operations. 2024. List of missions."
    ),
    landing_page="https://psdata.un.org",
    licence="UN open data, believed",
    file="un_pko_country.csv",
    sha256="b1192f3d060b3c6ee54b37367a9a32d992d89d287c8f15f14b0b5ba199c4c4f4",
    rows=107,
    schema=Schema(
        (
            Field("id", "integer", required=True, description="number of the mission in the list"),
            Field("mission_acronym", required=True),
            Field(
                "iso3c",
                pattern="[A-Z]{3}",
                description=(
                    "country; empty where the row sums up others; SRB, TLS and KSV also for years"
                    " before those states"
                ),
            ),
            Field(
                "start_date",
                "date",
                description="empty where the list does not give it; the last is of 2017",
            ),
            Field(
                "end_date",
                "date",
                description=(
                    "empty of missions that the list calls active in 2024, MINUSMA, gone at the end"
                    " of 2023, among them; and of UNOHCI and UNFOR, which are over and whose dates"
                    " it does not know"
                ),
            ),
        ),
    ),
    unit="mission in a country",
    key=("id", "iso3c"),
    first_year=1948,
    last_year=2023,
    units="all",
    absent="no mission that the list gives to the country",
    states=(("iso3c", "iso3"),),
    codes="today",
    bibtex=owed("un2024"),
)
THIRD_PARTY_MISSIONS = Source(
    id="third_party_pkm_3.1",
    name="Third-party peacekeeping missions",
    version="3.1",
    citation=(
        "Mullenbach, Mark J. 2013. Third-party peacekeeping in intrastate disputes, 1946-2012: A"
        " new data set. Midsouth Political Science Review 14: 103-133."
    ),
    landing_page="https://uca.edu/politicalscience/dadm-project/",
    licence="unknown",
    file="third_party_pkm_31.csv",
    sha256="e81f588e3870a76e094066e778309a9dcd16e775e58cf3445bf432cb7e70b4a6",
    rows=215,
    schema=Schema(
        (
            Field(
                "OBSNUM", "integer", required=True, description="number of the mission in the file"
            ),
            Field("STATE", required=True, description="state, with the part of it after a stroke"),
            Field("CCODE1", "integer", required=True, description="state, Correlates of War code"),
            Field(
                "TPTYPE",
                "integer",
                required=True,
                enum=("1", "2", "3"),
                description="1 global organisation, 2 regional, 3 ad hoc",
            ),
            Field("STARTYR", "year", required=True),
            Field("ENDYR", "year", description="empty where the mission went on in 2014"),
        ),
        key=("OBSNUM",),
    ),
    unit="mission",
    key=("OBSNUM",),
    first_year=1946,
    last_year=2014,
    units="all",
    absent="no third-party peacekeeping mission in an intrastate dispute",
    states=(("CCODE1", "cow"),),
    bibtex=owed("mullenbach2013"),
)
