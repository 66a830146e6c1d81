"""Randomisation inference against published and enumerated deals:
rows, blocks, whole clusters; and by its size.
"""

from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.resampling import randomisation_test

COUNTS = 1e-12  # p values are counts of deals


def spec(formula="y ~ x", engine="linear", vcov="hc1", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **more)


def deal(d, s=None, **more):
    return randomisation_test(
        d, s or spec(), "x", **({"clusters": None, "blocks": None, "draws": 999, "seed": 1} | more)
    ).iloc[0]


def statistic(d, x, s):
    t = ps.fit(d.assign(x=x), s).terms.set_index("term")
    return abs(t.statistic["x"])


def test_darwins_plants_are_fishers_count():
    """Fisher (1935), section 21: of 2^15 deals within pairs, 1,726 give a difference as large as
    Darwin's in either direction.
    """
    difference = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48])
    d = pd.DataFrame(
        {
            "y": np.concatenate([difference / 2, -difference / 2]),
            "x": np.repeat([1.0, 0.0], 15),
            "pair": np.tile(np.arange(15), 2),
        }
    )
    found = deal(d, spec("y ~ x", vcov="classical"), blocks="pair", draws=2**15)
    assert found.every
    assert found.deals == 2**15
    assert round(found.p_value * 2**15) == 1726


def test_rows_and_blocks_are_every_deal():
    rng = np.random.default_rng(2)
    d = pd.DataFrame(
        {"x": [1, 0, 0, 1, 0, 0, 1, 0], "h": [1, 1, 1, 1, 2, 2, 2, 2], "z": rng.normal(size=8)}
    )
    d["y"] = d.x + d.z + rng.normal(size=8)
    s = spec("y ~ x + z", vcov="hc2")
    found = deal(d, s)
    all_ = [
        statistic(d, np.isin(np.arange(8), c).astype(float), s) for c in combinations(range(8), 3)
    ]
    assert (found.deals, found.every) == (56, True)
    assert found.p_value == pytest.approx(
        np.mean(np.array(all_) >= statistic(d, d.x, s) * (1 - 1e-9)), abs=COUNTS
    )
    within = deal(d, s, blocks="h")
    all_ = [
        statistic(d, np.isin(np.arange(8), [*a, *b]).astype(float), s)
        for a, b in product(combinations(range(4), 2), combinations(range(4, 8), 1))
    ]
    assert (within.deals, within.every) == (24, True)
    assert within.p_value == pytest.approx(
        np.mean(np.array(all_) >= statistic(d, d.x, s) * (1 - 1e-9)), abs=COUNTS
    )


def test_whole_clusters_are_dealt():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(5), [2, 4, 3, 5, 3])
    value = np.array([0.5, 2.0, 2.0, 3.5, 1.0])  # doses, one twice
    d = pd.DataFrame({"x": value[g], "g": g, "y": rng.normal(size=len(g)) + 0.4 * value[g]})
    s = spec("y ~ x", vcov="cluster", cluster="g")
    found = deal(d, s, clusters="g")
    all_ = [statistic(d, np.array(v)[g], s) for v in set(permutations(value))]
    assert (found.deals, found.every) == (60, True)
    assert found.p_value == pytest.approx(
        np.mean(np.array(all_) >= statistic(d, d.x, s) * (1 - 1e-9)), abs=COUNTS
    )
    d["b"] = (d.y > d.y.median()).astype(int)
    firth = spec("b ~ x", "firth", "classical")
    drawn = deal(d, firth, clusters="g", draws=40)
    assert (drawn.deals, drawn.every) == (40, False)
    assert (drawn.p_value * 41) == pytest.approx(round(drawn.p_value * 41))


@pytest.mark.slow(reason="simulates the size of a test, 2 s")
def test_its_size_is_kept_with_clusters_where_rows_dealt_alone_lose_it():
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(10), 8)
    rejected, draws = np.zeros(2), 150
    for i in range(draws):
        treated = rng.permutation(np.repeat([0.0, 1.0], 5))
        d = pd.DataFrame(
            {"x": treated[g], "g": g, "y": rng.normal(size=80) + rng.normal(size=10)[g]}
        )
        rejected[0] += deal(d, clusters="g", draws=260).p_value <= 0.05
        if i < 40:
            rejected[1] += deal(d, draws=99, seed=i).p_value <= 0.05
    assert abs(rejected[0] / draws - 0.05) < 3 * np.sqrt(0.05 * 0.95 / draws)
    assert rejected[1] / 40 > 0.3


def test_what_cannot_be_dealt_is_refused_by_name():
    d = pd.DataFrame(
        {
            "x": [1.0, 0, 0, 1, 0, 1],
            "z": [1.0, 2, 5, 4, 3, 6],
            "y": [1.0, 2, 2, 5, 4, 7],
            "g": [1, 1, 2, 2, 3, 3],
            "one": [1, 2, 3, 4, 5, 6],
        }
    )
    for s, more, said in (
        (spec(), {"clusters": "g"}, "x varies within a cluster of g"),
        (spec(), {"blocks": "one"}, "x has only one permutation"),
        (spec("y ~ x*z"), {}, "the column of x stands in x:z too"),
        (spec("y ~ z"), {}, "term is 'x'"),
        (spec(vcov="cr2", cluster="g"), {}, "but those of a clock, and vcov classical"),
        (spec("x ~ z", "logit", "classical"), {}, "must be one of linear, firth"),
        (spec(), {"clusters": "country"}, "the cluster column 'country' is not in the data"),
    ):
        with pytest.raises(ps.PeacestudyError, match=said):
            deal(d, s, **more)
    with pytest.raises(ps.SpecError, match=r"stands in square\(x\) too"):
        deal(d.assign(x=d.z**2), spec("y ~ x + square(x) + z"))
    with pytest.raises(ps.FitError, match="a cluster of g lies in several blocks of one"):
        deal(d.assign(x=[1.0, 1, 0, 0, 1, 1]), clusters="g", blocks="one")
