"""A room's public name never hides a module of the room."""

import importlib
import importlib.util

import pytest

from peacestudy import models

ROOMS = (
    "contexts",
    "diagnosis",
    "fit_notes",
    "inference",
    "interpretation",
    "missing",
    "resampling",
)


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_has_the_name_of_a_public_function(room):
    path = f"peacestudy.models.{room}"
    for name in importlib.import_module(path).__all__:
        assert importlib.util.find_spec(f"{path}.{name}") is None, f"{path}.{name}"


def test_public_names_of_models_are_those_of_the_rooms():
    rooms = [importlib.import_module(f"peacestudy.models.{room}") for room in ROOMS]
    everywhere = {name: getattr(room, name) for room in rooms for name in room.__all__}
    here = set(models.__all__) - {"Fit", "ModelSpec", "fit"}
    assert all(getattr(models, name) is everywhere[name] for name in here)
    assert set(models.OLD_NAMES) == set(everywhere) - here
