"""Romano and Wolf's step-down over a family of terms, of one model or of several: family-wise error
from samples of whole blocks.

Sources: Romano and Wolf (2005), Econometrica 73(4), Algorithms 4.1 and 4.2 (studentised, centred at
the estimates); Romano and Wolf (2016), Statistics and Probability Letters 113 (adjusted p values).
Where statistics go together it finds more than Holm, which allows for the worst.
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
    """What the step-down found.

    Attributes
    ----------
    terms : a row a hypothesis, ``model, term, estimate, std_error, statistic, p_value, p_holm,
        p_romano_wolf``; ``statistic`` is the estimate over its standard error, ``p_value`` the
        fit's own.
    failed : samples that could not be fitted, ``draw, reason``; they are left out.
    notes : what was drawn, and how many samples failed.
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
    """Adjust the p values of a family of terms by resampling.

    Parameters
    ----------
    family : fits of the same data, each with a term; a fit may
        come more than once, with different terms.
    data : what was fitted.
    block : the column whose groups are drawn whole, the same draws for
        every fit; None draws the rows given one by one.
    draws, seed : how many samples, and the seed of the random numbers, which are given to cases and
        blocks in the order of ids.

    Returns
    -------
    RomanoWolf
        Studentised: in every sample the estimate less that of the data, over the sample's own
        standard error, by the fit's vcov.

    Raises
    ------
    SpecError
        A term, column or number that is not there, or a hypothesis that comes twice.
    FitError
        A term without a standard error, one block, or more than
        half of the samples cannot be fitted.
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
