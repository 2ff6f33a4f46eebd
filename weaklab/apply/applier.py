"""``apply``: labeling functions and a frame in, votes out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any, Literal, TypeVar, get_args

import pandas as pd
from tqdm.auto import tqdm

from weaklab.apply.band_engine import run_bands
from weaklab.apply.batch_engine import run_batches
from weaklab.apply.dask_frames import apply_on_dask
from weaklab.apply.errands import make_errand
from weaklab.apply.expression_engine import run_expressions
from weaklab.apply.faults import FaultLog
from weaklab.apply.frames import read_frame
from weaklab.apply.learned_engine import run_learned
from weaklab.apply.lookup_engine import run_lookups
from weaklab.apply.plan import Plan, Planned, make_plan
from weaklab.apply.processes import count_jobs, run_in_processes
from weaklab.apply.reuse import Reuse, make_reuse
from weaklab.apply.run import Run, vote_table
from weaklab.apply.search_engine import run_searches
from weaklab.apply.spark_frames import apply_on_spark
from weaklab.apply.text_engine import run_texts
from weaklab.apply.threshold_engine import run_thresholds
from weaklab.apply.timeouts import check_timeout
from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.labeling import DeclarativeLF, LabelingFunction, LearnedLF, VoteCoder
from weaklab.typing import Classes, Frame
from weaklab.votes import PartialVotes, SoftVotes
from weaklab.votes.engines import engine_of

T = TypeVar("T")

OnError = Literal["raise", "abstain"]
AnyLF = LabelingFunction | DeclarativeLF | LearnedLF | Callable[[Any], Any]


def apply(
    lfs: AnyLF | Iterable[AnyLF],
    frame: Frame,
    *,
    classes: Classes = None,
    on_error: OnError = "raise",
    n_jobs: int = 1,
    cache: str | os.PathLike[str] | Literal[False] | None = None,
    timeout: float | None = None,
    progress: bool = True,
    keep: Sequence[str] = (),
) -> pd.DataFrame | PartialVotes | SoftVotes:
    """Run labeling functions over data.

    Parameters
    ----------
    lfs : labeling function, or iterable of labeling functions
        What to run: decorated functions, plain functions (under their own name), and those that ``keyword_lf`` and
        its siblings make. Their names must differ.
    frame : pandas or polars DataFrame, pyarrow Table, Dataset of Hugging Face, list of dicts, namedtuples or objects
        with attributes. The data, of n rows; it is never changed. A key that some dicts of a list lack is a missing
        cell there, None. Objects that are more than their attributes (that can be iterated over, indexed or called)
        reach labeling functions as they are, all others as rows. Rows of a Dataset hold what its features say; its
        format and its transform do not apply. Frames of Dask and Spark too, where the workers of the cluster run the
        labeling functions once somebody asks for votes: see ``docs/clusters.md``.
    classes : int or sequence of hashable, optional
        How many classes there are, or their names in the order of their codes; with names, labeling functions may
        vote by name. None takes any code from 0.
    on_error : {"raise", "abstain"}
        What to do where a labeling function raises, or returns what is no vote. "raise" stops at the first, naming the
        function and the row. "abstain" lets it abstain on that row (one of ``batch=True`` that raises: on all), gives
        one warning with counts, and keeps rows and tracebacks in ``votes.attrs["faults"]``. What is wrong before
        anything runs (a missing column, two functions of one name) always raises; KeyboardInterrupt too. A
        ``sys.exit()`` in a labeling function is a failure like any other, and so is every other exception that is no
        ``Exception``, but for GeneratorExit.
    n_jobs : int
        Processes for labeling functions of one row; -1 is one per core. They may be lambdas, closures, and functions
        of a notebook; each process has its own copy of what they read. Votes, order, index, and the rows of faults are
        those of ``n_jobs=1`` for functions whose votes depend on the row alone; tracebacks are of the same lines, and
        the same but for the qualified names of classes that were made within functions. Processes take a second to
        start, and frames of fewer than 512 rows that are done by then start none. A process that dies is an error that
        names the labeling function and the rows; with ``on_error="abstain"`` those rows are tried once more, one at a
        time, and the one that ends it abstains.
    cache : None, False, or path of a folder
        Where votes are kept, so that only what changed is run again: labeling functions with the code and the values
        that they read (defaults, closures, globals, helper functions, resources, preprocessors), the classes, and the
        contents of the columns. None keeps them in memory, 256 MB of votes at most, where fingerprints cost little
        beside running; False does not keep them; a path keeps them in files, which several processes may share.
        What has no fingerprint (open files, the clock, random states, objects that change while they are read) is
        run each time, and so is a labeling function that failed somewhere.
    timeout : float, optional
        Seconds for each call of a labeling function of one row, after which it counts as failed, whatever it makes of
        the interruption. It ends loops of Python and waiting, but no code in C that never looks up; it needs the main
        thread (or ``n_jobs``), and timers, which Windows does not have.
    progress : bool
        Whether to show a progress bar, in votes and with the slowest labeling functions, once a call has taken a
        second.
    keep : sequence of str
        For a Spark frame, whose rows have neither index nor order: the columns, such as an id, that stand before the
        votes in the result.

    Returns
    -------
    DataFrame of shape (n, m), PartialVotes or SoftVotes; a lazy frame of Dask or Spark where that was given
        Votes: a column per labeling function, in their order, and the frame's own index and row order (0..n-1 for
        data without an index). Class codes, and -1 where a function abstains; int8, or int16 or int32 where there
        are more classes. With ``on_error="abstain"``, ``attrs["faults"]`` maps names of labeling functions to
        :class:`weaklab.apply.Fault`; ``attrs["reports"]`` to what some, such as ``prompt_lf``, count beside votes.
        ``attrs["reused"]`` names those whose votes were kept from before, if any, and ``attrs["not_reused"]`` maps
        those that must be run each time to the reason; the logger ``weaklab.apply`` says so too.

        Where a labeling function has ``output="set"``: PartialVotes; one of them ``output="soft"``: SoftVotes. Votes
        of the others are promoted: a class is a set of one, and certain; a set is as likely for each of its classes.
        They need ``classes``, carry names and index, and have ``attrs`` too.

    Raises
    ------
    LabelingFunctionError
        If there are no labeling functions, one is none, several have one name, or a label is no class.
    LabelingFunctionFailure
        If one raises; the original exception is the cause (from another process: a copy of it, or, where it cannot
        be pickled, an exception of a class of that name).
    ReturnValueError
        If one returns something that is no vote.
    FrameError
        If the data is none of the above.
    ColumnError
        If a function that is data reads a column that is not there.
    ClassError
        If ``classes`` are ill-formed.
    WorkerDiedError
        If a process dies.
    KeyboardInterrupt
        On Ctrl-C; all processes are ended, and its attribute ``votes`` holds what was done (in a notebook:
        ``sys.last_value.votes``), with the number of finished rows of each labeling function in ``attrs["done"]``.

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
    check_timeout(timeout)
    jobs = count_jobs(n_jobs)
    engine = engine_of(frame)
    if keep and engine != "spark":
        raise ParameterError(f"keep={keep!r} is for Spark frames; the votes on any other have the rows of the frame.")
    if engine is not None:
        errand = make_errand(
            lfs, frame.columns, classes=classes, on_error=on_error, n_jobs=n_jobs, cache=cache, timeout=timeout
        )
        return apply_on_dask(errand, frame) if engine == "dask" else apply_on_spark(errand, frame, keep)
    votes, faults = run_all(
        lfs, frame, classes=classes, on_error=on_error, jobs=jobs, cache=cache, timeout=timeout, progress=progress
    )
    if on_error == "abstain":
        faults.warn(votes.attrs["faults"])
    return votes


