"""The grammar: what parses, what is refused, and that nothing of a formula is ever run."""

import contextlib
import random
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import peacestudy as ps
from peacestudy.models.formulas.factors import Factor
from peacestudy.models.formulas.formula import DEEPEST, FUNCTIONS, LONGEST, MOST_TERMS, parse

GOOD = {
    "y ~ a": "f0",
    " y~a ": "f0",
    "y ~ 1": "1",
    "y ~ 0 + a": "0 + f0",
    "y ~ -1 + C(k)": "-1 + f0",
    "y ~ a + b*c": "f0 + f1*f2",
    "y ~ a:b - a": "f0:f1 - f0",
    "y ~ (a + b)*C(k)": "(f0 + f1)*f2",
    "y ~ a + a": "f0 + f0",
    "y ~ -(a)": "-(f0)",
    "y ~ log(a) + a": "f0 + f1",
    "log(y)~scale( log1p( `a b` ) )": "f0",
    "y\n~\ta\n+ b": "f0 + f1",
    "y ~ été + Größe + 国": "f0 + f1 + f2",
    "`y` ~ `a`": "f0",
    "y ~ poly(a, 2)": "(f0_1 + f0_2)",
    "y ~ poly( log(`a b`) ,1)": "(f0_1)",
    "y ~ b*poly(a, 2) - poly(a,2)": "f0*(f1_1 + f1_2) - (f1_1 + f1_2)",
    "y ~ lag(a)*lag( `a b` ,2 ) + lag(a, 1)": "f0*f1 + f0",
    "y ~ log(lag(a)) + C(lag(k)) + poly(lag(a, 12), 2)": "f0 + f1 + (f2_1 + f2_2)",
    "y ~ bs(a, 3) + poly(a, 3)": "(f0_1 + f0_2 + f0_3) + (f1_1 + f1_2 + f1_3)",
}
BAD = [
    "",
    "~",
    "y",
    "y ~",
    "~ a",
    "a + b",
    "y ~ a +",
    "y ~ + a",
    "y ~ a ++ b",
    "y ~ a b",
    "y ~ a ~ b",
    "y == a",
    "y ~ (a",
    "y ~ a)",
    "y ~ ()",
    "y ~ a()",
    "y ~ log()",
    "y ~ log(a, b)",
    "y ~ log(a + b)",
    "y ~ log a",
    "y ~ 2",
    "y ~ 2*a",
    "y ~ a^2",
    "y ~ a**2",
    "y ~ a/b",
    "y ~ a|b",
    "y ~ a %in% b",
    "y ~ .",
    "y ~ a.b",
    "y ~ a[0]",
    "y ~ {a}",
    "y ~ 'a'",
    'y ~ "a"',
    "y ~ a; b",
    "y ~ a = b",
    "y ~ a if b else a",
    "y ~ a and b",
    "y ~ lambda: 0",
    "y ~ np.log(a)",
    "y ~ I(a)",
    "y ~ exp(a)",
    "y ~ Log(a)",
    "y ~ C(C(k))",
    "y ~ log(C(k))",
    "y ~ scale(C(k))",
    "y ~ `",
    "y ~ ``",
    "y ~ `a",
    "y ~ `a\nb`",
    "y ~ a\x00",
    "y ~ a # b",
    "y ~ a\\",
    "y ~ a:",
    "y ~ :a",
    "y ~ *a",
    "y ~ a*",
    "y ~ a - ",
    "y ~ --a",
    "y ~ 01",
    "y ~ 1.0",
    "y ~ 1e3",
    "y ~ 1a",
    "y ~ ١",
    "1 ~ a",
    "0 ~ a",
    "y + z ~ a",
    "y ~ poly(a)",
    "y ~ poly(a,)",
    "y ~ poly(a, 0)",
    "y ~ poly(a, 02)",
    "y ~ poly(a, 11)",
    "y ~ poly(a, -1)",
    "y ~ poly(a, 2.0)",
    "y ~ poly(a, b)",
    "y ~ poly(a, 2, 3)",
    "y ~ poly(2, a)",
    "y ~ poly(a, ٢)",
    "y ~ poly(a, 2 + 1)",
    "y ~ poly(a + b, 2)",
    "y ~ poly(a, b, 2)",
    "y ~ bs(a, 2)",
    "y ~ bs(a, 31)",
    "y ~ bs(a, 999999)",
    "y ~ log(a, 2)",
    "y ~ C(a, 2)",
    "y ~ scale(a, 1)",
    "y ~ log(poly(a, 2))",
    "y ~ C(bs(a, 4))",
    "y ~ poly(poly(a, 2), 2)",
    "y ~ poly(C(a), 2)",
    "y ~ a, 2",
    "y ~ a[1]",
    "y ~ poly(a, 2)[1]",
    "y ~ lag()",
    "y ~ lag(a, 0)",
    "y ~ lag(a, 01)",
    "y ~ lag(a, -1)",
    "y ~ lag(a, b)",
    "y ~ lag(a, 10000)",
    "y ~ lag(a, 1, 2)",
    "y ~ lag(log(a))",
    "y ~ lag(lag(a))",
    "y ~ lag(a + b)",
    "lag(y) ~ a",
    "y ~ lag(2)",
    "y ~ lag(a:b)",
    "y ~ lag(C(a))",
    "log(lag(y)) ~ a",
    "y ~ lag(a",
    "-y ~ a",
    "(y) ~ a",
    "a:b ~ a",
    "y ~ a ~",
    "y ≈ a",
    "y ~ a − b",
]
# 0 and 1 say whether there is an intercept; inside a bracket or a product they would say nothing,
# silently
NUMBERS = [
    "y ~ (0 + a)",
    "y ~ (a - 1)*b",
    "y ~ 0*a",
    "y ~ 1*a",
    "y ~ a*1",
    "y ~ a:1",
    "y ~ 0:a",
    "y ~ (1)",
    "y ~ a + (1)",
    "y ~ log(1)",
]

