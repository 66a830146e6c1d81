"""The study onset: its tables rebuilt and counted anew by plain loops
over the source files, its gaps and its samples.
"""

import csv
import math
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.tables import to_csv
from peacestudy.errors import SourceError, SpecError
from peacestudy.models.formulas.formula import parse
from peacestudy.outcomes.states_by_year import region_of
from peacestudy.study.builders.onset import OTHER_GAPS, TABLES, build
from peacestudy.study.builders.releases import Releases
from peacestudy.study.builders.state_context import FIGURES, reason_kind

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
ROUNDED = 0.005 + 1e-9  # half of the last digit that is kept


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("onset")


@pytest.fixture(scope="module")
def table(study):
    return study.tables["country_years"].set_index("case_id")


def read(name):
    with (RAW / name).open(encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


@pytest.mark.slow(reason="rebuilds a study from source files, 9 s")
@needs_raw
def test_a_rebuild_equals_the_committed_tables(study):
    built = build(RAW, study.config.cases, study.codebook, study.folder)
    assert set(built) == set(TABLES)
    for name, made in built.items():
        assert to_csv(made) == (study.folder / f"{name}.csv").read_text(encoding="utf-8"), name


CUT = 1985


class FutureChanged(Releases):
    """The sources with every row from a year on changed, without the states that began later."""

    def read(self, ids, raw):
        return {name: self.changed(name, made) for name, made in super().read(ids, raw).items()}

    def changed(self, name, made):
        table = made.table.copy()
        if name == "gw_states":
            return replace(made, table=table[table["startdate"].dt.year < CUT])
        later = table["year"] >= CUT
        if name == "ucdp_acd_25.1":
            # all those conflicts go, and France fights in their place, a conflict a row
            rows = table[later].assign(type_of_conflict=3, gwno_loc="220", gwno_a="220")
            rows["conflict_id"] = range(900_000, 900_000 + len(rows))
            return replace(made, table=pd.concat([table[~later], rows], ignore_index=True))
        for column in table.select_dtypes("number").columns:
            if column not in ("year", *(key for key, _ in made.source.states)):
                as_float = table[column].astype("Float64")
                table[column] = as_float.mask(later, as_float * 3 + 1)
        return replace(made, table=table)


@pytest.mark.slow(reason="rebuilds a study from changed source files, 9 s")
@needs_raw
def test_the_future_changes_no_control_and_no_rule_of_eligibility(study, table):
    """Every source row from 1985 on is changed: what is known by the end of 1984 stays as it is, in
    every row whose covariates are of 1984 or before, and in the others it changes.
    """
    made = build(RAW, study.config.cases, study.codebook, study.folder, FutureChanged())
    changed = made["country_years"].set_index("case_id")
    (clock,) = study.config.clocks
    known = [c for c, rule in clock.known_from.items() if rule == clock.column]
    assert {"ever_fought", "quiet", "peace_years", "quiet_gap_10", "complete"} <= set(known)
    before = table.index[table["covariate_year"] < CUT]
    assert len(before) > 4500 and table.loc[before, "year"].max() == CUT
    pd.testing.assert_frame_equal(
        changed.loc[before, known],
        table.loc[before, known],
        check_dtype=False,
        check_index_type=False,
    )
    assert not changed.loc[before, "onset"].eq(table.loc[before, "onset"]).all(), "the year itself"
    after = table.index[(table["covariate_year"] >= CUT) & table.index.isin(changed.index)]
    for column in known:
        if column != "ethnic_fractionalisation":  # a share of 0 in many rows
            assert not changed.loc[after, column].equals(table.loc[after, column]), column


@needs_raw
def test_a_data_problem_without_decision_stops_the_build(study, tmp_path):
    with pytest.raises(SourceError) as err:
        build(RAW, study.config.cases, study.codebook, tmp_path)
    assert [p.rule for p in err.value.problems] == [
        "every problem of the sources is decided in this file"
    ]
    assert "751 (Hyderabad) in 1947, 1948" in str(err.value.problems[0].value)


@pytest.mark.slow(reason="rebuilds a study from source files, 8 s")
@needs_raw
def test_a_decision_may_count_a_conflict_for_another_state(study, tmp_path):
    text = (
        (study.folder / "decisions.tsv")
        .read_text(encoding="utf-8")
        .replace("leave_out\t\t", "count_for\t750\t")
    )
    (tmp_path / "decisions.tsv").write_text(text, encoding="utf-8")
    made = build(RAW, study.config.cases, study.codebook, tmp_path)["country_years"].set_index(
        "case_id"
    )
    assert made.loc["750-1947", "onset"], "the rising in Hyderabad counted for India"


def test_counts(study, table):
    assert (len(table), table["country"].nunique(), int(table["onset"].sum())) == (11360, 181, 387)
    assert (len(study.tables["onsets"]), int(study.tables["onsets"]["new"].sum())) == (419, 225)
    kinds = (int(table["onset_new"].sum()), int(table["onset_resumed"].sum()))
    assert kinds == (210, 184), "seven state-years have both"
    sizes = {}
    for sample in study.config.samples:
        data = study.frame(sample.id).data
        outcome = f"onset_{sample.id}" if sample.id.startswith("gap_") else "onset"
        sizes[sample.id] = (len(data), int(data[outcome].sum()))
    assert sizes == {
        "common_fought": (2074, 89),
        "common_never": (3370, 54),
        "gap_1": (5614, 182),
        "gap_3": (5308, 127),
        "gap_5": (5084, 110),
        "gap_10": (4641, 87),
        "borders_of_then": (5410, 135),
        "common": (5444, 143),
        "late": (8447, 222),
        "common_all": (6680, 238),
        "quiet": (9345, 243),
        "all": (11360, 387),
    }
    assert ps.check("onset").empty


@pytest.mark.parametrize(
    ("case", "onset", "fighting", "why"),
    [
        ("365-1994", True, True, "Chechnya"),
        ("365-1995", False, True, "Chechnya goes on"),
        ("365-1999", True, True, "Chechnya and Dagestan, after 1997 and 1998 without 25 deaths"),
        (
            "490-1996",
            True,
            True,
            "Kabila's rebellion; Rwanda's troops are no conflict of Rwanda here",
        ),
        (
            "732-1950",
            False,
            False,
            "the Korean war is between states; risings of 1948 to 1950 are not in the list",
        ),
        ("2-2001", True, True, "al-Qaida: in the territory of the United States"),
        ("200-1971", True, True, "Northern Ireland, an internal conflict"),
        ("220-1954", False, False, "Algeria: a colonial war is of type 1"),
        (
            "630-1946",
            True,
            True,
            (
                "Azerbaijan in Iran: Kurdistan began in 1945, Azerbaijan too or not is read from"
                " its start"
            ),
        ),
        ("652-2011", True, True, "Syria's civil war"),
    ],
)
def test_state_years_known_by_hand(table, case, onset, fighting, why):
    assert (bool(table.loc[case, "onset"]), bool(table.loc[case, "fighting"])) == (
        onset,
        fighting,
    ), why


@pytest.fixture(scope="module")
def loops():
    """Onsets, fighting, first years by loops over the raw rows, written
    from the README and not from the package.
    """
    fought, start, where = defaultdict(set), {}, {}
    alone = defaultdict(set)
    for r in read("ucdp_prio_acd_251.csv"):
        if r["type_of_conflict"] in "34" and r["gwno_loc"] != "751":
            fought[r["conflict_id"]].add(int(r["year"]))
            start[r["conflict_id"]], where[r["conflict_id"]] = (
                int(r["start_date"][:4]),
                int(r["gwno_loc"]),
            )
        if r["type_of_conflict"] == "3" and r["gwno_loc"] != "751":
            alone[r["conflict_id"], int(r["gwno_a"])].add(int(r["year"]))
    onset, fighting, new, spell = set(), defaultdict(set), set(), defaultdict(set)
    for c, years in fought.items():
        fighting[where[c]] |= years
        onset |= {
            (where[c], y)
            for y in years
            if not {y - 1, y - 2} & years and not (y == 1946 and start[c] < 1946)
        }
    for (_, state), years in alone.items():
        new.add((state, min(years)))
        spell[state] |= years
    return onset, fighting, new, spell


@needs_raw
def test_outcomes_equal_plain_loops(table, loops):
    onset, fighting, new, spell = loops
    life = table.groupby("country")["year"].min()
    for row in table.itertuples():
        key = (row.country, row.year)
        assert row.onset == (key in onset), key
        assert row.fighting == (row.year in fighting[row.country]), key
        assert row.new_conflict == (key in new), key
        assert row.quiet == (not {row.year - 1, row.year - 2} & fighting[row.country]), key
        for got, by in ((row.peace_years, fighting), (row.spell_years, spell)):
            last = max((y for y in by[row.country] if y < row.year), default=life[row.country] - 1)
            assert got == row.year - last - 1, key
    assert len(onset & set(zip(table["country"], table["year"], strict=True))) == len(onset), (
        "no onset is lost"
    )


@needs_raw
def test_states_equal_the_list_and_the_crosswalk(table):
    have = {
        (int(float(r["gwcode"])), y)
        for r in read("gw_states.csv")
        for y in range(
            max(1946, int(r["startdate"][:4])),
            (2024 if r["enddate"] == "2017-12-31" else int(r["enddate"][:4])) + 1,
        )
    }
    assert have == set(zip(table["country"], table["year"], strict=True))


@needs_raw
def test_regions_agree_with_the_conflict_data():
    names = {"1": "Europe", "2": "Middle East", "3": "Asia", "4": "Africa", "5": "Americas"}
    seen = 0
    for r in read("ucdp_prio_acd_251.csv"):
        if "," not in r["gwno_loc"]:
            assert region_of(int(r["gwno_loc"])) == names[r["region"]], r["location"]
            seen += 1
    assert seen > 2600


@needs_raw
@pytest.mark.parametrize(
    ("name", "file", "code", "column", "how"),
    [
        ("ln_gdp_per_capita", "gw_gdppop.csv", "gwcode", "mrgdppc", math.log),
        ("ln_population", "gw_gdppop.csv", "gwcode", "pwtpop", math.log),
        ("democracy", "gw_democracy.csv", "gwcode", "aeuds", float),
        ("polyarchy", "vdem_simple.csv", "GWn", "v2x_polyarchy", float),
        ("executive_constraints", "polity5.csv", "GWn", "xconst", lambda x: (x - 1) / 6),
    ],
)
def test_figures_equal_the_row_of_the_year_before(table, name, file, code, column, how):
    raw = defaultdict(set)
    for r in read(file):
        if r[code] and r[column] and float(r[column]) > -10:
            raw[float(r[code]), float(r["year"])].add(how(float(r[column])))
    seen = 0
    for row in table[table[name].notna()].itertuples():
        near = raw[row.country, row.year - 1]
        assert len(near) == 1 and abs(near.pop() - getattr(row, name)) <= ROUNDED, (row.Index, name)
        seen += 1
    assert seen > 9000


@needs_raw
def test_openness_and_memberships_of_a_state_by_hand(table):
    trade = {(r["ccode"], r["year"]): r for r in read("cow_trade_sy.csv")}
    wdi = {(r["iso3"], r["year"]): r for r in read("wdi_gdppc_pop.csv")}
    igo = {(r["ccode"], r["year"]): r for r in read("cow_igo_sy.csv")}
    # Germany: 260 there, 255 here
    t, w, i = trade["255.0", "2004.0"], wdi["DEU", "2004"], igo["255.0", "2004.0"]
    openness = (
        (float(t["imports"]) + float(t["exports"]))
        * 1e6
        / (float(w["wdi_gdppc"]) * float(w["wdi_pop"]))
    )
    assert abs(table.loc["260-2005", "ln_trade_openness"] - math.log(openness)) <= ROUNDED
    assert (
        abs(table.loc["260-2005", "ln_igo_memberships"] - math.log(1 + float(i["sum_igo_anytype"])))
        <= ROUNDED
    )


def test_outside_coverage_is_missing(table):
    ends = {
        "ln_gdp_per_capita": 2020,
        "executive_constraints": 2019,
        "ln_igo_memberships": 2015,
        "ln_trade_openness": 2015,
        "ethnic_fractionalisation": 2014,
    }
    for name, last in ends.items():
        assert table.loc[table["year"] > last, name].isna().all(), name
        assert table.loc[table["year"] == last, name].notna().any(), name
    assert table.loc[table["year"] <= 1960, "ln_trade_openness"].isna().all()
    assert table.loc[table["year"] == 1946, [*FIGURES, "regional_fighting"]].isna().all().all()


def test_every_missing_figure_stands_in_a_gap_and_no_other(study, table):
    told = {
        (g.variable, g.country, y)
        for g in study.tables["gaps"].itertuples()
        for y in range(g.first_year, g.last_year + 1)
    }
    missing = {(n, r.country, r.year) for n in FIGURES for r in table[table[n].isna()].itertuples()}
    assert told == missing


def test_coverage_adds_up_to_all_state_years(study, table):
    cover = study.tables["coverage"]
    assert (cover.groupby("variable")["rows"].sum() == len(table)).all() and set(
        cover["variable"]
    ) == set(FIGURES)
    values = cover[cover["status"] == "value"].set_index("variable")["rows"]
    assert values.to_dict() == {n: int(table[n].notna().sum()) for n in FIGURES}


def test_special_codes_are_missing_not_values(study, table):
    assert table["executive_constraints"].dropna().between(0, 1).all()
    gaps = study.tables["gaps"]
    of = gaps[(gaps["variable"] == "executive_constraints") & (gaps["country"] == 520)]
    assert any(
        "-77" in g.reason and g.first_year <= 1995 <= g.last_year for g in of.itertuples()
    ), "Somalia without a state"


def test_among_quiet_years_fighting_is_onset(table):
    quiet = table[table["quiet"] & (table["year"] > 1946)]
    assert (quiet["fighting"] == quiet["onset"]).all()


def test_complete_is_what_the_model_of_prevention_asks(study):
    spec = next(s for s in study.config.specs if s.name == "prevention")
    asked = set(parse(spec.formula).columns)
    data = study.tables["country_years"]
    assert (data["complete"] == data[[c for c in asked if c in data]].notna().all(axis=1)).all()
    assert set(asked) <= set(data.columns)


@needs_raw
def test_history_and_gaps_equal_plain_loops(table):
    """Whether a state fought before, and new, resumed onsets and quiet years by every gap, from the
    raw rows.
    """
    fought, state, start = defaultdict(set), {}, {}
    for r in read("ucdp_prio_acd_251.csv"):
        if r["type_of_conflict"] in "34" and r["gwno_loc"] != "751":
            fought[r["conflict_id"]].add(int(r["year"]))
            state[r["conflict_id"]] = int(r["gwno_loc"])
            start[r["conflict_id"]] = int(r["start_date"][:4])
    by_state, new, resumed = defaultdict(set), set(), {gap: set() for gap in (*OTHER_GAPS, 2)}
    for conflict, years in fought.items():
        by_state[state[conflict]] |= years
        for year in years:
            earlier = [y for y in years if y < year]
            if not earlier and (year > 1946 or start[conflict] >= 1946):
                new.add((state[conflict], year))
            for gap, keys in resumed.items():
                if earlier and year - max(earlier) > gap:
                    keys.add((state[conflict], year))
    for row in table.itertuples():
        key, years = (row.country, row.year), by_state[row.country]
        assert row.ever_fought == any(y < row.year for y in years), key
        assert row.onset_new == (key in new) and row.onset_resumed == (key in resumed[2]), key
        for gap in OTHER_GAPS:
            began = key in new or key in resumed[gap]
            assert getattr(row, f"onset_gap_{gap}") == began, (key, gap)
            quiet = not any(row.year - gap <= y < row.year for y in years)
            assert getattr(row, f"quiet_gap_{gap}") == quiet, (key, gap)


def test_a_conflict_resumes_only_where_one_was_fought_before(table):
    assert table.loc[table["onset_resumed"], "ever_fought"].all()
    assert (table["onset"] == (table["onset_new"] | table["onset_resumed"])).all()
    assert not table.loc[~table["quiet"] & (table["year"] > 1946), "ever_fought"].eq(0).any()


def test_borders_that_changed_later_are_marked(table):
    """Dates from the list of Gleditsch and Ward, and from the histories of the states."""
    spans = {
        770: (1948, 1971),  # Bangladesh left in December 1971
        365: (1947, 1991),  # the Soviet Union ended in December 1991
        345: (1947, 2006),  # Croatia and Slovenia left in 1992, Montenegro in 2006
        625: (1957, 2011),  # South Sudan left in July 2011
        260: (1950, 1990),  # East Germany joined in October 1990
    }
    for country, (first, last) in spans.items():
        rows = table[(table["country"] == country) & table["earlier_borders"]]
        assert (rows["year"].min(), rows["year"].max()) == (first, last), country
        assert len(rows) == last - first + 1
    used = table[table["earlier_borders"] & table["quiet"] & table["complete"]]
    assert (len(used), int(used["onset"].sum())) == (34, 8)
    assert not table.loc[table["country"].isin([2, 200, 740]), "earlier_borders"].any()


def test_an_unknown_state_system_rule_is_refused(study):
    with pytest.raises(SpecError, match="exists"):
        replace(study.config.cases, exists="sometimes")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (
            "xconst: special code -77: collapse of central authority",
            "special code -77: collapse of central authority",
        ),
        (
            "special code -77: collapse of central authority",
            "special code -77: collapse of central authority",
        ),
        (
            "imports: cannot be computed from imports 0, exports 0",
            "a value of 0, which has no logarithm",
        ),
        (
            "COW has no code for GW 711 (Tibet). Note: x",
            "the source's codes have none for the state",
        ),
    ],
)
def test_reasons_are_told_alike(reason, kind):
    assert reason_kind(reason) == kind


def test_the_study_tells_itself_without_cases(study):
    assert repr(study).startswith("<Study onset: 11360 rows of country_years")
    assert isinstance(study.tables["country_years"], pd.DataFrame)
