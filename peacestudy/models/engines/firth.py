"""Firth's penalised logit as an engine: estimates are finite for every outcome."""

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.models.engines.engine import LIKELIHOOD, Engine, Request
from peacestudy.models.engines.logit import binary_residuals
from peacestudy.models.engines.separated import separation_of, separation_text
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels import batch
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.firth import fit_firth, several_maxima


def estimate_firth(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design, with notes on separation and on several maxima."""
    notes = []
    found = separation_of(design)
    if found is not None:
        said = separation_text(design, found)
        text = (
            said[0].upper()
            + said[1:]
            + ("; Firth's are finite, but determined by the penalty there.")
        )
        notes.append(Note("separation", text))
    est = fit_firth(design.X[None], design.y[None], search=True)
    if est.converged.all():
        notes += several_maxima(design.X, design.y, float(est.loglik[0]))
    return est, notes


def refit_firth(design: Design, request: Request) -> Estimates | None:
    """Estimates of a sample of the rows; None where there are none."""
    try:
        return fit_firth(design.X[None], design.y[None], search=True)
    except np.linalg.LinAlgError:
        return None


FIRTH = Engine(
    outcome="binary",
    link="expit",
    effect="odds ratio",
    estimate=estimate_firth,
    refit=refit_firth,
    residuals=binary_residuals,
    vcovs=(*LIKELIHOOD, "jackknife"),
    kernel=fit_firth,
    batch=batch.FIRTH,
    always_finite=True,
    penalised=True,
    profile=True,
    cluster_rule="; bread the inverse information at the Firth estimate, meat the modified scores",
    scales=("response", "flic", "link"),
    scale_required=True,
)
