"""The parameters of planted labeling functions: how each votes, given the class of the row."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.typing import Floats

Kind: TypeAlias = Literal["full", "bipolar", "unipolar", "partial", "crowd"]
Spread: TypeAlias = "float | tuple[float, float] | list[float] | np.ndarray"


def check_balance(class_balance: Any, k: int) -> Floats:
    """The class balance as a distribution over k classes; None means uniform.

    Raises
    ------
    ParameterError
        If it is not k positive numbers that sum to 1.
    """
    if class_balance is None:
        return np.full(k, 1 / k)
    try:
        balance = np.asarray(class_balance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"class_balance must be {k} numbers, got {class_balance!r}.") from error
    if balance.shape != (k,) or not (balance > 0).all() or abs(balance.sum() - 1) > 1e-9:
        raise ParameterError(
            f"class_balance={class_balance!r} must be {k} positive numbers, one per class, that sum to 1."
        )
    return balance / balance.sum()


def spread(value: Any, m: int, what: str, rng: np.random.Generator, ceiling: Floats | None = None) -> Floats:
    """One value per labeling function: a number for all, a tuple (low, high) to draw from, or a list of m.

    Parameters
    ----------
    value : float, (float, float), or array-like of shape (m,)
        A tuple of two is a range to draw from, uniformly; a list or an array gives each its own.
    m : int
        How many labeling functions there are.
    what : str
        The parameter's name, for errors.
    rng : numpy.random.Generator
        Used for a range.
    ceiling : ndarray of shape (m,), optional
        What each can be at most; a range is cut there, a value above it is an error.

    Returns
    -------
    ndarray of shape (m,)
        In (0, 1].

    Raises
    ------
    ParameterError
        If a value is outside (0, 1], or there are not m, or one is above its ceiling.

    Examples
    --------
    >>> spread([0.9, 0.6], 2, "accuracy", np.random.default_rng(0))
    array([0.9, 0.6])
    """
    top = np.ones(m) if ceiling is None else np.minimum(ceiling, 1.0)
    try:
        given = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{what}={value!r} must be numbers in (0, 1].") from error
    if not (np.isfinite(given).all() and (given > 0).all() and (given <= 1).all()):
        raise ParameterError(f"{what}={value!r} must be in (0, 1].")
    if isinstance(value, tuple) and given.shape == (2,):
        if given[0] > given[1]:
            raise ParameterError(f"{what}={value!r} is a range from a higher to a lower value.")
        _check_ceiling(np.full(m, given[0]), top, what)
        return given[0] + rng.random(m) * (np.minimum(given[1], top) - given[0])
    if given.ndim == 0:
        given = np.full(m, float(given))
    if given.shape != (m,):
        raise ParameterError(
            f"{what} must be one number, a tuple (low, high), or one number for each of the {m} labeling functions; "
            f"got {len(given) if given.ndim == 1 else given.shape} of them."
        )
    _check_ceiling(given, top, what)
    return given


def _check_ceiling(values: Floats, top: Floats, what: str) -> None:
    above = np.flatnonzero(values > top + 1e-12)
    if len(above):
        j = int(above[0])
        raise ParameterError(
            f"{what}={values[j]:.4g} cannot be had by {len(above)} of {len(top)} labeling functions. The first, number "
            f"{j}, votes for so rare classes that at its accuracy {top[j]:.4g} is the most: lower {what}= or accuracy=."
        )


def draw_polarities(kind: Kind, m: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Which classes each labeling function can vote for, an array of bool of shape (m, k).

    Every class gets labeling functions as evenly as m allows: classes are dealt out in shuffled rounds.

    Raises
    ------
    ParameterError
        If ``kind`` is unknown, or ``"partial"`` is asked for fewer than three classes.

    Examples
    --------
    >>> draw_polarities("unipolar", 4, 2, np.random.default_rng(0)).sum(axis=0)
    array([2, 2])
    """
    if kind not in get_args(Kind):
        raise ParameterError(f"kind={kind!r} is not a kind of votes.{did_you_mean(kind, get_args(Kind))}")
    if kind == "partial" and k < 3:
        raise ParameterError(
            f"kind='partial' needs 3 classes or more, got k={k}: of two classes, a labeling function votes both "
            "(kind='bipolar') or one (kind='unipolar')."
        )
    if kind in ("full", "crowd"):
        return np.ones((m, k), dtype=bool)
    first = np.concatenate([rng.permutation(k) for _ in range(-(-m // k))])[:m]
    can = np.zeros((m, k), dtype=bool)
    for j in range(m):
        size = {"unipolar": 1, "bipolar": 2}.get(kind) or int(rng.integers(2, k))
        others = rng.permutation(np.delete(np.arange(k), first[j]))[: size - 1]
        can[j, first[j]] = can[j, others] = True
    return can


def highest_coverage(can: np.ndarray, accuracy: Floats, balance: Floats) -> Floats:
    """How many rows a labeling function can vote on at most, given its classes and its accuracy; shape (m,)."""
    inside, outside = _rates_per_coverage(can, accuracy, balance)
    with np.errstate(divide="ignore"):
        return np.minimum(1 / inside, 1 / outside)  # a rate of 0 sets no bound


def draw_theta(
    can: np.ndarray,
    coverage: Floats,
    accuracy: Floats,
    balance: Floats,
    *,
    crowd: bool,
    class_dependence: float,
    rng: np.random.Generator,
) -> Floats:
    """``theta[j, y, v] = P(vote v of labeling function j | class y)``, the last v being "abstain".

    Parameters
    ----------
    can : ndarray of bool of shape (m, k)
        The classes that each votes.
    coverage, accuracy : ndarray of shape (m,)
        The share of rows that each votes on, and the share of its votes that are right.
    balance : ndarray of shape (k,)
        The class balance.
    crowd : bool
        Give each its own pattern of confusion; otherwise wrong votes fall evenly on the other classes that it votes.
    class_dependence : float
        Standard deviation of the log-odds of voting at all, over the classes; coverage is kept.
    rng : numpy.random.Generator
        Used for what is drawn.

    Returns
    -------
    ndarray of shape (m, k, k + 1)
    """
    m, k = can.shape
    fires = _fire_rates(can, coverage, accuracy, balance)  # (m, k)
    if class_dependence > 0:
        fires = _tilt(fires, coverage, balance, class_dependence * rng.standard_normal((m, k)))
    votes = _crowd_votes(accuracy, k, rng) if crowd else _even_votes(can, accuracy, balance)  # (m, k, k)
    return np.concatenate([fires[:, :, None] * votes, 1 - fires[:, :, None]], axis=2)  # (m, k, k + 1)


def _rates_per_coverage(can: np.ndarray, accuracy: Floats, balance: Floats) -> tuple[Floats, Floats]:
    """P(votes | class it votes) and P(votes | class it does not), both divided by the coverage.

    A wrong vote is as likely to stem from each wrong class: of the share 1 - accuracy, (s - 1) / (k - 1) falls on
    rows of the s - 1 other classes that the labeling function votes, the rest on rows of classes that it never votes.
    """
    k = can.shape[1]
    share = can @ balance  # (m,)
    within = (1 - accuracy) * (can.sum(axis=1) - 1) / (k - 1)
    outside = np.where(can.all(axis=1), 0.0, 1 - accuracy - within)
    return (accuracy + within) / share, np.divide(outside, 1 - share, out=np.zeros(len(can)), where=share < 1 - 1e-12)


def _fire_rates(can: np.ndarray, coverage: Floats, accuracy: Floats, balance: Floats) -> Floats:
    inside, outside = _rates_per_coverage(can, accuracy, balance)
    return np.clip(coverage[:, None] * np.where(can, inside[:, None], outside[:, None]), 0, 1)


def _even_votes(can: np.ndarray, accuracy: Floats, balance: Floats) -> Floats:
    """P(vote | class, it votes), with wrong votes spread evenly over the classes that can be voted."""
    m, k = can.shape
    size = can.sum(axis=1)
    within = (1 - accuracy) * (size - 1) / (k - 1)
    right = accuracy / (accuracy + within)  # given that the class is one it votes
    votes = np.zeros((m, k, k))
    for j in range(m):
        inside = np.flatnonzero(can[j])
        votes[j][:, inside] = 1 / size[j]
        if size[j] > 1:
            votes[j][np.ix_(inside, inside)] = (1 - right[j]) / (size[j] - 1)
        votes[j, inside, inside] = right[j]
    return votes


def _crowd_votes(accuracy: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Worker-specific confusion: per class an accuracy around the worker's own, and favourite mistakes.

    Beta around the accuracy with the weight of 20 answers; Dirichlet(1) over the wrong classes.
    """
    m = len(accuracy)
    weight = 20.0
    inside = np.clip(accuracy, 1e-6, 1 - 1e-6)[:, None]
    right = np.where(accuracy[:, None] < 1, rng.beta(weight * inside, weight * (1 - inside), size=(m, k)), 1.0)
    wrong = rng.dirichlet(np.ones(k - 1), size=(m, k))  # (m, k, k - 1)
    votes = np.zeros((m, k, k))
    for y in range(k):
        votes[:, y, np.arange(k) != y] = (1 - right[:, y, None]) * wrong[:, y]
        votes[:, y, y] = right[:, y]
    return votes


def _tilt(fires: Floats, coverage: Floats, balance: Floats, tilt: Floats) -> Floats:
    """Move the log-odds of voting by ``tilt`` per class, then all of a row alike, so that the coverage is kept."""
    with np.errstate(divide="ignore"):
        odds = np.log(fires) - np.log1p(-fires) + tilt  # (m, k); rates of 0 and 1 stay what they are
    low, high = np.full(len(fires), -60.0), np.full(len(fires), 60.0)
    for _ in range(80):  # bisection on the common shift: coverage rises with it
        shift = (low + high) / 2
        rates = 1 / (1 + np.exp(-np.clip(odds + shift[:, None], -700, 700)))
        under = rates @ balance < coverage
        low, high = np.where(under, shift, low), np.where(under, high, shift)
    rates[~np.isfinite(odds)] = fires[~np.isfinite(odds)]
    return rates
