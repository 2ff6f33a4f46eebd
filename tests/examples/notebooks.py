"""The notebook twins of the examples: ``python tests/examples/notebooks.py`` writes them anew.

A twin is the script's cells and nothing else: no outputs, which would be stale with the next change, and numbered
cells, so that the same script gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def scripts() -> list[Path]:
    """The examples that are written as cells."""
    return sorted(path for path in EXAMPLES.glob("*.py") if "# %%" in path.read_text())


def notebook_text(script: Path) -> str:
    """What the notebook twin of a script must hold, byte for byte."""
    cells = jupytext.read(script, fmt="py:percent").cells
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        cell["metadata"] = {}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def main() -> None:
    """Write every twin."""
    for script in scripts():
        script.with_suffix(".ipynb").write_text(notebook_text(script))


if __name__ == "__main__":
    main()
