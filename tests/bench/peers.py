"""Time weaklab's label models beside those of snorkel and crowd-kit, both in one call.

``python tests/bench/peers.py [--environment FOLDER] [--cases a,b] [--threads 1,all] [--quick] [--markdown FILE]`` makes
a virtual environment for the peers in FOLDER (.bench, 1.7 GB; once) and the votes of each case (once), and runs each
model on each case in a fresh process, at the libraries' own number of threads and at one. Only the standard library is
imported here: a child's peak memory as Linux counts it starts from its parent's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PINS = HERE / "peers-constraints.txt"
PEERS = ("snorkel==0.10.0", "crowd-kit==1.4.2", "torch==2.13.0", "skorch==1.4.0")
SEED = 0
RUNS = 3
#: A run that took longer, in seconds, is not repeated.
SLOW = 20
#: Each peer after the model of weaklab that it is compared with.
PAIRS = {"weaklab LabelModel": "snorkel LabelModel", "weaklab DawidSkene": "crowd-kit DawidSkene"}
THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"),
)


@dataclass(frozen=True)
class Case:
    """Votes of so many rows, labeling functions and classes, each voting on a share of the rows."""

    n: int
    m: int
    k: int
    coverage: float

    def __str__(self) -> str:
        return f"{self.n:,} x {self.m}, k = {self.k}, coverage {self.coverage}"


CASES = {
    "100k_20": Case(100_000, 20, 2, 0.2),
    "1M_20": Case(1_000_000, 20, 2, 0.2),
    "1M_100": Case(1_000_000, 100, 4, 0.1),
    "10M_20": Case(10_000_000, 20, 2, 0.2),
}
#: The case of a first process: imports, and kernels compiled or read from the disk.
START = Case(10_000, 10, 2, 0.3)

RULES = (
    "Seconds: fit and predict_proba of the same int8 matrix, each with its default arguments (crowd-kit: n_iter=100, "
    "tol=1e-5, its default; snorkel: 100 epochs, with a seed and without a progress bar), after a fit on 500 rows that "
    "compiles kernels and starts torch; the median over processes, as many as the column of runs says, taken in turns. "
    "crowd-kit gets the votes as the long table that it takes; making that table is not counted. Peak: the whole "
    "process, imports included. Accuracy: rows with a vote, ties in expectation. Times: of weaklab's model of "
    "the row above."
)


def peers_python(folder: Path) -> Path:
    """The interpreter of the peers' environment, made where it is missing or older than the pins."""
    python, done = folder / "peers" / "bin" / "python", folder / "peers" / ".installed"
    wanted = "\n".join(PEERS) + PINS.read_text()
    if not (done.exists() and done.read_text() == wanted):
        sys.stderr.write(f"Installing {', '.join(PEERS)} into {folder / 'peers'} (once) ...\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / "peers")], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--constraint", str(PINS), *PEERS], check=True)
        done.write_text(wanted)
    return python


def votes_of(case: Case, folder: Path) -> Path:
    """The file of the case's votes, made once, in a process whose memory is gone when it ends."""
    votes = folder / f"votes-{case.n}-{case.m}-{case.k}-{case.coverage}-{SEED}.npy"
    if not votes.exists():
        sys.stderr.write(f"Making votes: {case} ...\n")
        sizes = ["--n", str(case.n), "--m", str(case.m), "--k", str(case.k), "--coverage", str(case.coverage)]
        command = [sys.executable, str(HERE / "peers_case.py"), "make", *sizes, "--votes", str(votes)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return votes


def run(
    model: str, case: Case, folder: Path, *, threads: int = 0, limit: int, warm: bool = True, cache: str | None = None
) -> dict[str, Any]:
    """One process; what it printed and the seconds from its start to its end, or why it failed."""
    python = sys.executable if model.startswith("weaklab") else str(peers_python(folder))
    place = ["--k", str(case.k), "--votes", str(votes_of(case, folder))]
    command = [python, "-W", "ignore", str(HERE / "peers_case.py"), "fit", "--model", model, *place]
    command += ["--threads", str(threads), *(["--warm"] if warm else [])]
    env = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    env |= dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
    env |= {"NUMBA_CACHE_DIR": cache} if cache else {}
    start = time.perf_counter()
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"failed": f"over {limit} s"}
    whole = time.perf_counter() - start
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        return {"failed": last[0]}
    return json.loads(done.stdout.splitlines()[-1]) | {"whole": whole}


def median(runs: list[dict[str, Any]], what: str) -> float:
    """Over the runs."""
    return statistics.median(one[what] for one in runs)


