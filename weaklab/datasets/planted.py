"""Votes whose truth is known: drawn from parameters that are returned, with the posterior that no model can beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weaklab.datasets.planted_posterior import planted_posterior
from weaklab.datasets.planted_theta import (
    Kind,
    Spread,
    check_balance,
    draw_polarities,
    draw_theta,
    highest_coverage,
    spread,
)
from weaklab.exceptions import ParameterError
from weaklab.seeding import generator
from weaklab.typing import Codes, Floats, Seed


@dataclass(frozen=True)
class Group:
    """Labeling functions that copy one of them.

    The first of the group is the leader. On each row, each other member takes over the leader's vote (or its
    abstention) with probability ``copy_probability``, and draws its own otherwise.

    Parameters
    ----------
    size : int
        How many labeling functions, the leader included; 2 or more.
    copy_probability : float
        In [0, 1]; 1 makes exact copies.
    accuracy, coverage : float, optional
        In (0, 1]: those of the leader, and of what the members draw on their own. None leaves them as
        :func:`make_votes` sets them.

    Raises
    ------
    ParameterError
        If the size or a probability is out of range.
    """

    size: int
    copy_probability: float = 1.0
    accuracy: float | None = None
    coverage: float | None = None

    def __post_init__(self) -> None:
        _check_count(self.size, "size", 2)
        _check_share(self.copy_probability, "copy_probability")


@dataclass(frozen=True, eq=False)
class PlantedVotes:
    """What :func:`make_votes` drew, and from what.

    Attributes
    ----------
    votes : DataFrame of shape (n, m)
        int8 (int16 from 128 classes); -1 is "abstain". Columns are the names of the labeling functions.
    y : ndarray of int64 of shape (n,)
        The true classes.
    theta : ndarray of shape (m, k, k + 1)
        ``theta[j, y, v] = P(vote v of labeling function j | class y)`` on rows that are not hard; the last v is
        "abstain". Copying is counted in: these are the frequencies that each labeling function shows on its own.
    class_balance : ndarray of shape (k,)
        The probabilities of the classes.
    posterior : ndarray of shape (n, k)
        ``P(class | all votes of the row)`` under everything planted: copying within groups, and hard rows, which the
        posterior does not see but knows the share of. No rule that sees only votes has a higher expected accuracy.
    groups : tuple of tuple of str
        The names in each group, the leader first.
    hard : ndarray of bool of shape (n,)
        The hard rows.
    theta_hard : ndarray of shape (m, k, k + 1), or None
        The same as ``theta`` on hard rows; None where none are planted.
    """

    votes: pd.DataFrame
    y: Codes
    theta: Floats
    class_balance: Floats
    posterior: Floats
    groups: tuple[tuple[str, ...], ...]
    hard: np.ndarray
    theta_hard: Floats | None

    @property
    def coverage(self) -> Floats:
        """The expected share of rows that each labeling function votes on, shape (m,); hard rows as drawn."""
        return self._theta_of_all_rows()[:, :, :-1].sum(axis=2) @ self.class_balance

    @property
    def accuracy(self) -> Floats:
        """The expected share of right votes among each labeling function's votes, shape (m,); hard rows as drawn."""
        right = np.diagonal(self._theta_of_all_rows()[:, :, :-1], axis1=1, axis2=2) @ self.class_balance
        return right / self.coverage

    @property
    def bayes_accuracy(self) -> float:
        """The highest accuracy that any rule can expect on these very votes: the mean of the highest posterior.

        NaN where there are no rows.
        """
        return float(self.posterior.max(axis=1).mean()) if len(self.posterior) else float("nan")

    def _theta_of_all_rows(self) -> Floats:
        if self.theta_hard is None or not len(self.hard):
            return self.theta
        share = self.hard.mean()
        return (1 - share) * self.theta + share * self.theta_hard

    def __repr__(self) -> str:
        n, m = self.votes.shape
        copied = "" if not self.groups else f", {len(self.groups)} groups"
        hard = "" if self.theta_hard is None else f", hard rows={int(self.hard.sum()):,}"
        return (
            f"PlantedVotes(n={n:,}, m={m:,}, k={len(self.class_balance)}, "
            f"Bayes accuracy={self.bayes_accuracy:.3f}{copied}{hard})"
        )

    def _repr_html_(self) -> str:
        frame = pd.DataFrame({"coverage": self.coverage, "accuracy": self.accuracy}, index=self.votes.columns)
        return f"<div><b>{self!r}</b>{frame.round(3).to_html(max_rows=30)}</div>"


