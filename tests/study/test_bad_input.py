"""A study folder broken in the ways of hands and spreadsheets: told
whole, with place and remedy, nothing half read.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import peacestudy as ps
from peacestudy.errors import CodebookError, PeacestudyError, SourceError, SpecError
from peacestudy.outcomes import SOURCES
from peacestudy.study.build import build_study, update_hashes

ROOT = Path(__file__).resolve().parents[2]
SOUND = ROOT / "datasets" / "peace_agreements"
RAW = ROOT.parent / "shared" / "raw"


class Folder:
    """A copy of the study that can be broken."""

    def __init__(self, path):
        self.path = path

    def text(self, file):
        return (self.path / file).read_bytes().decode()

    def put(self, file, content):
        (self.path / file).write_bytes(content.encode() if isinstance(content, str) else content)

    def edit(self, file, old, new, count=1):
        text = self.text(file)
        assert old in text, f"{file} holds no {old!r}"
        self.put(file, text.replace(old, new, count))

    def line(self, file, words):
        """The line at which the words first stand."""
        return self.text(file).partition(words)[0].count("\n") + 1

    def update_hashes(self):
        """Hashes anew, so that a change of a table is its only problem."""
        package = json.loads(self.text("datapackage.json"))
        for r in package["resources"]:
            if (self.path / r["path"]).is_file():
                r["hash"] = (
                    "sha256:" + hashlib.sha256((self.path / r["path"]).read_bytes()).hexdigest()
                )
        self.put("datapackage.json", json.dumps(package))

    def declare(self, sha256):
        """The declaration renewed."""
        self.edit("study.toml", self.text("study.toml").split('hash = "')[1].split('"')[0], sha256)

    def declare_codebook(self):
        """The declaration renewed for the codebook as it now stands."""
        old = self.text("study.toml").split('codebook = "')[1].split('"')[0]
        self.edit(
            "study.toml", old, hashlib.sha256(self.text("codebook.toml").encode()).hexdigest()
        )

    def package(self, change):
        package = json.loads(self.text("datapackage.json"))
        change({r["name"]: r for r in package["resources"]}, package)
        self.put("datapackage.json", json.dumps(package))

    def check(self):
        found = ps.check(self.path)
        assert list(found.columns) == ["file", "line", "column", "value", "rule", "remedy"]
        assert found["rule"].str.len().gt(0).all() and found["remedy"].str.len().gt(0).all()
        return found


@pytest.fixture
def whole(tmp_path):
    shutil.copytree(SOUND, tmp_path / "peace_agreements")
    return Folder(tmp_path / "peace_agreements")


@pytest.fixture
def folder(whole):
    """The study with the codes and context of its first cases only:
    as sound as the whole, and read faster.
    """
    for file, rows in {"codings.csv": 1000, "covariates.csv": 280, "agreements.csv": 150}.items():
        whole.put(file, "".join(whole.text(file).splitlines(keepends=True)[: rows + 1]))
    whole.update_hashes()
    return whole


def told(found, file, line, column, rule, remedy=""):
    """Whether a problem at this place is among those found."""
    return any(
        (p.file, p.line, p.column) == (file, line, column) and rule in p.rule and remedy in p.remedy
        for p in found.itertuples()
    )


def test_the_study_as_it_is_has_no_problem(whole):
    assert whole.check().empty
    assert ps.load_study(whole.path).folder == whole.path


def test_the_shorter_study_has_no_problem_either(folder):
    assert folder.check().empty


def some_fast(faults):
    """Every sixteenth fault is tried by `make test`, the others by `make test-all`."""
    slow = pytest.mark.slow(reason="reads a whole study for each fault, 1 s")
    return [
        pytest.param(name, marks=[] if number % 16 == 0 else [slow])
        for number, name in enumerate(faults)
    ]


TABLES = {
    # name: (file, old, new, words on the line, column, rule, remedy)
    "renamed column": (
        "cases.csv",
        ",label,",
        ",lable,",
        "case_id",
        "label",
        "column 'label' is expected",
        "Did you mean 'lable'",
    ),
    "unknown code": (
        "codings.csv",
        "ceasefire,pax_rule,rule,0",
        "ceasefire,pax_rule,rule,7",
        "rule,7",
        "code",
        "the codes of ceasefire are 0 absent",
    ),
    "unknown indicator": (
        "codings.csv",
        ",ceasefire,",
        ",ceasfire,",
        "ceasfire",
        "indicator_id",
        "not in codebook",
        "Did you mean 'ceasefire'",
    ),
    "unknown kind of coder": (
        "codings.csv",
        ",rule,0",
        ",ruler,0",
        "ruler",
        "kind",
        "expected one of human, machine, rule",
        "Did you mean 'rule'",
    ),
    "blank indicator": (
        "codings.csv",
        ",ceasefire,",
        ",,",
        ",,pax_rule",
        "indicator_id",
        "a value is required",
        "fill the cell",
    ),
    "cell too many": (
        "outcomes.csv",
        "209-1998,",
        "209-1998,,",
        "209-1998",
        "",
        "15 cells where the header has 14",
        "comma or quote",
    ),
    "cell too few": (
        "outcomes.csv",
        "209-1998,1999,",
        "209-1998,",
        "209-1998",
        "",
        "13 cells where the header has 14",
    ),
    "open quote": (
        "cases.csv",
        "209-1998,Phil",
        '209-1998,"Phil',
        "209-1998",
        "",
        "not well-formed CSV",
        "quote",
    ),
    "date that does not exist": (
        "cases.csv",
        "1998-03-16",
        "1998-02-30",
        "1998-02-30",
        "first_date",
        "YYYY-MM-DD that exists",
    ),
    "date of a spreadsheet": (
        "cases.csv",
        "1998-03-16",
        "16/03/1998",
        "16/03/1998",
        "first_date",
        "YYYY-MM-DD",
    ),
    "number with separators": (
        "covariates.csv",
        "1305.63598632813",
        "1_305.6",
        "1_305.6",
        "value",
        "expected a number",
    ),
    "infinite number": (
        "covariates.csv",
        "1305.63598632813",
        "1e400",
        "1e400",
        "value",
        "expected a number",
    ),
    "word for a truth value": (
        "outcomes.csv",
        "1996,2000,1,0",
        "1996,2000,1,no",
        ",no,",
        "lasting_peace",
        "expected 0 or 1",
    ),
    "count below its bound": (
        "cases.csv",
        "1998-03-16,2,4,0",
        "1998-03-16,0,4,0",
        ",0,4,0",
        "n_substantive",
        "from 1 to any",
        "its unit",
    ),
    "id with a blank": (
        "cases.csv",
        "209-1998,",
        "209 1998,",
        "209 1998",
        "case_id",
        r"expected the form [\w.-]+",
    ),
    "role that does not exist": (
        "agreements.csv",
        "scored",
        "scord",
        "scord",
        "role",
        "expected one of scored",
        "Did you mean 'scored'",
    ),
    "case twice": (
        "cases.csv",
        "209-1998,",
        "209-1995,",
        "209-1995,Philippines 1998",
        "case_id",
        "is already at line 2",
        "keep one",
    ),
    "code twice": (
        "codings.csv",
        ",ceasefire,",
        ",third_party,",
        "third_party,pax_rule,rule,0",
        "case_id,indicator_id,coder",
        "is already at line 2",
    ),
    "outcome of no case": (
        "outcomes.csv",
        "209-1998,",
        "999-1999,",
        "999-1999",
        "case_id",
        "every case_id is in cases.csv",
    ),
    "column name twice": (
        "ledger.csv",
        "unit,",
        "kind,",
        "step",
        "kind",
        "filled and unique",
        "rename",
    ),
    "text of no number in a year": (
        "outcomes.csv",
        "209-1998,1999",
        "209-1998,MCMXCIX",
        "MCMXCIX",
        "window_from",
        "expected an integer",
    ),
}


@pytest.mark.parametrize("name", some_fast(TABLES))
def test_a_broken_table_is_told_with_its_place_and_remedy(folder, name):
    file, old, new, words, column, rule, *remedy = TABLES[name]
    folder.edit(file, old, new)
    folder.update_hashes()
    assert told(folder.check(), file, folder.line(file, words), column, rule, *remedy)


def test_a_missing_table_is_told(folder):
    (folder.path / "outcomes.csv").unlink()
    found = folder.check()
    assert told(found, "outcomes.csv", 0, "", "cannot be read: No such file", "restore the file")
    assert len(found) == 1


def test_a_table_cut_within_a_row_is_said_to_be_cut_off(folder):
    folder.put("covariates.csv", folder.text("covariates.csv")[:-40])
    found = folder.check()
    lines = folder.text("covariates.csv").count("\n") + 1
    assert told(found, "covariates.csv", lines, "", "cells where the header has 6", "cut off")


def test_a_table_cut_between_rows_is_found_by_its_hash_and_by_what_is_lost(folder):
    whole = folder.text("outcomes.csv")
    last = whole.rstrip("\n").rsplit("\n", 1)[1].split(",")[0]
    folder.put("outcomes.csv", whole.rstrip("\n").rsplit("\n", 1)[0] + "\n")
    found = folder.check()
    assert told(
        found,
        "outcomes.csv",
        0,
        "",
        "is recorded in datapackage.json",
        "python -m peacestudy update-hashes",
    )
    assert told(found, "outcomes.csv", 0, "case_id", "every case has an outcome row", "add the row")
    assert last in set(found["value"])


@pytest.mark.parametrize(
    "change",
    [("1305.63598632813", "1305.63598632814"), ("\n", "\r\n")],
    ids=["a digit", "line ends"],
)
def test_another_hash_is_told_with_the_way_to_mean_it(folder, change):
    folder.edit("covariates.csv", *change, count=-1)
    (problem,) = folder.check().itertuples()
    assert (problem.file, problem.line) == ("covariates.csv", 0)
    assert (
        "is recorded in datapackage.json" in problem.rule
        and "if the change is intended" in problem.remedy
    )
    update_hashes(str(folder.path))
    assert folder.check().empty


def test_bytes_that_are_not_utf8_are_told(folder):
    folder.edit("cases.csv", "Philippines 1998", "Philippines é")
    folder.put("cases.csv", folder.text("cases.csv").encode("latin-1"))
    assert told(folder.check(), "cases.csv", 3, "", "expected UTF-8", "CSV UTF-8")


def test_a_nul_byte_is_told(folder):
    folder.edit("cases.csv", "Philippines 1998", "Phil\0")
    assert told(folder.check(), "cases.csv", 3, "", "NUL")


def test_lines_are_those_of_the_file_where_cells_hold_line_breaks(folder):
    first = folder.text("codings.csv").split("\n")[1]
    folder.edit("codings.csv", first, first[:-1] + '"a comment\nof three\nlines",')
    folder.edit("codings.csv", "ceasefire,pax_rule,rule,0", "ceasefire,pax_rule,rule,7")
    folder.edit("codings.csv", "11344-2011,humanitarian_aid", "999-1999,humanitarian_aid")
    folder.update_hashes()
    found = folder.check()
    assert told(found, "codings.csv", 5, "code", "the codes of ceasefire")
    assert told(
        found,
        "codings.csv",
        folder.line("codings.csv", "999-1999"),
        "case_id",
        "every case_id is in cases.csv",
    )


CONFIG = {
    # name: (old, new, words on the line, column, rule, remedy)
    "syntax": ("[permutation]", "[permutation", "[permutation", "", "not TOML", "correct the line"),
    "unknown key": (
        "horizon = 5 ",
        "horizn = 5 ",
        "horizn",
        "horizn",
        "unknown key; CaseRule has",
        "Did you mean 'horizon'",
    ),
    "missing key": (
        "horizon = 5 ",
        "#",
        "[cases]",
        "horizon",
        "CaseRule needs 'horizon'",
        "add the key",
    ),
    "unknown table": (
        "[display]",
        "[show]\nx = 1\n[display]",
        "[show]",
        "show",
        "unknown key; Config has",
    ),
    "wrong type": ("alpha = 0.05", 'alpha = "5 %"', "alpha", "alpha", "expected float, found str"),
    "truth value for a number": (
        "lag = 1 ",
        "lag = true ",
        "lag = ",
        "lag",
        "expected int, found bool",
    ),
    "text for a list": (
        'steps = ["eligible", "complete", "one_a_window"]',
        'steps = "eligible"',
        'steps = "',
        "steps",
        "expected a list",
    ),
    "column that no table has": (
        "scale(breadth) + active",
        "scale(bredth) + active",
        "bredth",
        "formula",
        "a column of the joined table",
        "Did you mean 'breadth'",
    ),
    "call in a formula": (
        "lasting_peace ~ scale(breadth) + active",
        "lasting_peace ~ exec(active)",
        "exec(",
        "formula",
        "'exec' is no function",
    ),
    "payload in a formula": (
        "lasting_peace ~ scale(breadth) + active",
        "lasting_peace ~ __import__('os').system('touch pwned')",
        "pwned",
        "formula",
        "is not part of a formula",
    ),
    "payload in backquotes": (
        "lasting_peace ~ scale(breadth) + active",
        "lasting_peace ~ `__import__('os').system('touch pwned')`",
        "pwned",
        "formula",
        "a column of the joined table",
    ),
    "attribute in a formula": (
        "lasting_peace ~ scale(breadth) + active",
        "lasting_peace ~ active.__class__",
        "__class__",
        "formula",
        "is not part of a formula",
    ),
    "formula without outcome": (
        "lasting_peace ~ scale(breadth) + active",
        "scale(breadth) + active",
        '"scale(breadth) + active',
        "formula",
        "'~' is expected",
    ),
    "unknown engine": (
        'engine = "firth"',
        'engine = "firt"',
        '"firt"',
        "engine",
        "engine is 'firt'",
        "correct the spec",
    ),
    "unknown covariance": ('vcov = "cluster"', 'vcov = "hc9"', '"hc9"', "vcov", "vcov is 'hc9'"),
    "covariance that the engine lacks": (
        'vcov = "cluster"',
        'vcov = "hc3"',
        '"hc3"',
        "vcov",
        "engine 'firth' has no vcov 'hc3'",
    ),
    "cluster not named": (
        'cluster = "country"\nrole = "primary"',
        'role = "primary"',
        "[[specs]]",
        "cluster",
        "needs the cluster column",
    ),
    "cluster that no table has": (
        'cluster = "country"',
        'cluster = "contry"',
        "contry",
        "cluster",
        "a column of the joined table",
        "Did you mean 'country'",
    ),
    "unknown role": (
        'role = "primary"',
        'role = "first"',
        '"first"',
        "role",
        "primary, comparison, check",
    ),
    "name twice": (
        'name = "pillars"',
        'name = "breadth"',
        'name = "breadth"\nformula = "lasting_peace ~ scale(d',
        "name",
        "appears twice in specs",
        "rename",
    ),
    "hypothesis of no spec": (
        'spec = "breadth"',
        'spec = "bredth"',
        '"bredth"',
        "spec",
        "a hypothesis refers to a declared spec",
        "Did you mean 'breadth'",
    ),
    "hypothesis of no term": (
        'terms = ["scale(norms)"]',
        'terms = ["scale(norm)"]',
        '"scale(norm)"',
        "terms",
        "are made of scale(diplomacy)",
        "Did you mean 'scale(norms)'",
    ),
    "hypothesis without terms": (
        'terms = ["scale(norms)"]',
        "terms = []",
        "terms = []",
        "terms",
        "names a term",
    ),
    "sample of no step": (
        '"complete", "one_a_window"]',
        '"completed", "one_a_window"]',
        '"completed"',
        "steps",
        "a sample is made of declared steps",
        "Did you mean 'complete'",
    ),
    "step on no column": (
        'column = "eligible"',
        'column = "eligble"',
        "eligble",
        "column",
        "a column of the joined table",
        "Did you mean 'eligible'",
    ),
    "step on a column of words": (
        'column = "eligible"',
        'column = "label"',
        '"label"',
        "column",
        "must hold true, false or missing",
        "yes and no",
    ),
    "unknown rule of attempts": (
        'rule = "chain"',
        'rule = "chains"',
        "[cases]",
        "cases",
        "Did you mean 'chain'",
    ),
    "window of no year": (
        "horizon = 5 ",
        "horizon = 0 ",
        "[cases]",
        "cases",
        "horizon is 0; it must be 1 or more",
    ),
    "unknown correction": (
        'adjustment = "holm"',
        'adjustment = "holmes"',
        "holmes",
        "adjustment",
        "holm",
        "Did you mean 'holm'",
    ),
    "permutation of no spec": (
        'spec = "pillars"\nfamily = "pillars"\nstrata',
        'spec = "pilars"\nfamily = "pillars"\nstrata',
        '"pilars"',
        "spec",
        "a permutation is of a declared spec",
        "Did you mean 'pillars'",
    ),
    "permutation of no family": (
        'family = "pillars"\nstrata',
        'family = "nothing"\nstrata',
        '"nothing"',
        "family",
        "a family of hypotheses",
    ),
    "permutation within no column": (
        'strata = "active"    #',
        'strata = "activ"    #',
        '"activ"',
        "strata",
        "a column of the joined table",
        "Did you mean 'active'",
    ),
    "declaration of another text": (
        'hash = "',
        'hash = "0',
        "hash = ",
        "hash",
        "the values declared have sha256",
        "renew the declaration",
    ),
}


@pytest.mark.parametrize("name", some_fast(CONFIG))
def test_a_broken_study_toml_is_told_with_its_place_and_remedy(folder, name, monkeypatch):
    old, new, words, column, rule, *remedy = CONFIG[name]
    monkeypatch.chdir(folder.path.parent)
    folder.edit("study.toml", old, new)
    assert told(
        folder.check(), "study.toml", folder.line("study.toml", words), column, rule, *remedy
    )
    assert [p.name for p in folder.path.parent.iterdir()] == ["peace_agreements"]  # no payload ran


def test_a_changed_spec_needs_a_new_declaration(folder):
    folder.edit("study.toml", "scale(breadth) + active", "scale(breadth) + territory + active")
    (problem,) = folder.check().itertuples()
    assert (problem.file, problem.line, problem.column) == (
        "study.toml",
        folder.line("study.toml", "hash ="),
        "hash",
    )
    assert (
        "the values declared have sha256" in problem.rule
        and "say in the statement what changed" in problem.remedy
    )
    folder.declare(problem.rule.split()[-1])
    assert folder.check().empty


def test_a_codebook_changed_after_the_declaration_is_told(folder):
    folder.edit("codebook.toml", 'score = "share"', 'score = "depth"')
    (problem,) = folder.check().itertuples()
    assert (problem.file, problem.line, problem.column) == (
        "study.toml",
        folder.line("study.toml", "codebook ="),
        "codebook",
    )
    assert "codebook.toml has sha256" in problem.rule and "say in the statement" in problem.remedy
    folder.declare_codebook()
    assert folder.check().empty


def test_a_payload_in_a_column_name_of_a_table_is_a_name(whole, monkeypatch):
    payload = "__import__('os').system('touch pwned')"
    monkeypatch.chdir(whole.path.parent)
    whole.edit("covariates.csv", ",active,", f",{payload},", count=-1)
    whole.edit("study.toml", "+ active", f"+ `{payload}`", count=-1)
    whole.edit("study.toml", 'strata = "active"', f'strata = "{payload}"', count=-1)
    whole.edit("study.toml", 'column = "active"', f'column = "{payload}"', count=-1)
    whole.edit("study.toml", 'drop = ["active"', f'drop = ["`{payload}`"', count=-1)
    whole.edit("study.toml", "\nactive = ", f'\n"{payload}" = ', count=-1)
    whole.edit("datapackage.json", '"name": "active"', f'"name": "{payload}"', count=-1)
    for table in (
        "attempts_gap_730",
        "attempts_anchor",
        "attempts_agreed",
        "attempts_first_agreement",
        "attempts_largest_text",
        "case_years",
    ):
        whole.edit(f"{table}.csv", ",active,", f",{payload},")
    whole.edit("codebook.toml", '"active"]', f'"{payload}"]')
    whole.declare(whole.check().query("column == 'hash'")["rule"].iloc[0].split()[-1])
    whole.update_hashes()
    whole.declare_codebook()
    assert whole.check().empty, whole.check().to_string()
    study = ps.load_study(whole.path)
    ps.fit(study.frame("primary"), study.spec("breadth"))
    assert [p.name for p in whole.path.parent.iterdir()] == ["peace_agreements"]


@pytest.mark.parametrize("file", ["study.toml", "codebook.toml", "datapackage.json", "cases.csv"])
def test_a_missing_or_empty_file_is_told_once(folder, file):
    (folder.path / file).unlink()
    found = folder.check()
    assert found["file"].tolist() == [file]
    assert "cannot be read" in found["value"].iloc[0] + found["rule"].iloc[0]
    folder.put(file, "")
    assert folder.check()["file"].unique().tolist() == [file]


CODEBOOK = {
    "syntax": ('score = "share"', 'score = "share', 'score = "share', "", "not TOML"),
    "scale": (
        'scale = "presence"',
        'scale = "presense"',
        "presense",
        "scale",
        "Did you mean 'presence'",
    ),
    "unknown key": (
        'question = "Do',
        'qestion = "Do',
        "qestion",
        "qestion",
        "unknown key; Indicator has",
    ),
    "column of two indicators": (
        'columns = ["Ce"]',
        'columns = ["ImUN"]',
        '["ImUN"]',
        "columns",
        "third_party has it",
    ),
    "covariate that no table has": (
        '["war_years",',
        '["war_year",',
        '"war_year"',
        "measured_by",
        "a column of the joined",
    ),
    "id twice": (
        'id = "ceasefire"',
        'id = "third_party"',
        'id = "third_party"\nname = "Ceasefire"',
        "id",
        "unique",
    ),
}


@pytest.mark.parametrize("name", some_fast(CODEBOOK))
def test_a_broken_codebook_is_told_with_its_place(folder, name):
    old, new, words, column, rule = CODEBOOK[name]
    folder.edit("codebook.toml", old, new)
    assert told(folder.check(), "codebook.toml", folder.line("codebook.toml", words), column, rule)


def test_codes_of_an_indicator_that_left_the_codebook_are_all_told(folder):
    folder.edit("codebook.toml", 'id = "ceasefire"', 'id = "truce"')
    found = folder.check()
    assert len(found) == folder.text("codings.csv").count(",ceasefire,")
    assert set(found["column"]) == {"indicator_id"} and set(found["value"]) == {"ceasefire"}


PACKAGE = {
    "no json": (
        lambda f: f.edit("datapackage.json", '"resources": [', '"resources": ', 1),
        "not JSON",
    ),
    "a list": (lambda f: f.put("datapackage.json", "[]"), "Frictionless data package"),
    "no resources": (lambda f: f.put("datapackage.json", "{}"), "Frictionless data package"),
    "too deep": (lambda f: f.put("datapackage.json", "[" * 100_000), "not JSON"),
    "unknown type": (
        lambda f: f.edit("datapackage.json", '"type": "integer"', '"type": "int"'),
        "restore the file",
    ),
    "pattern": (lambda f: f.edit("datapackage.json", r"[\\w.-]+", r"[\\w.-"), "restore the file"),
    "key of no column": (
        lambda f: f.package(lambda r, _: r["cases"]["schema"].update(primaryKey="caseid")),
        "restore the file",
    ),
    "path elsewhere": (
        lambda f: f.package(lambda r, _: r["cases"].update(path="../../cases.csv")),
        "a path of a study stays in its folder",
    ),
    "bound of a text": (
        lambda f: f.package(
            lambda r, _: r["cases"]["schema"]["fields"][0].update(constraints={"minimum": "a"})
        ),
        "restore",
    ),
    "no hash": (
        lambda f: f.package(lambda r, _: r["cases"].pop("hash")),
        "Frictionless data package",
    ),
    "table left out": (
        lambda f: f.package(lambda r, p: p["resources"].remove(r["outcomes"])),
        "a study has a table 'outcomes'",
    ),
    "column left out": (
        lambda f: f.package(lambda r, _: r["cases"]["schema"]["fields"].pop(1)),
        "a table 'cases' has a column 'label'",
    ),
    "foreign key to no table": (
        lambda f: f.package(
            lambda r, _: r["outcomes"]["schema"]["foreignKeys"][0]["reference"].update(
                resource="case"
            )
        ),
        "refers to a table",
    ),
    "foreign key of no column": (
        lambda f: f.package(
            lambda r, _: r["outcomes"]["schema"]["foreignKeys"][0].update(fields="caseid")
        ),
        "names columns",
    ),
}


@pytest.mark.parametrize("name", some_fast(PACKAGE))
def test_a_broken_datapackage_is_told(folder, name):
    change, words = PACKAGE[name]
    change(folder)
    found = folder.check()
    own = found[found["file"] == "datapackage.json"]
    assert len(own) >= 1
    assert words in " ".join(own["rule"] + own["remedy"])


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_loaded(folder):
    folder.edit("cases.csv", "Philippines 1998", "Philippines, 1998")
    folder.edit("outcomes.csv", "1996,2000,1,0", "1996,2000,1,no")
    folder.edit("agreements.csv", "scored", "scord")
    folder.edit("codings.csv", "ceasefire,pax_rule,rule,0", "ceasefire,pax_rule,rule,7")
    folder.edit("codings.csv", ",security_guarantees,", ",security,")
    folder.edit("study.toml", 'spec = "breadth"', 'spec = "bredth"')
    folder.edit("study.toml", "horizon = 5 ", "horizon = 0 ")
    folder.edit("covariates.csv", "1305.63598632813", "1.5")
    found = folder.check()
    places = set(found[["file", "column"]].itertuples(index=False, name=None))
    assert places == {
        ("cases.csv", ""),
        ("outcomes.csv", "lasting_peace"),
        ("agreements.csv", "role"),
        ("codings.csv", "code"),
        ("codings.csv", "indicator_id"),
        ("codings.csv", ""),
        ("study.toml", "spec"),
        ("study.toml", "cases"),
        ("study.toml", "hash"),
        ("covariates.csv", ""),
    }
    with pytest.raises(
        SourceError, match=rf"'peace_agreements' has {len(found)} problem\(s\)"
    ) as caught:
        ps.load_study(folder.path)
    assert [str(p) for p in caught.value.problems] == [
        str(ps.Problem(*row)) for row in found.itertuples(index=False, name=None)
    ]


def test_what_only_the_whole_shows_is_told_beside_what_a_file_shows(folder):
    folder.edit("covariates.csv", "1305.63598632813", "1.5")
    folder.edit("study.toml", "scale(breadth) + active", "scale(bredth) + active")
    folder.edit("outcomes.csv", "209-1998,", "999-1999,")
    found = folder.check()
    assert told(found, "covariates.csv", 0, "", "is recorded in datapackage.json")
    assert told(
        found,
        "study.toml",
        folder.line("study.toml", "bredth"),
        "formula",
        "a column of the joined table",
    )
    assert told(found, "outcomes.csv", 0, "case_id", "every case has an outcome row")
    assert told(found, "outcomes.csv", 3, "case_id", "every case_id is in cases.csv")


def test_a_study_that_does_not_exist_names_the_nearest():
    with pytest.raises(SourceError, match="Did you mean 'peace_agreements'"):
        ps.load_study("peace_agreement")


def test_a_folder_of_the_same_name_does_not_stand_in_the_way(tmp_path, monkeypatch):
    (tmp_path / "peace_agreements").mkdir()
    monkeypatch.chdir(tmp_path)
    assert ps.check("peace_agreements").empty


def test_a_study_of_the_same_name_in_the_working_folder_is_taken(folder, monkeypatch):
    monkeypatch.chdir(folder.path.parent)
    folder.edit("study.toml", 'title = "', 'title = "My ')
    assert ps.load_study("peace_agreements").config.title.startswith("My ")


def test_an_empty_folder_lacks_everything(tmp_path):
    assert set(ps.check(tmp_path)["file"]) == {"study.toml", "codebook.toml", "datapackage.json"}


def test_an_error_shows_twenty_problems_and_carries_all(folder):
    folder.edit("codings.csv", ",pax_rule,rule,", ",pax_rule,ruler,", count=50)
    with pytest.raises(SourceError) as caught:
        ps.load_study(folder.path)
    assert len(caught.value.problems) == 50
    assert "... and 30 more; all are in err.problems" in str(caught.value)


def bytes_of(path):
    return {str(p): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


@pytest.fixture
def raw(tmp_path):
    """A folder with links to the real source files."""
    if not RAW.is_dir():
        pytest.skip("the source files are not part of the repository")
    folder = tmp_path / "raw"
    folder.mkdir()
    for source in SOURCES.values():
        (folder / source.file).symlink_to(RAW / source.file)
    return folder


def refused_build(folder, raw, error=PeacestudyError):
    before = bytes_of(folder.path)
    with pytest.raises(error) as caught:
        build_study(str(folder.path), raw)
    assert bytes_of(folder.path) == before
    return str(caught.value)


def test_an_empty_source_folder_writes_nothing_and_names_the_file(folder, tmp_path):
    said = refused_build(folder, tmp_path / "nowhere", SourceError)
    assert (
        "pax_v10.csv is missing. Get pax_v10.csv: PA-X Peace Agreements Database, version 10"
        in said
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: None, "is missing. Get ucdp_prio_acd_251.csv"),
        (lambda data: data[:-100_000], "cut off"),
        (lambda data: data[: data.rindex(b"\n", 0, -1000) + 1], "is incomplete"),
        (
            lambda data: data.replace(b"Philippines", b"Filipinas", 1),
            "is not the registered release",
        ),
        (
            lambda data: data.replace(b"conflict_id", b"conflictid", 1),
            "column 'conflict_id' is expected",
        ),
        (lambda data: data[:200_000] + b"\xff" + data[200_000:], "is not UTF-8"),
    ],
    ids=[
        "missing",
        "cut within a row",
        "cut between rows",
        "changed",
        "renamed column",
        "encoding",
    ],
)
def test_a_broken_source_writes_nothing(folder, raw, change, said):
    path = raw / "ucdp_prio_acd_251.csv"
    data = change(path.read_bytes())
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    assert said in refused_build(folder, raw, SourceError)


def test_a_changed_declaration_writes_nothing(folder, tmp_path):
    folder.edit("study.toml", "gap_days = 365", "gap_days = 300")
    assert "nothing was written" in refused_build(folder, tmp_path, SpecError)


def test_a_broken_codebook_writes_nothing(folder, tmp_path):
    folder.edit("codebook.toml", 'scale = "presence"', 'scale = "x"')
    refused_build(folder, tmp_path, CodebookError)


def test_a_codebook_that_asks_for_a_column_that_the_source_lacks_writes_nothing(folder, raw):
    folder.edit("codebook.toml", 'columns = ["Ce"]', 'columns = ["Cee"]')
    assert "lack the column(s) Cee" in refused_build(folder, raw)


def test_a_study_without_a_builder_is_told(folder, tmp_path):
    folder.path.rename(tmp_path / "other")
    with pytest.raises(SourceError, match="no builder: study is 'other'"):
        build_study(str(tmp_path / "other"), RAW)


SECOND = {  # what the second declaration can get wrong: old, new, column, words of the rule
    "a variant drops no term": (
        'drop = ["active"]',
        'drop = ["activ"]',
        "drop",
        "a variant drops a term",
    ),
    "a hazard that is not turned": (
        "reversed = true\n",
        "",
        "id",
        "hazards of fighting are turned",
    ),
    "an unknown sample": ('sample = "anchor"', 'sample = "ancor"', "sample", "a declared sample"),
    "a column that stands in and is not there": (
        'cases = "open"',
        'cases = "open"\nsubstitutes = {active = "active_last"}',
        "substitutes",
        "a column of the joined table",
    ),
    "a column of known outcomes that is not there": (
        'known_from = "window_to"    # trained',
        'known_from = "window_till"    # trained',
        "known_from",
        "a column of the joined table",
    ),
    "an unknown group": (
        'groups = "country"',
        'groups = "contry"',
        "groups",
        "a column of the joined table",
    ),
    "no draws": ("draws = 500\n", "draws = 0\n", "draws", "1 or more"),
    "strata of no column": (
        'strata = "active"         #',
        'strata = "activ"         #',
        "strata",
        "a column of the joined table",
    ),
    "a moderation of no spec": (
        '"norms_alone", "economy_alone"',
        '"norm_alone", "economy_alone"',
        "specs",
        "a moderation is of declared specs",
    ),
    "a moderator that is not there": (
        '"scale(polyarchy)", "leader',
        '"scale(poliarchy)", "leader',
        "moderators",
        "a column of the joined table",
    ),
    "a moderator that cannot be read": (
        '"scale(polyarchy)", "leader',
        '"scale(polyarchy", "leader',
        "moderators",
        "",
    ),
    "quantiles the wrong way round": (
        "quantiles = [0.1, 0.9]",
        "quantiles = [0.9, 0.1]",
        "quantiles",
        "the lower first",
    ),
    "no cases near": ("min_cases = 5", "min_cases = 0", "min_cases", "1 or more"),
    "a way to pool that nobody knows": (
        'method = "bayes"',
        'method = "baies"',
        "method",
        "a method of partial pooling",
    ),
    "a context without a name": (
        'names = ["none", "1 to 3", "4 or more"]',
        'names = ["none", "1 to 3"]',
        "names",
        "more than there are cuts",
    ),
    "cuts that fall": ("cuts = [1, 4]", "cuts = [4, 1]", "names", "which rise"),
    "a context of no column": (
        'column = "war_years"\nnames',
        'column = "war_year"\nnames',
        "column",
        "a column of the joined table",
    ),
    "no events asked for": ("min_events = 5", "min_events = 0", "min_events", "1 or more"),
    "a level beyond one": ("alpha = 0.05", "alpha = 5.0", "alpha", "between 0 and 1"),
}


@pytest.mark.parametrize("name", some_fast(SECOND))
def test_what_the_second_declaration_gets_wrong_is_told(folder, name):
    old, new, column, words = SECOND[name]
    folder.edit("study.toml", old, new)
    found = folder.check()
    assert ((found["column"] == column) & found["rule"].str.contains(words)).any(), (
        found.to_string()
    )


def test_frozen_forecasts_cannot_be_changed_or_lost_in_silence(folder):
    folder.edit("forecasts.csv", "0.0491", "0.9491")
    folder.update_hashes()
    assert folder.check()["rule"].str.contains("the forecasts frozen have sha256").any()
    (folder.path / "forecasts.csv").unlink()
    assert folder.check()["rule"].str.contains("the forecasts frozen have sha256").any()
    with pytest.raises(ps.PeacestudyError):
        from peacestudy.study.forecasts import freeze_forecasts

        freeze_forecasts(str(folder.path))


def test_no_path_of_a_study_leaves_its_folder(folder):
    def outside(resources, package):
        resources["outcomes"]["name"] = "../outcomes"
        resources["outcomes"]["path"] = "../outcomes.csv"

    shutil.copy(folder.path / "outcomes.csv", folder.path.parent / "outcomes.csv")
    folder.package(outside)
    assert any(
        "stays in its folder" in rule for rule in folder.check()["value"] + folder.check()["rule"]
    )


def test_the_codebook_of_another_study_is_named_and_not_a_path(folder):
    from dataclasses import replace

    from peacestudy.study.load import codebook_path, read_config

    config = read_config(folder.path)[0]
    for wrong in ("../peace_agreements", "/etc", "..", "a/b"):
        with pytest.raises(SpecError, match="Name the study, not a path"):
            codebook_path(folder.path, replace(config, codebook=wrong))
    assert (
        codebook_path(folder.path, replace(config, codebook="double_coding")).parent.name
        == "double_coding"
    )


def test_a_pattern_without_end_does_not_hang_the_check(folder):
    def pattern(resources, package):
        field = next(f for f in resources["cases"]["schema"]["fields"] if f["name"] == "label")
        field["constraints"] = {"pattern": "([A-Za-z]+[^!]*)+!"}

    folder.package(pattern)
    assert "expected the form" in " ".join(folder.check()["rule"])
