"""One set of data, as each kind of table holds it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import weaklab as wl

CLASSES = ["ham", "spam"]
WORDS = ["free", "money", "hello", "love", "win", "call", "check", "dear"]


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    """Texts, a number and gold."""
    rng = np.random.default_rng(7)
    texts = [" ".join(rng.choice(WORDS, size=4)) for _ in range(300)]
    labels = ["spam" if "free" in text or "win" in text else "ham" for text in texts]
    return pd.DataFrame({"text": texts, "stars": rng.normal(size=300).round(2), "label": labels})


@pytest.fixture(scope="session")
def lfs() -> list[Any]:
    """Labeling functions that are data."""
    return [
        wl.keyword_lf("free", column="text", label="spam"),
        wl.keyword_lf("win", column="text", label="spam"),
        wl.keyword_lf("hello", column="text", label="ham"),
        wl.keyword_lf("love", column="text", label="ham"),
        wl.threshold_lf("stars", above=1.0, label="spam"),
    ]


@pytest.fixture(scope="session")
def votes(lfs: list[Any], frame: pd.DataFrame) -> pd.DataFrame:
    """Their votes."""
    return wl.apply(lfs, frame, classes=CLASSES, progress=False)


@pytest.fixture(scope="session")
def model(votes: pd.DataFrame) -> Any:
    """A label model fitted to them."""
    return wl.LabelModel(classes=CLASSES).fit(votes)


class Kind:
    """A kind of table, made from pandas frames and lists."""

    def __init__(self, name: str) -> None:
        self.name = name

    def table(self, frame: pd.DataFrame) -> Any:
        """A table of this kind."""
        if self.name == "polars":
            return pl.from_pandas(frame)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        return table if self.name == "arrow table" else table.combine_chunks().to_batches()[0]

    def column(self, values: Any) -> Any:
        """A column of this kind."""
        values = list(values)
        return {"polars": pl.Series, "arrow table": lambda x: pa.chunked_array([x]), "arrow batch": pa.array}[
            self.name
        ](values)


@pytest.fixture(params=["polars", "arrow table", "arrow batch"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of table beside pandas."""
    return Kind(request.param)
