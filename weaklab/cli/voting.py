"""Read data and labeling functions, and let them vote: how all commands that hold the data in memory begin."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weaklab.cli.data_files import Data, find_files, read_data
from weaklab.cli.functions import load_lfs
from weaklab.cli.options import read_classes
from weaklab.cli.saved_models import load_labeler
from weaklab.cli.usage import UsageError
from weaklab.exceptions import ClassError, LabelingFunctionFailure, ReturnValueError, WeaklabError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Voted:
    """What labeling functions said of data.

    Parameters
    ----------
    data : Data
        The rows.
    lfs : list of labeling functions
        Who voted.
    classes : list, int or None
        The classes, where they are known.
    votes : DataFrame, PartialVotes or SoftVotes
        Their votes.
    y : Series or None
        Gold labels, where a column of them was named.
    labeler : Labeler or None
        The saved one, where ``--model`` names it.
    """

    data: Data
    lfs: list[Any]
    classes: Any
    votes: Any
    y: pd.Series | None
    labeler: Any = None

    @property
    def model(self) -> Any:
        """The label model of the saved labeler, or None."""
        return None if self.labeler is None else fitted_model(self.labeler)


def vote(given: argparse.Namespace) -> Voted:
    """Run the labeling functions of ``--lfs`` or ``--model`` over the data; mistakes come to light before they run.

    Raises
    ------
    UsageError
        If something asked for is not there, or does not fit.
    LabelingFunctionFailure, ReturnValueError
        If a labeling function fails; says on which row of which file.
    """
    from weaklab.apply.plan import check_lfs

    classes = read_classes(given.classes)
    paths = find_files(given.data)
    labeler = None
    if getattr(given, "model", None) is not None:
        labeler = load_labeler(given)
        lfs, classes = check_lfs(labeler.lfs), classes_of(fitted_model(labeler))
    elif given.lfs is None:
        raise UsageError("There are no labeling functions: give --lfs FILE.py:NAME, or --model FILE.")
    else:
        lfs = load_lfs(given.lfs)
    data = read_data(paths, progress=not given.quiet)
    gold = getattr(given, "gold", None)
    y = None if gold is None else data.gold(gold, classes)
    return Voted(data, lfs, classes, votes_of(lfs, data, classes, given), y, labeler)


def fitted_model(labeler: Any) -> Any:
    """The label model of a labeler that was fitted."""
    return getattr(labeler, "model_", labeler.model)


def classes_of(model: Any) -> Any:
    """The classes of a fitted model: names, or how many."""
    names = model.classes_.tolist()
    return len(names) if names == list(range(len(names))) else names


def votes_of(lfs: list[Any], data: Data, classes: Any, given: argparse.Namespace) -> Any:
    """The votes, with errors in the words of the command line."""
    import weaklab as wl

    try:
        return wl.apply(lfs, data.frame, classes=classes, cache=False, n_jobs=given.jobs, progress=not given.quiet)
    except (LabelingFunctionFailure, ReturnValueError) as error:
        raise type(error)(data.with_place(in_words_of_options(error))) from error
    except (ClassError, WeaklabError) as error:
        raise UsageError(in_words_of_options(error)) from error


def in_words_of_options(error: Exception) -> str:
    """What an error says, with options where it names arguments."""
    return str(error).replace("classes=[...]", "--classes A,B,...").replace("n_jobs=", "--jobs ")
