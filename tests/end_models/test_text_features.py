"""Hashed n-grams: counted right, the same everywhere, weighted and scaled as said."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklab.end_models import HashedText
from weaklab.end_models.text import BUCKETS, ROW_LENGTH, ngram_counts

FREE_WORD = 126840
FREE_CHARS = [7264, 72222, 125187, 512953, 541661, 603642, 670566, 753954, 919583]
TEXTS = ["Free money, free lunch!", "", "lunch at noon?", "ﬁne 𝔘nicode — ünd más", "a" * 300]


def _words(text):
    tokens = re.findall(r"\w+|[^\w\s]+", text.lower())
    return Counter(tokens) + Counter(pairwise(tokens))


def _chars(text):
    counts = Counter()
    for token in re.findall(r"\w+|[^\w\s]+", text.lower()):
        padded = f" {token} "
        for size in (3, 4, 5):
            counts.update((size, padded[i : i + size]) for i in range(len(padded) - size + 1))
    return counts


@given(st.lists(st.text(alphabet="abc ,.é𝔘\n", max_size=30), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_counts_are_those_of_a_plain_loop_over_each_text(texts):
    """Cutting each distinct word once and spreading by a product must count what cutting every text counts.

    With a few dozen n-grams among 2**20 buckets, a shared bucket is rarer than one run in a thousand; the seeds of
    hypothesis are free, so the comparison is of sorted counts, which a shared bucket would change.
    """
    for got, expected in zip(ngram_counts(texts), (_words, _chars), strict=True):
        for row, text in enumerate(texts):
            assert sorted(got[[row]].data.tolist()) == sorted(expected(text).values())


def test_the_same_ngram_has_the_same_bucket_in_every_text_and_process():
    """Fitted models are used in other processes, where Python's own hash would differ. Numbers as first computed."""
    words, chars = ngram_counts(["free", "so free today"])
    assert set(words[[0]].indices) <= set(words[[1]].indices)
    assert set(chars[[0]].indices) <= set(chars[[1]].indices)
    assert words[[0]].indices.tolist() == [FREE_WORD]
    assert sorted(chars[[0]].indices.tolist()) == FREE_CHARS


def test_words_and_their_order_are_told_apart():
    """Pairs of neighbours make "not good, bad" differ from "not bad, good"; pairs never span two texts."""
    words, _ = ngram_counts(["dog bites man", "man bites dog", "dog", "man"])
    assert (words[[0]] != words[[1]]).nnz > 0
    assert words[[2]].nnz == words[[3]].nnz == 1


def test_chunks_do_not_show(monkeypatch):
    """Texts are tokenised some thousand at a time; where the cut falls must not matter."""
    whole = ngram_counts(TEXTS)
    monkeypatch.setattr("weaklab.end_models.text._CHUNK", 2)
    for a, b in zip(whole, ngram_counts(TEXTS), strict=True):
        assert (a != b).nnz == 0


def test_rows_have_one_length_and_empty_texts_none():
    """Long texts must not weigh more than short ones."""
    features = HashedText().fit_transform(TEXTS)
    lengths = np.sqrt((features.toarray() ** 2).sum(axis=1))
    np.testing.assert_allclose(lengths, [ROW_LENGTH, 0, ROW_LENGTH, ROW_LENGTH, ROW_LENGTH], rtol=1e-5)
    assert features.dtype == np.float32


def test_weights_are_the_log_counts_times_the_inverse_document_frequency():
    """By hand: two texts, "a" in both and "b b" in one; within the block of words the row is scaled to one length."""
    text = HashedText().fit(["a", "a b b"])
    row = text.transform(["a b b"]).toarray()[0][: len(text.word_buckets_)]
    rare = 1 + np.log(3 / 2)
    expected = np.array([1.0, (1 + np.log(2)) * rare, rare, rare])  # a; b twice; the pairs "a b" and "b b"
    expected *= ROW_LENGTH * 0.5**0.5 / np.linalg.norm(expected)
    np.testing.assert_allclose(sorted(row), sorted(expected), rtol=1e-5)


def test_transform_repeats_fit_and_ignores_what_it_never_saw():
    """Predictions on the training texts must be those that training saw."""
    text = HashedText()
    fitted = text.fit_transform(TEXTS)
    assert (fitted != text.transform(TEXTS)).nnz == 0
    assert text.transform(["zzzz qqqq"]).nnz == 0
    assert text.transform([]).shape == (0, text.n_columns)
    assert HashedText().fit_transform([]).shape == (0, 0)


def test_rare_ngrams_are_dropped_and_the_frequent_ones_kept():
    """The columns, and so the weights to train, are bounded whatever the corpus is."""
    texts = [f"common word{i}" for i in range(200)]
    text = HashedText(max_features=10).fit(texts)
    assert len(text.word_buckets_) == 1  # "common"; all else occurs once, and 200 rows ask for two
    assert len(text.char_buckets_) == 10
    assert len(HashedText(min_rows=1).fit(texts).word_buckets_) == 401
    assert len(HashedText().fit(texts[:50]).word_buckets_) == 101  # under 100 rows, nothing is too rare
    assert text.word_buckets_.max() < BUCKETS


def test_lone_surrogates_and_long_tokens_are_texts_too():
    """Scraped text holds both; neither may stop a fit."""
    assert HashedText().fit_transform(["\ud800 broken", "x" * 100_000]).shape[0] == 2


@pytest.mark.parametrize("blank", ["", "   ", "\n\t"])
def test_blank_texts_have_no_ngrams(blank):
    """An empty row is a row of zeros, not an error: predictions are wanted for every row."""
    words, chars = ngram_counts([blank, blank])
    assert words.nnz == chars.nnz == 0
    assert words.shape == chars.shape == (2, BUCKETS)


def test_memory_grows_with_the_number_of_ngrams_and_no_faster(rng):
    """Twice the texts, twice the memory: nothing is kept per pair of rows, and no dense table is made."""
    words = np.array([f"word{i}" for i in rng.integers(0, 10**6, 3000)])

    def peak_per_ngram(rows):
        texts = [" ".join(words[rng.integers(0, 3000, 30)]) for _ in range(rows)]
        ngrams = sum(block.nnz for block in ngram_counts(texts))
        tracemalloc.start()
        HashedText().fit_transform(texts)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak / ngrams

    few, many = peak_per_ngram(500), peak_per_ngram(2000)
    assert many < 1.1 * few
    assert many < 100  # bytes; 34 on docstrings
