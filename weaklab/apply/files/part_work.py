"""Label one input: read it, call the labeler, write what comes of it and what could not be read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from weaklab.apply.files import parquet_files
from weaklab.apply.files.atomic import storage_errors, written_whole
from weaklab.apply.files.batches import Bad
from weaklab.apply.files.calls import LabelerLike, label_batch
from weaklab.apply.files.inputs import Input
from weaklab.apply.files.output_folder import OutputFolder
from weaklab.apply.files.shapes import Shape, read_batches
from weaklab.exceptions import INTERRUPTIONS, DatasetError

#: Distinct labels that are counted; a regression has as many as rows.
_MOST_LABELS = 1_000


@dataclass(frozen=True)
class PartWork:
    """Labels inputs, one at a time.

    Attributes
    ----------
    labeler : object with ``label``
        Who labels.
    shape : Shape
        What is read.
    added : pyarrow.Schema
        The columns that the labeler adds.
    folder : OutputFolder
        Where parts go.
    set_apart : bool
        Whether rows on which the labeler fails go to the quarantine; else they are errors.
    rows : int, optional
        Rows in a batch.
    """

    labeler: LabelerLike
    shape: Shape
    added: pa.Schema
    folder: OutputFolder
    set_apart: bool
    rows: int | None = None

    def __call__(self, each: Input) -> Iterator[int | dict[str, Any]]:
        """Write the part of an input; say how many records were read on the way, and at the end what there is."""
        record: dict[str, Any] = {"input": each.name, "part": f"{each.part}.parquet"}
        record |= {"rows_in": 0, "rows_out": 0, "quarantined": 0, "covered": 0}
        labels: Counter[str] = Counter()
        path = self.folder.part(each.part)
        schema = pa.schema([*self.shape.schema, *self.added], metadata=self.shape.schema.metadata)
        with ExitStack() as stack:
            file = stack.enter_context(written_whole(path, self.folder.temporary))
            quarantine = _Quarantine(self.folder, each, stack)
            with storage_errors(path):
                writer = pq.ParquetWriter(file, schema)
            try:
                for batch in read_batches(each, self.shape, self.rows):
                    try:
                        good, columns = label_batch(self.labeler, batch, self.added, set_apart=self.set_apart)
                    except INTERRUPTIONS:
                        raise
                    except Exception as error:
                        first, last = batch.places[[0, -1]]
                        unit = "rows" if each.kind == "parquet" else "lines"
                        error.add_note(f"In {str(each.path)!r}, {unit} {first:,} to {last:,}.")
                        raise
                    quarantine.write(good.bad)
                    if columns is not None:
                        with storage_errors(path):
                            writer.write_table(_together(good.table, columns, schema))
                        _count(record, labels, columns)
                    record["rows_in"] += batch.read
                    record["rows_out"] += good.table.num_rows
                    record["quarantined"] += len(good.bad)
                    yield batch.read
            except BaseException:
                writer.is_open = False  # or its end would be written, on a disk that may be full
                raise
            with storage_errors(path):
                writer.close()
            self._check(each, record)
            record["bytes"] = file.tell()
        record["labels"] = dict(sorted(labels.items())) if len(labels) <= _MOST_LABELS else None
        yield record

    def _check(self, each: Input, record: dict[str, Any]) -> None:
        """Every record that went in came out, or is in the quarantine."""
        there = parquet_files.rows_of(each.path) if each.kind == "parquet" else record["rows_in"]
        if there != record["rows_out"] + record["quarantined"]:
            raise DatasetError(
                f"{str(each.path)!r} has {there:,} rows, but {record['rows_out']:,} came out and "
                f"{record['quarantined']:,} are in the quarantine. Was it changed while it was read?"
            )


class _Quarantine:
    """The file of what is bad in an input; there is none where nothing is."""

    def __init__(self, folder: OutputFolder, each: Input, stack: ExitStack) -> None:
        self.each, self.stack, self.temporary = each, stack, folder.temporary
        self.path: Path = folder.quarantine(each.part)
        self.file: Any = None

    def write(self, bad: list[Bad]) -> None:
        if bad and self.file is None:
            self.file = self.stack.enter_context(written_whole(self.path, self.temporary))
        unit = "row" if self.each.kind == "parquet" else "line"
        with storage_errors(self.path):
            for one in bad:
                said = {"file": self.each.name, unit: one.place, "raw": one.raw, "reason": one.reason}
                self.file.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")


def _together(table: pa.Table, columns: pa.Table, schema: pa.Schema) -> pa.Table:
    return pa.table([*table.columns, *columns.columns], schema=schema)


def _count(record: dict[str, Any], labels: Counter[str], columns: pa.Table) -> None:
    """Add to how many rows are covered, and how often each label was given."""
    if "covered" in columns.column_names and pa.types.is_boolean(columns.schema.field("covered").type):
        record["covered"] += pc.sum(columns["covered"]).as_py() or 0
    if len(labels) <= _MOST_LABELS:
        for count in pc.value_counts(columns["label"]).to_pylist():
            labels[str(count["values"])] += count["counts"]
