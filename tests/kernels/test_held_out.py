"""Leaving each vote out in turn: the kernel beside posteriors of rows that lack the vote."""

from __future__ import annotations

import numpy as np

from weaklab._kernels.em import posterior
from weaklab._kernels.held_out import leave_out
from weaklab.label_models.tempered import row_scale
from weaklab.votes import check_votes
from weaklab.votes.pairs import pair_up


def test_it_counts_what_rows_without_the_vote_say(rng):
    """One posterior per vote, of a matrix in which it is an abstention; and one per row for the other two tables."""
    votes = rng.integers(-1, 3, size=(60, 5))
    votes = votes[(votes >= 0).sum(axis=1) > 1]
    matrix = check_votes(votes, classes=3)
    pairs, pair = pair_up(matrix)
    weights, prior, weight = rng.normal(size=(len(pairs), 3)), rng.normal(size=3), rng.uniform(0, 2, size=matrix.n)
    scale = row_scale(np.arange(6))

    def q_of(rows):
        some = check_votes(rows, classes=3)
        own, number = pair_up(some)
        return posterior(some.indptr, number, scale, weights[pairs.find(own)], prior)

    joint, present, total = leave_out(matrix.indptr, pair, pairs.lf, weight, scale, weights, prior, 5)
    whole = q_of(votes) * weight[:, np.newaxis]
    np.testing.assert_allclose(total, whole.sum(axis=0))
    np.testing.assert_allclose(present, [whole[votes[:, j] >= 0].sum(axis=0) for j in range(5)])
    for p, (j, v) in enumerate(zip(pairs.lf, pairs.vote, strict=True)):
        there = votes[:, j] == v
        rows = votes[there].copy()
        rows[:, j] = -1
        np.testing.assert_allclose(joint[p], weight[there] @ q_of(rows))