def rows_of(case: Case, threads: int, folder: Path, given: argparse.Namespace, over: set[str]) -> list[list[str]]:
    """The table's rows of one case; ``over`` collects the models that were over the limit on it."""
    models = [model for pair in PAIRS.items() for model in pair]
    runs: dict[str, list[dict[str, Any]]] = {model: [] for model in models}
    failed = dict.fromkeys(over, f"not run: over {given.limit} s with more threads")
    for turn in range(given.runs):
        for model in models:
            if model in failed or (turn and runs[model][0]["seconds"] > SLOW):
                continue
            one = run(model, case, folder, threads=threads, limit=given.limit)
            sys.stderr.write(
                f"{case}, {threads or given.cores} threads, {model}: {one.get('failed') or one['seconds']}\n"
            )
            if "failed" in one:
                failed[model] = one["failed"]
                over.update({model} if one["failed"].startswith("over") else ())
            else:
                runs[model].append(one)
                given.versions.update(one["versions"])
    rows = []
    for model in models:
        head = [str(case), str(threads or given.cores), model]
        if model in failed:
            rows.append([*head, failed[model], "", "", "", "", str(len(runs[model]))])
            continue
        mine, ours = runs[model], next((ours for ours, peer in PAIRS.items() if peer == model), "")
        ratio = f"{median(mine, 'seconds') / median(runs[ours], 'seconds'):.1f}" if ours and ours not in failed else ""
        numbers = [f"{median(mine, 'peak'):,.0f}", f"{100 * mine[0]['accuracy']:.2f}", str(mine[0]["iterations"])]
        rows.append([*head, f"{median(mine, 'seconds'):.3f}", ratio, *numbers, str(len(mine))])
    return rows


def start_rows(folder: Path, given: argparse.Namespace) -> list[list[str]]:
    """A process that fits once and ends: with an empty and with a filled cache of kernels, and the peers."""
    rows = []
    for model in [model for pair in PAIRS.items() for model in pair]:
        states = ("empty cache", "filled cache") if model.startswith("weaklab") else ("",)
        runs: dict[str, list[dict[str, Any]]] = {state: [] for state in states}
        failed = ""
        for _ in range(given.runs):
            with tempfile.TemporaryDirectory() as cache:  # of numba: empty at the first state, filled by it
                for state in states:
                    one = run(model, START, folder, limit=given.limit, warm=False, cache=cache)
                    failed = failed or one.get("failed", "")
                    runs[state].append(one)
            if failed:
                break
        for state in states:
            name = f"{model}, {state}" if state else model
            sys.stderr.write(f"{START}, first process, {name}: {failed or median(runs[state], 'whole')}\n")
            numbers = ["imports", "seconds", "whole"]
            cells = [failed, "", ""] if failed else [f"{median(runs[state], what):.2f}" for what in numbers]
            rows.append([name, *cells])
            if not failed:
                given.versions.update(runs[state][0]["versions"])
    return rows


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def chosen(given: str, there: list[str], what: str, parser: argparse.ArgumentParser) -> list[str]:
    """The names given."""
    wanted = given.split(",")
    if unknown := sorted(set(wanted) - set(there)):
        parser.error(f"no such {what}: {', '.join(unknown)}; there are {', '.join(there)}")
    return wanted


def main() -> int:
    """Print the tables, or write them too."""
    from host import cores, host, load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    names = [*CASES, "start"]
    parser.add_argument("--cases", default=",".join(names), help=f"of {', '.join(names)}; all by default")
    parser.add_argument("--threads", default="all,1", help="of all (each library's default) and 1; both by default")
    parser.add_argument("--quick", action="store_true", help="the smallest case and the first process, one run each")
    parser.add_argument("--limit", type=int, default=180, help="seconds that a process may take (180)")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    if given.quick:
        given.cases = "100k_20,start"
    given.runs, given.versions, given.cores = 1 if given.quick else RUNS, {}, cores()
    cases = chosen(given.cases, names, "cases", parser)
    threads = chosen(given.threads, ["all", "1"], "threads", parser)
    given.environment.mkdir(parents=True, exist_ok=True)
    folder = given.environment.resolve()
    peers_python(folder)

    busy = load()
    parts, rows = [], []
    for name in [name for name in cases if name != "start"]:
        over: set[str] = set()
        for many in sorted(threads, reverse=True):  # all before 1: what is over the limit then is not tried alone
            rows += rows_of(CASES[name], 0 if many == "all" else 1, folder, given, over)
    if rows:
        head = ["votes", "threads", "model", "seconds", "times", "peak MB", "accuracy %", "iterations", "runs"]
        parts += [RULES, markdown(head, rows)]
    if "start" in cases:
        text = (
            f"A process that imports, fits and predicts once and ends, on {START}; the median of {given.runs}; files "
            "in the system's cache, Python's own byte code written before. An empty cache of numba is what the first "
            "process after an installation finds."
        )
        parts += [
            text,
            markdown(["process", "imports, s", "fit and predict, s", "start to end, s"], start_rows(folder, given)),
        ]
    options = " --quick" if given.quick else f" --cases {given.cases} --threads {given.threads}"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(given.versions.items()))
    conditions = (
        f"{host()}; {versions}. Threads: {given.cores} is each library's default; 1 is one core by affinity, with "
        f"{', '.join(THREAD_VARIABLES)} and torch's threads at 1. Seed {SEED} of the votes, of snorkel and of weaklab. "
        f"Limit of a process: {given.limit} s; {busy}."
    )
    text = "\n\n".join(
        [
            "# Label models beside their peers",
            f"    python tests/bench/peers.py{options} --limit {given.limit}",
            conditions,
            *parts,
        ]
    )
    print(text)
    if given.markdown:
        given.markdown.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
