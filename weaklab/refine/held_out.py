"""What a classifier thinks of rows that it has not learnt from: a row that taught it would be confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone

from weaklab.refine.features import row_blocks
from weaklab.refine.gaussian_mixture import Columns
from weaklab.refine.problem import Problem
from weaklab.typing import Floats, Seed
from weaklab.votes.soft import SoftLabels

_TAUGHT_ON = 50_000  # rows of a classifier: more take memory, and hardly teach it anything


def held_out_probs(
    problem: Problem, columns: Columns, fold: np.ndarray, kept: np.ndarray, model: Any, rng: np.random.Generator
) -> Floats:
    """What the classifier of the other folds thinks of each row.

    Parameters
    ----------
    problem : Problem
        The labels and the features.
    columns : Columns
        How the features are scaled.
    fold : ndarray of int of shape (n,)
        The fold of each row, from 0.
    kept : ndarray of bool of shape (n,)
        The rows that may teach; each fold must lack some of them.
    model : classifier
        Cloned for each fold; ``fit(Z, SoftLabels)`` and ``predict_proba(Z)``.
    rng : numpy.random.Generator
        Draws the rows that teach where there are more than 50,000.

    Returns
    -------
    ndarray of shape (n, k)
        Distributions over the allowed classes; gold rows are one-hot.
    """
    out = np.empty((problem.n, problem.k))
    for one in range(int(fold.max(initial=0)) + 1):
        rows = np.flatnonzero(kept & (fold != one))
        if len(rows) > _TAUGHT_ON:
            rows = np.sort(rng.choice(rows, _TAUGHT_ON, replace=False))
        taught = SoftLabels(problem.probs[rows], problem.weight[rows])
        fitted = clone(model)
        fitted.fit(columns(problem.features, rows).astype(np.float32), taught)
        for block in _blocks_of(np.flatnonzero(fold == one), problem):
            out[block] = fitted.predict_proba(columns(problem.features, block).astype(np.float32))
    return problem.restrict(np.maximum(out, 0.0))


def cheap_classifier(random_state: Seed) -> Any:
    """Ridge regression on 512 random features, which wrong labels do little harm."""
    from weaklab.end_models import RandomFeatureClassifier  # torch takes a second to import

    seed = 0 if random_state is None or not isinstance(random_state, int) else random_state
    return RandomFeatureClassifier(features=512, random_state=seed)


def _blocks_of(rows: np.ndarray, problem: Problem) -> Iterator[np.ndarray]:
    """Row numbers in blocks whose features are few enough to exist at one time."""
    return (rows[part] for part in row_blocks(np.broadcast_to(0.0, (len(rows), problem.features.shape[1]))))
