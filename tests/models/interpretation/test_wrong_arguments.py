"""Every argument wrong in turn: each is refused by its name, and
nothing of numpy's or pandas' reaches the reader.
"""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models import conditional_effects, diagnose, effects, impute, predict

N = 90


def draw():
    rng = np.random.default_rng(1)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "m": rng.integers(0, 3, N) * 1.0,
            "k": rng.choice(list("uv"), N),
            "t": rng.integers(1, 6, N),
        }
    )
    d["y"] = (d.x + rng.logistic(size=N) > 0) * 1
    return d


D = draw()
GAPS = D.assign(x=D.x.where(np.arange(N) % 7 > 0))
FILLED = impute(GAPS, list(D.columns), m=3, cycles=1, donors=3, seed=1)
SPEC = ps.ModelSpec("m", "y ~ x*m + C(k)", "logit", "classical")
FIT, POOLED = ps.fit(D, SPEC), ps.fit(FILLED, SPEC)
COX = ps.fit(D, ps.ModelSpec("c", "Surv(t, y) ~ x", "cox", "classical"))
PERIODS = ps.fit(
    D,
    ps.ModelSpec("c", "Surv(t, y) ~ x", "discrete_time", "classical", options={"baseline": "log"}),
)
SIMULATED = {"interval": "simulation", "draws": 100}


def conditional(**given):
    return conditional_effects(
        FIT,
        D,
        **{
            "variable": "x",
            "change": "slope",
            "moderator": "m",
            "values": [0, 1],
            "near": 0.5,
            "min_cases": 1,
        }
        | given,
    )


def imputed(**given):
    return impute(
        **{"data": GAPS, "columns": ["y", "x", "m"], "m": 2, "cycles": 1, "donors": 2, "seed": 1}
        | given
    )


WRONG = {
    "fit": (
        lambda v: predict(v, D, "response"),
        [None, "x", 0, []],
        "predict takes a Fit, or a PooledFit",
    ),
    "level": (
        lambda v: predict(FIT, D, "response", v),
        [None, "x", [], True, 95],
        "conf_level is .* must lie between 0 and 1",
    ),
    "level-effects": (
        lambda v: effects(FIT, D, "slopes", conf_level=v),
        [None, "x", {}],
        "conf_level is .* must lie between 0 and 1",
    ),
    "level-tidy": (
        lambda v: FIT.tidy(v),
        [None, "x", []],
        "conf_level is .* must lie between 0 and 1",
    ),
    "level-pooled": (
        lambda v: POOLED.tidy(v),
        [None, "x", []],
        "conf_level is .* must lie between 0 and 1",
    ),
    "one_sided": (lambda v: POOLED.tidy(one_sided=v), [[], {}, 1], "one_sided"),
    "at": (
        lambda v: effects(FIT, D, "slopes", "x", at=v),
        ["m", 1.5, True, ["m"]],
        "at is .*; write the value of each column",
    ),
    "at-category": (
        lambda v: effects(FIT, D, "slopes", "x", at={"k": v}),
        [{}, {"u": 1}],
        "the value of 'k' is .*; it must be a category",
    ),
    "variables": (
        lambda v: effects(FIT, D, "slopes", v),
        [0, True, 1.5, [1]],
        "the variables of slopes are",
    ),
    "seed": (
        lambda v: effects(FIT, D, "slopes", "x", seed=v, **SIMULATED),
        ["x", -1, 1.5, True, []],
        "seed is .* whole number",
    ),
    "seed-pooled": (
        lambda v: effects(POOLED, FILLED, "slopes", "x", seed=v, **SIMULATED),
        ["x", -1, 1.5],
        "seed is .* whole number",
    ),
    "seed-null": (
        lambda v: POOLED.null_statistics(["x"], 99, v),
        [None, "x", -1, 1.5],
        "seed is .* whole number",
    ),
    "horizon": (
        lambda v: effects(COX, D, "comparisons", {"x": (0, 1)}, horizon=v),
        [[], {}, "x", -1],
        "horizon is",
    ),
    "periods": (
        lambda v: effects(PERIODS, D, "comparisons", {"x": (0, 1)}, horizon=v),
        [[], {}, "x", 1.5, np.nan],
        "horizon is",
    ),
    "values": (
        lambda v: conditional(values=v),
        [None, 0, True, 1.5],
        "values of 'm' are .*; write a list of values",
    ),
    "value": (
        lambda v: conditional(values=[v]),
        [None, [], {}],
        "is not a value of 'm'; it must be a number",
    ),
    "near": (lambda v: conditional(near=v), [[], {}, None, "x", -1], "near is"),
    "difference": (
        lambda v: conditional(difference=v),
        [0, True, 1.5, "01", (0,)],
        "difference is",
    ),
    "held": (
        lambda v: conditional(at=v),
        ["x", 1, True],
        "at is .*; write the value of each column",
    ),
    "moderator": (
        lambda v: conditional(moderator=v),
        [[], {}, 1],
        "each must be the name of a column",
    ),
    "groups": (
        lambda v: diagnose(FIT, by=[], groups=v),
        [None, "x", np.nan, [], 1, 2.5],
        "groups is .*; write two or more",
    ),
    "by": (
        lambda v: diagnose(FIT, by=v),
        [True, 0, 1.5],
        "by is .*; write a list of what is left out",
    ),
    "columns": (
        lambda v: imputed(columns=v),
        [None, 0, True],
        "columns is .*; write a list of names",
    ),
    "survival": (
        lambda v: imputed(columns=["y", "x", "t"], survival=v),
        [0, True, 1.5, "t"],
        "survival is .*; write \\(time, event\\)",
    ),
    "terms": (lambda v: POOLED.joint_test(v), [None, 0, True, {"x": 1}], "the terms to test are"),
    "terms-one": (lambda v: FIT.joint_test(v), [None, 0, True], "the terms to test are"),
    "weights": (
        lambda v: POOLED.contrast(v),
        [None, "x", 0, [("x", 1)]],
        "the weights of a contrast are",
    ),
    "weights-one": (lambda v: FIT.contrast(v), [None, "x", 0], "the weights of a contrast are"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_is_refused_by_its_name(name):
    call, values, message = WRONG[name]
    for value in values:
        with pytest.raises(ps.SpecError, match=message):
            call(value)


def test_one_part_by_its_name_is_a_list_of_one():
    one, listed = (diagnose(FIT, by=by).ranges for by in ("case", ["case"]))
    pd.testing.assert_frame_equal(one, listed)


def test_numbers_of_numpy_are_numbers():
    plain = conditional(values=[0, 1], near=0.5)
    pd.testing.assert_frame_equal(plain, conditional(values=np.array([0, 1]), near=np.float32(0.5)))
    assert effects(FIT, D, "slopes", "x", seed=np.int64(1), **SIMULATED).equals(
        effects(FIT, D, "slopes", "x", seed=1, **SIMULATED)
    )
