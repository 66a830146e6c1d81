"""Material that several raters coded apart, against the files read by hand."""

from collections import Counter


def test_adb_staff_and_evaluators_agree_as_the_list_says(cells, table):
    grades = ["unsuccessful", "less than successful", "successful", "highly successful"]
    pairs = [
        (grades.index(r["PCR overall rating"]), grades.index(r["PVR overall rating"]))
        for r in cells("adb_aer_2024")
        if r["AER Ratings Tag"] == "1"
        and {r["PCR overall rating"], r["PVR overall rating"]} <= set(grades)
    ]
    n = len(pairs)
    staff, independent = (Counter(p[i] for p in pairs) for i in (0, 1))
    chance = sum(staff[g] * independent[g] for g in range(4)) / n**2
    kappa = (sum(a == b for a, b in pairs) / n - chance) / (1 - chance)
    assert (n, round(kappa, 3)) == (863, 0.557)
    assert [round(100 * (c[2] + c[3]) / n, 1) for c in (staff, independent)] == [80.9, 68.1]
    empty = [r for r in cells("adb_aer_2024") if not r["Project Name"]]
    assert (len(empty), table("adb_aer_2024")["Approval Year"].isna().sum()) == (14, 14)


def test_a_coder_of_issue_positions_gave_one_topic_a_unit(cells):
    said = [r[c] for r in cells("issue_positions") for c in ("NR", "JF", "WvA")]
    assert (len(said), {s.count(" : ") for s in said}) == (600, {1})  # the list: several in a cell


def test_the_terror_scale_says_why_there_is_no_score_but_for_ten_cells(cells, table):
    rows, found = cells("pts_2024"), table("pts_2024")
    odd = sum(
        (r[f"NA_Status_{s}"] == "0") != (r[f"PTS_{s}"] not in ("", "NA"))
        for r in rows
        for s in "AHS"
    )
    assert (
        odd
        == sum(((found[f"NA_Status_{s}"] == 0) != found[f"PTS_{s}"].notna()).sum() for s in "AHS")
        == 10
    )
    without = {r["Country"] for r in rows if r["COW_Code_N"] in ("", "NA")}
    assert len(without) == 12 and {"Soviet Union", "Serbia"} <= without
