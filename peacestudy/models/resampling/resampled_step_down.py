"""Romano and Wolf's step-down over a family of terms, of one model or of several: family-wise error
from samples of whole blocks.

Sources: Romano and Wolf (2005), Econometrica 73(4), Algorithms 4.1 and 4.2 (studentised, centred at
the estimates); Romano and Wolf (2016), Statistics and Probability Letters 113 (adjusted p values).
With correlated statistics it has more power than Holm, which holds under any dependence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from peacestudy.core.display import html_table
from peacestudy.core.draw_order import groups_by_id
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.parameters import refuse_edge
from peacestudy.models.inference.hypotheses import adjust, step_down
from peacestudy.models.inference.reference import estimated_reference
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.resampling.resample import column_of, refit, sample
from peacestudy.models.result import Fit

MOST_FAILED = 0.5  # share of samples that fail above which the rest says nothing
FEWEST_DRAWS = 99
FEW_BLOCKS = 20  # blocks below which samples take too few values


@dataclass(frozen=True, eq=False)
class RomanoWolf:
    """P values of a family of terms adjusted by Romano and Wolf's step-down.

    Attributes
    ----------
    terms : DataFrame
        A row a hypothesis: ``model, term, estimate, std_error, statistic, p_value, p_holm,
        p_romano_wolf``; ``statistic`` is the estimate over its standard error, ``p_value`` that of
        the fit.
    failed : DataFrame
        Samples that could not be fitted and are left out: ``draw, reason``.
    notes : tuple of Note
        What was drawn, and how many samples failed.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame(rng.normal(size=(40, 3)), columns=["y", "a", "b"])
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ a + b", "linear", "hc1"))
    >>> found = ps.models.resampling.romano_wolf(
    ...     [(fit, "a"), (fit, "b")], d, block=None, draws=99, seed=1
    ... )
    >>> found.terms[["model", "term"]].values.tolist(), len(found.failed)
    ([['m', 'a'], ['m', 'b']], 0)
    """

    terms: pd.DataFrame
    failed: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]

    def _repr_html_(self) -> str:
        return html_table(
            self.terms,
            f"Step-down over {len(self.terms)} hypotheses",
            self.notes,
            rows=len(self.terms),
        )


@dataclass(frozen=True, eq=False)
class _Member:
    """A fit, its block numbers (n,) and, for each block of the family, its rows; the terms of the
    family in it, by position.
    """

    fit: Fit
    blocks: np.ndarray
    rows: list[np.ndarray]
    at: list[int]


def romano_wolf(
    family: Sequence[tuple[Fit, str]],
    data: StudyFrame | pd.DataFrame,
    *,
    block: str | None,
    draws: int,
    seed: int,
) -> RomanoWolf:
    """Adjust the p values of a family of terms by Romano and Wolf's step-down with resampling.

    Parameters
    ----------
    family : sequence of (Fit, str)
        Fits of the same data, each with a term; a fit may occur several times, with different
        terms.
    data : StudyFrame or DataFrame
        The table that was fitted.
    block : str or None
        The column whose groups are drawn whole, the same draws for every fit; None draws single
        rows.
    draws : int
        Number of samples, 99 or more.
    seed : int
        Seed of the draws, which are given to cases and blocks in the order of their ids.

    Returns
    -------
    RomanoWolf
        Adjusted p values. Statistics are studentised: in every sample the estimate less that of the
        data, over the standard error in the sample, by the vcov of the fit.

    Raises
    ------
    SpecError
        An unknown term or column, a number outside its range, a hypothesis that occurs twice,
        imputed data.
    FitError
        A term without a standard error, a single block, or more than half of the samples cannot be
        fitted.

    Source: Romano and Wolf (2005), Econometrica 73(4), algorithms 4.1 and 4.2; Romano and Wolf
    (2016), Statistics and Probability Letters 113.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    >>> d["y"] = d.a + rng.normal(size=40)
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ a + b", "linear", "hc1"))
    >>> found = ps.models.resampling.romano_wolf(
    ...     [(fit, "a"), (fit, "b")], d, block=None, draws=199, seed=1
    ... )
    >>> found.terms[["term", "p_romano_wolf"]].round(3).values.tolist()
    [['a', 0.005], ['b', 0.155]]
    """
    refuse_imputed(
        "romano_wolf",
        *(member[0] for member in family),
        data,
        instead="Use step_down with the PooledFit's null_statistics.",
    )
    _check(family, draws, seed)
    members, G = _members(family, data, block)
    order = groups_by_id(
        np.concatenate([m.blocks for m in members]),
        [i for m in members for i in m.fit.design.cases],
    )
    taken = order[np.random.default_rng(seed).integers(0, G, (draws, G))]
    drawn, failed = [], []
    for draw, chosen in enumerate(tqdm(taken, desc="step-down", disable=None, leave=False)):
        try:
            drawn.append(np.concatenate([_centred(m, chosen, block) for m in members]))
        except FitError as err:
            failed.append((draw, str(err)))
    if len(failed) > MOST_FAILED * draws:
        raise FitError(
            f"{len(failed)} of {draws} samples cannot be fitted, the first because: {failed[0][1]}"
        )
    rows = [
        (
            m.fit.spec.name,
            *m.fit.terms.loc[j, ["term", "estimate", "std_error"]],
            m.fit.terms["estimate"][j] / m.fit.terms["std_error"][j],
            m.fit.terms["p_value"][j],
        )
        for m in members
        for j in m.at
    ]
    terms = pd.DataFrame(
        rows, columns=["model", "term", "estimate", "std_error", "statistic", "p_value"]
    )
    terms["p_holm"] = adjust(terms["p_value"], "holm")
    terms["p_romano_wolf"] = step_down(terms["statistic"].to_numpy(dtype=float), np.array(drawn))
    what = "rows" if block is None else f"blocks of {block}"
    notes = [
        Note(
            "romano_wolf",
            f"Step-down of Romano and Wolf, studentised, {draws} samples of {G} {what}, seed"
            f" {seed}.",
        )
    ]
    if G < FEW_BLOCKS:
        notes.append(
            Note(
                "few_blocks", f"{G} {what}, under {FEW_BLOCKS}: samples of so few vary too little."
            )
        )
    if failed:
        text = (
            f"{len(failed)} of {draws} samples could not be fitted and are left out, the first"
            f" because: {failed[0][1]}"
        )
        notes.append(Note("failed", text))
    return RomanoWolf(terms, pd.DataFrame(failed, columns=["draw", "reason"]), tuple(notes))


def _check(family: Sequence[tuple[Fit, str]], draws: int, seed: int) -> None:
    if not family:
        raise SpecError("the family is empty; give pairs of a fit and a term.")
    for fit, term in family:
        known = fit.terms["term"].tolist()
        if term not in known:
            raise SpecError(one_of("term", term, known))
        refuse_edge([term], known, fit.spec.engine, len(fit.design.names))
        if not np.isfinite(fit.terms["std_error"][known.index(term)]):
            raise FitError(
                f"{term} of {fit.spec.name} has no standard error, as the notes of the fit say: it"
                " cannot be tested."
            )
    if len({(id(fit), term) for fit, term in family}) < len(family):
        raise SpecError("a hypothesis appears twice in the family; name each once.")
    for name, value, least in (("draws", draws, FEWEST_DRAWS), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise SpecError(f"{name} is {value!r}; it must be a whole number of {least} or more.")


def _members(
    family: Sequence[tuple[Fit, str]], data: StudyFrame | pd.DataFrame, block: str | None
) -> tuple[list[_Member], int]:
    """The fits with their terms, and the number of blocks in any of them."""
    fits = list({id(fit): fit for fit, _ in family}.values())
    labels: list[Any] = [
        (
            list(fit.design.cases)
            if block is None
            else column_of(fit.design, data, block, "the block column").tolist()
        )
        for fit in fits
    ]
    codes, values = pd.factorize(pd.Series([v for part in labels for v in part], dtype=object))
    if len(values) < 2:
        raise FitError(
            f"all rows are in one block ({block} {values[0]}): every sample is the same data. Draw"
            " by another column."
        )
    out, first = [], 0
    for fit, part in zip(fits, labels, strict=True):
        own = np.asarray(codes[first : first + len(part)])
        first += len(part)
        at = [fit.terms["term"].tolist().index(term) for f, term in family if f is fit]
        out.append(_Member(fit, own, [np.flatnonzero(own == g) for g in range(len(values))], at))
    return out, len(values)


def _centred(member: _Member, chosen: np.ndarray, block: str | None) -> np.ndarray:
    """Statistics of a sample about the estimates of the data, of the member's terms."""
    parts = [member.rows[g] for g in chosen]
    rows = np.concatenate(parts)
    if len(rows) == 0:
        raise FitError(f"{member.fit.spec.name}: the sample has no row of this model.")
    copy = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    design = sample(member.fit.design, rows, member.blocks, copy, block)
    found = refit(design, member.fit.spec)
    variance = np.diag(estimated_reference(member.fit.spec, design, found).vcov)[member.at]
    if not (variance > 0).all():
        raise FitError(f"{member.fit.spec.name}: a variance of the sample is not above zero.")
    out: np.ndarray = (
        found.beta[0, member.at] - member.fit.terms["estimate"].to_numpy()[member.at]
    ) / np.sqrt(variance)
    return out
