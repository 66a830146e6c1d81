"""Models refuse what is known only after the clock, in any table, unless a reason is written."""

import functools

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.clock_check import check_clock, without_clock


@pytest.fixture
def table():
    rng = np.random.default_rng(8)
    n = 80
    signed = pd.Timestamp("1990-06-01") + pd.to_timedelta(rng.integers(0, 8000, n), unit="D")
    year = signed.year
    return pd.DataFrame(
        {
            "signed": signed.strftime("%Y-%m-%d"),
            "year": year,
            "country": np.arange(n) % 8,
            "x": rng.normal(size=n),
            "gdp": rng.normal(size=n),
            "w": rng.uniform(1, 2, n),
            "y": rng.integers(0, 2, n),
        },
        index=[f"case {i}" for i in range(n)],
    )


def spec(formula="y ~ x + gdp", engine="linear", vcov="hc1", **options):
    return ps.ModelSpec("m", formula, engine, vcov, options=options)


KNOWN = {"x": "always", "gdp": "year - 1"}


def test_what_is_known_before_the_clock_changes_nothing(table):
    plain = ps.fit(table, spec())
    timed = ps.fit(table, spec(clock="signed", known_from=KNOWN))
    pd.testing.assert_frame_equal(plain.terms, timed.terms)
    assert plain.notes == timed.notes


def test_a_control_of_the_year_of_signature_is_refused_by_name(table):
    late = spec(clock="signed", known_from={**KNOWN, "gdp": "year"})
    with pytest.raises(ps.SpecError, match=r"'gdp' is known only after the clock in 80 of 80 rows"):
        ps.fit(table, late)
    # a clock that is a year ends on its last day
    ps.fit(table, spec(clock="year", known_from={**KNOWN, "gdp": "year"}))


def test_a_single_case_is_enough(table):
    ended = table["signed"].copy()
    ended.iloc[17] = "2030-01-01"
    data = table.assign(ended=ended)
    timed = spec(clock="signed", known_from={**KNOWN, "gdp": "ended"})
    with pytest.raises(ps.SpecError, match=r"in 1 of 80 rows \(first case 17: known on 2030-01-01"):
        ps.fit(data, timed)
    # the case is not used, or has no value: nothing is late
    ps.fit(data.drop(index="case 17"), timed)
    ps.fit(data.assign(y=data["y"].astype(float).mask(data.index == "case 17")), timed)


def test_a_reason_is_printed_with_the_result(table):
    reason = "no earlier figure exists"
    late = spec(clock="signed", known_from={**KNOWN, "gdp": "year"}, known_late={"gdp": reason})
    fit = ps.fit(table, late)
    (note,) = [n for n in fit.notes if n.kind == "known_late"]
    assert reason in note.text and "80 of 80" in note.text
    assert reason in ps.tables.regression([fit]).texts()["md"]


def test_a_column_of_which_nothing_is_said_is_refused(table):
    with pytest.raises(ps.SpecError, match="nothing says from when 'gdp' is known"):
        ps.fit(table, spec(clock="signed", known_from={"x": "always"}))


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + log1p(square(gdp))",
        "y ~ x*gdp",
        "y ~ x + C(gdp)",
        "y ~ x + scale(gdp)",
        "y ~ x + poly(gdp, 2)",
    ],
)
def test_functions_and_products_are_seen_through(table, formula):
    data = table.assign(gdp=table["gdp"].round().clip(0, 2))
    with pytest.raises(ps.SpecError, match="'gdp' is known only after the clock"):
        ps.fit(data, spec(formula, clock="signed", known_from={**KNOWN, "gdp": "year"}))


def test_weights_and_offsets_are_regarded(table):
    rules = {"x": "always", "w": "year"}
    with pytest.raises(ps.SpecError, match="'w' is known only after the clock"):
        ps.fit(table, spec("y ~ x", clock="signed", known_from=rules, weights="w"))
    counts = spec("y ~ x", "poisson", "hc1", clock="signed", known_from=rules, exposure="w")
    with pytest.raises(ps.SpecError, match="'w' is known only after the clock"):
        ps.fit(table, counts)


