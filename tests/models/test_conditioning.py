"""Columns far from zero, nearly dependent columns, and numbers near the ends of double precision.

The right values are those of the same model with the column centred by hand, exact rational
arithmetic, NIST's certified values (Statistical Reference Datasets, Filip: degree of difficulty
higher), and the same model in other units.
"""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy import models
from peacestudy.models.fit_notes.design_notes import variance_inflation
from peacestudy.models.formulas.centring import centring_of
from peacestudy.models.formulas.dependence import dependence

FILIP_X = """
    -6.860120914, -4.324130045, -4.358625055, -4.358426747, -6.955852379, -6.661145254,
    -6.355462942, -6.118102026, -7.115148017, -6.815308569, -6.519993057, -6.204119983,
    -5.853871964, -6.109523091, -5.79832982, -5.482672118, -5.171791386, -4.851705903,
    -4.517126416, -4.143573228, -3.709075441, -3.499489089, -6.300769497, -5.953504836,
    -5.642065153, -5.031376979, -4.680685696, -4.329846955, -3.928486195, -8.56735134,
    -8.363211311, -8.107682739, -7.823908741, -7.522878745, -7.218819279, -6.920818754,
    -6.628932138, -6.323946875, -5.991399828, -8.781464495, -8.663140179, -8.473531488,
    -8.247337057, -7.971428747, -7.676129393, -7.352812702, -7.072065318, -6.774174009,
    -6.478861916, -6.159517513, -6.835647144, -6.53165267, -6.224098421, -5.910094889,
    -5.598599459, -5.290645224, -4.974284616, -4.64454848, -4.290560426, -3.885055584,
    -3.408378962, -3.13200249, -8.726767166, -8.66695597, -8.511026475, -8.165388579,
    -7.886056648, -7.588043762, -7.283412422, -6.995678626, -6.691862621, -6.392544977,
    -6.067374056, -6.684029655, -6.378719832, -6.065855188, -5.752272167, -5.132414673,
    -4.811352704, -4.098269308, -3.66174277, -3.2644011,
"""
FILIP_Y = """
    0.8116, 0.9072, 0.9052, 0.9039, 0.8053, 0.8377, 0.8667, 0.8809, 0.7975, 0.8162, 0.8515,
    0.8766, 0.8885, 0.8859, 0.8959, 0.8913, 0.8959, 0.8971, 0.9021, 0.909, 0.9139, 0.9199,
    0.8692, 0.8872, 0.89, 0.891, 0.8977, 0.9035, 0.9078, 0.7675, 0.7705, 0.7713, 0.7736, 0.7775,
    0.7841, 0.7971, 0.8329, 0.8641, 0.8804, 0.7668, 0.7633, 0.7678, 0.7697, 0.77, 0.7749,
    0.7796, 0.7897, 0.8131, 0.8498, 0.8741, 0.8061, 0.846, 0.8751, 0.8856, 0.8919, 0.8934,
    0.894, 0.8957, 0.9047, 0.9129, 0.9209, 0.9219, 0.7739, 0.7681, 0.7665, 0.7703, 0.7702,
    0.7761, 0.7809, 0.7961, 0.8253, 0.8602, 0.8809, 0.8301, 0.8664, 0.8834, 0.8898, 0.8964,
    0.8963, 0.9074, 0.9119, 0.9228,
"""
FILIP_ESTIMATES = [
    -1467.48961422980,
    -2772.17959193342,
    -2316.37108160893,
    -1127.97394098372,
    -354.478233703349,
    -75.1242017393757,
    -10.8753180355343,
    -1.06221498588947,
    -0.670191154593408e-1,
    -0.246781078275479e-2,
    -0.402962525080404e-4,
]
FILIP_ERRORS = [
    298.084530995537,
    559.779865474950,
    466.477572127796,
    227.204274477751,
    71.6478660875927,
    15.2897178747400,
    2.23691159816033,
    0.221624321934227,
    0.142363763154724e-1,
    0.535617408889821e-3,
    0.896632837373868e-5,
]
SECONDS = 1.6e9  # a time of today in seconds


