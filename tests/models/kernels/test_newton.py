"""The climb itself, on functions whose maxima are known."""

import numpy as np

from peacestudy.models.kernels.newton import TIGHT, newton


def test_a_quadratic_takes_one_step_and_one_to_know():
    centre = np.array([[1.0, -2.0], [3.0, 1e6]])
    direction, value = (
        (lambda b: (centre - b, centre - b)),
        (lambda b: -((b - centre) ** 2).sum(axis=1) / 2),
    )
    climb = newton(np.zeros((2, 2)), direction, value)
    np.testing.assert_array_equal(climb.beta, centre)
    assert climb.converged.all()
    assert climb.steps.tolist() == [2, 2]


def test_a_step_too_far_is_halved_until_it_climbs():
    """log cosh: Newton's own step overshoots to infinity from beyond 1.09."""

    def direction(b):
        return -np.tanh(b) * np.cosh(b) ** 2, -np.tanh(b)

    climb = newton(
        np.array([[4.0], [-2.5], [0.1]]), direction, lambda b: -np.logaddexp(b, -b).sum(axis=1)
    )
    assert climb.converged.all()
    np.testing.assert_allclose(climb.beta, 0, atol=np.sqrt(TIGHT))


def test_a_member_that_cannot_climb_neither_converges_nor_stops_the_others():
    def direction(b):
        move = -b.copy()
        move[0] = 1.0  # always down, said to be up
        return move, np.where(np.arange(3)[:, None] == 0, 1.0, -b)

    climb = newton(np.array([[1.0], [5.0], [-7.0]]), direction, lambda b: -(b**2).sum(axis=1) / 2)
    assert climb.converged.tolist() == [False, True, True]
    assert abs(climb.beta[0, 0] - 1) < 1e-6  # halved until what is lost is rounding


def test_a_start_without_a_likelihood_does_not_converge_and_does_not_stop_the_others():
    def value(b):
        return np.where(np.abs(b[:, 0]) > 100, -np.inf, -(b[:, 0] ** 2))

    climb = newton(np.array([[500.0], [5.0]]), lambda b: (-b, -2 * b), value)
    assert climb.converged.tolist() == [False, True]
    assert climb.beta[1, 0] == 0


def test_members_do_not_feel_each_other():
    rng = np.random.default_rng(0)
    start = rng.normal(size=(5, 1)) * 2

    def direction(b):
        return -np.tanh(b) * np.cosh(b) ** 2, -np.tanh(b)

    def value(b):
        return -np.logaddexp(b, -b).sum(axis=1)

    together = newton(start, direction, value)
    for i in range(5):
        alone = newton(start[i : i + 1], direction, value)
        np.testing.assert_array_equal(alone.beta[0], together.beta[i])
        assert alone.steps[0] == together.steps[i]


def test_a_looser_end_takes_no_more_steps():
    def direction(b):
        return -(np.exp(b) - 1) / np.exp(b), -(np.exp(b) - 1)

    def value(b):
        return (b - np.exp(b)).sum(axis=1)

    tight, rough = (newton(np.array([[3.0]]), direction, value, t) for t in (TIGHT, 1e-4))
    assert rough.steps[0] < tight.steps[0]
    assert abs(rough.beta[0, 0]) < 1e-4  # the step after the decrement is taken
