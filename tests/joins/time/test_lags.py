"""Lags and leads against a loop over all pairs of rows; a gap of years is missing and told."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.joined import REASONS
from peacestudy.errors import JoinError
from peacestudy.joins import lagged

LAGS = [-3, -1, 1, 2]


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.none() | st.sampled_from("ab"),
            st.sampled_from("xy"),
            st.none() | st.integers(2000, 2006),
            st.none() | st.integers(0, 9),
        ),
        unique_by=lambda r: (r[:3], object()) if None in r[:3] else r[:3],
        max_size=12,
    ),
    st.lists(st.sampled_from(LAGS), min_size=1, unique=True),
)
def test_a_lag_is_the_row_of_that_year_that_a_loop_finds(rows, lags):
    panel = pd.DataFrame(
        {
            "case_id": range(len(rows)),
            "a": pd.Series([r[0] for r in rows], dtype=object),
            "b": pd.Series([r[1] for r in rows], dtype=object),
            "year": pd.Series([r[2] for r in rows], dtype="float64"),
            "v": pd.Series([r[3] for r in rows], dtype="Int64"),
            "word": pd.Series([str(r[3]) for r in rows], dtype=object),
        }
    )
    out = lagged(panel, ["v", "word"], by=["a", "b"], year="year", lags=lags)
    met, reasons, gaps = [0] * len(rows), [], 0
    for i, (a, b, y, _) in enumerate(rows):
        hits = []
        for lag in lags:
            found = [
                j for j, o in enumerate(rows) if None not in (a, y) and o[:3] == (a, b, y - lag)
            ]
            name = f"lag{lag}" if lag > 0 else f"lead{-lag}"
            want = rows[found[0]][3] if found else None
            got = out.data[f"v_{name}"].iloc[i]
            assert pd.isna(got) if want is None else got == want
            assert (
                (out.data[f"word_{name}"].iloc[i] == str(want))
                if found
                else pd.isna(out.data[f"word_{name}"].iloc[i])
            )
            hits.append(bool(found))
            for j in found:
                met[j] += 1
        own = [o[2] for o in rows if o[:2] == (a, b) and o[2] is not None]
        if None in (a, y):
            reasons.append("no key")
            continue
        inside = [min(own) <= y - lag <= max(own) for lag in lags]
        gaps += sum(x and not h for x, h in zip(inside, hits, strict=True))
        reasons.append(
            "met"
            if all(hits)
            else (
                "partly observed" if any(hits) else "no row" if any(inside) else "outside the years"
            )
        )
    assert [REASONS[w] for w in out.joined[-1].why] == reasons
    (entry,) = out.ledger.entries
    assert (entry.unmatched, entry.other_unmatched) == (
        sum(r not in ("met", "partly observed") for r in reasons),
        met.count(0),
    )
    assert entry.duplicated == sum(n > 1 for n in met)
    assert bool(gaps) == any(n.kind == "year_gap" for n in out.notes)


def test_a_gap_in_the_years_is_missing_and_not_the_row_before():
    panel = pd.DataFrame(
        {
            "state": [2, 2, 2, 20],
            "year": [2003, 2000, 2001.0, 2002],
            "gdp": [13.0, 10.0, 11.0, 5.0],
            "war": [True, False, True, True],
        }
    )
    out = lagged(panel, ["gdp", "war"], by="state", year="year", lags=(1, -1))
    assert out.data["gdp_lag1"].fillna(-1).tolist() == [-1, -1, 10, -1]
    assert out.data["gdp_lead1"].fillna(-1).tolist() == [-1, 11, -1, -1]
    assert out.data["war_lag1"].dtype == "boolean"
    (note,) = out.notes
    assert "lag1 1, lead1 1 row(s)" in note.text and "not that of the row before" in note.text
    assert "is a gap in their unit: lag1 1, lead1 1" in out.ledger.entries[0].why
    again = lagged(out, "gdp_lag1", by="state", year="year", lags=1)
    assert again.data["gdp_lag1_lag1"].isna().all()


BAD = {
    "two rows of a year": ({"year": [2000, 2000]}, {}, r"2 2000 in rows 0 and 1"),
    "lag 0": ({}, {"lags": 0}, "other than 0"),
    "half a lag": ({}, {"lags": [0.5]}, "whole numbers"),
    "a lag twice": ({}, {"lags": [1, 1]}, "each once"),
    "no lags": ({}, {"lags": []}, "whole numbers"),
    "no such column": ({}, {"columns": "gpd"}, "Did you mean 'gdp'"),
    "no columns": ({}, {"columns": []}, "name one column"),
    "years as text": ({"year": ["2000", "2001"]}, {}, "holds text, not years: make numbers"),
    "dates": (
        {"year": pd.to_datetime(["2000-01-01", "2001-01-01"])},
        {},
        r"take the year \(.dt.year\)",
    ),
    "stands already": ({"gdp_lag1": [1, 2]}, {}, "are in the cases"),
}


@pytest.mark.parametrize(("changed", "told", "match"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_in_words(changed, told, match):
    panel = pd.DataFrame({"state": [2, 2], "year": [2000, 2001], "gdp": [1, 2]} | changed)
    told = {"columns": "gdp", "lags": 1} | told
    with pytest.raises(JoinError, match=match):
        lagged(panel, told.pop("columns"), by="state", year="year", **told)
