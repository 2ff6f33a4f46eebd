"""Text by its vocabulary: TF-IDF of words and pairs of words, each with a name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from weaklab.end_models.encoders import Block, texts_of
from weaklab.end_models.text import ROW_LENGTH, TOKEN
from weaklab.exceptions import FrameError


class TfidfColumn:
    """A column of texts as TF-IDF of words and pairs of neighbouring words, without hashing.

    It takes more time than hashed n-grams and knows no parts of words; in return every feature has a name:
    ``vectorizer_.get_feature_names_out()``. A count c becomes ``(1 + ln c) * (1 + ln((1 + n) / (1 + df)))`` (Salton
    and Buckley, 1988, doi:10.1016/0306-4573(88)90021-0); rows have length 5, as those of hashed n-grams.

    Parameters
    ----------
    name : object
        The column's name, for errors.
    max_features : int
        How many words and pairs to keep at most: the most frequent.

    Attributes
    ----------
    vectorizer_ : TfidfVectorizer
        scikit-learn's, fitted.

    Examples
    --------
    >>> column = TfidfColumn("body", 100)
    >>> column.fit_transform(pd.Series(["free money", None])).shape
    (2, 3)
    >>> column.vectorizer_.get_feature_names_out().tolist()
    ['free', 'free money', 'money']
    """

    def __init__(self, name: Any, max_features: int) -> None:
        self.name = name
        self.max_features = max_features

    @property
    def n_columns(self) -> int:
        """The words and pairs that were kept."""
        return len(self.vectorizer_.vocabulary_)

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        return f"TF-IDF of {self.n_columns:,} words and pairs of words"

    def fit_transform(self, column: pd.Series) -> Block:
        """Learn from a column, and encode it."""
        texts = texts_of(column, self.name)
        self.vectorizer_ = TfidfVectorizer(
            token_pattern=TOKEN,
            ngram_range=(1, 2),
            sublinear_tf=True,
            min_df=2 if len(texts) >= 100 else 1,
            max_features=self.max_features,
            dtype=np.float32,
        )
        try:
            return self._scaled(self.vectorizer_.fit_transform(texts))
        except ValueError as error:
            raise FrameError(
                f"Column {self.name!r} holds no text to learn from in {len(texts):,} rows: {error}"
            ) from error

    def transform(self, column: pd.Series) -> Block:
        """Encode a column, (n, n_columns)."""
        texts = texts_of(column, self.name)
        if not texts:
            return self._scaled(self.vectorizer_.transform([""]))[:0]
        return self._scaled(self.vectorizer_.transform(texts))

    def _scaled(self, rows: Any) -> Block:
        return sp.csr_array(rows) * np.float32(ROW_LENGTH)
