"""influence: labels and scores without each labeling function, exactly and in one step."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from weaklab.analysis import influence
from weaklab.datasets import load_votes, make_votes
from weaklab.exceptions import GoldError, ParameterError, VoteError
from weaklab.label_models import DawidSkene, LabelModel, MajorityVote, PartialLabelModel
from weaklab.votes import PartialVotes


def planted(seed=0, **more):
    return make_votes(**{"n": 1500, "m": 8, "coverage": 0.4} | more, random_state=seed)


def test_exact_is_a_fit_without_the_column():
    """The table says what a user would find who leaves the function out by hand."""
    votes = planted().votes
    model = DawidSkene().fit(votes)
    table = influence(model, votes, method="exact")
    for name in ("lf_0", "lf_5"):
        fewer = votes.drop(columns=name)
        change = np.abs(DawidSkene().fit(fewer).predict_proba(fewer) - model.predict_proba(votes)).sum(axis=1) / 2
        assert table.loc[name, "change"] == pytest.approx(change.mean(), abs=1e-6)


def test_one_step_keeps_what_was_learned():
    """The posterior of the same model, with the votes taken for abstentions."""
    votes = planted().votes
    model = LabelModel().fit(votes)
    table = influence(model, votes, method="one-step")
    silent = model.predict_proba(votes.assign(lf_3=-1))
    assert table.loc["lf_3", "change"] == pytest.approx(
        np.abs(silent - model.predict_proba(votes)).sum(axis=1).mean() / 2
    )
    assert table.attrs == {"method": "one-step"}
    assert table["change"].is_monotonic_decreasing


@pytest.mark.parametrize("model", [LabelModel, DawidSkene])
@pytest.mark.parametrize("k", [2, 3])
def test_one_step_ranks_as_exact_refits_do(model, k):
    """Spearman's correlation of the changes is .85 or more on average over planted votes; it stands in for refits."""
    found = []
    for seed in range(4):
        votes = planted(seed, m=12, k=k).votes
        fitted = model().fit(votes)
        exact = influence(fitted, votes, method="exact")["change"]
        found.append(spearmanr(exact, influence(fitted, votes, method="one-step")["change"][exact.index]).statistic)
    assert np.mean(found) >= 0.85


@pytest.mark.data
@pytest.mark.parametrize("name", ["youtube", "sms", "trec"])
def test_one_step_ranks_as_exact_refits_do_on_public_data(name, public_data):
    """Real labeling functions overlap as they please."""
    votes = load_votes(public_data / name)["train"].votes
    model = LabelModel().fit(votes)
    exact = influence(model, votes, method="exact", progress=False)["change"]
    assert spearmanr(exact, influence(model, votes, method="one-step")["change"][exact.index]).statistic >= 0.8


@pytest.mark.parametrize("seed", range(5))
def test_a_function_that_is_wrong_hurts_and_a_good_one_helps(seed):
    """Majority vote counts all alike, so the harm of one that is wrong is certain; with gold it comes first."""
    votes = planted(seed, n=3000, m=6, coverage=0.6, accuracy=[0.9] + [0.75] * 4 + [0.2])
    table = influence(MajorityVote().fit(votes.votes), votes.votes, votes.y)
    assert table.index[0] == "lf_5"
    assert table.loc["lf_5", "verdict"] == "hurts"
    assert table.loc["lf_0", "verdict"] == "helps"
    assert table["gain"].is_monotonic_decreasing
    np.testing.assert_allclose(table["score_without"] - table["gain"], table.attrs["score"])


def test_functions_that_never_vote_change_nothing():
    """What is silent cannot be missed."""
    votes = planted().votes.assign(dead=-1)
    for method in ("exact", "one-step"):
        row = influence(LabelModel().fit(votes), votes, method=method).loc["dead"]
        assert row.to_dict() == pytest.approx({"votes": 0, "change": 0, "flips": 0}, abs=1e-9)


def test_large_problems_go_in_one_step_and_say_so(monkeypatch):
    """A refit per function would take hours; which of the two it was stands in attrs."""
    from weaklab.analysis import influences

    votes = planted().votes
    model = LabelModel().fit(votes)
    assert influence(model, votes).attrs["method"] == "exact"
    monkeypatch.setattr(influences, "SMALL", 10)
    assert influence(model, votes).attrs["method"] == "one-step"


def test_names_gold_of_the_fit_and_richer_votes_are_taken():
    """Classes by name, models that learned from gold, and votes that are sets."""
    votes = planted(n=300, m=4)
    named = np.array(["ham", "spam"])[votes.y]
    model = LabelModel(classes=["ham", "spam"]).fit(votes.votes, named)
    table = influence(model, votes.votes, named, fit_y=named)
    assert table.attrs["score"] == pytest.approx(model.score(votes.votes, named), abs=1e-6)
    one = votes.votes.to_numpy()
    masks = np.where(one >= 0, 1 << np.maximum(one, 0), 0).astype(np.uint64)
    rich = PartialVotes(masks, k=2, names=tuple(votes.votes.columns))
    sets = PartialLabelModel().fit(rich)
    plain = PartialLabelModel().fit(votes.votes)
    for method in ("exact", "one-step"):
        both = [influence(model, given, method=method) for model, given in ((sets, rich), (plain, votes.votes))]
        pd.testing.assert_frame_equal(*both)


class Foreign(BaseEstimator):
    """A label model that knows nothing of weaklab but the contract."""

    def fit(self, votes, y=None):
        self.classes_ = np.arange(2)
        self.model_ = MajorityVote(classes=2).fit(votes)
        return self

    def predict_proba(self, votes):
        assert isinstance(votes, pd.DataFrame)
        return self.model_.predict_proba(votes)


@pytest.mark.parametrize("method", ["exact", "one-step"])
def test_a_model_of_the_users_own_is_taken(method):
    """fit, predict_proba and classes_ are all that is asked."""
    votes = planted().votes
    theirs = influence(Foreign().fit(votes), votes, method=method)
    pd.testing.assert_frame_equal(theirs, influence(MajorityVote().fit(votes), votes, method=method))


def test_what_is_no_model_or_no_votes_of_it_is_an_error():
    """Unfitted, other functions, no rows, gold of another length or unknown, a method that is none."""
    votes = planted()
    model = LabelModel().fit(votes.votes)
    with pytest.raises(NotFittedError):
        influence(LabelModel(), votes.votes)
    with pytest.raises(ParameterError, match="fitted label model"):
        influence(LabelModel, votes.votes)
    with pytest.raises(VoteError, match="lf_0"):
        influence(model, votes.votes.rename(columns={"lf_0": "x"}))
    with pytest.raises(VoteError, match="no rows"):
        influence(model, votes.votes.iloc[:0])
    with pytest.raises(GoldError, match="shape"):
        influence(model, votes.votes, [0, 1])
    with pytest.raises(GoldError, match="None of the 1,500"):
        influence(model, votes.votes, np.full(1500, -1))
    with pytest.raises(ParameterError, match="Did you mean 'exact'"):
        influence(model, votes.votes, method="exakt")
