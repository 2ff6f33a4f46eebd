"""``label_files``: a labeler and a folder of files in, the same rows with labels out, whatever happens on the way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from tqdm.auto import tqdm

from weaklab.apply.files import parquet_files
from weaklab.apply.files.atomic import write_json
from weaklab.apply.files.calls import LabelerLike, label_batch
from weaklab.apply.files.crew import run_work
from weaklab.apply.files.inputs import Input, find_inputs
from weaklab.apply.files.labeled_files import LabeledFiles
from weaklab.apply.files.output_folder import OutputFolder, claim
from weaklab.apply.files.part_work import PartWork
from weaklab.apply.files.shapes import Shape, read_batches, shape_of
from weaklab.apply.fingerprints import Fingerprinter
from weaklab.apply.libraries import library_version
from weaklab.apply.processes import count_jobs
from weaklab.apply.value_fingerprints import Unfingerprintable
from weaklab.exceptions import (
    DatasetError,
    LabelingFunctionError,
    ParameterError,
    StorageError,
    did_you_mean,
)

OnRowError = Literal["raise", "quarantine"]
#: What a path, a pattern or several of them come as.
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

#: The version of what is written beside the parts.
_FORMAT = 1
#: Rows on which a labeler is tried, to know what it adds.
_PROBE = 100
_USUAL = pa.schema([("label", pa.string()), ("confidence", pa.float64()), ("covered", pa.bool_())])


def label_files(
    labeler: LabelerLike,
    inputs: Paths,
    out: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str] | None = None,
    on_error: OnRowError = "raise",
    n_jobs: int = 1,
    overwrite: bool = False,
    batch_rows: int | None = None,
    version: str | None = None,
    progress: bool = True,
) -> LabeledFiles:
    r"""Label the rows of files, in memory that does not grow with them.

    Each input becomes one Parquet file in ``out`` with all its columns and the new ones, its rows in their order. A
    file appears there when it is finished; what was killed, at whatever moment, goes on where the last finished file
    ends when it is called again, and ends in the same bytes.

    Parameters
    ----------
    labeler : object with ``label``
        Takes a pandas DataFrame and gives it back with more columns, ``label`` among them; such as a Labeler. Rows are
        indexed by their place in the file: lines from 1 in files of text, rows from 0 in Parquet.
    inputs : str, path, or iterable of them
        Patterns (``"in/*.parquet"``) or files: Parquet, CSV with a header (or .tsv), or JSON lines; text may be
        compressed (.gz).
    out : path
        A folder. Everything but finished parts is in ``_weaklab`` within it: the manifest, the labeler where it has a
        method ``save``, and the quarantine.
    columns : sequence of str, optional
        The columns to read, and to keep; all by default.
    types : mapping of str to str, optional
        Types of columns, as arrow names them (``{"zip": "string"}``), where those that the inputs share are not what
        you want. In files of text they are inferred from the first 1,000 records of each.
    on_error : {"raise", "quarantine"}
        What to do with rows on which the labeler raises: stop, or set them apart. The same goes for files that lack
        columns of the first, or have others. Records that cannot be read (no CSV, no JSON, a value of another type)
        always go to the quarantine. (Where labeling functions are to abstain on such rows, say so to the labeler.)
    n_jobs : int
        How many processes; -1 is one per core. Each takes a file at a time.
    overwrite : bool
        Whether to delete the Parquet files in ``out`` first, and all that weaklab wrote there.
    batch_rows : int, optional
        How many rows to label at a time; 65,536, or less where rows are large.
    version : str, optional
        What the labeler is called, in place of a fingerprint of its code and its values, by which it is told whether
        what is in ``out`` is of the same one.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    LabeledFiles

    Raises
    ------
    DatasetError
        If there are no inputs, or one cannot be read, or their columns differ.
    OutputExistsError
        If ``out`` has something else in it than a part of the same job: the same inputs, labeler and options.
    StorageError
        If there is no room. After this and any other error, parts that were finished are kept.
    ColumnError
        If a column that was asked for is not there.
    LabelingFunctionFailure
        If a labeling function raises on a row, with ``on_error="raise"``.
    WorkerDiedError
        If processes die.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> class Long:
    ...     def label(self, frame):
    ...         return frame.assign(label=(frame.text.str.len() > 5).astype(int), confidence=1.0, covered=True)
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text("text,stars\nhi,1\nhello there,2\nno,stars,here\n")
    >>> made = label_files(Long(), folder / "*.csv", folder / "out", progress=False)
    >>> made.rows_in, made.rows_out, made.quarantined
    (3, 2, 1)
    >>> pd.read_parquet(made.paths[0])
              text  stars  label  confidence  covered
    0           hi      1      0         1.0     True
    1  hello there      2      1         1.0     True
    >>> made.read_quarantine()[["line", "reason"]]
       line                               reason
    0     4  3 fields where the header has 2
    """
    began = perf_counter()
    _check_options(labeler, on_error, batch_rows, columns)
    jobs = count_jobs(n_jobs)
    found = find_inputs(inputs)
    shape = shape_of(found, columns, types, misfits=on_error == "quarantine")
    _check_names(labeler, shape)
    folder = OutputFolder(Path(out))
    options = {"columns": None if columns is None else list(columns), "types": dict(types or {}), "on_error": on_error}
    job = _job(found, shape, {**options, "batch_rows": batch_rows}, labeler, version)
    claim(folder, job, found, overwrite=overwrite)
    with folder.held(overwrite=overwrite):
        write_json(folder.job, job, folder.temporary)
        done = folder.done(found)
        before = len(done)
        todo = [each for each in found if each.name not in done]
        try:
            if todo:
                _save(labeler, folder)
                added = _what_is_added(labeler, found, shape, set_apart=on_error == "quarantine")
                work = PartWork(labeler, shape, added, folder, on_error == "quarantine", batch_rows)
                _run(work, todo, jobs, done, found, progress)
            records = [done[each.name] for each in found]
            sums = {name: sum(record[name] for record in records) for name in ("rows_in", "rows_out", "quarantined")}
            write_json(folder.manifest, {**job, **sums, "parts": records}, folder.temporary)
        except (StorageError, DatasetError, LabelingFunctionError) as error:
            notes = " ".join(getattr(error, "__notes__", []))
            raise type(error)(f"{error}{notes and ' ' + notes} {_kept(done, found)}") from error
        except BaseException as error:  # Ctrl-C too
            error.add_note(_kept(done, found))
            raise
    now = sum(record["rows_in"] for name, record in done.items() if name in {each.name for each in todo})
    return LabeledFiles(folder.path, tuple(records), len(found) - before, now, perf_counter() - began)


def _check_options(labeler: Any, on_error: Any, rows: Any, columns: Any) -> None:
    if not callable(getattr(labeler, "label", None)):
        raise ParameterError(f"A labeler has a method label(frame); {type(labeler).__name__} {labeler!r:.80} has none.")
    if on_error not in get_args(OnRowError):
        raise ParameterError(f"on_error={on_error!r} is not known.{did_you_mean(on_error, get_args(OnRowError))}")
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, (int, np.integer)) or rows < 1):
        raise ParameterError(f"batch_rows={rows!r} must be a number of rows from 1, or None.")
    if isinstance(columns, str):
        raise ParameterError(f"columns={columns!r} must be a list of names.")


def _check_names(labeler: Any, shape: Shape) -> None:
    """The inputs have no column of a name that the labeler is known to add."""
    there = [name for name in getattr(labeler, "_adds", ("label",)) if name in shape.schema.names]
    if there:
        raise ParameterError(
            f"The inputs have a column {there[0]!r} already, which the new one would replace: rename it, or give "
            f"columns=[...] without it."
        )


def _job(
    inputs: Sequence[Input], shape: Shape, options: dict[str, Any], labeler: LabelerLike, version: str | None
) -> dict[str, Any]:
    """What is done, in plain values: where any of them differs, so may the labels."""
    files = []
    for each in inputs:
        about = each.path.stat()
        files.append({"file": each.name, "size": about.st_size, "modified": about.st_mtime_ns})
    types = {field.name: str(field.type) for field in shape.schema}
    return {
        "format": _FORMAT,
        "weaklab": library_version("weaklab"),
        "options": options,
        "types": types,
        "labeler": _fingerprint(labeler) if version is None else f"version {version}",
        "inputs": files,
    }


def _fingerprint(labeler: LabelerLike) -> str | None:
    """What tells a labeler from another one; None where it holds what has no fingerprint."""
    taker = Fingerprinter()
    try:
        taker.add(labeler)
    except Unfingerprintable:
        return None
    return taker.digest().hex()


def _save(labeler: Any, folder: OutputFolder) -> None:
    """Keep the labeler beside its labels, where it can be."""
    place = folder.labeler
    if callable(getattr(labeler, "save", None)) and not place.exists():
        temporary = folder.temporary / "labeler"
        labeler.save(temporary)
        os.replace(temporary, place)


def _what_is_added(labeler: LabelerLike, inputs: Sequence[Input], shape: Shape, *, set_apart: bool) -> pa.Schema:
    """The columns that the labeler adds, and their types, by what it gives for the first rows."""
    for each in inputs:
        with closing(read_batches(each, shape, _PROBE)) as batches:
            batch = next(batches, None)
            if batch is not None:
                _, columns = label_batch(labeler, batch, None, set_apart=set_apart)
                if columns is not None:
                    return columns.schema.remove_metadata()
    return _USUAL


def _run(
    work: PartWork,
    todo: Sequence[Input],
    jobs: int,
    done: dict[str, dict[str, Any]],
    inputs: Sequence[Input],
    progress: bool,
) -> None:
    """Label what is to be done, and write down each part that is."""
    total = sum(parquet_files.rows_of(each.path) for each in todo) if todo[0].kind == "parquet" else None
    with (
        tqdm(total=total, unit="rows", unit_scale=True, delay=1.0, disable=not progress) as bar,
        closing(run_work(work, todo, jobs)) as messages,
    ):
        bar.set_description(f"{len(done)} of {len(inputs)} files")
        for each, message in messages:
            if isinstance(message, int):
                bar.update(message)
                continue
            work.folder.keep(message)
            done[each.name] = message
            bar.set_description(f"{len(done)} of {len(inputs)} files")


def _kept(done: Mapping[str, Any], inputs: Sequence[Input]) -> str:
    """What an error leaves."""
    return f"{len(done):,} of {len(inputs):,} parts are finished and kept; the same call goes on from there."