def make_votes(
    *,
    n: int = 1000,
    m: int = 10,
    k: int = 2,
    class_balance: Sequence[float] | np.ndarray | None = None,
    kind: Kind = "full",
    coverage: Spread | None = None,
    accuracy: Spread = (0.6, 0.9),
    class_dependence: float = 0.0,
    groups: Sequence[Group] = (),
    hard: float = 0.0,
    hardness: float = 1.0,
    random_state: Seed = 0,
) -> PlantedVotes:
    """Draw votes with planted truth: classes, then votes that depend on them as asked.

    Parameters
    ----------
    n, m, k : int
        Rows (0 or more), labeling functions (1 or more), classes (2 or more).
    class_balance : array-like of shape (k,), optional
        Positive, summing to 1; None is uniform.
    kind : {"full", "bipolar", "unipolar", "partial", "crowd"}
        What each labeling function can vote: every class; two classes; one class; between 2 and k - 1 classes; or
        every class with a pattern of confusion of its own, on few rows, as crowd workers do.
    coverage : float, tuple (low, high), or array-like of shape (m,), optional
        The share of rows that a labeling function votes on: one for all, drawn uniformly from a range, or one each.
        A range is cut at what an accurate vote for rare classes allows. None is (0.05, 0.5), and 5 votes per row
        in all for crowds.
    accuracy : float, tuple (low, high), or array-like of shape (m,)
        The share of a labeling function's votes that are right (with ``class_dependence``, before it).
    class_dependence : float
        How much it depends on the class whether a labeling function votes at all: the standard deviation, 0 or
        more, of its log-odds of voting over the classes. Coverage is kept.
    groups : sequence of Group
        Labeling functions that copy. The first group takes the first columns, and so on.
    hard : float
        In [0, 1]: the expected share of hard rows.
    hardness : float
        In [0, 1]: how far votes on hard rows forget the class; 1 is chance. Coverage does not change.
    random_state : int, Generator, RandomState or None
        The seed; None means 0.

    Returns
    -------
    PlantedVotes
        Votes, truth, parameters and the exact posterior.

    Raises
    ------
    ParameterError
        If a value is out of range, groups need more than m labeling functions, or the wanted coverage cannot be had
        at the wanted accuracy (a labeling function that votes only a class of 3 percent, and is right nine times in
        ten, votes on 3.3 percent of rows at most).

    Notes
    -----
    Given the class, and whether the row is hard, groups vote independently. This is the model of Dawid and Skene
    (1979, doi:10.2307/2346806) with abstention as an outcome, and with copying and row difficulty on top.

    Examples
    --------
    >>> planted = make_votes(n=2000, m=8, groups=[Group(3, copy_probability=1.0)], random_state=7)
    >>> planted.groups
    (('lf_0', 'lf_1', 'lf_2'),)
    >>> bool((planted.votes["lf_0"] == planted.votes["lf_2"]).all())
    True
    >>> planted.theta.shape
    (8, 2, 3)
    """
    for value, what, least in ((n, "n", 0), (m, "m", 1), (k, "k", 2)):
        _check_count(value, what, least)
    for share, what in ((hard, "hard"), (hardness, "hardness")):
        _check_share(share, what)
    if not _is_number(class_dependence) or not 0 <= class_dependence < np.inf:
        raise ParameterError(f"class_dependence must be a number from 0, got {class_dependence!r}.")
    leader, copies = _place_groups(groups, m)
    balance = check_balance(class_balance, k)
    rng = generator(random_state)

    can = draw_polarities(kind, m, k, rng)[leader]  # (m, k): who copies votes what the leader votes
    right = _with_groups(spread(accuracy, m, "accuracy", rng), groups, "accuracy")
    top = highest_coverage(can, right, balance)
    if coverage is None:
        coverage = min(1.0, 5 / m) if kind == "crowd" else (0.05, 0.5)
    often = spread(_with_groups(spread(coverage, m, "coverage", rng, top), groups, "coverage"), m, "coverage", rng, top)
    own = draw_theta(
        can, often, right, balance, crowd=kind == "crowd", class_dependence=float(class_dependence), rng=rng
    )

    blind = np.einsum("y,jyv->jv", balance, own)[:, None, :]  # (m, 1, k + 1): the same votes, whatever the class
    own_hard = (1 - hardness) * own + hardness * blind if hard > 0 else None
    y = rng.choice(k, size=n, p=balance).astype(np.int64)
    is_hard = rng.random(n) < hard
    votes = _draw_votes(y, is_hard, own, own_hard, leader, copies, rng)
    posterior = planted_posterior(votes, own, balance, leader, copies, own_hard, hard)

    names = [f"{'worker' if kind == 'crowd' else 'lf'}_{j}" for j in range(m)]
    members = [tuple(names[j] for j in np.flatnonzero(leader == first)) for first in np.unique(leader)]
    return PlantedVotes(
        votes=pd.DataFrame(votes, columns=names),
        y=y,
        theta=_seen(own, leader, copies),
        class_balance=balance,
        posterior=posterior,
        groups=tuple(group for group in members if len(group) > 1),
        hard=is_hard,
        theta_hard=None if own_hard is None else _seen(own_hard, leader, copies),
    )


