"""Noise for random restarts that depends on what a labeling function did, not on where it stands.

Numbers drawn per labeling function and class would change with their order, and with labeling functions that never
vote. A random function of their statistics does not: whatever order they come in, each gets the same noise.
"""

from __future__ import annotations

import numpy as np

from weaklab.typing import Floats

#: Standard deviation of the frequencies: a difference of a few percent in a statistic makes noise independent.
FREQUENCY = 50.0


def random_waves(statistics: Floats, count: int, rng: np.random.Generator) -> Floats:
    r"""Random functions of statistics: :math:`\tfrac12 + \tfrac12\cos(\omega_c \cdot x + \phi_c)`.

    Over the draw of a uniform phase, each value has the distribution Beta(1/2, 1/2). Random Fourier features are due to
    Rahimi and Recht, "Random features for large-scale kernel machines", NeurIPS 2007.

    Parameters
    ----------
    statistics : ndarray of shape (..., d)
        What each item did, each number in [0, 1].
    count : int
        How many functions to draw.
    rng : Generator
        Where they are drawn from; how many numbers it gives does not depend on the items.

    Returns
    -------
    ndarray of shape (..., count)
        In [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> noise = random_waves(np.array([[0.1], [0.7], [0.1]]), 2, np.random.default_rng(0))
    >>> bool(noise[0, 0] == noise[2, 0]), bool(noise[0, 0] == noise[1, 0]), noise.shape
    (True, False, (3, 2))
    """
    frequency = rng.normal(0, FREQUENCY, size=(statistics.shape[-1], count))
    phase = rng.uniform(0, 2 * np.pi, size=count)
    return 0.5 + 0.5 * np.cos(statistics @ frequency + phase)
