"""World Development Indicators: GDP per capita and population."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

WDI = Source(
    id="wdi",
    name="World Development Indicators: GDP per capita, population",
    version="2025-10",
    citation="World Bank. 2025. World Development Indicators (NY.GDP.PCAP.CD, SP.POP.TOTL).",
    landing_page="https://data.worldbank.org",
    licence="believed CC BY 4.0",
    file="wdi_gdppc_pop.csv",
    sha256="80b666b9fa6b51c203792b48e2fe900a7caf02d033d41b0603086e506ad637ca",
    rows=17290,
    schema=Schema(
        (
            Field("iso3", required=True),
            Field("year", "year", required=True),
            Field("wdi_gdppc", "number", minimum=0, unit="current US dollars a head"),
            Field("wdi_pop", "number", minimum=0, unit="people"),
        ),
        key=("iso3", "year"),
    ),
    unit="country-year",
    key=("iso3", "year"),
    first_year=1960,
    last_year=2024,
    year="year",
    states=(("iso3", "iso3"),),
    codes="today",
    bibtex=owed("worldbank2025"),
)
