"""What a label model tells of votes that it has not seen: a score where there is no gold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from weaklab import metrics
from weaklab.analysis.model_votes import ModelVotes
from weaklab.label_models.tempered import partial_lfs
from weaklab.typing import Floats
from weaklab.votes import VoteMatrix
from weaklab.votes.pairs import pair_up
from weaklab.votes.sampling import spread_rows

#: The share of the rows that are held out.
HELD_OUT = 0.25
#: Held-out rows that are looked at, and as many of the others, to learn how votes follow the class.
MOST_ROWS = 10_000


class HeldOutVotes(NamedTuple):
    """What a model tells of held-out rows."""

    gain: Floats  # (rows,): nats by which their votes are likelier than by each function's own shares
    votes: Floats  # (rows,): how many votes each row has

    @property
    def per_vote(self) -> float:
        """Nats per vote."""
        return float(self.gain.sum() / max(self.votes.sum(), 1.0))


def split(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, and rows that are held out, by position."""
    order = rng.permutation(n)
    cut = round(n * HELD_OUT)
    return np.sort(order[cut:]), np.sort(order[:cut])


def held_out_votes(model: Any, matrix: VoteMatrix, learn: np.ndarray, test: np.ndarray) -> HeldOutVotes:
    r"""How well votes of held-out rows are predicted from the other votes on the row, through the class.

    The model is fitted to the rows ``learn``. There, and on the rows ``test``, each labeling function is left out in
    turn, and the label of its rows is the class that the others make the likeliest: :math:`q^{-j}` is 1 there, evenly
    over ties, so that how sure a model is does not count. With
    :math:`\hat\theta_{jyv}` the share of votes v on rows of class y by these labels on ``learn``, and
    :math:`\hat p_{jv}` the share on all, smoothed by one vote, the gain of a vote v on a row of ``test`` is

    .. math:: \log \sum_y q^{-j}_y \hat\theta_{jyv} - \log \hat p_{jv}

    A labeling function that never votes for some class is predicted to vote or not on all rows, any other on those on
    which it votes. Only ``fit`` and ``predict_proba`` are used, so that any label model has a score.

    Parameters
    ----------
    model : label model
        Not fitted, or fitted: a clone learns.
    matrix : VoteMatrix
        n rows.
    learn, test : ndarray of int
        Rows by position, none in both.

    Returns
    -------
    HeldOutVotes
        Of the rows of ``test`` that have votes, ``MOST_ROWS`` at most.
    """
    fitted = clone(model)
    seen = ModelVotes(fitted, matrix.take(learn))
    fitted.fit(seen.all_votes())
    learn, test = (rows[matrix.covered[rows]] for rows in (learn, test))
    learn, test = (rows[spread_rows(len(rows), MOST_ROWS)] for rows in (learn, test))
    before, after = ModelVotes(fitted, matrix.take(learn)), ModelVotes(fitted, matrix.take(test))
    partial = partial_lfs(pair_up(matrix)[0], matrix.m)
    gain = np.zeros(len(test))
    full_before, full_after = metrics.tied(before.predict_proba()), metrics.tied(after.predict_proba())
    for j in np.flatnonzero(matrix.lf_counts):
        said_before, q_before = _left_out(before, int(j), full_before, bool(partial[j]))
        said_after, q_after = _left_out(after, int(j), full_after, bool(partial[j]))
        rows = np.arange(len(test)) if partial[j] else after.matrix.rows[after.matrix.lf == j]
        counts = np.zeros((matrix.k + 1, matrix.k))  # the last row is silence
        np.add.at(counts, said_before, q_before)
        share = (counts.sum(axis=1) + 1 / (matrix.k + 1)) / (counts.sum() + 1)
        theta = (counts + share[:, np.newaxis]) / (counts.sum(axis=0) + 1)  # (vote, class)
        gain[rows] += np.log((theta[said_after] * q_after).sum(axis=1)) - np.log(share[said_after])
    return HeldOutVotes(gain, after.matrix.row_counts.astype(np.float64))


def _left_out(seen: ModelVotes, j: int, full: Floats, silence: bool) -> tuple[np.ndarray, Floats]:
    """What a labeling function says, k for nothing, and the labels that the others give; on the rows that count."""
    rows, without = seen.rows_without(j)
    without = metrics.tied(without) if len(rows) else without
    matrix = seen.matrix
    said = matrix.vote[matrix.lf == j].astype(np.int64)
    if not silence:
        return said, without
    all_said, q = np.full(matrix.n, matrix.k), full.copy()
    all_said[rows], q[rows] = said, without
    return all_said, q
