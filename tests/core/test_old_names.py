"""Names of version 0.1 work in 0.2 and say what they are called now."""

import importlib

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps

D = pd.DataFrame({"x": np.arange(12.0), "y": np.arange(12.0) ** 1.5})
FIT = ps.fit(D, ps.ModelSpec("m", "y ~ x", "linear", "classical"))
ROOMS = ("coding", "joins", "models", "outcomes")
OLD = [(room, name) for room in ROOMS for name in getattr(ps, room).OLD_NAMES]


@pytest.mark.parametrize(("room", "name"), OLD)
def test_an_old_name_gives_the_new_thing(room, name):
    path = getattr(ps, room).OLD_NAMES[name]
    module, _, member = path.rpartition(".")
    with pytest.warns(FutureWarning, match=f"{room}.{name} is called {path} since version 0.2"):
        found = getattr(getattr(ps, room), name)
    assert found is getattr(importlib.import_module(module), member)


def test_another_name_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ps.joins.nothing  # noqa: B018


def test_old_arguments_give_the_same_numbers():
    with pytest.warns(FutureWarning, match="argument level of tidy is called conf_level"):
        old = FIT.tidy(level=0.9)
    pd.testing.assert_frame_equal(old, FIT.tidy(conf_level=0.9))
    with pytest.warns(FutureWarning, match="argument alpha of detectable"):
        least = ps.models.inference.detectable(1.0, power=0.8, alpha=0.05)
    assert least == ps.models.inference.detectable(1.0, power=0.8, significance=0.05)
    with pytest.warns(FutureWarning, match="argument level of predict"):
        drawn = ps.predict(FIT, D, "response", level=0.8)
    pd.testing.assert_frame_equal(drawn, ps.predict(FIT, D, "response", conf_level=0.8))


def test_old_arguments_of_joins():
    events = pd.DataFrame({"dyad": [7], "date": ["2001-12-31"], "best": [3]})
    how = {"date": "date", "measures": {"deaths": ("best", "sum")}, "name": "events"}
    how["years"] = (2001, 2001)
    with pytest.warns(FutureWarning, match="argument unit of event_years is called by"):
        old = ps.joins.event_years(events, unit="dyad", **how)
    pd.testing.assert_frame_equal(old.data, ps.joins.event_years(events, by="dyad", **how).data)
    with pytest.warns(FutureWarning, match=r"two years of state_years"):
        years = ps.joins.state_years(1990, 1991, exists="any_day")
    again = ps.joins.state_years((1990, 1991), exists="any_day")
    pd.testing.assert_frame_equal(years.data, again.data)
    left, right = (
        pd.DataFrame({"id": [1, 2], "a": [3, 4]}),
        pd.DataFrame({"id": [1, 2], "b": [5, 6]}),
    )
    with pytest.warns(FutureWarning, match="argument (left|right) of join is called (cases|other)"):
        joined = ps.join(left=left, right=right, on="id", name="other")
    pd.testing.assert_frame_equal(joined.data, ps.join(left, right, on="id", name="other").data)


def test_an_old_property_gives_the_new_one():
    book = ps.load_study("onset").codebook
    with pytest.warns(FutureWarning, match=r"Codebook\.rivals is called alternatives"):
        found = book.rivals
    assert found == book.alternatives
    assert len(found) == 5


def test_old_names_of_minimum_numbers_are_accepted():
    estimates = pd.Series({"a": 0.1, "b": 0.4, "c": 0.2, "d": 0.3})
    errors, events = estimates * 0 + 0.2, (estimates * 0 + 20).astype(int)
    ask = {"method": "reml", "events": events}
    with pytest.warns(FutureWarning, match="argument fewest_events of partial_pooling is called"):
        old = ps.models.contexts.partial_pooling(estimates, errors, fewest_events=5, **ask)
    new = ps.models.contexts.partial_pooling(estimates, errors, min_events=5, **ask)
    pd.testing.assert_frame_equal(old.effects, new.effects)
