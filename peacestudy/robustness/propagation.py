"""Propagation of coding uncertainty into a finding.

The true codes are unknown; the codes of all coders, the covariates and the outcome are informative
about them. They are drawn by data augmentation, each draw goes through scores and the declared
model, and the results are pooled by Rubin's rules.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from peacestudy.coding import Coding, CodingSheet
from peacestudy.core.display import html_table
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note
from peacestudy.errors import CodingError
from peacestudy.models import Fit, ModelSpec
from peacestudy.robustness.accuracy import Accuracy
from peacestudy.robustness.arguments import check_draws, coders_only, specs_of, table_of
from peacestudy.robustness.disputed_codes import flips
from peacestudy.robustness.job import CHAINS, Job


@dataclass(frozen=True, eq=False)
class Propagated:
    """A finding with coding uncertainty.

    Attributes
    ----------
    terms : a row a term of a model: ``model, term, coded`` (whether codes move it); ``naive,
        naive_std_error, naive_conf_low, naive_conf_high, naive_p_value`` as if the codes were true;
        ``estimate, std_error, df, conf_low, conf_high, p_value`` pooled over draws of the true
        codes; ``share_coding``, the share of the variance due to coding uncertainty; ``fmi``;
        ``monte_carlo``, the standard error of ``estimate`` for there being only so many draws.
    accuracy : ``model, scale, coder, outcome`` (where accuracy may differ by it), ``true, given,
        mean, low, high`` (95 %).
    codes : ``model, case_id, indicator_id, code, probability`` of
        every code of every cell, and ``disputed``.
    flips : which disputed codes would change the finding, ranked; see ``flips``.
    draws : ``model, draw, term, estimate, std_error``.
    naive : the fits as if the codes were true, of cases that somebody coded.
    seed, notes : of the draws; what a reader must know.
    """

    terms: pd.DataFrame
    accuracy: pd.DataFrame = field(repr=False)
    codes: pd.DataFrame = field(repr=False)
    flips: pd.DataFrame = field(repr=False)
    draws: pd.DataFrame = field(repr=False)
    naive: tuple[Fit, ...] = field(repr=False)
    seed: int
    notes: tuple[Note, ...] = ()

    def _repr_html_(self) -> str:
        names = [
            "model",
            "term",
            "naive",
            "naive_conf_low",
            "naive_conf_high",
            "estimate",
            "conf_low",
            "conf_high",
            "share_coding",
        ]
        return html_table(
            self.terms[names],
            "as if the codes were true, and with coding uncertainty",
            self.notes,
            rows=len(self.terms),
        )


def propagate(
    sheet: CodingSheet,
    data: StudyFrame | pd.DataFrame,
    then: ModelSpec | Sequence[ModelSpec],
    *,
    scores: str | None = None,
    base: Coding | None = None,
    accuracy: Accuracy | None = None,
    gold: pd.DataFrame | None = None,
    differential: bool = False,
    draws: int = 50,
    burn: int = 400,
    thin: int = 10,
    rank_flips: bool = True,
    seed: int,
) -> Propagated:
    """Propagate the disagreement of coders into a finding.

    Parameters
    ----------
    sheet : codes of any number of coders on one indicator or
        several; of revisions the latest counts.
    data : a row a case, with ``case_id`` (a StudyFrame's key) and the columns of the formula.
    then : the model, or several; engines linear, logit and firth.
    scores : None where the formula holds indicators by their own name (made from the codes,
        whatever ``data`` has); else the rule by which the indicators enter pillar scores and
        breadth, ``share``, ``depth`` or ``weighted``, all other codes as in ``base``.
    base : the adjudicated codes of the study: the naive estimate takes these where they have a
        code, and elsewhere the code that most coders gave. Where two codes have the most coders the
        cell stays open, the case is left out of the naive estimate, and a note counts such cells.
        Needed with ``scores``.
    accuracy : the author's prior of the coders' accuracy; None estimates it from the codes, which
        requires three coders, or ``gold``.
    gold : ``case_id, indicator_id, code``, true codes that are known for some cases.
    differential : accuracy may differ by outcome, as for coders who knew the outcome.
    draws, burn, thin : draws of the true codes in all (half a chain
        each), sweeps before the first, sweeps for each.
    rank_flips : refit with every disputed code the other way, which takes
        a fit each; False leaves ``flips`` empty.
    seed : of all draws. They are given to cases in the order of their ids and to coders in an order
        that only their codes decide, so the order of rows and the names of coders change nothing.

    Returns
    -------
    Propagated

    Raises
    ------
    CodingError
        The accuracy of the coders is not identified.
    SpecError
        An engine, formula or score that codes cannot be imputed through;
        data, models, draws or a seed that are none.
    """
    given, sheet = sheet, coders_only(sheet)
    specs = specs_of(then)
    table, key = table_of(data)
    check_draws(draws, burn, thin, seed, CHAINS)
    _identified(sheet, accuracy, gold)
    seeds = np.random.SeedSequence(seed).spawn(len(specs))
    jobs = [
        Job(sheet, table, key, spec, scores, base, accuracy, gold, differential) for spec in specs
    ]
    parts = [job.run(draws // CHAINS, burn, thin, s) for job, s in zip(jobs, seeds, strict=True)]
    flipped = [
        flips(
            job.plain,
            job.refit_coded,
            job.naive_codes,
            job.evidence,
            job.labels,
            job.coded_terms if rank_flips else [],
        )
        for job in jobs
    ]
    notes = {
        n.text: n
        for n in [*_about(given, accuracy, gold, jobs[0]), *(n for p in parts for n in p.notes)]
    }
    return Propagated(
        terms=_together(p.terms for p in parts),
        accuracy=_together(p.accuracy for p in parts),
        codes=_together(p.codes for p in parts),
        flips=_together(flipped),
        draws=_together(p.draws for p in parts),
        naive=tuple(j.plain for j in jobs),
        seed=seed,
        notes=tuple(notes.values()),
    )


def _together(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(list(tables), ignore_index=True)


def _identified(sheet: CodingSheet, accuracy: Accuracy | None, gold: pd.DataFrame | None) -> None:
    if not isinstance(accuracy, Accuracy | None):
        raise CodingError(
            f"accuracy is {accuracy!r}; expected an Accuracy, for example"
            " accuracy=Accuracy(0.85, prior_n=40)."
        )
    if accuracy is None and gold is None and len(sheet.coders) < 3:
        raise CodingError(
            f"the accuracy of {len(sheet.coders)} coder(s) is not identified: with fewer than"
            " three coders, equal codes may be equal errors. Give gold (true codes of some cases)"
            " or a prior, for example accuracy=Accuracy(0.85, prior_n=40)."
        )


def _about(
    sheet: CodingSheet, accuracy: Accuracy | None, gold: pd.DataFrame | None, job: Job
) -> Iterator[Note]:
    if accuracy is not None:
        prior = f"mean {accuracy.mean:.0%}, weight of {accuracy.prior_n:g} cases"
        statement = f"has the author's prior ({prior}), updated by the codes"
    elif gold is not None:
        known = int((job.evidence.gold >= 0).sum())
        statement = f"is estimated from {known} known codes and from their agreement"
    else:
        statement = (
            "is estimated from their agreement by a latent class model, which assumes that their"
            " errors are independent given the true code"
        )
    yield Note("accuracy", f"The coders' accuracy {statement}.")
    if "adjudicated" in sheet.kinds.values():
        yield Note(
            "adjudicated", ("Adjudicated codes are left out: they are not the codes of a coder.")
        )
    if set(sheet.kinds.values()) & {"machine", "rule"}:
        text = (
            "Machines and rules that read the same text may make the same errors; their accuracy"
            " is then overestimated."
        )
        yield Note("dependent_errors", text)
