"""Votes of any kind as one class each, and the rows that have a vote of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.typing import ABSTAIN, Classes
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, check_votes


def hard_votes(votes: Any, classes: Classes = None) -> VoteMatrix:
    """Votes as one class each: of distributions the likeliest class, of sets those of one class.

    Parameters
    ----------
    votes : DataFrame, ndarray of shape (n, m), list of lists, sparse matrix of ``vote + 1``, PartialVotes or SoftVotes
        The votes.
    classes : int, sequence of hashable, or None
        The classes.

    Returns
    -------
    VoteMatrix

    Raises
    ------
    VoteError, ClassError
        If they are none.

    Examples
    --------
    >>> hard_votes(PartialVotes([[0b10, 0b11]], k=2)).dense()
    array([[ 1, -1]], dtype=int8)
    """
    if isinstance(votes, SoftVotes):
        silent = np.isnan(votes.probs).any(axis=2)
        hard = np.where(silent, ABSTAIN, np.nan_to_num(votes.probs).argmax(axis=2))
    elif isinstance(votes, PartialVotes):
        bits = (votes.masks[:, :, np.newaxis] >> np.arange(votes.k, dtype=np.uint64)) & np.uint64(1)
        hard = np.where(bits.sum(axis=2) == 1, bits.argmax(axis=2), ABSTAIN)
    else:
        return check_votes(votes, classes=classes)
    table = pd.DataFrame(hard, index=votes.index, columns=votes.names)
    matrix = check_votes(table, classes=votes.k if classes is None else classes)
    return matrix.without_index() if votes.index is None else matrix


def covered_rows(votes: Any, matrix: VoteMatrix) -> np.ndarray:
    """The rows with a vote of any kind, sets of several classes too, an array of bool of shape (n,).

    Parameters
    ----------
    votes : as for :func:`hard_votes`
        The votes as they were given.
    matrix : VoteMatrix
        What :func:`hard_votes` makes of them.
    """
    return (votes.masks != 0).any(axis=1) if isinstance(votes, PartialVotes) else matrix.covered
