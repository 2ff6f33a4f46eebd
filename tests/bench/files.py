"""Label generated files from the command line, and see how memory and time grow; beside snorkel, in one call.

``python tests/bench/files.py [--environment FOLDER] [--rows 1000000,5000000,20000000] [--jobs 2] [--markdown FILE]``
makes a virtual environment for snorkel in FOLDER (.bench; once, shared with peers.py) and the files (100 bytes a row;
once), and runs ``weaklab label`` over each number of rows: a first pass that fits a label model, and one that labels.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CASE = str(HERE / "files_case.py")
ROWS = "1000000,5000000,20000000"
#: Rows that snorkel labels; its time per row is taken to stay the same.
SAMPLE = 200_000
FILE_ROWS = 250_000
#: What the labels of the largest number of rows may take.
LIMIT_MB, LIMIT_TIMES = 1_536, 50


def said(python: str, *words: str) -> dict[str, Any]:
    """What a process of files_case.py prints."""
    done = subprocess.run([python, "-W", "ignore", CASE, *words], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def files_of(folder: Path, n: int, file_rows: int) -> Path:
    """A folder of so many rows, made where it is missing."""
    inputs = folder / f"files-{n}-{file_rows}"
    if len(list(inputs.glob("*.parquet"))) < -(-n // file_rows):
        said(sys.executable, "make", "--folder", str(inputs), "--n", str(n), "--file-rows", str(file_rows))
    return inputs


def label(folder: Path, n: int, jobs: int, file_rows: int) -> dict[str, Any]:
    """``weaklab label`` over so many rows."""
    inputs, out = files_of(folder, n, file_rows), folder / f"labels-{n}"
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "weaklab", "label", str(inputs / "*.parquet"), "--quiet", "--classes", "ham,spam"]
    command += ["--lfs", f"{HERE / 'files_lfs.py'}:lfs", "--out", str(out), "--jobs", str(jobs)]
    one = said(sys.executable, "watch", *command)
    manifest = json.loads((out / "_weaklab" / "manifest.json").read_text())
    if (manifest["rows_in"], manifest["rows_out"]) != (n, n):
        raise SystemExit(f"{n} rows went in, but {manifest['rows_out']} came out.")
    sys.stderr.write(f"{n:,} rows: {one['seconds']:.1f} s, {one['peak']:,.0f} MB\n")
    shutil.rmtree(out)
    return one


def growth(found: dict[int, dict[str, Any]]) -> str:
    """Time and memory of more and more rows."""
    from peers import markdown

    rows = [
        [f"{n:,}", f"{one['seconds']:.1f}", f"{n / one['seconds']:,.0f}", f"{one['peak']:,.0f}", f"{one['one']:,.0f}"]
        for n, one in found.items()
    ]
    text = markdown(["rows", "seconds", "rows per second", "peak MB", "of one process"], rows)
    if len(found) > 2:
        x, y = list(found), [one["seconds"] for one in found.values()]
        slope, start = statistics.linear_regression(x, y)
        fit = statistics.correlation(x, y) ** 2
        text += f"\n\nA line through the seconds: {1e6 * slope:.2f} per million rows and {start:.1f}; R^2 {fit:.4f}."
    peak = max(one["peak"] for one in found.values())
    held = "held" if peak < LIMIT_MB else "broken"
    return f"{text}\n\nPeak: all processes together, each with what it shares; limit {LIMIT_MB:,} MB: {held}."


def beside_snorkel(folder: Path, found: dict[int, dict[str, Any]], sample: int, file_rows: int) -> str:
    """The time per row of both."""
    from peers import markdown, peers_python

    n = max(found)
    where = ["--folder", str(files_of(folder, n, file_rows)), "--n", str(sample)]
    peer = said(str(peers_python(folder)), "snorkel", *where, "--out", str(folder / "snorkel-labels.parquet"))
    if peer["counts"] != said(sys.executable, "count", *where)["counts"]:
        raise SystemExit("The functions do not vote alike.")
    theirs, ours = peer["seconds"] / peer["rows"], found[n]["seconds"] / n
    rows = [
        [name, f"{n_own:,}", f"{seconds:.1f}", f"{1e6 * each:.2f}", f"{each * n / 60:,.1f}", f"{theirs / each:.1f}"]
        for name, n_own, seconds, each in (
            ("snorkel", peer["rows"], peer["seconds"], theirs),
            ("weaklab", n, found[n]["seconds"], ours),
        )
    ]
    head = ["", "rows", "seconds", "microseconds per row", f"minutes for {n:,} rows", "times as fast"]
    held = "held" if theirs / ours >= LIMIT_TIMES else "broken"
    return (
        f"snorkel's PandasLFApplier and LabelModel (its defaults, 100 epochs) on the first {sample:,} rows, reading "
        f"and writing included, {peer['applied']:.1f} s of it to read and apply; its peak {peer['peak']:,.0f} MB. The "
        f"functions vote on as many rows in both.\n\n{markdown(head, rows)}\n\nLimit {LIMIT_TIMES} times: {held}."
    )


def main() -> int:
    """Print the tables, or write them too."""
    from host import host, load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--rows", default=ROWS, help=f"numbers of rows ({ROWS})")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"rows for snorkel ({SAMPLE}); 0 leaves it out")
    parser.add_argument("--jobs", type=int, default=2, help="processes of weaklab (2)")
    parser.add_argument("--file-rows", type=int, default=FILE_ROWS, help=f"rows in a file ({FILE_ROWS})")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    given.environment.mkdir(parents=True, exist_ok=True)
    folder, busy = given.environment.resolve(), load()
    sizes = sorted(int(n) for n in given.rows.split(","))
    for n in sizes:
        files_of(folder, n, given.file_rows)
    found = {n: label(folder, n, given.jobs, given.file_rows) for n in sizes}
    text = (
        f"`weaklab label` over Parquet files of {given.file_rows:,} rows of text (100 characters) and two numbers, "
        f"twenty labeling functions as data, {given.jobs} processes: a first pass that fits LabelModel to the votes on "
        "all rows, a second that labels and writes; the start of Python included."
    )
    options = "".join(
        f" --{name.replace('_', '-')} {value}"
        for name, value in (("rows", given.rows), ("sample", given.sample), ("jobs", given.jobs))
        if value != parser.get_default(name)
    )
    parts = ["# Labeling files", f"    python tests/bench/files.py{options}", f"{host()}; {busy}.", text, growth(found)]
    if given.sample:
        parts.append(beside_snorkel(folder, found, given.sample, given.file_rows))
    text = "\n\n".join(parts)
    print(text)
    if given.markdown:
        given.markdown.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
