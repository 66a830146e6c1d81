"""What is refused and what is noted, with the names a reader needs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import peacestudy as ps
from peacestudy.models.engines.design_checks import check_design
from peacestudy.models.engines.separated import separation_of, separation_text
from peacestudy.models.fit_notes.design_notes import design_notes, variance_inflation
from peacestudy.models.formulas.dependence import dependence
from peacestudy.models.formulas.design import build_design

OLS = 1e-9  # relative, against regressions of every column on the others


def draw(seed=0, N=60):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "k": np.resize(list("xyz"), N),
            "g": np.arange(N) % 12,
        }
    )
    d["y"] = (rng.random(N) < 0.5).astype(int)
    d["v"] = rng.normal(size=N)
    return d


def design(data, formula, clusters=()):
    return build_design(data, formula, clusters, None)


@pytest.mark.parametrize(
    ("change", "formula", "named"),
    [
        ({"c": lambda t: t.a * 2 - t.b}, "v ~ a + b + c", ["a", "b", "c"]),
        ({"c": lambda t: t.a}, "v ~ a + b + c", ["a", "c"]),
        ({"c": lambda t: (t.k == "y").astype(int)}, "v ~ C(k) + c + a", ["C(k)[y]", "c"]),
        ({"c": lambda t: t.a * 1e12 + 1e12}, "v ~ a + b + c", ["Intercept", "a", "c"]),
        ({"c": lambda t: t.a * 1e-12}, "v ~ a + b + c", ["a", "c"]),
        (
            {
                "k": lambda t: np.where(t.index < 30, "x", "y"),
                "m": lambda t: np.where(t.index < 40, "p", "q"),
            },
            "v ~ C(k)*C(m)",
            ["C(m)[q]", "C(k)[y]:C(m)[q]"],
        ),
    ],
)
def test_exact_collinearity_names_the_columns_and_no_others(change, formula, named):
    d = draw().assign(**change)
    with pytest.raises(
        ps.FitError, match="exact combinations of each other in the 60 rows"
    ) as caught:
        check_design(design(d, formula), outcome="number")
    said = str(caught.value).split("the terms ")[1].split(" are exact")[0]
    assert sorted(said.split(", ")) == sorted(repr(n) for n in named)


@given(st.integers(0, 10**6), st.integers(1, 6), st.booleans())
def test_rank_is_that_of_the_singular_values(seed, K, break_it):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, K)) * 10.0 ** rng.integers(-9, 10, K)
    if break_it and K > 1:
        X[:, -1] = X[:, :-1] @ (rng.integers(1, 4, K - 1) / np.abs(X[:, :-1]).max(axis=0))
        assert dependence(X).columns == tuple(range(K))
    else:
        assert dependence(X) is None


def test_near_collinearity_is_a_note_with_the_factor():
    d = draw().assign(c=lambda t: t.a + t.v / 100)
    found = design(d, "v ~ a + b + c")
    check_design(found, outcome="number")
    (note,) = [n for n in design_notes(found, outcome="number") if n.kind == "collinearity"]
    assert "a (" in str(note)
    assert "c (" in str(note)


def test_inflation_is_that_of_regressions_on_the_other_columns():
    rng = np.random.default_rng(1)
    X = np.column_stack(
        [np.ones(50), rng.multivariate_normal(np.zeros(3), 0.3 * np.eye(3) + 0.7, 50)]
    )
    others = [np.delete(X, j, axis=1) for j in (1, 2, 3)]
    rss = [np.linalg.lstsq(Z, X[:, j + 1])[1][0] for j, Z in enumerate(others)]
    want = [50 * X[:, j + 1].var() / rss[j] for j in range(3)]
    np.testing.assert_allclose(variance_inflation(X, [1, 2, 3]), want, rtol=OLS)
    assert variance_inflation(X, [1]) == [1.0]
    assert variance_inflation(X, []) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [([0, 2], "it holds 2"), ([1, 2], "it holds 2"), ([-1, 1], "it holds -1"), ([0.5, 1], "0.5")],
)
def test_an_outcome_that_is_not_0_or_1_is_refused_with_what_it_holds(values, said):
    with pytest.raises(ps.FitError, match=f"'y' must be 0 or 1; .*{said}"):
        check_design(design(draw().assign(y=values * 30), "y ~ a"), outcome="binary")


def test_an_outcome_that_does_not_vary_is_refused():
    for value in (0, 1):
        with pytest.raises(ps.FitError, match=f"'y' is {value} in all 60 rows"):
            check_design(design(draw().assign(y=value), "y ~ a"), outcome="binary")
    with pytest.raises(ps.FitError, match=r"'log\(v\)' is 0 in all 60 rows"):
        check_design(design(draw().assign(v=1.0), "log(v) ~ a"), outcome="number")


def test_more_terms_than_rows_are_refused():
    d = draw(N=5).assign(c=range(5), d=[1, 4, 9, 16, 26])
    with pytest.raises(ps.FitError, match=r"5 rows cannot give 5 terms \(Intercept, a, b, c, d"):
        check_design(design(d, "v ~ a + b + c + d"), outcome="number")
    check_design(design(d, "v ~ a + b + c"), outcome="number")


def test_one_cluster_is_refused():
    with pytest.raises(ps.FitError, match="one cluster"):
        check_design(design(draw().assign(g="only"), "v ~ a", ("g",)), outcome="number")
    with pytest.raises(ps.FitError, match="one cluster"):
        check_design(design(draw().assign(h="only"), "v ~ a", ("g", "h")), outcome="number")


@pytest.mark.parametrize(("events", "noted"), [(19, True), (20, False), (40, False), (41, True)])
def test_few_events_are_counted_on_the_rarer_side(events, noted):
    d = draw().assign(y=(np.arange(60) < events).astype(int))
    kinds = [n.kind for n in design_notes(design(d, "y ~ a + b"), outcome="binary")]
    assert ("few_events" in kinds) == noted


def test_events_per_variable_are_counted_without_the_intercept():
    d = draw().assign(y=(np.arange(60) < 12).astype(int))
    (note,) = [
        n
        for n in design_notes(design(d, "y ~ a + C(k)"), outcome="binary")
        if n.kind == "few_events"
    ]
    assert "12 cases of the rarer outcome for 3 terms: 4.0 events per variable" in str(note)
    assert design_notes(design(d, "y ~ 1"), outcome="binary") == []


def test_rows_left_out_are_noted_with_counts_and_reasons():
    d = draw().assign(a=lambda t: t.a.mask(t.index < 3), b=lambda t: t.b.mask(t.index == 9, np.inf))
    (note,) = design_notes(design(d, "v ~ a + b"), outcome="number")
    assert str(note) == "4 row(s) left out: 3 because a is missing; 1 because b is infinite."


def test_separation_is_said_with_terms_and_cases():
    d = (
        draw()
        .assign(s=lambda t: np.where(t.index < 7, 1, 0))
        .assign(y=lambda t: np.where(t.s == 1, 1, t.index % 2))
    )
    found = design(d, "y ~ a + s")
    said = separation_text(found, separation_of(found))
    assert said.startswith(
        "the outcome is quasi-completely separated by s: it is predicted without error in 7 of 60"
        " rows (0, 1, 2, 3, 4"
    )
    assert "and 2 more" in said
    complete = design(d.assign(y=lambda t: (t.a > 0).astype(int)), "y ~ a + b")
    assert (
        "completely separated by a: it is predicted without error in 60 of 60"
        in separation_text(complete, separation_of(complete))
    )
    assert separation_of(design(draw(), "y ~ a + b")) is None
