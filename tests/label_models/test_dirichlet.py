"""Expected logarithms and divergences of Dirichlet distributions against numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from weaklab.label_models.dirichlet import VoteDirichlets, divergence, expected_log
from weaklab.votes import check_votes
from weaklab.votes.pairs import pair_up


@pytest.mark.parametrize(("a", "b"), [((2.0, 3.0), (1.0, 1.0)), ((4.5, 1.2), (4.0, 1.0)), ((9.0, 30.0), (0.5, 0.5))])
def test_two_outcomes_match_integration(a, b):
    """A Dirichlet distribution of two outcomes is a Beta distribution, which can be integrated."""
    q, p = beta(*a), beta(*b)
    assert expected_log(np.array(a))[0] == pytest.approx(quad(lambda x: q.pdf(x) * np.log(x), 0, 1)[0], rel=1e-6)
    kl = quad(lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), 0, 1)[0]
    assert divergence(np.array(a), np.array(b)) == pytest.approx(kl, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("per_class", [1, 2])
def test_votes_that_do_not_occur_need_no_entry(seed, per_class):
    """What is kept per pair gives the numbers of the dense tables, silent labeling functions and unseen votes too."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, 4, size=(20, 3))
    votes[:, 1] = -1
    votes[votes[:, 2] == 3, 2] = -1
    pairs, _ = pair_up(check_votes(votes, classes=4))
    states = 4 * per_class
    counts = rng.gamma(1.0, 5.0, size=(len(pairs), states))
    ours = VoteDirichlets.of(pairs, counts, 3, right=4.0, wrong=1.0)
    prior = np.where(np.arange(4) == np.repeat(np.arange(4), per_class)[:, None], 4.0, 1.0)  # (states, k)
    dense = np.tile(prior, (3, 1, 1))  # (m, states, k)
    np.add.at(dense, (pairs.lf[:, None], np.arange(states), pairs.vote[:, None]), counts)
    assert ours.divergence(pairs) == pytest.approx(divergence(dense, np.broadcast_to(prior, dense.shape)))
    everything, _ = pair_up(check_votes(np.tile(np.arange(4)[:, None], 3), classes=4))
    log = ours.expected_log(everything, pairs.find(everything))
    np.testing.assert_allclose(log, expected_log(dense)[everything.lf, :, everything.vote], rtol=1e-12)
