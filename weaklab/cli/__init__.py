"""The command line, ``weaklab COMMAND``: a file per command, and files for what commands share.

A command is a module with two functions: ``add`` adds its parser, and ``run`` does what was asked and returns an
:class:`weaklab.cli.answers.Answer`. Importing them loads nothing heavy, so that ``--help`` is there at once.
"""

from weaklab.cli.command_line import main, parser

__all__ = ["main", "parser"]
