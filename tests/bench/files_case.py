"""One process of files.py: make the files, watch a command that labels them, or label a sample with snorkel.

Runs in weaklab's environment for weaklab and in the peers' for snorkel, so it imports each where it is needed.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apply_case import ABSTAIN, SEED, chosen_words, invented, row_functions, vocabulary

#: Seconds between two looks at the memory of the processes.
LOOK = 0.1


def make(given: argparse.Namespace) -> dict[str, Any]:
    """Parquet files of so many rows in all, none like another."""
    import numpy as np

    words = vocabulary(np.random.default_rng(SEED))
    given.folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, given.n, given.file_rows)
    for start in starts:
        path = given.folder / f"{start // given.file_rows:04d}.parquet"
        frame = invented(min(given.file_rows, given.n - start), words, np.random.default_rng([SEED, start]))
        frame.to_parquet(path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)  # files that are there are whole
    return {"files": len(starts)}


def watch(given: argparse.Namespace) -> dict[str, Any]:
    """Run a command; the most that all its processes took of memory at once, and the most that one of them did.

    The system keeps the most that a process took since that was last set to nothing (VmHWM), so no moment is missed;
    what several processes share counts for each.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(given.command, stdout=subprocess.DEVNULL)
    together, one = [0], [0]

    def look() -> None:
        while process.poll() is None:
            took = [_high_water(pid) for pid in _family(process.pid)]
            together[0], one[0] = max(together[0], sum(took)), max(one[0], *took)
            time.sleep(LOOK)

    looker = threading.Thread(target=look)
    looker.start()
    code = process.wait()
    seconds = time.perf_counter() - begin
    looker.join()
    if code:
        raise SystemExit(f"{given.command} ended with {code}")
    return {"seconds": seconds, "peak": together[0] / 1024, "one": one[0] / 1024}


def _family(pid: int) -> list[int]:
    """A process and those that it started, and they."""
    found = [pid]
    for at in found:
        for children in Path(f"/proc/{at}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def _high_water(pid: int) -> int:
    """The most memory that a process took since the last look, in KB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) if found else 0


def twenty() -> list[Callable[[Any], int]]:
    """The functions of files_lfs.py as a user of snorkel writes them."""
    functions = row_functions()

    def add(name: str, vote: int, pattern: re.Pattern[str]) -> None:
        def function(row: Any) -> int:
            return vote if pattern.search(row.text) else ABSTAIN

        function.__name__ = function.__qualname__ = name
        functions.append(function)

    for j, words in enumerate(chosen_words(10)):
        add(f"w{j}", j % 2, re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE))
    return functions


def snorkel(given: argparse.Namespace) -> dict[str, Any]:
    """Read a sample, apply, fit, label, write."""
    import pandas as pd
    from snorkel.labeling import LabelingFunction, PandasLFApplier
    from snorkel.labeling.model import LabelModel

    lfs = [LabelingFunction(function.__name__, function) for function in twenty()]
    begin = time.perf_counter()
    parts, rows = [], 0
    for path in sorted(given.folder.glob("*.parquet")):
        if rows < given.n:
            parts.append(pd.read_parquet(path).head(given.n - rows))
            rows += len(parts[-1])
    frame = pd.concat(parts, ignore_index=True)
    votes = PandasLFApplier(lfs).apply(frame, progress_bar=False)
    applied = time.perf_counter() - begin
    model = LabelModel(cardinality=2, verbose=False)
    model.fit(votes, seed=SEED, progress_bar=False)
    probs = model.predict_proba(votes)
    frame.assign(label=probs.argmax(axis=1), confidence=probs.max(axis=1)).to_parquet(given.out)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = (votes >= 0).sum(axis=0).tolist()
    return {"seconds": seconds, "applied": applied, "rows": rows, "peak": peak, "counts": counts}


def count(given: argparse.Namespace) -> dict[str, Any]:
    """How often each of our functions votes on the sample: what is compared is the same work."""
    import numpy as np
    from files_lfs import lfs

    import weaklab as wl

    counts, left = np.zeros(len(lfs), dtype=int), given.n
    for chunk in wl.votes_of_files(lfs, given.folder / "*.parquet"):
        counts += (chunk.to_numpy()[:left] >= 0).sum(axis=0)
        left -= min(left, len(chunk))
        if not left:
            break
    return {"counts": counts.tolist()}


def main() -> int:
    """Do one of the four."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    maker, counter, peer = (what.add_parser(name) for name in ("make", "count", "snorkel"))
    for one, do in ((maker, make), (counter, count), (peer, snorkel)):
        one.set_defaults(do=do)
        one.add_argument("--folder", type=Path, required=True)
        one.add_argument("--n", type=int, required=True)
    maker.add_argument("--file-rows", type=int, required=True)
    peer.add_argument("--out", type=Path, required=True)
    watcher = what.add_parser("watch")
    watcher.set_defaults(do=watch)
    watcher.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    print(json.dumps(given.do(given)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
