"""The loop that EM and variational models share, and the noise of their restarts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models.ascent import ascend, ascend_from_each
from weaklab.label_models.class_balance import known_balance, smoothed_balance
from weaklab.label_models.starting_noise import random_waves


def halve(x):
    """A round that closes half the distance to 0, from whichever side; the top on the right is higher."""
    return x / 2, -abs(x / 2) + (x > 0)


def test_it_stops_when_a_round_gains_little():
    """The gain is judged per row: ten times the rows, ten times the gain that does not count."""
    short, long = (ascend(halve, 1.0, max_iter=100, tol=1e-3, rows=rows) for rows in (10.0, 1.0))
    assert short.converged
    assert long.converged
    assert len(short.path) < len(long.path)
    assert np.diff(short.path)[-1] < 1e-2 <= np.diff(short.path)[-2]


def test_stopping_early_is_said():
    """Who asks for a warning gets one if, and only if, the loop did not settle."""
    with pytest.warns(NotConvergedWarning, match="Hill stopped after max_iter=3"):
        ascend(halve, 1.0, max_iter=3, tol=0, rows=1).warn("Hill")
    ascend(halve, 1.0, max_iter=100, tol=1e-3, rows=1).warn("Hill")


def test_without_rows_there_is_nothing_to_climb():
    """The start is returned, settled, and no round is run."""
    for end in (
        ascend(halve, 1.0, max_iter=3, tol=0, rows=0),
        ascend_from_each(halve, [1.0, 2.0], max_iter=3, tol=0, rows=0),
    ):
        assert (end.state, end.path, end.converged) == (1.0, [], True)


def test_the_highest_end_is_kept_and_the_first_of_equals():
    """A later climb replaces an earlier one only where it is higher by more than the tolerance."""
    kept = ascend_from_each(halve, [-1.0, 1.0, -2.0, 1.001], max_iter=50, tol=1e-3, rows=1)
    assert kept.path == ascend(halve, 1.0, max_iter=50, tol=1e-3, rows=1).path


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_drawn_from_its_distribution(seed):
    """Over many functions, noise has the distribution Beta(1/2, 1/2), and near items the same noise."""
    rng = np.random.default_rng(seed)
    waves = random_waves(np.array([[0.2, 0.9], [0.2 + 1e-12, 0.9], [0.5, 0.1]]), 2000, rng)
    assert kstest(waves[0], "beta", args=(0.5, 0.5)).pvalue > 1e-4
    np.testing.assert_allclose(waves[0], waves[1], atol=1e-9)
    assert abs(np.corrcoef(waves[0], waves[2])[0, 1]) < 5 / np.sqrt(2000)


def test_a_balance_is_learned_even_or_known():
    """The three ways to give a class balance, and what is none."""
    assert known_balance("estimate", 2) is None
    assert known_balance("uniform", 4).tolist() == [0.25] * 4
    assert known_balance([3, 1], 2).tolist() == [0.75, 0.25]
    assert smoothed_balance(np.array([2.0, 0.0])).tolist() == [0.75, 0.25]
    for wrong in ("unifrom", [1, 2, 3], [1, -1], ["a", "b"], None):
        with pytest.raises(ParameterError, match="class_balance"):
            known_balance(wrong, 2)
