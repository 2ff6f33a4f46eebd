"""``weaklab label``: label files of any size."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaklab.cli.answers import Answer
from weaklab.cli.first_pass import FirstPass, Fitted, Reading, check_on_no_rows
from weaklab.cli.functions import load_lfs
from weaklab.cli.model_choice import add_label_model, check_label_model, new_label_model
from weaklab.cli.options import add_command, add_data, add_lfs, read_classes, read_names, read_types
from weaklab.cli.saved_models import add_model, load_labeler
from weaklab.cli.usage import CommandFailure, UsageError, in_words_of_options
from weaklab.cli.voting import classes_of, fitted_model
from weaklab.exceptions import DatasetError, OutputExistsError

if TYPE_CHECKING:
    from weaklab.apply.files import LabeledFiles

EXAMPLES = """\
  weaklab label 'in/*.parquet' --lfs rules.py:lfs --classes ham,spam --out labels
  weaklab label 'in/*.parquet' --lfs rules.py:lfs --classes ham,spam --out labels --jobs -1 --on-error quarantine
  weaklab label 'today/*.csv' --model comments.weaklab --out today/labels
"""
#: What is added to each row.
ADDED = ("label", "confidence", "covered")


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "label",
        run,
        summary="label files of any size; a run that was stopped goes on",
        description="Label every row of files, in memory that does not grow with them: each becomes one Parquet file "
        "in OUT, with its columns and label, confidence and covered. Without --model, a first pass over all files fits "
        "a label model to the votes. Started again with the same files and options, it goes on where it was stopped, "
        "and does nothing where all is done. Records that cannot be read are set apart in OUT/_weaklab/quarantine, "
        "and counted; the manifest and the model are in OUT/_weaklab too.",
        examples=EXAMPLES,
    )
    add_data(parser)
    add_lfs(parser, required=False)
    add_label_model(parser, "the label model to fit; by default LabelModel", default=None)
    add_model(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="the folder of labels")
    parser.add_argument(
        "--on-error",
        choices=("raise", "quarantine"),
        default="raise",
        help="what to do with rows on which a labeling function fails, and files whose columns differ: stop, or set "
        "them apart; default: raise",
    )
    parser.add_argument("--overwrite", action="store_true", help="delete the labels of another run in OUT first")


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab label`` does."""
    from weaklab.apply import label_files
    from weaklab.apply.files.inputs import find_inputs

    reading = Reading(
        tuple(find_inputs(given.data)),
        read_names("--columns", given.columns),
        read_types(given.type),
        given.jobs,
        not given.quiet,
    )
    set_apart = given.on_error == "quarantine"
    labeler, version = _labeler(given, reading, set_apart)
    _check(labeler, reading, set_apart)
    with _kept(given.out, labeler):
        made = label_files(
            labeler,
            [each.path for each in reading.inputs],
            given.out,
            columns=reading.columns,
            types=reading.types,
            on_error=given.on_error,
            n_jobs=given.jobs,
            overwrite=given.overwrite,
            version=version,
            progress=reading.progress,
        )
    return Answer(_text(made), _data(made))


def _labeler(given: argparse.Namespace, reading: Reading, set_apart: bool) -> tuple[FirstPass | Fitted, str | None]:
    """Who labels, and what tells it from others: None where only a look at it does."""
    if given.model is not None:
        return Fitted(load_labeler(given)), None
    if given.lfs is None:
        raise UsageError("There are no labeling functions: give --lfs FILE.py:NAME, or --model FILE.")
    name = given.label_model or "LabelModel"
    check_label_model(name)
    classes = read_classes(given.classes)
    lfs = load_lfs(given.lfs)
    before = given.out / "_weaklab" / "labeler"
    if given.overwrite:
        before = before.with_name("labeler of no earlier run")
    labeler = FirstPass(lfs, new_label_model(name, classes), reading, before, abstain=set_apart)
    return labeler, _version(lfs, name, classes)


def _version(lfs: list[Any], model: str, classes: list[str] | None) -> str | None:
    """What the result of a first pass depends on beside the files; None where that cannot be told."""
    from weaklab.apply.fingerprints import Fingerprinter
    from weaklab.apply.value_fingerprints import Unfingerprintable

    taker = Fingerprinter()
    try:
        for item in (*lfs, model, classes):
            taker.add(item)
    except Unfingerprintable:
        return None
    return str(taker.digest().hex())


def _check(labeler: FirstPass | Fitted, reading: Reading, set_apart: bool) -> None:
    """Mistakes, before anything is written."""
    if isinstance(labeler, FirstPass):
        lfs, classes = labeler.lfs, labeler.model.classes
    else:
        lfs, classes = labeler.labeler.lfs, classes_of(fitted_model(labeler.labeler))
    columns = check_on_no_rows(lfs, classes, reading, misfits=set_apart)
    there = [name for name in ADDED if name in columns]
    if there:
        raise UsageError(
            f"The files have a column {there[0]!r} already, which label adds: rename it, or leave it out by "
            "--columns A,B,..."
        )


@contextmanager
def _kept(out: Path, labeler: FirstPass | Fitted) -> Iterator[None]:
    """Say what is kept when something fails; of a run that got nowhere nothing is left."""
    was_there = out.is_dir()
    fresh = not was_there or not any(out.iterdir())
    try:
        yield
    except OutputExistsError as error:
        raise UsageError(in_words_of_options(error)) from error
    except BaseException as error:
        own = out / "_weaklab"
        kept = any(out.glob("*.parquet")) or (own / "labeler").exists()
        if fresh and not kept:
            shutil.rmtree(own, ignore_errors=True)
            if not was_there and out.is_dir():
                out.rmdir()
        if kept and isinstance(error, KeyboardInterrupt):
            error.hints = ["what is finished is kept; the same command goes on from there"]  # type: ignore[attr-defined]
        if isinstance(error, DatasetError):  # of a file that was there when all began
            raise CommandFailure(in_words_of_options(error)) from error
        raise


def _text(made: LabeledFiles) -> str:
    lines = [
        str(made.out),
        f"  {made.rows_out:,} rows in {len(made.paths):,} files, {made.covered:,} of them with a vote",
    ]
    if made.quarantined:
        lines.append(f"  {made.quarantined:,} records set apart: {', '.join(map(str, made.quarantine[:3]))}")
    before = len(made.paths) - made.done_now
    if before:
        lines.append(f"  {before:,} of the files were there already")
    if made.done_now:
        lines.append(f"  {made.rows_now:,} records in {made.seconds:.1f} s: {made.rate:,.0f} per second")
    return "\n".join(lines) + "\n"


def _data(made: LabeledFiles) -> dict[str, Any]:
    return {
        "out": str(made.out),
        "files": [str(path) for path in made.paths],
        "rows_in": made.rows_in,
        "rows_out": made.rows_out,
        "covered": made.covered,
        "quarantined": made.quarantined,
        "labels": made.labels,
        "quarantine": [str(path) for path in made.quarantine],
        "manifest": str(made.manifest),
        "files_now": made.done_now,
        "rows_now": made.rows_now,
        "seconds": made.seconds,
        "rows_per_second": made.rate,
    }
