"""``weaklab report``: all that is known of labeling functions, in one HTML file."""

from __future__ import annotations

import argparse
from typing import Any

from weaklab.cli.answers import Answer
from weaklab.cli.model_choice import add_label_model, check_label_model, new_label_model
from weaklab.cli.options import add_command, add_data, add_gold, add_lfs, add_out, check_out
from weaklab.cli.usage import UsageError
from weaklab.cli.voting import vote

EXAMPLES = """\
  weaklab report comments.parquet --lfs rules.py:lfs --classes ham,spam
  weaklab report comments.csv --lfs project.rules:lfs --classes ham,spam --gold label --out report.html --overwrite
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "report",
        run,
        summary="write all that is known of labeling functions into one HTML file",
        description="Run labeling functions over files, fit a label model to their votes, and write a report: one "
        "HTML file with scores, findings, tables, plots, and rows to look at. It shows cells of the data.",
        examples=EXAMPLES,
    )
    add_data(parser)
    add_lfs(parser)
    add_gold(parser, "to judge by")
    add_out(parser, "the page", default="report.html")
    add_label_model(parser, "the label model to fit")
    parser.add_argument("--title", default="Weak supervision report", help="of the page")
    parser.add_argument(
        "--rows", type=int, default=20, metavar="N", help="how many rows to show, 0 to 200; default: 20"
    )


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab report`` does."""
    from weaklab.plots.report.writing import MOST_ROWS

    check_out(given.out, given.overwrite)
    if not 0 <= given.rows <= MOST_ROWS:
        raise UsageError(f"--rows {given.rows} must be from 0 to {MOST_ROWS}.")
    check_label_model(given.label_model)
    voted = vote(given)

    import weaklab as wl

    model = new_label_model(given.label_model, voted.classes).fit(voted.votes)
    path = wl.report(
        given.out, voted.lfs, voted.data.frame, voted.votes, model, y=voted.y, title=given.title, n_rows=given.rows
    )
    return Answer(f"{path}\n", {"report": str(path), "rows": len(voted.data.frame), "label_model": given.label_model})
