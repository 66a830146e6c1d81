"""Declarations: what was declared first still stands, what is added
is told, and variants change what they say.
"""

from dataclasses import replace

import pytest

import peacestudy as ps
from peacestudy.study.config import Specification, Variant

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


@pytest.fixture(scope="module")
def config(our_study):
    return our_study("peace_agreements").config


def test_nothing_of_the_first_declaration_was_changed(config):
    """Without what was added since, the values have the sha256 that was declared first."""

    def of(rows, names, key="id"):
        return tuple(r for r in rows if getattr(r, key) in names)

    first = replace(
        config,
        variants=(),
        varied=(),
        out_of_sample=None,
        forecast=None,
        moderations=(),
        contexts=None,
        cases=replace(config.cases, turnover_years_back=0),
        specs=of(config.specs, SPECS, "name"),
        steps=of(config.steps, ["eligible", "complete", "one_a_window"]),
        samples=of(config.samples, ["primary", "overlapping", "durations", "all"]),
        hypotheses=of(config.hypotheses, ["H0", "H0_joint", *(f"H{i}" for i in range(1, 8))]),
    )
    assert first.declaration_hash() == FIRST
    assert FIRST[:12] in config.declared.statement


def test_nothing_of_the_second_declaration_was_changed(config, our_study):
    second = replace(
        config, moderations=(), contexts=None, cases=replace(config.cases, turnover_years_back=0)
    )
    assert (
        second.declaration_hash()[:12] == "9ebab25a8822"
        and "9ebab25a8822" in config.declared.statement
    )
    accords = our_study("accord_implementation").config
    first = replace(
        accords,
        samples=tuple(s for s in accords.samples if s.id != "deliveries"),
        specs=tuple(s for s in accords.specs if s.sample != "deliveries"),
        hypotheses=tuple(h for h in accords.hypotheses if not h.family.startswith("delivery")),
    )
    assert (
        first.declaration_hash()[:12] == "b5e4dccf532b"
        and "b5e4dccf532b" in accords.declared.statement
    )


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
    assert replace(config, **change).declaration_hash() != config.declared.hash


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
    assert fought + quiet == whole == 100 and fought and quiet
