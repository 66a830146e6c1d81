"""A study's clock: ``check`` names and ``fit`` refuses what is known only after it."""

import csv
import hashlib
import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.study.config.declaration import declaration_hash
from peacestudy.study.load import read_config, study_folder
from peacestudy.study.results.selection import attempt_weights

SOUND = study_folder("onset")
with (SOUND / "country_years.csv").open(encoding="utf-8", newline="") as file:
    ALL = [c for c in next(csv.reader(file)) if c not in ("case_id", "label", "country", "year")]


def clock(column="year", table="country_years", **rules):
    """The text of a clock; columns that are not named are known a year before the row's."""
    known = dict.fromkeys(ALL, "year - 1") | {"year": "always", "country": "always"} | rules
    lines = "".join(f'{name} = "{rule}"\n' for name, rule in known.items() if rule)
    head = f'[[clocks]]\ntable = "{table}"\ncolumn = "{column}"\n'
    return f"\n{head}\n[clocks.known_from]\n{lines}"


class Folder:
    """A copy of a study whose study.toml is changed and declared anew."""

    def __init__(self, path):
        self.path = path

    def declare(self, *clocks, edit=lambda text: text):
        file = self.path / "study.toml"
        text = edit(file.read_text(encoding="utf-8")) + "".join(clocks)
        file.write_text(text, encoding="utf-8")
        config, _, _ = read_config(self.path)
        if config is not None:
            line = f'hash = "{declaration_hash(config)}"'
            text = re.sub(r'^hash = "\w+"', line, text, count=1, flags=re.MULTILINE)
            file.write_text(text, encoding="utf-8")
        return ps.check(self.path)

    def plant(self, column, values):
        """Add a column to the table of state-years."""
        file = self.path / "country_years.csv"
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
        table[column] = values(table)
        table.to_csv(file, index=False, lineterminator="\n")
        package = json.loads((self.path / "datapackage.json").read_text(encoding="utf-8"))
        (resource,) = [r for r in package["resources"] if r["name"] == "country_years"]
        fields = resource["schema"]["fields"]
        fields.append({**fields[-1], "name": column, "constraints": {}, "type": "number"})
        content = file.read_bytes()
        resource["bytes"] = len(content)
        resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        (self.path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    """A copy of the study without its own clock."""
    shutil.copytree(SOUND, tmp_path / "onset")
    file = tmp_path / "onset" / "study.toml"
    before, _, rest = file.read_text(encoding="utf-8").partition("[[clocks]]")
    file.write_text(before + rest[rest.index("[decision]") :], encoding="utf-8")
    return Folder(tmp_path / "onset")


def test_the_study_has_a_clock_that_refuses_the_year_of_the_onset(our_study):
    study = our_study("onset")
    assert ps.check("onset").empty
    frame = study.frame("common")
    assert frame.clock.column == "covariate_year"
    spec = study.spec("prevention")
    for column in ("fighting", "new_conflict", "onset_gap_5"):
        planted = replace(spec, formula=f"{spec.formula} + {column}")
        with pytest.raises(ps.SpecError, match=f"'{column}' is known only after the clock"):
            ps.fit(frame, planted)
    borders = next(v for v in study.config.variants if v.id == "borders")
    declared = next(s for s in study.config.specs if s.name == "prevention")
    late = replace(borders, late_steps={}).of(declared)
    with pytest.raises(ps.SpecError, match="'earlier_borders' is known only after the clock"):
        ps.fit(study.frame(late.sample), late.model())
    notes = ps.fit(study.frame(late.sample), borders.of(declared).model()).notes
    assert [n.kind for n in notes].count("known_late") == 1


def test_a_study_whose_columns_are_known_in_time_is_sound(folder):
    assert not len(folder.declare(clock()))
    study = ps.load_study(folder.path)
    frame = study.frame("common")
    assert frame.clock.column == "year" and frame.eligibility == ("quiet", "complete")
    timed = ps.fit(frame, study.spec("prevention"))
    plain_study = ps.load_study("onset")
    plain = ps.fit(plain_study.frame("common"), plain_study.spec("prevention"))
    pd.testing.assert_frame_equal(timed.terms, plain.terms)


def test_a_control_of_a_later_year_is_named_by_check_and_refused_by_fit(folder):
    found = folder.declare(clock(ln_population="year + 1"))
    (problem,) = found.itertuples()
    assert problem.value == "ln_population" and "known only after the clock" in problem.rule
    assert problem.column.startswith("prevention and ") and "known_late" in problem.remedy
    with pytest.raises(ps.SourceError, match="known only after the clock"):
        ps.load_study(folder.path)


def test_a_planted_column_of_the_future_is_refused(folder):
    """The same plan on a plain DataFrame stands in tests/models/test_clock_check.py."""
    folder.plant("fighting_next_year", lambda table: table["fighting"])

    def edit(text):
        return text.replace("onset ~ ln_trade_openness", "onset ~ fighting_next_year", 1)

    found = folder.declare(clock(), edit=edit)
    assert found["rule"].str.contains("nothing says from when 'fighting_next_year'").any()
    text = (folder.path / "study.toml").read_text(encoding="utf-8")
    rule = 'fighting_next_year = "year + 1"\n'
    (folder.path / "study.toml").write_text(text + rule, encoding="utf-8")
    found = folder.declare()
    late = found[found["value"] == "fighting_next_year"]
    assert late["rule"].str.contains("known only after the clock").all() and len(late) == 1


def test_a_written_reason_is_printed_with_the_result(folder):
    reason = "as in the published model"

    def edit(text):
        name = 'name = "prevention"\n'
        return text.replace(name, f'{name}known_late = {{ ln_population = "{reason}" }}\n', 1)

    others = folder.declare(clock(ln_population="year + 1"), edit=edit)
    assert not others["column"].str.startswith("prevention and").any()
    config, _, _ = read_config(folder.path)
    spec = next(s for s in config.specs if s.name == "prevention").model()
    study = replace(ps.load_study("onset"), config=config)
    notes = ps.fit(study.frame("common"), spec).notes
    assert [reason in note.text for note in notes if note.kind == "known_late"] == [True]


def test_a_step_of_eligibility_is_regarded(folder):
    found = folder.declare(clock(quiet="year + 2"))
    (problem,) = found.itertuples()
    assert problem.value == "quiet" and "known only after the clock" in problem.rule


@pytest.mark.parametrize(
    ("clocks", "rule"),
    [
        ([clock("yaer")], "the column of a date is 'yaer'"),
        ([clock(table="cases")], "a clock is of a sample's table"),
        ([clock(), clock()], "a table has one clock"),
        ([clock(ln_population="soon")], "the column of a date is 'soon'"),
        ([clock(ln_population="year -")], "does not say from when"),
        ([clock(nothing="always")], "a column of known_from is 'nothing'"),
        ([clock(ln_population="")], "nothing says from when 'ln_population' is known"),
    ],
)
def test_a_clock_that_cannot_be_read_is_a_problem(folder, clocks, rule):
    found = folder.declare(*clocks)
    assert found["rule"].str.contains(rule, regex=False).any(), found["rule"].tolist()


def test_covariates_carry_the_years_of_their_rows():
    study = ps.load_study("peace_agreements")
    frame = study.frame("primary")
    first, t0 = frame.data["first_date"].dt.year, frame.data["t0"]
    known = dict(next(j for j in frame.joined if j.name == "join covariates").known_on)
    years = pd.DatetimeIndex(known["polyarchy"]).year
    assert (years == first - 1).all()  # read in the year before, as study.toml says
    assert (pd.DatetimeIndex(known["war_years"]).year == t0 - 1).all()
    assert (pd.DatetimeIndex(known["active_calendar"]).year == t0).all()
    in_t0 = pd.DatetimeIndex(known["active"]).year == t0  # an episode that began in t0
    assert in_t0.sum() == 7 and (known["active"] <= frame.data["last_date"]).all()
    scores = dict(next(j for j in frame.joined if j.name == "join scores").known_on)
    assert (pd.DatetimeIndex(scores["norms"]) == pd.to_datetime(frame.data["text_to"])).all()
    spec = study.spec("breadth")
    late = replace(spec, formula=spec.formula.replace("active", "active_calendar"))
    with pytest.raises(ps.SpecError, match="'active_calendar' is known only after the clock"):
        ps.fit(frame, late)


def test_the_weights_of_selection_are_declared_as_known_late(our_study):
    """They change when later years of the conflict are left out; the reason of a column that only
    an option names is kept.
    """
    study = our_study("peace_agreements")
    rows = study.frame("at_risk").data
    spec = study.spec("selection_kept")
    attempt = rows[(rows["kept_attempt"] == 1) & (rows["year"] < 2000)].iloc[0]
    own = rows["conflict_id"] == attempt["conflict_id"]
    weights = []
    for known in (rows, rows[~(own & (rows["year"] > attempt["year"]))]):
        table = known.set_index("case_id", drop=False).rename_axis(None)
        plain = ps.ModelSpec("s", spec.formula, "logit", "cluster", "conflict_id")
        found = attempt_weights(known, ps.fit(table, plain), "attempt_case_id")
        weights.append(found.set_index("case_id").loc[attempt["attempt_case_id"], "weight"])
    assert abs(weights[1] / weights[0] - 1) > 0.001
    weighted = next(v for v in study.config.variants if v.id == "weighted")
    breadth = next(s for s in study.config.specs if s.name == "breadth")
    assert set(weighted.of(breadth).known_late) == {"attempt_weight"}


@pytest.mark.parametrize(
    "line, rule",
    [
        ('add = ["fighting"]\nknown_from = { fighting = "always" }', "the clock of the table says"),
        ('known_late = { figting = "a misspelt column" }', "no varied spec has this column"),
    ],
)
def test_a_variant_cannot_say_otherwise_than_the_clock(folder, line, rule):
    """Else a rule in a variant would admit a column of the future without a reason."""
    head = '\n[[variants]]\nid = "planted"\nlabel = "p"\ngroup = "g"\nreason = "r"\n'
    found = folder.declare(f"{head}{line}\n", clock())
    assert found["rule"].str.contains(rule).any()


def test_what_is_left_out_is_a_column_and_one_part_of_it(tmp_path):
    shutil.copytree(study_folder("double_coding"), tmp_path / "double_coding")
    file = tmp_path / "double_coding" / "study.toml"
    text = file.read_text(encoding="utf-8")
    part = re.search(r"^part = .*$", text, re.MULTILINE)[0]
    for old, new, rule in (
        ('column = "country"\npart', 'column = "nowhere"\npart', "a column of the joined table"),
        (part, 'part = "["', "no regular expression"),
        (part, 'part = "(A)(B)"', "one group at most"),
    ):
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        assert ps.check(file.parent)["rule"].str.contains(rule).any()


def test_a_formula_without_an_outcome_is_a_problem_also_where_variants_change_it(folder):
    def edit(text):
        return text.replace('formula = "onset ~ ', 'formula = "onset + ', 1)

    found = folder.declare(edit=edit)
    assert (found["column"] == "formula").any()
