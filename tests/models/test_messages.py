"""What is told where a name, a formula or a spec is written otherwise, a cell holds a list, or a
table holds every row twice.
"""

import copy
import dataclasses
import pickle
import unicodedata

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy import models
from peacestudy.core.problems import composed, nearest

ACCENT, BLANK = "é", "size of deal"
APART = unicodedata.normalize("NFD", ACCENT)  # a letter and an accent: two signs that look like one
HARD = "size\u00a0of\u00a0deal"  # the same words with no-break spaces


def table(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    d = pd.DataFrame(
        {
            "y": rng.normal(size=n),
            ACCENT: rng.normal(size=n),
            BLANK: rng.normal(size=n),
            "gdp": rng.normal(size=n),
        }
    )
    return d.assign(
        w=rng.uniform(1, 2, n),
        g=np.tile(list("abcdef"), n // 6),
        b=(d.y > 0).astype(int),
        case_id=range(n),
    )


DATA = table()


def fitted(data, formula, engine="linear", vcov="hc1", **more):
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, **more))


@pytest.mark.parametrize(("column", "name"), [(APART, ACCENT), (ACCENT, APART)])
@pytest.mark.parametrize("way", ["formula", "backquotes", "outcome", "cluster", "weights", "group"])
def test_names_that_look_the_same_match(column, name, way):
    plain = (
        DATA
        if way in ("formula", "backquotes", "outcome")
        else DATA.assign(**{ACCENT: DATA.w if way == "weights" else DATA.g})
    )
    d = plain.rename(columns={ACCENT: column})
    written = {
        "formula": f"y ~ {name}",
        "backquotes": f"y ~ `{name}`",
        "outcome": f"{name} ~ gdp",
    }.get(way, "y ~ gdp")
    more = {
        "cluster": lambda c: {"vcov": "cluster", "cluster": c},
        "weights": lambda c: {"options": {"weights": c}},
        "group": lambda c: {
            "engine": "mixed_linear",
            "vcov": "classical",
            "options": {"group": c, "method": "ml"},
        },
    }.get(way, lambda c: {})
    found = fitted(d, written, **more(name))
    right = fitted(plain, written.replace(name, ACCENT), **more(ACCENT))
    numbers = ["estimate", "std_error", "p_value"]
    pd.testing.assert_frame_equal(found.terms[numbers], right.terms[numbers])


@pytest.mark.parametrize(("column", "name"), [(HARD, BLANK), (BLANK, HARD)])
def test_no_break_spaces_match_spaces(column, name):
    found = fitted(DATA.rename(columns={BLANK: column}), f"y ~ `{name}`")
    assert found.terms["term"].tolist() == ["Intercept", name]  # as the author wrote it
    right = fitted(DATA, f"y ~ `{BLANK}`")
    assert found.terms["estimate"].tolist() == right.terms["estimate"].tolist()


def test_names_that_look_the_same_match_in_every_verb():
    d = DATA.rename(columns={ACCENT: APART})
    found, right = fitted(d, f"y ~ {ACCENT}*gdp"), fitted(DATA, f"y ~ {ACCENT}*gdp")
    for one, data, name in ((found, d, APART), (found, d, ACCENT), (right, DATA, APART)):
        slopes = ps.effects(one, data, "slopes", [name], at={"gdp": 0})
        assert slopes.estimate[0] == pytest.approx(
            ps.effects(right, DATA, "slopes", [ACCENT], at={"gdp": 0}).estimate[0]
        )
        steps = ps.effects(one, data, "comparisons", {name: (0, 1)}, at={"gdp": 1})
        assert steps.estimate[0] == pytest.approx(
            right.contrast({ACCENT: 1, f"{ACCENT}:gdp": 1}).estimate[0]
        )
        held = ps.effects(one, data, "predictions", at={name: [0, 1]})
        assert len(held) == 2
        values = models.conditional_effects(
            one, data, "gdp", "slope", name, [0], near=1, min_cases=3
        )
        assert values.estimate[0] == pytest.approx(right.terms.estimate[2])
        assert one.contrast({name: 1}).estimate[0] == right.terms.estimate[1]
        assert one.joint_test([name]).p_value == pytest.approx(right.terms.p_value[1])
        assert len(ps.predict(one, data, "response")) == 60
    gaps = d.assign(gdp=d.gdp.where(d.index % 5 > 0))
    pooled = ps.fit(
        models.impute(gaps, ["y", ACCENT, "gdp"], m=2, cycles=1, donors=3, seed=1),
        ps.ModelSpec("m", f"y ~ {APART} + gdp", "linear", "hc1"),
    )
    assert pooled.terms["term"][1] == ACCENT