def table() -> pd.DataFrame:
    rng = np.random.default_rng(20)
    n = 90
    d = pd.DataFrame({"z": rng.normal(size=n).cumsum() * 0.3, "x": rng.normal(size=n)})
    d["t"] = SECONDS + d.z
    d["z"] = d.t - SECONDS  # exact: what is left of t
    eta = 0.6 * (d.z - d.z.mean()) / d.z.std() - 0.3 + 0.5 * d.x
    d["group"], d["pair"] = np.repeat(range(9), 10), np.repeat(range(30), 3)
    d["y"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(int)
    d["v"] = eta + rng.normal(size=n) + np.repeat(rng.normal(size=9), 10)
    d["k"] = rng.poisson(np.exp(eta / 2 + 1 + rng.normal(size=n)))
    d["o"] = pd.cut(eta + rng.logistic(size=n), [-np.inf, -1, 0, 1, np.inf], labels=False)
    d["time"] = np.ceil(rng.exponential(size=n) * 5 * np.exp(-eta / 2))
    d["event"] = (rng.uniform(size=n) < 0.8).astype(int)
    return d


DATA = table()
OPTIONS = {
    "ridge": {"penalty": 2.0},
    "mixed_linear": {"group": "group", "method": "reml"},
    "mixed_logit": {"group": "group"},
}
CASES = [
    *(("v", "linear", v) for v in ("classical", "hc1", "hc3", "cluster", "cr2", "jackknife")),
    *(("y", e, v) for e in ("logit", "firth") for v in ("classical", "hc1", "jackknife")),
    ("y", "ridge", "classical"),
    ("o", "ordered", "hc1"),
    ("k", "poisson", "cluster"),
    ("k", "negative_binomial", "classical"),
    ("Surv(time, event)", "cox", "cluster"),
    ("Surv(time, event)", "discrete_time", "classical"),
    ("v", "mixed_linear", "classical"),
    ("y", "mixed_logit", "classical"),
]
ONE_VCOV = [
    case
    for case in CASES
    if case[2] not in ("hc1", "hc3", "jackknife") or case[1] in ("ordered", "poisson")
]
NAMES = [f"{engine} {vcov}" for _, engine, vcov in CASES]


def spec(formula: str, engine: str, vcov: str) -> ps.ModelSpec:
    cluster = "pair" if vcov in ("cluster", "cr2", "jackknife") else None
    return ps.ModelSpec(
        "m", formula, engine, vcov, cluster=cluster, options=OPTIONS.get(engine, {})
    )


def numbers(text: str) -> list[str]:
    return text.replace(",", " ").split()


def slopes(fit, names):
    return fit.terms.set_index("term").loc[names].to_numpy()


@pytest.mark.parametrize(("outcome", "engine", "vcov"), CASES, ids=NAMES)
def test_time_in_seconds_has_the_slope_of_the_centred_time(outcome, engine, vcov):
    far, near = (ps.fit(DATA, spec(f"{outcome} ~ {c} + x", engine, vcov)) for c in ("t", "z"))
    np.testing.assert_allclose(slopes(far, ["t", "x"]), slopes(near, ["z", "x"]), rtol=1e-9)
    assert far.loglik == pytest.approx(near.loglik, rel=1e-12)
    np.testing.assert_allclose(far.dfs[["t", "x"]], near.dfs[["z", "x"]], rtol=1e-9)


@pytest.mark.parametrize(("outcome", "engine", "vcov"), CASES, ids=NAMES)
def test_time_in_seconds_has_the_predictions_and_effects_of_the_centred_time(outcome, engine, vcov):
    far, near = (ps.fit(DATA, spec(f"{outcome} ~ {c} + x", engine, vcov)) for c in ("t", "z"))
    if engine not in ("cox", "discrete_time"):
        numbers = ["estimate", "conf_low", "conf_high"]
        a, b = (ps.predict(f, DATA, "response")[numbers] for f in (far, near))
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    if engine == "cox":
        return
    scale = "response" if engine in ("firth", "mixed_logit") else None
    for kind, variables in (("slopes", lambda c: [c]), ("predictions", lambda c: None)):
        a, b = (
            ps.effects(f, DATA, kind, variables(c), scale=scale)[["estimate", "std_error"]]
            for f, c in ((far, "t"), (near, "z"))
        )
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_contrast_and_joint_test_do_not_depend_on_the_distance_from_zero():
    far, near = (ps.fit(DATA, spec(f"v ~ {c}*x", "linear", "hc1")) for c in ("t", "z"))
    # another null than that of z: x has its slope at t = 0
    assert far.joint_test(["t", "t:x"]).p_value < 1
    middle = far.contrast({"x": 1, "t:x": SECONDS}).iloc[0]
    at_zero = near.contrast({"x": 1}).iloc[0]
    np.testing.assert_allclose(
        middle[["estimate", "std_error"]].astype(float),
        at_zero[["estimate", "std_error"]].astype(float),
        rtol=1e-5,
    )
    a, b = (f.joint_test([c, f"{c}:x"]).statistic for f, c in ((far, "t"), (near, "z")))
    assert a == pytest.approx(b, rel=1e-6)


@pytest.mark.parametrize(
    "formula", ["v ~ scale({})", "v ~ poly({}, 2)", "v ~ bs({}, 4)", "v ~ center({}) + x"]
)
def test_functions_of_a_time_in_seconds(formula):
    far, near = (ps.fit(DATA, spec(formula.format(c), "linear", "classical")) for c in ("t", "z"))
    np.testing.assert_allclose(far.terms["statistic"][1:], near.terms["statistic"][1:], rtol=1e-5)


def test_dummies_of_all_categories_take_up_the_distance():
    far, near = (ps.fit(DATA, spec(f"v ~ C(group) + {c} - 1", "linear", "hc1")) for c in ("t", "z"))
    np.testing.assert_allclose(slopes(far, ["t"]), slopes(near, ["z"]), rtol=1e-9)


def test_model_without_a_constant_is_not_moved():
    X = np.column_stack([DATA.t, DATA.x])
    assert not centring_of(X).moves
    found = ps.fit(DATA, spec("v ~ t + x - 1", "linear", "classical"))
    exact = np.linalg.lstsq(X / [SECONDS, 1], DATA.v.to_numpy(), rcond=None)[0] / [SECONDS, 1]
    np.testing.assert_allclose(found.terms["estimate"], exact, rtol=1e-9)


def test_filip_of_nist_has_the_certified_values():
    x, y = (pd.Series(numbers(text), dtype=float) for text in (FILIP_X, FILIP_Y))
    d = pd.DataFrame({"x": x, "y": y}).assign(
        **{f"x{k}": lambda t, k=k: t.x**k for k in range(2, 11)}
    )
    powers = ps.fit(
        d, spec("y ~ x + " + " + ".join(f"x{k}" for k in range(2, 11)), "linear", "classical")
    )
    np.testing.assert_allclose(powers.terms["estimate"], FILIP_ESTIMATES, rtol=1e-6)
    np.testing.assert_allclose(powers.terms["std_error"], FILIP_ERRORS, rtol=1e-6)
    assert np.sqrt(powers.scale) == pytest.approx(0.334801051324544e-2, rel=1e-7)
    assert powers.r_squared == pytest.approx(0.996727416185620, rel=1e-9)
    assert [n.kind for n in powers.notes] == ["collinearity"]
    curve = ps.fit(d, spec("y ~ poly(x, 10)", "linear", "classical"))
    ends = ["estimate", "conf_low", "conf_high"]
    np.testing.assert_allclose(
        *(ps.predict(f, d, "response")[ends] for f in (powers, curve)), rtol=1e-7
    )


def test_filip_of_nist_in_exact_arithmetic():
    """The data above are NIST's: normal equations in rational numbers give the certified values."""
    rows = list(zip(numbers(FILIP_X), numbers(FILIP_Y), strict=True))
    X = [[Fraction(x) ** k for k in range(11)] for x, _ in rows]
    A = [
        [sum(r[i] * r[j] for r in X) for j in range(11)]
        + [sum(r[i] * Fraction(y) for r, (_, y) in zip(X, rows, strict=True))]
        for i in range(11)
    ]
    for i in range(11):
        A[i] = [v / A[i][i] for v in A[i]]
        for j in range(11):
            if j != i:
                A[j] = [a - A[j][i] * b for a, b in zip(A[j], A[i], strict=True)]
    np.testing.assert_allclose([float(row[11]) for row in A], FILIP_ESTIMATES, rtol=1e-13)


@pytest.fixture(scope="module")
def pair() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {"a": rng.normal(size=80), "e": rng.normal(size=80), "y": rng.normal(size=80)}
    )


