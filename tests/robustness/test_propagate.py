"""propagate: the exact posterior on a tiny problem, known codes, bias and
coverage by simulation, and what it refuses.

Tolerances: four standard errors, by batch means, for chances from 12,000 dependent draws; three
standard errors of the replications for simulated means.
"""

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

import peacestudy as ps
from peacestudy.coding import Coding, CodingSheet
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.errors import CodingError, SpecError
from peacestudy.robustness import Accuracy, as_one_reading, propagate, stability
from peacestudy.robustness.augmentation import augment
from peacestudy.robustness.chain_diagnostics import split_r_hat
from peacestudy.robustness.code_model import CodeModel
from peacestudy.robustness.disputed_codes import flips
from peacestudy.robustness.job import Job
from peacestudy.robustness.outcome_models import outcome_model

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from coverage_propagate import BOOK, SPECS, cell, simulate  # noqa: E402

SHORT = {"draws": 4, "burn": 10, "thin": 1, "seed": 1}


def sheet_of(codes, book=BOOK, indicator="x", kind="human"):
    """A sheet from codes by coder; None where a coder gave none."""
    rows = [
        (f"c{i}", indicator, f"coder_{r}", kind, v)
        for r, own in enumerate(codes)
        for i, v in enumerate(own)
        if v is not None
    ]
    table = pd.DataFrame(
        rows, columns=["case_id", "indicator_id", "coder", "kind", "code"]
    ).reindex(columns=SHEET_SCHEMA.names)
    return CodingSheet(table.astype({"code": "Int64"}), book)


def exact(y, codes, gold, prior):
    """Chance of code 1 in every case, by adding up all true codes: accuracies and regression
    integrated out by formula, the probit without covariates by quadrature.
    """
    n, X1 = len(y), np.ones(len(y))

    def log_beta(a):
        return special.gammaln(a).sum() - special.gammaln(a.sum())

    def log_prevalence(ones):
        def f(g):
            return (
                stats.norm.cdf(g) ** ones
                * stats.norm.sf(g) ** (n - ones)
                * stats.norm.pdf(g, 0, 2.5)
            )

        return np.log(integrate.quad(f, -12, 12, epsabs=1e-14)[0])

    weights, truths = [], []
    for t in product((0, 1), repeat=n):
        t = np.array(t)
        if any(g is not None and g != t[i] for i, g in enumerate(gold)):
            continue
        X = np.column_stack([X1, t])
        hat = np.linalg.lstsq(X, y, rcond=None)[0]
        rss = ((y - X @ hat) ** 2).sum()
        logw = (
            -0.5 * np.linalg.slogdet(X.T @ X)[1]
            - 0.5 * (n - 2) * np.log(rss)
            + log_prevalence(t.sum())
        )
        for own in codes:
            for true in (0, 1):
                seen = [v for v, tt in zip(own, t, strict=True) if tt == true and v is not None]
                logw += log_beta(prior[true] + np.array([seen.count(0), seen.count(1)])) - log_beta(
                    prior[true]
                )
        weights.append(logw)
        truths.append(t)
    w = np.exp(np.array(weights) - max(weights))
    return (w / w.sum()) @ np.array(truths)


@pytest.mark.slow(reason="long chains beside an enumerated posterior, 24 s")
@pytest.mark.parametrize("seed", [1, 2])
def test_draws_are_from_the_exact_posterior(seed):
    rng = np.random.default_rng(seed)
    t = np.array([0, 1, 0, 1, 1, 0, 1, 0])
    y = 1.5 * t + rng.normal(size=8)
    codes = [[int(v if rng.random() < 0.75 else 1 - v) for v in t] for _ in range(2)]
    codes[1][3] = None
    gold = [0, 1, None, None, None, None, None, None]
    prior = Accuracy(0.8, prior_n=10).counts(2)
    known = pd.DataFrame({"case_id": ["c0", "c1"], "indicator_id": "x", "code": [0, 1]})
    data = pd.DataFrame({"case_id": [f"c{i}" for i in range(8)], "y": y})
    spec = ps.ModelSpec("m", "y ~ x", "linear", vcov="classical")
    job = Job(
        sheet_of(codes),
        data,
        "case_id",
        spec,
        None,
        None,
        Accuracy(0.8, prior_n=10),
        known,
        False,
    )
    start = outcome_model(
        "number", job.naive.design.y, job.naive.design.X, job.naive.terms["estimate"].to_numpy()
    )
    model = CodeModel.of(np.ones((8, 1)))
    chain = augment(
        job.evidence,
        job.columns,
        job.design,
        start,
        model,
        12000,
        500,
        1,
        np.random.default_rng(seed),
    )
    batches = (
        chain.codes[:, :, 0].reshape(20, 600, 8).mean(axis=1)
    )  # the chain moves between two modes: draws depend on each other
    se = batches.std(axis=0, ddof=1) / np.sqrt(20)
    assert se.max() < 0.02
    assert (np.abs(batches.mean(axis=0) - exact(y, codes, gold, prior)) <= 4 * se + 1e-9).all()


