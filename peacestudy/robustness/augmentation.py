"""Data augmentation: true codes drawn from the codes of all coders, the covariates and the outcome.

Tanner and Wong (1987), JASA 82(398). Leaving the outcome out would pull the slope towards zero, as
perturbing the codes does twice over; drawing from all of it does not (Cole, Chu and Greenland 2006,
International Journal of Epidemiology 35(4)).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peacestudy.robustness.accuracy import draw_accuracy
from peacestudy.robustness.code_model import CodeModel
from peacestudy.robustness.coded_columns import Columns, LinearDesign
from peacestudy.robustness.outcome_models import LogitOutcome, Outcome

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of the true codes.

    Attributes
    ----------
    given : positions of the codes that were given, shape
        (cases, indicators, coders), -1 where none.
    gold : positions of true codes that are known, shape (cases, indicators), -1 elsewhere.
    codes : number of codes of each indicator.
    scale : number of the scale of each indicator: coders are equally
        accurate on all indicators of a scale.
    prior : Dirichlet counts by scale, each of shape (coders, strata, codes, codes).
    stratum : shape (cases,), 0, or the outcome where accuracy may differ by it.
    """

    given: Codes
    gold: Codes
    codes: tuple[int, ...]
    scale: tuple[int, ...]
    prior: tuple[Array, ...]
    stratum: Codes

    def start(self, rng: np.random.Generator) -> Codes:
        """The most frequent code of every cell, ties and empty
        cells by lot; gold where it is known.
        """
        n, J, _ = self.given.shape
        out = np.empty((n, J), dtype=np.int64)
        for j in range(J):
            votes = (self.given[:, j, :, None] == np.arange(self.codes[j])).sum(axis=1)
            out[:, j] = np.argmax(votes + rng.uniform(0, 0.5, votes.shape), axis=1)
        return np.where(self.gold >= 0, self.gold, out)


@dataclass(frozen=True, eq=False)
class Chain:
    """Draws of one chain: true codes (draws, cases, indicators), parameters of the outcome (draws,
    k), accuracies by scale (draws, coders, strata, codes, codes), and the share of proposals taken
    (1 where draws are exact).
    """

    codes: Codes
    beta: Array
    theta: tuple[Array, ...]
    taken: float


def augment(
    evidence: Evidence,
    columns: Columns,
    design: LinearDesign,
    outcome: Outcome,
    model: CodeModel,
    draws: int,
    burn: int,
    thin: int,
    rng: np.random.Generator,
) -> Chain:
    """One chain of true codes.

    Parameters
    ----------
    evidence, columns, design : what was coded, and what it moves.
    outcome : started at an estimate; changed in place.
    model : of the true codes given covariates.
    draws, burn, thin : draws kept, sweeps before the first, sweeps for each.
    """
    t = evidence.start(rng)
    gamma = [np.zeros((k - 1, model.Z.shape[1])) for k in evidence.codes]
    kept: list[Codes] = []
    betas: list[Array] = []
    thetas: list[list[Array]] = []
    for sweep in range(burn + draws * thin):
        theta = _accuracies(evidence, t, rng)
        for j in range(len(evidence.codes)):
            gamma[j] = model.draw(t[:, j], gamma[j], rng)
        X = design.of(columns.of(t))
        outcome.draw(X, rng)
        if isinstance(outcome, LogitOutcome) and sweep < burn and sweep % 10 == 9:
            outcome.tune()
        _codes(evidence, columns, design, outcome, model, gamma, theta, t, rng)
        if sweep >= burn and (sweep - burn) % thin == thin - 1:
            kept.append(t.copy())
            betas.append(outcome.beta.copy())
            thetas.append(theta)
    rate = outcome.taken / max(outcome.tried, 1) if isinstance(outcome, LogitOutcome) else 1.0
    by_scale = tuple(np.array([th[s] for th in thetas]) for s in range(len(evidence.prior)))
    return Chain(np.array(kept), np.array(betas), by_scale, rate)


def _accuracies(evidence: Evidence, t: Codes, rng: np.random.Generator) -> list[Array]:
    """Accuracies given true codes, by scale."""
    counts = [p.copy() for p in evidence.prior]
    coders = range(evidence.given.shape[2])
    for j, s in enumerate(evidence.scale):
        for r in coders:
            seen = evidence.given[:, j, r] >= 0
            at = (r, evidence.stratum[seen], t[seen, j], evidence.given[seen, j, r])
            np.add.at(counts[s], at, 1.0)  # type: ignore[arg-type]
    return [draw_accuracy(c, rng) for c in counts]


def _codes(
    evidence: Evidence,
    columns: Columns,
    design: LinearDesign,
    outcome: Outcome,
    model: CodeModel,
    gamma: list[Array],
    theta: list[Array],
    t: Codes,
    rng: np.random.Generator,
) -> None:
    """New true codes, an indicator after another, in place."""
    slopes = design.slopes(outcome.beta)
    fixed = design.X0 @ outcome.beta
    for j, K in enumerate(evidence.codes):
        s = columns.of(t)
        f = columns.value[j, :K]
        # what a unit of f adds to the linear predictor of each case
        moved = slopes @ columns.slope[j]
        eta = (fixed + (s * slopes).sum(axis=1))[:, None] + moved[:, None] * (
            f[None, :] - f[t[:, j]][:, None]
        )
        logp = model.log_probability(gamma[j]) + outcome.loglik(eta)
        for r in range(evidence.given.shape[2]):
            seen = np.flatnonzero(evidence.given[:, j, r] >= 0)
            th = np.log(theta[evidence.scale[j]][r])
            logp[seen] += th[evidence.stratum[seen], :K, evidence.given[seen, j, r]]
        drawn = np.argmax(logp + rng.gumbel(size=logp.shape), axis=1)
        t[:, j] = np.where(evidence.gold[:, j] >= 0, evidence.gold[:, j], drawn)
