"""Moderations and contexts written wrongly in study.toml: each told with its place, and never a
plain error of the language.
"""

from dataclasses import replace

import pytest

import peacestudy as ps
from peacestudy.study.config.findings import spec_problems
from peacestudy.study.config.politics_problems import politics_findings
from peacestudy.study.load import read_config, study_folder

CONFIG, _, _ = read_config(study_folder("peace_agreements"))


def said(config):
    return [(place, value, rule) for place, value, rule, _ in politics_findings(config)]


def moderated(**change):
    return replace(CONFIG, moderations=(replace(CONFIG.moderations[0], **change),))


def parted(**change):
    return replace(CONFIG, contexts=replace(CONFIG.contexts, **change))


def way(**change):
    return parted(by=(replace(CONFIG.contexts.by[0], **change), *CONFIG.contexts.by[1:]))


def norms(formula):
    """The declared study with another formula of one moderated spec."""
    return replace(
        CONFIG,
        specs=tuple(
            replace(s, formula=formula) if s.name == "norms_alone" else s for s in CONFIG.specs
        ),
    )


def test_what_is_declared_is_sound():
    assert said(CONFIG) == []


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({"specs": ()}, "specs", "one entry or more"),
        ({"moderators": ()}, "moderators", "one entry or more"),
        ({"specs": ("norms_alone",) * 2}, "specs", "2 times"),
        ({"moderators": ("polyarchy",) * 2}, "moderators", "2 times"),
        ({"moderators": ("scale(norms)",)}, "moderators", "its own moderator"),
        ({"moderators": ("norms",)}, "moderators", "its own moderator"),
        ({"moderators": ("lasting_peace",)}, "moderators", "is the outcome"),
        (
            {"moderators": ("scale(war_years)",)},
            "moderators",
            "has 'war_years' already, as war_years",
        ),
        ({"moderators": ("pages",)}, "moderators", "has 'pages' already, as log(pages)"),
        ({"moderators": ("polyarchy + active",)}, "moderators", "one numeric column"),
        ({"moderators": ("C(region)",)}, "moderators", "one numeric column"),
        ({"moderators": ("poly(polyarchy, 2)",)}, "moderators", "one numeric column"),
        ({"moderators": (" ",)}, "moderators", "one numeric column"),
        ({"id": ""}, "id", "every entry has an id"),
        ({"near": float("inf")}, "near", "0 or more"),
        ({"seed": -1}, "seed", "0 or more"),
    ],
)
def test_a_moderation_that_cannot_be_is_told(change, key, words):
    found = said(moderated(**change))
    assert found and all(key in place and words in rule for place, _, rule in found)


def test_a_moderator_that_a_model_has_as_it_is_written_is_no_clash():
    assert said(moderated(moderators=("war_years", "log(pages)"))) == []


@pytest.mark.parametrize(
    "formula",
    [
        "lasting_peace ~ scale(norms)+log(pages)+active",
        "lasting_peace ~ (scale(norms) + log(pages)) + active",
        "lasting_peace ~ scale(norms)*active + log(pages)",
        "lasting_peace ~ norms + log(pages)",
        "lasting_peace ~ 1 + scale(norms)",
        "lasting_peace ~ scale(norms) + log(pages) - active",
    ],
)
def test_a_formula_that_cannot_be_taken_apart_is_told_and_not_moderated_wrongly(formula):
    """Without this, scale(norms)+active would be multiplied as one term:
    another model than was meant, in silence.
    """
    found = said(norms(formula))
    assert (
        found
        and {place[-1] for place, _, _ in found} <= {"specs", 0, 1}
        and all(v == formula for _, v, _ in found if v != "war_years")
    )


@pytest.mark.parametrize("formula", ["", "lasting_peace", "lasting_peace ~"])
def test_a_formula_that_is_none_is_told_where_it_stands(formula):
    config = norms(formula)
    assert "formula" in spec_problems(next(s for s in config.specs if s.name == "norms_alone"))
    said(config)  # nothing raised


@pytest.mark.parametrize(
    ("config", "key", "words"),
    [
        (parted(specs=()), "specs", "one entry or more"),
        (parted(drop=("war_year",)), "drop", "is a term of these specs"),
        (parted(drop=("scale(norms)",)), "drop", "not the first"),
        (parted(by=()), "by", "one way or more"),
        (way(id="incompatibility"), "id", "twice"),
        (way(label="Incompatibility"), "label", "twice"),
        (way(id=""), "id", "has an id"),
        (way(id="active"), "id", "already"),
        (way(id="lasting_peace"), "id", "already"),
        (way(id="case_id"), "id", "already"),
        (way(names=("World",), cuts=()), "names", "two names or more"),
        (way(cuts=(2, 3, 4, float("inf"))), "names", "finite"),
        (way(names=("", "b", "c", "d", "e")), "names", "each another"),
    ],
)
def test_contexts_that_cannot_be_are_told(config, key, words):
    found = said(config)
    assert found and all(key in place and words in rule for place, _, rule in found)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (way(column="country_name"), "expected numbers"),
        (way(cuts=(2, 3, 4, 99)), "no case is in Americas"),
    ],
)
def test_contexts_that_the_data_do_not_have_are_refused(our_study, config, words):
    study = our_study("peace_agreements")
    with pytest.raises(ps.SpecError, match=words):
        ps.study.Results(replace(study, config=config)).table("contexts")


def test_a_moderator_without_numbers_is_refused(our_study):
    study = our_study("peace_agreements")
    with pytest.raises(ps.SpecError, match="expected numbers"):
        ps.study.Results(replace(study, config=moderated(moderators=("country_name",)))).table(
            "interactions"
        )


@pytest.mark.parametrize("engine", ["logit", "linear", "ridge"])
def test_a_model_of_another_engine_is_not_moderated(engine):
    specs = tuple(
        replace(s, engine=engine, vcov="classical", cluster="") if s.name == "norms_alone" else s
        for s in CONFIG.specs
    )
    found = [
        (place[0], rule)
        for place, value, rule in said(replace(CONFIG, specs=specs))
        if value == f"norms_alone ({engine})"
    ]
    assert ("moderations", "products are tested as ratios of odds ratios by engine firth") in found
    assert (engine == "logit") == (len(found) == 1)
