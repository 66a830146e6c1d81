"""What a formula makes of a table: columns against patsy, rows, types,
names, and every way in which a table is odd.
"""

import numpy as np
import pandas as pd
import patsy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peacestudy as ps
from peacestudy.models.formulas.design import build_design

SPAN = 1e-9  # of a projection matrix; both designs are benign


def design(data, formula, clusters=(), case=None):
    return build_design(data, formula, clusters, case)


def draw(seed=0, N=48):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "k": rng.choice(list("xyz"), N),
            "m": rng.choice(list("pq"), N),
        }
    )
    d["d"], d["y"] = np.exp(d.b), rng.normal(size=N)
    return d


def names(data, formula):
    return list(design(data, formula).names)


@pytest.mark.parametrize(
    "formula",
    [
        "a",
        "a + b",
        "a*b",
        "a:b",
        "a*b - a",
        "0 + a",
        "-1 + C(k)",
        "C(k)",
        "C(k)*a",
        "C(k)*a - a",
        "C(k):a",
        "0 + C(k):a",
        "C(k)*C(m)",
        "C(k):C(m)",
        "0 + C(k):C(m)",
        "0 + C(k)*C(m)",
        "(a + b)*C(k)",
        "(a + b):(a + C(m))",
        "a*b*C(m)",
        "a + b - a",
        "a - a",
        "0 + C(k) + C(m)",
        "C(k) + a:C(k)",
        "(a + b + C(k)) - b",
        "-1 + a:b + C(m)",
        "1",
    ],
)
def test_the_columns_span_what_patsy_says(formula):
    d = draw()
    ours, theirs = design(d, f"y ~ {formula}").X, np.asarray(patsy.dmatrix(formula, d))
    assert ours.shape[1] == np.linalg.matrix_rank(ours) == np.linalg.matrix_rank(theirs)
    np.testing.assert_allclose(
        ours @ np.linalg.pinv(ours), theirs @ np.linalg.pinv(theirs), atol=SPAN
    )


@pytest.mark.parametrize(
    "formula", ["a", "a*b", "C(k)", "-1 + C(k)", "a + C(k)*b", "a*b - a", "log(d) + a"]
)
def test_the_columns_are_those_of_patsy(formula):
    d = draw()
    theirs = patsy.dmatrix(formula.replace("log", "np.log"), d)
    order = [
        n.replace("[T.", "[").replace("np.log", "log") for n in theirs.design_info.column_names
    ]
    ours = design(d, f"y ~ {formula}")
    assert set(ours.names) == set(order)
    np.testing.assert_allclose(
        ours.X[:, [ours.names.index(n) for n in order]], np.asarray(theirs), rtol=1e-14
    )


@pytest.mark.parametrize(
    ("formula", "want"),
    [
        ("y ~ a*b + log(d) + C(k)", ["Intercept", "a", "b", "log(d)", "C(k)[y]", "C(k)[z]", "a:b"]),
        ("y ~ 0 + a", ["a"]),
        ("y ~ -1 + C(k)", ["C(k)[x]", "C(k)[y]", "C(k)[z]"]),
        ("y ~ a:b", ["Intercept", "a:b"]),
        ("y ~ a*b - a", ["Intercept", "b", "a:b"]),
        ("y ~ a + a + a", ["Intercept", "a"]),
        ("y ~ a:a", ["Intercept", "a"]),
        ("y ~ 1", ["Intercept"]),
        ("y ~ scale(log(d)) + `a`", ["Intercept", "scale(log(d))", "a"]),
        ("y ~ C(k):b", ["Intercept", "C(k)[x]:b", "C(k)[y]:b", "C(k)[z]:b"]),
    ],
)
def test_terms_have_the_names_of_the_contract(formula, want):
    found = names(draw(), formula)
    assert sorted(found) == sorted(want)
    assert found[:1] == want[:1]


def test_levels_may_hold_any_sign():
    odd = ["a:b", "x[1]", "T.l000001", "", " ", "国", "f0", "]:[", "é", "l000000"]
    d = pd.DataFrame({"k": odd * 3, "b": np.arange(30.0), "y": np.arange(30.0) ** 2})
    assert names(d, "y ~ 0 + C(k)") == [f"C(k)[{v}]" for v in sorted(odd)]
    assert names(d, "y ~ 0 + C(k):b") == [f"C(k)[{v}]:b" for v in sorted(odd)]


def test_names_of_columns_may_hold_any_sign():
    d = draw().rename(columns={"a": "f1", "b": "f0[T.l000001]", "k": "größe:国", "d": "C(x)"})
    found = names(d, "y ~ f1 + `f0[T.l000001]` + C(`größe:国`) + `C(x)`")
    assert found == ["Intercept", "f1", "f0[T.l000001]", "C(größe:国)[y]", "C(größe:国)[z]", "C(x)"]


