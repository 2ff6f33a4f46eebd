"""Time and memory from texts to a trained classifier, on the docstring corpus.

``python tests/bench/text_features.py [--rows N]`` prints seconds to featurise and to train, and the peak of memory
that features take at n, n / 2 and n / 4 rows, with bytes per n-gram: memory is linear in the number of n-grams where
the last column stays the same. torch runs in one thread; the host is printed first.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from host import host, versions

from weaklab.datasets import load_docstrings
from weaklab.end_models import EndModel
from weaklab.end_models.text import HashedText, ngram_counts


def corpus(rows: int) -> pd.DataFrame:
    """The docstrings of all splits, the first ``rows`` of them in a fixed random order."""
    frame = pd.concat(load_docstrings(progress=False))
    return frame.sample(min(rows, len(frame)), random_state=0)


def time_text(frame: pd.DataFrame) -> dict[str, float]:
    """Seconds to featurise, and to featurise and train, as a user calls it."""
    texts = frame["text"].tolist()
    start = time.perf_counter()
    HashedText().fit_transform(texts)
    featurised = time.perf_counter() - start
    start = time.perf_counter()
    model = EndModel(column="text", progress=False).fit(frame, frame["label"])
    return {
        "rows": len(frame),
        "featurise_s": featurised,
        "fit_s": time.perf_counter() - start,
        "epochs": model.n_iter_,
    }


def memory(texts: list[str]) -> dict[str, float]:
    """The peak of memory of featurising, and per n-gram (a distinct word or character n-gram of a row)."""
    words, chars = ngram_counts(texts)
    ngrams = words.nnz + chars.nnz
    tracemalloc.start()
    HashedText().fit_transform(texts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"rows": len(texts), "n_grams": ngrams, "peak_MB": peak / 1e6, "bytes_per_n_gram": peak / ngrams}


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    print(host() + "; " + versions("torch", "scipy"))
    HashedText().fit_transform(["warm up", "the caches"])
    frame = corpus(rows)
    print(pd.DataFrame([time_text(frame)]).round(2).to_string(index=False))
    texts = frame["text"].to_numpy()
    sizes = [len(texts) // 4, len(texts) // 2, len(texts)]
    table = pd.DataFrame([memory(list(np.asarray(texts[:size], dtype=object))) for size in sizes])
    print(table.round(1).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
