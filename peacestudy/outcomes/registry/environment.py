"""Ozone-depleting substances, greenhouse gases and air pollutants by
country and year, and what the treaties ask of whom.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

ODS = Source(
    id="ods_consumption",
    name="Consumption of ozone-depleting substances",
    version="2014",
    citation=(
        "United Nations Environment Programme, Ozone Secretariat. 2014. Consumption of"
        " ozone-depleting substances; through Our World in Data."
    ),
    landing_page="https://ourworldindata.org/ozone-layer",
    licence="unknown",
    file="ods_consumption_country.csv",
    sha256="9b257bb7fea8d7a3079b3268cbaae2753808e9832636476e56c28d8e9f9e22c6",
    rows=4733,
    schema=Schema(
        (
            Field(
                "Entity",
                required=True,
                description="name of a country, or of one of 25 regions, the world among them",
            ),
            Field(
                "Code",
                required=True,
                description=(
                    "ISO3 of a country, OWID_WRL of the world, a number without meaning of another"
                    " region"
                ),
            ),
            Field("Year", "year", required=True, minimum=1989, maximum=2014),
            *(
                Field(
                    c,
                    "number",
                    required=True,
                    unit="ODP tonnes",
                    description="production and imports less exports; may be below zero",
                )
                for c in (
                    "Hydrochlorofluorocarbons (HCFCs)",
                    "Carbon Tetrachloride",
                    "Chlorofluorocarbons (CFCs)",
                )
            ),
        ),
        key=("Entity", "Year"),
    ),
    unit="country- or region-year",
    key=("Entity", "Year"),
    first_year=1989,
    last_year=2014,
    year="Year",
    states=(("Code", "iso3"),),
    codes="today",
    bibtex=owed("unep2014"),
)
MONTREAL_GROUPS = Source(
    id="montreal_groups",
    name="Parties to the Montreal Protocol, by the groups of its Kigali Amendment",
    version="undated list",
    citation=(
        "United Nations Environment Programme, Ozone Secretariat. 2016. Amendment to the Montreal"
        " Protocol on Substances that Deplete the Ozone Layer, Kigali; a compiler's list of the"
        " parties by group."
    ),
    landing_page="https://ozone.unep.org",
    licence="unknown",
    file="montreal_protocol_countries.json",
    sha256="1fcac939e080dc23637484506fc9aef8e7a92f9dff61b411bede3d38010f2f9d",
    rows=198,
    schema=Schema(
        (
            Field(
                "group",
                required=True,
                enum=(
                    "ARTICLE_5/GROUP_1",
                    "ARTICLE_5/GROUP_2",
                    "NON_ARTICLE_5/NON_ARTICLE_5_EXCEPTIONS",
                    "NON_ARTICLE_5/NON_ARTICLE_5_MAIN_GROUP",
                ),
                description=(
                    "names of the groups that hold the country, outermost first. The file has no"
                    " date: 2016, when the groups were agreed, is the year of which it speaks, and"
                    " no column holds a year to which a join could hold it"
                ),
            ),
            Field(
                "country",
                required=True,
                pattern="[A-Z]{3}",
                description="ISO3; EUU the European Union",
            ),
        ),
        key=("country",),
    ),
    unit="party",
    key=("country",),
    first_year=2016,
    last_year=2016,
    states=(("country", "iso3"),),
    codes="today",
    bibtex=owed("kigali2016"),
)
_SECTORS = (
    "Agriculture",
    "Aviation and shipping",
    "Buildings",
    "Electricity and heat",
    "Energy",
    "Fugitive emissions",
    "Industry",
    "Manufacturing and construction",
    "Other fuel combustion",
    "Total excluding LUCF",
    "Transport",
    "Waste",
)
_BALANCES = (
    "Land-use change and forestry",
    "Total including LUCF",
)  # below zero where forests take up more than is sent out
GREENHOUSE_GASES = Source(
    id="ghg_cait_2021",
    name="Greenhouse gas emissions by sector, CAIT",
    version="2021",
    citation=(
        "World Resources Institute. 2021. Climate Watch, CAIT historical emissions; through Our"
        " World in Data."
    ),
    landing_page="https://www.climatewatchdata.org/ghg-emissions",
    licence="believed CC BY 4.0",
    file="owid_ghg_cait2021.csv",
    sha256="833164b27828a41b9033dd8cdec5db386874fd1d1114c6c56ee6176f5ac723c2",
    rows=5655,
    schema=Schema(
        (
            Field(
                "Entity",
                required=True,
                description=(
                    "name, no code; World and European Union (27) in addition to 193 countries"
                ),
            ),
            Field("Year", "year", required=True, minimum=1990, maximum=2018),
            *(
                Field(s, "number", minimum=0, unit="million tonnes of CO2 equivalent")
                for s in _SECTORS
            ),
            *(
                Field(
                    f"{s} (per capita)", "number", minimum=0, unit="tonnes of CO2 equivalent a head"
                )
                for s in _SECTORS
            ),
            *(Field(s, "number", unit="million tonnes of CO2 equivalent") for s in _BALANCES),
            *(
                Field(f"{s} (per capita)", "number", unit="tonnes of CO2 equivalent a head")
                for s in _BALANCES
            ),
        ),
        key=("Entity", "Year"),
    ),
    unit="country-year",
    key=("Entity", "Year"),
    first_year=1990,
    last_year=2018,
    year="Year",
    bibtex=owed("cait2021"),
)
_POLLUTANTS = (
    "Carbon Monoxide",
    "NOx",
    "Non-methane Volatile Organic Compounds (VOCs)",
    "PM₁₀",
    "PM₂.₅",
    "SO₂",
)
AIR_POLLUTANTS = Source(
    id="oecd_air_pollutants",
    name="Emissions of air pollutants, OECD",
    version="2017",
    citation=(
        "OECD. 2017. Air and GHG emissions: Emissions of air pollutants; through Our World in Data."
    ),
    landing_page="https://www.oecd.org/en/data/indicators/air-and-ghg-emissions.html",
    licence="believed CC BY 4.0",
    file="owid_air_pollutants_oecd.csv",
    sha256="6b7a76dc0d7841e9dcf92ae8550151cf2108e15054324915e8d65128697f25d7",
    rows=910,
    schema=Schema(
        (
            Field(
                "Entity",
                required=True,
                description="name, no code; Europe and OECD - Total in addition to 36 countries",
            ),
            Field("Year", "year", required=True, minimum=1990, maximum=2015),
            *(
                Field(
                    p,
                    "integer",
                    required=p in ("Carbon Monoxide", "NOx", "SO₂"),
                    minimum=0,
                    unit="thousand tonnes",
                )
                for p in _POLLUTANTS
            ),
            *(
                Field(
                    f"{p} (Index)",
                    "number",
                    minimum=0,
                    unit="1990 = 100",
                    description="empty where 1990 has no figure",
                )
                for p in _POLLUTANTS
            ),
        ),
        key=("Entity", "Year"),
    ),
    unit="country-year",
    key=("Entity", "Year"),
    first_year=1990,
    last_year=2015,
    year="Year",
    bibtex=owed("oecd2017"),
)
KYOTO_TARGETS = Source(
    id="kyoto_annex_b",
    name="Kyoto Protocol, targets of Annex B",
    version="as adopted in 1997, typed from the treaty",
    citation=(
        "United Nations. 1997. Kyoto Protocol to the United Nations Framework Convention on Climate"
        " Change, Annex B. United Nations Treaty Series 2303: 162."
    ),
    landing_page="https://unfccc.int/kyoto_protocol",
    licence="believed CC BY 4.0",
    file="kyoto_annexB_targets.csv",
    sha256="b4b9379e5245263a10e623a0df3b2bf68ec07425b3a4381f47d253ee334fdd39",
    rows=38,
    schema=Schema(
        (
            Field(
                "iso3",
                required=True,
                pattern="[A-Z]{3}",
                description="members of the European Union at their joint 92",
            ),
            Field(
                "annexB_pct_of_base",
                "integer",
                required=True,
                minimum=92,
                maximum=110,
                unit="per cent of the base year",
                description=(
                    "what may be emitted on average in 2008 to 2012; these are the years of which"
                    " the list speaks, and no column holds a year to which a join could hold them"
                ),
            ),
        ),
        key=("iso3",),
    ),
    unit="state with a target",
    key=("iso3",),
    first_year=2008,
    last_year=2012,
    units="all",
    absent="no target in Annex B",
    states=(("iso3", "iso3"),),
    codes="today",
    bibtex=owed("kyoto1997"),
)
