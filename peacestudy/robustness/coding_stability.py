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
    """Refit a model with the code of one random coder in every cell.

    The table describes how much a finding depends on who coded. It is neither an estimate nor a
    confidence interval: ``ps.propagate`` estimates the finding with coding uncertainty.

    Parameters
    ----------
    sheet : CodingSheet
        Codes of any number of coders on one or several indicators; of revisions the latest counts.
    data : StudyFrame or DataFrame
        A row a case, with ``case_id`` (the key of a StudyFrame) and the columns of the formula.
    then : ModelSpec or sequence of ModelSpec
        The model or models; engines linear, logit and firth.
    scores : {"share", "depth", "weighted"}, optional
        The rule by which indicators enter scores, as in ``ps.propagate``.
    base : Coding, optional
        The adjudicated codes of the study, required with ``scores``.
    draws : int
        Number of random draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    DataFrame
        ``table`` (the word stability), ``model, term, coder, estimate, low, high``: a row for the
        codes of each coder alone (``coder`` is the name; cells that the coder left out have the
        code that most others gave, and are open if these tie), with the three numbers equal, and a
        row for the random draws (``coder`` is missing), with the median and the range of 95 % of
        the draws.

    Raises
    ------
    CodingError
        ``sheet`` is not a CodingSheet.
    SpecError
        Fewer than one draw; an engine, formula or score through which codes cannot be imputed; data
        or models of a wrong type.
    FitError
        The model has no estimate with the codes of a draw.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> study, rng = ps.load_study("peace_agreements"), np.random.default_rng(1)
    >>> frame = study.frame("primary")
    >>> codes = study.coding.table.query("indicator_id == 'third_party'")
    >>> codes = codes[codes.case_id.isin(frame.data.case_id)]
    >>> parts = [
    ...     codes.assign(
    ...         coder=name,
    ...         kind="human",
    ...         code=codes.code.where(rng.random(len(codes)) < 0.9, 1 - codes.code),
    ...     )
    ...     for name in ("ana", "ben")
    ... ]
    >>> sheet = ps.CodingSheet(pd.concat(parts, ignore_index=True), study.codebook)
    >>> spec = ps.ModelSpec("m", "lasting_peace ~ third_party", "firth", "classical")
    >>> table = ps.stability(sheet, frame, spec, draws=20, seed=1)
    >>> table.query("term == 'third_party'")["coder"].tolist()
    ['ana', 'ben', nan]
    """
    if draws < 1:
        raise SpecError(f"draws is {draws}; expected 1 or more.")
    table, key = table_of(data)
    specs, _ = after_clock(specs_of(then), data)
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    sheet = coders_only(sheet)
    for spec in specs:
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