def test_known_codes_leave_the_finding_as_it_is():
    rng = np.random.default_rng(3)
    sheet, data, _ = simulate(120, "logit", 1.0, 0.9, 3, 0.0, 0.0, rng)
    everything = sheet.values("x").iloc[:, 0].astype(int).reset_index()
    gold = pd.DataFrame(
        {"case_id": everything.case_id, "indicator_id": "x", "code": everything.iloc[:, 1]}
    )
    found = propagate(sheet, data, SPECS["logit"], gold=gold, draws=6, burn=20, thin=1, seed=1)
    direct = ps.fit(
        data.merge(gold.rename(columns={"code": "x"})[["case_id", "x"]], on="case_id"),
        SPECS["logit"],
    )
    np.testing.assert_allclose(found.terms.estimate, direct.terms.estimate, rtol=1e-10)
    np.testing.assert_allclose(found.terms.std_error, direct.terms.std_error, rtol=1e-10)
    assert (found.terms.share_coding < 1e-12).all()


@pytest.mark.slow(reason="simulates bias and coverage of imputed codes, 17 s")
def test_bias_goes_and_intervals_cover_where_perturbing_attenuates_twice():
    """The trial of the method: true slope 1.2, accuracy .85 (the full table is
    tests/references/propagate/coverage.csv).
    """
    got = cell("linear", 1.2, 0.85, 3, 0.0, 0.0, False, 25, 20, 11)
    # 25 samples; weak priors shrink by a little
    assert abs(got["bias"]) < 3 * got["bias_se"] + 0.03
    assert got["naive"] < 1.12 and got["coverage"] >= 0.84
    rng = np.random.default_rng(11)
    sheet, data, _ = simulate(300, "linear", 1.2, 0.85, 1, 0.0, 0.0, rng)
    worse, _, _ = simulate(300, "linear", 1.2, 0.85, 1, 0.0, 0.0, rng)
    one = stability(sheet, data, SPECS["linear"], draws=3, seed=1)
    assert set(one.table) == {"stability"} and set(one.coder.dropna()) == {"coder_0"}
    assert worse.coders == ["coder_0"]


def test_the_stored_table_covers():
    stored = pd.read_csv(ROOT / "references" / "propagate" / "coverage.csv")
    plain = stored[stored.differential == 0]
    assert (
        set(plain.slope) == {0.0, 0.6, 1.2}
        and set(plain.accuracy) == {0.75, 0.85, 0.95}
        and set(plain.coders) == {1, 2, 3}
    )
    assert (plain.replications >= 200).all()
    assert (plain.coverage > plain.naive_coverage - 0.04).all()
    assert plain.coverage.mean() > 0.92
    assert (stored.no_estimate < 0.1).all()


def test_equal_seeds_give_equal_results_and_others_do_not():
    sheet, data, _ = simulate(80, "linear", 1.0, 0.8, 3, 0.0, 0.0, np.random.default_rng(5))
    first, again, other = (
        propagate(sheet, data, SPECS["linear"], draws=6, burn=20, thin=2, rank_flips=False, seed=s)
        for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first.draws, again.draws)
    assert not first.draws.equals(other.draws)


