"""How a label model learns from votes that are spread over a cluster.

A model sees rows only through the distinct ones and their weights. So each part is reduced to these where it is, parts
are brought together in a tree, and what reaches the driver is what a model on one machine is fitted to. Where distinct
rows are too many for that, they stay with the workers, and each pass of the model sums over them there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weaklab.exceptions import ParameterError, VoteError
from weaklab.label_models.dask_votes import DaskVotes
from weaklab.label_models.problem import Problem
from weaklab.label_models.spark_votes import SparkVotes
from weaklab.label_models.spread_problem import SpreadProblem
from weaklab.typing import Classes
from weaklab.votes import Patterns, compress, parts
from weaklab.votes.engines import engine_of
from weaklab.votes.parts import one

if TYPE_CHECKING:
    from weaklab.label_models.base import BaseLabelModel


def problem_on_cluster(
    model: BaseLabelModel, votes: Any, y: Any, sample_weight: Any, classes: Classes
) -> tuple[Problem, int]:
    """What a model is fitted to, and how many rows that stands for.

    Parameters
    ----------
    model : label model
        The model.
    votes : dask or pyspark DataFrame
        The votes.
    y, sample_weight : str, dask Series, or None
        A column of the frame; with Dask, also a Series with the same partitions.
    classes : int, sequence of hashable, or None
        The classes, checked.

    Returns
    -------
    problem : Problem
        To be released when it is learned from.
    n : int
        How many rows there are.

    Raises
    ------
    VoteError, GoldError, ParameterError
        If they are not what they should be, or there are no rows; or if distinct rows are too many for this model.
    """
    name = type(model).__name__
    spread = (DaskVotes if engine_of(votes) == "dask" else SparkVotes)(votes, y, sample_weight, classes)
    gathered = spread.gather(parts.MOST_BYTES)
    if gathered is None:
        if not model._learns_from_sums:
            raise VoteError(
                f"The distinct rows of votes take more than {parts.MOST_BYTES / 1e6:,.0f} MB, and {name} needs them in "
                "one place. Fit LabelModel, DawidSkene, OneCoin or MajorityVote, which sum over the parts; or fewer "
                "labeling functions, or a sample of the rows."
            )
        return SpreadProblem.of_parts(spread, name)
    if not sum(part.n for part in gathered):
        raise VoteError(f"There are no rows to learn from: votes of shape (0, {len(votes.columns)}).")
    whole = one(gathered)
    if not whole.weighed:
        raise ParameterError("sample_weight is zero for every row: there is nothing to learn from.")
    rows = whole.patterns
    matrix = model._inside(rows.votes)
    if whole.n > parts.AS_THEY_LIE:
        return Problem.of(Patterns(matrix, rows.weight, rows.gold)), whole.n
    return Problem.of(compress(matrix, rows.gold, rows.weight)), whole.n
