"""A join in parts is the join in memory: same rows in the same
order, same ledger, same reasons of gaps.
"""

import numpy as np
import pandas as pd
import pytest

from peacestudy.errors import JoinError
from peacestudy.joins import join
from peacestudy.joins.files import join_parquet
from peacestudy.joins.missing_values import missing_by
from peacestudy.outcomes import as_outcome

NASTY = 'a"; DROP TABLE x; --'


def tables(n=4000, seed=3):
    rng = np.random.default_rng(seed)
    cases = pd.DataFrame(
        {
            NASTY: pd.array(rng.choice(["NA", "Côte d'Ivoire", "007", "x"], n), dtype="str"),
            "year": pd.array(rng.integers(1990, 2000, n), dtype="Int64"),
            "own": rng.normal(size=n),
        }
    )
    cases.loc[rng.random(n) < 0.05, "year"] = pd.NA
    keys = cases[[NASTY, "year"]].dropna().drop_duplicates().sample(frac=0.7, random_state=1)
    extra = pd.DataFrame({NASTY: ["z", "z"], "year": pd.array([1990, None], dtype="Int64")})
    other = pd.concat([keys, extra], ignore_index=True)
    flag = pd.array(rng.choice([True, False, None], len(other)), dtype="boolean")
    return cases, other.assign(
        deaths=pd.array(rng.integers(0, 9, len(other)), dtype="Int64"),
        flag=flag,
        word=list(map(str, other.index)),
    )


def same(done, frame):
    got = pd.read_parquet(done.path).drop(columns="row_id")
    want = frame.data[got.columns]
    for column in got.columns:
        a, b = got[column].astype(object), want[column].astype(object)
        assert (a.isna() == b.isna()).all(), column
        assert (a[a.notna()] == b[b.notna()]).all(), column
    (mine,), (theirs,) = done.ledger.entries, frame.ledger.entries
    for name in (
        "rows_in",
        "rows_out",
        "unmatched",
        "other_rows",
        "other_unmatched",
        "duplicated",
        "filled",
    ):
        assert getattr(mine, name) == getattr(theirs, name), name
    reasons = missing_by(frame, "reason", frame.joined[0].columns)
    assert (
        done.missing.set_index(["reason", "column"])["missing"].to_dict()
        == reasons.set_index(["reason", "column"])["missing"].to_dict()
    )


@pytest.mark.parametrize("parts", [1, 7, 40])
@pytest.mark.parametrize("files", [True, False])
def test_a_join_in_parts_is_the_join_in_memory(tmp_path, parts, files):
    cases, other = tables()
    cases.to_parquet(tmp_path / "it's cases.parquet")
    other.to_parquet(tmp_path / "other.parquet")
    right = tmp_path / "other.parquet" if files else other
    done = join_parquet(
        tmp_path / "it's cases.parquet",
        right,
        on=[NASTY, "year"],
        name="deaths",
        shape="many_to_one",
        out=tmp_path / "out.parquet",
        parts=parts,
    )
    same(done, join(cases, other, on=[NASTY, "year"], name="deaths", shape="many_to_one"))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "it's cases.parquet",
        "other.parquet",
        "out.parquet",
    ]
    assert f"in {parts} part(s)" in done.ledger.entries[0].why
    assert "deaths" in done._repr_html_()


def test_a_source_keeps_its_years_and_units(tmp_path):
    rng = np.random.default_rng(5)
    cases = pd.DataFrame({"who": rng.integers(1, 6, 900), "t0": rng.integers(1986, 1999, 900)})
    cases.to_parquet(tmp_path / "cases.parquet")
    rows = [
        (u, y, int(rng.integers(0, 3)))
        for u in (1, 2, 3)
        for y in range(1990, 1995)
        if rng.random() < 0.7
    ]
    table = pd.DataFrame(rows, columns=["unit", "year", "score"])
    other = as_outcome(
        table,
        name="panel",
        key=["unit", "year"],
        unit="unit-year",
        year="year",
        years=(1990, 1994),
        absent="nothing happened",
    )
    options = {
        "on": {"who": "unit", "t0": "year"},
        "lag": 1,
        "absent": {"score": 9},
        "shape": "many_to_one",
    }
    done = join_parquet(
        tmp_path / "cases.parquet", other, out=tmp_path / "out.parquet", parts=5, **options
    )
    same(done, join(cases, other, **options))


def test_numbers_meet_whatever_holds_them_and_one_to_one_is_kept_over_parts(tmp_path):
    pd.DataFrame({"k": [1.0, 2.0, 3.0, 2.0]}).to_parquet(tmp_path / "cases.parquet")
    pd.DataFrame({"k": [3, 2], "x": ["c", "b"]}).to_parquet(tmp_path / "other.parquet")
    where = {"on": "k", "name": "x", "out": tmp_path / "out.parquet", "parts": 3}
    for right in (tmp_path / "other.parquet", pd.read_parquet(tmp_path / "other.parquet")):
        with pytest.raises(JoinError, match="match several cases"):
            join_parquet(tmp_path / "cases.parquet", right, **where)
        done = join_parquet(tmp_path / "cases.parquet", right, shape="many_to_one", **where)
        got = pd.read_parquet(done.path)["x"]
        assert got.where(got.notna(), "-").tolist() == ["-", "b", "c", "b"]
    assert not list(tmp_path.glob(".out*"))


def test_what_cannot_be_joined_is_told(tmp_path):
    (tmp_path / "no.parquet").write_text("no")
    pd.DataFrame({"k": [1]}).to_parquet(tmp_path / "cases.parquet")
    pd.DataFrame({"k": ["1"], "x": [1]}).to_parquet(tmp_path / "texts.parquet")
    pd.DataFrame({"k": [1], "row_id": [1]}).to_parquet(tmp_path / "taken.parquet")
    cases, out = tmp_path / "cases.parquet", tmp_path / "out.parquet"
    for left, right, said in (
        (tmp_path / "gone.parquet", cases, "does not exist"),
        (tmp_path / "no.parquet", cases, "is not a Parquet file"),
        (cases, 3, "give a path, a DataFrame or an OutcomeTable"),
        (cases, tmp_path / "texts.parquet", "number in the cases and text"),
        (tmp_path / "taken.parquet", cases, "which the join writes"),
    ):
        with pytest.raises(JoinError, match=said):
            join_parquet(left, right, on="k", name="other", out=out, parts=2)
    with pytest.raises(JoinError, match="has no column 'z'"):
        join_parquet(cases, tmp_path / "texts.parquet", on="z", name="other", out=out)
    assert not out.exists()
