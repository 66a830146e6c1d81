"""Writes the small files that mutations.py spoils into seeds/, a
folder a format. Run once; the files are stored.

The files of R are those of ../r_files, once as they are and once
inflated, so that a mutation reaches what is inside.
"""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from peacestudy.coding.sheets import blank_sheet
from peacestudy.core.codebook import read_codebook
from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import write_table
from peacestudy.joins import write
from peacestudy.study.package import write_package

HERE = Path(__file__).parent
SEEDS = HERE / "seeds"
DATASETS = HERE.parents[2] / "datasets"
FRAME = pd.DataFrame(
    {
        "id": ["NA", "007", "état", None],
        "year": pd.array([1990, 1991, None, 1993], dtype="Int64"),
        "x": [0.5, np.nan, -3.25, 1e300],
        "day": pd.to_datetime(["2001-02-03", None, "1816-01-01", "1999-12-31"]),
        "yes": pd.array([True, None, False, True], dtype="boolean"),
    }
)


def folder(name):
    (SEEDS / name).mkdir(parents=True, exist_ok=True)
    return SEEDS / name


def tables():
    text = (
        'id,year,x,day,note\nNA,1990,0.5,2001-02-03,"a,'
        ' b"\n007,1991,-3,1816-01-01,"line\nbreak"\nétat,,1e3,,=1+1\n'
    )
    (folder("csv") / "plain.csv").write_text(text, encoding="utf-8", newline="")
    (folder("csv") / "semicolon.csv").write_text('"a";"b"\n1,5;"x"\n2,5;"y"\n', newline="")
    write(FRAME, folder("csv") / "ours.csv", labels={"x": "An x"})
    for path in (SEEDS / "csv").glob("ours_csv_*"):
        path.unlink()
    (folder("tsv") / "plain.tsv").write_text(
        "id\tyear\tx\nNA\t1990\t0.5\n007\t1991\t-3\n", newline=""
    )
    write(
        FRAME,
        folder("xlsx") / "ours.xlsx",
        labels={"x": "An x"},
        values={"year": {"1990": "first"}},
    )
    import openpyxl

    book = openpyxl.Workbook()
    for row in [
        ["id", "n", "when", "b"],
        ["a", 1, pd.Timestamp("2001-02-03"), True],
        ["b", 2.5, pd.Timestamp("1999-01-01 12:00"), False],
    ]:
        book.active.append(row)
    book.create_sheet("other").append(["c"])
    book.save(folder("xlsx") / "openpyxl.xlsx")
    write(
        FRAME, folder("dta") / "ours.dta", labels={"x": "An x"}, values={"year": {"1990": "first"}}
    )
    FRAME.assign(yes=1, year=[1.0, 2.0, 3.0, 4.0]).fillna({"id": ""}).to_stata(
        folder("dta") / "old.dta",
        version=114,
        write_index=False,
        time_stamp=pd.Timestamp("2001-01-01").to_pydatetime(),
    )
    for path in (SEEDS / "dta").glob("*_dta_*"):
        path.unlink()
    write(FRAME, folder("parquet") / "ours.parquet", labels={"x": "An x"})
    FRAME.assign(t=pd.to_datetime(["2001-02-03 04:05:06.123456789"] * 4)).set_index(
        "id"
    ).to_parquet(folder("parquet") / "pandas.parquet", row_group_size=2)
    spss = pd.DataFrame(
        {
            "q": [1.0, 99.0, 2.0],
            "s": ["a", "", "long text over eight bytes"],
            "d": pd.to_datetime(["2001-02-03", "1999-01-01", None]),
        }
    )
    options = {
        "column_labels": {"q": "Question"},
        "variable_value_labels": {"q": {1.0: "no", 99.0: "refused"}},
        "missing_ranges": {"q": [99]},
    }
    pyreadstat.write_sav(spss, str(folder("sav") / "plain.sav"), **options)
    pyreadstat.write_sav(spss, str(folder("sav") / "row.sav"), row_compress=True, **options)
    pyreadstat.write_sav(spss, str(folder("sav") / "zipped.sav"), compress=True, **options)


def r_files():
    for name in ("frame.rds", "classes.rds", "names.rds", "several.rda", "refused.rda"):
        source = HERE.parent / "r_files" / name
        place = folder(source.suffix[1:])
        if name in ("frame.rds", "several.rda"):
            shutil.copy(source, place / name)
        (place / f"plain_{name}").write_bytes(gzip.decompress(source.read_bytes()))


def settings():
    shutil.copy(
        DATASETS / "third_party_role" / "codebook.toml", folder("codebook") / "codebook.toml"
    )
    shutil.copy(DATASETS / "double_coding" / "study.toml", folder("study") / "study.toml")
    place = folder("package")
    write_table(
        place / "cases.csv",
        pd.DataFrame({"case_id": ["a", "b"], "year": [1990, 1991], "kind": ["x", "y"]}),
    )
    fields = (
        Field("case_id", required=True, pattern=r"[\w.-]+"),
        Field("year", "year", minimum=1900),
        Field("kind", enum=("x", "y")),
    )
    write_package(place, {"name": "small"}, {"cases": Schema(fields, key=("case_id",))}, ())
    book = read_codebook(SEEDS / "codebook" / "codebook.toml")
    for ending in ("csv", "xlsx"):
        sheet = folder(f"sheet_{ending}") / f"sheet.{ending}"
        blank_sheet(book, ["a", "b"], "ann", path=sheet)


if __name__ == "__main__":
    shutil.rmtree(SEEDS, ignore_errors=True)
    tables()
    r_files()
    settings()