def test_inflation_rises_until_the_refusal(pair):
    """The factor is that of two columns, 1/(1 - r^2), in rational numbers; the note stays up to the
    refusal, which says what is so.
    """
    before, refused = 0.0, []
    for power in range(1, 18):
        d = pair.assign(b=pair.a + 10.0**-power * pair.e)
        found = variance_inflation(np.column_stack([d.a, d.b]), [0, 1])
        if power <= 11:
            assert found[0] == pytest.approx(_inflation(d.a, d.b), rel=1e-4)
            assert found[0] > before
            before = found[0]
        try:
            notes = ps.fit(d, spec("y ~ a + b", "linear", "hc1")).notes
        except ps.FitError as err:
            refused.append(str(err))
        else:
            assert not refused
            assert ("collinearity" in [n.kind for n in notes]) == (found[0] > 10)
    assert len(refused) == 6
    assert "too close to combinations of each other" in refused[0]
    assert "exact combinations of each other" in refused[-1]


def _inflation(a, b) -> float:
    A, B = ([Fraction(v) for v in column] for column in (a, b))
    A, B = ([v - sum(column) / len(column) for v in column] for column in (A, B))
    aa, bb, ab = (
        sum(p * q for p, q in zip(u, v, strict=True)) for u, v in ((A, A), (B, B), (A, B))
    )
    return float(1 / (1 - ab * ab / (aa * bb)))