def test_a_lag_is_known_when_the_row_that_it_reads_is():
    rng = np.random.default_rng(3)
    panel = pd.DataFrame(
        [(u, year) for u in "abcdefgh" for year in range(2000, 2010)], columns=["unit", "year"]
    )
    panel["x"] = rng.normal(size=len(panel))
    panel["y"] = rng.normal(size=len(panel))
    panel["day"] = panel["year"].astype(str) + "-06-30"
    options = {"unit": "unit", "time": "year", "clock": "day", "known_from": {"x": "year"}}
    with pytest.raises(ps.SpecError, match="'x' is known only after the clock"):
        ps.fit(panel, spec("y ~ x", **options))
    ps.fit(panel, spec("y ~ lag(x)", **options))
    with pytest.raises(ps.SpecError, match="'x' is known only after the clock"):
        ps.fit(panel, spec("y ~ x + lag(x)", **options))
    slow = options | {"known_from": {"x": "year + 1"}}
    with pytest.raises(ps.SpecError, match="'x' is known only after the clock"):
        ps.fit(panel, spec("y ~ lag(x)", **slow))
    ps.fit(panel, spec("y ~ lag(x, 2)", **slow))


def test_frames_carry_the_clock_through_derived_columns_and_steps(table):
    frame = ps.StudyFrame(table.rename_axis("case_id").reset_index(), "accord", "case_id")
    timed = frame.with_clock("signed", {"x": "always", "gdp": "year"})
    made = timed.with_columns(product=lambda data: data["gdp"] * data["x"], twice=lambda d: d.x * 2)
    ps.fit(made, spec("y ~ twice"))
    with pytest.raises(ps.SpecError, match="'product' is known only after the clock"):
        ps.fit(made, spec("y ~ x + product"))
    given = made.with_columns(other=list(range(len(table))))
    with pytest.raises(ps.SpecError, match="nothing says from when 'other' is known"):
        ps.fit(given, spec("y ~ other"))
    rich = timed.keep(timed.data["gdp"] > 0, "rich", "poor", ["gdp"])
    with pytest.raises(ps.SpecError, match="'gdp' is known only after the clock"):
        ps.fit(rich, spec("y ~ x"))
    reasons = {"known_late": {"gdp": "eligibility as declared first"}}
    assert ps.fit(rich, spec("y ~ x", **reasons)).n == len(rich)


def test_other_verbs_check_the_clock_too(table):
    late = {"clock": "signed", "known_from": {**KNOWN, "gdp": "year", "country": "always"}}
    with pytest.raises(ps.SpecError, match="'gdp' is known only after the clock"):
        ps.models.permutation_test(table, spec(**late), ["x"], strata="country", draws=9, seed=1)
    firth = spec(engine="firth", vcov="classical", **late)
    with pytest.raises(ps.SpecError, match="'gdp' is known only after the clock"):
        ps.models.out_of_sample(table, [firth], groups="country", draws=9, seed=1)
    by_gdp = {"clock": "signed", "known_from": {"x": "always", "gdp": "year"}}
    data = table.assign(gdp=(table["gdp"] > 0).astype(int))
    with pytest.raises(ps.SpecError, match="'gdp' is known only after the clock"):
        ps.models.by_context(
            data, spec("y ~ x", **by_gdp), "x", "gdp", method="bayes", min_events=5
        )


