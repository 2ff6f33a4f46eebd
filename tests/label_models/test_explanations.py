"""Explanations: contributions of labeling functions in log-odds, which add up to the posterior for every model."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab import label_models
from weaklab.exceptions import VoteError, WeaklabWarning
from weaklab.label_models import BaseLabelModel
from weaklab.testing import laws_for
from weaklab.votes import PartialVotes, SoftVotes

#: Arguments that make fits short; sums must be exact wherever a fit ends.
SHORT = {
    "MACE": {"n_restarts": 1, "max_iter": 5},
    "GLAD": {"n_nodes": 5, "max_iter": 5},
    "EBCC": {"n_subtypes": 2, "n_restarts": 1, "max_iter": 5},
}


def claiming():
    """Every label model of the room that does not exempt itself from the law."""
    for name in label_models.__all__:
        kind = getattr(label_models, name)
        if issubclass(kind, BaseLabelModel) and kind is not BaseLabelModel:
            model = kind(**SHORT.get(name, {}))
            if "explanations_add_up" in dict(laws_for(model)):
                yield pytest.param(model, id=name)


@st.composite
def problems(draw):
    """Random votes, often silent, sometimes with gold, and a seed."""
    n, m, k = draw(st.integers(1, 25)), draw(st.integers(1, 6)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    quiet = draw(st.sampled_from([0.0, 0.4, 0.9]))
    votes = np.where(rng.random((n, m)) < quiet, -1, rng.integers(0, k, (n, m)))
    gold = np.where(rng.random(n) < 0.3, rng.integers(0, k, n), -1) if draw(st.booleans()) else None
    return votes, gold, k, rng


def fitted(model, votes, gold, k):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeaklabWarning)
        return model.set_params(classes=k).fit(votes, gold)


def assert_adds_up(model, row):
    """The softmax of the summed contributions is the posterior."""
    scores = model.explain(row).drop(columns="vote").to_numpy(dtype=float).sum(axis=0)
    odds = np.exp(scores - scores.max())
    np.testing.assert_allclose(odds / odds.sum(), model.predict_proba(row)[0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("model", list(claiming()))
@settings(max_examples=25, deadline=None)
@given(problem=problems())
def test_contributions_add_up_to_the_posterior_on_random_votes(model, problem):
    """To 1e-9, on rows of the fit, on a row without votes, and on votes that the fit never saw."""
    votes, gold, k, rng = problem
    fitted(model, votes, gold, k)
    m = votes.shape[1]
    for row in (votes[:1], votes[-1:], np.full((1, m), -1), rng.integers(-1, k, (1, m))):
        assert_adds_up(model, row)


@pytest.mark.parametrize("kind", [PartialVotes, SoftVotes])
@settings(max_examples=25, deadline=None)
@given(problem=problems())
def test_contributions_add_up_for_richer_votes(kind, problem):
    """Sets of classes and distributions are votes like others."""
    votes, gold, k, rng = problem
    if kind is PartialVotes:
        rich = PartialVotes(np.where(votes >= 0, rng.integers(1, 2**k, votes.shape), 0).astype(np.uint64), k=k)
        model, first = label_models.PartialLabelModel(), PartialVotes(rich.masks[:1], k=k)
    else:
        rich = SoftVotes(np.where(votes[:, :, np.newaxis] >= 0, rng.dirichlet(np.ones(k), votes.shape), np.nan))
        model, first = label_models.ContinuousModel(), SoftVotes(rich.probs[:1])
    assert_adds_up(fitted(model, rich, gold, k), first)


@pytest.mark.parametrize("model", list(claiming()))
@settings(max_examples=10, deadline=None)
@given(problem=problems())
def test_contributions_of_several_rows_add_up_and_are_those_of_each_alone(model, problem):
    """A frame of votes at once says what its rows say one by one, to 1e-9 of the posteriors."""
    votes, gold, k, rng = problem
    fitted(model, votes, gold, k)
    some = np.vstack([votes, np.full((1, votes.shape[1]), -1), rng.integers(-1, k, (2, votes.shape[1]))])
    index = [f"row {i}" for i in range(len(some))]
    table = model.explain(pd.DataFrame(some, index=index, columns=range(votes.shape[1])))
    assert table.index.names == ["row", "labeling function"]
    assert table.index.get_level_values("row").unique().tolist() == index
    scores = table.drop(columns="vote").groupby("row", sort=False).sum().to_numpy(dtype=float)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(odds / odds.sum(axis=1, keepdims=True), model.predict_proba(some), rtol=0, atol=1e-9)
    for i in (0, len(some) - 3, len(some) - 1):
        alone = model.explain(some[i])
        there = table.loc[index[i]]
        assert there["vote"].tolist() == alone["vote"].tolist()
        np.testing.assert_allclose(there.drop(columns="vote"), alone.drop(columns="vote"), rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", [PartialVotes, SoftVotes])
def test_richer_votes_on_several_rows_say_what_they_are(kind, rng):
    """Sets and distributions stand in the table as on one row, whichever row they are on."""
    if kind is PartialVotes:
        rich, model = PartialVotes([[0b011, 0], [0, 0], [0b100, 0b011]], k=3), label_models.PartialLabelModel()
        said = [None, (0, 1), None, None, 2, (0, 1)]
    else:
        silent = [np.nan] * 2
        probs = [[[0.9, 0.1], silent], [silent, silent], [[0.5, 0.5], [1.0, 0.0]]]
        rich, model = SoftVotes(probs), label_models.ContinuousModel()
        said = [None, {0: 0.9, 1: 0.1}, None, None, {0: 0.5, 1: 0.5}, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeaklabWarning)
        table = model.fit(rich).explain(rich)
    assert table["vote"].tolist() == said
    scores = table.drop(columns="vote").groupby("row").sum().to_numpy(dtype=float)
    odds = np.exp(scores)
    np.testing.assert_allclose(odds / odds.sum(axis=1, keepdims=True), model.predict_proba(rich), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["MajorityVote", "WeightedVote"])
def test_votes_and_their_shares_are_told_of_several_rows(name, rng):
    """What is no sum of log-odds is still a line per vote, and a row without votes has none."""
    votes = rng.integers(-1, 3, (40, 5))
    votes[3] = -1
    model = getattr(label_models, name)(classes=3).fit(votes)
    sums = model.explain(votes).drop(columns="vote").groupby("row").sum().reindex(range(40), fill_value=0.0)
    voted = (votes[:, :, np.newaxis] == np.arange(3)).sum(axis=1)
    if name == "WeightedVote":
        voted = model.predict_proba(votes) * (np.arange(40) != 3)[:, np.newaxis]
    np.testing.assert_allclose(sums.to_numpy(dtype=float), voted, atol=1e-12)


def test_rows_that_share_a_label_cannot_be_told_apart():
    """Sums by row would add the explanations of two rows, and say nothing."""
    votes = pd.DataFrame({"a": [0, 1, 1], "b": [0, 1, 0], "c": [0, 1, 1]}, index=["x", "y", "x"])
    model = label_models.LabelModel().fit(pd.concat([votes] * 30))
    with pytest.raises(VoteError, match=r"'x' stands for 2 rows.*reset_index"):
        model.explain(votes)
    assert len(model.explain(votes[:1])) == 4
    pairs = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)])
    assert model.explain(votes.set_axis(pairs)).index[0] == (("x", 1), "(prior)")


def test_only_rules_that_count_votes_claim_no_log_odds():
    """A majority and a share of votes are no sums of log-odds; whoever else cannot add up must say so here."""
    names = {param.id for param in claiming()}
    kinds = {
        name
        for name in label_models.__all__
        if issubclass(getattr(label_models, name), BaseLabelModel) and name != "BaseLabelModel"
    }
    assert kinds - names == {"MajorityVote", "WeightedVote"}
