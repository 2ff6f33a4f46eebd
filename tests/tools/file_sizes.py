"""Fail when a source file has outgrown its concept: 500 lines is the end, 250 the aim."""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 500
FOLDERS = ("weaklab", "tests", "examples")


def main() -> int:
    """Print each file over the limit and return 1 if there is one."""
    root = Path(__file__).resolve().parents[2]
    sizes = {path: len(path.read_text().splitlines()) for folder in FOLDERS for path in (root / folder).rglob("*.py")}
    large = {path: lines for path, lines in sizes.items() if lines > LIMIT}
    for path, lines in sorted(large.items()):
        print(f"{path.relative_to(root)}: {lines} lines, the end is {LIMIT}: split it by concept")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
