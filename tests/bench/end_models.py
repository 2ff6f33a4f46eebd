"""Time weaklab's end models beside other trainers, all in one call, one thread each.

``python tests/bench/end_models.py [--environment FOLDER] [--rounds 3] [--n 100000] [--cases a,b] [--markdown FILE]``
draws rows with soft labels (once), and runs each trainer in a fresh process, in turns; skorch and snorkel in the peers'
environment, which tests/bench/peers.py makes. Seconds are of the processor, so that other work on the machine counts
little; whatever a trainer does between (X, soft labels) and a fitted model is counted.
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
#: What runs, in the order of the tables; those of the peers' environment are marked.
LINEAR = {
    "weaklab EndModel(hidden=None)": False,
    "scikit-learn LogisticRegression, rows duplicated": False,
    "scikit-learn LogisticRegression, hard labels": False,
    "torch DataLoader loop, linear": False,
    "skorch NeuralNet, linear": True,
    "snorkel Trainer, linear": True,
}
NETWORK = {
    "weaklab EndModel(hidden=100)": False,
    "torch slicing loop, 100 hidden": False,
    "torch DataLoader loop, 100 hidden": False,
    "skorch NeuralNet, 100 hidden": True,
    "snorkel Trainer, 100 hidden": True,
    "weaklab.snorkel Trainer, 100 hidden": False,
}
CASES = {
    "independent": "standard normal columns",
    "correlated": "columns of a decaying spectrum (standard deviations 1 to 300 ** -0.7, rotated), as embeddings have",
}
RULES = (
    "Soft labels: the posterior of ten labeling functions that vote on half of the rows, of accuracies .55 to .8. "
    "Accuracy: on 50,000 other rows, to their true labels. Networks: 300-100-2, dropout .3, AdamW (fused) at .002, "
    "batches of 256, 3 epochs over all rows with nothing held out; loops by batches train linear models so too. "
    "Seconds: of the processor, the median over rounds in turns. An epoch: the mean of the second and the third; where "
    "a trainer does not tell when epochs end, a third of the whole."
)


def run(name: str, in_peers: bool, case: str, n: int, folder: Path) -> dict[str, Any]:
    """One process; what it printed, or why it failed."""
    from peers import THREAD_VARIABLES, peers_python

    python = str(peers_python(folder)) if in_peers else sys.executable
    rows = folder / f"rows-{case}-{n}.npz"
    if not rows.exists():
        sys.stderr.write(f"Drawing rows: {case} ...\n")
        command = [sys.executable, str(HERE / "end_models_case.py"), "make", case, str(n), str(rows)]
        subprocess.run(command, check=True)
    env = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    command = [python, "-W", "ignore", str(HERE / "end_models_case.py"), "fit", name, str(rows)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no reason given"])[-1]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def seconds_of(run: dict[str, Any], epochs: bool) -> float:
    """The whole, or an epoch."""
    return float(run.get("epoch", run["seconds"] / 3) if epochs else run["seconds"])


def table(trainers: dict[str, bool], case: str, given: argparse.Namespace) -> tuple[str, dict[str, dict[str, float]]]:
    """The table of one case, and its figures by trainer."""
    from peers import markdown

    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in trainers}
    for _ in range(given.rounds):
        for name, in_peers in trainers.items():
            runs[name].append(run(name, in_peers, case, given.n, given.folder))
            sys.stderr.write(f"{case}, {name}: {runs[name][-1]}\n")
    lines, figures = [], {}
    for name, found in runs.items():
        failed = [one["failed"] for one in found if "failed" in one]
        if failed:
            lines.append([name, failed[0], "", "", "", ""])
            continue
        taken = [seconds_of(one, trainers is NETWORK) for one in found]
        seconds, whole = statistics.median(taken), statistics.median(one["seconds"] for one in found)
        figures[name] = {"seconds": seconds, "whole": whole, "accuracy": found[0]["accuracy"]}
        first = next(iter(figures.values()))["seconds"]
        numbers = [f"{seconds:.3f}", f"{min(taken):.3f} to {max(taken):.3f}", f"{seconds / first:.2f}", f"{whole:.3f}"]
        lines.append([name, *numbers, f"{100 * found[0]['accuracy']:.2f}"])
    what = "an epoch, s" if trainers is NETWORK else "seconds"
    return markdown(["trainer", what, "range", "times weaklab's", "whole, s", "accuracy %"], lines), figures


def verdict_linear(figures: dict[str, dict[str, float]]) -> str:
    """Whether weaklab's is as accurate as the best peer and as fast as the fastest good one."""
    (_, ours), *peers = figures.items()
    best = max(one["accuracy"] for _, one in peers)
    name, fastest = min(
        (pair for pair in peers if pair[1]["accuracy"] >= best - 0.001), key=lambda pair: pair[1]["seconds"]
    )
    return (
        f"Against the best peer: {100 * (ours['accuracy'] - best):+.2f} points (wanted: -0.10 or more). Against the "
        f"fastest peer within 0.1 point of it, {name}: {ours['seconds'] / fastest['seconds']:.2f} of its time "
        "(wanted: 1)."
    )


def verdict_network(figures: dict[str, dict[str, float]]) -> str:
    """How weaklab's time compares with both loops."""
    ours, bare, loader = (figures[name] for name in list(NETWORK)[:3])
    return (
        f"{ours['seconds'] / bare['seconds']:.2f} of the time of the slicing loop (wanted: 1.1), "
        f"{ours['seconds'] / loader['seconds']:.2f} of the DataLoader loop's (wanted: 0.5).\n\nThat is of an epoch. "
        "The whole call, with features and all that `fit` does before and after the epochs, took "
        f"{ours['whole'] / bare['whole']:.2f} of the slicing loop's time; accuracy was "
        f"{100 * (ours['accuracy'] - bare['accuracy']):+.2f} points from the slicing loop's and "
        f"{100 * (ours['accuracy'] - loader['accuracy']):+.2f} from the DataLoader loop's, one seed each."
    )


def main() -> int:
    """Print the tables, or write them too."""

    from host import host, load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each trainer is run (3)")
    parser.add_argument("--n", type=int, default=100_000, help="rows (100,000)")
    parser.add_argument("--cases", default=",".join(CASES), help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    given.folder = given.environment.resolve()
    given.folder.mkdir(parents=True, exist_ok=True)
    busy, parts = load(), []
    for case in given.cases.split(","):
        linear, figures = table(LINEAR, case, given)
        parts += [
            f"## Linear, {given.n:,} x 300, {case}",
            CASES[case].capitalize() + ".",
            linear,
            verdict_linear(figures),
        ]
    network, figures = table(NETWORK, given.cases.split(",")[0], given)
    parts += [f"## Network, {given.n:,} x 300", network, verdict_network(figures)]
    command = f"    python tests/bench/end_models.py --rounds {given.rounds} --n {given.n} --cases {given.cases}"
    text = "\n\n".join(
        ["# End models beside other trainers", command, f"{host()}; one thread each; {busy}.", RULES, *parts]
    )
    print(text)
    if given.markdown:
        given.markdown.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
