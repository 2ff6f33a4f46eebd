"""Rows to look at next: those whose label would tell most about others, each with the reason in words."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from weaklab.analysis.model_votes import ModelVotes
from weaklab.exceptions import ParameterError
from weaklab.label_models.contributions import in_words
from weaklab.label_models.many_classes import CELLS_AT_A_TIME
from weaklab.seeding import generator
from weaklab.typing import Floats, Seed, Votes
from weaklab.votes import PartialVotes, VoteMatrix

#: The two likeliest classes are near a tie where their probabilities differ by less.
NEAR = 0.1
#: A pattern on more than this share of the rows is said to be frequent.
FREQUENT = 0.01


def rows_to_label(model: Any, votes: Votes, n: int = 10, *, y: Any = None, random_state: Seed = None) -> pd.DataFrame:
    r"""The rows to look at, or to label, next: where the model is unsure, and many rows are alike.

    Rows with the same votes get the same label, so one of them tells of all; sets and distributions are the same where
    they are equal. With q their soft label, c their number and t how many of them are labelled already, one more label
    lowers the variance of the share of each class among them, summed over the rows, by

    .. math:: \frac{c\,(1 - \sum_y q_y^2)}{(t + 1)(t + 2)}

    (a beta-binomial with one row's worth of prior). Rows are taken by it, one after the other, each counting as
    labelled for the next.

    Parameters
    ----------
    model : label model
        Fitted.
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes.
    n : int
        How many rows, 1 or more.
    y : array-like of shape (rows,), optional
        Gold labels where known, by code or name; these rows are not named again.
    random_state : int, Generator or None
        Draws among rows with the same votes; None means 0.

    Returns
    -------
    DataFrame
        With the data's index, the most telling row first: ``row`` (its position), ``priority`` (the above),
        ``alike`` (how many rows have the same votes, itself among them), ``label`` and ``confidence`` (of the model),
        and ``reason`` in words. Fewer than n where fewer are in doubt.

    Raises
    ------
    ParameterError, NotFittedError, VoteError, GoldError
        If an argument is not what it should be.

    Examples
    --------
    >>> from weaklab.label_models import LabelModel
    >>> votes = pd.DataFrame({"a": [0, 1, 0, 1] * 30, "b": [0, 1, 1, 1] * 30, "c": [0, 1, -1, 1] * 30})
    >>> table = rows_to_label(LabelModel(classes=["ham", "spam"]).fit(votes), votes, 1)
    >>> table[["alike", "reason"]].values.tolist()
    [[30, "near a tie: ham 0.51, spam 0.49; 'a' (right on 88%) says ham, 'b' (right on 87%) says spam; the same ..."]]
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ParameterError(f"n={n!r} must be an int from 1.")
    seen, rng = ModelVotes.of(model, votes), generator(random_state)
    labelled = np.zeros(seen.matrix.n, dtype=bool) if y is None else seen.gold(y) >= 0
    first, pattern, count = alike(seen.told)
    probs = _probs(seen, first)
    doubt = 1 - (probs**2).sum(axis=1)
    known = np.bincount(pattern[labelled], minlength=len(first))
    chosen = _choose(count * np.where(doubt < 1e-9, 0, doubt), known, count, int(n))
    order = rng.permutation(seen.matrix.n)
    order = order[~labelled[order]]
    members = order[np.argsort(pattern[order], kind="stable")]  # each pattern's rows side by side, in drawn order
    starts = np.searchsorted(pattern[members], np.arange(len(first)))
    rows = np.array([members[starts[p] + nth] for p, nth, _ in chosen], dtype=np.int64)
    accuracies = getattr(model, "accuracies_", np.full(seen.matrix.m, np.nan))
    lines = [
        {
            "row": int(row),
            "priority": gain,
            "alike": int(count[p]),
            "label": seen.classes[int(probs[p].argmax())],
            "confidence": float(probs[p].max()),
            "reason": _reason(seen, int(row), probs[p], int(count[p]), accuracies),
        }
        for row, (p, _, gain) in zip(rows, chosen, strict=True)
    ]
    columns = ["row", "priority", "alike", "label", "confidence", "reason"]
    return pd.DataFrame(lines, columns=columns, index=seen.index[rows])


def alike(matrix: VoteMatrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows with the same votes: the first of each kind, the kind of each row (n,), and how many there are of each.

    Each (labeling function, vote) has a random word of 64 bits, and rows are told apart by the sum of their words
    (Zobrist, 1970): two kinds share a sum with probability 2^-64.
    """
    words = np.random.default_rng(0).integers(2**64, size=matrix.m * matrix.k, dtype=np.uint64)
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(words[matrix.code], dtype=np.uint64)])
    key = sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]]  # wraps around, as it should
    _, first, pattern, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return first, pattern.ravel(), count


def _probs(seen: ModelVotes, rows: np.ndarray) -> Floats:
    size = max(1, CELLS_AT_A_TIME // seen.matrix.k)
    return np.concatenate([seen.predict_proba(rows[at : at + size]) for at in range(0, len(rows), size)])


def _choose(weight: Floats, known: np.ndarray, count: np.ndarray, n: int) -> list[tuple[int, int, float]]:
    """Patterns by what one more label of them brings, each with the number of its row and the gain."""
    gains: list[tuple[float, int, int]] = []
    best = np.argsort(-weight / ((known + 1) * (known + 2)), kind="stable")[:n]  # no other can be among the first n
    for p in best:
        for nth in range(min(n, int(count[p] - known[p]))):
            t = known[p] + nth
            gains.append((float(weight[p] / ((t + 1) * (t + 2))), int(p), nth))
    gains.sort(key=lambda gain: (-gain[0], gain[1], gain[2]))
    return [(p, nth, gain) for gain, p, nth in gains[:n] if gain > 0]


class _Said(NamedTuple):
    """One vote in words."""

    lf: int
    what: str
    #: How likely the model holds it.
    likely: float


def _votes_on(seen: ModelVotes, row: int, probs: Floats) -> list[_Said]:
    """What labeling functions say of a row, in their order; of a distribution, its likeliest class."""
    if not isinstance(seen.rich, PartialVotes):
        mine = slice(seen.matrix.indptr[row], seen.matrix.indptr[row + 1])
        pairs = zip(seen.matrix.lf[mine].tolist(), seen.matrix.vote[mine].tolist(), strict=True)
        return [_Said(j, str(seen.classes[y]), float(probs[y])) for j, y in pairs]
    masks = seen.rich.masks[row].tolist()
    sets = [(j, [y for y in range(len(probs)) if mask >> y & 1]) for j, mask in enumerate(masks) if mask]
    return [_Said(j, in_words(tuple(seen.classes[y] for y in held)), float(probs[held].sum())) for j, held in sets]


def _reason(seen: ModelVotes, row: int, probs: Floats, count: int, accuracies: Floats) -> str:
    names, classes = seen.names, seen.classes
    votes = _votes_on(seen, row, probs)
    if not votes:
        return f"no labeling function votes on it, nor on {count - 1:,} others"
    first, second = np.argsort(-probs, kind="stable")[:2]
    parts = []
    if probs[first] - probs[second] < NEAR:
        parts.append(f"near a tie: {classes[first]} {probs[first]:.2f}, {classes[second]} {probs[second]:.2f}")

    def who(j: int) -> str:
        told = "" if np.isnan(accuracies[j]) else f" (right on {accuracies[j]:.0%})"
        return f"{names[j]!r}{told}"

    trust = np.nan_to_num(accuracies)
    best: dict[str, _Said] = {}  # of each side the most trusted
    for said in votes:
        if said.what not in best or trust[said.lf] > trust[best[said.what].lf]:
            best[said.what] = said
    if len(best) > 1:
        sides = sorted(best.values(), key=lambda said: -said.likely)[:2]
        parts.append(", ".join(f"{who(said.lf)} says {said.what}" for said in sides))
    elif len(votes) == 1:
        parts.append(f"only {who(votes[0].lf)} votes, for {votes[0].what}")
    else:
        parts.append(f"{len(votes)} functions say {votes[0].what}, and the label is {probs[first]:.0%} sure")
    if count > max(1, FREQUENT * seen.matrix.n):
        parts.append(f"the same votes stand on {count:,} rows ({count / seen.matrix.n:.0%})")
    return "; ".join(parts)
