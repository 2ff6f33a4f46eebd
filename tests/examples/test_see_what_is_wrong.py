"""The second example runs, and shows what it says it shows."""

from __future__ import annotations

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
