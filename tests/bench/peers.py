"""Fit and predict of label models against snorkel and crowd-kit, side by side in one call.

``python tests/bench/peers.py [--environment FOLDER] [--cases 100k_20,1M_20,1M_100,10M_20] [--threads 1,all]`` makes an
environment for the peers in FOLDER (default .bench; once), draws votes, and runs each (model, case, threads) in a fresh
process: three times, twice for what takes over a minute, and the median counts. Seconds are fit and predict_proba,
kernels and imports warm; memory is the peak of the process, votes and imports included. Peers run with their defaults:
snorkel's LabelModel with 100 epochs; crowd-kit's DawidSkene with n_iter=100, tol=1e-5, whose data frame is made before
the clock starts.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
CASES = {
    "100k_20": {"n": 100_000, "m": 20, "k": 2, "coverage": 0.2},
    "1M_20": {"n": 1_000_000, "m": 20, "k": 2, "coverage": 0.2},
    "1M_100": {"n": 1_000_000, "m": 100, "k": 4, "coverage": 0.1},
    "10M_20": {"n": 10_000_000, "m": 20, "k": 2, "coverage": 0.2},
}
#: What runs where; the slow peer only where it ends within minutes.
RUNS = {
    "weaklab LabelModel": list(CASES),
    "snorkel LabelModel": list(CASES),
    "weaklab DawidSkene": list(CASES),
    "crowd-kit DawidSkene": ["100k_20", "1M_20"],
}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

CHILD = r"""
import resource, sys, time
if sys.argv[4] == "1":
    import os
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import numpy as np
votes, k = np.load(sys.argv[2]), int(sys.argv[3])
if sys.argv[1].startswith("weaklab"):
    from weaklab import DawidSkene, LabelModel
    model = {"LabelModel": LabelModel, "DawidSkene": DawidSkene}[sys.argv[1].split()[1]](classes=k)
    model.fit(votes[:500]).predict_proba(votes[:500])  # compile, or load what was compiled
    run = lambda: model.fit(votes).predict_proba(votes)
elif sys.argv[1].startswith("snorkel"):
    import torch
    from snorkel.labeling.model import LabelModel
    if sys.argv[4] == "1":
        torch.set_num_threads(1)
    wide = votes.astype(int)
    model = LabelModel(cardinality=k, verbose=False)
    run = lambda: (model.fit(wide, progress_bar=False, seed=0), model.predict_proba(wide))
else:
    import pandas as pd
    from crowdkit.aggregation import DawidSkene
    rows, columns = np.nonzero(votes >= 0)
    frame = pd.DataFrame({"task": rows, "worker": columns, "label": votes[rows, columns]})
    run = lambda: DawidSkene(n_iter=100, tol=1e-5).fit_predict_proba(frame)
start = time.perf_counter()
run()
print("seconds", time.perf_counter() - start, "MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def peers_python(folder: Path) -> str:
    """The interpreter of the peers' environment, made if it is not there."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        constraints = str(HERE / "peers-constraints.txt")
        install = [str(python), "-m", "pip", "install", "--quiet", "--constraint", constraints]
        subprocess.run([*install, "torch", "snorkel", "crowd-kit", "setuptools"], check=True)
        (folder / "ready").touch()
    return str(python)


def measure(python: str, what: str, votes: Path, k: int, threads: str) -> tuple[float, float] | None:
    """Seconds and megabytes, or None where it failed or took over ten minutes."""
    environment = os.environ | (ONE_THREAD if threads == "1" else {}) | {"PYTHONPATH": str(HERE.parents[1])}
    runs: list[tuple[float, float]] = []
    while len(runs) < (3 if not runs or runs[0][0] < 60 else 2):
        try:
            command = [python, "-c", CHILD, what, str(votes), str(k), threads]
            done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            sys.stderr.write(f"{what}: {error}\n{getattr(error, 'stderr', '') or ''}\n")
            return None
        _, seconds, _, megabytes = done.stdout.split()[-4:]
        runs.append((float(seconds), float(megabytes)))
    return median(run[0] for run in runs), max(run[1] for run in runs)


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"))
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--threads", default="1,all")
    parser.add_argument("--markdown", type=Path, help="write the table to a file")
    given = parser.parse_args()
    peers = peers_python(given.environment)
    lines = ["| case | threads | what | seconds | peak MB |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for case in given.cases.split(","):
            votes = Path(folder) / "votes.npy"
            draw = (
                "import numpy as np; from weaklab.datasets import make_votes; "
                f"drawn = make_votes(**{CASES[case]!r}, random_state=0).votes.to_numpy(); "
                f"np.save({str(votes)!r}, np.ascontiguousarray(drawn))"
            )
            path = {"PYTHONPATH": str(HERE.parents[1])}
            subprocess.run([sys.executable, "-c", draw], check=True, env=os.environ | path)
            for threads in given.threads.split(","):
                for what, cases in RUNS.items():
                    if case not in cases:
                        continue
                    python = sys.executable if what.startswith("weaklab") else peers
                    found = measure(python, what, votes, CASES[case]["k"], threads)
                    figures = "failed, or over ten minutes |" if found is None else f"{found[0]:.2f} | {found[1]:,.0f}"
                    lines.append(f"| {case} | {threads} | {what} | {figures} |")
                    print(lines[-1], flush=True)
    if given.markdown:
        host = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        command = f"python tests/bench/peers.py --cases {given.cases} --threads {given.threads} --markdown FILE"
        given.markdown.write_text(
            f"# Label models: speed and memory beside others\n\n    {command}\n\n{host}; votes by `make_votes`, seed "
            "0, rows x functions in the name; 1M_100 has 4 classes, the others 2. Medians of three fresh processes.\n\n"
            + "\n".join(lines)
            + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
