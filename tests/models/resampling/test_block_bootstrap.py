"""The bootstrap of blocks: intervals against R's boot, samples against
refits of tables, every engine, failures told.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import peacestudy as ps
from peacestudy.models import bootstrap
from peacestudy.models.resampling.percentile import bca_probabilities, percentile

REFERENCES = Path(__file__).resolve().parents[2] / "references" / "boot"
R = 1e-9  # relative, against boot.ci on the same draws
SAME = 1e-7  # relative, against fits of tables put together by hand


def survival(seed=4, N=150, G=25):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {"g": rng.integers(0, G, N), "x": rng.normal(size=N), "k": rng.choice(["a", "b", "c"], N)}
    )
    u = rng.normal(size=G)[d.g] / 2
    d["y"] = d.x + u + rng.normal(size=N)
    d["b"] = (rng.random(N) < expit(0.5 * d.x + u)).astype(int)
    d["t"] = np.ceil(rng.exponential(4 * np.exp(-0.4 * d.x - u))).clip(1, 8)
    d["e"] = ((d.t < 8) & (rng.random(N) < 0.8)).astype(int)
    d["w"] = rng.uniform(0.5, 2, N)
    return d


def spec(formula, engine, vcov="classical", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **more)


ALL = [
    spec("y ~ x + C(k)", "linear", "cluster", cluster="g"),
    spec("y ~ x", "linear", "hc1", options={"weights": "w"}),
    spec("b ~ x + C(k)", "logit"),
    spec("b ~ x", "firth", "cluster", cluster="g"),
    spec("Surv(t, e) ~ x + C(k)", "cox"),
    spec("Surv(t, e) ~ x", "cox", options={"strata": "g"}),
    spec("Surv(t, e) ~ x", "discrete_time", options={"baseline": "cubic"}),
]


@pytest.mark.parametrize("interval", ["percentile", "bca"])
@pytest.mark.parametrize("set_", ["skewed", "few", "shifted"])
def test_intervals_are_those_of_boot(set_, interval):
    t = pd.read_csv(REFERENCES / "draws.csv").query("set == @set_").value.to_numpy()
    left = pd.read_csv(REFERENCES / "left_out.csv").query("set == @set_").value.to_numpy()
    for row in (
        pd.read_csv(REFERENCES / "expected.csv")
        .query("set == @set_ and interval == @interval")
        .itertuples()
    ):
        p = np.array([(1 - row.level) / 2, (1 + row.level) / 2])
        asked = (
            p if interval == "percentile" else bca_probabilities(t, row.estimate, left, row.level)
        )
        np.testing.assert_allclose(percentile(t, asked), [row.low, row.high], rtol=R)


@pytest.mark.parametrize("s", ALL, ids=lambda s: f"{s.engine} {s.formula} {dict(s.options)}")
def test_a_sample_is_the_table_of_its_blocks(s):
    d = survival()
    found = bootstrap(ps.fit(d, s), d, block="g", draws=39, seed=7, interval="percentile")
    labels = pd.unique(d.g)
    chosen = np.random.default_rng(7).integers(0, len(labels), (39, len(labels)))
    assert list(found.estimates.columns) == ps.fit(d, s).terms.term.tolist()
    for draw in found.estimates.index[:6]:
        parts = [d[d.g == labels[g]].assign(g=i) for i, g in enumerate(chosen[draw])]
        table = pd.concat(parts, ignore_index=True)
        again = ps.fit(table, s).terms.estimate
        np.testing.assert_allclose(found.estimates.loc[draw], again, rtol=SAME, atol=1e-9)


def test_the_spread_is_that_of_the_clustered_covariance():
    d = survival(1, N=600, G=120)
    fit = ps.fit(d, spec("y ~ x", "linear", "cluster", cluster="g"))
    found = bootstrap(fit, d, block="g", draws=1500, seed=3, interval="bca")
    # the standard error of a standard deviation of 1500 draws is 2 %
    np.testing.assert_allclose(found.terms.std_error, fit.terms.std_error, rtol=0.08)
    np.testing.assert_allclose(
        found.terms.conf_low, fit.terms.conf_low, atol=0.25 * fit.terms.std_error.max()
    )
    assert found.terms.estimate.equals(fit.terms.estimate)
    assert len(found.estimates) == 1500
    assert [n.kind for n in found.notes] == ["bootstrap"]


def test_rows_are_drawn_one_by_one_where_no_block_is_named():
    d = survival()
    one = bootstrap(ps.fit(d, ALL[2]), d, block=None, draws=60, seed=2, interval="percentile")
    assert "150 rows drawn with replacement, seed 2" in one.notes[0].text
    again = bootstrap(ps.fit(d, ALL[2]), d, block=None, draws=60, seed=2, interval="percentile")
    pd.testing.assert_frame_equal(one.estimates, again.estimates)
    periods = bootstrap(ps.fit(d, ALL[6]), d, block=None, draws=39, seed=2, interval="percentile")
    assert "150 rows" in periods.notes[0].text  # the rows given, not the periods they became
    frame = d.rename(index=lambda i: f"c{i}")
    other = bootstrap(
        ps.fit(frame, ALL[2]), frame, block=None, draws=60, seed=2, interval="percentile"
    )
    np.testing.assert_allclose(one.estimates, other.estimates, rtol=1e-12)


def test_samples_that_cannot_be_fitted_are_counted_and_told():
    d = survival(N=40, G=8)
    d["rare"] = (d.g == 3).astype(float)  # in one block alone: not drawn in a third of the samples
    fit = ps.fit(d, spec("y ~ x + rare", "linear"))
    found = bootstrap(fit, d, block="g", draws=200, seed=1, interval="percentile")
    chosen = np.random.default_rng(1).integers(0, 8, (200, 8))
    at = list(pd.unique(d.g)).index(3)
    assert found.failed.draw.tolist() == np.flatnonzero(~(chosen == at).any(axis=1)).tolist()
    assert len(found.estimates) + len(found.failed) == 200
    note = next(n.text for n in found.notes if n.kind == "failed")
    assert note.startswith(
        f"{len(found.failed)} of 200 samples could not be fitted and are left out, the first"
        " because: the term 'rare' is 0 in all"
    )
    assert "few_blocks" in [n.kind for n in found.notes]
    with pytest.raises(
        ps.FitError, match="without g 3 the model cannot be fitted, so there is no bca interval"
    ):
        bootstrap(fit, d, block="g", draws=200, seed=1, interval="bca")
    d["one"], d["two"] = (d.index == 0).astype(float), (d.index == 5).astype(float)
    hard = ps.fit(d, spec("y ~ one + two", "linear"))
    with pytest.raises(ps.FitError, match="of 99 samples of m cannot be fitted, the first because"):
        bootstrap(hard, d, block=None, draws=99, seed=1, interval="percentile")


def test_a_separated_sample_fails_just_where_its_table_does():
    d = survival(6, N=30, G=10)
    d["b"] = (d.x + 0.5 * np.sin(np.arange(30)) > 0.3).astype(int)
    s = spec("b ~ x", "logit")
    found = bootstrap(ps.fit(d, s), d, block="g", draws=80, seed=3, interval="percentile")
    labels = pd.unique(d.g)
    chosen = np.random.default_rng(3).integers(0, len(labels), (80, len(labels)))
    failed = []
    for draw in range(80):
        table = pd.concat([d[d.g == labels[g]] for g in chosen[draw]], ignore_index=True)
        try:
            again = ps.fit(table, s).terms.estimate
        except ps.FitError:
            failed.append(draw)
        else:
            np.testing.assert_allclose(found.estimates.loc[draw], again, rtol=SAME)
    assert 5 < len(failed) < 40
    assert found.failed.draw.tolist() == failed
    assert found.failed.reason.str.contains("separated by x").any()


def test_what_cannot_be_is_refused():
    d = survival()
    fit = ps.fit(d, ALL[0])
    good = {"block": "g", "draws": 99, "seed": 1, "interval": "percentile"}
    for change, said in (
        ({"interval": "studentised"}, "must be one of percentile, bca"),
        ({"draws": 20}, "at least 39 draws"),
        ({"seed": -1}, "seed is -1"),
        ({"conf_level": 1.0}, "conf_level is 1.0"),
        ({"block": "country"}, "the block column 'country' is not in the data"),
    ):
        with pytest.raises(ps.SpecError, match=said):
            bootstrap(fit, d, **(good | change))
    with pytest.raises(ps.FitError, match="all rows are in one block"):
        bootstrap(fit, d.assign(g=1), **good)
    with pytest.raises(ps.FitError, match="the block column 'h' is missing in 3 rows of the fit"):
        bootstrap(fit, d.assign(h=d.g.where(d.index > 2)), **(good | {"block": "h"}))
    with pytest.raises(ps.SpecError, match="name rows twice"):
        bootstrap(fit, d.set_index(d.index // 2), **good)
    with pytest.raises(ps.SpecError, match="is not in the data; give those that were fitted"):
        bootstrap(fit, d.head(20), **good)
    assert "<table" in bootstrap(fit, d, **good)._repr_html_()
