"""Real events: UCDP GED of the Central African Republic (release 23.1) and of Syria, beside UCDP's
own battle-related deaths (22.1).

A row of the file of battle-related deaths is a year of a conflict's dyads together: ``dyad_id``
names one dyad or several. The deaths of those dyads in GED (type of violence 1, events dated by
their first day) are set beside it. Counts are measured, then fixed.
"""

import math
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.core.joined import REASONS
from peacestudy.joins import event_windows, event_years

RAW = Path(__file__).parents[3].parent / "shared" / "raw"
FILES = ("ged_car_231.csv", "ged_syria.csv", "ucdp_brd_dyad_221.csv")
pytestmark = pytest.mark.skipif(
    not all((RAW / f).is_file() for f in FILES),
    reason="the source files are not at hand (../shared/raw)",
)
DEATHS = ("best", "low", "high")
MEASURES = {d: (d, "sum") for d in DEATHS} | {
    "events": (None, "count"),
    "active": ("active_year", "max"),
}


def ged(file):
    """Events of state-based violence."""
    table = pd.read_csv(RAW / file, low_memory=False)
    return (
        table[table["type_of_violence"] == 1]
        .astype({"dyad_new_id": int, "year": int})
        .reset_index(drop=True)
    )


def dyad_years(file, years, spanning="start"):
    frame = event_years(
        ged(file),
        by="dyad_new_id",
        date="date_start",
        date_end="date_end",
        spanning=spanning,
        measures=MEASURES,
        name="GED",
        absent=0,
        years=years,
    )
    (entry,) = frame.ledger.entries
    assert entry.other_unmatched == 0  # every event falls into a year of its dyad
    return frame.data[frame.data["events"] > 0].set_index(["dyad_new_id", "year"])


def beside(file, place, years):
    """Rows of battle-related deaths with an event in the file, and the deaths of their dyads in the
    file; dyad-years without such a row.
    """
    ours = dyad_years(file, years)
    deaths = pd.read_csv(RAW / "ucdp_brd_dyad_221.csv", encoding="utf-8-sig")
    rows, used = [], set()
    for r in deaths[deaths["year"].between(*years)].itertuples():
        met = [
            (d, r.year)
            for d in sorted(map(int, str(r.dyad_id).split(",")))
            if (d, r.year) in ours.index
        ]
        if met:
            used |= set(met)
            rows.append(
                {
                    "year": r.year,
                    "dyads": tuple(d for d, _ in met),
                    "here_only": r.battle_location == place,
                    **{d: ours.loc[met, d].sum() for d in DEATHS},
                    **{f"bd_{d}": getattr(r, f"bd_{d}") for d in DEATHS},
                }
            )
    table = pd.DataFrame(rows)
    table["exact"] = table["best"] == table["bd_best"]
    table["all_exact"] = (
        table["exact"] & (table["low"] == table["bd_low"]) & (table["high"] == table["bd_high"])
    )
    table["close"] = (table["best"] - table["bd_best"]).abs() <= 0.05 * table["bd_best"]
    return table, ours[[i not in used for i in ours.index]]


def test_central_african_republic_agrees_with_the_published_deaths_where_all_fighting_was_there():
    table, rest = beside("ged_car_231.csv", "Central African Republic", (1991, 2022))
    here = table[table["here_only"]]
    assert (len(table), len(here), here["all_exact"].sum(), here["close"].sum()) == (20, 15, 14, 15)
    # the last year of the older release: the newer one has 22 deaths fewer, 2.4 %
    (other,) = here[~here["exact"]].to_dict("records")
    assert (other["year"], other["dyads"], other["best"], other["bd_best"]) == (
        2021,
        (15593, 16562),
        906,
        928,
    )
    # fought in several countries, of which the file has one: each below the published deaths, all
    # of one dyad
    across = table[~table["here_only"]]
    assert set(across["dyads"]) == {(688,)}
    assert across[["year", "best", "bd_best"]].values.tolist() == [
        [2009, 60, 238],
        [2010, 22, 120],
        [2011, 4, 136],
        [2013, 41, 100],
        [2014, 17, 864],
    ]
    # not in the file of deaths: below its threshold of 25 (GED itself calls the year inactive), or
    # after its last year
    assert len(rest) == 14
    below = rest[rest["active"] == 0]
    assert (len(below), below["best"].max()) == (13, 17)
    assert rest[rest["active"] == 1]["best"].to_dict() == {(16562, 2022): 675}


