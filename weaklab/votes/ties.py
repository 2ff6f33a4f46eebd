"""From probabilities to one class per row, where several classes may share the highest."""

from __future__ import annotations

from hashlib import sha1
from typing import get_args

import numpy as np

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.seeding import generator
from weaklab.typing import ABSTAIN, Codes, Seed, Ties

#: Probabilities this close to the highest share it: far above rounding, far below any difference that means something.
TOLERANCE = 1e-10


def break_ties(probs: np.ndarray, ties: Ties = "lowest", random_state: Seed = 0, first_row: int = 0) -> Codes:
    """One class code per row: the most probable, and ``ties`` decides where several are.

    Parameters
    ----------
    probs : ndarray of shape (n, k)
        Probabilities, or any scores of which the highest wins.
    ties : {"lowest", "random", "hash", "abstain"}
        What to do where the highest is shared: take the lowest code; draw one; take the one that the row number
        selects, ``tied[int(sha1(str(i)).hexdigest(), 16) % n_tied]``, as the WRENCH benchmark and Snorkel do; or
        give -1.
    random_state : int, Generator, RandomState or None
        The seed of ``ties="random"``; None means 0.
    first_row : int
        The number of the first row, where these rows are some of many.

    Returns
    -------
    ndarray of shape (n,), int64
        Codes 0..k-1, or -1.

    Raises
    ------
    ParameterError
        If ``ties`` is none of the four.

    Notes
    -----
    The hash rule is that of Zhang et al., "WRENCH: A Comprehensive Benchmark for Weak Supervision", NeurIPS 2021
    (doi:10.48550/arXiv.2109.11377), taken from Snorkel (Ratner et al., 2017, doi:10.14778/3157794.3157797).

    Examples
    --------
    >>> import numpy as np
    >>> probs = np.array([[0.5, 0.5], [0.2, 0.8]])
    >>> break_ties(probs)
    array([0, 1])
    >>> break_ties(probs, ties="abstain")
    array([-1,  1])
    """
    if ties not in get_args(Ties):
        raise ParameterError(f"ties={ties!r} is not a rule for ties.{did_you_mean(ties, get_args(Ties))}")
    highest = probs.max(axis=1, keepdims=True)
    tied = probs >= highest - TOLERANCE  # (n, k)
    codes = np.argmax(tied, axis=1)
    if ties == "lowest":
        return codes
    several = np.flatnonzero(tied.sum(axis=1) > 1)
    if ties == "abstain":
        codes[several] = ABSTAIN
        return codes
    if ties == "random":
        rng = generator(random_state)
        draws = rng.random((len(several), probs.shape[1]))  # one draw per class, so that a row's draw needs no others
        codes[several] = np.argmax(np.where(tied[several], draws, -1.0), axis=1)
        return codes
    for i in several:
        candidates = np.flatnonzero(tied[i])
        codes[i] = candidates[int(sha1(str(first_row + i).encode()).hexdigest(), 16) % len(candidates)]
    return codes