def test_flips_are_refits_and_ranked():
    sheet, data, _ = simulate(60, "linear", 0.55, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    found = propagate(sheet, data, SPECS["linear"], draws=4, burn=20, thin=1, seed=1)
    single = found.flips[(found.flips.kind == "single") & (found.flips.term == "x")]
    values = sheet.values("x")
    disputed = values[values.nunique(axis=1) > 1]
    assert (
        set(single.case_id) == set(disputed.index)
        and (single["rank"].to_numpy() == np.arange(1, len(single) + 1)).all()
    )
    settled = (values.mean(axis=1) > 0.5).astype(int)
    for row in single.itertuples():
        x = settled.copy()
        assert x[row.case_id] == row.adjudicated
        x[row.case_id] = row.alternative
        fit = (
            ps.fit(data.assign(x=data.case_id.map(x)), SPECS["linear"])
            .terms.set_index("term")
            .loc["x"]
        )
        assert (row.estimate, row.p_value) == pytest.approx((fit.estimate, fit.p_value), rel=1e-9)
    naive = found.terms.set_index("term").loc["x"]
    for row in single.itertuples():
        assert row.flips == (
            (row.p_value < 0.05) != (naive.naive_p_value < 0.05) or row.estimate * naive.naive < 0
        )
    one_by_one = found.flips[(found.flips.kind == "set") & (found.flips.term == "x")]
    assert not one_by_one.flips.iloc[:-1].any()


@pytest.mark.slow(reason="imputes the codes of a study, 3 s")
def test_scores_of_a_study_are_imputed_through(our_study):
    study = our_study("peace_agreements")
    frame = study.frame("primary")
    own = study.coding.table
    one = own[
        own.indicator_id.isin(["third_party", "prisoner_release"])
        & own.case_id.isin(frame.data.case_id)
    ]
    rng = np.random.default_rng(1)
    highest = one.indicator_id.map(
        {i.id: max(c.value for c in i.codes) for i in study.codebook.indicators.values()}
    )
    coders = [
        one.assign(
            coder=f"coder_{r}",
            kind="human",
            code=np.where(rng.random(len(one)) < 0.9, one.code, highest - one.code),
        )
        for r in range(3)
    ]
    sheet = CodingSheet(
        pd.concat(coders, ignore_index=True).astype({"code": "Int64"}), study.codebook
    )
    found = propagate(
        sheet,
        frame,
        study.spec("pillars"),
        scores="share",
        base=study.coding,
        draws=6,
        burn=50,
        thin=2,
        rank_flips=False,
        seed=1,
    )
    naive = ps.fit(frame, study.spec("pillars"))
    np.testing.assert_allclose(found.terms.naive, naive.terms.estimate, rtol=1e-8)
    assert found.terms.set_index("term").coded.to_dict()["scale(diplomacy)"]
    assert not found.terms.set_index("term").coded.to_dict()["scale(norms)"]
    # a draw by hand: codes -> ps.score -> fit
    draws = found.draws[
        (found.draws.draw == 0) & (found.draws.term == "scale(diplomacy)")
    ].estimate.item()
    assert (
        np.isfinite(draws)
        and 0 < found.terms.set_index("term").share_coding["scale(diplomacy)"] < 1
    )


def gold_of(case="c0", indicator="x", code=1):
    return pd.DataFrame({"case_id": [case], "indicator_id": [indicator], "code": [code]})


def coding_of(sheet):
    return Coding(sheet.latest(), sheet.codebook)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            dict(then=ps.ModelSpec("m", "y ~ x", "cox", vcov="classical")),
            SpecError,
            "the engines are linear, logit, firth",
        ),
        (
            dict(then=ps.ModelSpec("m", "y ~ z", "linear", vcov="classical")),
            SpecError,
            "uses no column that the codes",
        ),
        (dict(then=ps.ModelSpec("m", "y ~ log(x)", "linear", vcov="classical")), Exception, "x"),
        (
            dict(then=ps.ModelSpec("m", "y ~ x + z + square(x)", "linear", vcov="classical")),
            Exception,
            "x",
        ),
        (dict(draws=1), SpecError, "at least 4 draws"),
        (dict(scores="share"), SpecError, "give base|uses no column"),
        (dict(differential=True), SpecError, "0 and 1 only"),
        (dict(gold=gold_of(code=7)), CodingError, "hold 7, which is not a code"),
        (dict(gold=gold_of(code="yes")), CodingError, "hold 'yes', which is not a code"),
        (
            dict(gold=gold_of(case="z")),
            CodingError,
            "gold has no code for any case in data: gold has 'z', data has 'c0'",
        ),
        (dict(gold=gold_of(indicator="xx")), CodingError, "gold is 'xx'; it must be one of x"),
        (dict(gold=gold_of().iloc[:0]), CodingError, "gold has no row"),
        (dict(gold=gold_of().drop(columns="code")), CodingError, "found case_id, indicator_id"),
        (dict(gold={"c0": 1}), CodingError, "found a dict"),
        (dict(accuracy=0.85), CodingError, "expected an Accuracy"),
        (dict(scores="latent"), SpecError, "one of share, depth, weighted"),
        (dict(then="y ~ x"), SpecError, "then is 'y ~ x'; give a ModelSpec"),
        (dict(then=[]), SpecError, "then is nothing"),
        (dict(draws=5), SpecError, "an even number"),
        (dict(seed=None), SpecError, "seed=1"),
    ],
)
def test_what_cannot_be_imputed_through_is_refused(change, error, words):
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    given = dict(then=SPECS["linear"], draws=4, burn=5, thin=1, seed=1) | change
    with pytest.raises(error, match=words):
        propagate(sheet, data, given.pop("then"), **given)


