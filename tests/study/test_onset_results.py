"""The study onset: its fits and variants against a program of its own, ranges by hand, and what its
figures and tables say.
"""

import hashlib
import importlib.util
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.inference.decisions import KEPT, REJECTED
from peacestudy.study.config import Hypothesis
from peacestudy.study.results.ranges import percentile_ranges
from peacestudy.tables import all_tables

STORED = Path(__file__).resolve().parents[1] / "references" / "onset_clocks"
SAME = 1e-8  # relative: Newton's method in two programs, both to the last steps
SPEC = importlib.util.spec_from_file_location("onset_clocks", STORED / "onset_clocks.py")
PROGRAM = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PROGRAM)


@pytest.fixture(scope="module")
def results(our_results):
    return our_results("onset")


@pytest.fixture(scope="module")
def expected():
    return pd.read_csv(STORED / "expected.csv")


def test_the_stored_results_are_those_of_the_stored_program():
    script = (STORED / "onset_clocks.py").read_bytes()
    assert (STORED / "script.sha256").read_text().strip() == hashlib.sha256(script).hexdigest()


def test_the_counted_columns_are_those_of_the_other_program(results):
    table = results.study.tables["country_years"]
    found = PROGRAM.digest(table.to_dict("records"))
    assert found == (STORED / "variables.sha256").read_text().strip()


def test_every_fit_is_that_of_the_other_program(results, expected):
    table = results.table("variants").set_index(["variant", "hypothesis"])
    assert len(expected) == 57 and set(expected["model"]) | {"borders", "jackknife"} == set(
        table.index.get_level_values("variant")
    )
    for row in expected.itertuples():
        found = table.loc[(row.model, row.test)]
        assert (found["n"], found["n_events"], found["n_clusters"]) == (
            row.n,
            row.n_events,
            row.n_clusters,
        )
        assert found["p_value"] == pytest.approx(row.p_value, rel=1e-6), (row.model, row.test)
        if row.test != "D3":
            assert found["estimate"] == pytest.approx(row.estimate, rel=SAME, abs=SAME)
            assert found["std_error"] == pytest.approx(row.std_error, rel=1e-7)


def test_one_clock_is_the_primary_model_of_the_first_declaration(results):
    study = results.study
    (earlier,) = study.config.declared.earlier
    kept = tomllib.loads((study.folder / earlier.path).read_text(encoding="utf-8"))
    (first,) = [s for s in kept["specs"] if s["role"] == "primary"]
    spec = ps.ModelSpec("m", first["formula"], first["engine"], first["vcov"], first["cluster"])
    terms = ps.fit(study.frame(first["sample"]), spec).terms.set_index("term")
    table = results.table("variants").set_index(["variant", "hypothesis"])
    for hypothesis, term in (("D1", "ln_trade_openness"), ("D2", "ln_igo_memberships")):
        row = table.loc[("one_clock", hypothesis)]
        assert row["estimate"] == pytest.approx(terms.loc[term, "estimate"])
        assert row["conf_high"] == pytest.approx(terms.loc[term, "conf_high"])
    assert [h["id"] for h in kept["hypotheses"]] == ["D1", "D2", "D3"]
    assert earlier.hash == kept["declared"]["hash"]


@pytest.mark.slow(reason="fits a model in plain Python, 2 s")
def test_the_other_program_gives_again_what_is_stored(results, expected):
    rows = results.study.tables["country_years"].astype(object).to_dict("records")
    for row in rows:
        row["never_fought"] = not row["ever_fought"]
    stored = expected[expected["model"] == "never_fought"].to_dict("records")
    for again, before in zip(PROGRAM.fitted(rows, "never_fought"), stored, strict=True):
        assert again["p_value"] == pytest.approx(before["p_value"], rel=1e-9)


def test_the_decisions_of_the_primary_model(results):
    h = results.table("hypotheses").set_index("id")
    assert h["decision"].to_dict() == {"D1": KEPT, "D2": KEPT, "D3": REJECTED}
    assert h["direction"].to_dict() == {"D1": "negative", "D2": "negative", "D3": "none"}
    v = results.table("variants")
    declared = v[v["variant"] == "declared"].set_index("hypothesis")
    assert declared["p_family"].to_dict() == pytest.approx(h["p_adjusted"].to_dict())


def test_a_joint_test_is_in_the_family_of_every_variant(results):
    """Holm over three p values, by hand."""
    v = results.table("variants")
    for variant, part in v.groupby("variant"):
        p = part.set_index("hypothesis")["p_value"].sort_values()
        steps = np.minimum(1, np.maximum.accumulate(p.to_numpy() * [3, 2, 1]))
        found = part.set_index("hypothesis")["p_family"]
        assert found[p.index].to_numpy() == pytest.approx(steps), variant
    joint = v[v["measure"] == "joint test"]
    assert set(joint["hypothesis"]) == {"D3"} and joint["log_odds"].isna().all()


