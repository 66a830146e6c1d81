"""Degenerate models, each refused or diagnosed by name: what a reader is told is what is tested.

A row of REFUSED is a change of the data, a specification, the error and a pattern that its message
must hold; a row of DIAGNOSED yields numbers, with a note of that kind and text.
"""

import decimal

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps

SAME = 1e-8  # relative; the same model in another unit
N = 90


def draw(seed=0):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "k": rng.choice(list("xyz"), N),
            "g": rng.integers(0, 25, N),
        }
    )
    d["y"] = (rng.random(N) < 0.4).astype(int)
    d["v"] = d.a + rng.normal(size=N)
    d["t"], d["e"] = rng.integers(1, 9, N), (rng.random(N) < 0.6).astype(int)
    return d


def spec(formula, engine="linear", vcov="classical", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **more)


def at(place, value, otherwise):
    return lambda t: np.where(
        t.index == place, value, otherwise(t) if callable(otherwise) else otherwise
    )


LINE, WEIGHTED = "v ~ a", {"vcov": "hc1", "options": {"weights": "w"}}
TEXT = "pd.to_numeric"
REFUSED = {
    # separation: the term, the cases, the remedy
    "complete": (
        {"y": lambda t: (t.a > 0).astype(int)},
        "y ~ a + b",
        {"engine": "logit"},
        ps.FitError,
        (
            r"completely separated by a: .* in 90 of 90 rows \(0, 1, 2, 3, 4 and 85 more\).*Use"
            r" engine 'firth'"
        ),
    ),
    "quasi": (
        {"s": lambda t: (t.index < 4).astype(int), "y": lambda t: np.where(t.index < 4, 0, t.y)},
        "y ~ a + s",
        {"engine": "logit"},
        ps.FitError,
        r"quasi-completely separated by s: .* in 4 of 90 rows \(0, 1, 2, 3\).*Use engine 'firth'",
    ),
    "a level without events": (
        {"y": lambda t: np.where(t.k == "y", 0, t.y)},
        "y ~ a + C(k)",
        {"engine": "logit"},
        ps.FitError,
        r"quasi-completely separated by C\(k\)\[y\].*Use engine 'firth'",
    ),
    "separated by two terms": (
        {"y": lambda t: (t.a > t.b).astype(int)},
        "y ~ a + b",
        {"engine": "logit"},
        ps.FitError,
        "completely separated by a, b",
    ),
    "separated by period": (
        {"s": lambda t: (t.index < 9).astype(int), "e": lambda t: np.where(t.index < 9, 0, t.e)},
        "Surv(t, e) ~ s",
        {"engine": "discrete_time"},
        ps.FitError,
        "separated by s: .*Drop the term, or write another baseline",
    ),
    "monotone": (
        {"a": lambda t: -1.0 * t.t},
        "Surv(t, e) ~ a",
        {"engine": "cox"},
        ps.FitError,
        "monotone in a:",
    ),
    # collinearity, variation
    "collinear": (
        {"c": lambda t: t.a - t.b},
        "v ~ a + b + c",
        {},
        ps.FitError,
        "the terms 'a', 'b', 'c' are exact combinations",
    ),
    "the same column twice": (
        {"c": lambda t: t.a},
        "v ~ a + c",
        {},
        ps.FitError,
        "the terms 'a', 'c' are exact combinations",
    ),
    "an empty cell": (
        {"m": lambda t: np.where(t.k == "x", "p", np.where(t.index % 2, "p", "q"))},
        "v ~ C(k)*C(m)",
        {},
        ps.FitError,
        r"'C\(m\)\[q\]', .* are exact combinations",
    ),
    "constant term": (
        {"a": 5.0},
        "v ~ a + b",
        {},
        ps.FitError,
        "the term 'a' is 5 in all 90 rows used.*Drop it",
    ),
    "constant zero": (
        {"a": 0},
        "y ~ a",
        {"engine": "firth"},
        ps.FitError,
        "the term 'a' is 0 in all 90 rows used",
    ),
    "constant centred": (
        {"a": 5.0},
        "v ~ center(a)",
        {},
        ps.FitError,
        r"the term 'center\(a\)' is 0 in all 90 rows",
    ),
    "constant scaled": (
        {"a": 5.0},
        "v ~ scale(a)",
        {},
        ps.FitError,
        r"scale\(a\): 'a' does not vary in the 90 rows used",
    ),
    "constant in periods": (
        {"a": 1.0},
        "Surv(t, e) ~ a",
        {"engine": "discrete_time"},
        ps.FitError,
        r"the term 'a' is 1 in all \d+ rows",
    ),
    "constant at risk": (
        {"a": 1.0},
        "Surv(t, e) ~ a",
        {"engine": "cox"},
        ps.FitError,
        "'a' is the same for all cases at risk.*Drop it",
    ),
    "hardly varies": (
        {"a": lambda t: 1e12 + t.a},
        "v ~ a",
        {},
        ps.FitError,
        r"'a' is about 1e\+12 in all 90 rows used and varies by .e-1\d of that.*Subtract its mean",
    ),
    "one category": (
        {"k": "x"},
        "v ~ C(k)",
        {},
        ps.FitError,
        r"C\(k\) is x in all 90 rows used: there is nothing to compare",
    ),
    # the outcome
    "constant outcome": ({"v": 3.0}, LINE, {}, ps.FitError, "the outcome 'v' is 3 in all 90 rows"),
    "no event": (
        {"y": 0},
        "y ~ a",
        {"engine": "logit"},
        ps.FitError,
        "the outcome 'y' is 0 in all 90 rows",
    ),
    "all events": (
        {"y": True},
        "y ~ a",
        {"engine": "firth"},
        ps.FitError,
        "the outcome 'y' is 1 in all 90 rows",
    ),
    "no survival event": (
        {"e": 0},
        "Surv(t, e) ~ a",
        {"engine": "cox"},
        ps.FitError,
        "'e' is 0 in all 90 rows used: no event",
    ),
    "outcome 1 and 2": (
        {"y": lambda t: t.y + 1},
        "y ~ a",
        {"engine": "logit"},
        ps.FitError,
        "must be 0 or 1; it holds 2. Code it so",
    ),
    "outcome of counts": (
        {"y": lambda t: t.t},
        "y ~ a",
        {"engine": "firth"},
        ps.FitError,
        "must be 0 or 1; it holds 2, 3, 4, 5, 6",
    ),
    "outcome in words": (
        {"y": lambda t: np.where(t.y == 1, "yes", "no")},
        "y ~ a",
        {"engine": "logit"},
        ps.SpecError,
        "'y' holds str, not numbers. An outcome is a number: code it first, as 0 and 1",
    ),
    "outcome of categories": (
        {},
        "C(y) ~ a",
        {},
        ps.SpecError,
        r"the outcome is C\(y\): an outcome is a number",
    ),
    "outcome on both sides": (
        {},
        "v ~ v + a",
        {},
        ps.SpecError,
        r"'v' is the outcome \(v\), and is also on the right-hand side, as v",
    ),
    "outcome in a product": (
        {},
        "y ~ a*C(y)",
        {"engine": "logit"},
        ps.SpecError,
        r"right-hand side, as C\(y\)",
    ),
    "time explains itself": (
        {},
        "Surv(t, e) ~ a + log(t)",
        {"engine": "cox"},
        ps.SpecError,
        r"'t' is the outcome .*side, as log\(t\)",
    ),
    # times
    "negative duration": (
        {"t": at(4, -1, lambda t: t.t)},
        "Surv(t, e) ~ a",
        {"engine": "cox"},
        ps.FitError,
        r"'t' must not be negative; it is not in 1 row\(s\) \(cases 4: -1\)",
    ),
    "event 1 and 2": (
        {"e": lambda t: t.e + 1},
        "Surv(t, e) ~ a",
        {"engine": "cox"},
        ps.FitError,
        r"'e' must be 0 or 1; .*cases \d+: 2",
    ),
    "ends before it starts": (
        {"s": 9},
        "Surv(s, t, e) ~ a",
        {"engine": "cox"},
        ps.FitError,
        r"'t' must be after 's'; it is not in 90 row",
    ),
    "half periods": (
        {"t": lambda t: t.t + 0.5},
        "Surv(t, e) ~ a",
        {"engine": "discrete_time"},
        ps.FitError,
        "whole periods.*engine 'cox'",
    ),
    "times for a line": (
        {},
        "Surv(t, e) ~ a",
        {},
        ps.SpecError,
        r"engine 'linear' models a single column",
    ),
    "a line for times": (
        {},
        "t ~ a",
        {"engine": "cox"},
        ps.SpecError,
        r"engine 'cox' models survival times: write Surv\(time, event\)",
    ),
    "cox of nothing": (
        {},
        "Surv(t, e) ~ 1",
        {"engine": "cox"},
        ps.SpecError,
        "leaves no term: a Cox model has no intercept",
    ),
    # weights and clusters
    "negative weight": (
        {"w": at(4, -1.0, 1.0)},
        LINE,
        WEIGHTED,
        ps.FitError,
        r"weights 'w' must be above zero; 1 are not \(cases 4: -1\)",
    ),
    "no weight at all": ({"w": 0.0}, LINE, WEIGHTED, ps.FitError, "must be above zero; 90 are not"),
    "weights of text": (
        {"w": "1"},
        LINE,
        WEIGHTED,
        ps.SpecError,
        "weights 'w' hold str, not numbers",
    ),
    "weights of yes and no": (
        {"w": True},
        LINE,
        WEIGHTED,
        ps.SpecError,
        "weights 'w' hold bool, not numbers",
    ),
    "unknown weights": ({}, LINE, WEIGHTED, ps.SpecError, "the column 'w' is not in the data"),
    "one cluster": (
        {"g": "only"},
        LINE,
        {"vcov": "cluster", "cluster": "g"},
        ps.FitError,
        "all rows are in one cluster",
    ),
    "one of two groupings": (
        {"h": 1},
        LINE,
        {"vcov": "cluster", "cluster": ["g", "h"]},
        ps.FitError,
        "all rows are in one cluster",
    ),
    "no cluster known": (
        {"g": np.nan},
        LINE,
        {"vcov": "cluster", "cluster": "g"},
        ps.FitError,
        "0 of 90 .*: 'g' is missing in every one",
    ),
    "unknown cluster": (
        {},
        LINE,
        {"vcov": "cluster", "cluster": "gg"},
        ps.SpecError,
        "cluster column 'gg' is not .* mean 'g'",
    ),
    # missing, infinite, too large, not numbers
    "all missing": (
        {"a": np.nan},
        "v ~ a + b",
        {},
        ps.FitError,
        "0 of 90 rows .* v, a, b: 'a' is missing in every one",
    ),
    "all None": ({"a": None}, LINE, {}, ps.FitError, "'a' is missing in every one"),
    "all pd.NA": (
        {"a": pd.array([pd.NA] * N, dtype="Float64")},
        LINE,
        {},
        ps.FitError,
        "'a' is missing in every one",
    ),
    "outcome all missing": ({"v": np.nan}, LINE, {}, ps.FitError, "'v' is missing in every one"),
    "all infinite": (
        {"a": np.inf},
        LINE,
        {},
        ps.FitError,
        "'a' is missing or infinite in every one",
    ),
    "never together": (
        {"a": lambda t: t.a.where(t.index % 2 == 0), "b": lambda t: t.b.where(t.index % 2 == 1)},
        "v ~ a + b",
        {},
        ps.FitError,
        "0 of 90 rows have values in all of v, a, b; nothing can be fitted with fewer than 3",
    ),
    "too large": (
        {"a": lambda t: t.a * 1e200},
        LINE,
        {},
        ps.FitError,
        r"'a' holds numbers beyond 1e\+100",
    ),
    "product too large": (
        {"a": lambda t: t.a * 1e60, "b": lambda t: t.b * 1e60},
        "v ~ a:b",
        {},
        ps.FitError,
        "'a:b' holds numbers beyond",
    ),
    "numbers as text": (
        {"a": lambda t: t.a.astype(str)},
        LINE,
        {},
        ps.SpecError,
        rf"'a' holds str, not numbers.*{TEXT}\(data\['a'\]\)",
    ),
    "outcome as text": (
        {"v": lambda t: t.v.astype(str)},
        LINE,
        {},
        ps.SpecError,
        rf"'v' holds str, not numbers.*{TEXT}",
    ),
    "numbers as objects": (
        {"a": lambda t: t.a.astype(object)},
        LINE,
        {},
        ps.SpecError,
        f"'a' holds object, not numbers.*{TEXT}",
    ),
    "decimals": (
        {"a": [decimal.Decimal("1.5")] * N},
        LINE,
        {},
        ps.SpecError,
        f"'a' holds object.*{TEXT}",
    ),
    "numbers as categories": (
        {"a": lambda t: pd.Categorical(t.t)},
        LINE,
        {},
        ps.SpecError,
        rf"'a' holds category.*C\(a\).*{TEXT}",
    ),
    "words": (
        {},
        "v ~ k",
        {},
        ps.SpecError,
        r"'k' holds str, not numbers. Write C\(k\) for categories\.$",
    ),
    "a word among numbers": (
        {"a": ["?", *[1.0, 2.0] * 44, 3.0]},
        LINE,
        {},
        ps.SpecError,
        r"'a' holds object, not numbers\. It holds 89 numbers, '\?' 1 time",
    ),
    "dates": (
        {"a": pd.date_range("2000", periods=N)},
        LINE,
        {},
        ps.SpecError,
        "'a' holds datetime64.*such as the year",
    ),
    "complex": ({"a": 1j}, LINE, {}, ps.SpecError, "'a' holds complex128, not numbers"),
    "lists": (
        {"a": [[1]] * N},
        "v ~ C(a)",
        {},
        ps.SpecError,
        "'a' holds a list in row 0: a cell must hold one number or one category",
    ),
    "log of a negative": (
        {},
        "v ~ log(a)",
        {},
        ps.FitError,
        r"log\(a\): 41 value\(s\) have no log \(cases 1, 4, 8, 9, 10\)",
    ),
    # names and shapes
    "unknown name": (
        {"log_deaths": 1.0},
        "v ~ log_death",
        {},
        ps.SpecError,
        "'log_death' is not in the data. Did you mean 'log_deaths'",
    ),
    "unknown outcome": (
        {},
        "vv ~ a",
        {},
        ps.SpecError,
        "'vv' is not in the data. Did you mean 'v'",
    ),
    "no term": ({}, "v ~ a - a - 1", {}, ps.SpecError, "leaves no term at all"),
    "a level a case": (
        {"k": [f"c{i}" for i in range(N)]},
        "v ~ C(k)",
        {},
        ps.FitError,
        r"90 rows cannot give 90 terms \(Intercept, C\(k\)",
    ),
}
FIRST = {"engine": "firth"}
DIAGNOSED = {
    "complete, firth": (
        {"y": lambda t: (t.a > 0).astype(int)},
        "y ~ a + b",
        FIRST,
        "separation",
        "completely separated by a: .* 90 of 90",
    ),
    "quasi, firth": (
        {"s": lambda t: (t.index < 4).astype(int), "y": lambda t: np.where(t.index < 4, 0, t.y)},
        "y ~ a + s",
        FIRST,
        "separation",
        r"quasi-completely separated by s: .* \(0, 1, 2, 3\)",
    ),
    "a case with a term": (
        {"s": lambda t: t.index == 17},
        "v ~ a + s",
        {"vcov": "hc3"},
        "no_robust_error",
        r"s rests on one case \(17\)",
    ),
    "two clusters": (
        {"g": lambda t: t.index % 2},
        LINE,
        {"vcov": "cluster", "cluster": "g"},
        "few_clusters",
        "2 clusters.*single comparison",
    ),
    "two clusters, logit": (
        {"g": lambda t: t.index % 2},
        "y ~ a",
        {"engine": "logit", "vcov": "cluster", "cluster": "g"},
        "few_clusters",
        "2 clusters.*single comparison",
    ),
    "five clusters": (
        {"g": lambda t: t.index % 5},
        LINE,
        {"vcov": "cluster", "cluster": "g"},
        "few_clusters",
        "5 clusters of g, .* 20% of",
    ),
    "clusters missing": (
        {"g": at(4, np.nan, 1.0 * np.arange(N))},
        LINE,
        {"vcov": "cluster", "cluster": "g"},
        "dropped",
        "because g is missing",
    ),
    "one infinite": (
        {"a": at(3, np.inf, lambda t: t.a)},
        LINE,
        {},
        "dropped",
        r"1 row\(s\) left out: 1 because a is infinite",
    ),
    "outcome infinite": (
        {"v": at(3, -np.inf, lambda t: t.v)},
        LINE,
        {},
        "dropped",
        "1 because v is infinite",
    ),
    "weight missing": (
        {"w": at(3, np.nan, 1.0)},
        LINE,
        WEIGHTED,
        "dropped",
        "1 because w is missing",
    ),
    "weight infinite": (
        {"w": at(3, np.inf, 1.0)},
        LINE,
        WEIGHTED,
        "dropped",
        "1 because w is infinite",
    ),
    "one event": (
        {"y": lambda t: (t.index == 5).astype(int)},
        "y ~ a",
        FIRST,
        "few_events",
        "1 cases of the rarer outcome for 1 terms",
    ),
    "nearly collinear": (
        {"c": lambda t: t.a + 0.01 * t.b},
        "v ~ a + c",
        {},
        "collinearity",
        r"variance inflation above 10 in a \(\d+\), c",
    ),
    "exact": ({"w": lambda t: 2 * t.v}, "v ~ w + a", {}, "exact_fit", "the outcome exactly"),
}