def test_two_coders_cannot_tell_their_accuracy():
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 2, 0.0, 0.0, np.random.default_rng(2))
    with pytest.raises(CodingError, match=r"Accuracy\(0.85, prior_n=40\)"):
        propagate(sheet, data, SPECS["linear"], seed=1)
    found = propagate(
        sheet,
        data,
        SPECS["linear"],
        accuracy=Accuracy(0.9, prior_n=20),
        draws=4,
        burn=10,
        thin=1,
        rank_flips=False,
        seed=1,
    )
    assert "author's prior (mean 90%, weight of 20 cases)" in found.notes[0].text


def dependence(sheet, data, accuracy=None):
    found = propagate(sheet, data, SPECS["linear"], accuracy=accuracy, rank_flips=False, **SHORT)
    return [n.text for n in found.notes if n.kind == "dependent_errors"]


def test_a_note_says_where_no_person_has_coded():
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    machines = replace(sheet, table=sheet.table.assign(kind="machine"))
    mixed = sheet.table.assign(kind=sheet.table.kind.mask(sheet.table.coder == "coder_1", "rule"))
    assert dependence(sheet, data) == []
    (text,) = dependence(replace(sheet, table=mixed), data)
    assert "may make the same errors" in text and "No person" not in text
    (text,) = dependence(machines, data)
    assert "No person has coded: all 3 coders" in text and "as_one_reading(sheet)" in text
    (text,) = dependence(as_one_reading(machines), data, Accuracy(0.9, 20))
    assert "the only reading is automated" in text


def test_one_reading_has_the_codes_on_which_all_agree():
    codes = np.array([[0, 1, 1, 0, None], [0, 1, 0, None, None], [0, 1, 1, 1, 1]], dtype=object)
    sheet = sheet_of(codes, kind="machine")
    one = as_one_reading(sheet, "machines")
    assert one.coders == ["machines"] and set(one.table.kind) == {"machine"}
    assert dict(zip(one.table.case_id, one.table.code, strict=True)) == {"c0": 0, "c1": 1, "c4": 1}
    kinds = sheet.table.kind.mask(sheet.table.coder == "coder_0", "human")
    with pytest.raises(CodingError, match="of the kinds human, machine"):
        as_one_reading(replace(sheet, table=sheet.table.assign(kind=kinds)))
    with pytest.raises(CodingError, match="agree on no cell"):
        as_one_reading(sheet_of(np.array([[0, 1], [1, 0]]), kind="machine"))
    with pytest.raises(CodingError, match="give the CodingSheet"):
        as_one_reading(None)


def test_one_reading_is_less_certain_than_the_same_reading_three_times():
    sheet, data, _ = simulate(80, "linear", 1.0, 0.8, 1, 0.0, 0.0, np.random.default_rng(3))
    copies = [sheet.table.assign(coder=f"copy_{r}", kind="machine") for r in range(3)]
    three = replace(sheet, table=pd.concat(copies, ignore_index=True))
    prior = Accuracy(0.8, 20)
    options = {"accuracy": prior, "draws": 40, "burn": 50, "thin": 2, "rank_flips": False}
    independent, one = (
        propagate(s, data, SPECS["linear"], seed=1, **options).terms.set_index("term")
        for s in (three, as_one_reading(three))
    )
    assert one.share_coding["x"] > 3 * independent.share_coding["x"]
    assert one.naive["x"] == pytest.approx(independent.naive["x"])


