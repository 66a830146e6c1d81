"""``lag()`` in a formula: the value of the unit's own past by the calendar, against a loop over
rows and against ``ps.joins.lagged``.
"""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peacestudy as ps
from peacestudy.models.formulas.factors import Factor
from peacestudy.models.formulas.formula import parse
from peacestudy.models.formulas.lags import add_lags

PANEL = {"unit": "country", "time": "year"}


def spec(formula, engine="linear", vcov="classical", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **({"options": PANEL} | more))


def panel(seed=1, units=12, years=9, gaps=0.15):
    """Rows in no order, with years that are not there."""
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        [(f"state {u}", 1990 + t) for u in range(units) for t in range(years)],
        columns=["country", "year"],
    )
    d = d.assign(
        x=rng.gamma(2.0, size=len(d)),
        z=rng.normal(size=len(d)),
        k=rng.choice(["p", "q", "r"], len(d)),
        w=rng.integers(1, 4, len(d)),
    )
    d = d.assign(
        y=d["z"] + rng.normal(size=len(d)), event=(d["z"] + rng.normal(size=len(d)) > 0).astype(int)
    )
    d = d.assign(
        count=rng.negative_binomial(1, 1 / (1 + np.exp(0.3 * d["z"]))),
        grade=rng.integers(0, 3, len(d)),
        until=rng.gamma(3.0, size=len(d)) + 1,
    )
    return d.sample(frac=1 - gaps, random_state=seed).reset_index(drop=True)


def by_loop(d, column, k):
    """The past by looking through all rows for each."""
    out = []
    for _, row in d.iterrows():
        found = [
            r[column]
            for _, r in d.iterrows()
            if r["country"] == row["country"] and r["year"] == row["year"] - k
        ]
        assert len(found) < 2
        out.append(found[0] if found else None)
    return out


rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-3, 6), st.none() | st.integers(-99, 99)),
    min_size=1,
    max_size=25,
    unique_by=lambda r: r[:2],
)
names = st.sampled_from(
    [["a", "b", "c", "d", "e"], [2, 20, 200, 345, 9], ["Côte d'Ivoire", "b ", "A", "1", "é"]]
)


@settings(max_examples=300, deadline=None)
@given(rows, names, st.integers(1, 4), st.sampled_from(["float", "Int64", "object"]))
def test_a_lag_is_what_a_loop_finds_and_what_the_joins_find(rows, names, k, held):
    d = pd.DataFrame(
        [(names[u], 2000 + t, v) for u, t, v in rows], columns=["country", "year", "x"]
    )
    d["x"] = d["x"].astype("object").where(d["x"].notna(), None).astype(held)
    lag = Factor("x", lag=k)
    made = add_lags(d, [lag], ("country", "year"), d.index.tolist())
    found = [None if pd.isna(v) else v for v in made.table[lag.label]]
    assert found == [None if pd.isna(v) else v for v in by_loop(d, "x", k)]
    joined = ps.joins.lagged(d, "x", by="country", year="year", lags=k).data[f"x_lag{k}"]
    assert found == [None if pd.isna(v) else v for v in joined]
    there = {(r.country, r.year) for r in d.itertuples()}
    for r, value, reason in zip(d.itertuples(), found, made.reasons[lag.label], strict=True):
        if value is not None:
            assert reason == ""
        elif (r.country, r.year - k) in there:
            assert reason == f"{lag.label}: x of {r.country} in {r.year - k} is missing"
        else:
            assert reason == f"{lag.label}: no row of {r.country} in {r.year - k}"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_the_order_of_rows_and_the_row_above_do_not_matter(seed, k):
    d = panel(seed, units=5, years=7)
    formula = f"y ~ lag(x, {k}) + z"
    a, b = ps.fit(d, spec(formula)), ps.fit(d.sort_values(["country", "year"]), spec(formula))
    assert a.terms["estimate"].to_numpy() == pytest.approx(b.terms["estimate"].to_numpy(), rel=1e-9)
    assert set(a.cases) == set(b.cases)


