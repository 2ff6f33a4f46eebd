"""Ask Snorkel and ``weaklab.snorkel`` the same questions, and say where their answers differ.

``python tests/snorkel/conformance/conform.py [--environment FOLDER] [--python PYTHON] [--write]`` makes an environment
for Snorkel in FOLDER (.bench, 1.7 GB; once, as ``tests/bench/peers.py`` does), or takes the PYTHON that is given; asks
both all cases, prints the differences without a reason, and fails if there are any. With --write it keeps Snorkel's
answers in ``snorkel_answers.json``, which ``make test`` compares ours with, and writes the table of differences of
docs/howto/from_snorkel.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
ANSWERS = HERE / "snorkel_answers.json"
PAGE = ROOT / "docs/howto/from_snorkel.md"
BEGIN, END = "<!-- differences: begin -->", "<!-- differences: end -->"

sys.path[:0] = [str(HERE), str(ROOT / "tests/bench")]
from cases import Case, agree, load_cases, written  # noqa: E402


def ask(python: str, package: str) -> dict[str, Any]:
    """The answers of a package, by a process of an interpreter."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "answers.json"
        command = [python, "-W", "ignore", str(HERE / "cases.py"), package, str(out)]
        subprocess.run(command, check=True, env=env, cwd=HERE, stderr=subprocess.DEVNULL)
        answers: dict[str, Any] = json.loads(out.read_text())
    return answers


def complaint(one: Case, theirs: Any, ours: Any) -> str | None:
    """What is wrong with our answer, beside Snorkel's."""
    if not one.reason:
        return None if agree(theirs, ours) else f"Snorkel answers {theirs}, and we {ours}"
    if not agree(written(one.ours), ours):
        return f"we should answer {written(one.ours)}, and answer {ours}"
    return "the answers are the same; it has a reason to differ all the same" if agree(theirs, ours) else None


def table(cases: dict[str, Case]) -> str:
    """The differences, as a table of Markdown."""
    lines = ["| area | asked | here |", "|---|---|---|"]
    for name, one in cases.items():
        if one.reason:
            lines.append(f"| {name.partition('.')[0].replace('_', ' ')} | {one.question} | {one.reason} |")
    return "\n".join(lines)


def page_with(text: str, made: str) -> str:
    """The page with its table anew."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Compare, and write if asked to."""
    from peers import peers_python

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--python", help="an interpreter that has snorkel 0.10; no environment is made then")
    parser.add_argument("--write", action="store_true", help="keep Snorkel's answers, and write the table of the page")
    given = parser.parse_args()
    if not given.python:
        given.environment.mkdir(parents=True, exist_ok=True)
    cases = load_cases()
    theirs = ask(given.python or str(peers_python(given.environment.resolve())), "snorkel")
    ours = ask(sys.executable, "weaklab.snorkel")
    wrong = {name: said for name, one in cases.items() if (said := complaint(one, theirs[name], ours[name]))}
    for name, said in wrong.items():
        sys.stdout.write(f"{name}: {said}\n")
    differ = sum(bool(one.reason) for one in cases.values())
    sys.stdout.write(
        f"{len(cases)} cases: {len(cases) - differ} to be equal, {differ} to differ with a reason; {len(wrong)} wrong\n"
    )
    if given.write:
        ANSWERS.write_text(json.dumps(theirs, indent=1, sort_keys=True) + "\n")
        PAGE.write_text(page_with(PAGE.read_text(), table(cases)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
