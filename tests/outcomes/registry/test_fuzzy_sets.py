"""Set-theoretic studies, against the files read by hand."""

import re
from collections import Counter


def years(texts):
    return {int(re.search("[0-9]{4}", t).group()) for t in texts}


def test_the_set_theoretic_studies_hold_the_cases_they_publish(cells, table):
    sanctions = cells("grauvogel_2014")
    assert Counter(r["Sender"] for r in sanctions) == {"US": 54, "EU": 44, "UN": 22}
    assert [c for c, n in Counter(r["Code"] for r in sanctions).items() if n > 1] == ["US_HTI_91"]
    assert (
        min(years(r["Timeframe"] for r in sanctions)),
        sum("ongoing" in r["Timeframe"] for r in sanctions),
    ) == (
        1950,
        30,
    )
    assert (
        max(r["Timeframe"][5:] for r in sanctions if not r["Timeframe"].endswith("ongoing"))
        == "2011"
    )
    assert len({r["country"] for r in cells("thiem_2011")}) * 11 == len(table("thiem_2011")) == 165
    assert table("thiem_2011")["memberfs"].tolist() == [
        float(r["memberfs"]) for r in cells("thiem_2011")
    ]
    assert Counter(r["country"] for r in cells("schwarz_2016"))["KS"] == 6
    assert all(r["Case.ID"] == r["country"] + r["year"] for r in cells("schwarz_2016"))
    openness = cells("weise_2015")
    assert Counter(r["cases"][:4] for r in openness) == {"IAEA": 55, "OPCW": 15}
    # the list: fuzzy sets
    assert {v for r in openness for c, v in r.items() if c != "cases"} == {"0", "1"}
    assert table("weise_2015")["TALK"].sum() == sum(r["TALK"] == "1" for r in openness) == 38
