"""Read data and labeling functions, and let them vote: how all commands that hold the data in memory begin."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weaklab.cli.data_files import Data, read_data, tell_unread
from weaklab.cli.functions import load_lfs
from weaklab.cli.options import read_classes, read_names, read_types
from weaklab.cli.saved_models import load_labeler
from weaklab.cli.usage import UsageError, in_words_of_options
from weaklab.exceptions import ColumnError, DatasetError, LabelingFunctionFailure, ReturnValueError, WeaklabError

if TYPE_CHECKING:
    import pandas as pd


#: What only ``weaklab label`` can do with files whose columns differ.
SET_APART = ", or --on-error quarantine, which sets the rows of those files apart"


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


def vote(given: argparse.Namespace, *, whole: bool = False) -> Voted:
    """Run the labeling functions of ``--lfs`` or ``--model`` over the data; mistakes come to light before they run.

    Parameters
    ----------
    given : Namespace
        The options.
    whole : bool
        Whether records that cannot be read are a mistake; else they are told of and left out.

    Raises
    ------
    UsageError
        If something asked for is not there, or does not fit.
    LabelingFunctionFailure, ReturnValueError
        If a labeling function fails; says on which row of which file.
    """
    from weaklab.apply.files.inputs import find_inputs
    from weaklab.apply.plan import check_lfs

    classes = read_classes(given.classes)
    inputs = find_inputs(given.data)
    labeler = None
    if getattr(given, "model", None) is not None:
        labeler = load_labeler(given)
        lfs, classes = check_lfs(labeler.lfs), classes_of(fitted_model(labeler))
    elif given.lfs is None:
        raise UsageError("There are no labeling functions: give --lfs FILE.py:NAME, or --model FILE.")
    else:
        lfs = load_lfs(given.lfs)
    columns, types = read_names("--columns", given.columns), read_types(given.type)
    try:
        data = read_data(inputs, columns, types, progress=not given.quiet)
    except (DatasetError, ColumnError) as error:
        raise UsageError(in_words_of_options(error).replace(SET_APART, "")) from error
    if data.unread and whole:
        raise UsageError(f"{data.unread} Mend them, for rows of votes are to be rows of data.")
    tell_unread(data)
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
    except WeaklabError as error:
        raise UsageError(in_words_of_options(error)) from error
