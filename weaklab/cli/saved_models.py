"""Models in files: labeling functions and the label model that was fitted to them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from weaklab.cli.functions import load_lfs
from weaklab.cli.usage import UsageError, in_words_of_options
from weaklab.exceptions import PersistenceError, PersistenceWarning, did_you_mean, warn_caller


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
        _tell_unused(lfs or [], loaded.lfs, path)
        return loaded
    if lfs is None:
        raise UsageError(f"{str(path)!r} holds {type(loaded).__name__} and no labeling functions: give them by --lfs.")
    return wl.Labeler(lfs, loaded)


def _tell_unused(given: list[Any], own: Any, path: Path) -> None:
    """Warn of labeling functions of ``--lfs`` in whose place the model has others, or none."""
    from weaklab.apply.plan import check_lfs
    from weaklab.labeling import DeclarativeLF

    saved = {lf.name: lf for lf in check_lfs(own)}
    unused = [
        lf.name
        for lf in given
        if lf.name not in saved or (isinstance(lf, DeclarativeLF) and _content(lf) != _content(saved[lf.name]))
    ]
    if unused:
        names = ", ".join(map(repr, unused[:5])) + ", ..." * (len(unused) > 5)
        warn_caller(
            f"--lfs: {names} {'is' if len(unused) == 1 else 'are'} not used: the model {str(path)!r} holds its own "
            f"labeling functions. To use others, fit another model.",
            PersistenceWarning,
        )


def _content(lf: Any) -> bytes | None:
    """What tells labeling functions apart; None where that cannot be told."""
    from weaklab.apply.fingerprints import Fingerprinter
    from weaklab.apply.value_fingerprints import Unfingerprintable

    taker = Fingerprinter()
    try:
        taker.add(lf)
    except Unfingerprintable:
        return None
    return taker.digest()
