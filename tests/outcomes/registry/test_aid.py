"""Ratings of aid and conditions of loans, against the files read by hand."""

import datetime as dt
import re
from collections import Counter, defaultdict


def test_ifad_has_113_projects_of_351_evaluated_more_than_once(cells, table):
    found = table("ifad_arri_2019")
    per_project = Counter(r["project_id"] for r in cells("ifad_arri_2019"))
    assert (len(per_project), sum(n > 1 for n in per_project.values())) == (351, 113)
    assert (found["project_id"].nunique(), (found["project_id"].value_counts() > 1).sum()) == (
        351,
        113,
    )
    # the list: 104 countries. They are spellings:
    assert len({r["country"] for r in cells("ifad_arri_2019")}) == 104
    assert len({r["country"].strip() for r in cells("ifad_arri_2019")}) == 98
    assert (found["effective"] < found["approval"]).sum() == 2


def test_ieg_finds_73_4_per_cent_of_12177_moderately_satisfactory_or_better(cells, table):
    by_hand = Counter(r["Outcome"] for r in cells("ieg_2026"))
    good = sum(
        by_hand[g] for g in ("Highly Satisfactory", "Satisfactory", "Moderately Satisfactory")
    )
    rated = sum(by_hand.values()) - by_hand["Not Rated"]
    assert (rated, round(100 * good / rated, 1)) == (12177, 73.4)
    assert table("ieg_2026")["Outcome"].value_counts().to_dict() == by_hand
    closed = table("ieg_2026")
    assert (closed["Final Closing FY"] < closed["Approval FY"]).sum() == 2


def stands(text):
    return dt.datetime.strptime(text, "%m/%d/%Y" if "/" in text else "%d %b %Y").date()


def meant(text):
    found = stands(text)
    return found if "/" in text else found.replace(month=found.day, day=found.month)


def day(date):
    return date.month, date.day


def test_mona_dates_in_words_have_day_and_month_changed_over(cells):
    rows = cells("imf_mona_2013")
    for column in ("ApprovalDate", "InitialEndDate", "BoardActDate"):
        figures = [r[column] for r in rows if "/" in r[column]]
        words = [r[column] for r in rows if re.fullmatch(r"\d\d? [A-Z][a-z]{2} \d{4}", r[column])]
        assert len(figures) + len(words) == len(rows)
        # no date with a day up to 12 was left in figures,
        assert min(int(t.split("/")[1]) for t in figures) == 13
        assert max(int(t.split()[0]) for t in words) == 12  # and none in words has a day over 12
    # As they stand, boards met before they approved; as meant, none did, and more arrangements run
    # for whole years.
    assert sum(stands(r["BoardActDate"]) < stands(r["ApprovalDate"]) for r in rows) == 52
    assert sum(meant(r["BoardActDate"]) < meant(r["ApprovalDate"]) for r in rows) == 0
    spans = {(r["ArrID"], r["ApprovalDate"], r["InitialEndDate"]) for r in rows}
    whole = [
        sum(day(read(end) + dt.timedelta(1)) == day(read(start)) for _, start, end in spans)
        for read in (stands, meant)
    ]
    assert (len(spans), whole) == (186, [77, 123])


def test_mona_shows_one_review_of_an_arrangement(cells, table):
    rows, reviews, conditions = cells("imf_mona_2013"), defaultdict(set), defaultdict(set)
    for r in rows:
        reviews[r["ArrID"]].add((r["ReviewType"], r["BoardActDate"]))
        conditions[r["ArrID"], r["Descpt"], r["TestDate"]].add(r["ReviewType"])
    # The list: a condition reappears at each review. In this file none does.
    assert (
        len(reviews),
        {len(v) for v in reviews.values()},
        {len(v) for v in conditions.values()},
    ) == (186, {1}, {1})
    assert table("imf_mona_2013")["ArrID"].nunique() == 186
    assert len(conditions) < len(rows)  # and the words are no key
    assert (
        table("imf_mona_2013")["RevisedEndDate"].isna().sum()
        == sum(not r["RevisedEndDate"].strip() for r in rows)
        == 2592
    )
