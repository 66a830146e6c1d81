"""Permutation tests: a case without a stratum is refused; outcomes stay within strata."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.errors import FitError, SpecError
from peacestudy.models.resampling.permutation import _permuted

SPEC = ps.ModelSpec("m", "y ~ x", "linear", "hc1")


def table():
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {"x": rng.normal(size=40), "y": rng.normal(size=40), "s": np.repeat(["a", "b"], 20)}
    )


def test_a_case_without_a_stratum_is_refused_by_name():
    d = table()
    d.loc[3, "s"] = None
    with pytest.raises(FitError, match=r"the stratum 's' is missing in 1 rows of the fit \(3\)"):
        ps.models.permutation_test(d, SPEC, ["x"], strata="s", draws=9, seed=1)
    d.loc[3, "y"] = np.nan  # not a case of the fit
    assert len(ps.models.permutation_test(d, SPEC, ["x"], strata="s", draws=9, seed=1)) == 3


def test_an_unknown_stratum_is_refused():
    with pytest.raises(SpecError, match="it must be one of x, y, s"):
        ps.models.permutation_test(table(), SPEC, ["x"], strata="t", draws=9, seed=1)


def test_every_stratum_keeps_its_outcomes():
    y, strata = np.arange(40.0), np.repeat([0, 1], 20)
    for permuted in _permuted(y, strata, 25, np.random.default_rng(0)):
        assert sorted(permuted[:20]) == list(y[:20]) and sorted(permuted[20:]) == list(y[20:])


def drawn(n=40, seed=3):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    return d.assign(y=d.x + rng.normal(size=n), s=0, w=rng.uniform(0.5, 2, n), twice=2 * d.x, k=1.0)


@pytest.mark.parametrize("formula", ["y ~ x + twice", "y ~ x + k"])
def test_terms_that_cannot_be_told_apart_are_refused_as_in_a_fit(formula):
    spec = ps.ModelSpec("m", formula, "linear", "classical")
    with pytest.raises(ps.FitError) as single:
        ps.fit(drawn(), spec)
    with pytest.raises(ps.FitError) as permuted:
        ps.models.permutation_test(drawn(), spec, ["x"], strata="s", draws=99, seed=1)
    assert str(permuted.value) == str(single.value)


def test_weights_are_refused():
    spec = ps.ModelSpec("m", "y ~ x + z", "linear", "hc1", options={"weights": "w"})
    with pytest.raises(ps.SpecError, match="a permutation test has no weights"):
        ps.models.permutation_test(drawn(), spec, ["x"], strata="s", draws=99, seed=1)
