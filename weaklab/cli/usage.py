"""The errors of whoever types a command, in the words of the command line."""

from __future__ import annotations

from weaklab.exceptions import WeaklabError

#: What messages of the library tell to say, and how that is said here.
OPTIONS = (
    ("classes=[...]", "--classes A,B,..."),
    ("columns=[...]", "--columns A,B,..."),
    ('on_error="quarantine"', "--on-error quarantine"),
    ('on_mismatch="warn"', "--on-mismatch warn"),
    ("overwrite=True", "--overwrite"),
    ("lfs=[...]", "--lfs FILE.py:NAME"),
    ("list in trust=[...] the modules", "say by --trust MODULE the modules"),
    ("n_jobs=", "--jobs "),
    ("the same call", "the same command"),
)


class UsageError(WeaklabError, ValueError):
    """What was asked for on the command line cannot be done."""


class CommandFailure(WeaklabError, RuntimeError):
    """Something failed on the way, which is none of the mistakes of whoever typed the command."""


def in_words_of_options(error: object) -> str:
    """What an error says, with options where it names arguments.

    Examples
    --------
    >>> in_words_of_options("it has 3 files; say overwrite=True")
    'it has 3 files; say --overwrite'
    """
    message = str(error)
    for argument, option in OPTIONS:
        message = message.replace(argument, option)
    return message
