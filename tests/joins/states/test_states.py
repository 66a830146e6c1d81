"""Translation of a column of states: the crosswalk row by row, reasons, and a word where the
declared system is not the column's.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.code_systems import code_system_fit
from peacestudy.core.countries import covered, crosswalk, rows_in_force, translate
from peacestudy.core.joined import REASONS
from peacestudy.errors import JoinError
from peacestudy.joins import to_system
from peacestudy.joins.keys.state_codes import system_misfit

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"


def one_by_one(code, date, source, target):
    try:
        return translate(code, date, source, target)
    except JoinError:
        return None


CODES = st.sampled_from([2, 260, 265, 340, 345, 365, 678, 680, 711, 817, 31, 999]) | st.none()
YEARS = st.sampled_from([1945, 1949, 1975, 1990, 2005, 2007, 2020]) | st.none()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(CODES, YEARS), min_size=1, max_size=12),
    st.sampled_from(["cow", "iso3", "vdem"]),
)
def test_every_row_is_what_translate_says_and_the_ledger_balances(rows, target):
    cases = pd.DataFrame(
        {
            "case_id": range(len(rows)),
            "state": pd.array([r[0] for r in rows], "Int64"),
            "year": pd.array([r[1] for r in rows], "Int64"),
        }
    )
    frame = to_system(
        cases, "state", date="year", source="gw", target=target, into="other", accept_misfit=True
    )
    expected = [None if None in row else one_by_one(*row, "gw", target) for row in rows]
    found = frame.data["other"].astype(object)
    assert found.where(found.notna(), None).tolist() == expected
    reasons = [REASONS[i] for i in frame.joined[0].why]
    for (code, year), value, reason in zip(rows, expected, reasons, strict=True):
        if code is None or year is None:
            assert reason == "no key"
        elif value is not None:
            assert reason == "met"
        else:
            assert reason == ("outside the years" if year < 1946 else "no such state")
    (entry,) = frame.ledger.entries
    assert entry.balanced()
    assert entry.unmatched == expected.count(None)
    assert [n.kind for n in frame.notes if n.kind == "no_such_state"] == ["no_such_state"] * (
        None in expected
    )


def test_rows_in_force_are_the_rows_of_the_crosswalk():
    table = crosswalk()
    codes = pd.Series([345, 345, 345, 260, 999, None], dtype="Int64")
    dates = pd.Series(
        ["2003-02-03", "2003-02-04", "2006-06-05", "1990-10-03", "1990-10-03", "2000-01-01"]
    )
    at = rows_in_force(codes, dates, "gw")
    assert [table["name"].iloc[i] if i >= 0 else None for i in at] == [
        "Yugoslavia",
        "Serbia and Montenegro",
        None,
        "Germany",
        None,
        None,
    ]
    with pytest.raises(JoinError, match="same index"):
        rows_in_force(codes, dates[:2], "gw")


class TestMisfit:
    CASES = pd.DataFrame({"case_id": range(4), "state": [255, 679, 345, 2], "year": 2010})

    def test_codes_of_another_system_are_refused_with_its_name(self):
        with pytest.raises(
            JoinError,
            match=r"100 % of its 4 codes on their dates are COW codes, 25 % GW codes.*255 in 2010",
        ) as err:
            to_system(self.CASES, "state", date="year", source="gw", target="iso3", into="iso3")
        assert "Declare COW" in str(err.value)
        assert "accept_misfit=True" in str(err.value)

    def test_the_declared_misfit_can_be_accepted_and_is_told(self):
        frame = to_system(
            self.CASES,
            "state",
            date="year",
            source="gw",
            target="iso3",
            into="iso3",
            accept_misfit=True,
        )
        assert [n.kind for n in frame.notes] == ["code_system", "no_such_state"]
        assert frame.data["iso3"].isna().tolist() == [True, True, True, False]

    def test_the_date_decides(self):
        cases = self.CASES.assign(state=[345, 345, 2, 20], year=[1980, 1990, 1980, 1990])
        assert system_misfit(cases.state, cases.year, "gw", "state").text == ""
        assert system_misfit(cases.state, cases.year + 25, "gw", "state").refused

    def test_a_little_misfit_is_a_note(self):
        states = [2, 20, 70, 90, 91, 92, 93, 94, 95, 100, 101, 255]
        cases = pd.DataFrame({"case_id": range(12), "state": states, "year": 2000})
        frame = to_system(cases, "state", date="year", source="gw", target="iso3", into="iso3")
        assert [n.kind for n in frame.notes] == ["code_system", "no_such_state"]
        assert "92 % GW codes" in str(frame.notes[0])

    def test_iso_codes_declared_as_numbers_are_refused(self):
        cases = pd.DataFrame({"case_id": range(3), "state": ["DEU", "FRA", "USA"], "year": 2000})
        with pytest.raises(JoinError, match="are ISO3 codes, 0 % GW"):
            to_system(cases, "state", date="year", source="gw", target="cow", into="ccode")

    def test_fit_without_dates_counts_codes_ever_used_and_with_dates_pairs_in_force(self):
        assert code_system_fit([345, 345, None, "345.0"])["codes"].unique().tolist() == [1]
        fit = code_system_fit([345, 345, 345, 345, None], [2005, 2005, 2010, 1940, 2000]).set_index(
            "system"
        )
        # 1940 and the missing code are left out
        assert fit.loc["gw", ["codes", "known"]].tolist() == [2, 1]
        assert fit.loc["cow", ["codes", "known"]].tolist() == [2, 2]
        with pytest.raises(JoinError, match="2 codes and 1 dates"):
            code_system_fit([2, 20], [1990])

    def test_the_compiled_v_dem_panel_fits_cow_and_is_refused_as_v_dem(self):
        if not (RAW / "vdem_v15_trimmed.csv").exists():
            pytest.skip(
                "vdem_v15_trimmed.csv is not in ../shared/raw; the sources are not part of the"
                " repository"
            )
        table = pd.read_csv(RAW / "vdem_v15_trimmed.csv", usecols=["COWcode", "year"]).query(
            "year >= 1992"
        )
        assert code_system_fit(table.COWcode, table.year)["system"].iloc[0] == "cow"
        assert system_misfit(table.COWcode, table.year, "cow", "COWcode").text == ""
        as_gw = system_misfit(table.COWcode, table.year, "gw", "COWcode")
        assert not as_gw.refused  # the two systems share all but some codes
        assert "255 in" in as_gw.text
        assert system_misfit(table.COWcode, table.year, "vdem", "COWcode").refused


class TestArguments:
    CASES = pd.DataFrame(
        {"case_id": ["a", "b"], "state": [260, 2], "day": ["1990-10-02", "1990-10-03"]}
    )

    def test_a_day_or_one_year_for_all(self):
        frame = to_system(self.CASES, "state", date="day", source="gw", target="cow", into="cow")
        assert frame.data["cow"].tolist() == [260, 2]
        frame = to_system(self.CASES, "state", date=1990, source="gw", target="cow", into="cow")
        assert frame.data["cow"].tolist() == [255, 2]

    def test_cells_that_are_no_dates_are_refused_together(self):
        cases = self.CASES.assign(day=["2/10/1990", "1990"])
        with pytest.raises(
            JoinError, match=r"'day' has 2 different value\(s\) that are not dates.*2/10/1990"
        ):
            to_system(cases, "state", date="day", source="gw", target="cow", into="cow")
        with pytest.raises(JoinError):
            covered("1990")
        assert [covered(d) for d in (1945, 1946, dt.date(1946, 1, 1))] == [False, True, True]

    def test_a_table_without_case_id_gets_numbers(self):
        frame = to_system(
            self.CASES.drop(columns="case_id"),
            "state",
            date="day",
            source="gw",
            target="cow",
            into="cow",
        )
        assert frame.key == "row_id"

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"column": "stat"}, "no column 'stat'. Did you mean 'state'"),
            ({"date": "dya"}, "no column 'dya'"),
            ({"source": "gwn"}, "source is 'gwn'"),
            ({"target": "iso"}, "target is 'iso'"),
            ({"into": "state"}, "are in the cases"),
        ],
    )
    def test_wrong_calls_say_what_is_there(self, change, message):
        call = {
            "column": "state",
            "date": "day",
            "source": "gw",
            "target": "cow",
            "into": "cow",
        } | change
        with pytest.raises(JoinError, match=message):
            to_system(self.CASES, **call)

    def test_the_cases_are_not_changed(self):
        before = self.CASES.copy()
        to_system(self.CASES, "state", date="day", source="gw", target="cow", into="cow")
        pd.testing.assert_frame_equal(self.CASES, before)


def test_a_hundred_thousand_rows_are_each_what_translate_says():
    rng = np.random.default_rng(3)
    gw = crosswalk()["gw"].unique()
    cases = pd.DataFrame(
        {
            "case_id": np.arange(100_000),
            "state": rng.choice(gw, 100_000),
            "year": rng.integers(1946, 2025, 100_000),
        }
    )
    frame = to_system(
        cases, "state", date="year", source="gw", target="vdem", into="v", accept_misfit=True
    )
    pairs = frame.data.drop_duplicates(["state", "year"]).sample(2_000, random_state=1)
    expected = [
        one_by_one(s, y, "gw", "vdem") for s, y in zip(pairs.state, pairs.year, strict=True)
    ]
    found = pairs["v"].astype(object)
    assert found.where(found.notna(), None).tolist() == expected
    assert (frame.data.groupby(["state", "year"])["v"].nunique(dropna=False) == 1).all()
