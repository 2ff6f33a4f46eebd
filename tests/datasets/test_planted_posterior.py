"""The planted posterior is exact: by enumeration, by calibration, and because no rule beats it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from weaklab.datasets import Group, make_votes
from weaklab.datasets.planted_posterior import planted_posterior


def by_enumeration(votes, own, balance, leader, copies, own_hard, hard) -> np.ndarray:
    """P(class | votes) by summing over everything unseen: hard or not, who copied and who did not."""
    n, m = votes.shape
    k = len(balance)
    joint = np.zeros((n, k))
    for i, y in product(range(n), range(k)):
        for is_hard in (False, True) if own_hard is not None else (False,):
            table = own_hard if is_hard else own
            share = balance[y] * ((hard if is_hard else 1 - hard) if own_hard is not None else 1)
            for copied in product((False, True), repeat=m):
                probability = share
                for j in range(m):
                    if copied[j]:
                        probability *= copies[j] * (votes[i, j] == votes[i, leader[j]])
                    else:
                        probability *= (1 - copies[j]) * table[j, y, votes[i, j]]
                joint[i, y] += probability
    return joint / joint.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("hard", [None, 0.0, 0.3, 1.0])
def test_it_equals_enumeration(seed, hard) -> None:
    """All 81 vote rows of four labeling functions, three of them a copying group: the sum over everything that is
    not seen has 32 terms per row and class, and the closed form must give the same."""
    rng = np.random.default_rng(seed)
    m, k = 4, 2
    own, own_hard = (rng.dirichlet(np.ones(k + 1), size=(m, k)) for _ in range(2))
    balance = rng.dirichlet(np.ones(k))
    leader, copies = np.array([0, 1, 1, 1]), np.array([0.0, 0.0, 0.6, 0.9])
    votes = np.array(list(product((-1, 0, 1), repeat=m)))
    table = None if hard is None else own_hard
    got = planted_posterior(votes, own, balance, leader, copies, table, hard or 0.0)
    np.testing.assert_allclose(got, by_enumeration(votes, own, balance, leader, copies, table, hard or 0.0), atol=1e-12)


def test_exact_copies_count_once() -> None:
    """What a copy repeats is no news: the posterior is that of the votes without the copies."""
    planted = make_votes(n=500, m=5, groups=[Group(3)], random_state=2)
    keep = [0, 3, 4]
    alone = planted_posterior(
        planted.votes.to_numpy()[:, keep], planted.theta[keep], planted.class_balance, np.arange(3), np.zeros(3)
    )
    np.testing.assert_allclose(planted.posterior, alone, atol=1e-12)


SETTINGS = {
    "full": {"k": 3},
    "unipolar, imbalanced": {
        "kind": "unipolar",
        "class_balance": [0.9, 0.1],
        "coverage": (0.02, 0.4),
        "class_dependence": 1.0,
    },
    "noisy copies": {"groups": [Group(4, 0.8, accuracy=0.56, coverage=0.45)], "m": 12},
    "hard rows": {"hard": 0.4, "hardness": 0.9},
    "crowd": {"kind": "crowd", "m": 60, "k": 4},
}


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_calibrated(setting, seed) -> None:
    """Of the rows that it gives p to a class, a share p must be of that class: in twenty bins, within five standard
    deviations of a sum of independent draws."""
    planted = make_votes(n=20_000, **SETTINGS[setting], random_state=seed)
    for label in range(planted.posterior.shape[1]):
        p = planted.posterior[:, label]
        place = np.minimum((p * 20).astype(int), 19)
        difference = np.bincount(place, weights=(planted.y == label) - p, minlength=20)
        variance = np.bincount(place, weights=p * (1 - p), minlength=20)
        assert (np.abs(difference) <= 5 * np.sqrt(variance) + 1).all()


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_no_other_rule_is_more_accurate(setting) -> None:
    """Majority vote, and the posterior that takes groups for independent or rows for easy, know less and can at most
    tie. 20,000 rows: five standard deviations of a difference of two accuracies are below 0.025; the observed
    difference of rules that agree on most rows varies far less, so half of that is allowed."""
    planted = make_votes(n=20_000, **SETTINGS[setting], random_state=4)
    votes = planted.votes.to_numpy()
    m, k = votes.shape[1], planted.posterior.shape[1]
    majority = np.stack([(votes == label).sum(axis=1) for label in range(k)], axis=1)
    naive = planted_posterior(votes, planted.theta, planted.class_balance, np.arange(m), np.zeros(m))
    best = (planted.posterior.argmax(axis=1) == planted.y).mean()
    for rule in (majority, naive, np.tile(planted.class_balance, (20_000, 1))):
        assert best >= (rule.argmax(axis=1) == planted.y).mean() - 0.0125
    assert best == pytest.approx(planted.bayes_accuracy, abs=5 * np.sqrt(0.25 / 20_000))
    assert best > (majority.argmax(axis=1) == planted.y).mean()


def test_copying_is_used() -> None:
    """Taking four noisy copies for independent voices costs accuracy: the exact posterior must not do so."""
    planted = make_votes(n=20_000, **SETTINGS["noisy copies"], random_state=0)
    votes = planted.votes.to_numpy()
    naive = planted_posterior(votes, planted.theta, planted.class_balance, np.arange(12), np.zeros(12))
    assert (planted.posterior.argmax(axis=1) == planted.y).mean() > (naive.argmax(axis=1) == planted.y).mean()
