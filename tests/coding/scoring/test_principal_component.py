"""The first component: scikit-learn, numpy's eigenvectors, by hand;
sign by direction, and where there is none.
"""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from peacestudy.coding.scoring.principal_component import first_component
from peacestudy.errors import CodingError

EXACT = 1e-10  # two factorisations of one small matrix


def values(n=60, k=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, size=(n, k)) + 1.5 * rng.normal(size=(n, 1)) * rng.uniform(0.3, 1, k)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_that_of_scikit_learn(seed):
    x = values(seed=seed)
    z = (x - x.mean(0)) / x.std(0, ddof=1)
    other = PCA(n_components=2).fit(z)
    found = first_component(x, [1] * 5)
    sign = np.sign(other.components_[0].sum())
    np.testing.assert_allclose(found.explained, other.explained_variance_ratio_[0], rtol=EXACT)
    np.testing.assert_allclose(found.second, other.explained_variance_ratio_[1], rtol=EXACT)
    scores = sign * other.transform(z)[:, 0]
    np.testing.assert_allclose(found.scores, scores / scores.std(ddof=1), atol=EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_loadings_are_correlations_and_the_eigenvector_times_its_root(seed):
    x = values(seed=seed)
    found = first_component(x, [1] * 5)
    np.testing.assert_allclose(
        found.loadings, [np.corrcoef(c, found.scores)[0, 1] for c in x.T], atol=EXACT
    )
    roots, vectors = np.linalg.eigh(np.corrcoef(x.T))
    np.testing.assert_allclose(
        np.abs(found.loadings), np.abs(vectors[:, -1]) * np.sqrt(roots[-1]), atol=EXACT
    )
    assert found.scores.mean() == pytest.approx(0, abs=EXACT) and found.scores.std(
        ddof=1
    ) == pytest.approx(1)
    assert found.theta == pytest.approx(5 / 4 * (1 - 1 / roots[-1]))


def test_two_indicators_by_hand():
    """Correlation r: the first root is 1 + r, both loadings are sqrt((1 + r) / 2)."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, 1], [0, 0]])  # r = 1/3
    found = first_component(x, [1, 1])
    assert found.explained == pytest.approx(2 / 3) and found.second == pytest.approx(1 / 3)
    np.testing.assert_allclose(found.loadings, np.sqrt(2 / 3))


def test_one_indicator_is_itself_standardised():
    x = np.array([[0.0], [1], [2], [5]])
    found = first_component(x, [-1])
    np.testing.assert_allclose(found.scores, -(x[:, 0] - 2) / x.std(ddof=1))
    assert found.explained == pytest.approx(1) and found.determined and np.isnan(found.theta)


def test_the_sign_follows_the_directions():
    x = values()
    up, down = first_component(x, [1] * 5), first_component(x, [-1] * 5)
    np.testing.assert_allclose(down.scores, -up.scores)
    assert up.loadings.sum() > 0 and not up.undirected


def test_where_the_loadings_cancel_the_first_indicator_sets_the_sign():
    x = np.arange(6.0)[:, None] * [1, -1]
    found = first_component(x, [1, 1])
    assert found.undirected and found.loadings == pytest.approx([1, -1])
    assert first_component(x, [-1, -1]).loadings == pytest.approx([-1, 1])


def test_uncorrelated_indicators_have_no_first_component():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert not first_component(x, [1, 1]).determined
    assert first_component(values(), [1] * 5).determined


@pytest.mark.parametrize(
    "x",
    [np.ones((5, 2)), np.array([[1, 2], [1, 3]]), np.array([[1, np.nan], [2, 3]]), np.ones((1, 1))],
)
def test_what_has_none_is_refused(x):
    with pytest.raises(CodingError, match="columns that vary"):
        first_component(x, [1] * x.shape[1])
