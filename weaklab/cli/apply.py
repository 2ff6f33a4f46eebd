"""``weaklab apply``: run labeling functions, and write their votes."""

from __future__ import annotations

import argparse
from typing import Any

from weaklab.cli.answers import Answer
from weaklab.cli.options import add_command, add_data, add_lfs, add_out, check_out
from weaklab.cli.usage import UsageError
from weaklab.cli.voting import vote
from weaklab.cli.writing import write_table

EXAMPLES = """\
  weaklab apply comments.parquet --lfs rules.py:lfs --classes ham,spam --out votes.parquet
  weaklab apply 'in/*.csv' --lfs project.rules:lfs --classes ham,spam --out votes.csv --jobs -1
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "apply",
        run,
        summary="write the votes of labeling functions",
        description="Run labeling functions over files, and write their votes: a column per labeling function, a row "
        "per row of data, in order; the codes of classes, and -1 where one abstains. Prints the path of the file.",
        examples=EXAMPLES,
    )
    add_data(parser)
    add_lfs(parser)
    add_out(parser, "the file of votes, which ends in .parquet or .csv")


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab apply`` does."""
    check_out(given, (".parquet", ".csv"))
    voted = vote(given, whole=True)
    if not hasattr(voted.votes, "columns"):
        raise UsageError(
            f"The votes are {type(voted.votes).__name__}, sets or probabilities, and apply writes a class per vote: "
            "leave out labeling functions whose output= is another; weaklab fit takes them."
        )
    write_table(voted.votes, given.out)
    counts = (voted.votes >= 0).sum()
    covered = int((voted.votes >= 0).any(axis=1).sum())
    data = {
        "votes": str(given.out),
        "rows": len(voted.votes),
        "covered": covered,
        "classes": voted.classes,
        "labeling_functions": [{"name": name, "votes": int(count)} for name, count in counts.items()],
    }
    return Answer(f"{given.out}\n", data)
