"""from_intervals: an index published with error, imputed given the outcome, against the truth by simulation."""

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
    y = eta + rng.normal(size=n) if outcome == "linear" else (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    return pd.DataFrame(
        {"case_id": [f"c{i}" for i in range(n)], "y": y, "z": z, "x": seen, "low": seen - error, "high": seen + error}
    )


COVERS = float(2 * stats.norm.cdf(1) - 1)  # one standard deviation either way


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
