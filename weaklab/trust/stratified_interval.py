"""An interval for a share that was counted in strata: the score test turned round."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from weaklab.typing import Floats

_FARTHEST = 1e12  # of the multiplier, in units of the rows asked


def score_interval(right: Floats, asked: Floats, size: Floats, level: float) -> tuple[float, float]:
    r"""The shares :math:`\theta` that a score test of the counts does not reject.

    With :math:`W_h` the part of the rows that stratum h is, a share is rejected where

    .. math:: \Big(\theta - \sum_h W_h \frac{x_h}{n_h}\Big)^2 >
              z^2 \sum_h W_h^2 \frac{\tilde p_h (1 - \tilde p_h)}{n_h - 1} f_h, \qquad f_h = \frac{N_h - n_h}{N_h - 1}

    and :math:`\tilde p` are the likeliest shares of the strata among those with :math:`\sum_h W_h \tilde p_h =
    \theta`. Unlike an interval from the counts' own variance it does not shrink to nothing in strata without errors.

    Parameters
    ----------
    right, asked, size : ndarray of shape (H,)
        Per stratum: how many rows were right, were asked, and are there.
    level : float in (0, 1)
        How often the interval is to hold the true share.

    Returns
    -------
    low, high : float

    Notes
    -----
    For one stratum this is Wilson's interval (1927), doi:10.1080/01621459.1927.10502953, with n - 1 for n; shares held
    to the tested sum are those of Miettinen and Nurminen (1985), doi:10.1002/sim.4780040211, for two samples.

    Examples
    --------
    >>> low, high = score_interval(np.array([9.0]), np.array([10.0]), np.array([1e9]), 0.95)
    >>> round(low, 2), round(high, 2)
    (0.58, 0.98)
    """
    part = size / size.sum()
    spread = (size - asked) / np.maximum(size - 1, 1)  # what is left of the variance of draws with replacement
    drawn = spread > 0
    fixed = float(part[~drawn] @ (right / asked)[~drawn])
    if not drawn.any():
        return fixed, fixed
    part, right, asked, spread = part[drawn], right[drawn], asked[drawn], spread[drawn]
    x, n = right / spread, asked / spread
    variance_rows = np.maximum(asked - 1, 1) / spread
    estimate = float(part @ (x / n))
    limit = float(norm.ppf((1 + level) / 2)) ** 2

    def share(multiplier: float) -> Floats:
        return _likeliest(x, n, part * multiplier)

    def excess(log_size: float, sign: float) -> float:
        p = share(sign * np.exp(log_size))
        away = (part @ p - estimate) ** 2
        return (away / (part**2 @ (p * (1 - p) / variance_rows)) if away > 0 else 0.0) - limit

    def bound(sign: float, end: float) -> float:
        start, stop = np.log(1e-9 * n.sum()), np.log(_FARTHEST * n.sum())
        if abs(estimate - end) < 1e-12:
            return end
        return float(part @ share(sign * np.exp(brentq(excess, start, stop, args=(sign,), xtol=1e-10))))

    return fixed + bound(1.0, 0.0), fixed + bound(-1.0, float(part.sum()))


def _likeliest(x: Floats, n: Floats, c: Floats) -> Floats:
    """The roots in [0, 1] of ``c p^2 - (n + c) p + x``: x of n counted, with a price of c on p."""
    total = n + c
    root = np.sqrt(np.maximum(total**2 - 4 * c * x, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(total > 0, 2 * x / (total + root), (total - root) / (2 * c))  # each where it does not cancel
    return np.clip(np.where(c == 0, x / n, p), 0.0, 1.0)
