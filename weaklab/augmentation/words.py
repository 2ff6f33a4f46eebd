"""Transformation functions of text that are ready: words left out, swapped, or replaced by others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from weaklab.augmentation.function import TransformationFunction
from weaklab.exceptions import LabelingFunctionError


def drop_words_tf(*, column: Hashable, share: float = 0.1, name: str | None = None) -> TransformationFunction:
    """Leave out words at random, at least one of them; texts of fewer than two words are left alone.

    Parameters
    ----------
    column : hashable
        The column of text; words are what spaces divide.
    share : float, default=0.1
        How many of the words, in (0, 1).
    name : str, optional
        ``drop_words_COLUMN`` by default.

    Returns
    -------
    TransformationFunction

    Raises
    ------
    LabelingFunctionError
        If the share is not between 0 and 1.

    References
    ----------
    Wei and Zou (2019), "EDA", doi:10.18653/v1/D19-1670.

    Examples
    --------
    >>> frame = pd.DataFrame({"text": ["this is the best of all", "no"]})
    >>> drop_words_tf(column="text", share=0.3)(frame)
    0    this is of all
    Name: text, dtype: str
    """
    if not 0 < share < 1:
        raise LabelingFunctionError(f"drop_words_tf: share={share!r} must be between 0 and 1.")
    return _words_tf(partial(_drop, share=share), column, name or f"drop_words_{column}")


def swap_words_tf(*, column: Hashable, swaps: int = 1, name: str | None = None) -> TransformationFunction:
    """Swap two words at random; texts of fewer than two words are left alone.

    Parameters
    ----------
    column : hashable
        The column of text; words are what spaces divide.
    swaps : int, default=1
        How often, from 1.
    name : str, optional
        ``swap_words_COLUMN`` by default.

    Returns
    -------
    TransformationFunction

    Raises
    ------
    LabelingFunctionError
        If ``swaps`` is below 1.

    References
    ----------
    Wei and Zou (2019), "EDA", doi:10.18653/v1/D19-1670.

    Examples
    --------
    >>> swap_words_tf(column="text")(pd.DataFrame({"text": ["a b c d"]}))
    0    a b d c
    Name: text, dtype: str
    """
    if isinstance(swaps, bool) or not isinstance(swaps, int) or swaps < 1:
        raise LabelingFunctionError(f"swap_words_tf: swaps={swaps!r} must be an int from 1.")
    return _words_tf(partial(_swap, swaps=swaps), column, name or f"swap_words_{column}")


def replace_words_tf(
    words: Mapping[str, Sequence[str]], *, column: Hashable, share: float = 0.2, name: str | None = None
) -> TransformationFunction:
    """Replace words by others that mean the same, at least one; texts without such a word are left alone.

    Parameters
    ----------
    words : mapping of str to sequence of str
        What may stand for each word; words are matched as they are written.
    column : hashable
        The column of text; words are what spaces divide.
    share : float, default=0.2
        How many of the words that can be replaced, in (0, 1].
    name : str, optional
        ``replace_words_COLUMN`` by default.

    Returns
    -------
    TransformationFunction

    Raises
    ------
    LabelingFunctionError
        If there are no words, one has nothing to stand for it, or the share is not in (0, 1].

    References
    ----------
    Wei and Zou (2019), "EDA", doi:10.18653/v1/D19-1670.

    Examples
    --------
    >>> good = replace_words_tf({"good": ["fine", "great"]}, column="text", share=1.0)
    >>> good(pd.DataFrame({"text": ["a good day", "a bad day"]}))
    0    a fine day
    Name: text, dtype: str
    """
    if not isinstance(words, Mapping) or not words:
        raise LabelingFunctionError(f"replace_words_tf: words={words!r:.60} must be a dict from word to words.")
    for word, others in words.items():
        if isinstance(others, str) or not isinstance(word, str) or not others:
            raise LabelingFunctionError(f"replace_words_tf: {word!r} has {others!r:.60}; a list of words is expected.")
    if not 0 < share <= 1:
        raise LabelingFunctionError(f"replace_words_tf: share={share!r} must be above 0, and 1 at most.")
    table = {word: list(others) for word, others in words.items()}
    return _words_tf(partial(_replace, table=table, share=share), column, name or f"replace_words_{column}")


def _words_tf(change: Any, column: Hashable, name: str) -> TransformationFunction:
    function = _EachText(change, column)
    return TransformationFunction(function, name=name, batch=True)


class _EachText:
    """A change of a list of words as a function of a frame; it pickles."""

    def __init__(self, change: Any, column: Hashable) -> None:
        self.change, self.column = change, column
        self.__doc__ = getattr(change, "func", change).__doc__

    def __call__(self, frame: pd.DataFrame, rng: np.random.Generator) -> pd.Series | None:
        if self.column not in frame:
            raise LabelingFunctionError(f"the frame has no column {self.column!r}.")
        rows, texts = [], []
        for row, text in zip(frame.index, frame[self.column], strict=True):
            if not isinstance(text, str):
                continue  # missing
            words = self.change(text.split(), rng)
            if words is not None:
                rows.append(row)
                texts.append(" ".join(words))
        return pd.Series(texts, index=pd.Index(rows, dtype=np.int64), name=self.column, dtype=frame[self.column].dtype)


def _drop(words: list[str], rng: np.random.Generator, share: float) -> list[str] | None:
    """Words are left out at random."""
    if len(words) < 2:
        return None
    draws = rng.random(len(words)).tolist()
    last = sorted(draws)[_some(share, len(words), len(words) - 1)]
    return [word for word, draw in zip(words, draws, strict=True) if draw >= last]


def _swap(words: list[str], rng: np.random.Generator, swaps: int) -> list[str] | None:
    """Two words change places."""
    if len(words) < 2:
        return None
    for first, step in rng.random((swaps, 2)).tolist():
        i = int(first * len(words))
        j = (i + 1 + int(step * (len(words) - 1))) % len(words)
        words[i], words[j] = words[j], words[i]
    return words


def _replace(
    words: list[str], rng: np.random.Generator, table: Mapping[str, Sequence[str]], share: float
) -> list[str] | None:
    """Words are replaced by others that mean the same."""
    places = [i for i, word in enumerate(words) if word in table]
    if not places:
        return None
    draws = rng.random((len(places), 2)).tolist()
    chosen = sorted(zip(draws, places, strict=True))[: _some(share, len(places), len(places))]
    for (_, draw), place in chosen:
        others = table[words[place]]
        words[place] = others[int(draw * len(others))]
    return words


def _some(share: float, n: int, most: int) -> int:
    return min(max(1, round(share * n)), most)
