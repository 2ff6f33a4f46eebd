"""How right votes on a condition would be: by soft labels, by what these teach of other rows, and by gold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import beta, norm

from weaklab.typing import Floats

#: Chance counts like so many rows beside those that a candidate is judged by, and all that the votes say like so many
#: gold rows beside the real ones: as in ``assess_sources``, where it was measured.
PSEUDO_ROWS = 10.0
#: The bound on the precision of any of all candidates may be wrong with this probability.
FAMILY_ERROR = 0.05
#: So much of each word is added to each class by naive Bayes.
SMOOTHING = 0.1


@dataclass(frozen=True, eq=False)
class Worth:
    """How right each of c candidates would be, voting for the class that is most frequent among its rows.

    Attributes
    ----------
    label : ndarray of int of shape (c,)
        That class; of classes that are no more frequent than elsewhere only where there are no others.
    precision, low, high : ndarray of shape (c,)
        How often such votes would be right, and bounds that hold for all candidates at once.
    chance : ndarray of shape (c,)
        How often they would be right on rows at random.
    """

    label: np.ndarray
    precision: Floats
    low: Floats
    high: Floats
    chance: Floats

    @property
    def bits(self) -> Floats:
        """What one vote tells at least of whether the class is right, (c,); 0 where ``low`` is not above chance."""
        p, q = np.clip(self.low, 1e-12, 1 - 1e-12), np.clip(self.chance, 1e-12, 1 - 1e-12)
        return np.where(p > q, p * np.log2(p / q) + (1 - p) * np.log2((1 - p) / (1 - q)), 0.0)


def judge(
    inside: sparse.csc_matrix,
    probs: Floats,
    weight: Floats,
    gold: np.ndarray,
    prior: Floats,
    label: np.ndarray | None = None,
) -> Worth:
    r"""How right candidates would be, by soft labels and gold rows, with bounds that hold for all of them together.

    By the soft labels of its rows, a candidate's precision for class c has the posterior
    :math:`\mathrm{Beta}(s \pi_c + r, s (1 - \pi_c) + t - r)`: r of t rows' labels are c, and the share of the class,
    :math:`\pi_c`, counts like s = 10 rows more, which shrinks the lucky finds among rare conditions. Its quantiles at
    :math:`0.025 / C` bound it, where there are C candidates (C. E. Bonferroni, 1936). Gold rows then count one each
    beside all of that, which counts like s of them, and the errors of the two add up in quadrature.

    Parameters
    ----------
    inside : sparse matrix of shape (n, c)
        The rows of each candidate.
    probs : ndarray of shape (n, k)
        Soft labels.
    weight : ndarray of shape (n,)
        How much each row of them counts.
    gold : ndarray of int of shape (n,)
        Gold labels, -1 where unknown; where they are known, soft labels do not count.
    prior : ndarray of shape (k,)
        How frequent the classes are.
    label : ndarray of int of shape (c,), optional
        What the candidates vote for, where that is settled.

    Returns
    -------
    Worth

    Examples
    --------
    >>> probs = np.repeat([[0.0, 1.0], [1.0, 0.0]], 100, axis=0)
    >>> inside = sparse.csc_matrix(np.arange(200)[:, np.newaxis] < 80)
    >>> found = judge(inside.astype(float), probs, np.ones(200), np.full(200, -1), np.array([0.5, 0.5]))
    >>> found.label, found.precision.round(2), found.low.round(2)
    (array([1]), array([0.94]), array([0.89]))
    """
    k = len(prior)
    known = gold >= 0
    weighed = np.where(known, 0.0, weight)
    exact = np.zeros((len(gold), k))
    exact[known, gold[known]] = 1.0
    right = inside.T @ (np.nan_to_num(probs) * weighed[:, np.newaxis])  # (c, k)
    rows = (inside.T @ weighed)[:, np.newaxis]
    a = PSEUDO_ROWS * prior + right
    b = PSEUDO_ROWS * (1 - prior) + rows - right
    gold_rows = (inside.T @ known.astype(np.float64))[:, np.newaxis]
    share = (inside.T @ exact + PSEUDO_ROWS * a / (a + b)) / (gold_rows + PSEUDO_ROWS)  # (c, k)
    if label is None:
        label = np.argmax(np.where(share > prior, share, share - 1), axis=1)
    at = (np.arange(len(label)), label)
    a, b, precision, gold_rows, rows = a[at], b[at], share[at], gold_rows[:, 0], rows[:, 0]
    level = FAMILY_ERROR / 2 / max(len(label), 1)
    mean = a / (a + b)
    luck = norm.isf(level) ** 2 * gold_rows * precision * (1 - precision)
    bounds = []
    for sign, quantile in ((-1, level), (1, 1 - level)):
        # Where no soft label counts, chance is all there is, and is no less certain for it.
        told = np.where(rows > 0, beta.ppf(quantile, a, b) - mean, 0.0)
        error = np.hypot(PSEUDO_ROWS * told, np.sqrt(luck)) / (gold_rows + PSEUDO_ROWS)
        bounds.append(np.clip(precision + sign * error, 0, 1))
    return Worth(label, precision, bounds[0], bounds[1], prior[label])


def spread_labels(features: sparse.csr_matrix, probs: Floats, weight: Floats) -> Floats:
    """Soft labels of all rows, by naive Bayes from those that have some, (n, k).

    Words beside which a labeling function votes say much on the rows that have both, and often little on others.
    On the demo's docstrings, the precision of n-grams on rows without votes went with that on rows with votes by a
    correlation of .14, with what naive Bayes says of them by .93.

    Parameters
    ----------
    features : sparse matrix of shape (n, d)
        What the rows have.
    probs : ndarray of shape (n, k)
        Soft labels.
    weight : ndarray of shape (n,)
        How much each row of them counts; 0 where they are unknown.

    Returns
    -------
    ndarray of shape (n, k)
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    counts = TfidfTransformer().fit_transform(features)  # (n, d)
    weighed = np.nan_to_num(probs) * weight[:, np.newaxis]  # (n, k)
    share = weighed.sum(axis=0)
    per_class = (counts.T @ weighed).T + SMOOTHING  # (k, d)
    per_class /= per_class.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        logs = counts @ np.log(per_class).T + np.log(share / share.sum())  # (n, k)
    logs -= logs.max(axis=1, keepdims=True)
    spread = np.exp(logs)
    return spread / spread.sum(axis=1, keepdims=True)
