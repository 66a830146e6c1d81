"""Payloads: code in formulas, column names, categories and names of
clusters is never run; a canary file says so.

Beside the canary an audit hook listens while a formula is parsed: nothing may be compiled,
imported, opened or started.
"""

import itertools
import random
import sys

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.formulas.formula import FUNCTIONS, parse

FUZZED, FITTED = 100_000, 300
WATCHED = (
    "compile",
    "exec",
    "import",
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "ctypes.",
    "pickle.",
    "shutil.",
    "code.",
)
HEARD: list[tuple[str, str]] = []
LISTENING = [False]


def _hook(event, args):
    if LISTENING[0] and event.startswith(WATCHED):
        HEARD.append((event, repr(args)[:200]))


sys.addaudithook(_hook)


@pytest.fixture
def listening():
    HEARD.clear()
    yield HEARD
    LISTENING[0] = False


# every {} is the canary's path; what opens, touches or writes it by any road that has served
# somewhere
IMPORTS = [
    "__import__('pathlib').Path('{}').touch()",
    "__import__('os').system('touch {}')",
    "__import__('os').popen('touch {}').read()",
    "__import__('subprocess').run(['touch', '{}'])",
    "importlib.import_module('os').system('touch {}')",
    "import os; os.system('touch {}')",
    "from os import system",
    "exec(\"open('{}', 'w')\")",
    "eval(\"open('{}', 'w')\")",
    "compile(\"open('{}','w')\", '', 'exec')",
    "open('{}', 'w')",
    "io.open('{}', 'w')",
    "np.save('{}', 0)",
    "np.lib.npyio.DataSource('{}')",
    "pd.DataFrame().to_csv('{}')",
    "pd.eval(\"@open('{}', 'w')\")",
    "@open('{}', 'w')",
    "breakpoint()",
    "globals()['open']('{}', 'w')",
    "vars(__builtins__)['open']('{}', 'w')",
    "getattr(__builtins__, 'open')('{}', 'w')",
    "(lambda: open('{}', 'w'))()",
    "[open('{}', 'w') for _ in (0,)]",
    "{{open('{}', 'w')}}",
    "(yield open('{}', 'w'))",
    "await open('{}', 'w')",
    "a if open('{}', 'w') else a",
    "a or open('{}', 'w')",
    "a := open('{}', 'w')",
    "print(file=open('{}', 'w'))",
    "a, *open('{}', 'w')",
    "not open('{}', 'w')",
    "a[open('{}', 'w')]",
    "a.apply(open('{}', 'w'))",
]
DUNDERS = [
    "a.__class__",
    "a.__class__.__base__.__subclasses__()",
    "().__class__.__mro__[1].__subclasses__()[0]('{}')",
    "__builtins__.open('{}', 'w')",
    "a.__init__.__globals__['__builtins__']['open']('{}', 'w')",
    "a.__reduce_ex__(2)",
    "__loader__.load_module('os')",
    "__spec__",
    "__name__",
    "__class__(a)",
    "__doc__()",
    "_.__dict__",
    "type('X', (), dict(__del__=open))('{}')",
    "a.values.tofile('{}')",
    "a.to_pickle('{}')",
]
STRINGS = [
    "f\"{{open('{}', 'w')}}\"",
    'f\'{{__import__("os").system("touch {}")}}\'',
    "'{{0.__class__}}'.format(open)",
    "'%s' % open('{}', 'w')",
    "{{a.__class__.__init__.__globals__}}",
    "{{{{open('{}', 'w')}}}}",
    "%(a)s",
    "${{IFS}}touch {}",
    "$(touch {})",
    "`touch {}`",
    "{{{{7*7}}}}",
    "{{% import os %}}",
    '"; touch {}; "',
    "'; DROP TABLE a; --",
    "b'\\x80\\x04c'",
    "r'{}'",
    "u'{}'",
    "'''{}'''",
    "a\\nopen('{}', 'w')",
    "=cmd|' /C touch {}'!A0",
    "\\N{{LATIN SMALL LETTER A}}",
    "<script>open('{}')</script>",
    "!touch {}",
    "%run {}",
    "?a",
    "a # {}",
]
FORMULAIC = [
    "I(open('{}', 'w'))",
    "Q(open('{}', 'w'))",
    "Q('a')",
    "{{a+1}}",
    "{{open('{}', 'w')}}",
    "np.array(open('{}', 'w'))",
    "np.log(a)",
    "stateful(open('{}', 'w'))",
    "bs(open('{}', 'w'), 3)",
    "bs(a, df=open('{}', 'w'))",
    "poly(open('{}', 'w'), 2)",
    "poly(a, open('{}', 'w'))",
    "poly(a, degree=2)",
    "poly(a, __import__)",
    "lag(open('{}', 'w'))",
    "C(a, contr.treatment(open('{}', 'w')))",
    "C(a, levels=open('{}', 'w'))",
    "hashed(a, hash_func=open)",
    "cc(a, df=open('{}', 'w'))",
    "exp(a)",
    ".",
    "a^2",
    "a**2",
    "a %in% b",
    "(a|b)",
    "a ~ b ~ open('{}', 'w')",
    "Surv(open('{}', 'w'), a)",
    "Surv(a, `b`, c, open('{}', 'w'))",
    "offset(open('{}', 'w'))",
    "cluster(a)",
    "strata(a)",
    "C",
    "log",
    "Surv",
]
UNICODE = [
    "ｏｐｅｎ('{}', 'w')",
    "𝑜𝑝𝑒𝑛('{}', 'w')",
    "__ｉｍｐｏｒｔ__('os')",
    "ｅval(a)",
    "eval\u200b('{}')",
    "a\u202e)'w' ,'{}'(nepo",
    "\ufeffopen('{}', 'w')",
    "a\u2028open('{}', 'w')",
    "a\x0bopen('{}', 'w')",
    "a\x85open('{}', 'w')",
    "a\x00open('{}', 'w')",
    "a\x1b]0;{}\x07",
    "ﬁle('{}')",
    "lοg(a)",
    "Ⅽ(a)",
    "а + Ь",
    "a＋b",
    "a∗b",
    "（a）",
    "“a”",
    "١",
    "a\u0301\u0301",
    "\U0001f40d(a)",
    "\ud800",
    "ſqrt(a)",
    "ａ",
]
PLACES = [
    "y ~ {}",
    "y ~ a + {}",
    "y ~ a*({})",
    "y ~ C({})",
    "y ~ log({})",
    "{} ~ a",
    "Surv({}, a) ~ b",
    "y ~ `{}`",
    "`{}` ~ a",
]
LONG = [
    "y ~ " + "a + " * 50_000 + "a",
    "y ~ " + "(" * 20_000 + "a" + ")" * 20_000,
    "y ~ " + "log(" * 3_000 + "a" + ")" * 3_000,
    "y ~ " + "a:" * 4_000 + "a",
    "y ~ " + "*".join("abcdefghijklmnop"),
    "y ~ " + "-" * 9_000 + "a",
    "y ~ `" + "x" * 9_000 + "`",
    "y ~ " + "x" * 9_990,
    "y ~ " + "9" * 9_000,
    "y ~ poly(a, " + "9" * 5_000 + ")",
    "y ~ bs(a, " + "9" * 8_000 + ")",
    "y ~ " + "C(" * 60 + "a" + ")" * 60,
    "~" * 10_000,
    "y ~ a" + " " * 9_990,
    "y ~ " + "`a`:" * 2_000 + "a",
    "y ~ " + "(a+b)*" * 500 + "a",
    "y ~ " + "(a*" * 49 + "b" + ")" * 49,
    "`" * 9_999,
    "y ~ " + "Surv(" * 2_000,
    "y ~ " + "poly(" * 2_000,
]
PANEL = {"unit": "k", "time": "a"}
CODES = [*IMPORTS, *DUNDERS, *STRINGS, *FORMULAIC, *UNICODE]


