"""What sources say of a state in the year before: figures computed from them, what each covers, and
every gap with its reason.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.context import POLITY_CODES, CountryYear, combine, country_year

LOOKUPS = (
    CountryYear("gdp_per_capita", "fariss_2022", "mrgdppc", "gw", "gwcode"),
    CountryYear("population", "fariss_2022", "pwtpop", "gw", "gwcode"),
    CountryYear("aeuds", "extended_uds", "aeuds", "gw", "gwcode"),
    CountryYear("v2x_polyarchy", "vdem_simple", "v2x_polyarchy", "gw", "GWn"),
    CountryYear("xconst", "polity5", "xconst", "gw", "GWn", POLITY_CODES),
    CountryYear("igo", "cow_igo", "sum_igo_anytype", "cow", "ccode"),
    CountryYear("imports", "cow_trade", "imports", "cow", "ccode"),
    CountryYear("exports", "cow_trade", "exports", "cow", "ccode"),
    CountryYear("gdp_current", "wdi", "wdi_gdppc", "iso3", "iso3"),
    CountryYear("people", "wdi", "wdi_pop", "iso3", "iso3"),
    CountryYear("efindex", "hief", "efindex", "gw", "gwcode"),
)


@dataclass(frozen=True)
class Figure:
    """A figure made of what sources give: the parts, the function of them, and what it means."""

    parts: tuple[str, ...]
    how: Callable[..., float]
    meaning: str


def _ln(value: float) -> float:
    return math.log(value) if value > 0 else math.nan


FIGURES: dict[str, Figure] = {
    "ln_gdp_per_capita": Figure(
        ("gdp_per_capita",), _ln, "ln of GDP a head, constant 2011 international dollars"
    ),
    "ln_population": Figure(("population",), _ln, "ln of population in millions"),
    "democracy": Figure(("aeuds",), lambda score: score, "latent democracy, extended UDS"),
    "polyarchy": Figure(("v2x_polyarchy",), lambda score: score, "electoral democracy, 0 to 1"),
    "executive_constraints": Figure(
        ("xconst",), lambda x: (x - 1) / 6, "constraints on the executive, 0 none to 1 parity"
    ),
    "ln_igo_memberships": Figure(
        ("igo",), math.log1p, "ln of 1 + memberships of any type in intergovernmental organisations"
    ),
    "ln_trade_openness": Figure(
        ("imports", "exports", "gdp_current", "people"),
        lambda imports, exports, gdp, people: _ln((imports + exports) * 1e6 / (gdp * people)),
        "ln of imports and exports over GDP, all in current US dollars",
    ),
    "ethnic_fractionalisation": Figure(
        ("efindex",), lambda x: x, "chance that two people are of two ethnic groups"
    ),
    "ln_gdp_current": Figure(
        ("gdp_current",), _ln, "ln of GDP a head, current US dollars, which go on to 2024"
    ),
    "ln_people": Figure(
        ("people",), lambda n: _ln(n / 1e6), "ln of population in millions, which goes on to 2024"
    ),
}

COVERAGE_SCHEMA = Schema(
    (
        Field("variable", required=True),
        Field("source", required=True, description="source and column of every part"),
        Field(
            "source_first_year",
            "year",
            required=True,
            description="first year of which all its sources speak",
        ),
        Field(
            "source_last_year",
            "year",
            required=True,
            description="last year of which all its sources speak",
        ),
        Field("status", required=True, description="'value', or why it is missing"),
        Field("rows", "integer", required=True, minimum=1, unit="state-years"),
        Field(
            "first_year",
            "year",
            required=True,
            description="first state-year with this status; the figure is of the year before",
        ),
        Field("last_year", "year", required=True),
    ),
    key=("variable", "status"),
)
GAPS_SCHEMA = Schema(
    (
        Field("variable", required=True),
        Field("country", "integer", required=True),
        Field("first_year", "year", required=True),
        Field("last_year", "year", required=True),
        Field("reason", required=True),
    ),
    key=("variable", "country", "first_year"),
)


def figures(table: pd.DataFrame, sources: Mapping[str, OutcomeTable], lag: int) -> pd.DataFrame:
    """Every figure of every state-year: ``case_id, variable, value,
    year, source, reason``, not yet rounded.

    Parameters
    ----------
    table : ``case_id, country, year``.
    sources : the tables that ``LOOKUPS`` name.
    lag : years before the state-year in which sources are read.
    """
    wanted = pd.DataFrame(
        {"case_id": table["case_id"], "country": table["country"], "year": table["year"] - lag}
    )
    long = pd.concat(
        [country_year(wanted, sources[c.source_id], c) for c in LOOKUPS], ignore_index=True
    )
    parts = {c.variable: long[long["variable"] == c.variable] for c in LOOKUPS}
    made = [
        combine(pd.concat([parts[p] for p in f.parts], ignore_index=True), name, f.parts, f.how)
        for name, f in FIGURES.items()
    ]
    out = pd.concat(made, ignore_index=True)
    out["reason"] = [None if pd.isna(r) else reason_kind(str(r)) for r in out["reason"]]
    return out


def reason_kind(reason: str) -> str:
    """A reason without what differs from row to row.

    Examples
    --------
    >>> reason_kind("imports: outside coverage: cow_trade speaks of 1870 to 2014")
    'outside coverage: cow_trade speaks of 1870 to 2014'
    >>> reason_kind("igo: GW 340 (Serbia) is in force from 2006-06-05; on 2000-12-31 it was GW 345")
    'no such state on 31 December of the year before'
    """
    said = re.sub(r"^[a-z_0-9]+: (?=\S)", "", reason, count=1)
    if re.match(r"(outside coverage|special code|blank in|no row of)|rows of \S+ for this", said):
        return said
    if said.startswith("cannot be computed"):
        return "a value of 0, which has no logarithm"
    if "where the crosswalk begins" in said:
        return "the list of state codes begins in 1946"
    if "are not taken for the other" in said:
        return "the source speaks of other borders"
    if "has no code for" in said:
        return "the source's codes have none for the state"
    return "no such state on 31 December of the year before" if said.startswith("GW ") else said


def coverage(known: pd.DataFrame, sources: Mapping[str, OutcomeTable]) -> pd.DataFrame:
    """How many state-years have each figure, and how many lack it for which reason.

    Parameters
    ----------
    known : rows of ``figures``.
    sources : for the years of which they speak.
    """
    of = {c.variable: c for c in LOOKUPS}
    year = known["case_id"].str.rpartition("-")[2].astype(int)
    status = known["reason"].where(known["reason"].notna(), "value")
    rows = []
    for (variable, kind), years in year.groupby([known["variable"], status]):
        parts = [of[p] for p in FIGURES[str(variable)].parts]
        told = [sources[p.source_id].source for p in parts]
        named = "; ".join(dict.fromkeys(f"{p.source_id} {p.column}" for p in parts))
        rows.append(
            (
                variable,
                named,
                max(s.first_year for s in told),
                min(s.last_year for s in told),
                kind,
                len(years),
                years.min(),
                years.max(),
            )
        )
    table = pd.DataFrame(rows, columns=COVERAGE_SCHEMA.names)
    order = {name: n for n, name in enumerate(FIGURES)}
    return table.sort_values(
        ["variable", "rows"],
        key=lambda s: s.map(order) if s.name == "variable" else -s,
        ignore_index=True,
        kind="stable",
    )


def gaps(known: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Every missing figure: spans of years of a state that lack it for one reason.

    Parameters
    ----------
    known : rows of ``figures``.
    table : ``case_id, country, year``.
    """
    lost = known[known["reason"].notna()].merge(
        table[["case_id", "country", "year"]],
        on="case_id",
        suffixes=("_read", ""),
        validate="many_to_one",
    )
    rows = []
    for (variable, country), part in lost.sort_values("year").groupby(
        ["variable", "country"], sort=True
    ):
        years = enumerate(part[["year", "reason"]].itertuples(index=False, name=None))
        for (_, reason), span in groupby(
            years, key=lambda item: (item[1][0] - item[0], item[1][1])
        ):
            seen = [y for _, (y, _) in span]
            rows.append((variable, country, seen[0], seen[-1], reason))
    return pd.DataFrame(rows, columns=GAPS_SCHEMA.names)
