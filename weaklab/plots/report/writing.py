"""Write a report: one HTML file that shows what labeling functions do, and whether their labels can be trusted."""

from __future__ import annotations

import importlib.util
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from weaklab.exceptions import MissingExtraError, ParameterError
from weaklab.markup import cut
from weaklab.plots.report.functions import functions, to_fix
from weaklab.plots.report.material import Material
from weaklab.plots.report.overview import findings, overview
from weaklab.plots.report.page import page
from weaklab.plots.report.pictures import pictures
from weaklab.plots.report.provenance import provenance
from weaklab.plots.report.rows import rows_to_look_at
from weaklab.typing import Frame, Votes

#: The most rows that a report shows one by one.
MOST_ROWS = 200


def report(
    path: str | os.PathLike[str],
    lfs: Any,
    frame: Frame,
    votes: Votes,
    model: Any,
    end_model: Any = None,
    y: Any = None,
    *,
    title: str = "Weak supervision report",
    n_rows: int = 20,
    created: datetime | None = None,
    random_state: int | None = None,
) -> Path:
    """Write all that is known of labeling functions and a label model into one HTML file that one can send.

    It has an overview with scores, the findings of ``model.diagnose``, a table of labeling functions that sorts and
    searches, those to mend, plots in light and dark, rows to look at with what was found in them and what each vote
    adds, and where it all comes from. It needs no network, stays under 5 MB whatever the data (tables and texts are
    cut, and say so), can be read without scripts, and is the same file for the same inputs and ``created``. It shows
    cells of the data: mind who gets it.

    Parameters
    ----------
    path : path
        Of the file; one that is there is replaced.
    lfs : list of labeling functions, or None
        Asked why they vote as they do on the rows that are shown; None where there are none to ask.
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts or objects
        The data that the votes are on.
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes.
    model : label model
        Fitted, one of weaklab's or built on its base class.
    end_model : classifier, optional
        Fitted; its ``predict`` takes rows of the frame. It is asked about rows with gold and the rows that are shown.
    y : array-like of shape (n,), optional
        Gold labels where known, by code or name; -1 or missing where not. The report says what they were used for.
    title : str
        Of the page.
    n_rows : int
        How many rows to look at it shows, from 0 to 200.
    created : datetime, optional
        The time that the report bears; now by default.
    random_state : int, optional
        Draws among rows with the same votes; None means 0.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    MissingExtraError
        If matplotlib, the extra ``plots``, is not installed.
    ParameterError, NotFittedError, VoteError, FrameError, GoldError, LabelingFunctionError
        If an argument is not what it should be, or does not fit the others.
    OSError
        If the file cannot be written; one that was there is then as it was.

    Examples
    --------
    >>> import tempfile
    >>> import weaklab as wl
    >>> frame = [{"text": "free money"}, {"text": "hello"}, {"text": "free offer"}] * 20
    >>> labels = {"free": 1, "money": 1, "hello": 0}
    >>> lfs = [wl.keyword_lf(word, column="text", label=label) for word, label in labels.items()]
    >>> votes = wl.apply(lfs, frame)
    >>> model = wl.MajorityVote().fit(votes)
    >>> wl.report(tempfile.mkdtemp() + "/report.html", lfs, frame, votes, model).name
    'report.html'
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError('A report needs matplotlib, which is not installed: pip install "weaklab[plots]"')
    if isinstance(n_rows, bool) or not isinstance(n_rows, (int, np.integer)) or not 0 <= n_rows <= MOST_ROWS:
        raise ParameterError(f"n_rows={n_rows!r} must be an int from 0 to {MOST_ROWS}.")
    seed = 0 if random_state is None else random_state
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ParameterError(
            f"random_state={random_state!r} must be an int from 0, which the report can name, or None."
        )
    if created is not None and not isinstance(created, datetime):
        raise ParameterError(f"created={created!r} must be a datetime.")
    target = Path(path)
    if target.is_dir() or not target.parent.is_dir():
        raise ParameterError(f"path={str(target)!r} must be a file in a folder that is there.")
    of = Material.of(lfs, frame, votes, model, end_model, y, int(seed))
    when = datetime.now(UTC) if created is None else created
    parts = {
        "overview": overview(of),
        "findings": findings(of),
        "functions": functions(of),
        "to-fix": to_fix(of),
        "plots": pictures(of),
        **({"rows": rows_to_look_at(of, int(n_rows))} if n_rows else {}),
        "provenance": provenance(of, when),
    }
    about = f"{of.seen.matrix.m:,} labeling functions on {of.seen.matrix.n:,} rows, {when:%Y-%m-%d %H:%M}"
    _write(target, page(cut(title), about, parts))
    return target


def _write(target: Path, text: str) -> None:
    """All of the file, or nothing of it."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(text.encode("utf-8", errors="replace"))  # half a surrogate pair is no reason to fail
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
