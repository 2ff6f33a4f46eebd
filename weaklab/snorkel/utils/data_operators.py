"""Names that must differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from weaklab.exceptions import LabelingFunctionError


def check_unique_names(names: Iterable[str]) -> None:
    """Refuse names of which one is there twice.

    Parameters
    ----------
    names : iterable of str
        The names.

    Raises
    ------
    LabelingFunctionError
        With the names that are.

    Examples
    --------
    >>> check_unique_names(["free", "thanks"])
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise LabelingFunctionError(f"Operator names not unique: {twice}")