def test_gold_that_no_coder_coded_does_not_identify_accuracy():
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 1, 0.0, 0.0, np.random.default_rng(2))
    known = [f"c{i}" for i in range(10)]
    gold = pd.concat([gold_of(case) for case in known], ignore_index=True)
    rest = sheet.table[~sheet.table.case_id.isin(known)].reset_index(drop=True)
    uncoded = replace(sheet, table=rest)
    with pytest.raises(CodingError, match="no coder has a code for any of the 10 cells"):
        propagate(uncoded, data, SPECS["linear"], gold=gold, **SHORT)
    found = propagate(
        uncoded, data, SPECS["linear"], gold=gold, accuracy=Accuracy(0.9, 20), **SHORT
    )
    texts = {n.kind: n.text for n in found.notes}
    assert "10 cells are known and not drawn; coders coded 0 of these" in texts["gold"]
    codes = found.codes[found.codes.case_id.isin(known) & (found.codes.code == 1)]
    assert (codes.probability == 1).all()
    assert not set(found.flips.case_id) & set(known)


def test_flips_of_a_family_are_decided_together():
    """Holm over the family, written out; a term that no code moves is decided too."""
    sheet, data, _ = simulate(60, "linear", 0.55, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    data = data.assign(w=np.random.default_rng(7).normal(size=60))
    spec = ps.ModelSpec("m", "y ~ x + w", "linear", "classical")
    family = ps.robustness.Family(("x", "w"), alpha=0.2)
    found = propagate(sheet, data, spec, families=[family], **SHORT)
    single = found.flips[found.flips.kind == "single"]
    assert set(single.term) == {"x", "w"}

    def decided(table):
        p = table.p_value[["x", "w"]]
        low, high = p.min(), p.max()
        adjusted = {p.idxmin(): min(1, 2 * low), p.idxmax(): max(min(1, 2 * low), high)}
        return adjusted, {
            t: np.sign(table.estimate[t]) if adjusted[t] < 0.2 else 0 for t in ("x", "w")
        }

    values = sheet.values("x")
    majority = (values.mean(axis=1) > 0.5).astype(int)
    before = decided(
        ps.fit(data.assign(x=data.case_id.map(majority)), spec).terms.set_index("term")
    )
    for row in single.itertuples():
        x = majority.copy()
        x[row.case_id] = row.alternative
        made = ps.fit(data.assign(x=data.case_id.map(x)), spec).terms.set_index("term")
        adjusted, side = decided(made)
        assert row.p_adjusted == pytest.approx(adjusted[row.term])
        assert row.flips == (side[row.term] != before[1][row.term])


def test_families_that_cannot_be_decided_are_refused():
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    family = ps.robustness.Family
    for families, message in (
        ([family(("x", "nothing"))], "no model has all terms of the family x, nothing"),
        ([family(("x",)), family(("x",))], "a term of .* is in two families"),
        (["x"], "families holds 'x'"),
    ):
        with pytest.raises(SpecError, match=message):
            propagate(sheet, data, SPECS["linear"], families=families, **SHORT)
    for arguments, message in (
        (((),), "give a tuple"),
        (("x",), "give a tuple"),
        ((("x",), "scheffe"), "adjustment"),
        ((("x",), "holm", 1.0), "between 0 and 1"),
    ):
        with pytest.raises(SpecError, match=message):
            family(*arguments)


def test_it_shows_itself():
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    found = propagate(
        sheet, data, SPECS["linear"], draws=4, burn=10, thin=1, rank_flips=False, seed=1
    )
    assert "<table" in found._repr_html_()
    assert np.isnan(split_r_hat(np.zeros((2, 3))))


def test_what_is_no_sheet_is_refused():
    with pytest.raises(CodingError, match="give the CodingSheet"):
        propagate(None, pd.DataFrame({"case_id": ["a"]}), [], seed=1)
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    for call in (
        lambda d: propagate(sheet, d, SPECS["linear"], seed=1),
        lambda d: stability(sheet, d, SPECS["linear"], draws=1, seed=1),
    ):
        with pytest.raises(SpecError, match="data is a str"):
            call("cases.csv")
        with pytest.raises(SpecError, match="no column 'case_id'"):
            call(data.drop(columns="case_id"))


def test_what_was_adjudicated_is_no_coder():
    sheet, data, _ = simulate(60, "linear", 1.0, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    copied = sheet.table[sheet.table.coder == "coder_0"].assign(
        coder="adjudicated", kind="adjudicated"
    )
    more = replace(sheet, table=pd.concat([sheet.table, copied], ignore_index=True))
    found, alone = (
        propagate(s, data, SPECS["linear"], rank_flips=False, **SHORT) for s in (more, sheet)
    )
    pd.testing.assert_frame_equal(found.terms, alone.terms)
    assert set(found.accuracy.coder) == set(sheet.coders)
    assert [n.kind for n in found.notes if n not in alone.notes] == ["adjudicated"]
    assert set(stability(more, data, SPECS["linear"], draws=2, seed=1).coder.dropna()) == set(
        sheet.coders
    )
    two = replace(more, table=more.table[more.table.coder != "coder_2"].reset_index(drop=True))
    with pytest.raises(CodingError, match="2 coder"):
        propagate(two, data, SPECS["linear"], **SHORT)


def test_cases_that_nobody_coded_are_imputed_and_not_taken_for_the_lowest_code():
    sheet, data, _ = simulate(80, "linear", 1.0, 0.9, 3, 0.0, 0.0, np.random.default_rng(2))
    left = {f"c{i}" for i in range(20)}
    some = replace(sheet, table=sheet.table[~sheet.table.case_id.isin(left)].reset_index(drop=True))
    found = propagate(some, data, SPECS["linear"], **SHORT)
    by_hand = some.values("x").mean(axis=1).round()  # three coders: the majority
    plain = ps.fit(
        data.set_index("case_id").assign(x=by_hand).dropna().reset_index(), SPECS["linear"]
    )
    np.testing.assert_allclose(found.terms.naive, plain.terms.estimate, rtol=1e-10)
    assert found.naive[0].n == 60 and set(found.codes.case_id) == set(data.case_id)
    assert any("20 of 80 cases have a cell that nobody coded" in n.text for n in found.notes)
    assert not set(found.flips.case_id) & left
    lot = stability(some, data, SPECS["linear"], draws=2, seed=1)
    own = data.set_index("case_id").assign(x=some.values("x")["coder_1"]).dropna().reset_index()
    alone = lot[(lot.coder == "coder_1") & (lot.term == "x")].estimate.item()
    assert alone == pytest.approx(ps.fit(own, SPECS["linear"]).terms.estimate[1])
    with pytest.raises(SpecError, match="differ between data and the sheet only by capitals"):
        propagate(sheet, data.assign(case_id=data.case_id.str.upper()), SPECS["linear"], **SHORT)


def test_a_flip_that_leaves_no_estimate_does_not_end_the_ranking():
    y = np.array([0.0] * 20 + [1.0] * 20)
    codes = np.array([y, y, y])
    y[5], y[25] = 1.0, 0.0
    codes[:2, 3] = 1  # disputed; not a case on which the fit hangs
    codes[2, 5] = 1  # with this code the outcome is separated
    data = pd.DataFrame({"case_id": [f"c{i}" for i in range(40)], "y": y})
    spec = ps.ModelSpec("m", "y ~ x", "logit", vcov="classical")
    job = Job(sheet_of(codes), data, "case_id", spec, None, None, None, None, False)
    found = flips(
        job.plain, job.refit_coded, job.naive_codes, job.evidence, job.labels, job.coded_terms
    )
    single = found[found.kind == "single"].set_index("case_id")
    assert list(single.index) == ["c3", "c5"]
    assert (
        single.loc["c5", ["estimate", "p_value", "change"]].isna().all() and not single.flips["c5"]
    )
    assert np.isfinite(single.estimate["c3"])


def test_weighted_scores_are_imputed_through():
    rng = np.random.default_rng(5)
    two = tuple(replace(BOOK.indicators["x"], id=n, weight=w) for n, w in (("a", 1.0), ("b", 3.0)))
    book = replace(BOOK, score="weighted", entries=(replace(BOOK.entries[0], indicators=two),))
    codes = {n: rng.integers(0, 2, 60) for n in ("a", "b")}
    coders = [sheet_of([own, own, own], book, n).table for n, own in codes.items()]
    truth = pd.concat([t[t.coder == "coder_0"] for t in coders], ignore_index=True)
    base = Coding(truth, book)
    data = pd.DataFrame({"case_id": [f"c{i}" for i in range(60)], "y": rng.normal(size=60)})
    spec = ps.ModelSpec("m", "y ~ p", "linear", vcov="classical")
    sheet = CodingSheet(coders[0], book)
    found = propagate(
        sheet,
        data,
        spec,
        scores="weighted",
        base=base,
        gold=truth[truth.indicator_id == "a"],
        **SHORT,
    )
    by_hand = ps.fit(data.assign(p=(codes["a"] + 3 * codes["b"]) / 4), spec).terms
    np.testing.assert_allclose(
        found.terms[["naive", "estimate"]].T, [by_hand.estimate] * 2, rtol=1e-9
    )
