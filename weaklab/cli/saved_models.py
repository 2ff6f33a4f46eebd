"""Models in files: labeling functions and the label model that was fitted to them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from weaklab.cli.functions import load_lfs
from weaklab.cli.usage import UsageError, in_words_of_options
from weaklab.exceptions import PersistenceError, did_you_mean


def add_model(parser: Any) -> None:
    """The options that name a saved model, and say what of its code is to be believed."""
    parser.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="a model that weaklab fit wrote, or labeler.save; its labeling functions that are functions of Python "
        "must be given by --lfs, as they were then",
    )
    parser.add_argument(
        "--trust", action="append", default=[], metavar="MODULE", help="import what the model needs from here"
    )
    parser.add_argument(
        "--on-mismatch",
        choices=("raise", "warn", "ignore"),
        default="raise",
        help="what to do where a function of Python is not as it was saved; default: raise",
    )


def load_labeler(given: argparse.Namespace) -> Any:
    """The labeler of ``--model``, with the labeling functions of ``--lfs`` where they are given.

    Raises
    ------
    UsageError
        If there is no such file, it cannot be loaded or has no labeling functions, or an option says again, and
        otherwise, what the model holds.
    """
    path: Path = given.model
    for option in ("classes", "label_model"):
        if getattr(given, option, None) is not None:
            name = option.replace("_", "-")
            raise UsageError(f"--{name} is part of the model {str(path)!r}: leave it out, or fit another model.")
    if not path.is_file():
        near = did_you_mean(path.name, [each.name for each in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise UsageError(f"There is no model {str(path)!r}.{near} weaklab fit writes one.")
    lfs = None if given.lfs is None else load_lfs(given.lfs)

    import weaklab as wl

    try:
        loaded = wl.load(path, lfs=lfs, trust=given.trust, on_mismatch=given.on_mismatch)
    except PersistenceError as error:
        raise UsageError(in_words_of_options(error)) from error
    if isinstance(loaded, wl.Labeler):
        return loaded
    if lfs is None:
        raise UsageError(f"{str(path)!r} holds {type(loaded).__name__} and no labeling functions: give them by --lfs.")
    return wl.Labeler(lfs, loaded)