ENGINES = {
    "linear": ("y", "cluster", {}),
    "logit": ("event", "hc1", {}),
    "firth": ("event", "classical", {}),
    "ridge": ("event", "hc0", {"penalty": 2.0}),
    "poisson": ("count", "hc0", {"exposure": "w"}),
    "negative_binomial": ("count", "classical", {}),
    "ordered": ("grade", "classical", {}),
    "cox": ("Surv(until, event)", "classical", {"ties": "efron"}),
    "discrete_time": ("event", "cluster", {"baseline": None}),
    "mixed_linear": ("y", "classical", {"group": "country", "method": "reml"}),
    "mixed_logit": ("event", "classical", {"group": "country"}),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_takes_a_lag_as_it_takes_the_column(engine):
    outcome, vcov, more = ENGINES[engine]
    options = {k: v for k, v in more.items() if v is not None}
    cluster = "country" if vcov == "cluster" else None
    d = panel(3, units=20)
    own = ps.fit(
        d,
        ps.ModelSpec(
            "m",
            f"{outcome} ~ scale(lag(x))*z + log(lag(x, 2)) + C(lag(k))",
            engine,
            vcov,
            cluster,
            options | PANEL,
        ),
    )
    e = ps.joins.lagged(d, ["x", "k"], by="country", year="year", lags=[1, 2]).data
    by_hand = ps.fit(
        e,
        ps.ModelSpec(
            "m",
            f"{outcome} ~ scale(x_lag1)*z + log(x_lag2) + C(k_lag1)",
            engine,
            vcov,
            cluster,
            options,
        ),
    )
    names = [
        n.replace("x_lag1", "lag(x)").replace("x_lag2", "lag(x, 2)").replace("k_lag1", "lag(k)")
        for n in by_hand.terms["term"]
    ]
    assert own.terms["term"].tolist() == names
    np.testing.assert_array_equal(
        own.terms.drop(columns="term"), by_hand.terms.drop(columns="term")
    )
    assert own.cases == by_hand.cases
    assert len(own.dropped) == len(d) - own.n > 20


def small():
    return pd.DataFrame(
        {
            "country": ["Mali"] * 5 + ["Chad"] * 5,
            "year": [1998, 2000, 2001, 2002, 2003, 1998, 1999, 2000, 2001, 2002],
            "gdp": [1.0, 2, 3, 4, 6, 7, 8, np.nan, 11, 12],
            "y": [1.0, 0, 3, np.nan, 2, 5, 4, 3, 6, 7],
        },
        index=list("abcdefghij"),
    )


def test_every_row_left_out_has_its_reason():
    found = ps.fit(small(), spec("y ~ lag(gdp)"))
    assert dict(zip(found.dropped["case"], found.dropped["reason"], strict=True)) == {
        "a": "lag(gdp): no row of Mali in 1997",
        "b": "lag(gdp): no row of Mali in 1999",
        "d": "y is missing",
        "f": "lag(gdp): no row of Chad in 1997",
        "i": "lag(gdp): gdp of Chad in 2000 is missing",
    }
    # h has no gdp of its own and needs none; e takes that of d, which is itself left out
    assert found.cases == ("c", "e", "g", "h", "j")
    assert found.design.X[:, 1].tolist() == [2, 4, 7, 8, 11]
    (note,) = [n for n in found.notes if n.kind == "dropped"]
    assert "4 because lag(gdp) has no value (fit.dropped gives the reason for each)" in note.text


def test_lags_are_taken_before_rows_are_dropped():
    d = panel(5)
    whole = ps.fit(d, spec("y ~ lag(x)"))
    holes = d.assign(y=d["y"].mask(d.index.isin(whole.cases[:10])))
    part = ps.fit(holes, spec("y ~ lag(x)"))
    assert set(part.cases) == set(whole.cases[10:])


def test_unit_or_time_that_are_missing_are_the_reason():
    d = small().assign(
        country=["Mali", None, "Mali", "Mali", "Mali"] + ["Chad"] * 5,
        year=small()["year"].astype(float),
    )
    d.loc["j", "year"] = np.nan
    said = ps.fit(d, spec("gdp ~ lag(y)")).dropped.set_index("case")["reason"]
    assert said["b"] == "lag(y): country is missing" and said["j"] == "lag(y): year is missing"
    assert said["c"] == "lag(y): no row of Mali in 2000"


def test_the_past_of_the_outcome_may_explain_it_and_the_present_may_not():
    d = panel(2)
    e = ps.joins.lagged(d, "y", by="country", year="year", lags=1).data
    a = ps.fit(d, spec("y ~ lag(y) + x")).terms["estimate"]
    assert a.tolist() == ps.fit(e, spec("y ~ y_lag1 + x", options={})).terms["estimate"].tolist()
    with pytest.raises(
        ps.SpecError, match=r"cannot explain itself\. .* or use its lag, as lag\(x\)\."
    ):
        ps.fit(d, spec("y ~ y + x"))
    with pytest.raises(ps.SpecError, match="an outcome is not lagged"):
        parse("lag(y) ~ x")


REFUSED = {
    "no panel": (
        {},
        "y ~ lag(gdp)",
        {},
        ps.SpecError,
        r"the columns of the unit and the time.*options=.*ps\.joins\.lagged",
    ),
    "twice": (
        {"year": [1998, 2000, 2000, 2002, 2003, 1998, 1999, 2000, 2001, 2002]},
        "y ~ lag(gdp)",
        PANEL,
        ps.FitError,
        "1 row.s. share with another row the same country and year .Mali at 2000, cases b and c.",
    ),
    "text": (
        {"year": list("1234567890")},
        "y ~ lag(gdp)",
        PANEL,
        ps.SpecError,
        "the time 'year' holds .*counts whole steps",
    ),
    "date": (
        {"year": pd.date_range("2001", periods=10)},
        "y ~ lag(gdp)",
        PANEL,
        ps.SpecError,
        r"take the year .\.dt\.year",
    ),
    "half": (
        {"year": np.arange(10) / 2},
        "y ~ lag(gdp)",
        PANEL,
        ps.SpecError,
        r"not a whole number in 5 row.* b: 0\.5",
    ),
    "far": (
        {"year": np.arange(10) * 1e9},
        "y ~ lag(gdp)",
        PANEL,
        ps.SpecError,
        "not a whole number in 8 row",
    ),
    "lists": ({"country": [[1]] * 10}, "y ~ lag(gdp)", PANEL, ps.SpecError, "cannot be units"),
    "no unit": (
        {},
        "y ~ lag(gdp)",
        {"unit": "land", "time": "year"},
        ps.SpecError,
        "the unit column 'land' is not in the data",
    ),
    "no time": (
        {},
        "y ~ lag(gdp)",
        {"unit": "country", "time": "yeer"},
        ps.SpecError,
        "the time column 'yeer'.*Did you mean 'year'",
    ),
    "no column": (
        {},
        "y ~ lag(gpd)",
        PANEL,
        ps.SpecError,
        "'gpd' is not in the data.*Did you mean 'gdp'",
    ),
    "own name": (
        {"lag(gdp)": 1.0},
        "`lag(gdp)` ~ lag(gdp)",
        PANEL,
        ps.SpecError,
        "both a column and the lag of one",
    ),
    "both": (
        {"lag(gdp)": 1.0},
        "y ~ `lag(gdp)` + lag(gdp)",
        PANEL,
        ps.SpecError,
        "both a column and the lag of one",
    ),
    "nothing": (
        {},
        "y ~ lag(gdp, 90)",
        PANEL,
        ps.FitError,
        r"'lag\(gdp, 90\)' is missing in every one",
    ),
    "texts": (
        {"gdp": list("pqpqpqpqpq")},
        "y ~ lag(gdp)",
        PANEL,
        ps.SpecError,
        r"Write C\(lag\(gdp\)\)",
    ),
    "log": (
        {"gdp": [-1.0] * 10},
        "y ~ log(lag(gdp))",
        PANEL,
        ps.FitError,
        r"log\(lag\(gdp\)\): 6 value\(s\) have no log",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_lagged_is_refused_by_name(case):
    change, formula, options, error, said = REFUSED[case]
    with pytest.raises(error, match=said):
        ps.fit(small().assign(**change), spec(formula, options=options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"unit": "country"}, "two different columns"),
        ({"time": "year"}, "two different columns"),
        ({"unit": "year", "time": "year"}, "two different columns"),
        ({"unit": "country", "time": 3}, "option time is 3; it must name a column"),
        ({"unit": ["a", "b"], "time": "year"}, "it must name a column"),
        ({"units": "country", "time": "year"}, "two different columns|no option units"),
    ],
)
def test_options_of_the_panel_are_checked(options, said):
    with pytest.raises(ps.SpecError, match=said):
        spec("y ~ x", options=options)


def test_options_of_the_panel_without_a_lag_change_nothing():
    d = small().assign(country=None)
    a, b = ps.fit(d, spec("y ~ gdp")), ps.fit(d, spec("y ~ gdp", options={}))
    pd.testing.assert_frame_equal(a.terms, b.terms)
    assert hash(spec("y ~ lag(gdp)")) == hash(spec("y ~ lag(gdp)"))


@pytest.mark.parametrize(
    "text", ["lag(log(x))", "lag(lag(x))", "lag(C(k))", "lag(poly(x, 2))", "lag(lag(x), 2)"]
)
def test_a_lag_is_of_a_column(text):
    with pytest.raises(ps.SpecError, match=r"takes a column: write log\(lag\(x\)\)"):
        parse(f"y ~ {text}")


def test_names_of_lags():
    formula = parse("y ~ lag(x) + lag(x, 1) + lag(`a b`, 12) + poly(log(lag(x)), 2) + lag")
    assert [f.label for f in formula.factors] == [
        "lag(x)",
        "lag(a b, 12)",
        "poly(log(lag(x)), 2)",
        "lag",
    ]
    assert formula.columns == ("y", "x", "a b", "lag")


CURVED = "y ~ scale(lag(x))*z + poly(lag(x, 2), 2) + bs(lag(z), 4) + C(lag(k))"


def test_a_prediction_looks_the_past_up_in_the_new_rows():
    d = panel(7, units=20)
    fit = ps.fit(d, spec(CURVED))
    found = ps.predict(fit, d, "response").set_index("case")
    fitted = fit.design.X @ fit.terms["estimate"].to_numpy()
    assert found.loc[list(fit.cases), "estimate"].to_numpy() == pytest.approx(fitted, rel=1e-9)
    out = found.loc[fit.dropped["case"]]
    assert out["estimate"].isna().all() and out["reason"].str.match(r"lag\(.*no row of state").all()
    # later rows alone, with their history: the same numbers; without it the reason, and never the
    # row above
    late = d[d["year"] >= 1994]
    again = ps.predict(fit, late, "response").set_index("case")
    have = again["reason"] == ""
    assert again.loc[have, "estimate"].to_numpy() == pytest.approx(
        found.loc[again.index[have], "estimate"].to_numpy(), rel=1e-12
    )
    first = late.index[late["year"] == 1994]
    assert again.loc[first, "reason"].str.contains("no row of state").all()
    alone = ps.predict(fit, late.loc[[first[0]]], "response")
    assert alone["estimate"].isna().all()
    with pytest.raises(ps.SpecError, match="the time column 'year' is not in the data"):
        ps.predict(fit, d.drop(columns="year"), "response")
    with pytest.raises(ps.FitError, match="share with another row"):
        ps.predict(fit, pd.concat([d, d.iloc[:1]]), "response")


def test_a_column_that_is_called_like_a_lag_is_not_taken_for_it():
    d = panel(7)
    fit = ps.fit(d, spec("y ~ lag(x)"))
    other = ps.predict(fit, d.assign(**{"lag(x)": 1e6}), "response")
    pd.testing.assert_frame_equal(other, ps.predict(fit, d, "response"))


def test_effects_take_a_lag_for_a_column_of_its_own():
    d = panel(4, units=20)
    fit = ps.fit(d, spec("event ~ log1p(lag(x)) + x + z", "logit", "hc1"))
    e = ps.joins.lagged(d, "x", by="country", year="year", lags=1).data.astype({"x_lag1": float})
    by_hand = ps.fit(e, spec("event ~ log1p(x_lag1) + x + z", "logit", "hc1", options={}))
    asked = {"kind": "slopes", "scale": "response", "over": "fit", "interval": "delta"}
    for over in ("fit", "data"):
        own = ps.effects(fit, d, **(asked | {"over": over}))
        hand = ps.effects(by_hand, e, **(asked | {"over": over}))
        numbers = ["estimate", "std_error"]
        np.testing.assert_allclose(own[numbers], hand[numbers], rtol=1e-7)
        assert (
            own["term"].tolist()
            == [t.replace("x_lag1", "lag(x)") for t in hand["term"]]
            == ["lag(x)", "x", "z"]
        )
    with pytest.raises(ps.SpecError, match=r"lag\(x\)"):
        ps.effects(ps.fit(d, spec("event ~ lag(x)", "logit", "hc1")), d, variables="x", **asked)


def test_a_lag_moderates_as_its_column_does():
    d = panel(4, units=40)
    e = ps.joins.lagged(d, ["w", "y"], by="country", year="year", lags=1).data
    own = ps.fit(d, spec("event ~ z*lag(w) + lag(y)", "logit", "hc1"))
    by_hand = ps.fit(e, spec("event ~ z*w_lag1 + y_lag1", "logit", "hc1", options={}))
    asked = {"near": 0.5, "min_cases": 5, "scale": "response"}
    a = ps.models.conditional_effects(own, d, "z", "sd", "lag(w)", [1, 2], **asked)
    b = ps.models.conditional_effects(by_hand, e, "z", "sd", "w_lag1", [1, 2], **asked)
    numbers = ["value", "estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(a[numbers], b[numbers], rtol=1e-7)


def test_other_verbs_take_a_lag_or_refuse_it_by_name():
    d = panel(6, units=16)
    fit = ps.fit(d, spec("y ~ lag(x) + z", vcov="cluster", cluster="country"))
    drawn = ps.models.bootstrap(fit, d, block="country", draws=39, seed=1, interval="percentile")
    assert drawn.terms["estimate"].tolist() == fit.terms["estimate"].tolist()
    cases = ps.models.left_out(fit, "country")
    assert len(cases) > 0
    assert ps.models.diagnose(fit).left_out.keys() == {"case", "country"}
    with pytest.raises(
        ps.SpecError, match=r"a randomisation test.*takes no lag\(x\).*ps\.joins\.lagged"
    ):
        ps.models.resampling.randomisation_test(
            d, spec("y ~ z + lag(x)", options={}), "z", draws=99, seed=1, blocks=None, clusters=None
        )
    firth = spec("event ~ lag(event) + z", "firth")
    with pytest.raises(ps.SpecError, match=r"out_of_sample.*takes no lag\(event\)"):
        ps.models.out_of_sample(d, [firth], groups="country", draws=9, seed=1)
    with pytest.raises(ps.SpecError, match="a lag of the outcome"):
        ps.models.permutation_test(d, firth, ["z"], strata="k", draws=9, seed=1)
    own = ps.models.permutation_test(d, spec("y ~ lag(x) + z"), ["z"], strata="k", draws=19, seed=1)
    assert 0 < own["p_permutation"].iloc[0] <= 1


def test_a_lag_of_what_was_filled_in_is_refused_and_of_what_was_not_is_pooled():
    """With x missing in 40 % the effect of a lag filled in by rows of other years came out at .63
    of a true 1, complete cases at 1.
    """
    d = panel(8, units=16)
    d = d.assign(x=d["x"].mask(np.random.default_rng(1).random(len(d)) < 0.1))
    filled = ps.models.impute(d, ["y", "x", "z"], m=3, cycles=3, donors=5, seed=1)
    with pytest.raises(
        ps.SpecError,
        match=r"lag\(x\) would be taken from rows of other years.*ps\.joins\.lagged\(data, 'x'",
    ):
        ps.fit(filled, spec("y ~ lag(x) + z"))
    found = ps.fit(filled, spec("y ~ lag(z) + x"))
    each = [ps.fit(t, spec("y ~ lag(z) + x")).terms["estimate"] for t in filled.tables]
    assert found.terms["estimate"].to_numpy() == pytest.approx(np.mean(each, axis=0))


def test_state_years_of_a_study_are_lagged_as_the_joins_lag_them(our_study):
    frame = our_study("onset").frame(our_study("onset").config.samples[0].id)
    lagged = ps.ModelSpec(
        "m", "onset ~ lag(polyarchy) + ln_population", "logit", "hc1", options=PANEL
    )
    fit = ps.fit(frame, lagged)
    joined = ps.joins.lagged(frame, "polyarchy", by="country", year="year", lags=1)
    by_hand = ps.fit(
        joined, ps.ModelSpec("m", "onset ~ polyarchy_lag1 + ln_population", "logit", "hc1")
    )
    np.testing.assert_array_equal(
        fit.terms.drop(columns="term"), by_hand.terms.drop(columns="term")
    )
    assert fit.cases == by_hand.cases and len(fit.cases) > 4000
    first = fit.dropped[fit.dropped["reason"].str.startswith("lag(polyarchy): no row of")]["case"]
    above = frame.data["polyarchy"].shift(1)[frame.data["case_id"].isin(first)]
    # where a state's years begin, the row above is another state's
    assert above.notna().sum() > 100
    with pytest.raises(ps.SpecError, match=r"lag\(polyarchy\) was read in other rows"):
        ps.trace(fit, "lag(polyarchy)")
    values = ps.trace(fit, "ln_population").table
    assert {"onset", "ln_population"} <= set(values["name"]) and "polyarchy" not in set(
        values["name"]
    )


def test_codes_are_not_imputed_through_a_lag():
    from peacestudy.robustness.coded_columns import linear_design

    d = panel(9)
    with pytest.raises(
        ps.SpecError, match=r"cannot be imputed through lag\(x\).*ps\.joins\.lagged"
    ):
        linear_design(ps.fit(d, spec("y ~ z + lag(x)")).design, d, ("z",))


def test_a_lag_that_no_row_finds_says_what_was_looked_for():
    d = panel(2).assign(year=lambda t: t["year"] * 5)  # a row every fifth year
    with pytest.raises(
        ps.FitError,
        match=r"'lag\(x\)' is missing in every one \(lag\(x\): no row of .* in \d+ \.\.\.\)\. Find",
    ):
        ps.fit(d, spec("y ~ lag(x)"))


def test_many_lags_are_looked_up_without_a_warning():
    d = pd.DataFrame(
        {"country": "a", "year": np.arange(400), "x": np.random.default_rng(1).normal(size=400)}
    )
    d = d.assign(y=d["x"].shift(150, fill_value=0.0))
    formula = "y ~ " + " + ".join(f"lag(x, {k})" for k in range(1, 152))
    found = ps.fit(d, spec(formula)).terms.set_index("term")["estimate"]
    assert found["lag(x, 150)"] == pytest.approx(1) and found.drop("lag(x, 150)").abs().max() < 1e-9


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda y: pd.PeriodIndex(y.astype(str), freq="Y"), r"\.dt\.year"),
        (
            lambda y: [datetime.date(v, 1, 1) for v in y],
            r"pd\.to_datetime\(data\['year'\]\)\.dt\.year",
        ),
        (lambda y: y.astype(object), r"pd\.to_numeric"),
    ],
)
def test_what_to_do_with_a_time_of_another_kind(made, said):
    d = panel(3)
    with pytest.raises(ps.SpecError, match=said):
        ps.fit(d.assign(year=made(d["year"])), spec("y ~ lag(x)"))


@pytest.mark.parametrize(
    ("year", "shown"),
    [(2001 + 1e-9, r"2001\.000000001"), (2e9 + 1, r"2000000001\.0.* under 1e\+09")],
)
def test_a_time_that_is_refused_is_shown_with_all_its_digits(year, shown):
    d = panel(3).assign(year=lambda t: t["year"].astype(float))
    d.loc[4, "year"] = year
    with pytest.raises(ps.SpecError, match=shown):
        ps.fit(d, spec("y ~ lag(x)"))
