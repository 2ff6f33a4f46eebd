"""``weaklab fit``: learn whom to trust, and write the model."""

from __future__ import annotations

import argparse
from typing import Any

from weaklab.cli.answers import Answer
from weaklab.cli.model_choice import add_label_model, check_label_model, new_label_model
from weaklab.cli.options import add_command, add_data, add_gold, add_lfs, add_out, check_out
from weaklab.cli.voting import vote
from weaklab.cli.writing import write_whole

EXAMPLES = """\
  weaklab fit 'in/*.parquet' --lfs rules.py:lfs --classes ham,spam --out comments.weaklab
  weaklab fit comments.csv --lfs rules.py:lfs --classes ham,spam --label-model DawidSkene --out comments.weaklab
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "fit",
        run,
        summary="fit a label model to the votes of labeling functions, and save both",
        description="Run labeling functions over files, fit a label model to their votes, and write one file of both "
        "that weaklab label, summarize and report take as --model, and wl.load reads. It holds no code: labeling "
        "functions that are functions of Python must be given again, as they are now. Prints the path of the file.",
        examples=EXAMPLES,
    )
    add_data(parser)
    add_lfs(parser)
    add_gold(parser, "to learn from, where known")
    add_label_model(parser, "the label model to fit")
    add_out(parser, "the file of the model")


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab fit`` does."""
    check_out(given.out, given.overwrite)
    check_label_model(given.label_model)
    voted = vote(given)

    import weaklab as wl

    model = new_label_model(given.label_model, voted.classes).fit(voted.votes, voted.y)
    write_whole(given.out, wl.Labeler(voted.lfs, model).save)
    data = {
        "model": str(given.out),
        "label_model": given.label_model,
        "rows": len(voted.data.frame),
        "classes": model.classes_,
        "class_prior": model.class_prior_,
        "labeling_functions": [
            {"name": name, "learned": accuracy}
            for name, accuracy in zip(model.feature_names_in_, model.accuracies_, strict=True)
        ],
    }
    return Answer(f"{given.out}\n", data)
