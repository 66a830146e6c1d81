"""Fits of choices of cases are those of ``fit`` on a table of the chosen cases."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.diagnosis import case_choices
from peacestudy.models.diagnosis.case_choices import fits_of_choices

SAME = 1e-7  # relative; two climbs to one maximum


def cases(n=70, seed=2):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(10, 3, n),
            "b": rng.exponential(size=n) + 0.1,
            "k": rng.choice(list("xyz"), n),
            "g": rng.integers(0, 14, n),
        },
        index=[f"c{i}" for i in range(n)],
    )
    d["y"] = (0.3 * (d.a - 10) + rng.logistic(size=n) > 0.3).astype(int)
    d.loc["c5", "b"] = np.nan
    return d


def choices(d, draws=12, share=0.6, seed=1):
    return np.random.default_rng(seed).random((draws, len(d))) < share


def by_single_fits(d, spec, chosen):
    """The table, by a loop of single fits."""
    rows = []
    for b, keep in enumerate(chosen):
        made = ps.fit(d[keep], spec)
        for r in made.terms[made.terms.term != "Intercept"].itertuples():
            rows.append((b, made.n, made.n_events, r.term, r.estimate, r.std_error, r.p_value))
    names = ["choice", "n", "n_events", "term", "estimate", "std_error", "p_value"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(
    "right", ["scale(a) + log(b) + C(k)", "scale(a)*k2 + b", "a*b + C(k)", "b + center(a)"]
)
@pytest.mark.parametrize(
    ("engine", "vcov", "cluster"),
    [("firth", "cluster", "g"), ("firth", "classical", None), ("linear", "hc1", None)],
)
def test_a_choice_is_a_fit_of_its_cases(right, engine, vcov, cluster):
    d = cases().assign(k2=lambda t: (t.k == "x") * 1)
    spec = ps.ModelSpec("m", f"y ~ {right}", engine, vcov, cluster)
    chosen = choices(d)
    found, want = fits_of_choices(d, spec, chosen), by_single_fits(d, spec, chosen)
    assert (found.reason == "").all()
    assert found[["choice", "n", "term"]].equals(want[["choice", "n", "term"]])
    if engine == "firth":
        assert (found.n_events == want.n_events).all()
    for name in ("estimate", "std_error", "p_value"):
        np.testing.assert_allclose(found[name], want[name].astype(float), rtol=SAME, atol=1e-12)


def test_most_fits_are_made_in_a_batch(monkeypatch):
    """And what scale makes is in standard deviations of the chosen cases all the same."""
    d = cases(n=300)
    alone = []
    monkeypatch.setattr(
        case_choices, "_alone", lambda table, *rest: alone.append(len(table)) or 1 / 0
    )
    spec = ps.ModelSpec("m", "y ~ scale(a) + log(b) + C(k)", "firth", "cluster", "g")
    fits_of_choices(d, spec, choices(d))
    assert alone == []


def test_a_separated_choice_is_fitted_by_itself():
    d = cases()
    chosen = choices(d)
    chosen[3] = (d.a > 11) == (d.y == 1)
    spec = ps.ModelSpec("m", "y ~ scale(a)", "firth", "cluster", "g")
    found, want = fits_of_choices(d, spec, chosen), by_single_fits(d, spec, chosen)
    np.testing.assert_allclose(found.estimate, want.estimate, rtol=SAME)
    np.testing.assert_allclose(found.std_error, want.std_error.astype(float), rtol=SAME)


def test_a_choice_that_cannot_be_fitted_has_its_reason():
    d = cases()
    chosen = choices(d, draws=4)
    chosen[1] = d.y == 1
    chosen[2] = d.k == "x"
    spec = ps.ModelSpec("m", "y ~ scale(a) + C(k)", "firth", "classical")
    found = fits_of_choices(d, spec, chosen)
    lost = found.groupby("choice").reason.first()
    assert lost[0] == lost[3] == "" and len(lost[1]) > 10 and len(lost[2]) > 10
    assert found[found.choice == 1].estimate.isna().all()
    assert (found[found.choice == 1].n == (d.y == 1).sum()).all()


def test_a_study_frame_names_its_cases():
    d = cases().rename_axis("case_id")
    frame = ps.StudyFrame(d.reset_index(), "treaty", "case_id")
    spec = ps.ModelSpec("m", "y ~ scale(a) + log(b)", "firth", "cluster", "g")
    one, two = (fits_of_choices(t, spec, choices(d)) for t in (frame, d))
    pd.testing.assert_frame_equal(one, two)


def test_what_is_no_choice_of_the_cases_is_refused():
    d = cases()
    spec = ps.ModelSpec("m", "y ~ a", "firth", "classical")
    with pytest.raises(ps.SpecError, match="a column for each row"):
        fits_of_choices(d, spec, choices(d)[:, :-1])
    with pytest.raises(ps.SpecError, match="not their positions"):
        fits_of_choices(d, spec, np.arange(len(d))[None])
    with pytest.raises(ps.SpecError, match="differ in length"):
        fits_of_choices(d, spec, [[True], [True, False]])
    with pytest.raises(ps.SpecError, match="appears twice"):
        fits_of_choices(d.rename(index={"c1": "c0"}), spec, choices(d))
    lagged = ps.ModelSpec(
        "m", "y ~ lag(a)", "firth", "classical", options={"unit": "g", "time": "b"}
    )
    with pytest.raises(ps.SpecError, match="fits_of_choices"):
        fits_of_choices(d, lagged, choices(d))