def run_all(
    lfs: Any,
    frame: Frame,
    *,
    classes: Classes,
    on_error: OnError,
    jobs: int = 1,
    cache: str | os.PathLike[str] | Literal[False] | None = False,
    timeout: float | None = None,
    progress: bool = False,
) -> tuple[pd.DataFrame | PartialVotes | SoftVotes, FaultLog]:
    """What :func:`apply` gives of a frame on this machine, and the faults, which nobody has warned of yet."""
    coder = VoteCoder(classes)
    reader = read_frame(frame)
    plan = make_plan(lfs, reader, coder)
    reuse = make_reuse(cache, reader, coder)
    if not reader.n:
        reuse = None
    n, m = reader.n, len(plan.lfs)
    kinds = {lf.kind if isinstance(lf, LabelingFunction) else LabelingFunction.kind for lf in plan.lfs}
    faults = FaultLog(on_error, reader.index, kinds.pop() if len(kinds) == 1 else LabelingFunction.kind)
    table = vote_table(n, m, coder.k, plan.output, plan.stands_for)
    with tqdm(
        total=n * m, desc=f"{m} labeling functions", unit="votes", unit_scale=True, delay=1.0, disable=not progress
    ) as bar:
        run = Run(reader, coder, faults, table, bar, plan.names, timeout, float("inf") if reuse is None else reuse.look)
        try:
            reports = _run_what_is_new(plan, reuse, run, jobs)
        except KeyboardInterrupt as interrupt:
            votes = table.frame(reader.index, plan.names)
            votes.attrs["done"] = dict(zip(plan.names, run.done.tolist(), strict=True))
            interrupt.votes = votes  # type: ignore[attr-defined]
            interrupt.add_note("What was done is in the attribute `votes` of this exception: sys.last_value.votes")
            raise
    votes = table.frame(reader.index, plan.names)
    if reports:
        votes.attrs["reports"] = reports
    if reuse is not None:
        if reuse.reused:
            votes.attrs["reused"] = reuse.reused
        if reuse.not_kept:
            votes.attrs["not_reused"] = reuse.not_kept
        reuse.report()
    if on_error == "abstain":
        votes.attrs["faults"] = faults.faults(plan.names)
    return votes, faults