def table():
    return pd.DataFrame(
        {
            "a": np.arange(8.0) + 1,
            "b": [1, 3, 2, 5, 4, 7, 6, 9.0],
            "y": [1, 2, 4, 3, 5, 7, 6, 9.0],
            "k": list("ppqqrrss"),
        }
    )


def refused_or_fitted(data, formula, **more):
    """Whether a fit was made; any error that is not ours goes through."""
    try:
        ps.fit(
            data, ps.ModelSpec("m", formula, "linear", "classical", **({"options": PANEL} | more))
        )
        return True
    except ps.PeacestudyError:
        return False


def test_there_are_more_than_two_hundred_payloads():
    assert len(set(CODES)) > 120
    assert len(CODES) * len(PLACES) + len(LONG) > 1000


def test_no_payload_is_run_in_any_place_of_a_formula(tmp_path, listening):
    canary = tmp_path / "canary"
    d = table()
    for code, place in itertools.product(CODES, PLACES):
        formula = place.replace(
            "{}", code.replace("{}", str(canary)).replace("{{", "{").replace("}}", "}")
        )
        LISTENING[0] = True
        try:
            parse(formula)
        except ps.SpecError:
            pass
        else:
            LISTENING[0] = False
            refused_or_fitted(d, formula)
        LISTENING[0] = False
        assert not listening, formula
    assert not canary.exists()


def test_what_is_too_long_or_too_deep_is_refused_in_no_time():
    fitted = [formula for formula in LONG if refused_or_fitted(table(), formula)]
    # long, and one term
    assert [set(formula) for formula in fitted] == [set("y ~a:"), set("y ~a"), set("y ~`a:")]