def test_the_first_category_is_the_reference_sorted_or_as_a_categorical_column_says():
    d = draw()
    assert design(d, "y ~ C(k)").levels == {"C(k)": ("x", "y", "z")}
    ordered = d.assign(k=pd.Categorical(d.k, ["z", "unused", "x", "y"], ordered=True))
    assert names(ordered, "y ~ C(k)") == ["Intercept", "C(k)[x]", "C(k)[y]"]
    numbers = d.assign(k=np.arange(48) % 3 * 10 - 10)
    assert names(numbers, "y ~ C(k)") == ["Intercept", "C(k)[0]", "C(k)[10]"]
    mixed = d.assign(k=pd.Series([2, "b", 1.5, True] * 12, dtype=object))
    assert len(names(mixed, "y ~ C(k)")) == 4


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pd.Series([1, 2, 3] * 16, dtype="Int64"), ["2", "3"]),
        (pd.Series([True, False, True] * 16, dtype="boolean"), ["True"]),
        (pd.Series([True, False, True] * 16), ["True"]),
        (pd.Series([0.5, 1.5, 2.0] * 16, dtype="Float64"), ["1.5", "2.0"]),
        (pd.Series(["u", "v", "w"] * 16, dtype="string"), ["v", "w"]),
        (pd.Series(["u", "v", "w"] * 16, dtype=object), ["v", "w"]),
        (
            pd.Series(pd.to_datetime(["2001-02-03", "2004-05-06", "2007-08-09"] * 16)),
            ["2004-05-06 00:00:00", "2007-08-09 00:00:00"],
        ),
    ],
)
def test_categories_of_every_type(values, found):
    assert names(draw().assign(k=values), "y ~ C(k)") == [
        "Intercept",
        *(f"C(k)[{v}]" for v in found),
    ]


@pytest.mark.parametrize(
    "dtype", ["int8", "uint64", "float32", "Int64", "Float64", "boolean", "bool", "Sparse[int64]"]
)
def test_numbers_of_every_type(dtype):
    values = pd.Series([0, 1, 1, 0] * 12).astype(dtype)
    found = design(draw().assign(a=values), "y ~ a + b")
    np.testing.assert_array_equal(found.X[:, 1], [0.0, 1, 1, 0] * 12)


def test_each_row_left_out_is_told_once_with_the_first_reason():
    d = draw()
    d["a"] = pd.Series([pd.NA, pd.NA, *range(46)], dtype="Int64")
    d["b"] = d.b.astype("Float64").mask(d.index == 2)
    d.loc[3, "d"], d.loc[4, "y"] = np.inf, -np.inf
    d["m"] = d.m.astype("string").mask(d.index.isin([1, 5]))
    d["unused"] = np.nan
    found = design(d, "y ~ a + b + d", clusters=("m",))
    assert found.cases == tuple(range(6, 48))
    assert sorted(found.dropped.itertuples(index=False, name=None)) == [
        (0, "a", "a is missing"),
        (1, "a", "a is missing"),
        (2, "b", "b is missing"),
        (3, "d", "d is infinite"),
        (4, "y", "y is infinite"),
        (5, "m", "m is missing"),
    ]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["", "a", "b", "y", "g", "ab"]), min_size=20, max_size=40))
def test_the_rows_used_are_those_with_every_value(holes):
    rng = np.random.default_rng(0)
    N = len(holes)
    d = pd.DataFrame(
        rng.normal(size=(N, 3)), columns=["a", "b", "y"], index=[f"case {i}" for i in range(N)]
    )
    d["g"] = rng.integers(0, 3, N).astype(object)
    for i, hole in enumerate(holes):
        for column in hole:
            d.loc[f"case {i}", column] = None if column == "g" else np.nan
    whole = d.dropna()
    if len(whole) < 3:
        with pytest.raises(ps.FitError, match=f"{len(whole)} of {N} rows"):
            design(d, "y ~ a + b", clusters=("g",))
        return
    found = design(d, "y ~ a + b", clusters=("g",))
    assert found.cases == tuple(whole.index)
    assert sorted(found.dropped.case) == sorted(set(d.index) - set(whole.index))
    np.testing.assert_array_equal(found.X[:, 1:], whole[["a", "b"]])
    np.testing.assert_array_equal(found.y, whole.y)
    assert (
        len(set(zip(found.clusters[0], whole.g, strict=True)))
        == whole.g.nunique()
        == found.clusters[0].max() + 1
    )