def test_the_jackknife_is_the_refit_without_each_state(results):
    """The joint test of D3, from the fits without each state."""
    study = results.study
    frame, spec = study.frame("common"), study.spec("prevention")
    terms = ["polyarchy", "square(polyarchy)", "executive_constraints"]
    made = ps.fit(frame, ps.ModelSpec("m", spec.formula, "logit", "jackknife", "country"))
    row = results.table("variants").set_index(["variant", "hypothesis"]).loc[("jackknife", "D3")]
    assert row["p_value"] == pytest.approx(made.joint_test(terms).p_value)
    assert row["p_family"] > 0.05 > row["p_value"]


def test_a_range_is_the_ratio_of_two_predicted_odds(results):
    """From the 10th to the 90th percentile, other terms held: odds of predictions of one row."""
    ranges = results.table("ranges").set_index("id")
    assert list(ranges.index) == ["D1", "D2"], "D3 has several terms"
    made = results.fits["prevention"]
    data = results.data_of("prevention")
    for hypothesis, column in (("D1", "ln_trade_openness"), ("D2", "ln_igo_memberships")):
        row = ranges.loc[hypothesis]
        assert (row["p10"], row["p90"]) == tuple(np.percentile(data[column], (10, 90)))
        ends = data.head(1).loc[[data.index[0]] * 2].assign(**{column: [row["p10"], row["p90"]]})
        p = ps.predict(made, ends, "response")["estimate"].to_numpy()
        odds = p / (1 - p)
        assert row["effect"] == pytest.approx(odds[1] / odds[0])
        assert row["conf_low"] < row["effect"] < row["conf_high"]


def test_ranges_of_two_values_and_of_terms_that_do_not_stand_alone():
    """A rare dummy goes from 0 to 1; a term with its square, and a product, have no one range."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame(rng.normal(size=(400, 2)), columns=["a", "b"])
    data["rare"] = (np.arange(400) < 20).astype(int)
    data["y"] = data["a"] + 0.5 * data["rare"] + rng.normal(size=400)
    formula = "y ~ a + b + square(b) + rare + a:rare"
    linear = ps.fit(data, ps.ModelSpec("all", formula, "linear", "hc1"))
    plain = ps.fit(data, ps.ModelSpec("plain", "y ~ a + rare", "linear", "hc1"))
    terms = [("all", t) for t in ("a", "b", "rare")] + [("plain", t) for t in ("a", "rare")]
    hypotheses = [Hypothesis(f"{m} {t}", "", m, (t,)) for m, t in terms]
    study = SimpleNamespace(config=SimpleNamespace(hypotheses=hypotheses))
    found = SimpleNamespace(study=study, fits={"all": linear, "plain": plain})
    table = percentile_ranges(found).set_index("id")
    assert list(table.index) == ["plain a", "plain rare"]
    rare, a = table.loc["plain rare"], table.loc["plain a"]
    estimates = plain.terms.set_index("term")["estimate"]
    assert (rare["p10"], rare["p90"], rare["measure"]) == (0, 1, "difference")
    assert rare["effect"] == pytest.approx(estimates["rare"])
    width = np.subtract(*np.percentile(data["a"], (90, 10)))
    assert a["effect"] == pytest.approx(estimates["a"] * width)


def test_figure_and_table_show_the_alternatives_with_their_numbers(results):
    names = (
        "notes",
        "terms",
        "models",
        "hypotheses",
        "ranges",
        "variants",
        "coverage",
        "published",
    )
    tables = {name: results.table(name) for name in names}
    shown = {t.name: t for t in all_tables(results.study.codebook, tables)}
    body = shown["variants"].body.set_index(["group", "variant"])
    assert len(body) == 21
    one_clock = body.loc[("Clock", "One clock (as declared first)")]
    assert one_clock["D2 [95 %], p by Holm"] == "2.33 [1.34, 4.04], 0.008"
    assert body.loc[("Declared", "As declared"), "D2 [95 %], p by Holm"].startswith("1.54 [0.79")
    assert body.loc[("Inference", "Jackknife by state"), "D3 p by Holm, joint"] == "0.077"
    assert shown["ranges"].body["effect [95 %]"].tolist() == [
        "1.04 [0.70, 1.56]",
        "1.53 [0.80, 2.93]",
    ]


def test_facts_count_what_they_say(results):
    facts = results.table("facts").set_index("fact")["value"]
    assert facts["used"] == 5444 and facts["onsets_used"] == 143
    assert facts["had_fought"] == 2074 and facts["onsets_had_fought"] == 89
    assert facts["earlier_borders_used"] == 34 and facts["onsets_earlier_borders_used"] == 8
