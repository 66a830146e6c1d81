"""Declarations: earlier declarations are unchanged, additions are documented, and variants change
what they name.
"""

import csv
import hashlib
import json
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path

import pytest

import peacestudy as ps
from peacestudy.core.settings import fill
from peacestudy.study.builders import BUILDERS
from peacestudy.study.config import (
    Config,
    Contexts,
    Decision,
    Forecast,
    Moderation,
    Specification,
    Uncertainty,
    Variant,
)
from peacestudy.study.config.declaration import declaration_hash, declared_content
from peacestudy.study.config.problems import config_problems
from peacestudy.study.load import study_folder

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from renamed_names import NAMES, mapping, renamed_toml  # noqa: E402

FIRST = "acc85921f67ae59cd01a3146e63ab85f9d8e06edd64fb67aace4986bc95700b1"
SPECS = [
    "breadth",
    "pillars",
    "diplomacy_alone",
    "resources_alone",
    "norms_alone",
    "economy_alone",
    "environment_alone",
    "community_alone",
    "institutions_alone",
    "breadth_without_length",
    "pillars_profile",
    "breadth_profile",
]
STUDIES = ["peace_agreements", "signing_dyads", "accord_implementation", "onset"]
with (HERE / "declarations.csv").open(encoding="utf-8", newline="") as file:
    MIGRATED = {row["study"]: row for row in csv.DictReader(file)}

# The rule by which declarations were hashed before: a value of one of these fields counted only
# where it differed from its default; every other value counted, roles and wording included.
UNDECLARED = ("id", "title", "question", "unit", "declared", "display")
LATER = ("keep", "table", "sample", "scores", "options", "weights", "turnover_years_back")
LATER = (*LATER, "known_late", "direction")  # did not exist then
LATER = (*LATER, "turnover_year", "security", "security_wide")
LATER = (*LATER, "list_year", "gold", "as_one")
LATER = (*LATER, "known_late", "direction", "known_from")  # did not exist then
LATER = (*LATER, "late_steps", "cases_of", "separator", "conflict", "first_date")
OLD_KEYS = {
    Decision: mapping("key", result="decision"),
    Uncertainty: mapping("key", result="uncertainty"),
    Forecast: mapping("key", result="forecast"),
    Moderation: mapping("key", result="moderations"),
    Contexts: mapping("key", result="contexts"),
}
OLD_VALUES = {row["new"]: row["old"] for row in NAMES if row["kind"] == "value"}


