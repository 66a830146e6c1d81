"""Tables: whole, escaped, and with the same numbers as the fits."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.study import results_of
from peacestudy.tables import Table, all_tables, regression

SLOW_RESULTS = {
    "variants",
    "variant_group",
    "variant_counts",
    "windows",
    "window_draws",
    "moderation",
    "interactions",
    "effects_by_moderator",
    "out_of_sample",
    "calibration",
}
TABLES_OF_SLOW_RESULTS = {"variants", "variant_counts", "windows", "domestic_politics"}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(False, id="fast results"),
        pytest.param(
            True,
            id="all results",
            marks=pytest.mark.slow(reason="fits variants, moderated models and a trial, 96 s"),
        ),
    ],
)
def with_slow_results(request):
    return request.param


@pytest.fixture(scope="module")
def tables(with_slow_results, our_results):
    names = set(results_of("peace_agreements"))
    assert names >= SLOW_RESULTS
    if not with_slow_results:
        names -= SLOW_RESULTS
    results = our_results("peace_agreements")
    computed = {name: results.table(name) for name in names}
    return {table.name: table for table in all_tables(results.study.codebook, computed)}


@pytest.fixture(scope="module")
def fits():
    rng = np.random.default_rng(2)
    d = pd.DataFrame(
        {
            "y": rng.integers(0, 2, 80),
            "a_b": rng.normal(size=80),
            "<b>x</b> & $": rng.normal(size=80),
        }
    )
    d["z"] = rng.normal(size=80)
    binary = ps.ModelSpec("one", "y ~ a_b + `<b>x</b> & $`", "logit", "hc1")
    return ps.fit(d, [binary, ps.ModelSpec("two", "z ~ a_b", "linear", "classical")])


def test_the_tables_of_the_study(tables, with_slow_results):
    names = [
        "codebook",
        "cases",
        "descriptive",
        "hypotheses",
        "regression_primary",
        "regression_comparison",
        "regression_check",
        "ranges",
        "variants",
        "variant_counts",
        "windows",
        "domestic_politics",
        "contexts",
    ]
    if not with_slow_results:
        names = [name for name in names if name not in TABLES_OF_SLOW_RESULTS]
    assert list(tables) == names
    assert (
        len(tables["codebook"].body) == 53
        and len(tables["cases"].body) == 99
        and len(tables["hypotheses"].body) == 12
    )
    for t in tables.values():
        assert t.caption and t.notes and set(t.texts()) == {"md", "html", "tex"}


def test_a_regression_table_has_the_numbers_of_its_fits(fits):
    body = regression(fits).body.set_index("term")
    row = fits[0].terms.iloc[1]
    assert (
        body.loc["a_b", "one"] == f"{row.estimate:.2f} ({row.std_error:.2f}), p {row.p_value:.3f}"
    )
    assert body.loc["N"].tolist() == ["80", "80"] and body.loc["Events"].tolist() == [
        str(fits[0].n_events),
        "",
    ]
    assert body.index.tolist().index("Intercept") > body.index.tolist().index("a_b")


def test_every_note_stands_below_with_its_model(fits):
    notes = " ".join(regression(fits).notes)
    for f in fits:
        for n in f.notes:
            assert str(n) in notes


def test_what_comes_from_outside_is_escaped(fits):
    texts = regression(fits).texts()
    assert "<b>x</b>" not in texts["html"] and "&lt;b&gt;x&lt;/b&gt;" in texts["html"]
    assert "<b>" not in texts["md"]
    assert r"\& \$" in texts["tex"] and r"a\_b" in texts["tex"]


def test_no_stars(tables):
    assert all("***" not in text for t in tables.values() for text in t.texts().values())


def test_markdown_rows_have_as_many_cells_as_the_head(tables):
    for t in tables.values():
        lines = [line for line in t.to_markdown().splitlines() if line.startswith("|")]
        cells = {len([c for c in line.replace(r"\|", "").split("|")]) for line in lines}
        assert len(cells) == 1, t.name


def test_a_table_shows_itself():
    assert (
        Table("t", "cap", pd.DataFrame({"a": [1]}), ("note",))._repr_html_().startswith("<table>")
    )


def test_an_empty_regression_table_is_refused():
    with pytest.raises(ps.SpecError, match="at least one"):
        regression([])


@pytest.fixture(scope="module")
def pooled():
    rng = np.random.default_rng(4)
    d = pd.DataFrame(
        {
            "y": rng.integers(0, 2, 90),
            "a": rng.normal(size=90),
            "<i>b": rng.normal(size=90),
            "g": rng.integers(0, 12, 90),
        }
    )
    d["z"] = d.a + rng.normal(size=90)
    d["a"], d["<i>b"] = d.a.where(rng.random(90) > 0.2), d["<i>b"].where(rng.random(90) > 0.1)
    filled = ps.models.impute(d, ["y", "z", "a", "<i>b"], m=3, cycles=2, donors=3, seed=1)
    specs = [
        ps.ModelSpec("pooled", "y ~ a + `<i>b`", "firth", "hc1"),
        ps.ModelSpec("line", "z ~ a", "linear", "cluster", cluster="g"),
        ps.ModelSpec(
            "groups", "z ~ a", "mixed_linear", "classical", options={"group": "g", "method": "ml"}
        ),
    ]
    return (
        d,
        ps.fit(filled, specs),
        ps.fit(d, ps.ModelSpec("complete", "y ~ a", "logit", "classical")),
    )


def test_fits_of_imputed_data_stand_beside_others(pooled):
    d, fits, complete = pooled
    table = regression([complete, *fits])
    body = table.body.set_index("term")
    row = fits[0].terms.iloc[1]
    assert (
        body.loc["a", "pooled"] == f"{row.estimate:.2f} ({row.std_error:.2f}), p {row.p_value:.3f}"
    )
    assert body.loc["Completed tables"].tolist() == ["", "3", "3", "3"]
    fmi = [f"{f.terms.fmi.max():.2f}" for f in fits]
    assert body.loc["Largest fraction of missing information"].tolist() == ["", *fmi]
    assert (
        body.loc["N"].tolist() == [str(complete.n), "90", "90", "90"]
        and body.loc["Log-likelihood", "pooled"] == ""
    )
    assert (
        body.loc["R2", "line"] == f"{fits[1].r_squared:.3f}"
        and body.loc["Clusters", "line"] == "12"
    )
    spread = fits[2].terms.iloc[-1]  # it has no test, and here a standard error neither
    assert (
        body.loc["sd(g)", "groups"] == f"{spread.estimate:.2f}"
        f" ({'–' if np.isnan(spread.std_error) else f'{spread.std_error:.2f}'})"
    )
    for f in fits:
        for n in f.notes:
            assert str(n) in " ".join(table.notes)
    gone = f"a {int(d.a.isna().sum())} ({d.a.isna().mean():.0%})"
    assert gone in " ".join(table.notes) and "Pooled by Rubin's rules over 3 tables" in " ".join(
        table.notes
    )
    assert (
        "<i>b" not in table.to_html()
        and "&lt;i&gt;b" in table.to_html()
        and "<i>b" not in fits[0]._repr_html_()
    )
    assert "Completed tables" not in regression(complete).body.term.tolist()
    assert regression(fits[0]).body.shape[1] == 2
