"""Triplets in closed form: on population moments, by hand, and where there are no triplets."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from weaklab import MajorityVote
from weaklab.datasets import make_votes
from weaklab.exceptions import ParameterError
from weaklab.label_models.triplets import TripletModel, weighted_median


def lone(model, m, j, vote=0):
    """What a vote of one labeling function alone says of its class: its accuracy, on even classes."""
    row = np.full((1, m), -1)
    row[0, j] = vote
    return model.predict_proba(row)[0, vote]


@pytest.mark.parametrize("k", [2, 3, 4])
def test_population_moments_give_back_the_accuracies(k):
    """Exact agreements give exact accuracies, for any number of classes, any balance, and any coverage."""
    accuracies, coverage = np.array([0.9, 0.75, 0.6, 0.8]), [1.0, 0.5, 0.8, 0.6]
    balance = np.arange(1, k + 1) / np.arange(1, k + 1).sum()
    rows = np.array(list(product(range(-1, k), repeat=4)))
    weight = np.zeros(len(rows))
    for y in range(k):
        given = np.full(len(rows), balance[y])
        for j in range(4):
            right, often = accuracies[j], coverage[j]
            vote = rows[:, j]
            given *= np.select([vote == -1, vote == y], [1 - often, often * right], often * (1 - right) / (k - 1))
        weight += given
    model = TripletModel(classes=k).fit(rows, sample_weight=1e9 * weight)
    np.testing.assert_allclose([lone(model, 4, j) for j in range(4)], accuracies, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_planted_accuracies_come_back(seed):
    """On drawn votes, accuracies are found to within sampling error."""
    n, m, coverage = 20_000, 40, 0.3
    planted = make_votes(n=n, m=m, k=3, coverage=coverage, accuracy=(0.6, 0.9), random_state=seed)
    model = TripletModel().fit(planted.votes)
    # Two functions meet on n * coverage^2 rows; ten standard errors, as agreement is divided by agreement.
    bound = 10 * np.sqrt(0.25 / (n * coverage**2))
    np.testing.assert_allclose([lone(model, m, j) for j in range(m)], planted.accuracy, atol=bound)


def test_three_labeling_functions_by_hand(rng):
    """One triplet: the square root of a product of agreements, shrunk by the votes that it is worth."""
    votes = rng.integers(0, 2, size=(300, 3))
    votes[:, 1] = np.where(rng.random(300) < 0.8, votes[:, 0], votes[:, 1])
    votes[:, 2] = np.where(rng.random(300) < 0.7, votes[:, 0], votes[:, 2])
    votes[rng.random((300, 3)) < 0.2] = -1

    def agreement(i, j):
        both = (votes[:, i] >= 0) & (votes[:, j] >= 0)
        return both.sum(), 2 * (votes[both, i] == votes[both, j]).mean() - 1

    (n01, m01), (n02, m02), (n12, m12) = agreement(0, 1), agreement(0, 2), agreement(1, 2)
    estimate = np.sqrt(min(abs(m01 * m02 / m12), 1))
    worth = m12**2 / (1 / n01 + 1 / n02 + 1 / n12)
    edge = (worth * estimate + 20 * 0.4) / (worth + 20)
    np.testing.assert_allclose(lone(TripletModel().fit(votes), 3, 0), (1 + edge) / 2, atol=1e-12)


def test_two_labeling_functions_share_their_agreement(rng):
    """With no third, both get the root of what they share; one alone keeps the prior."""
    votes = rng.integers(0, 2, size=(400, 2))
    votes[:100, 1] = votes[:100, 0]
    m = 2 * (votes[:, 0] == votes[:, 1]).mean() - 1
    edge = (400 * np.sqrt(abs(m)) + 20 * 0.4) / 420
    model = TripletModel().fit(votes)
    np.testing.assert_allclose([lone(model, 2, 0), lone(model, 2, 1)], (1 + edge) / 2, atol=1e-12)
    assert lone(TripletModel().fit(votes[:, :1]), 1, 0) == pytest.approx(0.7)


@pytest.mark.parametrize("k", [2, 5])
def test_without_triplets_it_is_majority_vote(k):
    """Functions that only ever vote for one class tell nothing of each other: none is trusted more than another."""
    votes = make_votes(n=500, m=9, k=k, kind="unipolar", coverage=0.15, random_state=1).votes
    covered = (votes >= 0).any(axis=1)
    np.testing.assert_array_equal(
        TripletModel(classes=k).fit(votes).predict(votes, ties="abstain")[covered],
        MajorityVote(classes=k).fit(votes).predict(votes, ties="abstain")[covered],
    )


def test_functions_are_taken_to_be_better_than_chance(rng):
    """A triplet cannot tell all right from all wrong, so a unanimous row keeps its class."""
    votes = rng.integers(0, 3, size=(200, 6))
    model = TripletModel(classes=3, prior_strength=1).fit(votes)
    assert model.predict(np.tile([[0], [1], [2]], 6)).tolist() == [0, 1, 2]


def test_gold_rows_are_votes_of_known_worth(rng):
    """With gold on every row and no overlap, accuracies are shrunk shares of right votes."""
    y = rng.integers(2, size=500)
    votes = np.where(rng.random(500) < 0.9, y, 1 - y)[:, None]
    right = (votes[:, 0] == y).sum()
    expected = (1 + (2 * right - 500 + 20 * 0.4) / 520) / 2
    assert lone(TripletModel().fit(votes, y), 1, 0) == pytest.approx(expected)


def test_which_partners_are_chosen_does_not_depend_on_places(rng):
    """With more candidates than partners, and equal overlaps, a shuffle of functions changes nothing."""
    y = rng.integers(2, size=300)
    votes = np.where(rng.random((300, 25)) < rng.uniform(0.55, 0.9, size=25), y[:, None], 1 - y[:, None])
    order = rng.permutation(25)
    one = TripletModel(partners=5).fit(votes).predict_proba(votes)
    other = TripletModel(partners=5).fit(votes[:, order]).predict_proba(votes[:, order])
    np.testing.assert_allclose(other, one, atol=1e-9)


def test_thousands_of_functions_fit_in_bounded_time_and_memory(rng):
    """The sparse table of co-occurrences gives accuracies as the dense one does."""
    y = rng.integers(5, size=4000)
    j = np.sort(rng.integers(0, 900, size=(4000, 4)), axis=1)
    votes = np.full((4000, 900), -1, dtype=np.int8)
    votes[np.arange(4000)[:, None], j] = np.where(
        rng.random((4000, 4)) < 0.8, y[:, None], rng.integers(5, size=(4000, 4))
    )
    model = TripletModel(classes=5).fit(votes)
    assert len(np.unique(votes[votes >= 0])) * 900 > 4000, "the table must be sparse"
    assert (model.predict(votes) == y).mean() > 0.9


def test_class_balances_are_kept_or_taken_from_the_vote_share():
    """A balance is scaled where it is known; estimated, it is the share of votes with one row of each class added."""
    votes = [[0, 0], [0, -1], [1, 0], [-1, -1]]
    np.testing.assert_allclose(TripletModel(class_balance=[1, 3]).fit(votes).class_prior_, [0.25, 0.75])
    np.testing.assert_allclose(TripletModel(class_balance="estimate").fit(votes).class_prior_, [3.5 / 5, 1.5 / 5])


def test_weighted_median_is_the_median_of_repetitions(rng):
    """A whole weight means as much as repeating the value."""
    for size in range(1, 12):
        values, weights = rng.normal(size=size), rng.integers(1, 5, size=size)
        expected = np.median(np.repeat(values, weights))
        assert weighted_median(values, weights.astype(float)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_balance": "uniformly"}, "Did you mean 'uniform'"),
        ({"class_balance": [1, 1, 1]}, "2 numbers above 0"),
        ({"partners": 1}, "partners=1"),
        ({"prior_accuracy": 0}, "prior_accuracy=0"),
        ({"prior_strength": -1}, "prior_strength=-1"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        TripletModel(**parameters).fit(pd.DataFrame({"a": [0, 1], "b": [1, 1]}))