def test_two_columns_that_look_the_same_are_refused():
    d = DATA.assign(**{APART: 1.0})
    with pytest.raises(
        ps.SpecError,
        match=(
            r"appears twice in the data, as '\\xe9' and 'e\\u0301', which look the same; rename one"
        ),
    ):
        fitted(d, f"y ~ {ACCENT}")
    assert fitted(d, "y ~ gdp").n == 60  # the names are not needed


HINTS = {
    "case": ("GDP", ["gdp", "gdp_log"], "gdp"),
    "blanks": ("gdp per capita", ["gdp", "gdp_per_capita"], "gdp_per_capita"),
    "accent": ("Cote d'Ivoire", ["Côte d'Ivoire", "Cote"], "Côte d'Ivoire"),
    "hyphen": ("peace-years", ["peace_years", "years"], "peace_years"),
    "spelling": ("lgdp", ["gdp", "war"], "gdp"),
    "case and spelling": ("GDPP_CAPITA", ["gdp_capita", "war"], "gdp_capita"),
}


@pytest.mark.parametrize("case", HINTS)
def test_hint_at_the_name_that_was_meant(case):
    word, known, meant = HINTS[case]
    assert nearest(word, known) == f" Did you mean {meant!r}?"


def test_no_hint_at_a_name_that_is_far():
    assert nearest("polity", ["gdp", "war"]) == ""
    assert composed("plain_ascii") == "plain_ascii"


@pytest.mark.parametrize(
    "ask",
    [
        lambda f: fitted(DATA, "y ~ GDP"),
        lambda f: fitted(DATA, "y ~ gdp", vcov="cluster", cluster="G"),
        lambda f: fitted(DATA, "y ~ gdp", options={"weights": "W"}),
        lambda f: ps.effects(f, DATA, "slopes", ["GDP"]),
        lambda f: ps.effects(f, DATA, "comparisons", {"GDP": "sd"}),
        lambda f: ps.effects(f, DATA, "predictions", at={"GDP": 0}),
        lambda f: models.conditional_effects(
            f, DATA, "GDP", "slope", "w", [1.5], near=1, min_cases=3
        ),
        lambda f: f.contrast({"GDP": 1}),
        lambda f: f.joint_test(["GDP"]),
        lambda f: ps.predict(f, DATA.rename(columns={"gdp": "GDP"}), "response"),
        lambda f: models.impute(
            DATA.assign(gdp=np.nan), ["Y", "gdp"], m=2, cycles=1, donors=2, seed=1
        ),
        lambda f: models.by_context(DATA, f.spec, "GDP", "g", method="bayes", min_events=5),
        lambda f: models.by_context(DATA, f.spec, "gdp", "G", method="bayes", min_events=5),
        lambda f: models.permutation_test(DATA, f.spec, ["gdp"], strata="G", draws=9, seed=1),
    ],
)
def test_every_place_where_a_column_is_named_hints_at_another_case(ask):
    with pytest.raises(ps.PeacestudyError, match=r"Did you mean '(gdp|g|w|y|GDP)'\?"):
        ask(fitted(DATA, "y ~ gdp*w"))


FOREIGN = {
    "y ~ x**2": r"write square\(x\)",
    "y ~ x^2": r"write square\(x\)",
    "y ~ I(x**2)": r"write square\(x\)",
    "y ~ I(x^2)": r"write square\(x\)",
    "y ~ `a b`**2": r"write square\(`a b`\)",
    "y ~ (a + b)**2": r"write a\*b",
    "y ~ I(x - 1)": r"write square\(x\).*other columns in the data",
    "y ~ np.log(x)": r"write log\(x\)",
    "y ~ log10(x)": r"write log\(x\)",
    "y ~ factor(k)": r"write C\(k\)",
    "y ~ as.factor(k)": r"write C\(k\)",
    "y ~ i.k": r"write C\(k\)",
    "y ~ C(k, Sum)": "takes one column",
    "y ~ .": "write their names",
    "y ~ . - x": "write their names",
    "y ~ x + (1|g)": r"options=\{'group': 'g'\}",
    "y ~ x + offset(e)": r"options=\{'offset': 'e'\}",
    "y ~ ns(x, 3)": r"write bs\(x, 4\)",
    "y ~ L.x": r"write lag\(x\)",
    "y ~ gdp.pc": "in backquotes",
    "y ~ x > 2": "column of 0 and 1",
    "y ~ a/b": r"write a \+ a:b",
    "y = x": "the outcome stands before ~",
    "y ~ exp(x)": "make the column in the data",
    "y ~ Q('a b')": "in backquotes",
}


