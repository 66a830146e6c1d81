"""Which disputed codes would change a finding: each by itself, and
the smallest set that a greedy search finds.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from peacestudy.errors import FitError
from peacestudy.models import Fit
from peacestudy.robustness.augment import Codes, Evidence

LEVEL = 0.05
COLUMNS = (
    "model",
    "term",
    "kind",
    "rank",
    "case_id",
    "indicator_id",
    "settled",
    "instead",
    "estimate",
    "p_value",
    "change",
    "flips",
)


class Found(NamedTuple):
    """What was found of a term."""

    estimate: float
    statistic: float
    p_value: float


def flips(
    naive: Fit,
    refit: Callable[[Codes], Fit],
    settled: Codes,
    evidence: Evidence,
    labels: Sequence[tuple[str, str, list[int]]],
    terms: Sequence[str],
) -> pd.DataFrame:
    """Refit with every disputed cell set to each other code that a coder gave.

    Returns
    -------
    DataFrame
        ``model, term, kind``: ``single``, a cell by itself, or ``set``, cells one upon another
        until the finding changes, those first that by themselves move the test statistic furthest
        towards it (greedy: a smaller set may exist). ``rank``, 1 the one that comes nearest to a
        change, equal ones by case, indicator and code; ``settled, instead`` code (``settled`` is
        missing where the cell is open and the case is not in the naive estimate); ``estimate,
        p_value`` with it; ``change`` in the test statistic; ``flips``: the sign changes, or p
        passes .05 either way. Where the model has no estimate with it, as when it separates the
        outcome, all three are missing and ``flips`` is false; such codes rank last.
    """
    if not terms:
        return pd.DataFrame(columns=list(COLUMNS))
    J = settled.shape[1]
    cells = [
        (n, j, int(k))
        for n, j in np.ndindex(settled.shape)
        for k in sorted(set(evidence.given[n, j][evidence.given[n, j] >= 0]) - {settled[n, j]})
    ]
    singles: list[dict[str, Found]] = []
    for n, j, k in tqdm(cells, desc="disputed codes", disable=None, leave=False):
        t = settled.copy()
        t[n, j] = k
        singles.append(_refitted(refit, t, terms))
    rows: list[dict[str, object]] = []
    for term in terms:
        before = _found(naive)[term]
        sign = 1.0 if before.statistic >= 0 else -1.0
        towards = -sign if before.p_value < LEVEL else sign
        moved = [towards * (f[term].statistic - before.statistic) for f in singles]
        # what has no estimate comes last
        order = [int(a) for a in np.argsort([-m for m in moved], kind="stable")]

        def row(
            kind: str, rank: int, at: int, now: Found, term: str = term, before: Found = before
        ) -> dict[str, object]:
            n, j, k = cells[at]
            case, indicator, codes = labels[n * J + j]
            before_it = codes[settled[n, j]] if settled[n, j] >= 0 else None
            return {
                "model": naive.spec.name,
                "term": term,
                "kind": kind,
                "rank": rank,
                "case_id": case,
                "indicator_id": indicator,
                "settled": before_it,
                "instead": codes[k],
                "estimate": now.estimate,
                "p_value": now.p_value,
                "change": now.statistic - before.statistic,
                "flips": changed(before, now),
            }

        rows += [
            row("single", rank, at, singles[at][term]) for rank, at in enumerate(order, start=1)
        ]
        t, used, rank = settled.copy(), set(), 0
        for at in (a for a in order if moved[a] > 0):
            n, j, k = cells[at]
            if (n, j) in used:
                continue
            used.add((n, j))
            t[n, j], rank = k, rank + 1
            rows.append(row("set", rank, at, _refitted(refit, t, terms)[term]))
            if rows[-1]["flips"]:
                break
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _found(fitted: Fit) -> dict[str, Found]:
    rows = fitted.terms[["term", "estimate", "statistic", "p_value"]].itertuples(
        index=False, name=None
    )
    return {str(term): Found(*map(float, rest)) for term, *rest in rows}


def _refitted(refit: Callable[[Codes], Fit], t: Codes, terms: Sequence[str]) -> dict[str, Found]:
    try:
        return _found(refit(t))
    except FitError:
        return dict.fromkeys(terms, Found(np.nan, np.nan, np.nan))


def changed(before: Found, now: Found) -> bool:
    """Whether a finding is another: its sign, or on which side of .05 its p lies."""
    if np.isnan(now.estimate):
        return False
    return (before.p_value < LEVEL) != (now.p_value < LEVEL) or (before.estimate > 0) != (
        now.estimate > 0
    )
