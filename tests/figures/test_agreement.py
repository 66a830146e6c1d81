"""The figures of agreement and of disagreement, from tables written here:
what is drawn, and what is said of what is not.
"""

import matplotlib.colors
import numpy as np
import pandas as pd

from peacestudy.figures.agreement_plot import agreement
from peacestudy.figures.disagreement_map import disagreement

TABLE = pd.DataFrame(
    [
        ("first", 0.7, 0.6, 0.8, 0.9, 0.69, 0.92, 200, 2, False),
        ("second", np.nan, np.nan, np.nan, 1.0, np.nan, 1.0, 30, 2, True),
        ("third", -0.2, np.nan, np.nan, 0.5, -0.3, 0.6, 12, 3, True),
    ],
    columns=[
        "label",
        "alpha",
        "alpha_conf_low",
        "alpha_conf_high",
        "gwet",
        "kappa",
        "percent",
        "n_units",
        "n_coders",
        "flagged",
    ],
)


def words(figure):
    return [t.get_text() for ax in figure.axes for t in ax.texts]


def test_a_missing_alpha_and_a_missing_interval_are_said():
    said = words(agreement(TABLE, "Heading", "Below"))
    assert said[:2] == ["0.667", "0.8"]
    assert said[2:] == ["0.70 [0.60, 0.80]  200 x 2", "alpha not defined  30 x 2", "-0.20  12 x 3"]


def test_what_is_drawn_is_the_table_and_nothing_lies_outside():
    ax = agreement(TABLE, "Heading", "Below").axes[0]
    lines = {line.get_label(): line for line in ax.get_lines()}
    for column, name in (
        ("alpha", "Krippendorff's alpha, 95 %"),
        ("gwet", "Gwet's AC"),
        ("percent", "share of pairs that agree"),
    ):
        np.testing.assert_array_equal(lines[name].get_xdata(), TABLE[column])
        np.testing.assert_array_equal(lines[name].get_ydata(), [0, 1, 2])
    kappa = lines["Cohen's or Conger's kappa"]
    assert (kappa.get_ydata() > [0, 1, 2]).all()  # set apart, else it hides alpha
    low, high = ax.get_xlim()
    assert low < -0.3 and high > 1
    assert [t.get_text() for t in ax.get_yticklabels()] == ["first", "second*", "third*"]


def test_the_map_has_the_colour_of_each_state_and_white_where_nothing_is():
    states = {"same": ("both alike", "#cccccc"), "apart": ("apart", "#d55e00")}
    table = pd.DataFrame(
        [("one", 0, "same", "50 %"), ("one", 1, "apart", "50 %"), ("two", 0, "apart", "0 %")],
        columns=["row", "position", "state", "share"],
    )
    figure = disagreement(table, states, "Heading", "Below", "units")
    image = figure.axes[0].images[0].get_array()
    grey, red = (matplotlib.colors.to_rgb(c) for _, c in states.values())
    np.testing.assert_array_equal(image, [[grey, red], [red, (1, 1, 1)]])
    assert words(figure) == ["50 %", "0 %"]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["both alike", "apart"]
