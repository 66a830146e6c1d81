"""What holds of every engine that is not among the first five: which covariances and verbs refuse
it, and which refit it anew.
"""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models import bootstrap, conditional_effects, diagnose, effects, left_out, predict
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.inference import step_down
from peacestudy.models.resampling import romano_wolf

FIRST = ("linear", "logit", "firth", "cox", "discrete_time")
OTHERS = [e for e in ENGINES if e not in FIRST]
OUTCOMES = {"number": "v", "binary": "y", "ordered": "o", "count": "c"}
OPTIONS = {
    "ridge": {"penalty": 1},
    "mixed_logit": {"group": "g"},
    "mixed_linear": {"group": "g", "method": "ml"},
}
CLOSE = 1e-6  # the same rows fitted by the same engine, from another start at most
N = 80


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(4)
    d = pd.DataFrame({"x": rng.normal(size=N), "z": rng.normal(size=N), "g": np.arange(N) % 10})
    d.index = [f"case{i}" for i in range(N)]
    eta = 0.5 * d["x"] + rng.normal(0, 1, 10)[d["g"]]
    return d.assign(
        v=eta + rng.normal(size=N),
        y=(rng.random(N) < 1 / (1 + np.exp(-eta))).astype(int),
        o=np.digitize(eta + rng.logistic(size=N), [-1, 1]),
        c=rng.poisson(np.exp(eta) * rng.gamma(1, 1, N)),
    )


def spec(engine, vcov="classical", cluster=None, **more):
    options = {**OPTIONS.get(engine, {}), **more}
    return ps.ModelSpec(
        engine,
        f"{OUTCOMES[ENGINES[engine].outcome]} ~ x + z",
        engine,
        vcov,
        cluster=cluster,
        options=options,
    )


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("vcov", ["cr2", "jackknife", "hc2", "hc3"])
def test_covariances_of_linear_and_logit_are_refused_by_name(engine, vcov):
    with pytest.raises(
        ps.SpecError, match=f"engine '{engine}' has no vcov '{vcov}'; it must be one of classical"
    ):
        spec(engine, vcov, "g" if vcov in ("cr2", "jackknife") else None)


@pytest.mark.parametrize("engine", OTHERS)
def test_options_of_other_engines_are_refused_by_name(engine):
    vcov, cluster = ("cluster", "g") if "cluster" in ENGINES[engine].vcovs else ("classical", None)
    with pytest.raises(
        ps.SpecError,
        match=f"engine '{engine}' has no option bootstrap, bootstrap_draws, bootstrap_s",
    ):
        spec(engine, vcov, cluster, bootstrap="webb", bootstrap_draws=999, bootstrap_seed=1)
    with pytest.raises(ps.SpecError, match=f"engine '{engine}' has no option weights"):
        spec(engine, weights="z")


@pytest.mark.parametrize("engine", OTHERS)
def test_what_the_verbs_do_not_know_of_the_engine_is_said(engine, table):
    fit = ps.fit(table, spec(engine))
    with pytest.raises(ps.SpecError, match=f"not for this fit of engine '{engine}'"):
        diagnose(fit, by=[], focus="x", benchmarks=["z"])
    with pytest.raises(ps.SpecError, match=f"scale of engine '{engine}' is 'flic'"):
        effects(fit, table, "slopes", scale="flic")
    with pytest.raises(ps.SpecError, match=f"scale of engine '{engine}' is 'flic'"):
        conditional_effects(
            fit, table, "x", (0, 1), "z", [0.0], near=0.5, min_cases=1, scale="flic"
        )
    for kind in ("flic", "flac"):
        with pytest.raises(
            ps.SpecError,
            match=f"{kind} corrects the intercept of engine 'firth', not of '{engine}'",
        ):
            predict(fit, table, kind)


@pytest.mark.parametrize("engine", OTHERS)
def test_cases_left_out_are_fits_of_the_others(engine, table):
    d = table.iloc[:60]
    fit = ps.fit(d, spec(engine))
    found = left_out(fit)
    assert found["left_out"].nunique() == 60
    for case in ("case3", "case41"):
        own = ps.fit(d.drop(index=case), spec(engine)).terms
        part = found[found["left_out"] == case].reset_index(drop=True)
        assert part["term"].tolist() == own["term"].tolist()
        for column in ("estimate", "std_error"):
            assert part[column].to_numpy() == pytest.approx(
                own[column].to_numpy(), rel=CLOSE, abs=CLOSE
            )


def test_a_category_of_one_case_cannot_be_left_out(table):
    fit = ps.fit(table.assign(o=table["o"].where(table.index != "case5", 7)), spec("ordered"))
    found = left_out(fit)
    without = found[found["left_out"] == "case5"]
    assert without["estimate"].isna().all()
    assert without["reason"].str.contains("'o' is never 7 in these rows").all()
    assert (found.loc[found["left_out"] != "case5", "reason"] == "").all()


@pytest.mark.parametrize("engine", OTHERS)
def test_samples_of_blocks_are_fits_of_their_rows(engine, table):
    fit = ps.fit(table, spec(engine))
    found = bootstrap(fit, table, block="g", draws=39, seed=2, interval="percentile")
    assert found.estimates.columns.tolist() == fit.terms["term"].tolist()
    draw = int(found.estimates.index[0])
    chosen = np.random.default_rng(2).integers(0, 10, (39, 10))[draw]
    rows = [table[table["g"] == g].assign(g=copy) for copy, g in enumerate(chosen)]
    own = ps.fit(pd.concat(rows, ignore_index=True), spec(engine)).terms["estimate"]
    assert found.estimates.loc[draw].to_numpy() == pytest.approx(
        own.to_numpy(), rel=CLOSE, abs=CLOSE
    )


@pytest.mark.slow(reason="fits 198 resampled tables by hand, 3 s")
def test_the_step_down_takes_their_terms_too(table):
    fits = [ps.fit(table, spec(e)) for e in ("ordered", "poisson")]
    found = romano_wolf([(f, "x") for f in fits], table, block="g", draws=99, seed=1)
    assert found.failed.empty

    def of_x(fit):
        return fit.terms.set_index("term").loc["x", ["estimate", "std_error"]].to_numpy(dtype=float)

    drawn = []
    for chosen in np.random.default_rng(1).integers(0, 10, (99, 10)):
        rows = pd.concat([table[table["g"] == g] for g in chosen], ignore_index=True)
        anew = [of_x(ps.fit(rows, f.spec)) for f in fits]
        drawn.append([(b - of_x(f)[0]) / error for (b, error), f in zip(anew, fits, strict=True)])
    statistic = np.array([of_x(f)[0] / of_x(f)[1] for f in fits])
    assert found.terms["p_romano_wolf"].tolist() == step_down(statistic, np.array(drawn)).tolist()
