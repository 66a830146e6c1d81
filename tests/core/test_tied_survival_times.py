"""Times that are equal but for floating-point noise: R's rule by a loop,
order kept, whole numbers, nothing else touched.
"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.display import exact_number
from peacestudy.core.tied_survival_times import TOLERANCE, tied_times

EPSILON = 2.0**-52


def by_r(columns):
    """The groups that R's aeqSurv makes of the distinct times, one neighbour at a time."""
    y = sorted({float(v) for column in columns for v in column})
    mean = sum(abs(v) for v in y) / len(y)
    group, out = 0, {y[0]: 0}
    for before, after in pairwise(y):
        apart = after - before
        tied = apart <= EPSILON**0.5 or apart / mean <= EPSILON**0.5
        group += not tied
        out[after] = group
    return out


NOISE = st.sampled_from([0.0, 2e-13, -2e-13, 1e-9, -1e-9, 1.2e-8, 1.6e-8, 4e-5])
TIMES = st.lists(st.tuples(st.integers(0, 40), NOISE), min_size=1, max_size=30)


@given(TIMES, st.sampled_from([0.1, 1.0, 365.25, 1e-3]), st.sampled_from([0.0, 2000.0]))
@settings(max_examples=60, deadline=None)
def test_the_groups_are_those_of_r_and_their_order_is_kept(pairs, unit, origin):
    times = np.array([origin + unit * n + noise for n, noise in pairs])
    found = tied_times(times).columns[0]
    want = by_r([times])
    for i in range(len(times)):
        for j in range(len(times)):
            assert (found[i] == found[j]) == (want[times[i]] == want[times[j]])
            assert (found[i] < found[j]) == (want[times[i]] < want[times[j]])


def test_starts_and_ends_are_of_one_clock():
    start, end = np.array([0.0, 0.3 - 1e-13]), np.array([0.3 + 1e-13, 0.7])
    found = tied_times(start, end)
    assert found.columns[0][1] == found.columns[1][0]
    assert (found.before, found.after) == (4, 3)
    (note,) = found.notes("Surv(a, b, e)")
    assert note.kind == "tied_times"
    assert "Surv(a, b, e): differences of up to 2e-13" in note.text
    assert "4 distinct times are treated as 3" in note.text
    assert "smaller unit" not in note.text


def test_whole_numbers_are_whole_and_others_stay_as_they_are():
    times = np.array([3 - 1e-13, 7 + 1e-13, -2.8e-17, 0.1 + 0.2, 2.5])
    found = tied_times(times)
    assert found.columns[0].tolist() == [3.0, 7.0, 0.0, 0.1 + 0.2, 2.5]
    assert (
        "3 distinct time(s) are rounded to the whole number next to them"
        in found.notes("t")[0].text
    )
    assert not tied_times(np.array([1.0, 2.5, 3.0])).notes("t")
    assert tied_times(np.array([1.0, np.inf])).columns[0].tolist() == [1.0, np.inf]


def test_a_unit_in_which_the_rule_ties_real_differences_is_reported():
    """R's rule has an absolute part: times of some nanoseconds,
    written in seconds, are all one time.
    """
    found = tied_times(np.array([1e-9, 2e-9, 3e-9]))
    assert found.after == 1
    assert "measure time in a smaller unit" in found.notes("t")[0].text
    assert tied_times(np.array([1.0, 1 + 1.1 * TOLERANCE])).after == 2
    assert tied_times(np.array([1.0, 1 + 0.9 * TOLERANCE])).after == 1


@pytest.mark.parametrize(
    ("value", "text"), [(3 - 1e-13, "2.9999999999999"), (3.0, "3"), (1e12 + 1, "1000000000001")]
)
def test_a_number_in_a_message_has_every_digit_that_it_needs(value, text):
    assert exact_number(value) == text
