"""Fariss and others: GDP per capita and population of states as
estimated from many sources at once, 1816 to 2019.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

FARISS_GDP = Source(
    id="fariss_2022",
    name="Latent estimates of GDP, GDP per capita and population",
    version="2022, compiled in the R package isard",
    citation=(
        "Fariss, Christopher J., Therese Anders, Jonathan N. Markowitz, and Miriam Barnum. 2022."
        " New estimates of over 500 years of historic GDP and population data. Journal of Conflict"
        " Resolution 66(3): 553-591."
    ),
    landing_page="https://cran.r-project.org/package=isard",
    licence="unknown",
    file="gw_gdppop.csv",
    sha256="73e02774c45aee5a851a7a0df27c5fe3c335f5797640019434850f7d814dcec8",
    rows=19667,
    schema=Schema(
        (
            Field("gwcode", "integer", required=True),
            Field("year", "year", required=True),
            Field(
                "mrgdppc",
                "number",
                minimum=0,
                unit="constant 2011 international dollars a head, after Maddison",
            ),
            Field(
                "sd_mrgdppc",
                "number",
                minimum=0,
                description="posterior standard deviation of mrgdppc",
            ),
            Field("pwtrgdp", "number", minimum=0, description="GDP after the Penn World Table"),
            Field(
                "sd_pwtrgdp",
                "number",
                minimum=0,
                description="posterior standard deviation of pwtrgdp",
            ),
            Field("pwtpop", "number", minimum=0, unit="million people, after the Penn World Table"),
            Field(
                "sd_pwtpop",
                "number",
                minimum=0,
                description="posterior standard deviation of pwtpop",
            ),
        ),
        key=("gwcode", "year"),
    ),
    unit="country-year",
    key=("gwcode", "year"),
    first_year=1816,
    last_year=2019,
    year="year",
    states=(("gwcode", "gw"),),
    bibtex=owed("fariss2022"),
)
