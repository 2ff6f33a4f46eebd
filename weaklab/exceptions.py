"""Everything weaklab raises or warns of, in one tree.

::

    WeaklabError
    ├── VoteError (ValueError)                 a vote, or a matrix of votes, is not one
    ├── GoldError (ValueError)                 gold labels do not fit the votes or the classes
    ├── SoftLabelError (ValueError)            probabilities that are not probabilities
    ├── ClassError (ValueError)                a class that was never declared, or declared twice
    ├── FrameError (ValueError)                a frame that rows or features cannot be read from
    │   └── ColumnError (KeyError)             a column that the frame does not have
    │       └── RowColumnError (AttributeError)    a labeling function asked a row for such a column
    ├── LabelingFunctionError (ValueError)     a labeling function, or a set of them, is ill-formed
    │   ├── LabelingFunctionFailure (RuntimeError)   it raised while it ran
    │   │   └── WorkerDiedError            the process that it ran in came to an end
    │   ├── NotPicklableError (PicklingError)  it cannot be found again by its name
    │   └── ReturnValueError (VoteError)       it returned something that is not a vote
    ├── ParameterError (ValueError)            an argument of a function or an estimator
    ├── PersistenceError (ValueError)          a saved model that cannot be written, read, or trusted
    ├── DatasetError (ValueError)              a folder or a file of data that cannot be read
    ├── StorageError (OSError)                 rows that are more than memory holds find no room in temporary files
    ├── OutputExistsError (FileExistsError)    what is to be written to holds something else
    ├── EndpointError (ConnectionError)        what was asked for an answer gave none
    └── MissingExtraError (ImportError)        an optional package is not installed

    WeaklabWarning (UserWarning)
    ├── FaultWarning                           labeling functions failed on some rows, which abstain
    ├── CacheWarning                           kept votes could not be read or written, or not be kept
    ├── PersistenceWarning                     something saved or loaded will not work everywhere, or is not as it was
    ├── CoverageWarning                        too few votes to learn from
    ├── SlowPathWarning                        something runs in a slower way than was asked for
    ├── CollapseWarning                        a label model calls all but every row by one class, against the votes
    └── NotConvergedWarning                    an estimator stopped before it settled

Every class also inherits from the built-in exception that a caller would expect, so ``except ValueError``
catches what it always did.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Hashable, Iterable, Sequence
from pickle import PicklingError
from types import FrameType


class WeaklabError(Exception):
    """The root of all errors that weaklab raises on purpose."""


class VoteError(WeaklabError, ValueError):
    """A vote, or a matrix of votes, is not one."""


class GoldError(WeaklabError, ValueError):
    """Gold labels do not fit the votes or the classes."""


class SoftLabelError(WeaklabError, ValueError):
    """Soft labels that are not probabilities, or not one row per row of data."""


class ClassError(WeaklabError, ValueError):
    """A class that was never declared, or declared twice."""


class ParameterError(WeaklabError, ValueError):
    """An argument of a function or an estimator has a value that it cannot have."""


class FrameError(WeaklabError, ValueError):
    """Data that rows, votes or features cannot be read from."""


class ColumnError(FrameError, KeyError):
    """A column that the frame does not have."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""  # KeyError would print the repr of the message


class RowColumnError(ColumnError, AttributeError):
    """A labeling function asked a row for a column that it does not have.

    It is an ``AttributeError``, so that ``hasattr(row, "x")`` works, and a ``KeyError``, as for any mapping.

    Parameters
    ----------
    asked : hashable
        The column that was asked for.
    columns : sequence of hashable
        The columns that there are.
    """

    def __init__(self, asked: Hashable, columns: Sequence[Hashable]) -> None:
        super().__init__(asked, columns)

    def __str__(self) -> str:
        # Written only when it is read: `hasattr` on every row must not pay for the search of close names.
        asked, columns = self.args
        return f"the row has no column {asked!r}.{did_you_mean(asked, columns)}"


class LabelingFunctionError(WeaklabError, ValueError):
    """A labeling function, or a set of them, is ill-formed."""


class LabelingFunctionFailure(LabelingFunctionError, RuntimeError):
    """A labeling function raised while it ran; the original exception is its ``__cause__``."""


class WorkerDiedError(LabelingFunctionFailure):
    """A process that ran labeling functions came to an end: killed, out of memory, or ended by one of them."""


class NotPicklableError(LabelingFunctionError, PicklingError):
    """A labeling function or a preprocessor that cannot be found again by its name."""


