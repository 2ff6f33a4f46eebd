"""The error of whoever types a command."""

from __future__ import annotations

from weaklab.exceptions import WeaklabError


class UsageError(WeaklabError, ValueError):
    """What was asked for on the command line cannot be done."""
