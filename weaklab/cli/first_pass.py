"""The first pass over files: a label model is fitted to the votes on all of their rows, which memory need not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaklab.cli.usage import UsageError, in_words_of_options
from weaklab.exceptions import WeaklabError

if TYPE_CHECKING:
    import pandas as pd

    from weaklab.apply.files.inputs import Input


@dataclass(frozen=True)
class Reading:
    """How files are read.

    Parameters
    ----------
    inputs : tuple of Input
        The files.
    columns : list of str, optional
        The columns to read; all by default.
    types : mapping of str to str
        Their types, where they are not to be as the files say, or as they seem.
    jobs : int
        Processes.
    progress : bool
        Whether to show progress bars.
    """

    inputs: tuple[Input, ...]
    columns: list[str] | None
    types: Mapping[str, str]
    jobs: int
    progress: bool


def fit_to_files(model: Any, lfs: Sequence[Any], reading: Reading, *, abstain: bool = False) -> Any:
    """A label model, fitted to the votes on files; the same bits whatever the number of processes.

    Parameters
    ----------
    model : label model
        The model, which is fitted.
    lfs : sequence of labeling functions
        Who votes.
    reading : Reading
        The files.
    abstain : bool
        Whether labeling functions abstain on rows on which they fail, and files are left out that lack columns or
        have others.

    Returns
    -------
    label model
    """
    from weaklab.apply import votes_of_files
    from weaklab.apply.files.parquet_files import rows_of
    from weaklab.apply.files.shapes import shape_of
    from weaklab.votes import VoteChunks

    inputs = reading.inputs
    if abstain:
        misfits = shape_of(inputs, reading.columns, reading.types, misfits=True).misfits
        inputs = tuple(each for each in inputs if each.name not in misfits)
    chunks = votes_of_files(
        lfs,
        [each.path for each in inputs],
        classes=model.classes,
        columns=reading.columns,
        types=reading.types,
        on_error="abstain" if abstain else "raise",
        n_jobs=reading.jobs,
    )
    n_rows = sum(rows_of(each.path) for each in inputs) if inputs[0].kind == "parquet" else None
    return model.fit(VoteChunks(chunks, n_rows=n_rows, progress=reading.progress))


def check_on_no_rows(lfs: Any, classes: Any, reading: Reading, *, misfits: bool = False) -> list[str]:
    """Let labeling functions run over no rows, so that mistakes come to light before anything is written.

    Parameters
    ----------
    lfs : sequence of labeling functions
        Who is to vote.
    classes : list, int or None
        The classes.
    reading : Reading
        The files.
    misfits : bool
        Whether there may be files that lack columns, or have others.

    Returns
    -------
    list of str
        The columns of the files.

    Raises
    ------
    UsageError
        If files, columns or labeling functions are not what they should be.
    """
    from weaklab.apply import apply
    from weaklab.apply.files.shapes import shape_of

    try:
        schema = shape_of(reading.inputs, reading.columns, reading.types, misfits=misfits).schema
        apply(lfs, schema.empty_table().to_pandas(), classes=classes, progress=False, cache=False)
    except WeaklabError as error:
        raise UsageError(in_words_of_options(error)) from error
    return list(schema.names)


class FirstPass:
    """A labeler that fits its label model to all files when it is first asked for a label, unless that was done before.

    Parameters
    ----------
    lfs : sequence of labeling functions
        Who votes.
    model : label model
        Not fitted.
    reading : Reading
        The files.
    before : Path
        Where the labeler of an earlier run, which was stopped, is if there was one.
    abstain : bool
        As for :func:`fit_to_files`.
    """

    def __init__(self, lfs: Sequence[Any], model: Any, reading: Reading, before: Path, *, abstain: bool) -> None:
        self.lfs = lfs
        self.model = model
        self.reading = reading
        self.before = before
        self.abstain = abstain
        self.labeler: Any = None

    def label(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with labels."""
        return self._fitted().label(frame, progress=False)

    def save(self, path: Path) -> None:
        """Save the labeler."""
        self._fitted().save(path)

    def _fitted(self) -> Any:
        if self.labeler is None:
            from weaklab import Labeler, load

            if self.before.exists():
                self.labeler = load(self.before, lfs=self.lfs)
            else:
                model = fit_to_files(self.model, self.lfs, self.reading, abstain=self.abstain)
                self.labeler = Labeler(self.lfs, model)
        return self.labeler


class Fitted:
    """A labeler that was fitted before, which labels in silence."""

    def __init__(self, labeler: Any) -> None:
        self.labeler = labeler

    def label(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with labels."""
        return self.labeler.label(frame, progress=False)

    def save(self, path: Path) -> None:
        """Save the labeler."""
        self.labeler.save(path)
