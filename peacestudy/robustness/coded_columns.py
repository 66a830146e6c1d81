"""How codes become columns of the data, and columns the design: both
linear in what is imputed, and checked to be so.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.coding import Coding, score
from peacestudy.core.codebook import Codebook
from peacestudy.errors import SpecError
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.lags import MADE_BEFORE
from peacestudy.models.formulas.new_rows import new_rows

Array = npt.NDArray[np.float64]
LINEAR = ("share", "depth", "weighted")
CLOSE = 1e-9  # of designs and scores that are equal but for rounding


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns that the imputed codes move: columns = offset + sum
    over indicators of slope times f(code).

    Attributes
    ----------
    names : columns d.
    offset : shape (cases, d), what certain codes give.
    slope : shape (indicators, d).
    value : shape (indicators, codes), f of each code in the order of the
        indicator's codes; rows are padded with 0.
    """

    names: tuple[str, ...]
    offset: Array
    slope: Array
    value: Array

    def of(self, t: npt.NDArray[np.int64]) -> Array:
        """Columns of codes t, shape (cases, indicators) of code positions; result (cases, d)."""
        f = np.take_along_axis(self.value, t.T, axis=1)
        out: Array = self.offset + f.T @ self.slope
        return out


def plain_columns(codebook: Codebook, indicators: list[str], used: list[str], n: int) -> Columns:
    """Indicators that stand in the formula by their own name."""
    codes = [sorted(c.value for c in codebook.indicators[i].codes) for i in indicators]
    slope = np.array([[float(i == name) for name in used] for i in indicators])
    return Columns(
        tuple(used), np.zeros((n, len(used))), slope, _padded([list(map(float, c)) for c in codes])
    )


def scored_columns(
    base: Coding, indicators: list[str], used: list[str], cases: list[str], rule: str | None
) -> Columns:
    """Scores that the indicators enter, with all other codes as ``base`` has them.

    Raises
    ------
    SpecError
        The rule is not linear in the codes, or a score is missing for a case.
    """
    book = base.codebook
    rule = rule or book.score
    if rule not in LINEAR:
        raise SpecError(
            f"scores by {rule!r} cannot be imputed through: the rule must be one of"
            f" {', '.join(LINEAR)}."
        )
    known = set(base.table["case_id"])
    lost = [c for c in cases if c not in known]
    if lost:
        raise SpecError(f"{len(lost)} case(s) have no codes in base, for example {lost[0]!r}.")
    codes = {i: sorted(c.value for c in book.indicators[i].codes) for i in indicators}

    def scores(given: dict[str, int]) -> Array:
        table = base.table[base.table["case_id"].isin(cases)].copy()
        at = table["indicator_id"].isin(given)
        table.loc[at, "code"] = table.loc[at, "indicator_id"].map(given).astype("Int64")
        found = score(replace(base, table=table), rule).set_index("case_id").loc[cases, used]
        out: Array = found.to_numpy(dtype=float)
        return out

    lowest = {i: codes[i][0] for i in indicators}
    offset = scores(lowest)
    if np.isnan(offset).any():
        raise SpecError(
            "a score is missing for some case: another indicator of its pillar has no code."
        )
    value, slope = [], []
    for i in indicators:
        steps = [scores(lowest | {i: k}) - offset for k in codes[i]]
        top = steps[-1].mean(axis=0)
        size = np.abs(top).max()
        f = [0.0 if size == 0 else float((s.mean(axis=0) @ top) / (top @ top)) for s in steps]
        if any(np.abs(s - v * top).max() > CLOSE for s, v in zip(steps, f, strict=True)):
            raise SpecError(
                f"the scores do not change equally for all cases when {i} changes; they cannot be"
                " imputed through."
            )
        value.append(f)
        slope.append(top)
    highest = {i: codes[i][-1] for i in indicators}
    if np.abs(scores(highest) - offset - np.sum(slope, axis=0)).max() > CLOSE:
        raise SpecError(
            "the scores are not sums over their indicators; they cannot be imputed through."
        )
    return Columns(tuple(used), offset, np.array(slope), _padded(value))


def _padded(rows: list[list[float]]) -> Array:
    out = np.zeros((len(rows), max(map(len, rows))))
    for n, row in enumerate(rows):
        out[n, : len(row)] = row
    return out


@dataclass(frozen=True, eq=False)
class LinearDesign:
    """X = X0 + sum over columns of s_d B_d, the design as the columns s (cases, d) move.

    Attributes
    ----------
    X0 : shape (cases, k). B : shape (d, cases, k).
    """

    X0: Array
    B: Array

    def of(self, s: Array) -> Array:
        """The design of columns s."""
        out: Array = self.X0 + np.einsum("nd,dnk->nk", s, self.B)
        return out

    def slopes(self, beta: Array) -> Array:
        """What a unit of each column adds to the linear predictor, shape (cases, d)."""
        out: Array = np.einsum("dnk,k->nd", self.B, beta)
        return out


def linear_design(design: Design, data: pd.DataFrame, names: tuple[str, ...]) -> LinearDesign:
    """The design as a linear function of some columns; centres
    and categories stay those of ``design``.

    Raises
    ------
    SpecError
        The formula takes a log, a square or a product of these columns, or a lag.
    """
    if design.lags:
        raise SpecError(
            f"codes cannot be imputed through {design.lags[0].label}, which reads other rows than"
            f" their own. Where its column is not coded: {MADE_BEFORE[0].lower()}{MADE_BEFORE[1:]}"
        )

    def at(values: dict[str, float]) -> Array:
        found = new_rows(design, data.assign(**values))
        if any(found.reasons):
            raise SpecError(
                "a coded column is in a function that it cannot be imputed through:"
                f" {next(filter(None, found.reasons))}."
            )
        return found.X

    zero = dict.fromkeys(names, 0.0)
    X0 = at(zero)
    B = np.array([at(zero | {name: 1.0}) - X0 for name in names])
    trial = {name: 2.0 + n for n, name in enumerate(names)}
    s = np.array([list(trial.values())] * len(data))
    whole = LinearDesign(X0, B)
    if np.abs(at(trial) - whole.of(s)).max() > CLOSE * max(1.0, np.abs(X0).max()):
        raise SpecError(
            f"the formula takes a function or product of coded columns ({', '.join(names)}); only"
            " sums of them, and their products with other columns, can be imputed through."
        )
    return whole
