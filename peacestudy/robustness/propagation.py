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
from peacestudy.errors import CodingError, SpecError
from peacestudy.models import Fit, ModelSpec
from peacestudy.robustness.accuracy import Accuracy
from peacestudy.robustness.arguments import (
    after_clock,
    check_draws,
    coders_only,
    specs_of,
    table_of,
)
from peacestudy.robustness.disputed_codes import Family, flips
from peacestudy.robustness.job import CHAINS, Job

AUTOMATED = frozenset({"machine", "rule"})  # kinds of coders that are no persons


@dataclass(frozen=True, eq=False)
class Propagated:
    """A finding with the uncertainty of coding, or of a published index, included.

    Attributes
    ----------
    terms : DataFrame
        A row a term of a model: ``model, term, coded`` (whether codes change it); ``naive,
        naive_std_error, naive_conf_low, naive_conf_high, naive_p_value`` as if the codes were true;
        ``estimate, std_error, df, conf_low, conf_high, p_value`` pooled over draws of the true
        codes; ``share_coding``, the share of the variance due to coding uncertainty; ``fmi``;
        ``monte_carlo``, the standard error of ``estimate`` due to the finite number of draws.
    accuracy : DataFrame
        ``model, scale, coder, outcome`` (if accuracy may differ by it), ``true, given, mean, low,
        high`` (95 %).
    codes : DataFrame
        ``model, case_id, indicator_id, code, probability`` of every code of every cell, and
        ``disputed``.
    flips : DataFrame
        Disputed codes that would change the finding, ranked, see
        ``peacestudy.robustness.disputed_codes``.
    draws : DataFrame
        ``model, draw, term, estimate, std_error``.
    naive : tuple of Fit
        The fits as if the codes were true, of cases that a coder coded.
    seed : int
        Seed of the draws.
    notes : tuple of Note
        Assumptions, and reasons for caution.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"case_id": range(60), "x": rng.normal(size=60)})
    >>> d = d.assign(y=d.x + rng.normal(size=60), low=d.x - 0.5, high=d.x + 0.5)
    >>> index = {"x": ps.robustness.Interval("low", "high", 0.68)}
    >>> spec = ps.ModelSpec("m", "y ~ x", "linear", "classical")
    >>> found = ps.robustness.from_intervals(d, index, spec, draws=10, burn=20, thin=1, seed=1)
    >>> found.draws.columns.tolist(), len(found.draws), found.notes[0].kind
    (['term', 'estimate', 'std_error', 'draw', 'model'], 20, 'intervals')
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
    families: Sequence[Family] = (),
    seed: int,
) -> Propagated:
    """Propagate the disagreement of coders into a finding.

    The true codes are unknown. They are drawn given the codes of all coders, the covariates and the
    outcome; the model is refitted to every draw, and the fits are pooled by Rubin's rules.

    Parameters
    ----------
    sheet : CodingSheet
        Codes of any number of coders on one or several indicators; of revisions the latest counts.
    data : StudyFrame or DataFrame
        A row a case, with ``case_id`` (the key of a StudyFrame) and the columns of the formula.
    then : ModelSpec or sequence of ModelSpec
        The model or models; engines linear, logit and firth.
    scores : {"share", "depth", "weighted"}, optional
        The rule by which indicators enter pillar scores and breadth; all other codes are as in
        ``base``. None if the formula uses indicators by their own names: they are computed from the
        codes, whatever ``data`` holds.
    base : Coding, optional
        The adjudicated codes of the study, required with ``scores``. The naive estimate uses them
        where they have a code, elsewhere the code that most coders gave. If two codes are given by
        equally many coders, the cell stays open, its case is left out of the naive estimate, and a
        note counts such cells.
    accuracy : Accuracy, optional
        The prior of the coders' accuracy; None estimates it from the codes, which requires three
        coders, or ``gold``.
    gold : DataFrame, optional
        ``case_id, indicator_id, code``: true codes that are known for some cases.
    differential : bool, optional
        Whether accuracy may differ by outcome, as for coders who knew it.
    draws : int, optional
        Number of draws of the true codes, half from each of two chains.
    burn : int, optional
        Sweeps of each chain before its first draw.
    thin : int, optional
        Sweeps of a chain for each draw.
    rank_flips : bool, optional
        Refit with every disputed code changed, which takes one fit each; False leaves ``flips``
        empty.
    families : sequence of Family, optional
        Terms that are decided together, by adjusted p values. Each counts for every model that has
        all of its terms: ``flips`` then says whether the decision changes, not whether one p
        crosses .05.
    seed : int
        Seed of the draws. They are given to cases in the order of their ids and to coders in an
        order that depends on their codes only, so that the order of rows and the names of coders
        change nothing.

    Returns
    -------
    Propagated
        Naive and pooled estimates, the accuracy of coders, probabilities of codes, and disputed
        codes that would change the finding.

    Raises
    ------
    CodingError
        The accuracy of the coders is not identified; the sheet or ``gold`` is not of its type.
    SpecError
        An engine, formula or score through which codes cannot be imputed; data, models, families,
        draws or a seed of a wrong type or size; a column that is known only after the clock.
    FitError
        The model has no naive estimate, or none with a draw of the true codes.

    Source: Paun and others (2018), Transactions of the ACL 6 (accuracy of coders); Rubin (1987),
    Multiple Imputation for Nonresponse in Surveys, ch. 3.

    Examples
    --------
    Three simulated coders, each right nine times in ten, code whether a third party took part;
    their accuracy is estimated from the codes:

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
    ...     for name in ("ana", "ben", "eva")
    ... ]
    >>> sheet = ps.CodingSheet(pd.concat(parts, ignore_index=True), study.codebook)
    >>> spec = ps.ModelSpec("m", "lasting_peace ~ third_party", "firth", "classical")
    >>> found = ps.propagate(
    ...     sheet, frame, spec, draws=10, burn=20, thin=1, rank_flips=False, seed=1
    ... )
    >>> found.terms[["term", "naive", "estimate"]].round(1).values.tolist()
    [['Intercept', -0.7, -0.7], ['third_party', -0.2, -0.2]]
    >>> found.accuracy.query("true == given")[["coder", "mean"]].round(1).values.tolist()[1::2]
    [['ana', 1.0], ['ben', 0.9], ['eva', 0.9]]
    """
    given, sheet = sheet, coders_only(sheet)
    table, key = table_of(data)
    specs, late = after_clock(specs_of(then), data)
    check_draws(draws, burn, thin, seed, CHAINS)
    _identified(sheet, accuracy, gold)
    seeds = np.random.SeedSequence(seed).spawn(len(specs))
    jobs = [
        Job(sheet, table, key, spec, scores, base, accuracy, gold, differential) for spec in specs
    ]
    if accuracy is None and len(sheet.coders) < 3:
        _coded_gold(jobs[0])
    parts = [job.run(draws // CHAINS, burn, thin, s) for job, s in zip(jobs, seeds, strict=True)]
    flipped = [
        flips(
            job.plain,
            job.refit_coded,
            job.naive_codes,
            job.evidence,
            job.labels,
            job.coded_terms if rank_flips else [],
            families_of,
        )
        for job, families_of in zip(jobs, _families_by_model(jobs, families), strict=True)
    ]
    notes = {
        n.text: n
        for n in [
            *_about(given, accuracy, gold, jobs[0]),
            *(n for p in parts for n in p.notes),
            *late,
        ]
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


def _families_by_model(jobs: Sequence[Job], families: Sequence[Family]) -> list[list[Family]]:
    """The families of each model: those of which it has all terms."""
    strange = [f for f in families if not isinstance(f, Family)]
    if strange:
        raise SpecError(
            f"families holds {strange[0]!r}; give objects of the class Family, for example"
            " ps.robustness.Family(('x', 'z'))."
        )
    found = []
    for job in jobs:
        names = set(job.naive.design.names)
        own = [family for family in families if set(family.terms) <= names]
        shared = [t for f in own for t in f.terms]
        if len(shared) != len(set(shared)):
            raise SpecError(f"a term of {job.spec.name} is in two families, or twice in one.")
        found.append(own)
    nowhere = [f for f in families if all(f not in own for own in found)]
    if nowhere:
        raise SpecError(f"no model has all terms of the family {', '.join(nowhere[0].terms)}.")
    return found


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


def _coded_gold(job: Job) -> None:
    """Refuse gold from which no accuracy can be estimated, because no coder coded its cells."""
    known = job.evidence.gold >= 0
    if not (known & (job.evidence.given >= 0).any(axis=2)).any():
        raise CodingError(
            f"no coder has a code for any of the {int(known.sum())} cells that gold knows, so that"
            " gold says nothing of the coders' accuracy. Give a prior, for example"
            " accuracy=Accuracy(0.85, prior_n=40), or known codes of cases that were coded."
        )


def _about(
    sheet: CodingSheet, accuracy: Accuracy | None, gold: pd.DataFrame | None, job: Job
) -> Iterator[Note]:
    known = job.evidence.gold >= 0
    coded = known & (job.evidence.given >= 0).any(axis=2)
    if accuracy is not None:
        prior = f"mean {accuracy.mean:.0%}, weight of {accuracy.prior_n:g} cases"
        statement = f"has the author's prior ({prior}), updated by the codes"
    elif coded.any():
        statement = f"is estimated from {int(coded.sum())} known codes and from their agreement"
    else:
        statement = (
            "is estimated from their agreement by a latent class model, which assumes that their"
            " errors are independent given the true code"
        )
    yield Note("accuracy", f"The coders' accuracy {statement}.")
    if known.any():
        text = (
            f"The true codes of {int(known.sum())} cells are known and not drawn; coders coded"
            f" {int(coded.sum())} of these."
        )
        yield Note("gold", text)
    if "adjudicated" in sheet.kinds.values():
        yield Note(
            "adjudicated", ("Adjudicated codes are left out: they are not the codes of a coder.")
        )
    yield from _dependence(sheet)


def _dependence(sheet: CodingSheet) -> Iterator[Note]:
    """A note where machines or rules coded, whose errors may not be independent."""
    kinds = {kind for kind in sheet.kinds.values() if kind != "adjudicated"}
    if not kinds & AUTOMATED:
        return
    text = (
        "Machines and rules that read the same text may make the same errors; their accuracy"
        " is then overestimated."
    )
    coders = [name for name, kind in sheet.kinds.items() if kind in AUTOMATED]
    if kinds <= AUTOMATED and len(coders) > 1:
        text = (
            f"No person has coded: all {len(coders)} coders are machines or rules. They count as"
            " independent here; where they make the same errors, this understates the"
            " uncertainty of coding. For the other end, count them as one reading:"
            " ps.robustness.as_one_reading(sheet)."
        )
    elif kinds <= AUTOMATED:
        text = "No person has coded: the only reading is automated, and nothing checks its errors."
    yield Note("dependent_errors", text)
