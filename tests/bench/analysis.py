"""Time the tables of ``weaklab.analysis`` beside snorkel's ``LFAnalysis``, both in one call.

``python tests/bench/analysis.py [--environment FOLDER] [--threads all,1] [--runs N] [--markdown FILE]`` makes a virtual
environment for snorkel in FOLDER (.bench; once, shared with peers.py) and runs each table in a fresh process.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUNS = 3
#: Of rows, labeling functions and classes, each voting on a share of the rows.
CASES = ((1_000_000, 50, 2, 0.1), (1_000_000, 50, 4, 0.2))
#: Each table after the one of snorkel that it is compared with; for pairs, snorkel has none but its summary.
PEERS = {"summarize": "lf_summary", "pairwise": "lf_summary", "empirical_confusion": "lf_empirical_probs"}
NAMES = {
    "summarize": "weaklab summarize(votes, y)",
    "pairwise": "weaklab pairwise(votes), with the test of dependence",
    "empirical_confusion": "weaklab empirical_confusion(votes, y)",
    "lf_summary": "snorkel LFAnalysis(L).lf_summary(Y)",
    "lf_empirical_probs": "snorkel LFAnalysis(L).lf_empirical_probs(Y, k)",
}


def one(table: str, votes: Path, k: int, folder: Path, threads: int) -> dict[str, Any]:
    """One process; what it printed."""
    from peers import THREAD_VARIABLES, peers_python

    python = str(peers_python(folder)) if table.startswith("lf_") else sys.executable
    command = [python, "-W", "ignore", str(HERE / "analysis_case.py"), "--table", table, "--votes", str(votes)]
    command += ["--k", str(k), "--threads", str(threads)]
    env = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    env |= dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    out = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"{table}, k={k}, threads {threads or 'default'}: {out['seconds']:.3f}\n")
    return out


def agree(ours: dict[str, list[float]], theirs: dict[str, list[float]]) -> bool:
    """Whether two tables say the same, but for the rounding of sums."""
    return all(
        len(numbers) == len(theirs[name])
        and all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip(numbers, theirs[name], strict=True))
        for name, numbers in ours.items()
        if name in theirs
    )


def rows_of(case: tuple[int, int, int, float], threads: int, folder: Path, runs: int) -> list[list[str]]:
    """The table's rows of one case."""
    from peers import SLOW, Case, votes_of

    n, m, k, coverage = case
    votes = votes_of(Case(n, m, k, coverage), folder)
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in NAMES}
    for _ in range(runs):
        for table, own in found.items():
            if not own or own[0]["seconds"] <= SLOW:
                own.append(one(table, votes, k, folder, threads))
    if not all(agree(found[ours][0]["says"], found[theirs][0]["says"]) for ours, theirs in PEERS.items()):
        raise SystemExit("The tables differ.")

    def median(table: str, what: str) -> float:
        return statistics.median(each[what] for each in found[table])

    rows = []
    for table, name in NAMES.items():
        times = [
            f"{median(PEERS[table], what) / median(table, what):.1f}" if table in PEERS else ""
            for what in ("seconds", "cpu")
        ]
        peak, added = median(table, "peak"), median(table, "peak") - median(table, "base")
        head = [f"k = {k}, coverage {coverage}", str(threads or "default"), name]
        seconds = [f"{median(table, what):.3f}" for what in ("seconds", "cpu")]
        rows.append([*head, *seconds, *times, f"{peak:,.0f}", f"{added:,.0f}"])
    return rows


def main() -> int:
    """Print the table, or write it too."""
    from host import host, load
    from peers import SLOW, chosen, markdown, peers_python

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--threads", default="all", help="of all (each library's default) and 1 (all)")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"processes per table ({RUNS})")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    given = parser.parse_args()
    threads = chosen(given.threads, ["all", "1"], "threads", parser)
    given.environment.mkdir(parents=True, exist_ok=True)
    folder, busy = given.environment.resolve(), load()
    peers_python(folder)
    cases = [(case, 0 if many == "all" else 1) for case in CASES for many in threads]
    rows = [row for case, many in cases for row in rows_of(case, many, folder, given.runs)]
    text = (
        "1,000,000 rows x 50 labeling functions as an int8 matrix, the same for both; a table of 500 rows before, "
        f"which compiles and imports; median of {given.runs} processes each, taken in turns, one where it took over "
        f"{SLOW} s. Coverage, overlaps, conflicts, accuracies and confusions agree to 1e-9 in every case. Times as "
        "fast: as snorkel's table of the same; for pairs, of which snorkel has no table, as its summary; by the clock, "
        "and by processor time of all threads, which other work on the machine changes less. Peak: of the whole "
        "process; added: by the table."
    )
    head = ["votes", "threads", "table", "seconds", "CPU s", "times as fast", "by CPU", "peak MB", "added MB"]
    options = "" if given.threads == "all" else f" --threads {given.threads}"
    parts = ["# Tables of votes", f"    python tests/bench/analysis.py{options}", f"{host()}; {busy}."]
    page = "\n\n".join([*parts, text, markdown(head, rows)])
    print(page)
    if given.markdown:
        given.markdown.write_text(page + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
