"""Explanations: contributions of labeling functions in log-odds, which add up to the posterior for every model."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab import label_models
from weaklab.exceptions import WeaklabWarning
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


def test_only_rules_that_count_votes_claim_no_log_odds():
    """A majority and a share of votes are no sums of log-odds; whoever else cannot add up must say so here."""
    names = {param.id for param in claiming()}
    kinds = {
        name
        for name in label_models.__all__
        if issubclass(getattr(label_models, name), BaseLabelModel) and name != "BaseLabelModel"
    }
    assert kinds - names == {"MajorityVote", "WeightedVote"}