def old_plain(value):
    if is_dataclass(value):
        names = {new: old for old, new in OLD_KEYS.get(type(value), {}).items()}
        return {
            names.get(f.name, f.name): old_plain(getattr(value, f.name))
            for f in fields(value)
            if not (f.name in LATER and getattr(value, f.name) == default(f))
        }
    if isinstance(value, Mapping):
        return {str(key): old_plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [old_plain(part) for part in value]
    return OLD_VALUES.get(value, value) if isinstance(value, str) else value


def default(field):
    """The default of a field; one without a default gives what no value equals."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def old_hash(config):
    part = {name: value for name, value in old_plain(config).items() if name not in UNDECLARED}
    part = {name: value for name, value in part.items() if value not in ((), None, "", [])}
    text = json.dumps(part, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def old_config(study):
    """The old study.toml of a study, with the new names."""
    values, problems = renamed_toml(study), []
    rule = BUILDERS[study].rule
    values["cases"] = fill(rule, values["cases"], "study.toml", "", problems, ("cases",))
    config = fill(Config, values, "study.toml", "", problems)
    assert not problems
    return config


def migrated_config(study):
    """The study.toml that was migrated: today's, or a kept one where it was declared anew."""
    whole = ps.load_study(study)
    for earlier in whole.config.declared.earlier:
        if earlier.hash == MIGRATED[study]["new_hash"]:
            return kept_config(study, (whole.folder / earlier.path).read_text(encoding="utf-8"))
    return whole.config


def kept_config(study, text):
    """The values of a kept study.toml."""
    values, problems = tomllib.loads(text), []
    rule = BUILDERS[study].rule
    values["cases"] = fill(rule, values["cases"], "study.toml", "", problems, ("cases",))
    config = fill(Config, values, "study.toml", "", problems)
    assert not problems
    return config


@pytest.fixture(scope="module")
def config(our_study):
    return our_study("peace_agreements").config


@pytest.fixture(scope="module")
def old():
    return old_config("peace_agreements")


def first_kept(study):
    """The first declaration under the new names: the oldest that is kept, else today's."""
    declared = ps.load_study(study).config
    if not declared.declared.earlier:
        return declared
    folder = study_folder(study)
    file = folder / min(declared.declared.earlier, key=lambda e: e.date).path
    values = tomllib.loads(file.read_text(encoding="utf-8"))
    problems = []
    rule = BUILDERS[study].rule
    values["cases"] = fill(rule, values["cases"], file.name, "", problems, ("cases",))
    config = fill(Config, values, file.name, "", problems)
    assert not problems
    return config


@pytest.mark.parametrize("study", MIGRATED)
def test_old_and_new_declaration_say_the_same(study):
    """The old text has the old hash by the old rule, and with the new names the new hash by the new
    rule, which is the hash of study.toml today, or of the kept file.
    """
    old, today = old_config(study), migrated_config(study)
    row = MIGRATED[study]
    assert old.declared.hash == old_hash(old) == row["old_hash"]
    assert today.declared.hash == declaration_hash(today) == row["new_hash"]
    assert declared_content(old) == declared_content(today)
    assert declaration_hash(old) == row["new_hash"]


def test_every_study_is_migrated():
    assert set(MIGRATED) == set(BUILDERS)


def test_nothing_of_the_first_declaration_was_changed(old):
    """Without what was added since, the values have the sha256 that was declared first."""

    def of(rows, names, key="id"):
        return tuple(r for r in rows if getattr(r, key) in names)

    first = replace(
        old,
        variants=(),
        varied=(),
        out_of_sample=None,
        forecast=None,
        moderations=(),
        contexts=None,
        cases=replace(old.cases, turnover_years_back=0),
        specs=of(old.specs, SPECS, "name"),
        steps=of(old.steps, ["eligible", "complete", "one_a_window"]),
        samples=of(old.samples, ["primary", "overlapping", "durations", "all"]),
        hypotheses=of(old.hypotheses, ["H0", "H0_joint", *(f"H{i}" for i in range(1, 8))]),
    )
    assert old_hash(first) == FIRST
    assert FIRST[:12] in old.declared.statement


def test_nothing_of_the_second_declaration_was_changed(old):
    second = replace(
        old, moderations=(), contexts=None, cases=replace(old.cases, turnover_years_back=0)
    )
    assert old_hash(second)[:12] == "9ebab25a8822"
    assert "9ebab25a8822" in old.declared.statement
    accords = old_config("accord_implementation")
    first = replace(
        accords,
        samples=tuple(s for s in accords.samples if s.id != "deliveries"),
        specs=tuple(s for s in accords.specs if s.sample != "deliveries"),
        hypotheses=tuple(h for h in accords.hypotheses if not h.family.startswith("delivery")),
    )
    assert old_hash(first)[:12] == "b5e4dccf532b"
    assert "b5e4dccf532b" in accords.declared.statement


def test_the_hash_covers_claims_and_settings_but_no_wording(config):
    whole = declaration_hash(config)

    def changed(kind, n=0, **change):
        rows = list(getattr(config, kind))
        rows[n] = replace(rows[n], **change)
        return declaration_hash(replace(config, **{kind: tuple(rows)}))

    assert changed("specs", role="check") == whole
    assert changed("steps", step="other", reason="other") == whole
    assert changed("variants", label="other", group="other", reason="other") == whole
    assert declaration_hash(replace(config, title="other")) == whole
    assert changed("specs", formula="y ~ x") != whole
    assert changed("specs", vcov="hc1") != whole
    assert changed("hypotheses", text="The opposite.") != whole
    assert changed("steps", column="other") != whole
    assert changed("variants", drop=("territory",)) != whole
    assert declaration_hash(replace(config, decision=replace(config.decision, alpha=0.1))) != whole
    other_seed = replace(config.permutation, seed=1)
    assert declaration_hash(replace(config, permutation=other_seed)) != whole


@pytest.mark.parametrize(
    "change",
    [
        {"varied": ()},
        {"variants": ()},
        {"forecast": None},
        {"out_of_sample": None},
        {"hypotheses": ()},
        {"moderations": ()},
        {"contexts": None},
    ],
)
def test_every_declared_value_is_in_the_hash(config, change):
    assert declaration_hash(replace(config, **change)) != config.declared.hash


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_is_sound_and_says_what_was_known_before(study, our_study):
    assert ps.check(study).empty
    said = our_study(study).config.declared.statement
    assert len(said) > 100 and "before" in said


def test_a_variant_changes_what_it_says_and_nothing_else():
    spec = Specification("m", "y ~ scale(a) + b + c", "firth", "cluster", "country")
    plain = Variant("v", "V", "G", "why")
    assert replace(plain.of(spec), name="m", role="primary") == spec
    other = replace(
        plain,
        outcome="z",
        add=("log(d)",),
        drop=("b",),
        engine="linear",
        vcov="hc1",
        sample="s",
        scores="depth",
    )
    made = other.of(spec)
    assert (made.formula, made.engine, made.vcov, made.cluster) == (
        "z ~ scale(a) + c + log(d)",
        "linear",
        "hc1",
        "",
    )
    assert (made.sample, made.scores, made.role, made.name) == ("s", "depth", "variant", "m, v")


def test_every_variant_says_why_and_changes_something(config):
    of = {s.name: s for s in config.specs}
    for v in config.variants:
        assert v.reason.endswith(".") and len(v.reason) > 20
        for name in config.varied:
            made = replace(v.of(of[name]), name=name, role=of[name].role)
            assert made != of[name], v.id


def test_a_step_may_keep_what_is_false(our_study):
    study = our_study("peace_agreements")
    fought, quiet, whole = (len(study.frame(s)) for s in ("fought_on", "quiet", "primary"))
    assert fought + quiet == whole == 99 and fought and quiet


def test_an_earlier_declaration_is_kept_as_it_was(tmp_path):
    """A kept study.toml that is missing or changed is a problem, which names file and hash."""
    folder = tmp_path / "double_coding"
    shutil.copytree(ps.load_study("double_coding").folder, folder)
    kept = folder / "declarations" / "2020-01-01.toml"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text('[declared]\nhash = "abc"\n', encoding="utf-8")
    sha256 = hashlib.sha256(kept.read_bytes()).hexdigest()
    entry = (
        "\n[[declared.earlier]]\ndate = 2020-01-01\n"
        f'hash = "abc"\nfile = "{sha256}"\nchanged = "A sample was added."\n'
    )
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    before, declared, rest = text.partition("[cases]")
    file.write_text(before + entry + "\n" + declared + rest, encoding="utf-8")
    assert ps.check(folder).empty
    (earlier,) = [e for e in ps.load_study(folder).config.declared.earlier if e.date.year == 2020]
    assert earlier.path == "declarations/2020-01-01.toml"
    kept.write_text("# changed\n", encoding="utf-8")
    (row,) = ps.check(folder).to_dict("records")
    assert row["file"] == earlier.path and row["line"] > 0 and sha256[:12] in row["rule"]
    kept.unlink()
    (row,) = ps.check(folder).to_dict("records")
    assert row["value"] == "no file"


@pytest.mark.parametrize(
    "change, rule",
    [
        (('hash = "abc"', 'hash = "abd"'), "declares the hash abc"),
        (("date = 2020-01-01", "date = 2026-11-30"), "sha256"),
        (('file = "', 'file = "" # '), "has sha256 ..."),
        (("[[declared.earlier]]\ndate = 2020", "[[declared.frozen]]\ndate = 2020"), "has no date"),
    ],
)
def test_what_is_said_of_an_earlier_declaration_is_checked(tmp_path, change, rule):
    folder = tmp_path / "double_coding"
    shutil.copytree(ps.load_study("double_coding").folder, folder)
    kept = folder / "declarations" / "2020-01-01.toml"
    kept.write_text('[declared]\nhash = "abc"\n', encoding="utf-8")
    sha256 = hashlib.sha256(kept.read_bytes()).hexdigest()
    entry = (
        "\n[[declared.earlier]]\ndate = 2020-01-01\n"
        f'hash = "abc"\nfile = "{sha256}"\nchanged = "A sample was added."\n'
    )
    frozen = 'changed = "A sample was added."', 'definition = "x"'
    file = folder / "study.toml"
    before, declared, rest = file.read_text(encoding="utf-8").partition("[cases]")
    text = before + entry + "\n" + declared + rest
    file.write_text(text, encoding="utf-8")
    assert ps.check(folder).empty
    changed = text.replace(*change)
    if "frozen" in change[1]:
        changed = changed.replace(*frozen).replace(f'file = "{sha256}"', 'file = "../x.csv"')
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    found = ps.check(folder)
    assert found["rule"].str.contains(rule, regex=False).any()
    if "frozen" in change[1]:
        assert found["rule"].str.contains("stays in its folder").any()


def test_an_earlier_declaration_that_stands_twice_is_named(tmp_path):
    folder = tmp_path / "double_coding"
    shutil.copytree(ps.load_study("double_coding").folder, folder)
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    start = text.index("[[declared.earlier]]")
    entry = text[start : text.index("\n[", start + 1) + 1]
    file.write_text(text.replace(entry, entry + "\n" + entry), encoding="utf-8")
    (row,) = ps.check(folder).to_dict("records")
    assert row["column"] == "date" and "stands once" in row["rule"]


@pytest.mark.parametrize(
    "direction, rule",
    [
        ("", "the sign that the claim gives"),
        ("upwards", "the sign that the claim gives"),
        ("positive", "a joint test of several terms has no direction"),
    ],
)
def test_every_hypothesis_declares_a_direction(config, direction, rule):
    """A direction that is missing, unknown, or of a joint test is a problem of study.toml."""
    at = next(i for i, h in enumerate(config.hypotheses) if len(h.terms) > 1 and not h.weights)
    hypotheses = list(config.hypotheses)
    hypotheses[at] = replace(hypotheses[at], direction=direction)
    changed = replace(config, hypotheses=tuple(hypotheses))
    problems = config_problems(changed, "")
    assert [p.value for p in problems if p.rule.startswith(rule)] == [direction]


def test_every_moderation_declares_a_direction(config):
    (rule,) = config.moderations
    changed = replace(config, moderations=(replace(rule, direction=""),))
    found = [p for p in config_problems(changed, "") if p.column == "direction"]
    assert len(found) == 1
