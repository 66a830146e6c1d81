"""Functions of a few numbers refuse what is no number, or out of range, with our errors."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps

diagnosis, inference = ps.models.diagnosis, ps.models.inference
interpretation = ps.models.interpretation
REFUSED = {
    "adjust: text": (lambda: ps.models.adjust(["a"], "holm"), "numbers from 0 to 1"),
    "adjust: above 1": (lambda: ps.models.adjust(pd.Series([1.2, 0.1]), "bh"), "lie between"),
    "adjust: below 0": (lambda: ps.models.adjust([-0.2, 0.1], "bh"), "lie between"),
    "adjust: missing": (lambda: ps.models.adjust([np.nan, 0.1], "bh"), "missing"),
    "step_down: shapes": (
        lambda: inference.step_down(np.ones(3), np.ones((5, 2))),
        r"\(3,\) and resampled \(5, 2\)",
    ),
    "step_down: text": (lambda: inference.step_down(["a"], [["b"]]), "arrays of numbers"),
    "step_down: missing": (
        lambda: inference.step_down(np.array([np.nan]), np.ones((5, 1))),
        "is missing",
    ),
    "e_value: text": (lambda: diagnosis.e_value("x"), "finite number above zero"),
    "e_value: none": (lambda: diagnosis.e_value(None), "finite number above zero"),
    "e_value: infinite": (lambda: diagnosis.e_value(np.inf), "finite number above zero"),
    "e_value: 0": (lambda: diagnosis.e_value(0), "finite number above zero"),
    "robustness_value: no df": (lambda: diagnosis.robustness_value(2, 0), "df above 0"),
    "robustness_value: df 1": (lambda: diagnosis.robustness_value(2, 1, 0.05), "df above 1"),
    "robustness_value: significance": (
        lambda: diagnosis.robustness_value(2, 20, 2),
        "between 0 and 1",
    ),
    "robustness_value: text": (lambda: diagnosis.robustness_value("a", 20), "finite numbers"),
    "kaplan_meier: lengths": (
        lambda: interpretation.kaplan_meier(np.array([1.0, 2]), np.array([1.0, 0, 1])),
        "each case has one of both",
    ),
    "two names of an argument": (
        lambda: ps.models.contexts.partial_pooling(
            {"a": 1.0}, {"a": 1.0}, method="reml", min_events=3, fewest_events=3
        ),
        "its old name fewest_events",
    ),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused(call, message):
    with pytest.raises(ps.PeacestudyError, match=message):
        call()


def test_a_list_of_p_values_is_adjusted_as_a_series():
    assert ps.models.adjust([0.01, 0.04, 0.03], "holm").tolist() == [0.03, 0.06, 0.06]
