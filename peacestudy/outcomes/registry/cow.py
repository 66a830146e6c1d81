"""Correlates of War: memberships in intergovernmental organisations, national trade."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

COW_IGO = Source(
    id="cow_igo",
    name="Correlates of War Intergovernmental Organizations, state-years",
    version="3",
    citation=(
        "Pevehouse, Jon C. W., Timothy Nordstrom, Roseanne W. McManus, and Anne Spencer Jamison."
        " 2020. Tracking organizations in the world: The Correlates of War IGO Version 3.0"
        " datasets. Journal of Peace Research 57(3): 492-503."
    ),
    landing_page="https://correlatesofwar.org",
    licence="free with citation, believed",
    file="cow_igo_sy.csv",
    sha256="1e33da7f25cda2adf936d43a67422fcfe15c2d0e2167e6420ac559b59b3c41bb",
    rows=15557,
    schema=Schema(
        (
            Field("ccode", "integer", required=True),
            Field("year", "year", required=True),
            Field("sum_igo_full", "integer", minimum=0, unit="full memberships"),
            Field("sum_igo_associate", "integer", minimum=0, unit="associate memberships"),
            Field("sum_igo_observer", "integer", minimum=0, unit="memberships as observer"),
            Field("sum_igo_anytype", "integer", minimum=0, unit="memberships of any type"),
        ),
        key=("ccode", "year"),
    ),
    unit="country-year",
    key=("ccode", "year"),
    first_year=1816,
    last_year=2014,
    year="year",
    states=(("ccode", "cow"),),
    bibtex=owed("pevehouse2020"),
)
COW_TRADE = Source(
    id="cow_trade",
    name="Correlates of War Trade, national",
    version="4",
    citation=(
        "Barbieri, Katherine, Omar M. G. Keshk, and Brian M. Pollins. 2009. Trading data:"
        " Evaluating our assumptions and coding rules. Conflict Management and Peace Science 26(5):"
        " 471-491."
    ),
    landing_page="https://correlatesofwar.org",
    licence="free with citation, believed",
    file="cow_trade_sy.csv",
    sha256="28ebf2cf9bba6d30ea1b0bf4ed5389e5571e84fc674524da8fd498280c361df5",
    rows=14410,
    schema=Schema(
        (
            Field("ccode", "integer", required=True),
            Field("year", "year", required=True),
            Field("imports", "number", minimum=0, unit="million current US dollars"),
            Field("exports", "number", minimum=0, unit="million current US dollars"),
        ),
        key=("ccode", "year"),
    ),
    unit="country-year",
    key=("ccode", "year"),
    first_year=1870,
    last_year=2014,
    year="year",
    states=(("ccode", "cow"),),
    bibtex=owed("barbieri2009"),
)
