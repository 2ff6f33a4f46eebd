"""Time ``weaklab.apply`` beside snorkel's ``PandasLFApplier``, both in one call, and see how it grows.

``python tests/bench/apply.py [--environment FOLDER] [--parts peers,keywords,large,growth] [--markdown FILE]`` makes a
virtual environment for snorkel in FOLDER (.bench; once, shared with peers.py) and runs each case in a fresh process.
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
ROWS = 100_000
RUNS = 3
PARTS = ("peers", "keywords", "large", "growth")
GROWTH = (1, 2, 4, 8, 16)


def case(folder: Path, how: str, threads: int = 0, m: int = 0, times: int = 1) -> dict[str, Any]:
    """One process; what it printed."""
    from peers import THREAD_VARIABLES, peers_python

    python = str(peers_python(folder)) if how == "snorkel" else sys.executable
    frame = folder / f"texts-{ROWS}.parquet"
    if not frame.exists():
        command = [sys.executable, str(HERE / "apply_case.py"), "make", "--n", str(ROWS), "--frame", str(frame)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    command = [python, "-W", "ignore", str(HERE / "apply_case.py"), "run", "--how", how, "--frame", str(frame)]
    command += ["--m", str(m), "--times", str(times), "--threads", str(threads)]
    env = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    env |= dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    one = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(
        f"{how}, m={m or 10}, {ROWS * times:,} rows, threads {threads or 'default'}: {one['seconds']:.3f}\n"
    )
    return one


def seconds(runs: list[dict[str, Any]]) -> float:
    """The median."""
    return statistics.median(one["seconds"] for one in runs)


def beside_snorkel(folder: Path, runs: int) -> str:
    """The same ten functions: snorkel, ours as data, ours as functions of a row."""
    from peers import markdown

    rows = []
    for threads in (0, 1):
        found: dict[str, list[dict[str, Any]]] = {"snorkel": [], "rows": [], "declarative": []}
        for _ in range(runs):
            for how, own in found.items():
                own.append(case(folder, how, threads))
        if len({one["votes"] for own in found.values() for one in own}) != 1:
            raise SystemExit("The matrices differ.")
        names = ["snorkel PandasLFApplier", "weaklab, functions of a row", "weaklab, functions as data"]
        slowest = seconds(found["snorkel"])
        for name, own in zip(names, found.values(), strict=True):
            times = f"{slowest / seconds(own):.1f}"
            rows.append([str(threads or "default"), name, f"{seconds(own):.3f}", times])
    text = f"{ROWS:,} texts of some 100 characters, ten functions (five keyword, three regex, two numeric), frame in, "
    text += f"votes out; the same matrix in every run; median of {runs} processes, taken in turns."
    return f"{text}\n\n{markdown(['threads', 'applier', 'seconds', 'times as fast'], rows)}"


def keywords(folder: Path, runs: int) -> str:
    """How the cost grows with the number of functions."""
    from peers import markdown

    counts = (1, 10, 100, 1000)
    found = {m: [case(folder, "declarative", m=m) for _ in range(runs)] for m in counts}
    rows = [[str(m), f"{seconds(own):.3f}", f"{seconds(own) / seconds(found[10]):.2f}"] for m, own in found.items()]
    text = f"Keyword functions of three whole words each over {ROWS:,} texts; median of {runs} processes."
    return f"{text}\n\n{markdown(['functions', 'seconds', 'of ten functions'], rows)}"


def large(folder: Path, runs: int) -> str:
    """A million rows, fifty functions."""
    own = [case(folder, "declarative", m=-50, times=10) for _ in range(runs)]
    peak, base = (max(one[what] for one in own) for what in ("peak", "base"))
    return (
        "1,000,000 rows x 50 functions (thirty of keywords, ten patterns, ten of numbers): "
        f"{seconds(own):.2f} s; peak {peak:,.0f} MB of the process, of which "
        f"{base:,.0f} MB were the frame and the imports (limit 2,048 MB: {'held' if peak < 2048 else 'broken'})."
    )


def growth(folder: Path, runs: int) -> str:
    """A straight line through the seconds of more and more rows."""
    from peers import markdown

    points = [
        (ROWS * times, seconds([case(folder, "declarative", times=times) for _ in range(runs)])) for times in GROWTH
    ]
    x, y = [n for n, _ in points], [s for _, s in points]
    slope, start = statistics.linear_regression(x, y)
    fit = statistics.correlation(x, y) ** 2
    rows = [[f"{n:,}", f"{s:.3f}", f"{start + slope * n:.3f}"] for n, s in points]
    text = f"Ten functions as data: {1e6 * slope:.3f} s per million rows and {start:.3f} s; R^2 of the line {fit:.4f}."
    return f"{text}\n\n{markdown(['rows', 'seconds', 'on the line'], rows)}"


def main() -> int:
    """Print the tables, or write them too."""
    from host import host, load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"processes per case ({RUNS})")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    parts = given.parts.split(",")
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    given.environment.mkdir(parents=True, exist_ok=True)
    folder, busy = given.environment.resolve(), load()
    tables = {"peers": beside_snorkel, "keywords": keywords, "large": large, "growth": growth}
    options = "" if parts == list(PARTS) else f" --parts {given.parts}"
    head = ["# Applying labeling functions", f"    python tests/bench/apply.py{options}", f"{host()}; {busy}."]
    text = "\n\n".join([*head, *(tables[part](folder, given.runs) for part in parts)])
    print(text)
    if given.markdown:
        given.markdown.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
