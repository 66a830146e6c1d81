"""The mediation data and the list of missions, against the files read by hand."""

import datetime as dt


def test_what_is_fought_over_is_told_by_no_code_of_ucdp(cells, table):
    rows, found = cells("civil_war_mediation"), table("civil_war_mediation")
    named = [r for r in rows if r["Incompatibility"] == "1.0" and r["territory"]]
    whole = [r for r in named if r["territory"] == r["country"]]
    assert (
        len(named),
        len(whole),
        sum(r["Incompatibility"] != "" and r["territory"] != "" for r in rows),
    ) == (
        606,
        192,
        619,
    )
    assert {"Romania", "Nepal", "Gambia"} <= {r["country"] for r in whole}
    assert ((found["Incompatibility"] == 1) & found["territory"].notna()).sum() == 606


def test_the_first_days_of_el_salvador_were_filled_on(cells):
    dates = [
        r["episode.start.date"]
        for r in cells("civil_war_mediation")
        if r["sideb"] in ("FMLN", "FMLN-rebels")
    ]
    days = [dt.datetime.strptime(d, "%m/%d/%y").date() for d in dates]
    assert dt.date(1979, 10, 1) + dt.timedelta(11) == max(days)
    assert set(range(1, 13)) == {d.day for d in days}


def test_missions_without_an_end_are_active_but_for_two(cells):
    going = [r for r in cells("un_pko") if not r["end_date"]]
    over = [r["mission_acronym"] for r in going if r["mission_isactive"] != "Yes"]
    assert (len(going), over, {r["start_date"] for r in going if r["mission_acronym"] in over}) == (
        23,
        ["UNOHCI", "UNFOR"],
        {""},
    )
    assert "MINUSMA" in {r["mission_acronym"] for r in going}
