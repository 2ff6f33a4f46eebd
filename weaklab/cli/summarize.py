"""``weaklab summarize``: what each labeling function does, as a table."""

from __future__ import annotations

import argparse
from typing import Any

from weaklab.cli.answers import Answer, as_text, records
from weaklab.cli.model_choice import add_label_model, check_label_model, new_label_model
from weaklab.cli.options import add_command, add_data, add_gold, add_lfs
from weaklab.cli.saved_models import add_model
from weaklab.cli.voting import vote

EXAMPLES = """\
  weaklab summarize comments.parquet --lfs rules.py:lfs --classes ham,spam
  weaklab summarize 'in/*.jsonl' --lfs project.rules:lfs --classes ham,spam --gold label --label-model LabelModel
  weaklab summarize today.parquet --model comments.weaklab
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "summarize",
        run,
        summary="print what each labeling function votes, how often, against whom, and how well",
        description="Run labeling functions over files, and print a table with a row for each: the classes that it "
        "votes for, its coverage, overlaps and conflicts; its accuracy where gold is known; and what a label model "
        "learned of it, where one is asked for or --model names a saved one.",
        examples=EXAMPLES,
    )
    add_data(parser)
    add_lfs(parser, required=False)
    add_gold(parser, "to judge by")
    add_label_model(parser, "a label model to fit, and show what it learned", default=None)
    add_model(parser)


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab summarize`` does."""
    if given.label_model is not None:
        check_label_model(given.label_model)
    voted = vote(given)

    import weaklab as wl

    model = voted.model
    if given.label_model is not None:
        model = new_label_model(given.label_model, voted.classes).fit(voted.votes)
    table = wl.summarize(voted.votes, voted.y, model=model, classes=None if model is not None else voted.classes)
    data = {"rows": len(voted.data.frame), "classes": voted.classes, "labeling_functions": records(table, "name")}
    return Answer(as_text(table), data)