READS = {
    "by position": lambda data: data["x"] + data.iloc[:, 5],
    "of a copy": lambda data: data["x"] + data.copy()["gdp"],
    "by rows": lambda data: data["x"] + data.apply(lambda row: row["gdp"], axis=1),
    "by filter": lambda data: data["x"] + data.filter(["gdp"])["gdp"],
    "an array": lambda data: data["x"].to_numpy() + data.to_numpy()[:, 5].astype(float),
    "an index": lambda data: data["x"] + data[pd.Index(["gdp"])]["gdp"],
    "the row before": lambda data: data["x"].shift(1).fillna(0),
    "the rows after": lambda data: data["x"].groupby(data["country"]).shift(-1).fillna(0),
    "all rows": lambda data: data["x"] - data["x"].mean(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_column_that_may_read_more_than_its_row_has_no_date(table, read):
    frame = ps.StudyFrame(table.rename_axis("case_id").reset_index(), "accord", "case_id")
    assert frame.data.columns[5] == "gdp"
    rules = {"x": "always", "country": "always", "gdp": "year"}
    made = frame.with_clock("signed", rules).with_columns(made=read)
    with pytest.raises(ps.SpecError, match=r"(when )?'made' is known"):
        ps.fit(made, spec("y ~ made"))


def test_a_derived_column_of_a_replaced_one_has_no_date(table):
    frame = ps.StudyFrame(table.rename_axis("case_id").reset_index(), "accord", "case_id")
    timed = frame.with_clock("signed", {"x": "always", "gdp": "year"})
    made = timed.with_columns(z=lambda data: data["gdp"] * 2, gdp=lambda data: data["x"] * 1)
    with pytest.raises(ps.SpecError, match="from when 'z' is known"):
        ps.fit(made, spec("y ~ z"))
    ps.fit(made, spec("y ~ gdp"))  # it is x now


def test_a_late_value_that_is_read_by_a_lag_is_seen_where_the_row_has_none():
    rng = np.random.default_rng(2)
    rows = [(unit, year) for unit in range(10) for year in range(2000, 2010)]
    panel = pd.DataFrame(rows, columns=["unit", "year"])
    panel["survey"] = np.where(panel["year"] % 2, np.nan, rng.normal(size=len(panel)))
    panel["y"] = rng.normal(size=len(panel))
    options = {"unit": "unit", "time": "year", "clock": "year"}
    with pytest.raises(ps.SpecError, match="'survey' is known only after the clock"):
        ps.fit(panel, spec("y ~ lag(survey)", **options, known_from={"survey": "year + 3"}))
    ps.fit(panel, spec("y ~ lag(survey)", **options, known_from={"survey": "year + 1"}))


def test_a_randomisation_test_checks_treatment_and_blocks(table):
    data = table.assign(treated=np.arange(len(table)) // 8 % 2)
    test = ps.models.resampling.randomisation_test
    known = {"treated": "always", "country": "always", "gdp": "year - 1"}
    asked = spec("y ~ treated + gdp", clock="signed", known_from=known)
    arguments = {"blocks": "country", "clusters": None, "draws": 99, "seed": 1}
    plain = test(data, spec("y ~ treated + gdp"), "treated", **arguments)
    timed = test(data, asked, "treated", **arguments)
    pd.testing.assert_frame_equal(plain, timed)
    for late in known:
        asked = spec("y ~ treated + gdp", clock="signed", known_from=known | {late: "year"})
        with pytest.raises(ps.SpecError, match=f"'{late}' is known only after the clock"):
            test(data, asked, "treated", **arguments)


def test_results_of_other_verbs_carry_the_reason(table):
    known = {"clock": "signed", "known_from": {**KNOWN, "gdp": "year", "country": "always"}}
    late = known | {"known_late": {"gdp": "as published"}}
    firth = spec(engine="firth", vcov="classical", **late)
    found = ps.models.out_of_sample(table, [firth], groups="country", draws=9, seed=1)
    assert any("as published" in note.text for note in found.notes)
    contexts = ps.models.by_context(
        table, spec(**late), "x", "country", method="bayes", min_events=5
    )
    assert any("as published" in note.text for note in contexts.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clock": "signed", "known_from": KNOWN | {"gpd": "year"}}, "Did you mean 'gdp'"),
        ({"clock": "signed", "known_from": KNOWN, "known_late": {"x": " "}}, "maps columns"),
        ({"clock": "signed", "known_from": {3: "year", "x": "year"}}, "maps columns to text"),
        ({"known_from": KNOWN}, "need a clock"),
        ({"known_late": {"x": "why"}}, "need a clock"),
        ({"clock": 3}, "names the column"),
        ({"clock": "sined", "known_from": KNOWN}, "Did you mean 'signed'"),
        ({"clock": "signed", "known_from": {"x": "soon -"}}, "does not say from when"),
        ({"clock": "signed", "known_from": "year"}, "maps columns to text"),
        ({"clock": "signed", "known_from": {"x": 3}}, "maps columns to text"),
        ({"clock": "signed", "known_from": KNOWN, "known_late": {"z": "w"}}, "known_late in m"),
        ({"clock": "x", "known_from": KNOWN}, "neither dates nor years"),
    ],
)
def test_a_clock_that_cannot_be_read_is_refused(table, options, message):
    with pytest.raises(ps.SpecError, match=message):
        ps.fit(table, spec(**options))


def test_specs_with_a_clock_are_hashable_and_equal_in_any_order():
    first = spec(clock="signed", known_from={"x": "always", "gdp": "year"})
    second = spec(clock="signed", known_from={"gdp": "year", "x": "always"})
    assert first == second and hash(first) == hash(second)
    assert without_clock(first) == spec()


def test_late_rows_agree_with_a_loop_over_the_rows():
    rng = np.random.default_rng(5)
    for _ in range(40):
        n = 12
        clock = pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
        known = pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 1200, n), unit="D")
        x = np.where(rng.random(n) < 0.3, np.nan, 1.0)
        data = pd.DataFrame({"clock": clock, "known": known, "x": x, "y": rng.normal(size=n)})
        # a model uses rows that have a value
        used = [i for i in range(n) if rng.random() < 0.7 and not np.isnan(x[i])]
        expected = [i for i in used if known[i] > clock[i]]
        asked = spec("y ~ x", clock="clock", known_from={"x": "known"}, known_late={"x": "why"})
        notes = check_clock(data, asked, used)
        assert len(notes) == bool(expected)
        if expected:
            assert f"in {len(expected)} of {len(used)} rows (first {expected[0]}:" in notes[0].text


