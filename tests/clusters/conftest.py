"""Data that both engines are tested on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from weaklab.labeling import keyword_lf, labeling_function, threshold_lf

WORDS = ["offer", "thanks", "buy", "meeting", "free", "regards", "win", "report"]


@pytest.fixture(scope="module")
def texts():
    """4,000 texts with a number; which words they hold tells of what is planted."""
    rng = np.random.default_rng(0)
    spam = rng.random(4000) < 0.4
    odds = np.where(spam[:, None], [0.3, 0.05] * 4, [0.05, 0.3] * 4)
    held = rng.random((4000, 8)) < odds
    text = [" ".join(word for word, there in zip(WORDS, row, strict=True) if there) or "nothing" for row in held]
    return pd.DataFrame({"id": np.arange(4000), "text": text, "stars": rng.integers(6, size=4000)})


@pytest.fixture(scope="module")
def lfs():
    """Data and code, one that a worker could not find by its name, since it is local."""
    words = [keyword_lf(word, column="text", label=1 - at % 2, name=word) for at, word in enumerate(WORDS[:6])]

    @labeling_function
    def many_stars(row):
        return 0 if row.stars > LIMIT else None

    LIMIT = 4
    return [*words, threshold_lf("stars", below=1, label=1, name="no_stars"), many_stars]


def planted(n, m, k, coverage=0.5, seed=0):
    """Votes that are right 7 times of 10, and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(k, size=n)
    votes = np.where(rng.random((n, m)) < 0.7, y[:, None], rng.integers(k, size=(n, m)))
    votes[rng.random((n, m)) >= coverage] = -1
    return pd.DataFrame(votes.astype(np.int8), columns=[f"lf{j}" for j in range(m)]), y


@pytest.fixture(scope="module")
def votes_of():
    """The function that plants votes."""
    return planted


def equal_models(one, other, votes, within=1e-9):
    """Whether two models learned the same, to rounding."""
    assert one.n_rows_ == other.n_rows_
    assert list(one.feature_names_in_) == list(other.feature_names_in_)
    for name in ("class_prior_", "accuracies_", "confusion_"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=within, err_msg=name)
    np.testing.assert_allclose(one.predict_proba(votes), other.predict_proba(votes), rtol=0, atol=within)


@pytest.fixture(scope="module")
def assert_equal_models():
    """The function that compares."""
    return equal_models
