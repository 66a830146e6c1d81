"""Survival responses: what they read, and every bad input refused by name with its cases."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.formulas.design import build_design
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.formulas.formula import parse


def table(**change):
    d = pd.DataFrame(
        {
            "from": [0, 1, 0, 2, 0],
            "until": [3, 4, 2, 5, 6],
            "event": [1, 0, 1, 1, 0],
            "x": [1.0, 2, 4, 3, 1],
        }
    )
    return d.set_index(pd.Index(list("ABCDE"))).assign(**change)


def fit(d, formula="Surv(until, event) ~ x", engine="cox"):
    return ps.fit(d, ps.ModelSpec("m", formula, engine, "classical"))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Surv(t, e) ~ a", ("t", "e", "a")),
        (" Surv ( s,t , e )~log(a)", ("s", "t", "e", "a")),
        ("Surv(`war ends`, `e, v`) ~ `war ends`", ("war ends", "e, v")),
        ("Surv ~ a", ("Surv", "a")),
        ("`Surv` ~ Surv", ("Surv",)),
    ],
)
def test_a_survival_response_names_its_columns(text, columns):
    assert parse(text).columns == columns


def test_its_parts_are_told_apart():
    assert parse("Surv(t, e) ~ a").response == Survival("t", "e")
    assert parse("Surv(s, t, e) ~ a").response == Survival("t", "e", "s")
    assert parse("Surv(`s s`, t, e) ~ a").response.label == "Surv(s s, t, e)"


@pytest.mark.parametrize(
    "text",
    [
        "Surv(t) ~ a",
        "Surv() ~ a",
        "Surv(t, e, s, r) ~ a",
        "Surv(t, t) ~ a",
        "Surv(t, e, t) ~ a",
        "Surv(log(t), e) ~ a",
        "Surv(t, 1) ~ a",
        "Surv(t e) ~ a",
        "Surv(t,, e) ~ a",
        "Surv(t, e,) ~ a",
        "Surv(t, e ~ a",
        "Surv(t, e) + y ~ a",
        "-Surv(t, e) ~ a",
        "log(Surv(t, e)) ~ a",
        "surv(t, e) ~ a",
        "Surv(t, e)",
        "Surv(t, e) ~",
    ],
)
def test_other_shapes_are_refused(text):
    with pytest.raises(ps.SpecError):
        parse(text)


@pytest.mark.parametrize(
    "right", ["Surv(t, e)", "a + Surv(t, e)", "log(Surv(t, e))", "a:Surv(t, e)", "(Surv(t, e))"]
)
def test_it_stands_nowhere_but_before_the_tilde(right):
    with pytest.raises(
        ps.SpecError, match=r"begins a Surv\(\), which is an outcome: it stands before ~, alone"
    ):
        parse(f"y ~ {right}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"event": [1, 2, 1, 1, 0]},
            r"'event' must be 0 or 1; it is not in 1 row\(s\) \(cases B: 2\)",
        ),
        ({"event": [1, -1, 0.5, 1, 0]}, r"2 row\(s\) \(cases B: -1, C: 0.5\)"),
        ({"until": [3, -4, 2, 5, 6]}, r"'until' must not be negative; .* \(cases B: -4\)"),
        ({"event": 0}, "'event' is 0 in all 5 rows used: no event"),
        ({"event": np.nan}, "0 of 5 rows have values in all of until, event, x"),
        ({"until": np.nan}, "0 of 5 rows have values"),
        ({"until": np.inf}, "0 of 5 rows have values"),
    ],
)
def test_bad_times_and_events_are_refused_with_their_cases(change, said):
    for engine in ("cox", "discrete_time"):
        with pytest.raises(ps.FitError, match=said):
            fit(table(**change), engine=engine)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"from": [0, 4, 0, 9, 0]},
            r"'until' must be after 'from'; it is not in 2 row\(s\) \(cases B: 4, D: 5\)",
        ),
        ({"from": [-1, 1, 0, 2, 0]}, r"'from' must not be negative; .* \(cases A: -1\)"),
    ],
)
def test_bad_starts_are_refused_with_their_cases(change, said):
    for engine in ("cox", "discrete_time"):
        with pytest.raises(ps.FitError, match=said):
            fit(table(**change), "Surv(`from`, until, event) ~ x", engine)


def test_words_are_no_times():
    with pytest.raises(
        ps.SpecError, match=r"the column 'event' in Surv\(until, event\) holds .*, not numbers"
    ):
        fit(table(event=list("10110")))
    with pytest.raises(
        ps.SpecError, match=r"the column 'untl' is not in the data\. Did you mean 'until'"
    ):
        fit(table(), "Surv(untl, event) ~ x")


@pytest.mark.parametrize("engine", ["linear", "logit", "firth"])
def test_engines_of_one_column_refuse_times_and_say_what_to_write(engine):
    with pytest.raises(
        ps.SpecError, match="write engine 'cox' or 'discrete_time' for times, or a column"
    ):
        fit(table(), engine=engine)


def test_an_engine_of_times_refuses_one_column_and_says_what_to_write():
    with pytest.raises(
        ps.SpecError,
        match=r"write Surv\(time, event\) ~ ... or Surv\(start, stop, event\) ~ ... .*event ~",
    ):
        fit(table(), "event ~ x")


def test_nothing_but_engines_of_times_gets_such_a_design():
    with pytest.raises(ps.SpecError, match="for times"):
        build_design(table(), "Surv(until, event) ~ x", (), None)
    with pytest.raises(ps.SpecError, match="for times"):
        ps.models.permutation_test(
            table(s=1),
            ps.ModelSpec("m", "Surv(until, event) ~ x", "firth", "hc0"),
            ["x"],
            strata="s",
            draws=9,
            seed=1,
        )


@pytest.mark.parametrize("kind", ["bool", "boolean", "Int64", "Float64", "int8"])
def test_events_and_times_may_have_any_type_of_number(kind):
    one = fit(table())
    pd.testing.assert_frame_equal(fit(table(event=table().event.astype(kind))).terms, one.terms)
    if "bool" not in kind:
        pd.testing.assert_frame_equal(fit(table(until=table().until.astype(kind))).terms, one.terms)


def test_a_time_of_zero_is_at_risk_at_zero():
    d = table(until=[0, 0, 2, 5, 6])
    assert fit(d).n == 5
    assert fit(d).loglik == fit(d.assign(until=d.until + 1)).loglik
