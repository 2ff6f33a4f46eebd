"""Matrix completion on population moments, against plain loops, and on planted truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad

from weaklab.datasets import make_votes
from weaklab.exceptions import NotConvergedWarning, ParameterError
from weaklab.label_models import moments
from weaklab.label_models.matrix_completion import MatrixCompletion
from weaklab.label_models.problem import Problem
from weaklab.votes import check_votes, compress


def population(theta, balance):
    """Every row that can occur, with its probability; theta (m, k, k + 1), the last vote is "abstain"."""
    m, k, _ = theta.shape
    rows = np.array(list(product(range(k + 1), repeat=m)))
    given = np.prod([theta[j][:, rows[:, j]] for j in range(m)], axis=0)  # (k, rows)
    return np.where(rows == k, -1, rows), balance @ given


def theta_of(accuracies, coverage, k=2):
    """Labeling functions that are right equally often on each class."""
    theta = np.zeros((len(accuracies), k, k + 1))
    for j, (right, often) in enumerate(zip(accuracies, coverage, strict=True)):
        theta[j, :, :k] = often * ((1 - right) / (k - 1))
        theta[j, range(k), range(k)] = often * right
        theta[j, :, k] = 1 - often
    return theta


def naive_bayes(votes, theta, balance):
    """The posterior from the votes alone."""
    log_q = np.log(balance) + sum(
        np.where(votes[:, [j]] >= 0, np.log(theta[j][:, votes[:, j]]).T, 0) for j in range(votes.shape[1])
    )
    q = np.exp(log_q - log_q.max(axis=1, keepdims=True))
    return q / q.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("balance", [[0.5, 0.5], [0.3, 0.7]])
def test_population_moments_give_back_the_parameters(balance):
    """Where the moments are exact, so are the posteriors: the matrix has one completion near the prior."""
    rng = np.random.default_rng(0)
    theta = theta_of([0.85, 0.75, 0.65, 0.8, 0.7], [0.9, 0.6, 0.5, 0.7, 0.8])
    theta[:, :, :2] *= rng.uniform(0.7, 1, size=(5, 2, 1))  # how often it fires depends on the class
    theta[:, :, 2] = 1 - theta[:, :, :2].sum(axis=2)
    rows, weight = population(theta, np.array(balance))
    model = MatrixCompletion(class_balance=balance, prior_strength=1e-6, tol=1e-13, max_iter=2000)
    model.fit(rows, sample_weight=1e6 * weight)
    covered = (rows >= 0).any(axis=1)
    expected = naive_bayes(rows[covered], theta, np.array(balance))
    np.testing.assert_allclose(model.predict_proba(rows[covered]), expected, atol=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_planted_accuracies_come_back(seed):
    """On drawn votes of three classes, accuracies are found to within sampling error."""
    accuracies = np.array([0.85, 0.75, 0.7, 0.8, 0.65, 0.75])
    n, coverage = 20_000, 0.7
    votes = make_votes(n=n, m=6, k=3, coverage=coverage, accuracy=accuracies, random_state=seed).votes
    # Five standard errors of a share of n * coverage votes, four times over for not knowing the truth.
    bound = 20 * np.sqrt(0.25 / (n * coverage))
    np.testing.assert_allclose(MatrixCompletion().fit(votes).accuracies_, accuracies, atol=bound)


@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_the_loss_is_that_of_plain_loops(rng, monkeypatch, form):
    """Gram matrices and products leave out nothing and count nothing twice, and the gradient is the loss's own."""
    if form == "sparse":
        monkeypatch.setattr(moments, "DENSE_PAIRS", 0)
    votes = rng.integers(-1, 3, size=(40, 4))
    votes[votes[:, 1] > 0, 1] = -1  # labeling functions vote for different numbers of classes
    problem = Problem.of(compress(check_votes(votes, classes=3), None, rng.uniform(0.5, 2, size=40)))
    pairs, balance = problem.pairs, np.array([0.2, 0.3, 0.5])
    ours = moments.Moments(problem, balance)
    dense, weight = problem.votes.dense(), problem.weight
    fires = np.array([dense[:, j] == v for j, v in zip(pairs.lf, pairs.vote, strict=True)], dtype=float)
    share = fires @ weight / weight.sum()

    def slow(tau):
        total = 0.0
        for p, q in product(range(len(pairs)), repeat=2):
            if pairs.lf[p] != pairs.lf[q]:
                met = (fires[p] * fires[q]) @ weight / weight.sum()
                model = share[p] * share[q] * (tau[p] * tau[q] / balance).sum()
                total += (met - model) ** 2 / (share[p] * share[q])
        return total

    tau, other = rng.dirichlet(np.ones(3), size=(2, len(pairs)))
    np.testing.assert_allclose(ours.loss(tau)[0] - ours.loss(other)[0], slow(tau) - slow(other), atol=1e-12)
    shape = tau.shape
    off = check_grad(
        lambda x: ours.loss(x.reshape(shape))[0], lambda x: ours.loss(x.reshape(shape))[1].ravel(), tau.ravel()
    )
    assert off < 1e-5