@pytest.mark.parametrize("formula", FOREIGN)
def test_formulas_of_other_programs_are_told_what_to_write(formula):
    with pytest.raises(ps.SpecError, match=FOREIGN[formula]):
        ps.fit(DATA, ps.ModelSpec("m", formula, "linear", "hc1"))


@pytest.mark.parametrize(
    "formula",
    ["b ~ poly(gdp, 2)", "b ~ sqrt(w)", "b ~ scale(gdp)", "b ~ gdp - 1", "b ~ square(gdp)"],
)
def test_formulas_that_are_the_same_here_are_fitted(formula):
    assert fitted(DATA, formula).n == 60


SLIPS = {
    "no vcov": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear"),
        "vcov is not written; it must be one of classical, hc0.*no default",
    ),
    "no engine": (
        lambda: ps.ModelSpec("m", "y ~ x"),
        "engine is not written; it must be one of linear, logit.*no default",
    ),
    "nothing": (lambda: ps.ModelSpec(), "name of a ModelSpec is ''"),
    "ols": (
        lambda: ps.ModelSpec("m", "y ~ x", "ols", "hc1"),
        "one of linear, logit.*'ols' elsewhere is 'linear' here",
    ),
    "OLS": (
        lambda: ps.ModelSpec("m", "y ~ x", "OLS", "hc1"),
        "one of linear, logit.*'OLS' elsewhere is 'linear' here",
    ),
    "HC1": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "HC1"),
        "one of classical, hc0.*Did you mean 'hc1'",
    ),
    "robust": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "robust"),
        "one of classical, hc0.*'robust' elsewhere is 'hc1' here",
    ),
    "None": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", None),
        "vcov is None; it must be one of classical.*no default",
    ),
    "not of this engine": (
        lambda: ps.ModelSpec("m", "y ~ x", "cox", "HC1"),
        "vcov is 'HC1'; it must be one of classical, hc0",
    ),
    "no name": (
        lambda: ps.ModelSpec("y ~ x", "linear", "hc1"),
        "'y ~ x' is in the place of the name",
    ),
    "swapped": (lambda: ps.ModelSpec("m", "y ~ x", "hc1", "linear"), "the engine comes first"),
    "option as argument": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "hc1", weights="w"),
        r"weights is an option: options=\{'weights'",
    ),
    "misspelt argument": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", vocv="hc1"),
        "no argument 'vocv'.*Did you mean 'vcov'",
    ),
    "too many": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "hc1", None, (), 1),
        "was given 7 values",
    ),
    "twice": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "hc1", vcov="hc0"),
        "was given vcov twice, as 'hc1' and 'hc0'",
    ),
    "cluster is a column's values": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "cluster", DATA.g),
        "cluster is a Series.*name of a column",
    ),
    "weights are values": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "hc1", options={"weights": DATA.w}),
        "must name a column",
    ),
    "options is text": (
        lambda: ps.ModelSpec("m", "y ~ x", "linear", "hc1", options="w"),
        "must be a mapping",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_slips_of_a_spec_are_told(slip):
    make, said = SLIPS[slip]
    with pytest.raises(ps.SpecError, match=f"(?s){said}") as caught:
        make()
    assert len(str(caught.value)) < 450


def test_a_spec_is_copied_and_stored_as_before():
    spec = ps.ModelSpec(name="m", formula="y ~ x", engine="linear", vcov="hc1")
    assert (
        pickle.loads(pickle.dumps(spec)) == spec == copy.deepcopy(spec) == dataclasses.replace(spec)
    )
    assert {spec: 1}[spec] == 1


CELLS = {
    "lists": [["a"], ["a", "b"]],
    "dictionaries": [{"a": 1}, {}],
    "arrays": [np.zeros(2), np.ones(3)],
    "sets": [{1}, {2}],
    "tuples": [(1, 2), (3,)],
    "tables": [pd.DataFrame(), pd.DataFrame()],
}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("where", ["term", "category", "outcome", "cluster", "ordered outcome"])
def test_cells_that_hold_several_things_are_no_categories(kind, where):
    column = pd.Series([CELLS[kind][i % 2] for i in range(60)], dtype=object)
    d = DATA.assign(c=column)
    formula = {"term": "y ~ c", "category": "y ~ C(c)", "cluster": "y ~ gdp"}.get(where, "c ~ gdp")
    more = {"vcov": "cluster", "cluster": "c"} if where == "cluster" else {}
    more |= {"engine": "ordered", "vcov": "hc1"} if where == "ordered outcome" else {}
    with pytest.raises(
        ps.SpecError, match=r"holds a .* in row .*one number or one category|declares no order"
    ) as caught:
        fitted(d, formula, **more)
    assert "Write C(" not in str(caught.value)


def test_column_of_text_and_numbers_says_so():
    d = DATA.assign(c=pd.Series([1, "a"] * 30, dtype=object))
    with pytest.raises(
        ps.SpecError, match=r"numbers in 30 row\(s\), text in 30 row\(s\): convert it to one type"
    ):
        fitted(d, "y ~ c")


def kinds(fit):
    return [n.kind for n in fit.notes]


def test_table_that_holds_every_row_twice_gets_a_note():
    twice = pd.concat([DATA, DATA])
    for d in (twice, twice.reset_index(drop=True), twice.sample(frac=1, random_state=1)):
        found = fitted(d, "y ~ gdp")
        assert "repeated_rows" in kinds(found)
        assert "All 120 rows of the data occur 2 times" in str(found.notes)
    assert "3 times" in str(fitted(pd.concat([DATA] * 3), "y ~ gdp").notes)
    gaps = DATA.assign(w=DATA.w.where(DATA.index % 3 > 0))
    assert "repeated_rows" in kinds(fitted(pd.concat([gaps, gaps]), "y ~ gdp"))


def test_other_tables_with_equal_rows_get_no_note():
    twice = pd.concat([DATA, DATA], ignore_index=True)
    rng = np.random.default_rng(1)
    # a table of 6 cells
    categories = pd.DataFrame({"b": rng.integers(0, 2, 300), "k": rng.integers(0, 3, 300)})
    # 32 cells, each many times, by chance
    more = pd.DataFrame(rng.integers(0, 2, (800, 5)), columns=list("bcdef"))
    quiet = [
        (DATA, "y ~ gdp"),
        (twice.assign(case_id=range(120)), "y ~ gdp"),
        (twice.iloc[:-1], "y ~ gdp"),
        (categories, "b ~ k"),
        (more, "b ~ c + d + e + f"),
        (twice.set_axis([f"case {i}" for i in range(120)]), "y ~ gdp"),
        (twice.assign(c=[["a"]] * 120), "y ~ gdp"),
    ]
    for d, formula in quiet:
        assert "repeated_rows" not in kinds(fitted(d, formula))
    frame = ps.StudyFrame(twice.assign(case_id=range(120)), "case", "case_id")
    assert "repeated_rows" not in kinds(fitted(frame, "y ~ gdp"))


POOLED = {
    "firth": ({"vcov": "classical"}, ("penalised likelihood ratio, interval", "profile")),
    "firth cluster": ({"vcov": "cluster", "cluster": "g"}, ("Wald z",)),
    "linear jackknife": ({"vcov": "jackknife", "cluster": "g"}, ("t with G-1",)),
    "logit jackknife": ({"vcov": "jackknife", "cluster": "case_id"}, ("Wald z",)),
    "linear cr2": (
        {"vcov": "cr2", "cluster": "g"},
        ("t with Satterthwaite's degrees of freedom: ",),
    ),
    "mixed_linear": (
        {"vcov": "classical", "options": {"group": "g", "method": "ml"}},
        ("tests by z",),
    ),
}


@pytest.mark.parametrize("case", POOLED)
def test_notes_of_a_pooled_fit_do_not_speak_of_tests_that_it_does_not_make(case):
    more, single = POOLED[case]
    engine = case.split()[0]
    d = DATA.assign(gdp=DATA.gdp.where(DATA.index % 4 > 0))
    outcome = "y" if engine in ("linear", "mixed_linear") else "b"
    imputed = models.impute(d, [outcome, "w", "gdp"], m=2, cycles=1, donors=3, seed=1)
    model = ps.ModelSpec("m", f"{outcome} ~ w + gdp", engine, **more)
    pooled = ps.fit(imputed, model)
    alone = " ".join(map(str, pooled.fits[0].notes))
    said = " ".join(map(str, pooled.notes))
    for words in single:
        assert words in alone
        assert words not in said
    if engine == "firth":
        assert ("are Wald's" in said) == (case == "firth")
