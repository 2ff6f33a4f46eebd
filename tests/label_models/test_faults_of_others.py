"""Silent faults that users of an earlier label model met, each as a promise that ours keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from weaklab.datasets import make_votes
from weaklab.exceptions import VoteError
from weaklab.label_models import DawidSkene, LabelModel, MajorityVote

MODELS = [MajorityVote, DawidSkene, LabelModel]


@pytest.mark.parametrize("model", MODELS)
def test_many_votes_do_not_underflow(model):
    """300 labeling functions on every row and 20 classes: products of probabilities would be 0 / 0."""
    votes = make_votes(n=200, m=300, k=20, coverage=1.0, random_state=0).votes
    probs = model(classes=20).fit(votes).predict_proba(votes)
    assert np.isfinite(probs).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1)


def test_a_row_without_votes_can_stay_unlabelled():
    """Under an uneven prior, silence is not a vote for the larger class unless one says so: weight 0, and "abstain"
    where the prior ties."""
    votes = np.array([[0, 0], [1, 1], [-1, -1]] * 30)
    soft = LabelModel(class_balance=[0.2, 0.8]).fit(votes).labels(votes)
    assert soft.weight[2] == 0
    assert MajorityVote().fit(votes).predict(votes, ties="abstain")[2] == -1


@pytest.mark.parametrize("model", MODELS)
def test_a_vote_out_of_range_is_an_error_at_predict(model):
    """A class that fit did not know is named, not ignored."""
    fitted = model(classes=2).fit([[0, 1], [1, 1]])
    with pytest.raises(VoteError, match="column 1 in row 0 is 2"):
        fitted.predict_proba([[0, 2]])


@pytest.mark.parametrize("model", MODELS)
def test_the_same_votes_give_the_same_bits_and_no_global_seed_is_touched(model):
    """The default seed is fixed, and nobody else's random numbers change."""
    votes = make_votes(n=500, m=5, random_state=1).votes
    np.random.seed(7)  # noqa: NPY002 (it is the legacy state that must not be touched)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = (model().fit(votes).predict_proba(votes) for _ in range(2))
    assert np.array_equal(one, two)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("model", MODELS)
def test_a_function_that_never_votes_has_no_accuracy(model):
    """Neither 1.0 nor 0.0: it is not known."""
    assert np.isnan(model().fit([[0, -1], [1, -1], [1, -1]]).accuracies_[1])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("m", [1, 2])
def test_one_or_two_functions_are_enough(model, m):
    """There is no minimum of three."""
    votes = np.array([[0, 0], [1, 1], [1, -1]] * 10)[:, :m]
    assert model().fit(votes).predict(votes)[:2].tolist() == [0, 1]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("form", [list, pd.DataFrame, scipy.sparse.csr_array])
def test_votes_come_in_any_form(model, form):
    """Lists, frames and sparse matrices are no errors of strange kinds."""
    votes = np.array([[0, 1], [1, 1], [-1, 0]])
    given = form(votes + 1) if form is scipy.sparse.csr_array else form(votes)
    assert model().fit(given).predict_proba(given).shape == (3, 2)


def test_partial_gold_with_unknown_rows_and_missing_classes_is_taken():
    """-1 among the gold labels means unknown, and a class without gold is no error."""
    votes = make_votes(n=300, m=5, k=3, coverage=0.6, random_state=2).votes
    gold = np.full(300, -1)
    gold[:10] = 1
    assert np.isfinite(LabelModel(classes=3).fit(votes, gold).predict_proba(votes)).all()


@pytest.mark.parametrize("n_classes", [2, 4])
def test_unanimous_votes_are_not_contradicted(n_classes):
    """No labeling function is believed to be an enemy without evidence: agreement of all decides."""
    planted = make_votes(n=2000, m=6, k=n_classes, coverage=0.7, random_state=3)
    votes = planted.votes.to_numpy()
    voted = (votes >= 0).sum(axis=1) >= 2
    low, high = np.where(votes >= 0, votes, 99).min(axis=1), votes.max(axis=1)
    agreed = voted & (low == high)
    assert agreed.sum() > 50
    assert np.array_equal(LabelModel().fit(votes).predict(votes)[agreed], high[agreed])


def test_training_longer_does_not_ruin_imbalanced_classes():
    """.9 / .1 and an unknown balance: converged, and far above what an even prior makes of it."""
    planted = make_votes(n=5000, m=10, coverage=0.4, class_balance=[0.9, 0.1], random_state=4)
    where = (planted.votes >= 0).any(axis=1).to_numpy()
    score = (LabelModel().fit(planted.votes).predict(planted.votes)[where] == planted.y[where]).mean()
    assert score > (MajorityVote().fit(planted.votes).predict(planted.votes)[where] == planted.y[where]).mean()
