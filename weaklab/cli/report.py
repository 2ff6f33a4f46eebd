"""``weaklab report``: all that is known of labeling functions, in one HTML file."""

from __future__ import annotations

import argparse
from typing import Any

from weaklab.cli.answers import Answer
from weaklab.cli.model_choice import add_label_model, check_label_model, new_label_model
from weaklab.cli.options import add_command, add_data, add_gold, add_lfs, add_out, check_out
from weaklab.cli.saved_models import add_model
from weaklab.cli.usage import UsageError
from weaklab.cli.voting import vote

EXAMPLES = """\
  weaklab report comments.parquet --lfs rules.py:lfs --classes ham,spam
  weaklab report comments.csv --lfs project.rules:lfs --classes ham,spam --gold label --out report.html --overwrite
  weaklab report 'in/*.parquet' --model comments.weaklab --gold label
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "report",
        run,
        summary="write all that is known of labeling functions into one HTML file",
        description="Run labeling functions over files, fit a label model to their votes or take a saved one, and "
        "write a report: one HTML file with scores, findings, tables, plots, and rows to look at. It shows cells of "
        "the data.",
        examples=EXAMPLES,
    )
    add_data(parser)
    add_lfs(parser, required=False)
    add_gold(parser, "to judge by")
    add_out(parser, "the page", default="report.html")
    add_label_model(parser, "the label model to fit; by default LabelModel", default=None)
    add_model(parser)
    parser.add_argument("--title", default="Weak supervision report", help="of the page")
    parser.add_argument(
        "--rows", type=int, default=20, metavar="N", help="how many rows to show, 0 to 200; default: 20"
    )


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab report`` does."""
    from weaklab.plots.report.writing import MOST_ROWS

    check_out(given)
    if not 0 <= given.rows <= MOST_ROWS:
        raise UsageError(f"--rows {given.rows} must be from 0 to {MOST_ROWS}.")
    if given.label_model is not None:
        check_label_model(given.label_model)
    voted = vote(given)

    import weaklab as wl

    model = voted.model or new_label_model(given.label_model or "LabelModel", voted.classes).fit(voted.votes)
    end_model = None if voted.labeler is None else getattr(voted.labeler, "end_model_", voted.labeler.end_model)
    frame = voted.data.frame
    path = wl.report(
        given.out, voted.lfs, frame, voted.votes, model, end_model, y=voted.y, title=given.title, n_rows=given.rows
    )
    return Answer(f"{path}\n", {"report": str(path), "rows": len(frame), "label_model": type(model).__name__})
