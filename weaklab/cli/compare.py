"""``weaklab compare``: label models side by side."""

from __future__ import annotations

import argparse
from typing import Any

from weaklab.cli.answers import Answer, as_text, records
from weaklab.cli.model_choice import NAMES, check_label_model, new_label_model
from weaklab.cli.options import add_command, add_data, add_gold, add_lfs
from weaklab.cli.usage import UsageError
from weaklab.cli.voting import vote
from weaklab.exceptions import did_you_mean

EXAMPLES = """\
  weaklab compare comments.parquet --lfs rules.py:lfs --classes ham,spam --gold label
  weaklab compare 'in/*.parquet' --lfs rules.py:lfs --classes ham,spam --models LabelModel,DawidSkene
"""
SCORES = ("accuracy", "f1_macro", "held_out")


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "compare",
        run,
        summary="compare label models on the same votes, beside majority vote",
        description="Run labeling functions over files, fit label models to the votes without gold, and print how "
        "they score: on rows with gold, or on held-out votes where no column of gold is named, each with its "
        "interval and a verdict beside majority vote. --json has more scores.",
        examples=EXAMPLES,
    )
    add_data(parser)
    add_lfs(parser)
    add_gold(parser, "to score by, never to learn from")
    parser.add_argument(
        "--models", metavar="A,B,...", help=f"which: {', '.join(NAMES)}; default: all that take such votes but EBCC"
    )
    parser.add_argument("--by", metavar="SCORE", help=f"what ranks them: {', '.join(SCORES)}")


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab compare`` does."""
    names = None if given.models is None else [name.strip() for name in given.models.split(",")]
    for name in names or ():
        check_label_model(name, "--models")
    if given.by is not None and given.by not in SCORES:
        raise UsageError(f"--by {given.by!r} is no score.{did_you_mean(given.by, SCORES)}")
    if given.by in SCORES[:2] and given.gold is None:
        raise UsageError(f"--by {given.by} needs gold labels: give --gold COLUMN, or --by held_out.")
    voted = vote(given)

    import weaklab as wl

    models = None if names is None else {name: new_label_model(name, voted.classes) for name in names}
    table = wl.compare_label_models(
        voted.votes, voted.y, models, classes=voted.classes, by=given.by, progress=not given.quiet
    )
    by = table.attrs["by"]
    shown = [column for column in table.columns if column.startswith((by, "difference"))]
    shown += ["verdict", "seconds", *(["error"] if table["error"].any() else [])]
    data = {**table.attrs, "models": records(table, "model")}
    return Answer(as_text(table[shown]), data)
