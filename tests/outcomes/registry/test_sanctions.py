"""The sanctions data base, against the file read by hand."""

from collections import Counter


def test_gsdb_has_608_cases_that_go_on_and_a_result_an_objective_but_for_two(cells, table):
    rows = cells("gsdb_4")
    going = [r for r in rows if "ongoing" in r["success"].split(",")]
    assert (len(going), Counter(r["end"] == "2023" for r in going)[False]) == (608, 7)
    assert table("gsdb_4")["success"].str.contains("ongoing").sum() == 608
    unaligned = [r["case_id"] for r in rows if r["success"].count(",") != r["objective"].count(",")]
    assert unaligned == ["1327", "1456"]
    assert table("gsdb_4")["trade"].sum() == sum(r["trade"] == "1" for r in rows) == 588