def _draw_votes(
    y: Codes,
    is_hard: np.ndarray,
    own: Floats,
    own_hard: Floats | None,
    leader: Codes,
    copies: Floats,
    rng: np.random.Generator,
) -> np.ndarray:
    """Votes of shape (n, m), -1 where a labeling function abstains."""
    m, k, _ = own.shape
    votes = np.empty((len(y), m), dtype=np.int8 if k < 128 else np.int16, order="F")
    strata = y + k * is_hard
    order = np.argsort(strata, kind="stable")  # rows of one stratum side by side share one row of theta
    ends = np.searchsorted(strata[order], np.arange(2 * k + 1))
    tables = np.concatenate([own, own if own_hard is None else own_hard], axis=1).cumsum(axis=2)  # (m, 2k, k + 1)
    for j in range(m):
        draws = rng.random(len(y))
        column = np.empty(len(y), dtype=np.int64)
        for stratum in np.flatnonzero(np.diff(ends)):
            rows = order[ends[stratum] : ends[stratum + 1]]
            column[rows] = np.searchsorted(tables[j, stratum, :-1], draws[rows], side="right")
        votes[:, j] = np.where(column == k, -1, column)
        if leader[j] != j:
            copied = rng.random(len(y)) < copies[j]
            votes[copied, j] = votes[copied, leader[j]]
    return votes


def _seen(own: Floats, leader: Codes, copies: Floats) -> Floats:
    """The frequencies that each labeling function shows on its own, copying counted in."""
    return copies[:, None, None] * own[leader] + (1 - copies[:, None, None]) * own


def _place_groups(groups: Sequence[Group], m: int) -> tuple[Codes, Floats]:
    """Per labeling function, its leader (itself where it has none) and the probability that it copies."""
    if isinstance(groups, (str, Group)) or not isinstance(groups, Sequence):
        raise ParameterError(f"groups must be a list of Group, got {groups!r}; () means no groups.")
    leader, copies = np.arange(m), np.zeros(m)
    start = 0
    for group in groups:
        if not isinstance(group, Group):
            raise ParameterError(f"groups must be a list of Group, got {group!r}.")
        if start + group.size > m:
            needed = sum(item.size for item in groups if isinstance(item, Group))
            raise ParameterError(f"The groups need {needed} labeling functions, and there are m={m}.")
        leader[start : start + group.size] = start
        copies[start + 1 : start + group.size] = group.copy_probability
        start += group.size
    return leader, copies


def _with_groups(values: Floats, groups: Sequence[Group], what: str) -> Floats:
    """The values, with those of the groups put in that set their own."""
    start = 0
    out = values.copy()
    for group in groups:
        value = getattr(group, what)
        if value is not None:
            out[start : start + group.size] = spread(value, group.size, f"Group {what}", np.random.default_rng(0))
        start += group.size
    return out


def _check_count(value: Any, what: str, least: int) -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise ParameterError(f"{what} must be an int of {least} or more, got {value!r}.")


def _check_share(value: Any, what: str) -> None:
    if not _is_number(value) or not 0 <= value <= 1:
        raise ParameterError(f"{what} must be a number in [0, 1], got {value!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