WORLD = pd.DataFrame({"id": [f"case {i}" for i in range(80)], "late": np.arange(80.0)})
SERIES = WORLD.set_index("id")["late"]
BY_ID = SERIES.to_dict()
GET = BY_ID.get
FACTOR = 2.0


def looked_up(ids):
    return ids.map(SERIES)


def closure_over(table):
    return lambda data: data["case_id"].map(table.set_index("id")["late"])


HIDDEN = {
    "a global table": (lambda data: data["case_id"].map(WORLD.set_index("id")["late"]), "WORLD"),
    "a closure": (closure_over(WORLD), "table"),
    "a default": (lambda data, t=SERIES: data["case_id"].map(t), "t"),
    "a method": (SERIES.reindex, ""),
    "a dict": (lambda data: data["case_id"].map(BY_ID), "BY_ID"),
    "a method of a dict": (lambda data: data["case_id"].map(GET), "GET"),
    "a function of this module": (lambda data: looked_up(data["case_id"]), "SERIES"),
    "a function within": (
        lambda data: [(lambda i: SERIES[i])(i) for i in data["case_id"]],
        "SERIES",
    ),
    "a partial": (functools.partial(lambda t, data: data["case_id"].map(t), SERIES), "argument 1"),
}


@pytest.mark.parametrize(("read", "name"), HIDDEN.values(), ids=HIDDEN)
def test_data_from_outside_the_frame_have_no_date(table, read, name):
    """The values depend on the id of the row alone, so the same rows give the same values: only
    what the function reads tells that they come from elsewhere.
    """
    frame = ps.StudyFrame(table.rename_axis("case_id").reset_index(), "accord", "case_id")
    timed = frame.with_clock("signed", {"case_id": "always", "x": "always"})
    if name == "":
        read = (lambda method: lambda data: method(data["case_id"]).to_numpy())(read)
        name = "method"
    made = timed.with_columns(made=read)
    with pytest.raises(ps.SpecError, match=rf"The function of 'made' reads '{name}'"):
        ps.fit(made, spec("y ~ made"))
    stated = made.with_clock("signed", {"made": "year"})
    with pytest.raises(ps.SpecError, match="'made' is known only after the clock in 80 of 80"):
        ps.fit(stated, spec("y ~ made"))


