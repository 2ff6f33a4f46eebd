"""Embeddings of items: any function from a list of items to an array, asked in batches and once per distinct item."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from weaklab.exceptions import LabelingFunctionError, ReturnValueError
from weaklab.typing import Floats

#: From a list of items, or an array (n, columns) of numbers, to an array (n, d), or a sparse matrix.
Encode = Callable[[Any], Any]


def check_encode(encode: Any, kind: str) -> Encode:
    """A function that embeds.

    Raises
    ------
    LabelingFunctionError
        If it cannot be called.
    """
    if not callable(encode):
        hint = " Give its method: encode=model.encode." if hasattr(encode, "encode") else ""
        hint = hint or (" Give its method: encode=model.transform." if hasattr(encode, "transform") else "")
        raise LabelingFunctionError(f"{kind}: encode={encode!r:.80} is not callable.{hint}")
    return encode


def distinct(items: Sequence[Any]) -> tuple[list[Any], np.ndarray]:
    """Each different item once, and which of them each item is.

    Items that cannot be hashed (arrays) each count as different.

    Returns
    -------
    items : list of length u
    which : ndarray of int of shape (n,)

    Examples
    --------
    >>> distinct(["a", "b", "a"])
    (['a', 'b'], array([0, 1, 0]))
    """
    places: dict[tuple[type, Hashable], int] = {}
    out: list[Any] = []
    which = np.empty(len(items), dtype=np.int64)
    for i, item in enumerate(items):
        try:
            place = places.setdefault((type(item), item), len(out))
        except TypeError:
            place = len(out)
        if place == len(out):
            out.append(item)
        which[i] = place
    return out, which


def embed(
    encode: Encode, items: Sequence[Any] | np.ndarray, *, batch_size: int, width: int | None = None
) -> Iterator[Floats]:
    """Embed items, a batch at a time, each embedding scaled to length 1.

    Parameters
    ----------
    encode : callable
        From a list of items, or an array of numbers, to an array (n, d).
    items : sequence or ndarray of length n
        What to embed.
    batch_size : int
        How many items at once.
    width : int, optional
        The d that is expected.

    Yields
    ------
    ndarray of shape (at most batch_size, d)
        An embedding that is zero stays so.

    Raises
    ------
    ReturnValueError
        If the embeddings are not one row of finite numbers per item.
    """
    for start in range(0, len(items), batch_size):
        batch = items[start : start + batch_size]
        batch = batch if isinstance(batch, np.ndarray) else list(batch)
        vectors = check_vectors(encode(batch), len(batch), width)
        width = vectors.shape[1]
        yield unit(vectors)


def check_vectors(returned: Any, n: int, width: int | None) -> Floats:
    """What ``encode`` returned for n items as an array (n, d)."""
    if hasattr(returned, "toarray"):
        returned = returned.toarray()
    try:
        vectors = np.asarray(returned, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ReturnValueError(
            f"encode returned a {type(returned).__name__}, of which no array of numbers can be made: {error}"
        ) from error
    if vectors.ndim != 2 or len(vectors) != n or not vectors.shape[1]:
        raise ReturnValueError(
            f"encode returned an array of shape {vectors.shape} for {n:,} items; ({n}, d) was expected, a row per item."
        )
    if width is not None and vectors.shape[1] != width:
        raise ReturnValueError(f"encode returned {vectors.shape[1]} numbers per item where it returned {width} before.")
    wrong = ~np.isfinite(vectors).all(axis=1)
    if wrong.any():
        raise ReturnValueError(
            f"encode returned numbers that are not finite for {int(wrong.sum()):,} of {n:,} items, the first of them "
            f"item {int(np.argmax(wrong))}."
        )
    return vectors


def unit(vectors: Floats) -> Floats:
    """Vectors (n, d) scaled to length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
