"""An engine that is registered a second time gives the same answer in every verb.

A verb that compares names instead of asking the value would refuse the second name, or would answer
something else in silence. Values are compared exactly, texts after the name is replaced.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy import models, robustness
from peacestudy.core.frame import StudyFrame
from peacestudy.errors import PeacestudyError
from peacestudy.figures import forest
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.result import Fit
from peacestudy.tables import regression

N = 64
FORMULAS = {
    "number": "v ~ x + z + m",
    "binary": "b ~ x + z + m",
    "survival": "Surv(t, event) ~ x + z + m",
    "periods": "Surv(t, event) ~ x + z + m",
    "ordered": "o ~ x + z + m",
    "count": "k ~ x + z + m",
}
OPTIONS = {
    "ridge": {"penalty": 1.0},
    "mixed_logit": {"group": "g"},
    "mixed_linear": {"group": "g", "method": "reml"},
    "discrete_time": {"baseline": "log"},
}
NAMES = list(ENGINES)


def draw():
    rng = np.random.default_rng(12)
    x, z = rng.normal(size=(2, N))
    group = np.arange(N) % 16
    eta = 0.6 * x - 0.3 * z + 0.7 * rng.normal(size=16)[group]
    d = pd.DataFrame({"x": x, "z": z, "g": group, "case": [f"c{i:02d}" for i in range(N)]})
    d["m"] = rng.integers(0, 2, N)
    d["v"] = eta + rng.normal(size=N)
    d["b"] = (rng.random(N) < 1 / (1 + np.exp(-eta))) * 1
    d["k"] = rng.negative_binomial(2, 1 / (1 + np.exp(eta) / 2))
    order = np.digitize(eta + rng.logistic(size=N), [-1.0, 1.0])
    d["o"] = pd.Categorical.from_codes(order, ["low", "middle", "high"], ordered=True)
    d["t"] = np.minimum(np.ceil(rng.exponential(6 * np.exp(-eta))), 9)
    d["event"] = (d["t"] < 9) * 1
    return d


D = draw()
FRAME = StudyFrame(D, "case", "case")


def spec_of(engine, name, vcov):
    cluster = "g" if vcov in ("cluster", "cr2", "jackknife") else None
    formula = FORMULAS[ENGINES[engine].outcome]
    return ps.ModelSpec("m", formula, name, vcov, cluster, OPTIONS.get(engine, {}))


def bootstrapped(fit):
    if not ENGINES[fit.spec.engine].bootstrap:
        return None
    options = {"bootstrap": "webb", "bootstrap_draws": 199, "bootstrap_seed": 3}
    spec = ps.ModelSpec("m", fit.spec.formula, fit.spec.engine, "cluster", "g", options)
    return ps.fit(FRAME, spec)


def imputed(fit):
    holes = D.assign(z=D["z"].where(D.index % 7 != 0)).drop(columns="case")
    timed = ENGINES[fit.spec.engine].timed
    response = fit.design.formula.response
    outcome = list(response.columns) if timed else [response.column]
    survival = outcome if timed else None
    columns = ["z", "x", "m", "g", *outcome]
    filled = models.impute(holes, columns, m=2, cycles=2, donors=5, seed=4, survival=survival)
    return ps.fit(filled, fit.spec)


def propagated(fit):
    intervals = D.assign(low=D["x"] - 1, high=D["x"] + 1)
    frame = StudyFrame(intervals, "case", "case")
    columns = {"x": robustness.Interval("low", "high", 0.95)}
    return robustness.from_intervals(frame, columns, fit.spec, draws=4, burn=2, thin=1, seed=1)


def scale(fit):
    return ENGINES[fit.spec.engine].scales[0]


AT = {"x": (0.0, 1.0)}
# verbs whose answer depends on the covariance; the others run with the classical one alone
OF_COVARIANCES = [
    "fit",
    "tidy",
    "joint test",
    "contrast",
    "detectable",
    "predict",
    "predictions",
    "comparisons",
    "signs of clusters",
    "regression",
]
VERBS = {
    "fit": lambda fit: fit,
    "glance": lambda fit: fit.glance(),
    "tidy": lambda fit: fit.tidy(conf_level=0.9),
    "ratios": lambda fit: fit.tidy(exponentiate=True),
    "joint test": lambda fit: fit.joint_test(["x", "z"]),
    "contrast": lambda fit: fit.contrast({"x": 1.0, "z": -1.0}),
    "detectable": lambda fit: fit.detectable(power=0.8, significance=0.05),
    "repr": lambda fit: (repr(fit), fit._repr_html_()),
    "predict": lambda fit: ps.predict(fit, D.head(5), kind="response"),
    "predict average": lambda fit: ps.predict(fit, D.head(5), kind="average"),
    "predict flic": lambda fit: ps.predict(fit, D.head(5), kind="flic"),
    "predictions": lambda fit: ps.effects(fit, FRAME, "predictions", scale=scale(fit)),
    "slopes": lambda fit: ps.effects(fit, FRAME, "slopes", "x", scale=scale(fit)),
    "comparisons": lambda fit: ps.effects(fit, FRAME, "comparisons", AT, scale=scale(fit)),
    "without a scale": lambda fit: ps.effects(fit, FRAME, "slopes", "x"),
    "horizon": lambda fit: ps.effects(fit, FRAME, "comparisons", AT, horizon=5),
    "simulation": lambda fit: ps.effects(
        fit,
        FRAME,
        "comparisons",
        AT,
        scale=scale(fit),
        interval="simulation",
        draws=300,
        seed=2,
    ),
    "diagnose": lambda fit: models.diagnose(fit, by=["case"] if fit.n_clusters is None else []),
    "parallel lines": lambda fit: models.fit_notes.parallel_lines(fit),
    "proportional hazards": lambda fit: models.fit_notes.proportional_hazards(fit),
    "overdispersion": lambda fit: models.fit_notes.overdispersion(fit),
    "left out": lambda fit: models.left_out(fit, "case"),
    "permutation": lambda fit: models.permutation_test(
        FRAME, fit.spec, ["x"], strata="m", draws=99, seed=1
    ),
    "out of sample": lambda fit: models.out_of_sample(FRAME, [fit.spec], groups="g", seed=1),
    "randomisation": lambda fit: models.resampling.randomisation_test(
        FRAME, fit.spec, "m", clusters=None, blocks=None, draws=99, seed=1
    ),
    "romano wolf": lambda fit: models.resampling.romano_wolf(
        [(fit, "x"), (fit, "z")], FRAME, block=None, draws=99, seed=1
    ),
    "bootstrap": lambda fit: models.bootstrap(
        fit, FRAME, block=None, draws=99, seed=1, interval="percentile", conf_level=0.9
    ),
    "signs of clusters": bootstrapped,
    "by context": lambda fit: models.by_context(
        FRAME, fit.spec, "x", "m", method="reml", min_events=5
    ),
    "impute": imputed,
    "propagate": propagated,
    "forest": lambda fit: [
        text.get_text() for text in forest(fit).findobj() if hasattr(text, "get_text")
    ],
    "regression": lambda fit: regression([fit]),
}


def plain(value, engine):
    """A value as nested tuples, with the second name of the engine replaced by the first."""
    if isinstance(value, str):
        return value.replace("twin", engine)
    if isinstance(value, pd.DataFrame):
        return plain(list(value.columns), engine), plain(
            value.to_numpy(dtype=object).tolist(), engine
        )
    if isinstance(value, pd.Series):
        return plain(value.tolist(), engine)
    if isinstance(value, np.ndarray):
        return plain(value.tolist(), engine)
    if isinstance(value, Fit):
        parts = (
            value.terms,
            value.vcov,
            value.glance(),
            [str(n) for n in value.notes],
            value.cases,
        )
        return tuple(plain(part, engine) for part in parts)
    if dataclasses.is_dataclass(value):
        return tuple(plain(vars(value)[f.name], engine) for f in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return tuple((plain(k, engine), plain(v, engine)) for k, v in value.items())
    if isinstance(value, list | tuple):
        return tuple(plain(v, engine) for v in value)
    return "missing" if value is None or value is pd.NA or value != value else value


def answer(verb, fit, engine):
    """What a verb gives, or the error of ours that it raises; another error is not caught."""
    try:
        return "answer", plain(VERBS[verb](fit), engine)
    except PeacestudyError as error:
        return "error", type(error).__name__, plain(str(error), engine)


@pytest.fixture
def twin(monkeypatch, request):
    monkeypatch.setitem(ENGINES, "twin", ENGINES[request.param])
    return request.param


def compare(engine, vcov, verbs):
    """Compare the answers under both names; the verbs that answered."""
    first = ps.fit(FRAME, spec_of(engine, engine, vcov))
    second = ps.fit(FRAME, spec_of(engine, "twin", vcov))
    answered = set()
    for verb in verbs:
        want = answer(verb, first, engine)
        got = answer(verb, second, engine)
        if want[0] == "error":
            # a message may list the engines that can, and the second name is then one of them
            assert got[:2] == want[:2], (verb, vcov, want, got)
            continue
        assert got == want, (verb, vcov)
        answered.add(verb)
    return answered


@pytest.mark.parametrize("twin", NAMES, indirect=True)
def test_every_covariance_is_the_same_under_a_second_name(twin):
    for vcov in ENGINES[twin].vcovs:
        assert compare(twin, vcov, OF_COVARIANCES) >= {"fit", "tidy", "contrast"}


@pytest.mark.slow(
    reason="runs 34 verbs, many of them with refits, twice for each of eleven engines"
)
@pytest.mark.parametrize("twin", NAMES, indirect=True)
def test_every_verb_gives_the_same_answer_under_a_second_name(twin):
    answered = compare(twin, "classical", VERBS)
    assert len(answered) >= 15, sorted(set(VERBS) - answered)


# the quick ones first: a later one runs only what none before it answered
SOME = ["linear", "firth", "poisson", "ordered", "cox", "mixed_logit"]


@pytest.mark.slow(reason="runs every verb once, many of them with refits")
def test_every_verb_answers_for_some_engine():
    missing = set(VERBS)
    for name in SOME:
        fit = ps.fit(FRAME, spec_of(name, name, "classical"))
        missing -= {verb for verb in missing if answer(verb, fit, name)[0] == "answer"}
    assert missing == set()
