"""Completions for shells, which shtab makes from the parser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from weaklab.exceptions import did_you_mean


class Completion(argparse.Action):
    """Print a script of completions for one shell, and end."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        """Ask shtab, which is asked for by nobody else."""
        try:
            import shtab
        except ImportError:
            parser.error('--completion needs shtab, which is not installed: pip install "weaklab[completion]"')
        shells = shtab.SUPPORTED_SHELLS
        if values not in shells:
            parser.error(f"--completion {values!r} is no shell that is known.{did_you_mean(values, shells)}")
        for each in _all_arguments(parser):
            if each.type is Path or each.dest in {"data", "lfs"}:
                each.complete = shtab.FILE  # type: ignore[attr-defined]
        sys.stdout.write(shtab.complete(parser, shell=values))
        parser.exit()


def _all_arguments(parser: argparse.ArgumentParser) -> Iterable[argparse.Action]:
    for each in parser._actions:
        yield each
        if isinstance(each, argparse._SubParsersAction):
            for command in each.choices.values():
                yield from _all_arguments(command)
