"""Names for what flows through weaklab, and the one value that every room knows: ``ABSTAIN``.

Letters, everywhere: n rows, m labeling functions, k classes, u distinct vote patterns;
``theta[j, y, v] = P(vote v of labeling function j | class y)``.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import scipy.sparse
    from numpy.typing import NDArray

# Quoted, so that naming a type costs no import of the package that it comes from.
Votes: TypeAlias = "pd.DataFrame | np.ndarray | scipy.sparse.sparray | scipy.sparse.spmatrix | Sequence[Sequence[int]]"
Frame: TypeAlias = Any  # pandas first; polars and pyarrow tables, datasets, lists of mappings or objects too
Codes: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"
Seed: TypeAlias = "int | np.integer | np.random.Generator | np.random.RandomState | None"

ABSTAIN: Final = -1
"""What a labeling function that has no opinion votes; the same as returning ``None``."""

Classes: TypeAlias = "int | Sequence[Hashable] | None"
"""The classes: how many there are, or their names in the order of their codes; None infers the number."""

Ties: TypeAlias = Literal["lowest", "random", "hash", "abstain"]
"""What ``predict`` does where the highest probability is shared."""


@runtime_checkable
class LabelingFunctionLike(Protocol):
    """Anything that :func:`weaklab.apply` can run: a name, and a vote for a row."""

    name: str

    def __call__(self, row: Any) -> Any:
        """The vote for one row."""
        ...


class LabelModelLike(Protocol):
    """What the rest of weaklab asks of a label model."""

    classes_: np.ndarray

    def predict_proba(self, votes: Any) -> np.ndarray:
        """Probabilities of shape (n, k) for votes of shape (n, m)."""
        ...
