"""Answer only where the share of errors is proven to be small enough: selective prediction with a guarantee."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.stats import beta
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from weaklab.exceptions import CoverageWarning, ParameterError, SoftLabelError, warn_caller
from weaklab.label_models.parameters import check_probability
from weaklab.trust.checks import read_gold, read_labels
from weaklab.typing import ABSTAIN, Floats
from weaklab.votes import decode

#: How many thresholds are tried, and from how many of them the tests start: each start more widens all bounds a little.
THRESHOLDS, STARTS = 200, 4


@dataclass(frozen=True)
class RiskThreshold:
    """A threshold of doubt, and what is known of the rows below it.

    Parameters
    ----------
    threshold : float
        Rows of this doubt or less are kept; minus infinity keeps none.
    coverage : float
        The share of the rows it was chosen by that are kept.
    risk : float
        The share of these that are wrong; NaN where none are kept.
    bound : float
        What the true share is at most, with the asked probability; NaN where none are kept.
    """

    threshold: float
    coverage: float
    risk: float
    bound: float


def risk_threshold(doubt: Any, wrong: Any, risk: float, level: float = 0.95) -> RiskThreshold:
    r"""The highest of some thresholds of doubt below which the share of errors is proven to be at most ``risk``.

    Thresholds are tried from few rows kept to all, and the first that fails ends the run: so each may be tested as if
    it were the only one (fixed-sequence testing). Of each, the m rows kept, of which e are wrong, bound the true share
    by Clopper and Pearson (1934, doi:10.1093/biomet/26.4.404). An early error among few rows must not end it all, so
    there are four runs, the first from as few rows as could prove it, each with a fourth of the error probability.

    It holds with probability ``level`` over the draw of the rows given here, if they and the rows to come are drawn
    alike and independently of each other (a random sample, not the rows that were easiest to get), and if nothing was
    fitted to them before. It is about all kept rows together, not about each class or slice of them.

    Parameters
    ----------
    doubt : array-like of float of shape (n,)
        Of rows with gold; higher is more doubtful.
    wrong : array-like of bool of shape (n,)
        Whether the answer on each is wrong.
    risk : float in (0, 1)
        The share of errors to be tolerated among what is kept.
    level : float in (0, 1), default=0.95
        With what probability it is to hold.

    Returns
    -------
    RiskThreshold

    Raises
    ------
    ParameterError
        If an argument is not what it should be.

    Warns
    -----
    CoverageWarning
        If no threshold passes: there are too few rows, or too many errors among the surest.

    Notes
    -----
    Selective prediction with guaranteed risk: Geifman and El-Yaniv (2017), doi:10.48550/arXiv.1705.08500, who search
    by bisection. Runs of tests from several starts: Angelopoulos et al. (2021), doi:10.48550/arXiv.2110.01052.

    Examples
    --------
    >>> doubt = np.arange(1000) / 1000
    >>> found = risk_threshold(doubt, doubt > 0.8, 0.1)
    >>> 0.8 < found.threshold < 0.9, found.bound <= 0.1
    (True, True)
    """
    check_probability("risk", risk)
    check_probability("level", level)
    doubt, wrong = np.asarray(doubt, dtype=np.float64), np.asarray(wrong)
    if doubt.ndim != 1 or not np.isfinite(doubt).all():
        raise ParameterError(f"doubt must be finite numbers of shape (n,), a row each; got shape {doubt.shape}.")
    if wrong.shape != doubt.shape or wrong.dtype != bool:
        raise ParameterError(f"wrong must be bools of shape {doubt.shape}, got {wrong.dtype} of {wrong.shape}.")
    n, each = len(doubt), (1 - level) / STARTS
    fewest = math.ceil(math.log(each) / math.log1p(-risk))  # without any error they prove it
    best = RiskThreshold(-math.inf, 0.0, math.nan, math.nan)
    if n >= fewest:
        best = _furthest(np.sort(doubt), wrong[np.argsort(doubt, kind="stable")], risk, each, fewest)
    if best.coverage == 0:
        warn_caller(
            f"No threshold keeps the share of errors at or below {risk:g} with probability {level:g}: {fewest:,} rows "
            f"without an error prove it; of {n:,} rows with gold, {int(wrong.sum()):,} are wrong. None is kept.",
            CoverageWarning,
        )
    return best


def _furthest(ordered: Floats, wrong: np.ndarray, risk: float, each: float, fewest: int) -> RiskThreshold:
    """The last threshold that a run reaches; rows are in order of doubt."""
    n, errors = len(ordered), np.append(0, np.cumsum(wrong))
    size = np.unique(np.linspace(fewest, n, THRESHOLDS).round().astype(np.int64))
    # Strictly below the next row: given where that lies, the rows below it are a sample of all rows there.
    threshold = np.append(np.nextafter(ordered, -math.inf), math.inf)[size]
    m, first = np.unique(np.searchsorted(ordered, threshold, side="right"), return_index=True)  # ties go together
    threshold, m = threshold[first][m >= fewest], m[m >= fewest]
    e = errors[m]
    bound = np.where(m > e, beta.ppf(1 - each, e + 1, np.maximum(m - e, 1)), 1.0)
    failed = np.flatnonzero(bound > risk)
    starts = np.searchsorted(m, np.geomspace(m[0], n, STARTS + 1)[:-1])
    ends = np.append(failed, len(m))[np.searchsorted(failed, starts)]
    last = max((int(end) - 1 for start, end in zip(starts, ends, strict=True) if end > start), default=-1)
    if last < 0:
        return RiskThreshold(-math.inf, 0.0, math.nan, math.nan)
    return RiskThreshold(float(threshold[last]), int(m[last]) / n, float(e[last] / m[last]), float(bound[last]))


class SelectivePredictor(BaseEstimator):
    """Predict where the error rate is proven to stay below a bound, and abstain elsewhere.

    Parameters
    ----------
    risk : float in (0, 1), default=0.05
        The share of predictions that may be wrong.
    level : float in (0, 1), default=0.95
        With what probability that is to hold; :func:`risk_threshold` says under which assumptions.

    Attributes
    ----------
    threshold_ : float
        The least confidence with which a class is predicted; infinity where no prediction is safe enough.
    coverage_, risk_, bound_ : float
        Of the gold rows: the share predicted, the share of these that is wrong; and the proven bound of the latter.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sure = rng.uniform(0.5, 1, 2000)
    >>> y = (rng.random(2000) < sure).astype(int)
    >>> model = SelectivePredictor(risk=0.1).fit(np.column_stack([1 - sure, sure]), y)
    >>> model.predict([[0.4, 0.6], [0.01, 0.99]])
    array([-1,  1])
    """

    def __init__(self, *, risk: float = 0.05, level: float = 0.95) -> None:
        self.risk = risk
        self.level = level

    def fit(self, probs: Any, y: Any = None) -> Self:
        """Choose the threshold by rows with gold, on which nothing was fitted.

        Parameters
        ----------
        probs : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
            The probabilities of some model.
        y : array-like of shape (n,), optional
            Gold, by code or name, -1 or missing where unknown; None is that of SoftLabels.

        Returns
        -------
        self

        Raises
        ------
        SoftLabelError, GoldError
            If the probabilities are none, or no row has gold.
        """
        soft = read_labels(probs, "probs")
        gold = read_gold(y, soft)
        known = gold != ABSTAIN
        found = risk_threshold(-soft.confidence[known], (soft.codes() != gold)[known], self.risk, self.level)
        self.threshold_, self.coverage_ = -found.threshold, found.coverage
        self.risk_, self.bound_, self.k_ = found.risk, found.bound, soft.k
        return self

    def predict(self, probs: Any) -> np.ndarray:
        """The most probable class, by name where SoftLabels name classes; -1, or None among names, where unsure."""
        check_is_fitted(self)
        soft = read_labels(probs, "probs")
        if soft.k != self.k_:
            raise SoftLabelError(f"probs has {soft.k} classes; the threshold was chosen for {self.k_}.")
        codes = np.where(soft.confidence >= self.threshold_, soft.codes(), ABSTAIN)
        return decode(codes, None if soft.classes is None else soft.classes_)


def keep_share(doubt: Floats, coverage: float) -> float:
    """The threshold that keeps this share of rows to come, if they are drawn as the rows given.

    The order statistic ``ceil((n + 1) coverage)``, infinity where there are not as many rows: a row to come is kept
    with at least this probability (split conformal; Vovk, Gammerman and Shafer, 2005, doi:10.1007/b106715).

    Examples
    --------
    >>> keep_share(np.arange(19.0), 0.95), keep_share(np.arange(18.0), 0.95)
    (18.0, inf)
    """
    place = math.ceil((len(doubt) + 1) * coverage - 1e-9)
    return float(np.sort(doubt)[place - 1]) if place <= len(doubt) else math.inf