@pytest.mark.parametrize(
    "index",
    [
        [0] * 48,
        [*range(24), *range(24)],
        list("ab") * 24,
        pd.MultiIndex.from_product([range(24), ["p", "q"]]),
        np.arange(48)[::-1],
        pd.date_range("2001-01-01", periods=48),
        [None, *range(47)],
    ],
)
def test_an_index_of_any_kind_names_the_cases_and_moves_no_row(index):
    d = draw()
    d.loc[7, "a"] = np.nan
    found = design(d.set_index(pd.Index(index)), "y ~ a + C(k)")
    want = design(d, "y ~ a + C(k)")
    np.testing.assert_array_equal(found.X, want.X)
    np.testing.assert_array_equal(found.y, want.y)
    assert len(found.cases) == 47
    assert len(found.dropped) == 1


def test_the_case_column_names_the_cases():
    d = draw().assign(id=[f"c{i}" for i in range(48)])
    d.loc[2, "a"] = np.nan
    found = design(d, "y ~ a", case="id")
    assert found.cases[:3] == ("c0", "c1", "c3")
    assert found.dropped.case.tolist() == ["c2"]


def test_columns_named_by_numbers_are_reached_in_backquotes():
    d = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 3)), columns=[0, 1, 2020])
    assert names(d, "`0` ~ `1` + `2020`") == ["Intercept", "1", "2020"]
    with pytest.raises(ps.SpecError, match="'3' is not in the data"):
        names(d, "`0` ~ `3`")


def test_the_table_of_the_caller_is_not_touched():
    d = draw().assign(a=lambda t: t.a.mask(t.index == 3))
    before = d.copy()
    design(d, "scale(y) ~ scale(a)*C(k) + log(d)", clusters=("m",))
    pd.testing.assert_frame_equal(d, before)


def test_scale_and_center_use_the_rows_used_and_say_by_what():
    d = draw().assign(y=lambda t: t.y.mask(t.index < 8))
    found = design(d, "y ~ scale(a) + center(b) + scale(log(d)) + scale(center(a)) + square(b)")
    used = d[8:]
    np.testing.assert_allclose(
        found.X[:, 1], (used.a - used.a.mean()) / used.a.std(ddof=1), rtol=1e-12
    )
    np.testing.assert_allclose(found.X[:, 2], used.b - used.b.mean(), atol=1e-14)
    np.testing.assert_allclose(found.X[:, 5], used.b**2, rtol=1e-14)
    assert found.centres["scale(a)"] == pytest.approx((used.a.mean(), used.a.std(ddof=1)))
    assert found.centres["center(b)"] == (pytest.approx(used.b.mean()), 1.0)
    assert found.centres["scale(log(d))"] == pytest.approx(
        (np.log(used.d).mean(), np.log(used.d).std(ddof=1))
    )
    # a step within a step has an entry of its own, else a prediction could not take it again
    assert found.centres["center(a)"] == (pytest.approx(used.a.mean()), 1.0)
    assert found.centres["scale(center(a))"] == pytest.approx((0, used.a.std(ddof=1)), abs=1e-15)


@pytest.mark.parametrize("unit", [1e-14, 1, 1e14])
def test_scale_takes_every_unit(unit):
    d = draw()
    np.testing.assert_allclose(
        design(d.assign(a=d.a * unit), "y ~ scale(a)").X, design(d, "y ~ scale(a)").X, rtol=1e-12
    )


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e15, -3])
def test_scale_of_what_does_not_vary_is_refused(constant):
    with pytest.raises(ps.FitError, match=r"scale\(a\): 'a' does not vary in the 48 rows used"):
        design(draw().assign(a=constant), "y ~ scale(a)")


@pytest.mark.parametrize(
    ("function", "value"),
    [("log", 0.0), ("log", -1.0), ("log1p", -1.0), ("log1p", -2.0), ("sqrt", -1e-9)],
)
def test_a_function_that_cannot_take_a_value_names_the_case(function, value):
    d = (
        draw()
        .set_index(pd.Index([f"case {i}" for i in range(48)]))
        .assign(d=lambda t: t.d.mask(t.index == "case 5", value))
    )
    with pytest.raises(
        ps.FitError, match=rf"{function}\(d\): 1 value\(s\) have no {function} \(cases case 5\)"
    ):
        design(d, f"y ~ {function}(d)")


@pytest.mark.parametrize("size", [1e101, 1e200, 1e307])
def test_numbers_that_cannot_be_squared_are_refused_wherever_they_come_from(size):
    d = draw()
    for column, formula in (("a", "y ~ a + b"), ("a", "y ~ scale(a)"), ("y", "y ~ b")):
        with pytest.raises(ps.FitError, match=rf"'{column}' holds numbers beyond 1e\+100"):
            design(d.assign(**{column: d[column] * size}), formula)
    root = d.assign(a=d.a * 1e60, b=1e60)
    for named, formula in (
        (r"square\(a\)", "y ~ square(a)"),
        (r"square\(a\)", "y ~ square(a) + a"),
        ("a:b", "y ~ a:b"),
    ):
        with pytest.raises(ps.FitError, match=rf"'{named}' holds numbers beyond 1e\+100"):
            design(root, formula)
    four = d.assign(**{name: 1e99 + d.a for name in "pqrs"})
    with pytest.raises(ps.FitError, match="'p:q' holds"):
        design(four, "y ~ p*q*r*s")


