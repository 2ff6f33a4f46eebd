"""One process of peers.py: make the votes of a case, or fit one model on them and print what it took as JSON.

Runs in weaklab's environment for weaklab's models and in the peers' for theirs, so it imports each where it is needed.
"""

from __future__ import annotations

import time

START = time.perf_counter()  # imports are timed too

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib import metadata  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

SEED = 0
#: Takes votes (n, m) or what ``prepare`` made of them, gives probabilities and the number of iterations.
Run = Callable[[Any], tuple[Any, int]]
Prepare = Callable[[Any], Any]


def weaklab_label_model(k: int, threads: int) -> tuple[Prepare, Run]:
    from weaklab.label_models import LabelModel

    def run(votes: Any) -> tuple[Any, int]:
        model = LabelModel(classes=k).fit(votes)
        return model.predict_proba(votes), model.n_iter_

    return _as_is, run


def weaklab_dawid_skene(k: int, threads: int) -> tuple[Prepare, Run]:
    from weaklab.label_models import DawidSkene

    def run(votes: Any) -> tuple[Any, int]:
        model = DawidSkene(classes=k).fit(votes)
        return model.predict_proba(votes), model.n_iter_

    return _as_is, run


def snorkel_label_model(k: int, threads: int) -> tuple[Prepare, Run]:
    import torch
    from snorkel.labeling.model import LabelModel

    if threads:
        torch.set_num_threads(threads)

    def run(votes: Any) -> tuple[Any, int]:
        model = LabelModel(cardinality=k, verbose=False)
        # Without a seed each run differs; without the bar it is a little faster. All else as fit(L).
        model.fit(votes, seed=SEED, progress_bar=False)
        return model.predict_proba(votes), model.train_config.n_epochs

    return _as_is, run


def crowdkit_dawid_skene(k: int, threads: int) -> tuple[Prepare, Run]:
    import numpy as np
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    def prepare(votes: Any) -> pd.DataFrame:
        rows, columns = np.nonzero(votes >= 0)
        return pd.DataFrame({"task": rows, "worker": columns, "label": votes[rows, columns]})

    def run(frame: pd.DataFrame) -> tuple[Any, int]:
        model = DawidSkene(n_iter=100, tol=1e-5)
        return model.fit_predict_proba(frame), len(model.loss_history_)

    return prepare, run


MODELS = {
    "weaklab LabelModel": weaklab_label_model,
    "snorkel LabelModel": snorkel_label_model,
    "weaklab DawidSkene": weaklab_dawid_skene,
    "crowd-kit DawidSkene": crowdkit_dawid_skene,
}
PACKAGES = ("weaklab", "snorkel", "crowd-kit", "torch", "numba", "numpy", "scipy", "pandas", "scikit-learn")


def make(given: argparse.Namespace) -> dict[str, Any]:
    """Draw the votes and save them with their gold."""
    import numpy as np

    from weaklab.datasets import make_votes

    planted = make_votes(n=given.n, m=given.m, k=given.k, coverage=given.coverage, random_state=SEED)
    np.save(given.votes.with_suffix(".gold.npy"), planted.y.astype(np.int8))
    np.save(given.votes, planted.votes.to_numpy(dtype=np.int8))
    return {"seconds": time.perf_counter() - START}


def fit(given: argparse.Namespace) -> dict[str, Any]:
    """Fit and predict once."""
    prepare, run = MODELS[given.model](given.k, given.threads)
    import numpy as np

    imports = time.perf_counter() - START
    votes = np.load(given.votes)
    if given.warm:
        # The first call compiles numba's kernels or loads them from the disk, and starts torch: not what is compared
        # here. What it costs a user is compared apart, by the cases without this.
        run(prepare(votes[:500]))
    begin = time.perf_counter()
    data = prepare(votes)
    middle = time.perf_counter()
    probs, iterations = run(data)
    end = time.perf_counter()
    # The process's own peak, imports and votes included, before the score below adds to it.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    return {
        "imports": imports,
        "prepare": middle - begin,
        "seconds": end - middle,
        "peak": peak,
        "iterations": int(iterations),
        "accuracy": _accuracy(probs, votes, np.load(given.votes.with_suffix(".gold.npy"))),
        "versions": {name: _version(name) for name in PACKAGES if _version(name)},
    }


def _as_is(votes: Any) -> Any:
    return votes


def _accuracy(probs: Any, votes: Any, y: Any) -> float:
    """On the rows with a vote; of c classes that tie for the highest each counts 1/c."""
    import numpy as np

    if hasattr(probs, "reindex"):  # crowd-kit: a frame of the rows that have votes
        probs = probs.reindex(index=range(len(y)), columns=range(max(probs.columns) + 1), fill_value=0.0).to_numpy()
    tied = probs >= probs.max(axis=1, keepdims=True) - 1e-10
    credit = tied[np.arange(len(y)), y] / tied.sum(axis=1)
    return float(credit[(votes >= 0).any(axis=1)].mean())


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def main() -> int:
    """Do one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    maker = what.add_parser("make")
    maker.set_defaults(do=make, threads=0)
    for name in ("n", "m"):
        maker.add_argument(f"--{name}", type=int, required=True)
    maker.add_argument("--coverage", type=float, required=True)
    fitter = what.add_parser("fit")
    fitter.set_defaults(do=fit)
    fitter.add_argument("--model", choices=list(MODELS), required=True)
    fitter.add_argument("--threads", type=int, default=0, help="0 leaves each library its default")
    fitter.add_argument("--warm", action="store_true", help="fit on a few rows first")
    for one in (maker, fitter):
        one.add_argument("--k", type=int, required=True)
        one.add_argument("--votes", type=Path, required=True)
    given = parser.parse_args()
    if given.threads and hasattr(os, "sched_setaffinity"):
        # As taskset does, before anything is imported that counts cores: no library can use more than it is given.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])
    print(json.dumps(given.do(given)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
