"""One process of augment.py: augment some rows by one library, and print what it took as JSON.

Runs in weaklab's environment or in the peers', so it imports each where it is needed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

WORDS = ["this", "is", "a", "good", "text", "of", "some", "words", "about", "nothing", "at", "all"]


def rows(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 12)) for _ in range(n)]
    return pd.DataFrame({"text": texts, "stars": rng.integers(1, 6, n), "score": rng.random(n)})


def upper(x: Any) -> Any:
    x.text = x.text.upper()
    return x


def better(x: Any) -> Any:
    if "good" not in x.text:
        return None
    x.text = x.text.replace("good", "great")
    return x


def weaklab_rows(frame: pd.DataFrame) -> pd.DataFrame:
    import weaklab as wl

    return wl.augment([wl.transformation_function(upper), wl.transformation_function(better)], frame, progress=False)


def weaklab_batch(frame: pd.DataFrame) -> pd.DataFrame:
    import weaklab as wl

    @wl.transformation_function(batch=True)
    def upper(frame: pd.DataFrame) -> pd.Series:
        return frame.text.str.upper()

    @wl.transformation_function(batch=True)
    def better(frame: pd.DataFrame) -> pd.Series:
        good = frame.text[frame.text.str.contains("good", regex=False)]
        return good.str.replace("good", "great", regex=False)

    return wl.augment([upper, better], frame, progress=False)


def snorkel_rows(frame: pd.DataFrame) -> pd.DataFrame:
    from snorkel.augmentation import PandasTFApplier, RandomPolicy, transformation_function

    np.random.seed(0)  # noqa: NPY002  -- that is what snorkel draws from
    tfs = [transformation_function()(upper), transformation_function()(better)]
    policy = RandomPolicy(len(tfs), sequence_length=1, n_per_original=1, keep_original=True)
    return PandasTFApplier(tfs, policy).apply(frame, progress_bar=False)


RUNS = {"weaklab_rows": weaklab_rows, "weaklab_batch": weaklab_batch, "snorkel_rows": snorkel_rows}


def main() -> int:
    """Augment once, after some rows that import what there is."""
    frame = rows(int(sys.argv[2]))
    run = RUNS[sys.argv[1]]
    run(frame.iloc[:100])
    begin, used = time.perf_counter(), time.process_time()
    made = run(frame)
    out = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - used, "rows": len(made)}
    print(json.dumps({**out, "dtypes": [str(dtype) for dtype in made.dtypes]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
