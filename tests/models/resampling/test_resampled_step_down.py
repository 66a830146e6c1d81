"""The step-down against its definition level by level, refits of tables in a loop, and its
family-wise error by simulation.
"""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models import adjust
from peacestudy.models.inference import step_down
from peacestudy.models.resampling import romano_wolf

SAME = 1e-9  # relative, of statistics of tables put together by hand


def rejected_at(level, statistic, resampled):
    """Romano and Wolf (2005), Algorithm 4.1, at one level: reject,
    take the rejected out, compare again.
    """
    active, out = set(range(len(statistic))), set()
    while active:
        largest = [max(abs(row[j]) for j in active) for row in resampled]
        new = {
            s
            for s in active
            if (1 + sum(m >= abs(statistic[s]) for m in largest))
            <= level * (1 + len(resampled)) + 1e-9
        }
        if not new:
            break
        out, active = out | new, active - new
    return out


def test_adjusted_p_are_the_levels_at_which_it_rejects():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        statistic = rng.normal(size=5) * 1.6
        resampled = 0.7 * rng.normal(size=(59, 1)) + rng.normal(size=(59, 5))
        p = step_down(statistic, resampled)
        for level in np.arange(1, 61) / 60:
            assert {j for j in range(5) if p[j] <= level + 1e-9} == rejected_at(
                level, statistic, resampled
            )


def data(N=70, G=14, seed=3):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"g": rng.integers(0, G, N), "x": rng.normal(size=N), "z": rng.normal(size=N)})
    u = rng.normal(size=(G, 2))
    common = rng.normal(size=N)
    d["a"] = 0.5 * d.x + common + u[d.g, 0]
    d["b"] = common + 0.4 * rng.normal(size=N) + u[d.g, 1]
    d.loc[d.g == 0, "b"] = np.nan  # a block that one of the models does not have
    return d


def fits(d):
    return [
        ps.fit(d, ps.ModelSpec(y, f"{y} ~ x + z", "linear", "cluster", cluster="g"))
        for y in ("a", "b")
    ]


def test_it_is_the_loop_over_tables():
    d = data()
    a, b = fits(d)
    family = [(a, "x"), (a, "z"), (b, "x")]
    found = romano_wolf(family, d, block="g", draws=99, seed=5)
    labels = list(pd.unique(d.g))
    labels = [g for g in labels if (d.g == g).any()]
    chosen = np.random.default_rng(5).integers(0, len(labels), (99, len(labels)))
    drawn = []
    for row in chosen:
        table = pd.concat(
            [d[d.g == labels[g]].assign(g=i) for i, g in enumerate(row)], ignore_index=True
        )
        t = [f.terms.set_index("term") for f in fits(table)]
        drawn.append(
            [
                (t[i].estimate[term] - f.terms.set_index("term").estimate[term])
                / t[i].std_error[term]
                for i, f, term in ((0, a, "x"), (0, a, "z"), (1, b, "x"))
            ]
        )
    statistic = [f.terms.set_index("term").statistic[term] for f, term in family]
    np.testing.assert_allclose(found.terms.statistic, statistic, rtol=SAME)
    np.testing.assert_allclose(
        found.terms.p_romano_wolf, step_down(np.array(statistic), np.array(drawn)), rtol=1e-12
    )
    np.testing.assert_allclose(found.terms.p_holm, adjust(found.terms.p_value, "holm"), rtol=1e-12)
    assert found.terms.model.tolist() == ["a", "a", "b"]
    assert "99 samples of 14 blocks of g, seed 5" in found.notes[0].text
    assert "<table" in found._repr_html_()


@pytest.mark.slow(reason="simulates error rates and power, 3 s")
def test_it_keeps_the_family_wise_error_and_finds_more_than_holm():
    """Six outcomes that go together, two with an effect. Nominal .05 over the four others."""
    rng = np.random.default_rng(9)
    sets, N, D, S = 1000, 80, 199, 6
    effect = np.array([0.42, 0.42, 0, 0, 0, 0])
    wrong, power = 0, np.zeros(2)
    for _ in range(sets):
        x = rng.normal(size=N)
        y = x[:, None] * effect + 0.9 * rng.normal(size=(N, 1)) + 0.44 * rng.normal(size=(N, S))

        def slopes(w, x=x, y=y):
            """Slopes and hc0 standard errors with weights (D, N), each (D, S)."""
            n = w.sum(axis=1, keepdims=True)
            mx, my = w @ x[:, None] / n, w @ y / n
            sxx = w @ (x**2)[:, None] - n * mx**2
            b = (w @ (x[:, None] * y) - n * mx * my) / sxx
            dx = x[None] - mx
            e = y[None] - my[:, None] - b[:, None] * dx[:, :, None]
            return b, np.sqrt((w[:, :, None] * dx[:, :, None] ** 2 * e**2).sum(axis=1)) / sxx

        own, se = slopes(np.ones((1, N)))
        drawn, drawn_se = slopes(rng.multinomial(N, np.full(N, 1 / N), size=D).astype(float))
        t = own[0] / se[0]
        p = step_down(t, (drawn - own) / drawn_se)
        single = (1 + (np.abs((drawn - own) / drawn_se) >= np.abs(t)).sum(axis=0)) / (D + 1)
        wrong += (p[2:] <= 0.05).any()
        power += [(p[:2] <= 0.05).mean(), (adjust(pd.Series(single), "holm")[:2] <= 0.05).mean()]
    assert wrong / sets < 0.05 + 3 * np.sqrt(0.05 * 0.95 / sets)
    assert power[0] > power[1] + 0.02 * sets


def test_what_cannot_be_is_refused_and_failures_are_told():
    d = data()
    a, b = fits(d)
    good = {"block": "g", "draws": 99, "seed": 1}
    for family, change, said in (
        ([], {}, "the family is empty"),
        ([(a, "w")], {}, "term is 'w'"),
        ([(a, "x"), (a, "x")], {}, "appears twice"),
        ([(a, "x")], {"draws": 20}, "draws is 20; it must be a whole number of 99 or more"),
        ([(a, "x")], {"block": "h"}, "the block column 'h' is not in the data"),
    ):
        with pytest.raises(ps.SpecError, match=said):
            romano_wolf(family, d, **(good | change))
    with pytest.raises(ps.FitError, match="all rows are in one block"):
        romano_wolf([(a, "x")], d.assign(g=1), **good)
    d["rare"] = (d.g == 5).astype(float)
    rare = ps.fit(d, ps.ModelSpec("rare", "a ~ x + rare", "linear", "hc1"))
    found = romano_wolf([(rare, "x"), (b, "x")], d, **good)
    chosen = np.random.default_rng(1).integers(0, 14, (99, 14))
    at = list(pd.unique(d.g)).index(5)
    assert found.failed.draw.tolist() == np.flatnonzero(~(chosen == at).any(axis=1)).tolist()
    assert f"{len(found.failed)} of 99 samples could not be fitted" in found.notes[-1].text
