"""Thousands of classes: where tables of (labeling function, vote) by class stop, and what stands in for them.

With m labeling functions and k classes there are up to m k pairs (labeling function, vote), and a table of pairs by
classes has up to m k^2 cells: 0.4 billion for 200 labeling functions and 1,461 classes. That is more memory than most
machines have, more time than anyone has, and hopeless: the votes on 100,000 rows cannot fill it.

So the size of that table, ``pairs * k`` and nothing else, decides. Beyond :data:`MOST_CELLS`, models whose votes are
right or wrong, or can be taken so, learn per pair how often it is right; when it is wrong, each other class is as
likely as its share of the rows. A vote then says the same of each other class, and a row is a matter of the classes
that it has votes for (:mod:`weaklab._kernels.candidates`). Models that need the table refuse beyond
:data:`LARGEST_TABLE`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from weaklab.exceptions import ParameterError
from weaklab.typing import Floats
from weaklab.votes.pairs import PairTable

#: Up to this many cells, pairs times classes, confusions are learned in full. Beyond, it takes long and
#: brings nothing: of 20,000 rows, LabelModel took 7 s at 1 million cells and 34 s at 5 million on one core, less than
#: 1 s without the table, and was right on no fewer rows without it.
MOST_CELLS = 1_000_000
#: The largest table of pairs by classes that a model may set up, in bytes; it sets up several.
LARGEST_TABLE = 500_000_000
#: Probabilities (rows times classes) that are held at a time where they need not all be there at once: 64 MB.
CELLS_AT_A_TIME = 8_000_000


class VoteWeights(NamedTuple):
    """What each pair adds to the log-score of classes where a vote says the same of each class that it is not for."""

    own: Floats  # (pairs,): to the class that it votes for
    others: Floats  # (pairs,): to each other class

    def table(self, pairs: PairTable) -> Floats:
        """The same as a column per class, (pairs, k)."""
        return np.where(pairs.vote[:, np.newaxis] == np.arange(pairs.k), self.own[:, np.newaxis], self.others[:, None])


class RightCounts(NamedTuple):
    """Expected counts of pairs by class, of which only those on the diagonal are known."""

    right: Floats  # (pairs,): how often it is right
    fired: Floats  # (pairs,): how often it occurs
    class_counts: Floats  # (k,): rows of each class

    def table(self, pairs: PairTable, which: np.ndarray) -> Floats:
        """The counts of some pairs by class, (which, k): wrong votes fall on other classes as their rows do."""
        vote, right = pairs.vote[which], self.right[which]
        wrong = np.maximum(self.fired[which] - right, 0)
        rest = np.maximum(self.class_counts.sum() - self.class_counts[vote], np.finfo(float).tiny)
        out: Floats = (wrong / rest)[:, np.newaxis] * self.class_counts
        out[np.arange(len(which)), vote] = right
        return out


def are_many(pairs: int, k: int) -> bool:
    """Whether there are so many classes that a table of pairs by classes is not learned.

    Parameters
    ----------
    pairs : int
        How many (labeling function, vote) occur.
    k : int
        How many classes there are.

    Examples
    --------
    >>> are_many(pairs=100 * 100, k=100), are_many(pairs=200 * 1461, k=1461)
    (False, True)
    """
    return pairs * k > MOST_CELLS


def refuse_large_table(name: str, pairs: int, k: int) -> None:
    """Refuse, on behalf of a model that needs a table of pairs by classes, one that would not fit.

    Raises
    ------
    ParameterError
        With the size of the table, and the models to take instead.
    """
    size = pairs * k * 8
    if size > LARGEST_TABLE:
        raise ParameterError(
            f"{name} learns tables of {pairs:,} pairs of labeling function and vote by {k:,} classes, each of "
            f"{size / 1e9:.1f} GB, and more than {LARGEST_TABLE / 1e9:.1f} GB is refused. Take LabelModel, OneCoin, "
            "WeightedVote or MajorityVote, which need no such table."
        )


def normalised(log_scores: Floats) -> Floats:
    """The same log-scores, less a constant, so that their exponentials sum to 1."""
    top = log_scores.max()
    return log_scores - top - np.log(np.exp(log_scores - top).sum())


def prior_of_row(log_prior: Floats, vote: np.ndarray, power: float) -> Floats:
    """What the prior adds to each class on a row, (k,), where the odds of classes with votes are raised to a power.

    Parameters
    ----------
    log_prior : ndarray of shape (k,)
        Sums to 1 in probability.
    vote : ndarray of int
        The votes on the row.
    power : float
        All classes without votes count as one when it is applied, and share what they get by the prior.
    """
    out = power * log_prior
    others = np.setdiff1d(np.arange(len(log_prior)), vote)
    if len(others):
        together = np.log(np.exp(log_prior[others]).sum())
        out[others] = power * together + log_prior[others] - together
    return out