CODE = [
    "open('{}', 'w')",
    "__import__('pathlib').Path('{}').touch()",
    "__import__('os').system('touch {}')",
    "exec(\"open('{}', 'w')\")",
    "eval(\"open('{}', 'w')\")",
    "(lambda: open('{}', 'w'))()",
    "[open('{}', 'w') for _ in (0,)]",
    "{{open('{}', 'w')}}",
    "f\"{{open('{}', 'w')}}\"",
    "@__import__('os').system('touch {}')",
    "a.__class__.__base__.__subclasses__() or open('{}', 'w')",
    "a if open('{}', 'w') else a",
    "a := open('{}', 'w')",
    "I(open('{}', 'w'))",
    "np.array(open('{}', 'w'))",
    "Q(open('{}', 'w'))",
    "stateful(open('{}', 'w'))",
    "`a`; open('{}', 'w')",
    "a)\nopen('{}', 'w'",
    "poly(open('{}', 'w'), 2)",
]
PLACES = [
    "y ~ {}",
    "y ~ a + {}",
    "y ~ a*{}",
    "y ~ a:{}",
    "y ~ C({})",
    "y ~ log({})",
    "y ~ scale(log({}))",
    "{} ~ a",
    "y ~ ({})",
    "y ~ -{}",
    "y ~ `{}`",
]


@pytest.mark.parametrize("text", GOOD)
def test_it_parses(text):
    assert parse(text).right == GOOD[text]


@pytest.mark.parametrize("text", BAD + NUMBERS)
def test_it_is_refused(text):
    with pytest.raises(ps.SpecError):
        parse(text)


def test_columns_and_labels_are_what_the_reader_wrote():
    f = parse("log(`size of deal`) ~ a*C(k) + scale(log(a)) + a")
    assert f.columns == ("size of deal", "a", "k")
    assert f.response == Factor("size of deal", ("log",))
    assert [x.label for x in f.factors] == ["a", "C(k)", "scale(log(a))"]
    assert f.right == "f0*f1 + f2 + f0"


def test_the_place_of_an_error_is_told():
    with pytest.raises(ps.SpecError, match=r"'\$' at character 9 is not part of a formula"):
        parse("y ~ a + $b")
    with pytest.raises(
        ps.SpecError, match="'the end' at character 8 stands where a column is expected"
    ):
        parse("y ~ a +")
    with pytest.raises(ps.SpecError, match=r"'lgo' is no function.*Did you mean 'log'\?"):
        parse("y ~ lgo(a)")


def test_functions_that_take_an_integer_are_names_of_columns_too():
    assert parse("y ~ lag + poly + bs").columns == ("y", "lag", "poly", "bs")


def test_the_integer_of_a_curve_is_asked_for():
    with pytest.raises(
        ps.SpecError,
        match=(
            r"'0' at character 13 stands where the degree of poly\(\) is expected, a whole number"
            r" from 1 to 10"
        ),
    ):
        parse("y ~ poly(a, 0)")
    with pytest.raises(
        ps.SpecError, match=r"number of columns of bs\(\) is expected, a whole number from 3 to 30"
    ):
        parse("y ~ bs(a, b)")
    with pytest.raises(
        ps.SpecError, match=r"takes one column, and poly\(\) makes several: write it outermost"
    ):
        parse("y ~ log(poly(a, 2))")


def test_a_name_for_two_things_is_refused():
    with pytest.raises(ps.SpecError, match=r"'log\(a\)' is both a column and a function of one"):
        parse("y ~ log(a) + `log(a)`")
    with pytest.raises(ps.SpecError, match="both"):
        parse("y ~ C(square(a)) + C(`square(a)`)")


def test_what_no_reader_writes_is_refused_soon():
    deep = DEEPEST - 1
    assert parse("y ~ " + "(" * deep + "a" + ")" * deep)
    with pytest.raises(ps.SpecError, match="brackets"):
        parse("y ~ " + "(" * DEEPEST + "a" + ")" * DEEPEST)
    with pytest.raises(ps.SpecError, match="brackets"):
        parse("y ~ " + "log(" * 200 + "a" + ")" * 200)
    with pytest.raises(ps.SpecError, match="characters"):
        parse("y ~ " + "a+" * LONGEST + "a")
    with pytest.raises(ps.SpecError, match=f"at most {MOST_TERMS}"):
        parse("y ~ " + "*".join(f"x{i}" for i in range(60)))
    with pytest.raises(ps.SpecError, match=f"at most {MOST_TERMS}"):
        parse("y ~ " + "*".join(f"(x{i} + z{i})" for i in range(7)))
    assert len(parse("y ~ " + " + ".join(f"x{i}" for i in range(1200))).factors) == 1200