def test_the_objective_never_rises(rng):
    """Each iteration explains the moments better than the last, and the fit says that it settled."""
    model = MatrixCompletion().fit(rng.integers(-1, 3, size=(500, 6)))
    assert np.diff(model.objective_path_).max() <= 0
    assert model.converged_
    assert model.n_iter_ == len(model.objective_path_)


@pytest.mark.parametrize("votes", [[[0], [1], [1]], [[0, -1], [-1, 1], [1, -1]]])
def test_where_no_two_meet_the_prior_stands(votes):
    """One labeling function, or several that never vote on the same row, keep the accuracy that the prior expects."""
    model = MatrixCompletion(prior_accuracy=0.8, prior_strength=1e6).fit(votes)
    np.testing.assert_allclose(model.predict_proba(votes).max(axis=1), 0.8, atol=1e-4)


def test_gold_rows_count_as_votes_of_the_prior(rng):
    """Gold that contradicts a labeling function turns it round."""
    y = rng.integers(2, size=2000)
    votes = np.column_stack([np.where(rng.random(2000) < right, y, 1 - y) for right in (0.1, 0.6)])
    model = MatrixCompletion(prior_strength=1).fit(votes, y)
    assert model.accuracies_[0] < 0.2
    assert model.score(votes, y) > 0.85


def test_class_balances_are_kept_or_taken_from_the_vote_share():
    """A balance is scaled where it is known; estimated, it is the share of votes with one row of each class added."""
    votes = [[0, 0], [0, -1], [1, 0], [-1, -1]]
    np.testing.assert_allclose(MatrixCompletion(class_balance=[1, 3]).fit(votes).class_prior_, [0.25, 0.75])
    estimated = MatrixCompletion(class_balance="estimate").fit(votes).class_prior_
    np.testing.assert_allclose(estimated, [3.5 / 5, 1.5 / 5])


def test_stopping_early_is_said(rng):
    """A fit that did not settle warns and says so."""
    with pytest.warns(NotConvergedWarning, match="max_iter=1 "):
        model = MatrixCompletion(max_iter=1, tol=0).fit(rng.integers(-1, 3, size=(300, 5)))
    assert not model.converged_


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_balance": "estimated"}, "Did you mean 'estimate'"),
        ({"class_balance": [1, 0]}, "2 numbers above 0"),
        ({"prior_accuracy": 1.0}, "prior_accuracy=1.0"),
        ({"prior_strength": 0}, "prior_strength=0"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"tol": -1}, "tol=-1"),
    ],
)
def test_parameters_are_checked_at_fit(parameters, message):
    """A value that a parameter cannot have is named, with what it can have."""
    with pytest.raises(ParameterError, match=message):
        MatrixCompletion(**parameters).fit(pd.DataFrame({"a": [0, 1], "b": [1, 1]}))