class ReturnValueError(LabelingFunctionError, VoteError):
    """A labeling function returned something that is not a vote."""


class PersistenceError(WeaklabError, ValueError):
    """A model or a labeler that cannot be saved, or a file of one that cannot be read or needs what was not given."""


class DatasetError(WeaklabError, ValueError):
    """A folder or a file of data that cannot be read as what it should be."""


class StorageError(WeaklabError, OSError):
    """Rows that are more than memory is to hold cannot be kept in temporary files."""


class OutputExistsError(WeaklabError, FileExistsError):
    """What is to be written to is there already, and holds something else."""


class EndpointError(WeaklabError, ConnectionError):
    """An endpoint that was asked for an answer gave none, or none that can be read.

    Parameters
    ----------
    message : str
        What happened.
    retry : bool
        Whether asking again may help.
    retry_after : float or None
        After how many seconds, where the endpoint said so.
    """

    def __init__(self, message: str, retry: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry = retry
        self.retry_after = retry_after


class MissingExtraError(WeaklabError, ImportError):
    """An optional package is not installed."""


class WeaklabWarning(UserWarning):
    """The root of all warnings that weaklab gives."""


class FaultWarning(WeaklabWarning):
    """Labeling functions failed on some rows and abstain there."""


class CacheWarning(WeaklabWarning):
    """Votes could not be read from a folder or written to it, or cannot be kept; they were made anew."""


class PersistenceWarning(WeaklabWarning):
    """Something that was saved cannot be loaded everywhere, or was loaded with code that has changed since."""


class SlowPathWarning(WeaklabWarning):
    """Something runs in a slower way than was asked for, with the same result."""


class CoverageWarning(WeaklabWarning):
    """There are too few votes to learn from."""


class CollapseWarning(WeaklabWarning):
    """A label model calls all but every row by one class, which the votes do not."""


class NotConvergedWarning(WeaklabWarning):
    """An estimator stopped before it settled."""


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn, pointing to the line that called weaklab, however deep within weaklab the reason is.

    Parameters
    ----------
    message : str
        What to say.
    category : type of Warning
        The kind of warning.
    """
    frame: FrameType | None = sys._getframe()
    depth = 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, category, stacklevel=depth + 1)


#: What is asked of the program, and is no failure of what it interrupts.
INTERRUPTIONS = (KeyboardInterrupt, GeneratorExit)


def shown(value: object, limit: int = 60) -> str:
    """The repr of a value for a message, cut where it is long; for one whose repr fails, its type.

    Parameters
    ----------
    value : object
        Anything that a user's function gave.
    limit : int
        The most characters.

    Returns
    -------
    str

    Examples
    --------
    >>> shown("free"), shown("x" * 100, 10)
    ("'free'", "'xxxxxx...")
    """
    try:
        text = repr(value)
    except INTERRUPTIONS:
        raise
    except BaseException as error:  # noqa: BLE001  -- what fails must not fail again in being told
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def reason_of(error: BaseException) -> str:
    """The class of an exception and what it says; something else where its text fails.

    Examples
    --------
    >>> reason_of(ValueError("no number"))
    'ValueError: no number'
    """
    return f"{type(error).__name__}: {text_of(error)}"


def text_of(error: BaseException) -> str:
    """What an exception says; something else where that fails.

    Examples
    --------
    >>> text_of(ColumnError("no column 'text'"))
    "no column 'text'"
    """
    try:
        return str(error)
    except INTERRUPTIONS:
        raise
    except BaseException as second:  # noqa: BLE001  -- what fails must not fail again in being told
        return f"<its text raises {type(second).__name__}>"


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """A suggestion to end an error message with, or the empty string.

    Parameters
    ----------
    name : object
        What was asked for.
    known : iterable of object
        What exists.

    Returns
    -------
    str
        ``" Did you mean 'text'?"``, with a leading space, when something close is known; else the known names
        when there are at most ten; else nothing.

    Examples
    --------
    >>> did_you_mean("txet", ["text", "label"])
    " Did you mean 'text'?"
    >>> did_you_mean("z", ["text", "label"])
    " There is: 'text', 'label'."
    """
    from difflib import get_close_matches

    names = {str(item): item for item in known}
    close = get_close_matches(name if isinstance(name, str) else shown(name), names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {names[close[0]]!r}?"
    if 0 < len(names) <= 10:
        return f" There is: {', '.join(repr(item) for item in names.values())}."
    return ""
