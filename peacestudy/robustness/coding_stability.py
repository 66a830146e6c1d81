"""The stability of a finding across coders: a description, not an estimate.

Codes drawn at random from the coders add error to error: a slope attenuated by one coder's errors
is attenuated twice. The table shows how much the finding depends on who coded; ``propagate``
estimates the finding with coding uncertainty.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from peacestudy.coding import Coding, CodingSheet
from peacestudy.core.frame import StudyFrame
from peacestudy.errors import SpecError
from peacestudy.models import ModelSpec
from peacestudy.robustness.arguments import after_clock, coders_only, specs_of, table_of
from peacestudy.robustness.job import Job


def stability(
    sheet: CodingSheet,
    data: StudyFrame | pd.DataFrame,
    then: ModelSpec | Sequence[ModelSpec],
    *,
    scores: str | None = None,
    base: Coding | None = None,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Refit with the code of one randomly drawn coder in every cell.

    Parameters
    ----------
    As of ``propagate``; ``draws`` is how often.

    Returns
    -------
    DataFrame
        ``table`` (the word stability), ``model, term, coder``: a row for each coder's codes by
        themselves (``coder`` names them; cells that they left out have the code that most of the
        others gave, and are open where these tie) with ``estimate, low, high`` equal, and one for
        the random draws (``coder`` missing): the median and the range that holds 95 % of the draws.
        It is neither a confidence interval nor an estimate.
    """
    if draws < 1:
        raise SpecError(f"draws is {draws}; expected 1 or more.")
    table, key = table_of(data)
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    sheet = coders_only(sheet)
    for spec in after_clock(specs_of(then), data):
        job = Job(sheet, table, key, spec, scores, base, None, None, False)
        given = job.evidence.given
        for coder in sheet.coders:
            r = job.coders.index(coder)
            terms = job.refit_coded(
                np.where(given[:, :, r] >= 0, given[:, :, r], job.naive_codes)
            ).terms
            rows += [
                ("stability", spec.name, t, coder, e, e, e)
                for t, e in zip(terms["term"], terms["estimate"], strict=True)
            ]
        drawn = []
        for _ in tqdm(range(draws), desc="stability", disable=None, leave=False):
            lot = np.where(given >= 0, rng.uniform(size=given.shape), -1.0).argmax(axis=2)
            t = np.take_along_axis(given, lot[:, :, None], axis=2)[:, :, 0]
            drawn.append(
                job.refit_coded(np.where(t >= 0, t, job.naive_codes)).terms["estimate"].to_numpy()
            )
        low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975], axis=0)
        rows += [
            ("stability", spec.name, t, None, middle[k], low[k], high[k])
            for k, t in enumerate(job.naive.design.names)
        ]
    return pd.DataFrame(
        rows, columns=["table", "model", "term", "coder", "estimate", "low", "high"]
    )
