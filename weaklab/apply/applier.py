"""``apply``: labeling functions and a frame in, votes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

import pandas as pd
from tqdm.auto import tqdm

from weaklab.apply.band_engine import run_bands
from weaklab.apply.batch_engine import run_batches
from weaklab.apply.expression_engine import run_expressions
from weaklab.apply.faults import FaultLog
from weaklab.apply.frames import read_frame
from weaklab.apply.learned_engine import run_learned
from weaklab.apply.lookup_engine import run_lookups
from weaklab.apply.plan import make_plan
from weaklab.apply.row_engine import run_rows
from weaklab.apply.run import Run, vote_table
from weaklab.apply.search_engine import run_searches
from weaklab.apply.text_engine import run_texts
from weaklab.apply.threshold_engine import run_thresholds
from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.labeling import DeclarativeLF, LabelingFunction, LearnedLF, VoteCoder
from weaklab.typing import Classes, Frame
from weaklab.votes import PartialVotes, SoftVotes

OnError = Literal["raise", "abstain"]
AnyLF = LabelingFunction | DeclarativeLF | LearnedLF | Callable[[Any], Any]


def apply(
    lfs: AnyLF | Iterable[AnyLF],
    frame: Frame,
    *,
    classes: Classes = None,
    on_error: OnError = "raise",
    progress: bool = True,
) -> pd.DataFrame | PartialVotes | SoftVotes:
    """Run labeling functions over data.

    Parameters
    ----------
    lfs : labeling function, or iterable of labeling functions
        What to run: decorated functions, plain functions (under their own name), and those that ``keyword_lf`` and
        its siblings make. Their names must differ.
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts, namedtuples or objects with attributes
        The data, of n rows; it is never changed. A key that some dicts of a list lack is a missing cell there, None.
        Objects that are more than their attributes (that can be iterated over, indexed or called) reach labeling
        functions as they are, all others as rows.
    classes : int or sequence of hashable, optional
        How many classes there are, or their names in the order of their codes; with names, labeling functions may
        vote by name. None takes any code from 0.
    on_error : {"raise", "abstain"}
        What to do where a labeling function raises, or returns what is no vote. "raise" stops at the first, naming
        the function and the row. "abstain" lets it abstain on that row (one of ``batch=True`` that raises: on all),
        gives one warning with counts, and keeps rows and tracebacks in ``votes.attrs["faults"]``. What is wrong
        before anything runs (a missing column, two functions of one name) always raises; KeyboardInterrupt too.
    progress : bool
        Whether to show a progress bar, in votes, once a call has taken a second.

    Returns
    -------
    DataFrame of shape (n, m), PartialVotes or SoftVotes
        Votes: a column per labeling function, in their order, and the frame's own index and row order (0..n-1 for
        data without an index). Class codes, and -1 where a function abstains; int8, or int16 or int32 where there
        are more classes. With ``on_error="abstain"``, ``attrs["faults"]`` maps names of labeling functions to
        :class:`weaklab.apply.Fault`; ``attrs["reports"]`` to what some, such as ``prompt_lf``, count beside votes.

        Where a labeling function has ``output="set"``: PartialVotes; one of them ``output="soft"``: SoftVotes. Votes
        of the others are promoted: a class is a set of one, and certain; a set is as likely for each of its classes.
        They need ``classes``, carry names and index, and have ``attrs`` too.

    Raises
    ------
    LabelingFunctionError
        If there are no labeling functions, one is none, several have one name, or a label is no class.
    LabelingFunctionFailure
        If one raises; the original exception is the cause.
    ReturnValueError
        If one returns something that is no vote.
    FrameError
        If the data is none of the above.
    ColumnError
        If a function that is data reads a column that is not there.
    ClassError
        If ``classes`` are ill-formed.

    Examples
    --------
    >>> import pandas as pd
    >>> from weaklab.labeling import keyword_lf
    >>> def short(row):
    ...     return "ham" if len(row.text) < 12 else None
    >>> frame = pd.DataFrame({"text": ["hi there", "subscribe to my channel"]}, index=["a", "b"])
    >>> lfs = [short, keyword_lf("subscribe", column="text", label="spam")]
    >>> apply(lfs, frame, classes=["ham", "spam"], progress=False)
       short  subscribe
    a      0         -1
    b     -1          1
    """
    if on_error not in get_args(OnError):
        raise ParameterError(f"on_error={on_error!r} is not known.{did_you_mean(on_error, get_args(OnError))}")
    if not isinstance(progress, bool):
        raise ParameterError(f"progress={progress!r} must be True or False.")
    coder = VoteCoder(classes)
    reader = read_frame(frame)
    plan = make_plan(lfs, reader, coder)
    n, m = reader.n, len(plan.names)
    faults = FaultLog(on_error, reader.index)
    table = vote_table(n, m, coder.k, plan.output, plan.stands_for)
    with tqdm(
        total=n * m, desc=f"{m} labeling functions", unit="votes", unit_scale=True, delay=1.0, disable=not progress
    ) as bar:
        run = Run(reader, coder, faults, table, bar)
        run_texts(plan.texts, run)
        run_thresholds(plan.thresholds, run)
        run_bands(plan.bands, run)
        run_lookups(plan.lookups, run)
        run_expressions(plan.expressions, run)
        run_searches(plan.searches, run)
        run_batches(plan.batches if n else [], run)  # not every function of a frame bears one without rows
        run_rows([*plan.rows, *plan.others], run)
        reports = run_learned(plan.learned if n else [], run)
    votes = table.frame(reader.index, plan.names)
    if reports:
        votes.attrs["reports"] = reports
    if on_error == "abstain":
        votes.attrs["faults"] = faults.faults()
        faults.warn(votes.attrs["faults"], stacklevel=3)
    return votes
