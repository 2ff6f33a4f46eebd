"""Which rows of soft labels to train on, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from weaklab.end_models.parameters import check_number, check_share
from weaklab.exceptions import ParameterError, WeaklabWarning, did_you_mean, warn_caller
from weaklab.typing import Floats

Which: TypeAlias = Literal["covered", "confident", "all", "semi-supervised"] | float
Weighing: TypeAlias = Literal["uniform", "confidence"]

_CONFIDENT = 0.5  # the share that "confident" keeps: half of the rows of each class
_WHICH = ("covered", "confident", "all", "semi-supervised")
_WEIGHT = ("uniform", "confidence")


@dataclass(frozen=True)
class Selection:
    """Which rows are trained on, and what a row weighs before ``sample_weight``.

    Parameters
    ----------
    which : {"covered", "confident", "all", "semi-supervised"} or float in (0, 1]
        "covered": rows whose weight in SoftLabels is above 0, as label models give to rows with votes, and rows with
        gold. A number: of the covered rows of each most probable class, the share with the highest confidence, ties
        included (with a warning where that is more than twice the share, or nearer to all rows than to the share); per
        class, so that no class vanishes; and rows with gold. "confident" is 0.5. "all": also rows without votes, with
        weight 1; their soft label is what the label model says there, its class prior.
        "semi-supervised": also rows without votes and gold, with weight 0, for loss terms that need no label, as
        :class:`NoiseConsistency`; rows that ``sample_weight`` gives 0 stay out.
    weight : {"uniform", "confidence"}
        "confidence" multiplies the weight of a row by ``(k c - 1) / (k - 1)`` for the probability c of its most
        probable class: 1 where that is certain, 0 where all classes are as probable.
    gold_weight : float or None
        The weight of a row with gold, whatever its soft label and its votes; 0 trains on none of them and so keeps
        them all for scoring. None is the weight that SoftLabels have for it, and 1 where that is 0, as it is without
        votes: a row whose class is known counts, however sure the label model is.

    Raises
    ------
    ParameterError
        If one is none of these.

    Examples
    --------
    >>> probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    >>> Selection(weight="confidence").weights(probs, np.array([1.0, 1.0, 0.0])).round(3)
    array([0.8, 0.2, 0. ])
    >>> Selection(which="confident").weights(probs, np.array([1.0, 1.0, 0.0]))
    array([1., 0., 0.])
    """

    which: Which = "covered"
    weight: Weighing = "uniform"
    gold_weight: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.which, str) or self.which is None:
            _check_choice("which", self.which, _WHICH)
        else:
            check_share("which", self.which, from_zero=False)
        _check_choice("weight", self.weight, _WEIGHT)
        check_number("gold_weight", self.gold_weight, optional=True)

    def unlabelled(self, weight: Floats | None, gold: np.ndarray | None, n: int) -> np.ndarray:
        """The rows (n,) of bool that are trained on without a label: without votes and gold, if they were asked for.

        Examples
        --------
        >>> Selection("semi-supervised").unlabelled(np.array([1.0, 0.0, 0.0]), np.array([-1, -1, 1]), 3)
        array([False,  True, False])
        """
        if self.which != "semi-supervised" or weight is None:
            return np.zeros(n, dtype=bool)
        return (weight == 0) & (True if gold is None else gold < 0)

    def weights(self, probs: Floats, weight: Floats | None, gold: np.ndarray | None = None) -> Floats:
        """The weight of each row.

        Parameters
        ----------
        probs : ndarray of shape (n, k)
            The soft labels as the label model gave them.
        weight : ndarray of shape (n,), or None
            Their weights; 0 is a row without votes, None is 1 everywhere.
        gold : ndarray of int of shape (n,), optional
            The class code where it is known, -1 elsewhere.

        Returns
        -------
        ndarray of shape (n,)
        """
        n, k = probs.shape
        out = np.ones(n) if weight is None else weight.copy()
        confidence = probs.max(axis=1, initial=0.0)
        if self.which == "all":
            out[out == 0] = 1.0
        elif self.which not in ("covered", "semi-supervised"):
            share = _CONFIDENT if self.which == "confident" else float(self.which)
            kept = _most_confident(probs, confidence, out > 0, share)
            _warn_of_ties(self.which, share, int(kept.sum()), int((out > 0).sum()), k)
            out[~kept] = 0.0
        if self.weight == "confidence":
            out *= (k * confidence - 1).clip(0) / (k - 1)
        if gold is not None:
            known = gold >= 0
            given = np.ones(n) if weight is None else np.where(weight == 0, 1.0, weight)
            out[known] = given[known] if self.gold_weight is None else self.gold_weight
        return out


def _most_confident(probs: Floats, confidence: Floats, covered: np.ndarray, share: float) -> np.ndarray:
    """Of the covered rows of each most probable class, the ``share`` of highest confidence, (n,) of bool."""
    kept = np.zeros(len(probs), dtype=bool)
    named = probs.argmax(axis=1)
    for code in np.unique(named[covered]):
        rows = np.flatnonzero(covered & (named == code))
        last = int(np.ceil(share * len(rows)))
        least = np.sort(confidence[rows])[::-1][last - 1]
        kept[rows[confidence[rows] >= least - 1e-12]] = True  # what differs by rounding alone is a tie
    return kept


def _warn_of_ties(which: Which, share: float, kept: int, covered: int, k: int) -> None:
    if kept > min(2 * share, (1 + share) / 2) * covered + k:  # one row of each class comes of rounding
        warn_caller(
            f"which={which!r} keeps {kept:,} of {covered:,} rows ({kept / covered:.0%}), since so many have the same "
            "confidence as the last row of the share, and ties are kept. A label model that tells rows apart, or "
            "which='covered', says what is meant.",
            WeaklabWarning,
        )


def _check_choice(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ParameterError(f"{name}={value!r} is not known.{did_you_mean(value, known)}")
