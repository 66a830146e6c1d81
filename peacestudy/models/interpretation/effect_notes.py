"""What is to be said of every row of a table of effects: which rows were averaged, at which
exposure, over which groups, by which covariance.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from peacestudy.models.engines.groups import spread_name
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.interpretation.effect_terms import Asked
from peacestudy.models.result import Fit

NAMED = 3  # reasons named in a sentence


def said_of(asked: Asked, at: Mapping[str, Any] | None) -> str:
    """Sentences that hold of all effects asked for; empty where there are none.

    Parameters
    ----------
    asked : the fit, the rows and the scale.
    at : columns that are held, and so are no longer those of each row.
    """
    found = (
        transformed(asked.fit),
        _rows(asked),
        _exposure(asked, at),
        _groups(asked),
        _estimates(asked),
    )
    return "; ".join(filter(None, found))


def transformed(fit: Fit) -> str:
    """A sentence where the formula transforms the outcome, so that
    no number is in the unit of its column.
    """
    response = fit.design.formula.response
    if isinstance(response, Survival) or not response.functions:
        return ""
    more = (
        " (the exp of a mean of logarithms is a geometric mean)"
        if response.functions == ("log",)
        else ""
    )
    return (
        f"in the unit of {response.label}, the outcome as the formula transforms it, not of"
        f" {response.column}{more}"
    )


def _rows(asked: Asked) -> str:
    rows, said = asked.rows, []
    if rows.reasons:
        said.append(f"{len(rows.reasons)} rows left out ({_why(rows.reasons)})")
    column = dict(asked.fit.spec.options).get("weights")
    if column is not None:
        said.append(f"rows weighted by {column}")
    response = asked.fit.design.formula.response
    if asked.scale == "horizon" and getattr(response, "start", None) is not None:
        said.append(
            f"every row of {response.label} counts as a case, its values unchanged from 0 to the"
            " horizon"
        )
    return "; ".join(said)


def _why(reasons: Sequence[str]) -> str:
    """The first reason and how many more rows there are; where reasons
    differ, the most frequent with their counts.
    """
    counted = Counter(reasons).most_common(NAMED + 1)
    if len(counted) == 1:
        return reasons[0] + (f" and {len(reasons) - 1} more" if len(reasons) > 1 else "")
    said = [f"{n} where {reason}" for reason, n in counted[:NAMED]]
    return ", ".join([*said, *(["and others"] if len(counted) > NAMED else [])])


def _exposure(asked: Asked, at: Mapping[str, Any] | None) -> str:
    column = asked.rows.exposure
    if not column or column in (at or {}):
        return ""
    what = "offset" if "offset" in dict(asked.fit.spec.options) else "exposure"
    return f"at each row's own {what} ({column})"


def _groups(asked: Asked) -> str:
    """Of which group a probability is."""
    if "average" not in engine_of(asked.fit.spec).scales:
        return ""
    name, column = spread_name(asked.fit.spec), dict(asked.fit.spec.options)["group"]
    if asked.scale != "average":
        return f"in a typical group of {column}, whose effect is zero"
    sd = float(asked.fit.terms["estimate"].iloc[-1])
    edge = ", zero at its boundary and held there" if sd == 0 else ""
    return f"averaged over groups of {column}, {name} {sd:.3g}{edge}"


def _estimates(asked: Asked) -> str:
    options = dict(asked.fit.spec.options)
    said = []
    if "bootstrap" in options:
        said.append(
            "by the clustered covariance: the bootstrap of the fit is of its coefficients alone,"
            " and gives no covariance"
        )
    if "penalty" in options:
        said.append(
            f"of coefficients shrunk towards zero by a penalty of {options['penalty']:g}, which no"
            " interval accounts for"
        )
    return "; ".join(said)