def test_syria_agrees_seldom_and_the_file_shows_that_it_is_of_another_state_of_the_data():
    table, rest = beside("ged_syria.csv", "Syria", (2016, 2019))
    here, across = table[table["here_only"]], table[~table["here_only"]]
    assert (len(table), len(here), len(across)) == (22, 11, 11)
    assert (here["exact"].sum(), here["all_exact"].sum(), here["close"].sum()) == (1, 0, 2)
    assert here[here["exact"]][["year", "dyads"]].values.tolist() == [[2016, (14784,)]]
    assert (across["best"] < across["bd_best"]).all() and not across["close"].any()
    # where all fighting was in Syria the file has fewer deaths but for one dyad-year
    more = here[here["best"] > here["bd_best"]]
    assert more[["year", "dyads", "best", "bd_best"]].values.tolist() == [
        [2016, (14620,), 12040, 10903]
    ]
    # in three rows the same number is wanting in best, low and high, as where whole events are
    # absent and none is counted otherwise
    wanting = here[[f"bd_{d}" for d in DEATHS]].to_numpy() - here[list(DEATHS)].to_numpy()
    same = (wanting == wanting[:, :1]).all(axis=1) & (wanting[:, 0] > 0)
    assert sorted(wanting[same, 0].tolist()) == [5, 8, 46]
    # the file ends before December 2019, and its deaths are not in order everywhere, unlike those
    # of a release
    events = ged("ged_syria.csv")
    assert events["date_start"].max() == "2019-11-30"
    everything = pd.read_csv(RAW / "ged_syria.csv")
    assert (
        (everything["low"] > everything["best"]).sum(),
        (everything["best"] > everything["high"]).sum(),
    ) == (30, 71)
    assert (len(rest), (rest["active"] == 0).sum(), rest["best"].max()) == (11, 11, 20)


@pytest.mark.parametrize(
    ("file", "years"), [("ged_car_231.csv", (1991, 2022)), ("ged_syria.csv", (2016, 2019))]
)
def test_no_event_reaches_across_a_new_year_so_that_the_rule_changes_nothing(file, years):
    tables = [dyad_years(file, years, spanning) for spanning in ("start", "within", "overlap")]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], other)


def month_windows():
    """Windows of thirty days from every tenth day of 2016 and 2017,
    for the dyads of Syria with most events.
    """
    events = ged("ged_syria.csv")
    dyads = events["dyad_new_id"].value_counts().index[:3]
    starts = pd.date_range("2016-01-01", "2017-12-01", freq="10D")
    cases = pd.DataFrame(
        [(d, s, s + pd.Timedelta(days=29)) for d in dyads for s in starts],
        columns=["dyad_new_id", "a", "b"],
    )
    return cases.reset_index(names="case_id"), events


@pytest.mark.parametrize("spanning", ["start", "within", "overlap", "share"])
def test_windows_over_the_real_events_equal_a_loop(spanning):
    cases, events = month_windows()
    frame = event_windows(
        cases,
        events,
        on="dyad_new_id",
        start="a",
        end="b",
        date="date_start",
        date_end="date_end",
        spanning=spanning,
        measures={"deaths": ("best", "sum")},
        name="GED",
        absent=0,
        years=(2016, 2019),
        units="listed",
    )
    s, e = pd.to_datetime(events["date_start"]), pd.to_datetime(events["date_end"])
    day, want, whole = pd.Timedelta(days=1), [], []
    for c in cases.itertuples():
        mine = (events["dyad_new_id"] == c.dyad_new_id).to_numpy()
        inside = ((e.clip(upper=c.b) - s.clip(lower=c.a)) / day + 1).clip(lower=0)
        share = {
            "start": (s >= c.a) & (s <= c.b),
            "within": (s >= c.a) & (e <= c.b),
            "overlap": inside > 0,
            "share": inside / ((e - s) / day + 1),
        }[spanning]
        want.append(math.fsum(share[mine] * events["best"][mine]))
        whole.append(((inside > 0) & mine).any())
    assert frame.data["deaths"].tolist() == pytest.approx(
        want, rel=0, abs=1e-9 if spanning == "share" else 0
    )
    if spanning in ("overlap", "share"):
        assert [REASONS[w] == "met" for w in frame.joined[0].why] == whole
    assert sum(want) > 0