@pytest.mark.parametrize("engine", ["linear", "logit", "firth", "poisson", "ordered", "cox"])
def test_sums_are_exact_combinations_and_rounded_shares_are_not(pair, engine):
    d = DATA.iloc[:80].reset_index(drop=True).assign(a=pair.a, e=pair.e, s=3 * pair.a - pair.e / 7)
    outcome = {"linear": "v", "poisson": "k", "ordered": "o", "cox": "Surv(time, event)"}.get(
        engine, "y"
    )
    with pytest.raises(ps.FitError, match=r"'a', 'e', 's' are exact combinations"):
        ps.fit(d, spec(f"{outcome} ~ a + e + s", engine, "classical"))
    noted = ps.fit(
        d.assign(s=d.s.round(7)), spec(f"{outcome} ~ a + e + s", engine, "classical")
    ).notes
    assert "collinearity" in [n.kind for n in noted]


def test_nearly_dependent_columns_have_the_predictions_of_their_difference(pair):
    """x1 and x1 + 1e-9 e span what x1 and e span: fitted values
    and their intervals are the same.
    """
    d = pair.assign(b=pair.a + 1e-9 * pair.e)
    d["e"] = (d.b - d.a) * 1e9  # as it is after rounding
    for engine, outcome in (("linear", "y"), ("logit", "z")):
        d["z"] = (d.y > 0).astype(int)
        near, apart = (ps.fit(d, spec(f"{outcome} ~ a + {c}", engine, "hc1")) for c in ("b", "e"))
        numbers = ["estimate", "conf_low", "conf_high"]
        np.testing.assert_allclose(
            *(ps.predict(f, d, "response")[numbers] for f in (near, apart)), rtol=1e-5, atol=1e-7
        )
        assert near.contrast({"a": 1, "b": 1}).std_error[0] == pytest.approx(
            apart.contrast({"a": 1}).std_error[0], rel=1e-4
        )
        assert near.joint_test(["a", "b"]).statistic == pytest.approx(
            apart.joint_test(["a", "e"]).statistic, rel=1e-5
        )


def test_dependence_needs_digits_that_the_data_have():
    rng = np.random.default_rng(1)
    x, one = rng.normal(size=60), np.ones(60)
    assert dependence(np.column_stack([one, 1e9 + x])) is None
    lost = dependence(np.column_stack([one, 1e13 + x]))
    assert lost is not None and not lost.exact
    assert dependence(np.column_stack([one, x, (x - x.mean()) / x.std()])).exact


