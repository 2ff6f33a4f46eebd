"""The exact posterior of planted votes."""

from __future__ import annotations

import numpy as np

from weaklab.typing import Codes, Floats


def planted_posterior(
    votes: np.ndarray,
    own: Floats,
    balance: Floats,
    leader: Codes,
    copies: Floats,
    own_hard: Floats | None = None,
    hard: float = 0.0,
) -> Floats:
    """``P(class | votes)`` under everything that was planted.

    Parameters
    ----------
    votes : ndarray of int of shape (n, m)
        -1 is "abstain".
    own : ndarray of shape (m, k, k + 1)
        ``P(vote | class)`` of each labeling function where it does not copy; the last vote is "abstain".
    balance : ndarray of shape (k,)
        The class balance.
    leader : ndarray of int of shape (m,)
        Whom each copies; itself where it copies nobody.
    copies : ndarray of shape (m,)
        The probability that it does.
    own_hard : ndarray of shape (m, k, k + 1), optional
        The same as ``own`` for hard rows.
    hard : float
        The share of hard rows.

    Returns
    -------
    ndarray of shape (n, k)
        Rows sum to 1.

    Notes
    -----
    A member that copies its leader's vote l with probability r has, given the class y, the vote v with probability
    ``r [v = l] + (1 - r) own[v | y]``, independently of the other members given l. So a row's likelihood is a
    product over labeling functions. Whether a row is hard is not seen: the likelihoods of the two cases are mixed
    by their shares.

    Examples
    --------
    >>> own = np.array([[[0.6, 0.2, 0.2], [0.1, 0.7, 0.2]]])
    >>> planted_posterior(np.array([[0], [-1]]), own, np.array([0.5, 0.5]), np.array([0]), np.array([0.0])).round(3)
    array([[0.857, 0.143],
           [0.5  , 0.5  ]])
    """
    log = _log_likelihood(votes, own, leader, copies)  # (n, k)
    if own_hard is not None:
        with np.errstate(divide="ignore"):  # hard=1 leaves no other rows
            log = np.logaddexp(np.log1p(-hard) + log, np.log(hard) + _log_likelihood(votes, own_hard, leader, copies))
    log += np.log(balance)
    log -= log.max(axis=1, keepdims=True, initial=-np.inf)
    posterior = np.exp(log)
    return posterior / posterior.sum(axis=1, keepdims=True)


def _log_likelihood(votes: np.ndarray, own: Floats, leader: Codes, copies: Floats) -> Floats:
    """``log P(votes | class)``, shape (n, k)."""
    n, m = votes.shape
    total = np.zeros((n, own.shape[1]))
    with np.errstate(divide="ignore"):  # votes that a class excludes
        for j in range(m):
            vote = votes[:, j]
            if copies[j] == 0:
                total += np.log(own[j].T)[vote]  # (n, k); vote -1 is the last, abstain
                continue
            same = vote == votes[:, leader[j]]
            apart = np.log((1 - copies[j]) * own[j].T)  # (k + 1, k)
            copied = np.log(copies[j] + (1 - copies[j]) * own[j].T)
            total += np.where(same[:, None], copied[vote], apart[vote])  # (n, k)
    return total
