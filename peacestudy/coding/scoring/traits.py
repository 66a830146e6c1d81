"""One group of indicators scored by a fitted rule: the first
component, or the trait of a graded response model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from peacestudy.coding.scoring.counted_scores import enough
from peacestudy.coding.scoring.graded_model import BOUND, GradedResponse, graded_response
from peacestudy.coding.scoring.principal_component import Component, first_component
from peacestudy.core.codebook import Indicator
from peacestudy.core.problems import Note

CASES_AN_INDICATOR = 5  # fewer complete cases for each indicator than this are told
CALIBRATION = (
    # cases that a graded response model wants: Reise and Yu (1990), Journal of Educational
    # Measurement 27(2)
    500
)
ITEMS = ("score", "indicator_id", "quantity", "value", "std_error", "thresholds")
GROUPS = (
    "score",
    "indicators",
    "used",
    "cases",
    "explained",
    "log_likelihood",
    "reliability",
    "coefficient",
)


@dataclass(frozen=True, eq=False)
class Part:
    """Scores of one group of indicators: index case_id; ``items`` and
    ``groups`` are rows of ITEMS and GROUPS.
    """

    scores: "pd.Series[float]"
    std_error: "pd.Series[float] | None"
    items: tuple[tuple[object, ...], ...]
    group: tuple[object, ...]
    notes: tuple[Note, ...]


def by_component(name: str, codes: pd.DataFrame, indicators: Sequence[Indicator]) -> Part:
    """The first component of the indicators over the cases that have
    all of them; the other cases have no score.
    """
    part = codes[[i.id for i in indicators]]
    whole = part.dropna()
    used = [i for i in indicators if whole[i.id].nunique() > 1]
    notes = _left_out(name, indicators, used)
    empty = pd.Series(np.nan, index=codes.index)
    if not used or len(whole) < 3:
        text = (
            f"{name} has no scores: {len(whole)} case(s) have codes on all its indicators,"
            f" {len(used)} of which vary."
        )
        return Part(
            empty,
            None,
            (),
            _group(name, indicators, used, len(whole)),
            (*notes, Note("no_score", text)),
        )
    found = first_component(whole[[i.id for i in used]].to_numpy(), [i.direction for i in used])
    if not found.determined:
        text = (
            f"{name} has no scores: its first two components explain equally much, so neither is"
            " the first."
        )
        return Part(
            empty,
            None,
            (),
            _group(name, indicators, used, len(whole)),
            (*notes, Note("no_score", text)),
        )
    items = tuple(
        (name, i.id, "loading", float(v), np.nan, "")
        for i, v in zip(used, found.loadings, strict=True)
    )
    group = _group(
        name,
        indicators,
        used,
        len(whole),
        explained=found.explained,
        reliability=found.theta,
        coefficient="theta",
    )
    scores = pd.Series(found.scores, index=whole.index).reindex(codes.index)
    return Part(
        scores, None, items, group, (*notes, *_component_notes(name, found, used, len(whole)))
    )


def _component_notes(name: str, found: Component, used: list[Indicator], cases: int) -> list[Note]:
    out = _against(name, used, found.loadings, "loading")
    if found.undirected:
        text = (
            f"{name}: the loadings cancel out, so the sign is that of the first indicator with a"
            " loading."
        )
        out.append(Note("open_sign", text))
    if cases < CASES_AN_INDICATOR * len(used):
        text = (
            f"{name}: {cases} cases for {len(used)} indicators; loadings from fewer than"
            f" {CASES_AN_INDICATOR} cases an indicator are unsteady."
        )
        out.append(Note("few_cases", text))
    return out


def by_graded_response(
    name: str, codes: pd.DataFrame, indicators: Sequence[Indicator], answered: float
) -> Part:
    """The trait of a graded response model, fitted to every case that has
    a code; scored are cases with enough codes.
    """
    part = codes[[i.id for i in indicators]]
    used = [i for i in indicators if part[i.id].nunique() > 1]
    notes = _left_out(name, indicators, used)
    cases = int(part[[i.id for i in used]].notna().any(axis=1).sum())
    empty = pd.Series(np.nan, index=codes.index)
    fitted: GradedResponse | None = None
    if len(used) < 3:
        why = (
            f"{len(used)} of its indicators vary, and three are needed to estimate how strongly"
            " each is related to a trait"
        )
    else:
        ranks = np.column_stack([_ranks(part[i.id].to_numpy()) for i in used])
        fitted = graded_response(ranks, [i.direction for i in used])
        why = f"the graded response model found no top of its likelihood in {fitted.rounds} rounds"
    if fitted is None or not fitted.converged:
        stop = Note("no_score", f"{name} has no scores: {why}.")
        return Part(empty, empty, (), _group(name, indicators, used, cases), (*notes, stop))
    scored = enough(part, answered).to_numpy()
    trait, spread = (
        pd.Series(np.where(scored, v, np.nan), index=codes.index) for v in fitted.scores(ranks)
    )
    between, within = trait.var(), (spread**2).mean()
    group = _group(
        name,
        indicators,
        used,
        cases,
        log_likelihood=fitted.log_likelihood,
        reliability=float(between / (between + within)),
        coefficient="empirical reliability",
    )
    notes = [*notes, *_graded_notes(name, fitted, used, part)]
    return Part(trait, spread, _graded_items(name, fitted, used), group, tuple(notes))


def _ranks(column: np.ndarray) -> np.ndarray:
    """Ranks of the codes that somebody has, -1 where none was given."""
    codes = np.unique(column[~np.isnan(column)])
    return np.where(np.isnan(column), -1, np.searchsorted(codes, np.nan_to_num(column)))


def _graded_items(
    name: str, fitted: GradedResponse, used: list[Indicator]
) -> tuple[tuple[object, ...], ...]:
    first = np.cumsum([0, *(len(d) + 1 for d in fitted.intercepts[:-1])])
    errors = np.sqrt(np.diag(fitted.covariance))[first]
    columns = zip(used, fitted.discrimination, errors, fitted.thresholds, strict=True)
    rows = []
    for indicator, a, error, thresholds in columns:
        shown = ", ".join(f"{b:.6g}" for b in thresholds)
        rows.append((name, indicator.id, "discrimination", float(a), float(error), shown))
    return tuple(rows)


def _graded_notes(
    name: str, fitted: GradedResponse, used: list[Indicator], part: pd.DataFrame
) -> list[Note]:
    out = _against(name, used, fitted.discrimination, "discrimination")
    if fitted.at_bound.any():
        ids = ", ".join(i.id for i, b in zip(used, fitted.at_bound, strict=True) if b)
        text = (
            f"{name}: the discrimination of {ids} grows without end and was stopped at {BOUND:g};"
            " no prior holds it back."
        )
        out.append(Note("at_bound", text))
    unused = [
        f"{i.id} {c.value}" for i in used for c in i.codes if not (part[i.id] == c.value).any()
    ]
    if unused:
        out.append(
            Note(
                "unused_codes",
                f"{name}: no case has the code(s) {', '.join(unused)}; the model includes only the"
                " others.",
            )
        )
    gaps = int(part[[i.id for i in used]].isna().to_numpy().sum())
    if gaps:
        text = (
            f"{name}: {gaps} missing code(s) are taken as missing at random, given the codes that"
            " the case has."
        )
        out.append(Note("missing_at_random", text))
    if fitted.cases < CALIBRATION:
        text = (
            f"{name}: {fitted.cases} cases estimate {sum(len(d) + 1 for d in fitted.intercepts)}"
            f" parameters; about {CALIBRATION} are recommended, and the standard errors treat the"
            " parameters as known."
        )
        out.append(Note("few_cases", text))
    return out


def _against(name: str, used: list[Indicator], values: np.ndarray, what: str) -> list[Note]:
    ids = [i.id for i, v in zip(used, values, strict=True) if i.direction * v < 0]
    text = f"{name}: by the sign of the {what}, against the declared direction: {', '.join(ids)}."
    return [Note("against_direction", text)] if ids else []


def _left_out(name: str, indicators: Sequence[Indicator], used: list[Indicator]) -> list[Note]:
    ids = [i.id for i in indicators if i not in used]
    return (
        [Note("left_out", f"{name}: left out, because the codes do not vary: {', '.join(ids)}.")]
        if ids
        else []
    )


def _group(
    name: str,
    indicators: Sequence[Indicator],
    used: Sequence[Indicator],
    cases: int,
    *,
    explained: float = np.nan,
    log_likelihood: float = np.nan,
    reliability: float = np.nan,
    coefficient: str = "",
) -> tuple[object, ...]:
    return (
        name,
        len(indicators),
        len(used),
        cases,
        explained,
        log_likelihood,
        reliability,
        coefficient,
    )
