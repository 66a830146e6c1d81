"""Files that belong together: nothing is torn by a kill, a full disk or a read-only folder."""

import errno
import os
from pathlib import Path

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.__main__ import main
from peacestudy.core import file_sets
from peacestudy.core.file_sets import write_files
from peacestudy.joins import write
from peacestudy.outcomes import read_file


class Killed(BaseException):
    """Stands for the end of the process: no handler of the library may catch it and go on."""


def frame(first):
    return pd.DataFrame({"case": [first, "b"], "code": pd.array([1, 2], dtype="Int64")})


def save(path, first):
    return write(
        frame(first),
        path,
        labels={"case": f"case of {first}"},
        values={"code": {"1": f"one of {first}"}},
    )


def calls_that_change_the_disk():
    """Every function by which a write changes what is on the disk."""
    return [
        (os, "fsync"),
        (file_sets.tempfile, "mkstemp"),
        (Path, "replace"),
        (Path, "chmod"),
        (Path, "unlink"),
    ]


def stop_before(monkeypatch, number, error):
    """Let the ``number``-th change of the disk, and every later one, end
    in an error; returns the count of changes.
    """
    count = {"changes": 0}

    def counted(function):
        def step(*args, **more):
            count["changes"] += 1
            if count["changes"] >= number:
                raise error
            return function(*args, **more)

        return step

    for owner, name in calls_that_change_the_disk():
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return count


@pytest.mark.parametrize("name", ["cases.csv", "cases.dta"])
def test_a_set_that_was_cut_off_anywhere_is_the_old_one_the_new_one_or_refused(
    name, tmp_path, monkeypatch
):
    seen = set()
    for number in range(1, 60):
        folder = tmp_path / str(number)
        path = folder / name
        save(path, "a")
        with monkeypatch.context() as patch:
            count = stop_before(patch, number, Killed())
            try:
                save(path, "new")
                done = True
            except Killed:
                done = False
        try:
            found = read_file(path)
        except ps.SourceError as err:
            assert "written for other data" in str(err)
            seen.add("refused")
        else:
            first = found.table["case"].iloc[0]
            assert found.labels["case"] == f"case of {first}"
            assert found.values["code"] == {"1": f"one of {first}"}
            seen.add(first)
        if done:
            assert first == "new"
            break
    assert seen == {"a", "new", "refused"}
    assert count["changes"] < number


@pytest.mark.parametrize("name", ["cases.csv", "cases.dta", "cases.xlsx", "cases.parquet"])
@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "write to another folder"),
        (errno.EIO, "disk"),
    ],
)
def test_a_full_or_read_only_disk_changes_nothing_and_says_what_to_do(
    name, number, remedy, tmp_path, monkeypatch
):
    path = tmp_path / name
    save(path, "a")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def full(handle):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ps.JoinError, match=rf"cannot be written.*{remedy}"):
            save(path, "new")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_labels_of_other_data_are_refused_and_deleting_them_helps(tmp_path):
    path = tmp_path / "cases.csv"
    save(path, "a")
    path.write_text(path.read_text().replace('"b"', '"c"'))
    with pytest.raises(
        ps.SourceError, match=r"cases_csv_labels\.csv was written for other data than cases\.csv"
    ):
        read_file(path)
    (tmp_path / "cases_csv_labels.csv").unlink()
    assert read_file(path).table["case"].tolist() == ["a", "c"]


def test_labels_written_without_a_hash_are_still_read(tmp_path):
    path = tmp_path / "cases.csv"
    save(path, "a")
    labels = tmp_path / "cases_csv_labels.csv"
    labels.write_text(
        "".join(line for line in labels.read_text().splitlines(True) if "sha256" not in line)
    )
    assert read_file(path).labels["case"] == "case of a"


def test_a_folder_in_place_of_the_file_is_named(tmp_path):
    with pytest.raises(ps.SourceError, match="is a folder"):
        write_files({tmp_path: b"x"})
    (tmp_path / "file").write_text("x")
    with pytest.raises(ps.SourceError, match=r"cannot be written.*A part of the path is a file"):
        write_files({tmp_path / "file" / "below": b"x"})
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_command_line_says_in_a_sentence_that_the_disk_is_full(tmp_path, monkeypatch, capsys):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    results = tmp_path / "results"
    results.mkdir()
    assert (
        main(["figure", "onset", "onset", "--results", str(results), "--out", str(tmp_path)]) == 1
    )
    assert "make results" in capsys.readouterr().err
    from peacestudy.study import make

    monkeypatch.setattr(
        make,
        "Results",
        lambda study: type("R", (), {"study": study, "table": lambda self, name: frame("a")})(),
    )
    monkeypatch.setattr(os, "fsync", full)
    assert main(["results", "onset", "--out", str(tmp_path / "out")]) == 1
    assert "The disk is full: free some space" in capsys.readouterr().err
