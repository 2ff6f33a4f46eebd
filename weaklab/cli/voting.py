"""Read data and labeling functions, and let them vote: how all commands that hold the data in memory begin."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weaklab.cli.data_files import Data, find_files, read_data
from weaklab.cli.functions import load_lfs
from weaklab.cli.options import read_classes
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
    classes : list of str or None
        The names of the classes, where they are known.
    votes : DataFrame, PartialVotes or SoftVotes
        Their votes.
    y : Series or None
        Gold labels, where a column of them was named.
    """

    data: Data
    lfs: list[Any]
    classes: list[str] | None
    votes: Any
    y: pd.Series | None


def vote(given: argparse.Namespace) -> Voted:
    """Run the labeling functions of ``--lfs`` over the files of data; mistakes come to light before they run.

    Raises
    ------
    UsageError
        If something asked for is not there, or does not fit.
    LabelingFunctionFailure, ReturnValueError
        If a labeling function fails; says on which row of which file.
    """
    classes = read_classes(given.classes)
    paths = find_files(given.data)
    lfs = load_lfs(given.lfs)
    data = read_data(paths, progress=not given.quiet)
    gold = getattr(given, "gold", None)
    y = None if gold is None else data.gold(gold, classes)
    return Voted(data, lfs, classes, votes_of(lfs, data, classes, given), y)


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
