"""One process of analysis.py: make one table of votes once, and print what it took and what it says as JSON.

Runs in weaklab's environment for weaklab and in the peers' for snorkel, so it imports each where it is needed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Takes votes (n, m), gold and the number of classes; gives lists of numbers that peers must agree on.
Table = Callable[[Any, Any, int], dict[str, list[float]]]


def summarize(votes: Any, y: Any, k: int) -> dict[str, list[float]]:
    from weaklab.analysis import summarize

    table = summarize(votes, y)
    return {name: table[name].tolist() for name in ("coverage", "overlaps", "conflicts", "accuracy")}


def lf_summary(votes: Any, y: Any, k: int) -> dict[str, list[float]]:
    from snorkel.labeling import LFAnalysis

    table = LFAnalysis(votes).lf_summary(y)
    names = {"Coverage": "coverage", "Overlaps": "overlaps", "Conflicts": "conflicts", "Emp. Acc.": "accuracy"}
    return {ours: table[theirs].tolist() for theirs, ours in names.items()}


def pairwise(votes: Any, y: Any, k: int) -> dict[str, list[float]]:
    from weaklab.analysis import pairwise

    return {"pairs": [float(len(pairwise(votes)))]}


def empirical_confusion(votes: Any, y: Any, k: int) -> dict[str, list[float]]:
    from weaklab.analysis import empirical_confusion

    table = empirical_confusion(votes, y, classes=k).to_numpy().reshape(votes.shape[1], k, k + 1)
    return {"probs": table[:, :, :-1].ravel().tolist()}


def lf_empirical_probs(votes: Any, y: Any, k: int) -> dict[str, list[float]]:
    from snorkel.labeling import LFAnalysis

    probs = LFAnalysis(votes).lf_empirical_probs(y, k)  # (m, k + 1, k), abstaining first
    return {"probs": probs[:, 1:].transpose(0, 2, 1).ravel().tolist()}


TABLES: dict[str, Table] = {
    table.__name__: table for table in (summarize, lf_summary, pairwise, empirical_confusion, lf_empirical_probs)
}


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Make the table once, after one of a few rows that compiles and imports what there is."""
    import numpy as np

    table, votes, y = TABLES[given.table], np.load(given.votes), np.load(given.votes.with_suffix(".gold.npy"))
    y = y.astype(np.int64)
    table(votes[:500], y[:500], given.k)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin, used = time.perf_counter(), time.process_time()
    says = table(votes, y, given.k)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu": cpu, "peak": peak, "base": base, "says": says}


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", choices=list(TABLES), required=True)
    parser.add_argument("--votes", type=Path, required=True, help="the file that peers_case.py made")
    parser.add_argument("--k", type=int, required=True)
    parser.add_argument("--threads", type=int, default=0, help="0 leaves each library its default")
    given = parser.parse_args()
    if given.threads and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])
    print(json.dumps(run(given)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
