"""Effects by context: each estimate is that of its rows fitted by themselves, the pooling that of
the estimates, refusals are told.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

import peacestudy as ps
from peacestudy.errors import FitError, SpecError

SAME = 1e-8
SPEC = ps.ModelSpec("m", "y ~ scale(x) + z", "linear", "hc1")


def table(sizes=(40, 60, 80, 30), seed=3):
    rng = np.random.default_rng(seed)
    place = np.repeat([f"c{i}" for i in range(len(sizes))], sizes)
    d = pd.DataFrame(
        {"x": rng.normal(2, 3, len(place)), "z": rng.normal(size=len(place)), "place": place}
    )
    return d.assign(
        y=0.4 * d["x"] + d["z"] + rng.normal(size=len(d)), win=lambda t: (t["y"] > 0.8).astype(int)
    )


def test_every_estimate_is_that_of_its_rows_alone_on_the_scale_of_all():
    d = table()
    found = ps.models.by_context(d, SPEC, "scale(x)", "place", method="reml", min_events=10)
    sd = d["x"].std()
    for row in found.effects.to_dict("records"):
        part = d[d["place"] == row["context"]]
        fit = sm.OLS(part["y"], sm.add_constant(part[["x", "z"]])).fit(cov_type="HC1", use_t=True)
        assert row["n"] == len(part) and row["reason"] == ""
        assert row["estimate"] == pytest.approx(fit.params["x"] * sd, rel=SAME)
        assert row["std_error"] == pytest.approx(fit.bse["x"] * sd, rel=SAME)
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(
            tuple(fit.conf_int().loc["x"] * sd), rel=SAME
        )


def test_what_is_drawn_together_is_what_was_estimated():
    found = ps.models.by_context(table(), SPEC, "scale(x)", "place", method="bayes", min_events=10)
    alone = found.effects.set_index("context")
    drawn = ps.models.contexts.partial_pooling(
        alone["estimate"], alone["std_error"], method="bayes"
    ).effects
    assert np.array_equal(found.effects["shrunken"], drawn["shrunken"])
    assert np.array_equal(
        found.effects[["shrunken_low", "shrunken_high"]], drawn[["conf_low", "conf_high"]]
    )
    w, y = 1 / alone["std_error"] ** 2, alone["estimate"]
    q = float((w * y**2).sum() - (w * y).sum() ** 2 / w.sum())
    assert found.alike[["contexts", "df"]].values.tolist() == [[4, 3]]
    assert found.alike["q"][0] == pytest.approx(q, rel=SAME)
    assert found.alike["p_value"][0] == pytest.approx(chi2.sf(q, 3), rel=SAME)


def test_rows_of_all_contexts_together_are_the_whole():
    d = table()
    found = ps.models.by_context(d, SPEC, "scale(x)", "place", method="reml", min_events=10)
    whole = ps.fit(d, SPEC).terms.set_index("term").loc["scale(x)"]
    assert found.whole.loc[0, "estimate"] == whole["estimate"] and found.effects["n"].sum() == len(
        d
    )


def test_the_rarer_outcome_is_counted_and_contexts_with_too_few_are_refused_by_name():
    d = table()
    d.loc[d["place"] == "c3", "win"] = [1] * 27 + [0] * 3
    found = ps.models.by_context(
        d,
        ps.ModelSpec("m", "win ~ scale(x)", "firth", "classical"),
        "scale(x)",
        "place",
        method="bayes",
        min_events=5,
    )
    of = found.effects.set_index("context")
    counts = d.groupby("place")["win"].agg(lambda w: min(w.sum(), len(w) - w.sum()))
    assert of["n_events"].astype(int).to_dict() == counts.to_dict()
    assert (
        of.loc["c3", "reason"] == "too few cases of the rarer outcome: 3, fewer than the required 5"
    )
    assert (
        of.loc["c3", ["estimate", "shrunken"]].isna().all()
        and of.drop(index="c3")["estimate"].notna().all()
    )
    assert "c3: too few" in " ".join(n.text for n in found.notes)


def test_what_cannot_be_fitted_in_a_context_says_why():
    d = table()
    d.loc[d["place"] == "c1", "z"] = 2.0  # does not vary there
    here = d["place"] == "c2"
    # separated there
    d.loc[here, "win"] = (d.loc[here, "x"] > d.loc[here, "x"].median()).astype(int)
    found = ps.models.by_context(
        d,
        ps.ModelSpec("m", "win ~ scale(x) + z", "firth", "classical"),
        "scale(x)",
        "place",
        method="bayes",
        min_events=5,
    )
    of = found.effects.set_index("context")["reason"]
    assert "z" in of["c1"] and "separated" in of["c2"] and of["c0"] == of["c3"] == ""
    assert found.pooled is None and found.effects["shrunken"].isna().all()
    assert "fewer than 3" in " ".join(n.text for n in found.notes)
    assert found.alike[["contexts", "df"]].values.tolist() == [[2, 1]]


def test_survival_counts_events_and_periods_count_cases():
    rng = np.random.default_rng(0)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=120),
            "t": rng.integers(1, 9, 120),
            "place": np.repeat(list("abc"), 40),
        }
    )
    d["e"] = rng.integers(0, 2, 120)
    for engine, options in (("cox", {}), ("discrete_time", {"baseline": "constant"})):
        spec = ps.ModelSpec("m", "Surv(t, e) ~ x", engine, "classical", options=options)
        found = ps.models.by_context(d, spec, "x", "place", method="bayes", min_events=5)
        assert (
            found.effects["n_events"].astype(int).tolist() == d.groupby("place")["e"].sum().tolist()
        )
        assert found.effects["n"].tolist() == [40, 40, 40]


def test_an_order_of_categories_stays_and_a_frame_is_taken():
    d = table().assign(
        place=lambda t: pd.Categorical(t["place"], ["c2", "c0", "c3", "c1", "empty"], ordered=True),
        case_id=lambda t: [f"k{i}" for i in t.index],
    )
    frame = ps.StudyFrame(d, "case", "case_id")
    found = ps.models.by_context(frame, SPEC, "scale(x)", "place", method="pm", min_events=10)
    assert found.effects["context"].tolist() == ["c2", "c0", "c3", "c1"]
    assert "By context" in found._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"method": "mean"}, SpecError, "bayes"),
        ({"term": "x"}, SpecError, "scale"),
        ({"context": "plase"}, SpecError, "place"),
        ({"term": ["x"]}, SpecError, "as text"),
        ({"context": 3}, SpecError, "as text"),
        ({"conf_level": 0}, SpecError, "between 0 and 1"),
        ({"conf_level": "a"}, SpecError, "between 0 and 1"),
        ({"min_events": True}, SpecError, "whole number"),
        ({"min_events": 0}, SpecError, "1 or more"),
        ({"min_events": 2.5}, SpecError, "whole number"),
    ],
)
def test_what_is_asked_wrongly_is_refused(change, error, said):
    asked = {"term": "scale(x)", "context": "place", "method": "reml", "min_events": 10} | change
    with pytest.raises(error, match=said):
        ps.models.by_context(table(), SPEC, asked.pop("term"), asked.pop("context"), **asked)


def test_a_case_without_a_context_is_refused_by_name():
    d = table()
    d["place"] = d["place"].astype(object)
    d.loc[7, "place"] = None
    with pytest.raises(FitError, match=r"'place' is missing in 1 rows of the fit \(7\)"):
        ps.models.by_context(d, SPEC, "scale(x)", "place", method="reml", min_events=10)


@pytest.mark.slow(reason="simulates coverage, 5 s")
def test_shrunken_intervals_cover():
    """60 samples of six contexts of 60 cases, true effects normal with sd .5: 95 % intervals cover
    within three Monte Carlo errors.
    """
    rng = np.random.default_rng(11)
    held = []
    for _ in range(60):
        true = rng.normal(0.3, 0.5, 6)
        place = np.repeat(np.arange(6), 60)
        d = pd.DataFrame({"x": rng.normal(size=360), "place": [f"c{i}" for i in place]})
        d["y"] = true[place] * d["x"] + rng.normal(0, 3, 360)
        found = ps.models.by_context(
            d,
            ps.ModelSpec("m", "y ~ x", "linear", "hc3"),
            "x",
            "place",
            method="bayes",
            min_events=10,
        )
        held += list(
            (found.effects["shrunken_low"] <= true) & (true <= found.effects["shrunken_high"])
        )
    share, error = np.mean(held), np.sqrt(0.95 * 0.05 / len(held))
    assert abs(share - 0.95) < 3 * error


def test_a_context_whose_rows_all_lack_a_value_stands_in_the_table_with_the_reason():
    d = table()
    d.loc[d["place"] == "c1", "z"] = np.nan
    found = ps.models.by_context(d, SPEC, "scale(x)", "place", method="reml", min_events=10)
    of = found.effects.set_index("context")
    assert of.loc["c1", "n"] == 0 and of.loc["c1", "reason"].startswith(
        "none of its 60 row(s) is used"
    )
    assert of.drop(index="c1")["reason"].eq("").all() and "c1: none" in " ".join(
        n.text for n in found.notes
    )


def separated(complete):
    """Four places; in one the outcome is separated by ``extra``, in all
    its rows or in those of one value of it.
    """
    rng = np.random.default_rng(8)
    d = pd.DataFrame(
        {
            "e": rng.normal(size=240),
            "extra": rng.integers(0, 2, 240),
            "place": np.repeat(list("abcd"), 60),
        }
    )
    d["win"] = (d["e"] + rng.normal(size=240) > 0).astype(int)
    here = (d["place"] == "b") & ((d["extra"] == 1) | complete)
    d.loc[here, "win"] = d.loc[here, "extra"]
    spec = ps.ModelSpec("m", "win ~ e + extra", "firth", "classical")
    return d, ps.models.by_context(d, spec, "e", "place", method="bayes", min_events=5)


def test_what_another_term_separates_in_part_leaves_the_effect_whatever_its_name_and_says_so():
    d, found = separated(complete=False)
    alone = ps.fit(d[d["place"] == "b"], ps.ModelSpec("m", "win ~ e + extra", "firth", "classical"))
    assert "quasi-completely separated by extra" in " ".join(n.text for n in alone.notes)
    of = found.effects.set_index("context")
    assert of["reason"].eq("").all()
    assert of.loc["b", "estimate"] == pytest.approx(
        alone.terms.set_index("term").loc["e", "estimate"], rel=1e-8
    )
    assert "In b: The outcome is quasi-completely separated by extra" in " ".join(
        n.text for n in found.notes
    )


def test_what_another_term_separates_completely_leaves_nothing_to_say():
    assert (
        separated(complete=True)[1]
        .effects.set_index("context")
        .loc["b", "reason"]
        .startswith("no estimate")
    )


def test_what_a_context_is_to_be_distrusted_for_is_told():
    d = table().assign(half=lambda t: t["place"] + (t["z"] > 0).astype(str))
    spec = ps.ModelSpec("m", "y ~ scale(x) + z", "linear", "cluster", "half")
    found = ps.models.by_context(d, spec, "scale(x)", "place", method="reml", min_events=10)
    told = [n.text for n in found.notes if n.kind == "few_clusters"]
    assert all("is based on a single comparison" in t for t in told)
    assert [t[:6] for t in told] == ["In c0:", "In c1:", "In c2:", "In c3:"]


def test_dates_are_contexts_and_lists_are_not():
    d = table().assign(place=lambda t: pd.to_datetime(t["place"].map(lambda c: f"200{c[1]}-01-01")))
    found = ps.models.by_context(d, SPEC, "scale(x)", "place", method="reml", min_events=10)
    assert found.effects["context"].dt.year.tolist() == [2000, 2001, 2002, 2003]
    d["place"] = [[1]] * len(d)
    with pytest.raises(SpecError, match="not names"):
        ps.models.by_context(d, SPEC, "scale(x)", "place", method="reml", min_events=10)


def test_names_from_outside_are_escaped():
    d = table().assign(place=lambda t: t["place"].replace("c0", "<script>alert(1)</script>"))
    found = ps.models.by_context(d, SPEC, "scale(x)", "place", method="reml", min_events=50)
    html = found._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_a_term_is_not_lost_because_its_name_stands_in_a_sentence():
    """The other term separates a context; ``t`` and ``s`` stand in "the outcome is quasi-completely
    separated" and in its name.
    """
    rng = np.random.default_rng(0)
    d = pd.DataFrame(
        {
            "t": rng.normal(size=300),
            "sep": rng.integers(0, 2, 300),
            "place": np.repeat(list("abcdef"), 50),
        }
    )
    d["win"] = (rng.random(300) < 1 / (1 + np.exp(-d["t"]))).astype(int)
    d.loc[(d["place"] == "b") & (d["sep"] == 1), "win"] = 1
    spec = ps.ModelSpec("m", "win ~ t + sep", "firth", "hc1")
    for term, lost in (("t", False), ("sep", True)):
        found = ps.models.by_context(
            d, spec, term, "place", method="reml", min_events=5
        ).effects.set_index("context")
        assert ("separated" in found.loc["b", "reason"]) == lost
        assert np.isnan(found.loc["b", "estimate"]) == lost
    assert (found.drop(index="b")["reason"] == "").all()


def test_several_specifications_and_imputed_data_are_refused():
    asked = {"term": "scale(x)", "context": "place", "method": "reml", "min_events": 10}
    with pytest.raises(SpecError, match="takes one ModelSpec, not a list"):
        ps.models.by_context(table(), [SPEC], **asked)
    filled = ps.models.impute(
        table().assign(z=lambda t: t["z"].mask(t.index < 5)),
        ["y", "x", "z"],
        m=2,
        cycles=1,
        donors=3,
        seed=1,
    )
    with pytest.raises(SpecError, match="by_context takes one table"):
        ps.models.by_context(filled, SPEC, **asked)
    with pytest.raises(SpecError, match="1 or more"):
        ps.models.by_context(table(), SPEC, **(asked | {"min_events": True}))
