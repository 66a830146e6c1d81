"""The hazard that a row lived through, by loops; what it does to a chain; survival outcomes that
tell nothing are refused.
"""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.missing.hazard import nelson_aalen
from peacestudy.models.missing.imputation import impute

ASK = {"m": 3, "cycles": 2, "donors": 3, "seed": 7}


def draw(N=90, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N)
    start = rng.integers(0, 4, N) * rng.integers(0, 2, N)
    stop = start + 1 + np.minimum(rng.exponential(6 * np.exp(-x), N), 9).astype(int)
    d = pd.DataFrame(
        {
            "start": start,
            "stop": stop,
            "event": (rng.random(N) < 0.6) * 1,
            "x": x,
            "z": x + rng.normal(size=N),
        }
    )
    return d.assign(x=d.x.where(rng.random(N) > 0.25))


D = draw()


def test_the_hazard_is_that_of_a_loop():
    """Ties, rows that begin late, rows that end where another begins."""
    start, stop, event = (D[c].to_numpy(dtype=float) for c in ("start", "stop", "event"))
    got = nelson_aalen(start, stop, event)
    for i in range(len(D)):
        total = 0.0
        for u in sorted(set(stop[event == 1])):
            if start[i] < u <= stop[i]:
                at_risk = sum(s < u <= e for s, e in zip(start, stop, strict=True))
                total += sum((stop == u) & (event == 1)) / at_risk
        assert got[i] == pytest.approx(total, rel=1e-12)
    assert got.sum() == pytest.approx(event.sum(), rel=1e-12)  # martingale residuals sum to zero


def test_only_event_and_hazard_reach_the_chain():
    """Times that are stretched by any increasing function fill the
    same values; without survival they do not.
    """
    columns, late = ["stop", "event", "x", "z"], D.assign(stop=np.exp(D.stop))
    asked = ASK | {"survival": ("stop", "event")}
    for t, other in zip(
        impute(D, columns, **asked).tables, impute(late, columns, **asked).tables, strict=True
    ):
        pd.testing.assert_series_equal(t.x, other.x)
    free = impute(D, columns, **ASK)
    assert not impute(late, columns, **ASK).tables[0].x.equals(free.tables[0].x)
    found = impute(
        D, ["start", "stop", "event", "x", "z"], **(ASK | {"survival": ["start", "stop", "event"]})
    )
    assert found.survival == ("start", "stop", "event") and "Nelson-Aalen" in found.notes[0].text
    assert found.missing.column.tolist() == ["start", "stop", "event", "x", "z"]
    spec = ps.ModelSpec("m", "Surv(start, stop, event) ~ x + z", "cox", "classical")
    got = ps.fit(found, spec)
    assert got.n == len(D) and "times" not in {n.kind for n in got.notes}


@pytest.mark.parametrize(
    ("change", "survival", "error", "said"),
    [
        ({}, ("stop",), ps.SpecError, r"write \(time, event\) or \(start, stop, event\)"),
        ({}, "stop", ps.SpecError, "survival is 'stop'"),
        ({}, ("stop", "dead"), ps.SpecError, "survival names 'dead', which columns does not"),
        (
            {"stop": D.stop.where(D.index > 2)},
            ("stop", "event"),
            ps.FitError,
            r"3 case\(s\) have no value in stop, event",
        ),
        (
            {"event": D.event * 2},
            ("stop", "event"),
            ps.FitError,
            r"'event' of survival must hold 0 and 1, .*\[0.0, 2.0\]",
        ),
        (
            {"stop": D.stop.where(D.index > 0, 0)},
            ("stop", "event"),
            ps.FitError,
            r"1 row\(s\) of survival end at their start",
        ),
        (
            {"event": D.event.map({0: "no", 1: "yes"})},
            ("stop", "event"),
            ps.FitError,
            "'event' of survival holds .*; times and events",
        ),
    ],
)
def test_survival_outcomes_that_tell_nothing_are_refused(change, survival, error, said):
    with pytest.raises(error, match=said):
        impute(D.assign(**change), ["stop", "event", "x", "z"], **ASK, survival=survival)


def test_a_hazard_that_is_one_wherever_a_column_has_values_is_refused():
    d = pd.DataFrame(
        {
            "stop": [3] * 8 + [4] * 3 + [5] * 5,
            "event": [1, 0] * 8,
            "x": [*range(8), *[np.nan] * 8],
            "z": np.arange(16.0) % 5,
        }
    )
    with pytest.raises(ps.FitError, match="'x' has no value in any case with stop = another value"):
        impute(d, ["stop", "event", "x", "z"], **ASK, survival=("stop", "event"))