@pytest.mark.parametrize("where", ["formula", "header", "level"])
def test_no_payload_is_run(tmp_path, where):
    canary = tmp_path / "canary"
    payloads = [place.format(code.format(canary)) for code in CODE for place in PLACES]
    assert len(payloads) >= 200
    d = pd.DataFrame({"a": np.arange(8.0), "y": [1, 2, 4, 3, 5, 7, 6, 9.0], "k": list("ppqqrrss")})
    for code in CODE if where != "formula" else payloads:
        text = code if where == "formula" else code.format(canary)
        if where == "formula":
            data, formula = d, text
        elif where == "header":
            data, formula = d.rename(columns={"a": text}), f"y ~ `{text}` + C(k)"
        else:
            data, formula = d.assign(k=[text, "b"] * 4), "y ~ a*C(k)"
        with contextlib.suppress(ps.SpecError):
            ps.fit(data, ps.ModelSpec("m", formula, "linear", "classical"))
        assert not canary.exists(), text


def test_some_thousand_mangled_formulas_parse_or_raise():
    rng = random.Random(20261123)
    pieces = [
        *"yab01+-*:~() \n\t`'\"\\{}[].,;^/|@#$%&=<>!?",
        *FUNCTIONS,
        "log(",
        "C(",
        "é",
        "国",
        "\x00",
        "\u202e",
        "😀",
        "`a b`",
        "__import__",
    ]
    seeds = [*GOOD, "y ~ a + b*c + log(`d e`) + C(k)"]
    parsed = 0
    for _ in range(6000):
        text = list(rng.choice(seeds))
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(text) + 1)
            text[place : place + rng.randrange(3)] = [rng.choice(pieces)]
        try:
            parse("".join(text))
            parsed += 1
        except ps.SpecError:
            pass
    assert 300 < parsed < 5000  # the mangling is neither idle nor total


@given(st.text(max_size=60))
def test_any_text_parses_or_raises(text):
    for formula in (text, f"y ~ {text}", f"y ~ `{text}`"):
        with contextlib.suppress(ps.SpecError):
            parse(formula)


names = st.sampled_from(["a", "b", "`c d`", "k", "été"])
factors = st.one_of(
    names,
    st.builds("{}({})".format, st.sampled_from(["log1p", "square", "scale", "center", "C"]), names),
    st.builds(
        "{}, {})".format,
        st.builds(
            "{}({}".format, st.sampled_from(["poly", "bs"]), st.sampled_from(["a", "b", "`c d`"])
        ),
        st.just(3),
    ),
)
products = st.recursive(
    factors,
    lambda inner: st.one_of(
        st.builds("{}*{}".format, inner, inner),
        st.builds("{}:{}".format, inner, inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("({} - {})".format, inner, inner),
    ),
    max_leaves=5,
)
terms = st.one_of(products, st.sampled_from(["0", "1"]))
sums = st.lists(st.tuples(st.sampled_from(["+", "-"]), terms), max_size=4)


@given(terms, sums)
def test_whatever_follows_the_grammar_parses_and_builds_or_says_why(first, rest):
    formula = "y ~ " + first + "".join(f" {sign} {term}" for sign, term in rest)
    rng = np.random.default_rng(0)
    d = pd.DataFrame(
        {
            "a": rng.random(60),
            "b": rng.random(60),
            "c d": rng.random(60),
            "été": rng.integers(0, 2, 60),
        }
    )
    d["k"], d["y"] = rng.integers(1, 4, 60), rng.normal(size=60)
    parse(formula)
    try:
        fit = ps.fit(d, ps.ModelSpec("m", formula, "linear", "classical"))
    except ps.PeacestudyError:
        return
    assert len(set(fit.terms.term)) == len(fit.terms)
    assert np.isfinite(fit.terms.estimate).all()


@given(
    st.text(
        st.characters(blacklist_characters="`\n", blacklist_categories=["Cs"]),
        min_size=1,
        max_size=30,
    )
)
def test_any_name_in_backquotes_is_a_column(name):
    d = pd.DataFrame({name: [1.0, 2, 3, 5], "the outcome": [2.0, 1, 4, 6]})
    if name != "the outcome":
        fit = ps.fit(d, ps.ModelSpec("m", f"`the outcome` ~ 0 + `{name}`", "linear", "classical"))
        assert fit.terms.term[0] == name


def test_letters_of_every_script_need_no_backquotes():
    for name in ["x1", "_x", "Ärger", "αβγ", "переменная", "变量", *string.ascii_letters[:3]]:
        assert parse(f"y ~ {name}").factors[0].column == name