def test_numbers_modules_and_functions_are_no_data(table):
    frame = ps.StudyFrame(table.rename_axis("case_id").reset_index(), "accord", "case_id")
    timed = frame.with_clock("signed", {"gdp": "year - 1"})
    pieces = ("log", 3)
    made = timed.with_columns(
        a=lambda data: np.log1p(np.abs(data["gdp"])) * FACTOR,
        b=lambda data: pd.to_numeric(data["gdp"]) + len(pieces),
        c=lambda data: data["gdp"].map(lambda value: round(value * FACTOR, 3)),
    )
    assert [d.outside for d in made.derived] == [(), (), ()]
    ps.fit(made, spec("y ~ a + b + c"))


def test_a_column_by_which_cases_were_kept_is_named_so(table):
    frame = ps.StudyFrame(table.rename_axis("case_id").reset_index(), "accord", "case_id")
    timed = frame.with_clock("signed", {"x": "always", "gdp": "year"})
    kept = timed.keep(timed.data["gdp"] > -1, "eligible", "too poor", columns=["gdp"])
    with pytest.raises(ps.SpecError, match=r"'gdp' is known only after .*\), used by keep\. Read"):
        ps.fit(kept, spec("y ~ x"))
    with pytest.raises(ps.SpecError) as err:  # a control as well: it is read by the model
        ps.fit(kept, spec("y ~ x + gdp"))
    assert "used by keep" not in str(err.value)


@pytest.mark.parametrize(
    ("frequency", "clock_is_late"), [("Y", False), ("M", True), ("D", True), ("Q", True)]
)
def test_periods_of_pandas_are_dates(table, frequency, clock_is_late):
    """A year counts as its last day, any other period as its first, as for texts."""
    period = pd.PeriodIndex(table["signed"], freq=frequency)
    data = table.assign(period=period, last=[p.end_time.strftime("%Y-%m-%d") for p in period])
    known = {"x": "always", "gdp": "last"}
    asked = spec(clock="period", known_from=known)
    if clock_is_late and frequency != "D":
        with pytest.raises(ps.SpecError, match="'gdp' is known only after the clock"):
            ps.fit(data, asked)
    else:
        ps.fit(data, asked)
    # as the date of a column a period is known on its last day
    asked = spec(clock="last", known_from={"x": "always", "gdp": "period"})
    ps.fit(data, asked)
    hours = data.assign(period=pd.PeriodIndex(table["signed"], freq="h"))
    with pytest.raises(ps.SpecError, match="neither dates nor years"):
        ps.fit(hours, spec(clock="period", known_from=known))


def test_imputation_checks_the_rows_that_it_uses():
    rng = np.random.default_rng(4)
    n = 40
    data = pd.DataFrame({"case_id": [f"c{i}" for i in range(n)], "x": rng.normal(size=n)})
    data = data.assign(y=data.x + rng.normal(size=n), low=data.x - 0.5, high=data.x + 0.5)
    data["signed"], data["known"] = 2000, 1999
    data.loc[0, ["known", "y"]] = [2005, np.nan]  # late, and not used
    index = {"x": ps.robustness.Interval("low", "high", 0.68)}
    asked = spec("y ~ x", clock="signed", known_from={"x": "known"})
    arguments = {"draws": 4, "burn": 5, "thin": 1, "seed": 1}
    used = data.dropna(subset="y").reset_index(drop=True)
    whole = ps.robustness.from_intervals(data, index, asked, **arguments)
    alone = ps.robustness.from_intervals(used, index, asked, **arguments)
    assert whole.naive[0].n == alone.naive[0].n == n - 1
    data.loc[1, "known"] = 2005
    with pytest.raises(ps.SpecError, match="in 1 of 39 rows"):
        ps.robustness.from_intervals(data, index, asked, **arguments)
