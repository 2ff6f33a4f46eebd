"""``weaklab fit``: learn whom to trust, and write the model."""

from __future__ import annotations

import argparse
from typing import Any

from weaklab.cli.answers import Answer
from weaklab.cli.first_pass import Reading, check_on_no_rows, fit_to_files
from weaklab.cli.functions import load_lfs
from weaklab.cli.model_choice import add_label_model, check_label_model, new_label_model
from weaklab.cli.options import (
    add_command,
    add_data,
    add_gold,
    add_lfs,
    add_out,
    check_out,
    read_classes,
    read_names,
    read_types,
)
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
    check_out(given)
    check_label_model(given.label_model)
    lfs, model = _in_memory(given) if given.gold is not None else _over_files(given)

    import weaklab as wl

    write_whole(given.out, wl.Labeler(lfs, model).save)
    data = {
        "model": str(given.out),
        "label_model": given.label_model,
        "rows": model.n_rows_,
        "classes": model.classes_,
        "class_prior": model.class_prior_,
        "labeling_functions": [
            {"name": name, "learned": accuracy}
            for name, accuracy in zip(model.feature_names_in_, model.accuracies_, strict=True)
        ],
    }
    return Answer(f"{given.out}\n", data)


def _in_memory(given: argparse.Namespace) -> tuple[list[Any], Any]:
    """Labeling functions, and a model that learned from gold too."""
    voted = vote(given)
    return voted.lfs, new_label_model(given.label_model, voted.classes).fit(voted.votes, voted.y)


def _over_files(given: argparse.Namespace) -> tuple[list[Any], Any]:
    """Labeling functions, and the model that weaklab label fits in its first pass."""
    from weaklab.apply.files.inputs import find_inputs

    reading = Reading(
        tuple(find_inputs(given.data)),
        read_names("--columns", given.columns),
        read_types(given.type),
        given.jobs,
        not given.quiet,
    )
    model = new_label_model(given.label_model, read_classes(given.classes))
    lfs = load_lfs(given.lfs)
    check_on_no_rows(lfs, model.classes, reading)
    return lfs, fit_to_files(model, lfs, reading)
