"""Whether hazards are proportional: the score test that a coefficient changes with time.

Source: Grambsch and Therneau (1994), Biometrika 81(3), in the exact score form of R's survival 3.x
(``cox.zph`` with the Kaplan-Meier transform, a term a column): the model with x and x * g(t),
tested at the estimates of x and zero for the others.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.cox import sets_of
from peacestudy.models.engines.engine import PROPORTIONAL_HAZARDS
from peacestudy.models.fit_notes.wrong_engine import refuse_without
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.cox import basis
from peacestudy.models.kernels.risk_sets import RiskSets, information, partial, score
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

ALPHA = 0.05
# share of a variance left once the terms are fitted, below which it is zero but for rounding
UNTOLD = 1e-9
GLOBAL = "GLOBAL"


def proportional_hazards(fit: Fit) -> pd.DataFrame:
    """Test the terms of a Cox model for effects that change with time.

    Parameters
    ----------
    fit : Fit
        Of engine ``cox``.

    Returns
    -------
    DataFrame
        ``term, statistic, df, p_value``: score statistics (chi-squared), a row a term, the last row
        ``GLOBAL``. Time is transformed by one minus the Kaplan-Meier estimate of all rows just
        before it. A statistic is missing if the term varies in the risk sets of too few times to
        tell a change of its effect; all are missing if the terms are nearly collinear.

    Raises
    ------
    SpecError
        The fit is of another engine, or a PooledFit.
    FitError
        All events are at one time.

    Source: Grambsch and Therneau (1994), Biometrika 81(3), in the score form of R's survival 3.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"time": [1, 2, 3, 4, 5, 6, 7, 8], "x": [0, 1, 1, 0, 1, 0, 1, 0]})
    >>> d["event"] = [1, 1, 1, 0, 1, 1, 0, 1]
    >>> fit = ps.fit(d, ps.ModelSpec("m", "Surv(time, event) ~ x", "cox", "classical"))
    >>> ps.models.fit_notes.proportional_hazards(fit).round(3).values.tolist()
    [['x', 0.033, 1, 0.856], ['GLOBAL', 0.033, 1, 0.856]]
    """
    refuse_imputed(
        "proportional_hazards",
        fit,
        instead=(
            "Look at the fits of the completed tables one by one: [proportional_hazards(f) for f in"
            " fit.fits]."
        ),
    )
    refuse_without(fit, PROPORTIONAL_HAZARDS, "proportional_hazards")
    # slopes are the same about any centre
    around = replace(fit.design, X=fit.design.X - fit.moved.centre)
    return zph(around, sets_of(fit.design, fit.spec), fit.terms["estimate"].to_numpy())


def zph(design: Design, sets: RiskSets, beta: np.ndarray) -> pd.DataFrame:
    """The table of ``proportional_hazards`` from coefficients (K,)."""
    if len(np.unique(sets.times)) < 2:
        raise FitError("all events are at one time: proportional hazards cannot be tested.")
    Z, T = basis(design.X, sets.strata)
    at = partial(sets, Z, T @ beta)
    g = transformed(design, sets)
    g = g - g[sets.moment].mean()
    u = T.T @ score(sets, Z, at, g)
    plain, once, twice = (
        T.T @ information(sets, Z, at, weight) @ T for weight in (np.ones(len(g)), g, g**2)
    )
    # the variance of the score of x g(t) once x is fitted, relative to that before
    before = np.sqrt(np.diag(twice))
    try:
        explained = once.T @ np.linalg.solve(plain, once)
    except np.linalg.LinAlgError:
        explained = twice  # nothing is left of any term
    V = (twice - explained) / np.outer(before, before)
    u = u / before
    told = np.diag(V) > UNTOLD
    single = np.where(told, u**2 / np.where(told, np.diag(V), 1.0), np.nan)
    whole = float(u @ np.linalg.solve(V, u)) if np.linalg.eigvalsh(V)[0] > UNTOLD else np.nan
    out = pd.DataFrame(
        {
            "term": [*design.names, GLOBAL],
            "statistic": [*single, whole],
            "df": [*[1] * len(u), len(u)],
        }
    )
    return out.assign(p_value=stats.chi2.sf(out["statistic"], out["df"]))


def transformed(design: Design, sets: RiskSets) -> np.ndarray:
    """One minus the Kaplan-Meier estimate, of all strata
    together, just before each moment, shape (M,).
    """
    assert design.times is not None
    times, which = np.unique(sets.times, return_inverse=True)
    start, stop = np.sort(design.times[:, 0]), np.sort(design.times[:, 1])
    entered = np.searchsorted(start, times, side="left" if start.any() else "right")
    at_risk = entered - np.searchsorted(stop, times, side="left")
    events = np.bincount(which[sets.moment], minlength=len(times))
    survival = np.cumprod(1 - events / at_risk)
    out: np.ndarray = (1 - np.append(1.0, survival[:-1]))[which]
    return out


def proportional_notes(design: Design, spec: ModelSpec, beta: np.ndarray) -> list[Note]:
    """A note where the test of a term or of all is below ``ALPHA``, with the line to type next."""
    sets = sets_of(design, spec)
    if len(np.unique(sets.times)) < 2:
        return []
    table = zph(design, sets, beta)
    low = table[table["p_value"] < ALPHA]
    if low.empty:
        return []
    said = ", ".join(f"{r.term} (p {r.p_value:.3f})" for r in low.itertuples())
    text = (
        f"The effect appears to change over time, contrary to proportional hazards: {said}. See"
        " ps.models.fit_notes.proportional_hazards(fit)."
    )
    return [Note("non_proportional", text)]
