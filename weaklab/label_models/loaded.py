"""What a label model that came out of a file must hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.exceptions import VoteError


def check_loaded(self: Any) -> None:
    """Check what a file said of a fitted label model.

    Raises
    ------
    VoteError
        If its parts do not fit each other.
    """
    if "classes_" not in vars(self):
        return
    k, prior, m = len(self.classes_), np.asarray(self.class_prior_, dtype=np.float64), self.n_features_in_
    if self.classes_.ndim != 1 or prior.shape != (k,) or not abs(prior.sum() - 1) < 1e-6 or (prior < 0).any():
        raise VoteError(f"the class prior of a {type(self).__name__} is not of its {k} classes.")
    slots = self._columns_are_functions and len(self._pairs) and int(self._pairs.lf.max()) >= m
    if type(m) is not int or self._pairs.k != k or slots:
        raise VoteError(f"a {type(self).__name__} is of other labeling functions or classes than its votes.")
