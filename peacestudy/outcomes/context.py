"""Context of a case: values of country-year sources in a year before it, each with its source, or
with the reason it is missing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from peacestudy.core.countries import translate_many
from peacestudy.core.schema import Field, Schema
from peacestudy.core.todays_codes import translate_todays
from peacestudy.outcomes.source import OutcomeTable, Source

COVARIATES_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field("variable", required=True),
        Field("value", "number"),
        Field("year", description="year or years of the value"),
        Field("source", required=True),
        Field("reason", description="why the value is missing; empty where it is not"),
    ),
    key=("case_id", "variable"),
)


@dataclass(frozen=True)
class CountryYear:
    """A variable that a country-year source gives.

    Attributes
    ----------
    variable : name in the study.
    source_id, column : where it stands.
    system, code : code system of the source's country column, and that column.
    special : values that are codes, not values, with what they mean.
    """

    variable: str
    source_id: str
    column: str
    system: str
    code: str
    special: tuple[tuple[float, str], ...] = ()


POLITY_CODES = (
    (-66.0, "special code -66: foreign interruption"),
    (-77.0, "special code -77: collapse of central authority"),
    (-88.0, "special code -88: transition"),
)
CONTEXT = (
    CountryYear("polyarchy", "vdem_simple", "v2x_polyarchy", "gw", "GWn"),
    CountryYear("polyarchy_low", "vdem_simple", "v2x_polyarchy_codelow", "gw", "GWn"),
    CountryYear("polyarchy_high", "vdem_simple", "v2x_polyarchy_codehigh", "gw", "GWn"),
    CountryYear("executive_constraints", "polity5", "xconst", "gw", "GWn", POLITY_CODES),
    CountryYear("legislative_constraints", "vdem_v15", "v2xlg_legcon", "cow", "COWcode"),
    CountryYear("judicial_constraints", "vdem_v15", "v2x_jucon", "cow", "COWcode"),
    CountryYear("gdp_per_capita", "wdi", "wdi_gdppc", "iso3", "iso3"),
    CountryYear("population", "wdi", "wdi_pop", "iso3", "iso3"),
    CountryYear("imports", "cow_trade", "imports", "cow", "ccode"),
    CountryYear("exports", "cow_trade", "exports", "cow", "ccode"),
    CountryYear("igo_memberships", "cow_igo", "sum_igo_anytype", "cow", "ccode"),
)


def country_year(cases: pd.DataFrame, outcome: OutcomeTable, wanted: CountryYear) -> pd.DataFrame:
    """The value of a country-year source for every case.

    Parameters
    ----------
    cases : ``case_id, country`` (GW code, missing where the case has no
        one government), ``year`` (the year wanted).
    outcome : the source's table.
    wanted : variable, column and code system.

    Returns
    -------
    DataFrame
        The columns of ``COVARIATES_SCHEMA``. A state is looked up by its code on 31 December of the
        year, or, in a source that writes today's codes in every year, by its code today.
    """
    source = outcome.source
    codes = _codes(cases, source, wanted.system)
    found: dict[tuple[object, int], list[object]] = {}
    for code, year, value in outcome.table[[wanted.code, "year", wanted.column]].itertuples(
        index=False, name=None
    ):
        if not pd.isna(code):
            found.setdefault((code, int(year)), []).append(value)
    special = dict(wanted.special)
    rows = []
    for case, country, year, code, why in zip(
        cases["case_id"],
        cases["country"],
        cases["year"],
        codes["translated"],
        codes["reason"],
        strict=True,
    ):
        value, reason = None, None
        if pd.isna(country):
            reason = "the conflict is over several governments"
        elif pd.isna(code):
            reason = str(why)
        elif not source.first_year <= year <= source.last_year:
            reason = (
                f"outside coverage: {source.id} speaks of {source.first_year} to {source.last_year}"
            )
        else:
            value, reason = _one(found.get((code, int(year)), []), special, source.id)
        rows.append(
            (case, wanted.variable, value, str(int(year)), f"{source.id} {wanted.column}", reason)
        )
    return pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype(
        {"value": "float64", "reason": "object"}
    )


def _codes(cases: pd.DataFrame, source: Source, system: str) -> pd.DataFrame:
    """The code that the source writes for each state, or the reason why it writes none."""
    if source.codes == "today":
        return translate_todays(cases["country"], cases["year"], "gw", system, today="target")
    return translate_many(cases["country"], cases["year"], "gw", system)


def _one(
    values: list[object], special: dict[float, str], source: str
) -> tuple[float | None, str | None]:
    """The value that the source's rows agree on, or the reason why there is none."""
    if not values:
        return None, f"no row of {source} for this state and year"
    distinct = {None if pd.isna(v) else float(v) for v in values}  # type: ignore[call-overload, arg-type]
    if len(distinct) > 1:
        return None, f"rows of {source} for this state and year contradict each other"
    (value,) = distinct
    if value is None:
        return None, f"blank in {source}"
    return (None, special[value]) if value in special else (value, None)


def combine(
    long: pd.DataFrame, variable: str, parts: tuple[str, ...], how: Callable[..., float]
) -> pd.DataFrame:
    """A variable made of others, missing with the first reason where any
    of them is, or where they give no number.

    Parameters
    ----------
    long : rows of ``country_year``.
    variable : name of the new variable.
    parts : variables it is made of.
    how : function of their values, in that order.
    """
    by = {
        (c, v): row
        for c, v, *row in long[COVARIATES_SCHEMA.names].itertuples(index=False, name=None)
    }
    rows = []
    for case in long["case_id"].unique():
        each = [by[case, p] for p in parts]
        reasons = [f"{p}: {row[3]}" for p, row in zip(parts, each, strict=True) if pd.isna(row[0])]
        value = None if reasons else _computed(how, [row[0] for row in each])
        if value is None and not reasons:
            reasons = [
                "cannot be computed from"
                f" {', '.join(f'{p} {row[0]:g}' for p, row in zip(parts, each, strict=True))}"
            ]
        source = "; ".join(dict.fromkeys(row[2] for row in each))
        rows.append((case, variable, value, each[0][1], source, reasons[0] if reasons else None))
    return pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype(
        {"value": "float64", "reason": "object"}
    )


def _computed(how: Callable[..., float], values: list[float]) -> float | None:
    try:
        value = how(*values)
    except ZeroDivisionError:
        return None
    return value if math.isfinite(value) else None


def domestic_context(
    cases: pd.DataFrame, sources: Mapping[str, OutcomeTable], lag: int
) -> pd.DataFrame:
    """Every variable of ``CONTEXT`` for every case, imports and exports combined to openness.

    Parameters
    ----------
    cases : ``case_id, country`` (GW code), ``several_governments`` (no domestic context), ``t0``.
    sources : tables by source id.
    lag : years before t0 in which the context is read.
    """
    wanted = pd.DataFrame(
        {
            "case_id": cases["case_id"],
            "country": cases["country"].astype("Int64").mask(cases["several_governments"]),
            "year": cases["t0"] - lag,
        }
    )
    long = pd.concat(
        [country_year(wanted, sources[c.source_id], c) for c in CONTEXT], ignore_index=True
    )
    openness = combine(
        long,
        "trade_openness",
        ("imports", "exports", "gdp_per_capita", "population"),
        lambda imports, exports, gdp, people: (imports + exports) * 1e6 / (gdp * people),
    )
    return pd.concat(
        [long[~long["variable"].isin(["imports", "exports"])], openness], ignore_index=True
    )
