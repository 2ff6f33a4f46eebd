"""``weaklab migrate``: imports of Snorkel rewritten, and what a person must look at."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from weaklab.cli.answers import Answer
from weaklab.cli.options import add_command

EXAMPLES = """\
  weaklab migrate rules.py
  weaklab migrate notebooks --write
  weaklab migrate . --json
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "migrate",
        run,
        summary="rewrite imports of snorkel in Python files and notebooks to weaklab.snorkel",
        description="Rewrite the imports of snorkel in a Python file, a notebook, or all of a folder, so that they "
        "import weaklab.snorkel, and list with their lines what was rewritten and what a person must look at. "
        "Nothing is written without --write, and nothing but imports is changed with it.",
        examples=EXAMPLES,
    )
    parser.add_argument("path", type=Path, metavar="FILE_OR_FOLDER", help="a .py file, a notebook, or a folder of them")
    parser.add_argument("--write", action="store_true", help="change the files; else they are only looked at")


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab migrate`` does."""
    from weaklab.snorkel.migration import migrate

    found = migrate(given.path, write=given.write)
    changed = sum(each.changed for each in found)
    human = sum(finding.human for each in found for finding in each.findings)
    lines = [f"{each.path}: {finding}" for each in found for finding in each.findings]
    if not found:
        lines.append(f"Nothing in {str(given.path)!r} imports snorkel.")
    else:
        done = "Files rewritten" if given.write else "Nothing was written, say --write. Files to rewrite"
        lines.append(f"{done}: {changed}. Places to look at: {human}.")
    files = [
        {
            "path": str(each.path),
            "changed": each.changed,
            "findings": [
                {"line": one.line, "cell": one.cell, "look": one.human, "text": one.text} for one in each.findings
            ],
        }
        for each in found
    ]
    return Answer("\n".join(lines) + "\n", {"written": given.write, "to_look_at": human, "files": files})