def _run_what_is_new(plan: Plan, reuse: Reuse | None, run: Run, jobs: int) -> dict[str, Any]:
    """Take votes that were made before, run the rest, and keep what it finished, however it ends."""
    if reuse is None:
        return _run_plan(plan, run, jobs)
    todo = _take_kept(plan, reuse, run)
    try:
        return _run_plan(todo, run, jobs)
    finally:
        reuse.keep(run)


def _take_kept(plan: Plan, reuse: Reuse, run: Run) -> Plan:
    """Fill in the votes that were made before; what is left to do."""
    found = reuse.find(plan.lfs)
    run.watched.update(reuse.judged)
    for column, votes in found.items():
        run.write_kept(column, votes, getattr(plan.lfs[column], "output", "hard"))
    return plan.without(found)


def _run_plan(plan: Plan, run: Run, jobs: int) -> dict[str, Any]:
    """Run each labeling function in its engine; what some report beside votes."""
    _timed(run_texts, plan.texts, run)
    _timed(run_thresholds, plan.thresholds, run)
    _timed(run_bands, plan.bands, run)
    _timed(run_lookups, plan.lookups, run)
    _timed(run_expressions, plan.expressions, run)
    _timed(run_searches, plan.searches, run)
    run_batches(plan.batches if run.reader.n else [], run)  # not every function of a frame bears one without rows
    run_in_processes([*plan.rows, *plan.others], run, jobs)
    return _timed(run_learned, plan.learned if run.reader.n else [], run)


def _timed(engine: Callable[[Any, Run], T], planned: Sequence[Planned[Any]], run: Run) -> T:
    """Run an engine that takes many functions at once; each that it finished took its share of the time."""
    began = perf_counter()
    try:
        return engine(planned, run)
    finally:
        finished = [each.column for each in planned if run.done[each.column] == run.reader.n]
        share = (perf_counter() - began) / max(len(finished), 1)
        for column in finished:
            run.took(column, share)
