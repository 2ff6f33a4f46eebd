"""The public matrices, where they are at hand: what load_votes reads is what their metadata says."""

from __future__ import annotations

import numpy as np
import pytest

from weaklab import metrics
from weaklab.datasets import load_votes
from weaklab.votes import break_ties

CLASSIFICATION = ["youtube", "sms", "trec", "census", "spouse", "mushroom", "tennis", "spouse_cage10"]
CROWDS = ["bluebird", "rte", "dog", "web", "fact_eval", "cf_amt", "sp", "s4_relevance", "weather_sentiment"]


@pytest.mark.data
@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_sets_have_their_published_figures(public_data, name) -> None:
    """Sizes, coverage, overlap, conflict and class balance were computed elsewhere, from the same files."""
    sets = load_votes(public_data / name)
    meta = next(iter(sets.values())).meta
    assert {split: data.n for split, data in sets.items()} == meta["splits"]
    for split, data in sets.items():
        stats, votes = meta["stats"][split], data.votes.to_numpy()
        assert (data.n, data.m, data.k) == (stats["n"], stats["m"], meta["n_classes"])
        assert len(data.frame) == data.n
        fired = (votes >= 0).sum(axis=1)
        highest = votes.max(axis=1)
        lowest = np.where(votes >= 0, votes, 99).min(axis=1)
        assert (fired > 0).mean() == pytest.approx(stats["coverage"])
        assert (votes >= 0).mean() == pytest.approx(stats["mean_lf_coverage"])
        assert (fired > 1).mean() == pytest.approx(stats["overlap"])
        assert ((fired > 1) & (highest != lowest)).mean() == pytest.approx(stats["conflict"])
        assert (data.y >= 0).any() == stats["gold"]
        if stats["gold"]:
            shares = np.bincount(data.y[data.y >= 0], minlength=data.k) / (data.y >= 0).sum()
            np.testing.assert_allclose(shares, stats["class_balance"])


@pytest.mark.data
@pytest.mark.parametrize("name", CROWDS)
@pytest.mark.parametrize("sparse", [False, True])
def test_crowds_have_their_published_figures(public_data, name, sparse) -> None:
    """Tasks, workers, answers and gold: no answer is lost but those that a worker replaced."""
    data = load_votes(public_data / f"crowd_{name}", sparse=sparse)["all"]
    stats = data.meta["stats"]
    stored = data.votes.nnz if sparse else int((data.votes >= 0).to_numpy().sum())
    assert (data.n, data.m, data.k) == (stats["tasks"], stats["workers"], stats["k"])
    assert stored + data.repeated == stats["labels"]
    assert np.bincount(data.y[data.y >= 0], minlength=data.k).tolist() == stats["gold_balance"]


@pytest.mark.data
@pytest.mark.parametrize("name", ["bc5cdr", "laptopreview"])
def test_sequences_have_their_sentences(public_data, name) -> None:
    """As many sentences as the source counts, and the benchmark's labeling functions by name."""
    sets = load_votes(public_data / f"seq_{name}")
    for split, data in sets.items():
        assert data.frame["sentence"].nunique() == data.meta["splits"][split]
        assert data.frame["sentence"].is_monotonic_increasing
        assert [data.votes.columns[j] for j in data.meta["lf_rec_idx"]] == data.meta["lf_rec"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "score", "published"),
    [
        ("youtube", metrics.accuracy, 84.00),
        ("trec", metrics.accuracy, 60.80),
        ("sms", metrics.f1, 23.97),
        ("census", metrics.f1, 32.80),
        ("spouse", metrics.f1, 20.8),
    ],
)
def test_majority_vote_has_the_benchmark_s_figure(public_data, name, score, published) -> None:
    """Ties go by row number there, so that the figure comes out only if rows, votes, gold and score are all right."""
    test = load_votes(public_data / name)["test"]
    votes = test.votes.to_numpy()
    counts = np.stack([(votes == label).sum(axis=1) for label in range(test.k)], axis=1)
    digits = len(str(published).partition(".")[2])
    assert round(100 * score(test.y, break_ties(counts, "hash")), digits) == published
