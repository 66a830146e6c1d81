"""Vaccination against COVID-19, the country lists of the health funds, and cases of two diseases
that the world is to be rid of.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_INCOME = tuple(
    f"{g} Economies"
    for g in (
        "High Income",
        "Upper Middle Income",
        "Lower Middle Income",
        "Low Income",
        "Unclassified",
    )
)
_VACCINES_SCHEMA = Schema(
    (
        Field(
            "commit_date",
            "date",
            required=True,
            description="day of the snapshot, mostly a week after the last, at most two weeks",
        ),
        Field(
            "commit",
            required=True,
            description=(
                "number of the snapshot; 2022-07-20 and 2023-11-15 have two, so the day is no key"
            ),
        ),
        Field(
            "iso3",
            pattern="[A-Z]{3}",
            description=(
                "empty of Sark, once a snapshot; WBG as well as PSE, Bonaire as XAA as well as"
                " BES, and such"
            ),
        ),
        Field(
            "countryname",
            description=(
                "empty of Taiwan; six are written in two ways, five of them once in broken letters"
            ),
        ),
        Field("incomegroup", enum=_INCOME),
        Field("population", "integer", minimum=0, unit="people"),
        Field("hdi", "number", minimum=0, maximum=1, unit="Human Development Index"),
        Field("uhc", "number", minimum=0, maximum=100, unit="index of universal health coverage"),
        Field(
            "che",
            "number",
            minimum=0,
            unit="US dollars a head",
            description="current health expenditure",
        ),
        Field(
            "informcovid19risk",
            "number",
            minimum=0,
            maximum=10,
            unit="INFORM COVID-19 risk index",
        ),
        Field("vaccinesdelivered", "number", minimum=0, unit="doses"),
        Field("total_donations", "number", minimum=0, unit="doses"),
        Field("total_vaccinations", "number", minimum=0, unit="doses", description="given so far"),
        Field(
            "persons_vaccinated_1plus_dose_pe",
            "number",
            minimum=0,
            unit="per cent of people",
            description="with one dose or more",
        ),
        Field("persons_fully_vaccinated", "number", minimum=0, unit="people"),
        Field(
            "persons_fully_vaccinated_per100",
            "number",
            minimum=0,
            unit="per cent of people",
            description="over 100 in places",
        ),
        Field("total_boosters_per_hundred", "number", minimum=0, unit="doses a hundred people"),
        Field("first_vaccine_date", pattern=r"\d{2}[a-z]{3}\d{4}", description="as in 17feb2021"),
        Field(
            "vaccine_willingness_monthly",
            "number",
            minimum=0,
            maximum=100,
            unit="per cent of respondents",
        ),
        Field("stringencyindex", "number", minimum=0, maximum=100, unit="Oxford index"),
        Field("deathscumulativetotal", "integer", minimum=0, unit="deaths"),
    ),
)
VACCINES = Source(
    id="undp_vaccine_equity",
    name="Global Dashboard for Vaccine Equity, snapshots",
    version="snapshots of 2022-03-25 to 2023-11-15",
    citation=(
        "United Nations Development Programme, World Health Organization, and University of Oxford."
        " 2023. Global Dashboard for Vaccine Equity."
    ),
    landing_page="https://data.undp.org/vaccine-equity",
    licence="terms of third parties apply",
    file="undp_vaccine_equity_weekly.csv",
    sha256="ec2af1214faa1c74a8f89a0d4a719babe1284574e9fa7863f3bd6dd751fc949d",
    rows=21420,
    schema=_VACCINES_SCHEMA,
    unit="territory in a snapshot",
    key=("commit", "iso3"),
    first_year=2022,
    last_year=2023,
    states=(("iso3", "iso3"),),
    codes="today",
    bibtex=owed("undp2023"),
)
HEALTH_FUNDS = Source(
    id="health_funds",
    name="Countries that the health funds list: COVAX AMC, Gavi, Global Fund",
    version="undated lists",
    citation=(
        "COVAX, Gavi, and the Global Fund to Fight AIDS, Tuberculosis and Malaria. 2020. Lists of"
        " eligible countries, put together by a compiler."
    ),
    landing_page="https://www.gavi.org/gavi-covax-amc",
    licence="MIT, stated",
    file="health_funds_country_groups.csv",
    sha256="41e6f89d6e5659476b287805abbd3dc05db4cf3a3aa058c389f3a395a21ecb2a",
    rows=236,
    schema=Schema(
        (
            Field(
                "group",
                required=True,
                enum=("covax_amc", "gavi", "global_fund"),
                description=(
                    "the file has no date: 2020 to 2023, when COVAX ran, are the years of which the"
                    " lists speak, and no column holds a year to which a join could hold them"
                ),
            ),
            Field("iso3", required=True, pattern="[A-Z]{3}"),
        ),
        key=("group", "iso3"),
    ),
    unit="country on a list",
    key=("group", "iso3"),
    first_year=2020,
    last_year=2023,
    units="all",
    absent="not on the list of the fund",
    states=(("iso3", "iso3"),),
    codes="today",
    bibtex=owed("healthfunds2020"),
)
GUINEA_WORM = Source(
    id="guinea_worm",
    name="Guinea worm disease, cases reported",
    version="2018",
    citation=(
        "World Health Organization. 2018. Dracunculiasis, cases reported; through Our World in"
        " Data."
    ),
    landing_page="https://ourworldindata.org/guinea-worm",
    licence="believed CC BY 4.0",
    file="owid_guinea_worm_cases.csv",
    sha256="a1cc82d28ce56a34de799ca391f562162aedfd35a0b7820abc912af4c9d5dcaf",
    rows=665,
    schema=Schema(
        (
            Field(
                "Entity",
                required=True,
                description="name, no code; World, the sum of the 21 countries, among them",
            ),
            Field("Year", "year", required=True, minimum=1986, maximum=2017),
            Field(
                "Guinea Worm Cases (WHO 2018)", "integer", required=True, minimum=0, unit="cases"
            ),
        ),
        key=("Entity", "Year"),
    ),
    unit="country-year",
    key=("Entity", "Year"),
    first_year=1986,
    last_year=2017,
    year="Year",
    bibtex=owed("who2018"),
)
POLIO = Source(
    id="polio",
    name="Poliomyelitis, cases reported",
    version="2019",
    citation=(
        "World Health Organization. 2017. Poliomyelitis, cases reported; through Our World in Data,"
        " continued to 2019."
    ),
    landing_page="https://ourworldindata.org/polio",
    licence="believed CC BY 4.0",
    file="owid_polio_cases.csv",
    sha256="b1ce475bdbb61908cd9918f905734521afbc7ee8f09ab9aee45680d59b92e9b9",
    rows=7317,
    schema=Schema(
        (
            Field(
                "Entity",
                required=True,
                description="name, no code; World and six regions of the WHO, its sums, among them",
            ),
            Field("Year", "year", required=True, minimum=1980, maximum=2019),
            Field(
                "Number of polio cases (WHO (2017))",
                "integer",
                required=True,
                minimum=0,
                unit="cases",
            ),
        ),
        key=("Entity", "Year"),
    ),
    unit="country-year",
    key=("Entity", "Year"),
    first_year=1980,
    last_year=2019,
    year="Year",
    bibtex=owed("who2017"),
)
