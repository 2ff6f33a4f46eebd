"""Time ``wl.augment`` beside snorkel's ``PandasTFApplier``, both in one call.

``python tests/bench/augment.py [--environment FOLDER] [--rows N] [--runs N] [--markdown FILE]`` makes a virtual
environment for snorkel in FOLDER (.bench; once, shared with peers.py) and runs each in a fresh process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES = {
    "weaklab_rows": "weaklab augment, functions of a row",
    "weaklab_batch": "weaklab augment, functions of a frame",
    "snorkel_rows": "snorkel PandasTFApplier",
}


def one(name: str, rows: int, folder: Path) -> dict[str, Any]:
    """One process; what it printed."""
    from peers import THREAD_VARIABLES, peers_python

    python = str(peers_python(folder)) if name.startswith("snorkel") else sys.executable
    command = [python, "-W", "ignore", str(HERE / "augment_case.py"), name, str(rows)]
    env = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"{name}: {out}\n")
    return out


def main() -> int:
    """Print the table, or write it too."""
    from host import host, load
    from peers import markdown, peers_python

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--rows", type=int, default=20_000, help="rows (20,000)")
    parser.add_argument("--runs", type=int, default=3, help="processes each, in turns (3)")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    given = parser.parse_args()
    given.environment.mkdir(parents=True, exist_ok=True)
    folder, busy = given.environment.resolve(), load()
    peers_python(folder)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    for _ in range(given.runs):
        for name, runs in found.items():
            runs.append(one(name, given.rows, folder))
    peer = {what: statistics.median(run[what] for run in found["snorkel_rows"]) for what in ("seconds", "cpu")}
    lines = []
    for name, runs in found.items():
        seconds, cpu = (statistics.median(run[what] for run in runs) for what in ("seconds", "cpu"))
        times = [f"{peer['seconds'] / seconds:.0f}", f"{peer['cpu'] / cpu:.0f}"]
        made, dtypes = runs[0]["rows"], ", ".join(runs[0]["dtypes"])
        lines.append([NAMES[name], f"{seconds:.3f}", f"{cpu:.3f}", *times, f"{made:,}", dtypes])
    text = (
        f"{given.rows:,} rows of three columns (text, int64, float64), two functions, one of them drawn at random for "
        "one copy of each row, the rows themselves kept; one function applies to two rows in three only, and the "
        "libraries draw otherwise, so that the numbers of rows differ a little. One thread each; a run of 100 rows "
        f"before; median of {given.runs} processes each, taken in turns."
    )
    head = ["", "seconds", "CPU s", "times as fast", "by CPU", "rows made", "types of the columns"]
    options = "" if given.rows == 20_000 else f" --rows {given.rows}"
    parts = ["# Augmentation", f"    python tests/bench/augment.py{options}", f"{host()}; {busy}."]
    page = "\n\n".join([*parts, text, markdown(head, lines)])
    print(page)
    if given.markdown:
        given.markdown.write_text(page + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