@pytest.mark.parametrize(
    "where", ["column", "outcome", "category", "categories", "poly", "index", "lag"]
)
def test_code_in_the_data_is_text(tmp_path, where):
    canary = tmp_path / "canary"
    fitted = 0
    for raw in CODES:
        code = raw.replace("{}", str(canary)).replace("{{", "{").replace("}}", "}")
        if not code.isprintable() and code.encode("utf-8", "replace") != code.encode(
            "utf-8", "surrogatepass"
        ):
            continue  # no table can hold half a letter
        d, formula = table(), "y ~ a"
        if where in ("column", "outcome", "categories", "poly", "lag"):
            if "`" in code or "\n" in code or code in ("a", "y", "k"):
                continue
            old = {"column": "b", "outcome": "y", "categories": "k", "poly": "b", "lag": "b"}[where]
            d = d.rename(columns={old: code})
            right = {
                "column": "`{}` + C(k)",
                "outcome": "a",
                "categories": "C(`{}`)",
                "poly": "poly(`{}`, 2)",
                "lag": "lag(`{}`)",
            }[where]
            formula = (
                (f"`{code}`" if where == "outcome" else "y") + " ~ " + right.replace("{}", code)
            )
        elif where == "category":
            d, formula = (
                d.assign(k=pd.Categorical(["other", code] * 4, ["other", code])),
                "y ~ a + C(k)",
            )
        else:
            d = d.set_index(pd.Index([code] * 8))
        found = ps.fit(d, ps.ModelSpec("m", formula, "linear", "classical", options=PANEL))
        fitted += 1
        assert "<script>" not in found._repr_html_()
        if where in ("column", "categories", "poly", "category", "lag"):
            assert any(code in term for term in found.terms["term"]), code
    assert fitted > 110
    assert not canary.exists()


def test_code_in_clusters_and_options_is_a_column_that_is_not_there(tmp_path):
    canary = tmp_path / "canary"
    for raw in CODES:
        code = raw.replace("{}", str(canary))
        wanted = (
            {"vcov": "cluster", "cluster": code},
            {"vcov": "hc1", "options": {"weights": code}},
            {"vcov": "hc1", "options": {"unit": code, "time": "a"}},
            {"vcov": "hc1", "options": {"unit": "k", "time": code}},
        )
        for more in wanted:
            if code in ("a", "y", "k", "b"):
                continue
            with pytest.raises(ps.SpecError, match="is not in the data"):
                ps.fit(
                    table(),
                    ps.ModelSpec(
                        "m",
                        "y ~ lag(a)" if "unit" in more.get("options", {}) else "y ~ a",
                        "linear",
                        **more,
                    ),
                )
        for more in ({"options": {code: "a"}}, {"engine": code}, {"vcov": code}):
            with pytest.raises(ps.SpecError):
                ps.ModelSpec("m", "y ~ a", **({"engine": "linear", "vcov": "hc1"} | more))
    assert not canary.exists()


SEEDS = [
    "y ~ a",
    "y ~ a + b*a",
    "log(y) ~ scale(log1p(a)):C(k)",
    "y ~ -1 + C(k)*a - b",
    "Surv(a, b) ~ C(k)",
    "y ~ (a + `b c`)*k",
    "y ~ poly(a, 2)",
    "y ~ bs(b, 4) + a",
    "y ~ 0 + square(center(a))",
    "y ~ a:b:k + sqrt(a)",
]


def fuzz(rng, pieces):
    kind = rng.random()
    if kind < 0.75:  # a good formula, mangled
        text = list(rng.choice(SEEDS))
        for _ in range(rng.randrange(1, 3)):
            place = rng.randrange(len(text) + 1)
            text[place : place + rng.randrange(3)] = [rng.choice(pieces)]
        return "".join(text)
    if kind < 0.92:  # pieces in any order
        return "y ~ " * (rng.random() < 0.5) + "".join(rng.choices(pieces, k=rng.randrange(1, 14)))
    # any letters at all
    return "".join(chr(rng.randrange(32, 0x2FFF)) for _ in range(rng.randrange(1, 40)))


@pytest.mark.slow(reason="parses a hundred thousand strings, 5 s")
def test_a_hundred_thousand_fuzzed_strings_parse_or_are_refused(tmp_path, monkeypatch, listening):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(20261126)
    pieces = [
        *"yabk012+-*:~()`, \n\t'\"\\{}[].;^/|@#$%&=<>!?",
        *(f"{f}(" for f in FUNCTIONS),
        *FUNCTIONS,
        "Surv(",
        "poly(",
        "bs(",
        "lag(",
        ", 2)",
        ", 999)",
        "é",
        "国",
        "\x00",
        "\u202e",
        "😀",
        "`a b`",
        "__import__('os')",
        "open('canary','w')",
        "exec",
        "lambda: ",
        "f'{a}'",
        "~",
        "C(k)",
    ]
    texts = [fuzz(rng, pieces) for _ in range(FUZZED)]
    parsed = []
    LISTENING[0] = True
    for text in texts:
        try:
            parse(text)
            parsed.append(text)
        except ps.SpecError:
            pass
    LISTENING[0] = False
    assert not listening
    assert 5_000 < len(parsed) < 60_000  # the mangling is neither idle nor total
    d = pd.DataFrame(
        np.random.default_rng(0).gamma(2.0, size=(40, 5)), columns=["a", "b", "y", "b c", "e"]
    ).assign(k=list("ppqrr") * 8)
    fitted = sum(refused_or_fitted(d, text) for text in rng.sample(sorted(set(parsed)), FITTED))
    assert fitted > 20
    assert not list(tmp_path.iterdir())
