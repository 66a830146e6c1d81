"""Firth's logit where the penalised likelihood has several maxima: numbers against a grid of
starts, each climbed without derivatives.

In each of the data sets below a path of maxima from the estimate, or a climb from zero, ends at a
lower maximum. How often that happens, and that it does not happen any more, stands in
tests/references/firth_profile.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2

import peacestudy as ps
from peacestudy.models.inference import profile
from peacestudy.models.kernels import firth
from peacestudy.models.kernels.firth import curvature, fit_firth, not_concave

STUDY = Path(__file__).resolve().parents[2] / "references" / "firth_profile"
sys.path.insert(0, str(STUDY))
import frequency  # noqa: E402

QUANTILE = chi2.ppf(0.95, 1)
RATIO = 1e-3  # of a likelihood ratio, where a climb without derivatives stops
AGAIN = 1e-4  # relative, of what the study stores as a number

NOT_SEPARATED = pd.DataFrame(
    {
        "x": [-1.84, -0.38, -0.25, 0.01, -0.28, 0.86, -1.71, 0.23, 0.52, -1.72, -0.42],
        "q": [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0],
        "y": [0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0],
    }
)
STRONG = pd.DataFrame(
    {
        "x": [-0.33, -2.68, -1.56, -0.21, 2.0, -0.78, -0.38, -1.83, -1.3, 1.99],
        "q": [-0.32, -0.47, -0.14, 0.61, 0.89, 1.14, 0.19, -0.85, 1.77, 0.16],
        "y": [0, 0, 0, 1, 1, 0, 0, 0, 0, 1],
    }
)
TWO_PARTS = pd.DataFrame(
    {
        "x": [
            -0.73,
            -0.95,
            -0.51,
            -0.61,
            -0.47,
            3.1,
            -0.2,
            0.81,
            -1.1,
            0.09,
            0.88,
            0.75,
            -1.28,
            -0.11,
            0.4,
            -0.29,
            -1.46,
            1.41,
            -0.02,
            0.54,
        ],
        "q": [
            0.93,
            -0.23,
            -1.19,
            2.43,
            0.07,
            -1.87,
            0.99,
            2.17,
            0.39,
            2.31,
            0.86,
            -0.16,
            1.05,
            -0.16,
            1.8,
            0.47,
            -1.09,
            -1.11,
            2.09,
            1.42,
        ],
        "y": [0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0],
    }
)


def fitted(data):
    return ps.fit(data, ps.ModelSpec("m", "y ~ x + q", "firth", "classical"))


def arrays(data):
    return np.column_stack([np.ones(len(data)), data.x, data.q]), data.y.to_numpy(float)


def lowest(b, X, y):
    """Minus the penalised log-likelihood, written down without our kernels."""
    eta = X @ b
    sign, logdet = np.linalg.slogdet((X.T * (expit(eta) * expit(-eta))) @ X)
    return 1e6 if sign <= 0 else -(y @ eta - np.logaddexp(0, eta).sum()) - logdet / 2


def highest_held(X, y, j, value, reach):
    """The highest maximum with coefficient j held at a value, from a grid of 25 starts."""
    free = [k for k in range(3) if k != j]

    def height(z):
        b = np.zeros(3)
        b[free], b[j] = z, value
        return lowest(b, X, y)

    grid = np.stack(np.meshgrid(*[np.linspace(-reach, reach, 5)] * 2), axis=-1).reshape(-1, 2)
    options = {"xatol": 1e-6, "fatol": 1e-9}
    return -min(
        minimize(height, start, method="Nelder-Mead", options=options).fun for start in grid
    )


def ratio_at(data, found, j, value, reach=9.0):
    X, y = arrays(data)
    return 2 * (
        -lowest(found.terms.estimate.to_numpy(), X, y) - highest_held(X, y, j, value, reach)
    )


@pytest.mark.parametrize(
    ("data", "j", "side", "first"),
    [
        (NOT_SEPARATED, 0, "conf_low", -4.024),
        (NOT_SEPARATED, 1, "conf_high", 5.286),
        (STRONG, 2, "conf_high", 3.541),
        (STRONG, 1, "conf_high", 11.091),  # a path that leads to the highest maximum
    ],
)
def test_the_ratio_at_an_end_is_the_quantile(data, j, side, first):
    """``first`` is where the path of maxima from the estimate reaches
    the quantile, as in logistf and firthmodels.
    """
    found = fitted(data)
    end = found.terms[side][j]
    assert ratio_at(data, found, j, end) == pytest.approx(QUANTILE, abs=RATIO)
    moved = abs(end) > abs(first) + 0.01
    assert moved == (ratio_at(data, found, j, first) < QUANTILE - 0.01)
    text = " ".join(n.text for n in found.notes if n.kind == "profile")
    assert (
        f"{found.terms.term[j]} held at an end" in text or f"{found.terms.term[j]}," in text
    ) == moved


def test_an_interval_spans_two_parts_and_says_so():
    found = fitted(TWO_PARTS)
    end = found.terms.conf_low[1]
    assert end == pytest.approx(-39.388, abs=1e-3)
    assert ratio_at(TWO_PARTS, found, 1, end, reach=60.0) == pytest.approx(QUANTILE, abs=RATIO)
    assert (
        ratio_at(TWO_PARTS, found, 1, -17.0, reach=60.0) < QUANTILE
    )  # the part that holds the estimate ends at -17.876
    assert ratio_at(TWO_PARTS, found, 1, -18.5, reach=60.0) > QUANTILE + 0.01
    assert ratio_at(TWO_PARTS, found, 1, -30.0, reach=60.0) < QUANTILE - 0.01
    said = [n.text for n in found.notes if n.kind == "profile_gap"]
    assert len(said) == 1 and "values of x, q that" in said[0]


def test_the_estimate_is_the_highest_maximum_and_a_note_says_where_a_climb_from_zero_ends():
    X, y = frequency.draw("three terms", 225)
    data = pd.DataFrame({"x": X[:, 1], "q": X[:, 2], "y": y})
    found = fitted(data)
    starts = np.stack(np.meshgrid(*[np.linspace(-4, 4, 3)] * 3), axis=-1).reshape(-1, 3)
    options = {"xatol": 1e-6, "fatol": 1e-10, "maxiter": 2000}
    best = min(
        (minimize(lowest, s, (X, y), method="Nelder-Mead", options=options) for s in starts),
        key=lambda r: r.fun,
    )
    np.testing.assert_allclose(found.terms.estimate, best.x, atol=1e-3)
    assert found.loglik == pytest.approx(-best.fun, abs=1e-8)
    zero = fit_firth(X[None], y[None])
    assert zero.loglik[0] < found.loglik - 0.01
    said = [n.text for n in found.notes if n.kind == "several_maxima"]
    assert len(said) == 1 and f"lower by {found.loglik - zero.loglik[0]:.2f}" in said[0]
    assert not [n for n in fitted(NOT_SEPARATED).notes if n.kind == "several_maxima"]


def test_the_test_against_zero_is_by_the_highest_maximum():
    X, y = frequency.draw("three terms", 180)
    data = pd.DataFrame({"x": X[:, 1], "q": X[:, 2], "y": y})
    found = fitted(data)
    for j in range(3):
        assert found.terms.statistic[j] == pytest.approx(ratio_at(data, found, j, 0.0), abs=RATIO)
    from_zero = frequency.fitted(X, y, search=False)[2]
    assert from_zero[0] > found.terms.statistic[0] + 0.01


def test_ordinary_fits_search_nothing(monkeypatch):
    def refuse(*_):
        raise AssertionError("a search for other maxima")

    monkeypatch.setattr(firth, "highest", refuse)
    monkeypatch.setattr(profile, "highest", refuse)
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [(rng.random(150) < 0.3) if k % 2 else rng.normal(size=150) for k in range(14)]
    ).astype(float)
    data = pd.DataFrame(X, columns=[f"x{k}" for k in range(14)]).assign(
        y=(rng.random(150) < 0.3).astype(int)
    )
    found = ps.fit(
        data, ps.ModelSpec("m", "y ~ " + " + ".join(data.columns[:-1]), "firth", "classical")
    )
    assert np.isfinite(found.terms[["conf_low", "conf_high"]]).all(axis=None)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 4), st.floats(0, 3))
def test_the_penalised_likelihood_is_concave_where_no_predictor_varies_much(seed, K, size):
    rng = np.random.default_rng(seed)
    Z = np.linalg.qr(np.column_stack([np.ones(25), rng.standard_t(3, size=(25, K))]))[0][None] * 5
    beta = size * rng.normal(size=(1, K + 1))
    assert not_concave(Z, beta)[0] or np.linalg.eigvalsh(curvature(Z, beta)[0])[0] > 0


def test_several_outcomes_of_one_design_are_searched_as_one_at_a_time():
    X, y = frequency.draw("three terms", 225)
    outcomes = np.stack([y, 1 - y, np.roll(y, 1)])
    together = fit_firth(np.broadcast_to(X, (3, *X.shape)), outcomes, search=True)
    for b in range(3):
        alone = fit_firth(X[None], outcomes[b : b + 1], search=True)
        np.testing.assert_allclose(together.beta[b], alone.beta[0], atol=1e-6)
    assert together.loglik[0] > fit_firth(X[None], y[None]).loglik[0] + 0.01


@pytest.fixture(scope="module")
def study():
    return pd.read_csv(STUDY / "frequency.csv")


def test_the_stored_study_is_that_of_the_script():
    script = (STUDY / "frequency.py").read_bytes()
    assert (STUDY / "frequency.sha256").read_text().strip() == hashlib.sha256(script).hexdigest()


def test_nothing_is_wrong_after_the_search(study):
    assert study.groupby("family").size().to_dict() == {
        name: f[-1] for name, f in frequency.FAMILIES.items()
    }
    names = ("estimate", "tests", "ends", "outside")
    assert all(study[f"{name}_before"].sum() > 0 for name in ("estimate", "tests", "ends"))
    assert [int(study[f"{name}_after"].sum()) for name in names] == [0, 0, 0, 0]


def test_every_end_that_was_wrong_lies_where_the_search_looks(study):
    assert study["lowest_variance"].min() > 2 * firth.CONCAVE


@pytest.mark.parametrize(
    ("family", "seed"), [("three terms", 180), ("three terms", 225), ("two terms", 0)]
)
def test_data_sets_of_the_study_give_the_stored_rows(study, family, seed):
    stored = study[(study["family"] == family) & (study["seed"] == seed)].iloc[0].to_dict()
    found = frequency.row(family, seed)
    assert list(found) == list(stored)
    for name, value in found.items():
        assert stored[name] == (
            value if isinstance(value, str) else pytest.approx(value, rel=AGAIN, nan_ok=True)
        ), name
