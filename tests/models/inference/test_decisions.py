"""Words of a decision: every sign, direction and p value, against a table written by hand."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.inference.decisions import decide, is_rejected, said

AS, AGAINST = "rejected, as hypothesised", "rejected, against the hypothesis"


@pytest.mark.parametrize(
    "estimate, direction, decision",
    [
        (0.4, "positive", AS),
        (-0.4, "positive", AGAINST),
        (0.4, "negative", AGAINST),
        (-0.4, "negative", AS),
        (0.4, "none", "rejected"),
        (-0.4, "none", "rejected"),
        (np.nan, "none", "rejected"),
    ],
)
def test_a_rejected_null_says_in_which_direction(estimate, direction, decision):
    assert decide(estimate, 0.049, direction, 0.05) == decision
    assert decide(estimate, 0.05, direction, 0.05) == "not rejected"
    assert decide(estimate, np.nan, direction, 0.05) == "not tested"


@pytest.mark.parametrize("direction", ["Positive", "up", "greater"])
def test_a_direction_that_is_none_is_refused(direction):
    """Else a misspelt direction would read as a claim without one."""
    with pytest.raises(ps.SpecError, match="direction is"):
        decide(0.4, 0.01, direction, 0.05)


def test_an_estimate_of_zero_is_not_against_a_hypothesis():
    assert decide(0.0, 0.01, "positive", 0.05) == "rejected"


def test_every_rejection_is_named_with_its_direction():
    decisions = pd.Series([AS, "not rejected", AGAINST, "rejected", "not tested"])
    assert is_rejected(decisions).tolist() == [True, False, True, True, False]
    found = said(["H1", "H2", "H3", "H4", "H5"], decisions)
    assert found == "H1 as hypothesised, H3 against the hypothesis, H4"
    assert said(["H2"], ["not rejected"]) == "none"
