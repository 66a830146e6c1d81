"""The effect of one term in several contexts: a fit in each context, and partial pooling.

Source: Gelman and Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models,
ch. 12 (no, complete and partial pooling); Raudenbush and Bryk (1985), Journal of Educational
Statistics 10(2) (shrunken estimates of separate studies); Cochran (1954), Biometrics 10(1) (test of
homogeneity).
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, as_known, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.clock_check import check_clock
from peacestudy.models.contexts.shrinkage import (
    FEWEST,
    PartialPooling,
    check_method,
    cochran,
    partial_pooling,
)
from peacestudy.models.engines.parameters import refuse_edge
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.engines.separated import separation_of
from peacestudy.models.fitting import fit, fit_arranged
from peacestudy.models.formulas.columns import columns_named
from peacestudy.models.formulas.design import Design
from peacestudy.models.inference.hypotheses import check_level
from peacestudy.models.inference.row_samples import kept_rows
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.resampling.resample import column_of
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

OWN = ["estimate", "std_error", "conf_low", "conf_high"]
TOLD = (
    "no_robust_error",
    "few_cases",
    "few_clusters",
    "two_clusters",
    "few_events",
    "collinear",
    "variance",
    "exact_fit",
    "separation",
)  # of a context's own fit
DRAWN = ["shrunken", "shrunken_low", "shrunken_high", "shrinkage"]


@dataclass(frozen=True, eq=False)
class ByContext:
    """One effect in several contexts, from a fit in each and by partial pooling.

    Attributes
    ----------
    effects : DataFrame
        A row a context: ``context, n, n_events``; ``estimate, std_error, conf_low, conf_high`` of
        the fit in that context; ``shrunken, shrunken_low, shrunken_high``, the partially pooled
        estimate and its interval; ``shrinkage``, the weight of the mean in it; ``reason``, why
        there are no numbers. ``n_events`` counts cases of the rarer outcome, or events of a
        survival outcome; it is missing for other outcomes.
    whole : DataFrame
        The same term of the model of all cases, a row as in ``Fit.terms``: complete pooling.
    alike : DataFrame
        One row, ``contexts, q, df, p_value``: Cochran's test that the effect is the same in all
        contexts that were fitted.
    pooled : PartialPooling or None
        The partially pooled estimates; None with fewer than three contexts.
    notes : tuple of Note
        Contexts that were refused, conventions, and reasons for caution, by context.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"x": rng.normal(size=120), "place": np.repeat(list("abc"), 40)})
    >>> d["y"] = d.x + rng.normal(size=120)
    >>> spec = ps.ModelSpec("m", "y ~ x", "linear", "hc3")
    >>> found = ps.models.by_context(d, spec, "x", "place", method="reml", min_events=10)
    >>> found.effects[["context", "n", "estimate", "shrunken"]].round(2).values.tolist()
    [['a', 40, 1.03, 1.0], ['b', 40, 0.53, 0.85], ['c', 40, 1.13, 1.04]]
    >>> found.alike[["contexts", "df"]].values.tolist()
    [[3, 2]]
    """

    effects: pd.DataFrame
    whole: pd.DataFrame
    alike: pd.DataFrame
    pooled: PartialPooling | None
    notes: tuple[Note, ...] = field(repr=False)

    def _repr_html_(self) -> str:
        return html_table(self.effects, "By context", self.notes, rows=len(self.effects))


@renamed_arguments(level="conf_level", fewest_events="min_events")
def by_context(
    data: StudyFrame | pd.DataFrame,
    spec: ModelSpec,
    term: str,
    context: str,
    *,
    method: str,
    min_events: int,
    conf_level: float = 0.95,
) -> ByContext:
    """Fit a model in each context, and partially pool the estimates of one term.

    A context with too few events, or in which the model cannot be fitted, stays in the table
    without numbers and with the reason. Scales, centres and categories are those of all cases, so
    that an estimate means the same in every context. Partial pooling and Cochran's test treat the
    estimates as independent and normal and their standard errors as known: with few events, cases
    or clusters in a context, or clusters that span contexts, intervals are too narrow. A context
    refused because its outcome is separated may be the one that differs most.

    Parameters
    ----------
    data : StudyFrame or DataFrame
        A row a case.
    spec : ModelSpec
        The model.
    term : str
        The term whose effect is estimated, as ``ps.fit`` names it.
    context : str
        The column whose values are the contexts; an ordered category keeps its order.
    method : {"bayes", "reml", "dl", "pm"}
        How to pool partially, see ``ps.models.contexts.partial_pooling``.
    min_events : int
        Number of cases of the rarer outcome that a context needs (events of a survival outcome;
        cases, if the outcome has no events). There is no default.
    conf_level : float, optional
        Confidence level of the intervals.

    Returns
    -------
    ByContext
        Estimates by context, complete pooling, and the test of homogeneity.

    Raises
    ------
    SpecError
        An unknown method, column or term; ``min_events`` below 1; a confidence level that is not
        between 0 and 1; several specifications, or imputed data. With a clock: a column of the
        model or the context is known only after it, as in ``ps.fit``.
    FitError
        The model of all cases cannot be fitted, or one of its cases has no context.

    Source: Gelman and Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical
    Models, ch. 12.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame(
    ...     {"x": rng.normal(size=200), "place": np.repeat(list("abcd"), [60, 60, 75, 5])}
    ... )
    >>> d["y"] = d.x + rng.normal(size=200)
    >>> spec = ps.ModelSpec("m", "y ~ x", "linear", "hc3")
    >>> found = ps.models.by_context(d, spec, "x", "place", method="bayes", min_events=10)
    >>> found.effects[["context", "n", "estimate", "shrunken"]].round(2).values.tolist()[:2]
    [['a', 60, 1.0, 1.02], ['b', 60, 1.04, 1.04]]
    >>> found.effects["reason"].iloc[-1]
    'too few cases: 5, fewer than the required 10'
    """
    _check(term, context, method, min_events, conf_level)
    if not isinstance(spec, ModelSpec):
        raise SpecError(f"by_context takes one ModelSpec, not a {type(spec).__name__}.")
    refuse_imputed(
        "by_context",
        data,
        instead="Take the completed tables one by one: [by_context(t, ...) for t in data.tables].",
    )
    whole = fit(data, spec)
    term = as_known(term, whole.terms["term"])
    if term not in set(whole.terms["term"]):
        raise SpecError(one_of("term", term, list(whole.terms["term"])))
    refuse_edge([term], whole.terms["term"].tolist(), spec.engine, len(whole.design.names))
    late = check_clock(data, spec, whole.cases, (context,))
    place = column_of(whole.design, data, context, "context")
    kind = engine_of(spec).kind
    told: list[Note] = [*late]
    rows = [
        _in(whole, place == c, c, term, kind, min_events, conf_level, told) for c in _order(place)
    ]
    effects = pd.DataFrame([*rows, *_unused(data, context, place)])
    used = effects[effects["reason"] == ""].set_index("context")
    pooled = None
    if len(used) >= FEWEST:
        pooled = partial_pooling(
            used["estimate"], used["std_error"], method=method, conf_level=conf_level
        )
        drawn = pooled.effects.set_index("context").rename(
            columns={"conf_low": "shrunken_low", "conf_high": "shrunken_high"}
        )
        effects = effects.join(drawn[DRAWN], on="context")
    else:
        effects = effects.assign(**dict.fromkeys(DRAWN, np.nan))
    columns = ["context", "n", "n_events", *OWN, *DRAWN, "reason"]
    one = whole.tidy(conf_level=conf_level)
    return ByContext(
        effects[columns],
        one[one["term"] == term].reset_index(drop=True),
        _alike(used),
        pooled,
        (*_notes(whole, effects, pooled), *told),
    )


def _check(
    term: object, context: object, method: object, min_events: object, conf_level: object
) -> None:
    for what, value in (("term", term), ("context", context)):
        if not isinstance(value, str):
            raise SpecError(f"{what} is {value!r}; it must be a name, as text.")
    check_method(method)
    whole = isinstance(min_events, int | np.integer) and not isinstance(min_events, bool)
    if not (whole and min_events >= 1):  # type: ignore[operator]
        raise SpecError(f"min_events is {min_events!r}; it must be a whole number, 1 or more.")
    check_level(conf_level)


def _unused(
    data: StudyFrame | pd.DataFrame, context: str, place: "pd.Series[Any]"
) -> list[dict[str, object]]:
    """Contexts that the data have and the model of all cases has no row of."""
    table = data.data if isinstance(data, StudyFrame) else data
    values = columns_named(table, {context: "context"})[context].dropna()
    lost = values[~values.isin(place.unique())]
    none = {"n": 0, "n_events": pd.NA} | dict.fromkeys(OWN, np.nan)
    return [
        {
            "context": c,
            **none,
            "reason": (
                f"none of its {(lost == c).sum()} row(s) is used: a value of the model is missing"
                " in each"
            ),
        }
        for c in _order(lost)
    ]


def _order(place: "pd.Series[Any]") -> list[Hashable]:
    if not all(isinstance(v, Hashable) for v in place):
        raise SpecError(
            f"context {place.name!r} holds values that are not names, as {place.iloc[0]!r}."
        )
    if isinstance(place.dtype, pd.CategoricalDtype):
        return [c for c in place.cat.categories if (place == c).any()]
    return sorted(place.unique(), key=lambda v: (str(type(v)), v))


def _in(
    whole: Fit,
    here: "pd.Series[bool]",
    name: Hashable,
    term: str,
    kind: str,
    min_events: int,
    conf_level: float,
    told: list[Note],
) -> dict[str, object]:
    """The fit in one context, or why there is none; what its numbers are
    to be distrusted for is added to ``told``.
    """
    part = kept_rows(whole.design, here.to_numpy(dtype=bool))
    n = len(part.y) if part.rows is None else len(np.unique(part.rows))
    events = _events(part, kind)
    what = (
        "cases"
        if events is None
        else "events"
        if kind == "survival"
        else "cases of the rarer outcome"
    )
    row: dict[str, object] = {
        "context": name,
        "n": n,
        "n_events": pd.NA if events is None else events,
    }
    row |= dict.fromkeys(OWN, np.nan)
    counted = n if events is None else events
    if counted < min_events:
        reason = f"too few {what}: {counted}, fewer than the required {min_events}"
        return row | {"reason": reason}
    try:
        made = fit_arranged(part, [], whole.spec)
        table: Any = made.tidy(conf_level=conf_level).set_index("term")
        found = table.loc[term]
    except FitError as err:
        return row | {"reason": str(err)}
    if not (np.isfinite(found["estimate"]) and found["std_error"] > 0):
        why = [n.text for n in made.notes if n.kind == "no_robust_error"]
        return row | {"reason": " ".join([f"no standard error above zero for {term}", *why])}
    lost = [n.text for n in made.notes if n.kind == "separation"]
    if lost and _is_lost(part, term):
        return row | {"reason": f"no estimate: {lost[0]}"}
    told += [Note(n.kind, f"In {name}: {n.text}") for n in made.notes if n.kind in TOLD]
    return row | {c: float(found[c]) for c in OWN} | {"reason": ""}


def _is_lost(part: Design, term: str) -> bool:
    """Whether a separation leaves nothing to say of a term: it takes part in it, or no row is left
    by which it could be estimated.
    """
    found = separation_of(part)
    if found is None:
        return False
    return found.kind == "complete" or term in {part.names[j] for j in found.terms}


def _events(part: Design, kind: str) -> int | None:
    """Cases of the rarer outcome, events of a survival outcome, None of others."""
    if kind == "binary":
        ones = int(part.y.sum())
        return min(ones, len(part.y) - ones)
    return int(part.y.sum()) if kind in ("survival", "periods") else None


def _alike(used: pd.DataFrame) -> pd.DataFrame:
    k = len(used)
    row: tuple[Any, ...] = (k, np.nan, k - 1, np.nan)
    if k > 1:
        row = (k, *cochran(used["estimate"].to_numpy(), used["std_error"].to_numpy() ** 2))
    return pd.DataFrame([row], columns=["contexts", "q", "df", "p_value"])


def _notes(whole: Fit, effects: pd.DataFrame, pooled: PartialPooling | None) -> tuple[Note, ...]:
    out = [
        Note(
            "contexts",
            "Each context is fitted separately; scales, centres and categories are those of all"
            " cases.",
        )
    ]
    refused = effects[effects["reason"] != ""]
    if len(refused):
        said = "; ".join(
            f"{c}: {why}" for c, why in zip(refused["context"], refused["reason"], strict=True)
        )
        out.append(Note("refused", f"Without a separate estimate: {said}."))
    used = len(effects) - len(refused)
    if pooled is None:
        text = (
            f"{used} context(s) could be fitted: a spread between contexts cannot be estimated"
            f" from fewer than {FEWEST}, so the estimates are not pooled. Compare the separate"
            " estimates."
        )
        out.append(Note("not_pooled", text))
    else:
        out += pooled.notes
    if used > 1:
        text = (
            "Partial pooling and Cochran's test treat estimates as independent and normal, and"
            " their standard errors as known."
        )
        out.append(Note("taken_for_known", text))
    return (*out, *(n for n in whole.notes if n.kind in ("dropped", "separation")))