def test_there_are_more_than_forty():
    assert len(REFUSED) + len(DIAGNOSED) > 80


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case):
    change, formula, how, error, said = REFUSED[case]
    with pytest.raises(error, match=f"(?s){said}"):
        ps.fit(draw().assign(**change), spec(formula, **how))


@pytest.mark.parametrize("case", DIAGNOSED)
def test_diagnosed_by_name(case):
    change, formula, how, kind, said = DIAGNOSED[case]
    found = ps.fit(draw().assign(**change), spec(formula, **how))
    (note,) = [n for n in found.notes if n.kind == kind]
    assert pd.Series([str(note)]).str.contains(said).all(), str(note)
    assert np.isfinite(found.terms["estimate"]).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("m", "v ~ a", "ols", "hc1"), "engine is 'ols'; it must be one of linear, logit"),
        (("m", "v ~ a", "firht", "hc1"), "Did you mean 'firth'"),
        (("m", "v ~ a", ["linear"], "hc1"), "engine is "),
        (("m", "v ~ a", "linear", "robust"), "vcov is 'robust'; it must be one of classical"),
        (("m", "y ~ a", "firth", "hc3"), "engine 'firth' has no vcov 'hc3'"),
        (("m", "v ~ a", "linear", "cluster"), "needs the cluster column"),
        (("m", "v ~ a", "linear", "hc1", "g"), "others take none"),
        (("m", "v ~ a", "linear", "cluster", ["a", "b", "g"]), "cluster names 3 columns"),
        (("m", "v ~ a", "linear", "cluster", 3), "cluster is 3; it must be the name of a column"),
        (
            ("m", "v ~ a", "linear", "cluster", ["g", 3]),
            "must be the name of a column, or a list of two",
        ),
        (
            ("m", "v ~ a", "linear", "hc1", None, {"wieghts": "w"}),
            (
                "no option wieghts; it has weights, bootstrap, bootstrap_draws, bootstrap_seed,"
                " unit, time, clock, known_from, known_late. Did you mean 'weights'"
            ),
        ),
        (
            ("m", "y ~ a", "firth", "hc1", None, {"weights": "w"}),
            "engine 'firth' has no option weights",
        ),
        (
            ("m", "v ~ a", "linear", "hc1", None, {"weights": 1.0}),
            "option weights .* is 1.0; it must name a column",
        ),
        (("m", "v ~ a", "linear", "hc1", None, {"weights": {"a": 1}}), "must name a column"),
        (
            ("m", "v ~ a", "linear", "classical", None, {"weights": "w"}),
            "take probability weights for counts",
        ),
        (
            ("m", "v ~ a", "linear", "hc1", None, "weights"),
            "options is 'weights'; it must be a mapping",
        ),
        (
            ("m", "v ~ a", "linear", "hc1", None, {1: 2}),
            "options is {1: 2}; it must be a mapping from names",
        ),
        (("m", None, "linear", "hc1"), "formula of a ModelSpec is None; it must be text"),
        (("m", ["v", "a"], "linear", "hc1"), "formula of a ModelSpec is .*; it must be text"),
        ((3, "v ~ a", "linear", "hc1"), "name of a ModelSpec is 3; it must be text"),
        (("m", "", "linear", "hc1"), "formula of a ModelSpec is ''; it must be text"),
    ],
)
def test_a_specification_that_is_none_is_refused(arguments, said):
    with pytest.raises(ps.SpecError, match=said):
        ps.ModelSpec(*arguments)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda d: d[:0], ps.FitError, "the data have no rows"),
        (lambda d: pd.DataFrame(), ps.SpecError, "the column 'v' is not in the data"),
        (lambda d: d[:2], ps.FitError, "2 of 2 rows have values"),
        (lambda d: d[:4], ps.FitError, r"4 rows cannot give 5 terms \(Intercept, a, b"),
        (lambda d: pd.concat([d, d[["a"]]], axis=1), ps.SpecError, "the column 'a' appears twice"),
        (
            lambda d: pd.concat({"p": d}, axis=1),
            ps.SpecError,
            "names of 2 levels, as .*Flatten them first",
        ),
        (lambda d: d["a"], ps.SpecError, "not a Series. Write: ps.fit"),
        (lambda d: d.to_numpy(), ps.SpecError, "not a ndarray"),
        (lambda d: {"a": [1]}, ps.SpecError, "not a dict"),
        (lambda d: None, ps.SpecError, "not a NoneType"),
    ],
)
def test_a_table_that_is_none_is_refused(change, error, said):
    with pytest.raises(error, match=said):
        ps.fit(change(draw()), spec("v ~ a + b + square(a) + square(b)"))


