"""The score test of parallel lines on the cheeses of McCullagh and Nelder, where empty cells leave
the information singular.

The counts, and the estimate 1.6128 of the first additive against the fourth, are those of the
example Ordinal Logistic Regression of SAS/STAT's PROC LOGISTIC (User's Guide, 14.1 and others,
support.sas.com), looked up there. Its score statistic, 17.287 on 21 degrees of freedom with p
.6936, could not be looked up again: it is computed here a second time. The other estimates are
those of R's ordinal 2022.11-16, clm with gradients down to 1e-12.
"""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.fit_notes import parallel_lines

# 52 tastings of each of four cheeses on a scale of nine
CHEESE = {
    "A": [0, 0, 1, 7, 8, 8, 19, 8, 1],
    "B": [6, 9, 12, 11, 7, 6, 1, 0, 0],
    "C": [1, 1, 6, 8, 23, 7, 5, 1, 0],
    "D": [0, 0, 0, 1, 3, 7, 14, 16, 11],
}
CLM = {  # coefficient and standard error as R prints them
    "C(a)[A]": (-1.6128, 0.3805),
    "C(a)[B]": (-4.9646, 0.4767),
    "C(a)[C]": (-3.3227, 0.4218),
    "1|2": (-7.08017, 0.56401),
    "2|3": (-6.02498, 0.47643),
    "3|4": (-4.92542, 0.42565),
    "4|5": (-3.85680, 0.38802),
    "5|6": (-2.52055, 0.34527),
    "6|7": (-1.56854, 0.31221),
    "7|8": (-0.06688, 0.27382),
    "8|9": (1.49297, 0.33570),
}


@pytest.fixture(scope="module")
def fit():
    rows = [
        (cheese, i + 1)
        for cheese, counts in CHEESE.items()
        for i, n in enumerate(counts)
        for _ in range(n)
    ]
    d = pd.DataFrame(rows, columns=["a", "y"])
    d["a"] = pd.Categorical(d["a"], ["D", "A", "B", "C"])
    return ps.fit(d, ps.ModelSpec("m", "y ~ C(a)", "ordered", "classical"))


def test_estimates_are_those_of_clm_and_sas(fit):
    t = fit.terms.set_index("term")
    assert t.index.tolist() == list(CLM)
    slopes, cuts = t.iloc[:3][["estimate", "std_error"]], t.iloc[3:][["estimate", "std_error"]]
    want = np.array(list(CLM.values()))
    np.testing.assert_allclose(slopes, want[:3], atol=5.001e-5)
    np.testing.assert_allclose(cuts, want[3:], atol=5.001e-6)
    assert -2 * fit.loglik == pytest.approx(711.3479048, abs=5e-8)
    assert round(-t.estimate["C(a)[A]"], 4) == 1.6128  # SAS writes P(y <= k) with a plus


def score(cuts_and_slopes, X, y):
    """Of the model in which every cut has slopes of its own, by complex steps."""
    C, rows, out = len(np.unique(y)) - 1, np.arange(len(y)), np.empty(len(cuts_and_slopes))
    for j in range(len(out)):
        t = cuts_and_slopes.astype(complex)
        t[j] += 1e-30j
        F = 1 / (1 + np.exp(-(t[:C] - X @ t[C:].reshape(C, -1).T)))
        F = np.column_stack([np.zeros(len(y)), F, np.ones(len(y))])
        out[j] = np.log(F[rows, y + 1] - F[rows, y]).sum().imag / 1e-30
    return out


def test_the_score_test_with_empty_cells_is_sas(fit):
    X, y, K, C = fit.design.X, fit.design.y.astype(int), 3, 8
    theta = fit.terms.estimate.to_numpy()
    start = np.concatenate([theta[K:], np.tile(theta[:K], C)])
    U = score(start, X, y)
    steps = 1e-5 * np.eye(len(start))
    H = -np.array([score(start + h, X, y) - score(start - h, X, y) for h in steps]) / 2e-5
    by_hand = U @ np.linalg.pinv((H + H.T) / 2, rcond=1e-6, hermitian=True) @ U
    found = parallel_lines(fit).set_index("term").loc["GLOBAL"]
    assert found.statistic == pytest.approx(by_hand, rel=1e-5)
    assert found.statistic == pytest.approx(17.287, abs=5e-4)
    assert found.df == 21
    assert found.p_value == pytest.approx(0.6936, abs=5e-5)
    assert np.isnan(found.brant)  # no taster of D disliked it much: the first logits are separated
