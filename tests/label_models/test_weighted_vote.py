"""The weighted vote against loops over rows, enumeration of all votes, and its corners."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import ParameterError
from weaklab.label_models.weighted_vote import WeightedVote


def by_hand(votes, k, gold=None):
    """Wawa written anew, a row and a vote at a time: weights (m,) and shares (n, k)."""
    n, m = votes.shape
    agreed, voted = np.zeros(m), np.zeros(m)
    for i in range(n):
        tally = [sum(v == y for v in votes[i]) for y in range(k)]
        top = [y for y in range(k) if tally[y] == max(tally)]
        for j in range(m):
            if votes[i, j] >= 0:
                voted[j] += 1
                known = gold is not None and gold[i] >= 0
                agreed[j] += votes[i, j] == gold[i] if known else (votes[i, j] in top) / len(top)
    weights = agreed / voted
    shares = np.array([[sum(weights[j] for j in range(m) if row[j] == y) for y in range(k)] for row in votes])
    return weights, shares / shares.sum(axis=1, keepdims=True)


def draw(rng, n, m, k):
    """Votes of which each row has one at least."""
    votes = rng.integers(-1, k, size=(n, m))
    votes[:, 0] = rng.integers(k, size=n)
    return votes


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [2, 4])
def test_it_is_wawa(seed, k):
    """Weights and shares are those of the definition, gold in place of the majority where it is known."""
    rng = np.random.default_rng(seed)
    votes = draw(rng, 60, 5, k)
    gold = np.where(rng.random(60) < 0.3, rng.integers(k, size=60), -1)
    for y in (None, gold):
        model = WeightedVote(classes=k).fit(votes, y)
        weights, shares = by_hand(votes, k, y)
        np.testing.assert_allclose(model.weights_, weights, atol=1e-12)
        np.testing.assert_allclose(model.predict_proba(votes), shares, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_weights_tend_to_the_expected_agreement(seed):
    """On planted accuracies the weights come near the agreement that enumerating all votes gives."""
    accuracy, n = np.array([0.9, 0.7, 0.6]), 4000
    expected = np.zeros(3)
    for right in product([0, 1], repeat=3):
        chance = np.prod(np.where(right, accuracy, 1 - accuracy))
        expected += chance * (np.array(right) == (sum(right) >= 2))
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    votes = np.where(rng.random((n, 3)) < accuracy, y[:, None], 1 - y[:, None])
    # Five standard errors of a share of n rows.
    np.testing.assert_allclose(WeightedVote().fit(votes).weights_, expected, atol=5 * np.sqrt(0.25 / n))


def test_votes_without_weight_count_alike():
    """Where no voter was ever right or seen before, the shares of their votes are what is left."""
    votes = [[0, 0, 0, 1, -1], [1, 1, 1, 0, -1]]
    model = WeightedVote().fit(votes)
    assert model.weights_.tolist() == [1, 1, 1, 0, 0]
    probs = model.predict_proba([[-1, -1, -1, 1, -1], [-1, -1, -1, 1, 0], [0, -1, -1, 1, 1]])
    np.testing.assert_allclose(probs, [[0, 1], [0.5, 0.5], [1, 0]])


def test_explanations_split_the_share(rng):
    """The parts that labeling functions bring add up to the probabilities, named or not."""
    votes = draw(rng, 50, 4, 3)
    for data in (votes, pd.DataFrame(votes, columns=list("abcd"))):
        model = WeightedVote(classes=3).fit(data)
        for i in range(10):
            parts = model.explain(votes[i])[[0, 1, 2]].to_numpy(dtype=float)
            np.testing.assert_allclose(parts.sum(axis=0), model.predict_proba(votes[i : i + 1])[0], atol=1e-12)


def test_parameters_are_checked_at_fit():
    """A seed that is none is named."""
    with pytest.raises(ParameterError, match="'x'"):
        WeightedVote(random_state="x").fit([[0, 1]])