@pytest.mark.parametrize(
    ("formula", "engine"),
    [
        ("v ~ a + b", "linear"),
        ("y ~ a + b", "logit"),
        ("y ~ a + b", "firth"),
        ("Surv(t, e) ~ a + b", "cox"),
        ("Surv(t, e) ~ a + b", "discrete_time"),
    ],
)
@pytest.mark.parametrize("unit", [1e12, 1e-12])
def test_a_column_in_another_unit_gives_the_right_answer(formula, engine, unit):
    one, two = (
        ps.fit(draw().assign(a=lambda t, u=u: t.a * u), spec(formula, engine)).terms.set_index(
            "term"
        )
        for u in (1.0, unit)
    )
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        two.loc["a", column] *= unit
    pd.testing.assert_frame_equal(one, two, rtol=SAME, atol=1e-10)


@pytest.mark.parametrize("kind", ["bool", "boolean", "int8", "Float64"])
def test_a_yes_or_no_outcome_is_taken_as_1_and_0(kind):
    want = ps.fit(draw(), spec("y ~ a", "logit")).terms
    pd.testing.assert_frame_equal(
        ps.fit(draw().assign(y=lambda t: t.y.astype(kind)), spec("y ~ a", "logit")).terms, want
    )


@pytest.mark.parametrize(
    ("formula", "engine"), [("v ~ 1", "linear"), ("y ~ 1", "logit"), ("y ~ 1", "firth")]
)
def test_an_intercept_alone_is_the_mean(formula, engine):
    d = draw()
    (b,) = ps.fit(d, spec(formula, engine)).terms["estimate"]
    # Firth's intercept adds half a case to either side
    events = d.y.sum() + (0.5 if engine == "firth" else 0.0)
    rest = N - d.y.sum() + (0.5 if engine == "firth" else 0.0)
    assert b == pytest.approx(d.v.mean() if engine == "linear" else np.log(events / rest), rel=1e-9)