def test_log_of_zero_is_an_error_and_log1p_of_it_is_zero():
    d = draw().assign(d=0.0)
    assert (design(d, "y ~ 0 + a + log1p(d)").X[:, 1] == 0).all()


def test_a_column_of_text_needs_c():
    for values in (
        list("xyz") * 16,
        pd.Categorical(list("xyz") * 16),
        pd.Series(["1"] * 48, dtype="string"),
    ):
        with pytest.raises(ps.SpecError, match=r"not numbers. Write C\(k\)"):
            design(draw().assign(k=values), "y ~ k")
    with pytest.raises(ps.SpecError, match=r"numbers in 16 row\(s\), text in 16 row\(s\)"):
        design(draw().assign(k=[1, "a", None] * 16), "y ~ k")
    for values in (pd.Timestamp("2020-01-01"), pd.Timedelta("1 day"), 1j):
        with pytest.raises(ps.SpecError, match="not numbers"):
            design(draw().assign(k=values), "y ~ k")


def test_one_category_is_nothing_to_compare():
    d = draw().assign(k=["x"] * 40 + ["y"] * 8, y=lambda t: t.y.mask(t.index >= 40))
    for formula in ("y ~ C(k)", "y ~ 0 + C(k)", "y ~ a*C(k)"):
        with pytest.raises(ps.FitError, match=r"C\(k\) is x in all 40 rows used"):
            design(d, formula)


def test_values_that_cannot_be_categories_are_refused():
    with pytest.raises(ps.SpecError, match="'k' holds a list in row 0"):
        design(draw().assign(k=[[1], [2]] * 24), "y ~ C(k)")


def test_two_terms_of_one_name_are_refused():
    with pytest.raises(ps.SpecError, match="two terms are both named 'Intercept'"):
        design(draw().assign(Intercept=1.5), "y ~ Intercept")
    with pytest.raises(ps.SpecError, match="two terms are both named 'a:b'"):
        design(draw().assign(**{"a:b": range(48)}), "y ~ a:b + `a:b`")
    with pytest.raises(ps.SpecError, match=r"two terms are both named 'C\(k\)\[1\]'"):
        design(draw().assign(k=pd.Series([0, 1, "1"] * 16, dtype=object)), "y ~ C(k)")


def test_an_unknown_column_is_answered_with_the_nearest():
    d = draw().rename(columns={"a": "breadth"})
    with pytest.raises(
        ps.SpecError, match=r"the column 'bredth' is not in the data. Did you mean 'breadth'\?"
    ):
        design(d, "y ~ bredth")
    with pytest.raises(ps.SpecError, match="the cluster column 'country' is not in the data"):
        design(d, "y ~ breadth", clusters=("country",))
    with pytest.raises(ps.SpecError, match="'z' is not in the data"):
        design(d, "z ~ breadth")
    with pytest.raises(ps.SpecError, match="is not in the data"):
        design(pd.DataFrame(), "y ~ a")


def test_a_column_that_stands_twice_is_refused_only_where_it_is_used():
    d = draw()
    twice = pd.concat([d, d[["a"]]], axis=1)
    with pytest.raises(ps.SpecError, match="'a' appears twice"):
        design(twice, "y ~ a")
    assert names(twice, "y ~ b") == ["Intercept", "b"]


def test_a_formula_without_terms_or_rows_is_refused():
    for formula in ("y ~ 0", "y ~ 1 - 1", "y ~ 0 + a - a"):
        with pytest.raises(ps.SpecError, match="leaves no term at all"):
            design(draw(), formula)
    for rows in (0, 2):
        with pytest.raises(ps.FitError, match=f"{rows} of {rows} rows"):
            design(draw()[:rows], "y ~ a")
    with pytest.raises(ps.FitError, match="0 of 48 rows have values in all of y, a, b"):
        design(draw().assign(b=np.nan), "y ~ a + b")
    with pytest.raises(ps.FitError, match="0 of 48 rows"):
        design(draw().assign(b=pd.Series([pd.NA] * 48, dtype="Int64")), "y ~ a + b")


def test_an_outcome_is_a_number():
    with pytest.raises(ps.SpecError, match="an outcome is a number"):
        design(draw(), "C(k) ~ a")
    np.testing.assert_allclose(design(draw(), "log(d) ~ a").y, np.log(draw().d))


def test_an_outcome_does_not_stand_on_both_sides():
    with pytest.raises(
        ps.SpecError,
        match=r"'d' is the outcome \(log\(d\)\), and is also on the right-hand side, as d",
    ):
        design(draw(), "log(d) ~ d + a")
