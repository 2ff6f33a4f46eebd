"""Run scripts that were written for Snorkel with both packages, only their imports changed.

``python tests/bench/from_snorkel.py [--environment FOLDER] [--python PYTHON --path FOLDER] [--runs N]`` makes an
environment for Snorkel in FOLDER (.bench; once, as ``peers.py`` does, with Dask beside it), or takes the PYTHON that is
given (and a folder of more packages, Dask). It runs each script of ``snorkel_scripts`` as it is there, and here with
its imports rewritten by ``weaklab migrate``, in turns, each in a fresh process, and prints times and scores side by
side.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPTS = HERE / "snorkel_scripts"
NAMES = ("spam", "spouse", "crowd", "recommender", "one_strong")
DASK = ("dask[dataframe]==2026.8.0", "distributed==2026.8.0")
sys.path.insert(0, str(HERE))


def dask_folder(python: Path, folder: Path) -> Path:
    """A folder with Dask for Snorkel's interpreter, made once."""
    from peers import PINS

    place, done = folder / "peers-dask", folder / "peers-dask" / ".installed"
    if not (done.exists() and done.read_text() == " ".join(DASK)):
        sys.stderr.write(f"Installing {', '.join(DASK)} into {place} (once) ...\n")
        shutil.rmtree(place, ignore_errors=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--target", str(place)]
        subprocess.run([*pip, "--constraint", str(PINS), *DASK], check=True)
        done.write_text(" ".join(DASK))
    return place


def write_docstrings(path: Path, train: int = 4000, test: int = 1000) -> None:
    """Docstrings of numpy and pandas, as the script of the spam style reads them."""
    import pandas as pd

    from weaklab.datasets import load_docstrings

    parts = []
    for name, frame, n in zip(("train", "test"), load_docstrings(progress=False)[::2], (train, test), strict=True):
        two = frame[frame["label"].isin(["numpy", "pandas"])].head(n)
        parts.append(two.assign(split=name, label=(two["label"] == "pandas").astype(int))[["text", "label", "split"]])
    pd.concat(parts).to_csv(path, index=False)


def run(python: str, script: Path, data: Path, path: str) -> dict[str, Any]:
    """What a script printed last, and the seconds from its start to its end."""
    # One thread of torch is what Snorkel's label model is fastest with: its matrices are small.
    env = os.environ | {"PYTHONPATH": path, "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
    command = [python, "-W", "ignore", str(script), str(data)]
    start = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{script.name} with {python}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1]) | {"whole": time.perf_counter() - start}


def number(value: float) -> str:
    """A count as one, a share with three digits."""
    return f"{value:,.0f}" if value == int(value) else f"{value:.3f}"


def rows_of(name: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[list[str]]:
    """Lines of the table of one script: seconds, then scores."""
    rows = []
    for step in [*old[0]["seconds"], "start to end"]:
        pair = [
            statistics.median(one["whole"] if step == "start to end" else one["seconds"][step] for one in runs)
            for runs in (old, new)
        ]
        rows.append([name, f"{step}, s", f"{pair[0]:.2f}", f"{pair[1]:.2f}", f"{pair[0] / pair[1]:.1f} times"])
    for score, before in old[0]["scores"].items():
        after = new[0]["scores"][score]
        said = (
            "equal" if abs(before - after) < 1e-9 else f"{'+' if after > before else '-'}{number(abs(after - before))}"
        )
        rows.append([name, score.replace("_", " "), number(before), number(after), said])
    return rows


def main() -> int:
    """Print the table, or write it too."""
    from host import host, load
    from peers import markdown, peers_python

    from weaklab.snorkel.migration import migrate_source

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--python", help="an interpreter that has snorkel 0.10; no environment is made then")
    parser.add_argument("--path", default="", help="a folder of more packages for it: Dask")
    parser.add_argument("--scripts", default=",".join(NAMES), help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--runs", type=int, default=3, help="of each script with each package (3)")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    given = parser.parse_args()
    if given.python:
        python, path = given.python, given.path
    else:
        given.environment.mkdir(parents=True, exist_ok=True)
        made = peers_python(given.environment.resolve())
        python, path = str(made), str(dask_folder(made, given.environment.resolve()))
    busy, rows = load(), []
    with tempfile.TemporaryDirectory() as folder:
        for place in ("old", "new"):
            shutil.copytree(SCRIPTS, Path(folder) / place)
        for script in (Path(folder) / "new").glob("*.py"):
            script.write_text(migrate_source(script.read_text())[0])
        data = Path(folder) / "docstrings.csv"
        write_docstrings(data)
        for name in given.scripts.split(","):
            old, new = [], []
            for _ in range(given.runs):
                old.append(run(python, Path(folder) / "old" / f"{name}.py", data, path))
                new.append(run(sys.executable, Path(folder) / "new" / f"{name}.py", data, str(ROOT)))
                sys.stderr.write(f"{name}: {old[-1]['whole']:.1f} s, {new[-1]['whole']:.1f} s\n")
            rows += rows_of(name, old, new)
    text = "\n\n".join(
        [
            "# Scripts written for Snorkel, with only their imports changed",
            f"    python tests/bench/from_snorkel.py --runs {given.runs}",
            f"{host()}; {busy}. The scripts stand in `tests/bench/snorkel_scripts`, each in the style of a tutorial of "
            "Snorkel's, on generated data or on docstrings; `weaklab migrate` rewrote their imports. Fresh processes, "
            "in turns, with OMP_NUM_THREADS=1, which is what Snorkel's label model is fastest with; seconds are "
            f"medians of {given.runs}, scores of the first. What is first here, in each process, also reads kernels "
            "from the disk: a second, for which the analysis of small votes is slower than Snorkel's.",
            markdown(["script", "what", "snorkel 0.10", "weaklab.snorkel", "here"], rows),
        ]
    )
    sys.stdout.write(text + "\n")
    if given.markdown:
        given.markdown.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
