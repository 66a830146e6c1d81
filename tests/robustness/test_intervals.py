"""from_intervals: an index published with error, imputed given the
outcome, against the truth by simulation.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peacestudy as ps
from peacestudy.errors import SpecError
from peacestudy.robustness import Interval, from_intervals


def published(n, outcome, rng, error=0.8):
    z = rng.normal(size=n)
    true = 0.6 * z + rng.normal(size=n)
    seen = true + error * rng.normal(size=n)
    eta = -0.2 + 1.0 * true + 0.5 * z
    y = (
        eta + rng.normal(size=n)
        if outcome == "linear"
        else (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    )
    return pd.DataFrame(
        {
            "case_id": [f"c{i}" for i in range(n)],
            "y": y,
            "z": z,
            "x": seen,
            "low": seen - error,
            "high": seen + error,
        }
    )


COVERS = float(2 * stats.norm.cdf(1) - 1)  # one standard deviation either way


@pytest.mark.slow(reason="simulates the recovery of a slope, 18 s")
@pytest.mark.parametrize(("outcome", "engine"), [("linear", "linear"), ("logit", "logit")])
def test_the_slope_is_recovered(outcome, engine):
    rng = np.random.default_rng(4)
    spec = ps.ModelSpec("m", "y ~ x + z", engine, vcov="classical")
    rows = []
    for n in range(25):
        found = from_intervals(
            published(250, outcome, rng),
            {"x": Interval("low", "high", COVERS)},
            spec,
            draws=20,
            burn=100,
            thin=4,
            seed=n,
        )
        x = found.terms.set_index("term").loc["x"]
        rows.append((x.naive, x.estimate, x.conf_low <= 1.0 <= x.conf_high))
    naive, estimate, covered = np.array(rows, dtype=float).T
    assert naive.mean() < 0.75  # attenuated by 1 / (1 + .64 / 1) given z
    assert abs(estimate.mean() - 1) < 3 * estimate.std(ddof=1) / 5 + 0.02
    assert covered.mean() >= 0.84  # of 25


def test_narrow_intervals_leave_the_finding_as_it_is():
    data = published(200, "linear", np.random.default_rng(1))
    data["low"], data["high"] = data.x - 1e-6, data.x + 1e-6
    found = from_intervals(
        data,
        {"x": Interval("low", "high", 0.68)},
        ps.ModelSpec("m", "y ~ scale(x) + z", "linear", vcov="hc1"),
        draws=4,
        burn=5,
        thin=1,
        seed=1,
    )
    np.testing.assert_allclose(found.terms.estimate, found.terms.naive, rtol=1e-4)


def test_what_is_wrong_is_told():
    data = published(50, "linear", np.random.default_rng(1))
    spec = ps.ModelSpec("m", "y ~ x + z", "linear", vcov="hc1")
    with pytest.raises(SpecError, match="upside down"):
        from_intervals(data, {"x": Interval("high", "low", 0.68)}, spec, seed=1)
    with pytest.raises(SpecError, match="lack the column"):
        from_intervals(data, {"x": Interval("lo", "high", 0.68)}, spec, seed=1)
    with pytest.raises(SpecError, match="write the share"):
        Interval("low", "high", 68)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": {"x": ("low", "high")}}, "write it as Interval"),
        (
            {"columns": {"x": Interval("low", "high", 0.68), "u": Interval("low", "high", 0.68)}},
            "does not use u",
        ),
        ({"then": []}, "then is a list; give one ModelSpec"),
        ({"data": "vdem.csv"}, "data is a str"),
        ({"draws": 1}, "at least 2 draws"),
        ({"thin": 0}, "thin from 1"),
        ({"seed": None}, "seed=1"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused(change, words):
    data = published(50, "linear", np.random.default_rng(1), error=4.0).assign(u=1.0)
    given = {
        "data": data,
        "columns": {"x": Interval("low", "high", 0.68)},
        "then": ps.ModelSpec("m", "y ~ x + z", "linear", vcov="hc1"),
        "draws": 2,
        "burn": 2,
        "thin": 1,
        "seed": 1,
    }
    assert len(from_intervals(**given).terms) == 3
    with pytest.raises(SpecError, match=words):
        from_intervals(**given | change)


def test_the_ends_of_another_index_are_refused():
    data = published(50, "linear", np.random.default_rng(1))
    call = {
        "columns": {"x": Interval("low", "high", 0.68)},
        "then": ps.ModelSpec("m", "y ~ x + z", "linear", vcov="hc1"),
        "seed": 1,
    }
    with pytest.raises(SpecError, match=r"50 value\(s\) lie outside their interval"):
        from_intervals(data.assign(low=data.low + 5, high=data.high + 5), **call)
    with pytest.raises(SpecError, match="the column low holds text"):
        from_intervals(data.assign(low=data.low.astype(str)), **call)