@pytest.mark.parametrize(("outcome", "engine", "vcov"), ONE_VCOV)
@pytest.mark.parametrize("power", [-320, -101, -99, 99, 101, 300])
def test_units_of_a_covariate_change_nothing_but_its_unit_or_are_refused(
    outcome, engine, vcov, power
):
    d = DATA.assign(x=(DATA.x + 2) * 10.0**power)
    model = spec(f"{outcome} ~ x + z", engine, vcov)
    if not 1e-100 < abs(d.x).max() < 1e100:
        with pytest.raises(ps.FitError, match=r"'x'.*Take another unit"):
            ps.fit(d, model)
        return
    found, plain = ps.fit(d, model), ps.fit(DATA.assign(x=DATA.x + 2), model)
    columns = ["statistic", "p_value"]
    np.testing.assert_allclose(found.terms[columns], plain.terms[columns], rtol=1e-6)


@pytest.mark.parametrize("power", [-320, -155, -101, -99, -60, 60, 99, 101, 155, 300])
@pytest.mark.parametrize("engine", ["linear", "mixed_linear"])
def test_units_of_an_outcome_change_nothing_but_its_unit_or_are_refused(engine, power):
    d = DATA.assign(v=DATA.v * 10.0**power)
    model = spec("v ~ x + z", engine, "classical")
    if not 1e-100 < abs(d.v).max() < 1e100:
        with pytest.raises(ps.FitError, match=r"'v'.*Take another unit"):
            ps.fit(d, model)
        return
    found, plain = ps.fit(d, model), ps.fit(DATA, model)
    np.testing.assert_allclose(found.terms["statistic"], plain.terms["statistic"], rtol=1e-6)
    np.testing.assert_allclose(
        found.terms["std_error"] / 10.0**power, plain.terms["std_error"], rtol=1e-6
    )


def test_units_too_far_apart_are_refused():
    for x, y in ((-99, 99), (99, -99)):
        d = DATA.assign(x=(DATA.x + 2) * 10.0**x, v=DATA.v * 10.0**y)
        with pytest.raises(
            ps.FitError, match=r"'x' is beyond the numbers of double precision.*units too far apart"
        ):
            ps.fit(d, spec("v ~ x", "linear", "hc1"))


def test_offset_beyond_double_precision_is_refused():
    with pytest.raises(ps.FitError, match=r"offset 't' goes from.*Was the exposure itself meant"):
        ps.fit(
            DATA.assign(t=DATA.time * 1e3),
            ps.ModelSpec("m", "k ~ x", "poisson", "hc1", options={"offset": "t"}),
        )


def test_randomisation_of_a_time_in_seconds_is_that_of_the_centred_time():
    p = [
        models.resampling.randomisation_test(
            DATA,
            spec(f"v ~ {c} + x", "linear", "hc1"),
            c,
            clusters=None,
            blocks=None,
            draws=49,
            seed=1,
        )
        for c in ("t", "z")
    ]
    np.testing.assert_allclose(
        p[0][["estimate", "statistic", "p_value"]],
        p[1][["estimate", "statistic", "p_value"]],
        rtol=1e-8,
    )


def test_a_second_beyond_the_data_is_an_extrapolation_and_a_changed_second_is_seen():
    found = ps.fit(DATA, spec("v ~ t", "linear", "hc1"))
    later = DATA.assign(t=DATA.t.max() + 1)
    assert ps.predict(found, later, "response")["note"].str.contains("an extrapolation").all()
    assert not ps.predict(found, DATA, "response")["note"].any()
    with pytest.raises(ps.FitError, match="differ from the fitted ones"):
        ps.effects(found, DATA.assign(t=DATA.t + (DATA.index == 3)), "slopes")


def test_imputation_says_of_near_combinations_that_they_are_near():
    d = DATA[["v", "x", "z"]].assign(v=DATA.v.where(DATA.index % 5 > 0))
    for noise, said in ((0.0, "exact combinations"), (1e-11, "nearly combinations")):
        with pytest.raises(ps.FitError, match=said):
            models.impute(
                d.assign(s=d.x + d.z + noise * DATA.k),
                ["v", "x", "z", "s"],
                m=2,
                cycles=1,
                donors=3,
                seed=1,
            )
