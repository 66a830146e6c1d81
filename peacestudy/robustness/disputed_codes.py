"""Disputed codes that would change a finding: singly, and the smallest set that a greedy search
finds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models import Fit, adjust
from peacestudy.models.inference.hypotheses import ADJUSTMENTS
from peacestudy.robustness.augmentation import Codes, Evidence

LEVEL = 0.05
COLUMNS = (
    "model",
    "term",
    "kind",
    "rank",
    "case_id",
    "indicator_id",
    "adjudicated",
    "alternative",
    "estimate",
    "p_value",
    "p_adjusted",
    "change",
    "flips",
)
Cell = tuple[int, int, int]  # position of case, of indicator, and of the alternative code


@dataclass(frozen=True)
class Family:
    """Terms of a model that are tested together, and how they are decided.

    Attributes
    ----------
    terms : tuple of str
        The terms, as the model names them.
    adjustment : str, optional
        Adjustment for multiple testing, see ``ps.models.adjust``.
    alpha : float, optional
        Level of the adjusted p values.

    Raises
    ------
    SpecError
        No terms, an unknown adjustment, or a level that is not between 0 and 1.

    Examples
    --------
    >>> import peacestudy as ps
    >>> ps.robustness.Family(("x", "z")).adjustment
    'holm'
    """

    terms: tuple[str, ...]
    adjustment: str = "holm"
    alpha: float = LEVEL

    def __post_init__(self) -> None:
        if isinstance(self.terms, str) or not self.terms:
            raise SpecError(f"Family has terms {self.terms!r}; give a tuple of names of terms.")
        if self.adjustment not in ADJUSTMENTS:
            raise SpecError(one_of("adjustment", self.adjustment, ADJUSTMENTS))
        if not 0 < self.alpha < 1:
            raise SpecError(f"Family has alpha {self.alpha}; expected a level between 0 and 1.")


class Found(NamedTuple):
    """The estimate of a term and its test; ``p_adjusted`` over its family, if it has one."""

    estimate: float
    statistic: float
    p_value: float
    p_adjusted: float


def flips(
    naive: Fit,
    refit: Callable[[Codes], Fit],
    naive_codes: Codes,
    evidence: Evidence,
    labels: Sequence[tuple[str, str, list[int]]],
    terms: Sequence[str],
    families: Sequence[Family] = (),
) -> pd.DataFrame:
    """Refit with every disputed cell set to each other code that a coder gave.

    Parameters
    ----------
    naive : Fit
        The naive estimate.
    refit : callable
        Fits the model on other codes.
    naive_codes : int array, shape (cases, indicators)
        Positions of the codes of the naive estimate, -1 where the cell is open.
    evidence : Evidence
        The codes of all coders.
    labels : sequence of (case, indicator, codes)
        Of every cell, in the order of ``naive_codes`` by row.
    terms : sequence of str
        Terms whose findings are examined.
    families : sequence of Family, optional
        Terms of this model that are decided together. The other terms of a family that holds one of
        ``terms`` are examined too, because its adjustment connects their decisions.

    Returns
    -------
    DataFrame
        ``model, term, kind``: ``single``, one cell changed, or ``set``, cells changed cumulatively
        until the finding changes, in the order of how far each by itself moves the test statistic
        in that direction (greedy: a smaller set may exist). ``rank``, 1 the cell that comes
        nearest to a change, ties by case, indicator and code; the ``adjudicated`` code (missing
        where the cell is open and the case is not in the naive estimate) and the ``alternative``;
        ``estimate, p_value`` with it; ``p_adjusted`` over the family, ``p_value`` without one;
        ``change`` in the test statistic; ``flips``: the decision changes between rejected with a
        positive estimate, rejected with a negative one, and not rejected. Of a term without a
        family: the sign changes, or p crosses .05. Where the model has no estimate with it, for
        example because it separates the outcome, the numbers are missing and ``flips`` is false;
        such codes rank last.
    """
    if not terms:
        return pd.DataFrame(columns=list(COLUMNS))
    cells = _disputed_cells(naive_codes, evidence)
    family_of = {term: family for family in families for term in family.terms}
    connected = [t for f in families if set(f.terms) & set(terms) for t in f.terms]
    terms = list(dict.fromkeys([*terms, *connected]))
    singles: list[Mapping[str, Found]] = []
    for cell in tqdm(cells, desc="disputed codes", disable=None, leave=False):
        singles.append(_refitted(refit, _changed_codes(naive_codes, cell), terms, families))
    rows: list[dict[str, object]] = []
    for term in terms:
        before, family = _found(naive, families)[term], family_of.get(term)
        moved = _moves_towards_a_change(before, [found[term] for found in singles], family)
        # cells without an estimate come last
        order = [int(at) for at in np.argsort([-m for m in moved], kind="stable")]
        ranked: list[tuple[str, int, int, Found]] = [
            ("single", rank, at, singles[at][term]) for rank, at in enumerate(order, start=1)
        ]
        helpful = [at for at in order if moved[at] > 0]
        ranked += _greedy_set(refit, naive_codes, cells, helpful, term, before, families)
        for kind, rank, at, found in ranked:
            n, j, k = cells[at]
            case, indicator, codes = labels[n * naive_codes.shape[1] + j]
            is_open = naive_codes[n, j] < 0
            row = {
                "model": naive.spec.name,
                "term": term,
                "kind": kind,
                "rank": rank,
                "case_id": case,
                "indicator_id": indicator,
                "adjudicated": None if is_open else codes[naive_codes[n, j]],
                "alternative": codes[k],
                "estimate": found.estimate,
                "p_value": found.p_value,
                "p_adjusted": found.p_adjusted,
                "change": found.statistic - before.statistic,
                "flips": changed(before, found, family),
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _disputed_cells(naive_codes: Codes, evidence: Evidence) -> list[Cell]:
    """Every code of a coder that differs from the naive code, by case and indicator."""
    cells = []
    for n, j in np.ndindex(naive_codes.shape):
        codes = evidence.given[n, j]
        alternatives = set(codes[codes >= 0]) - {naive_codes[n, j]}
        cells += [(n, j, int(k)) for k in sorted(alternatives)]
    return cells


def _changed_codes(naive_codes: Codes, cell: Cell) -> Codes:
    n, j, k = cell
    codes = naive_codes.copy()
    codes[n, j] = k
    return codes


def _moves_towards_a_change(
    before: Found, singles: Sequence[Found], family: Family | None
) -> list[float]:
    """How far each single change moves the test statistic towards another finding: towards zero
    from a significant finding, away from zero from another.
    """
    sign = 1.0 if before.statistic >= 0 else -1.0
    alpha = LEVEL if family is None else family.alpha
    direction = -sign if before.p_adjusted < alpha else sign
    return [direction * (found.statistic - before.statistic) for found in singles]


def _greedy_set(
    refit: Callable[[Codes], Fit],
    naive_codes: Codes,
    cells: Sequence[Cell],
    order: Sequence[int],
    term: str,
    before: Found,
    families: Sequence[Family],
) -> Iterator[tuple[str, int, int, Found]]:
    """Change one cell after another, in an order, until the finding changes."""
    codes = naive_codes.copy()
    family = next((f for f in families if term in f.terms), None)
    used: set[tuple[int, int]] = set()
    for at in order:
        n, j, k = cells[at]
        if (n, j) in used:
            continue
        used.add((n, j))
        codes[n, j] = k
        found = _refitted(refit, codes, [term], families)[term]
        yield "set", len(used), at, found
        if changed(before, found, family):
            break


def _found(fitted: Fit, families: Sequence[Family]) -> dict[str, Found]:
    table = fitted.terms.set_index("term")
    adjusted = table["p_value"].copy()
    for family in families:
        own = table.loc[list(family.terms), "p_value"]
        adjusted[own.index] = adjust(own.fillna(1.0), family.adjustment).where(own.notna())
    table = table.assign(p_adjusted=adjusted)
    rows = table[["estimate", "statistic", "p_value", "p_adjusted"]].itertuples(name=None)
    return {str(term): Found(*map(float, rest)) for term, *rest in rows}


def _refitted(
    refit: Callable[[Codes], Fit], t: Codes, terms: Sequence[str], families: Sequence[Family]
) -> Mapping[str, Found]:
    try:
        return _found(refit(t), families)
    except FitError:
        return dict.fromkeys(terms, Found(np.nan, np.nan, np.nan, np.nan))


def changed(before: Found, now: Found, family: Family | None = None) -> bool:
    """Whether a finding differs: in the decision of its family, or, without one, in its sign or in
    the side of .05 on which its p lies.
    """
    if np.isnan(now.estimate):
        return False
    if family is not None:
        return _side(before, family) != _side(now, family)
    return (before.p_value < LEVEL) != (now.p_value < LEVEL) or (before.estimate > 0) != (
        now.estimate > 0
    )


def _side(found: Found, family: Family) -> int:
    """1 or -1 where the null is rejected, by the sign of the estimate; else 0."""
    if not found.p_adjusted < family.alpha:
        return 0
    return 1 if found.estimate > 0 else -1
