"""The second example runs, and shows what it says it shows."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "02_see_what_is_wrong.py"


def test_it_draws_every_plot_writes_the_report_and_finds_what_was_planted():
    """A reader is told of a mistaken function, a redundant one and a silent one, and all three must be found."""
    pytest.importorskip("matplotlib")
    from weaklab import analysis, plots

    shown = runpy.run_path(str(EXAMPLE))
    drawn = {type(display).__name__ for display in shown["displays"]}
    assert drawn == set(plots.__all__)
    assert all((shown["folder"] / f"{name}.png").stat().st_size > 5000 for name in drawn)
    problems = analysis.lfs_to_fix(shown["model"], shown["votes"], shown["gold"])["problem"]
    assert problems["arrays"] == "worse than chance"
    assert problems["misspelt"] == "never votes"
    assert "redundant" in problems.reindex(["pandas", "frames"]).to_list()
    assert 100_000 < shown["path"].stat().st_size < 5_000_000


def test_each_table_of_the_room_and_each_kind_of_card_stands_in_it():
    """A question that the library answers and no example asks is not found."""
    from weaklab import analysis

    text = EXAMPLE.read_text()
    calls = [name for name in analysis.__all__ if inspect.isfunction(getattr(analysis, name))]
    calls.remove("export_labels")  # a file, no table
    assert [name for name in calls if not re.search(rf"\b{name}\(", text)] == []
    # What shows itself: a labeling function, a list of them, a preview, votes, a label model, findings, an end model.
    last_lines = {cell.rstrip().rpartition("\n")[2] for cell in text.split("# %%")}
    assert {"lfs[7]", "model", "clf", "model.diagnose(votes, gold)", "displays[2]"} <= last_lines
    assert {"wl.describe_lfs(lfs, classes=CLASSES)", "wl.describe_votes(votes, classes=CLASSES)"} <= last_lines


@pytest.mark.slow
def test_the_notebook_shows_its_tables_plots_and_cards():
    """In a kernel, where all that shows itself is HTML or a picture."""
    pytest.importorskip("matplotlib")
    import nbclient
    import nbformat

    notebook = nbformat.read(EXAMPLE.with_suffix(".ipynb"), as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = [output["data"] for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    html = [data["text/html"] for data in shown if "text/html" in data]
    assert len(html) >= 24
    for said in (
        "9 labeling functions: 9 KeywordLF",
        "Votes of 9 labeling functions on 3,000 rows",
        "fitted on 3,000 rows",
    ):
        assert any(said in one for one in html), said
    assert any(data.keys() & {"image/png", "image/svg+xml"} or "<svg" in data.get("text/html", "") for data in shown)
