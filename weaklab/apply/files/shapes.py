"""The columns that all inputs share, with their types, and how each input is read into them."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weaklab.apply.files import csv_files, jsonl_files, parquet_files
from weaklab.apply.files.batches import Bad, Batch, find_failures, raw_row
from weaklab.apply.files.inputs import Input
from weaklab.exceptions import ColumnError, DatasetError, ParameterError, did_you_mean

#: Records of each file of text that types are inferred from.
SAMPLE = 1_000
#: Whole numbers of more digits than all floats of 64 bits keep.
_LONG = "^-?[0-9]{16,}$"


class Shape(NamedTuple):
    """What is read of the inputs.

    Attributes
    ----------
    schema : pyarrow.Schema
        Columns and types.
    strict : bool
        Whether these are all columns, or those that were asked for.
    misfits : dict of str to str
        Inputs that have other columns, by name, and which.
    """

    schema: pa.Schema
    strict: bool
    misfits: dict[str, str]


def shape_of(
    inputs: Sequence[Input], columns: Sequence[str] | None, types: Mapping[str, str] | None, *, misfits: bool
) -> Shape:
    """Find out what the inputs have in common.

    Parameters
    ----------
    inputs : sequence of Input
        Files of one kind.
    columns : sequence of str, optional
        Those to read; all by default.
    types : mapping of str to str, optional
        Types of columns, as arrow names them, in place of those that the files say or that are inferred.
    misfits : bool
        Whether there may be files that lack columns of the first, or have others; JSON lines always may.

    Returns
    -------
    Shape

    Raises
    ------
    DatasetError
        If a file cannot be read, or has other columns.
    ColumnError
        If a column that was asked for is not there.
    """
    kind = inputs[0].kind
    found = {each.name: _schema(each) for each in inputs}
    first = next(iter(found.values()))
    names = (
        list(dict.fromkeys(name for own in found.values() for name in own.names)) if kind == "jsonl" else first.names
    )
    for name in [*(columns or ()), *(types or ())]:
        if name not in names:
            raise ColumnError(f"{str(inputs[0].path)!r} has no column {name!r}.{did_you_mean(name, names)}")
    strict = columns is None
    names = list(names if columns is None else columns)
    if not names:
        raise DatasetError(f"{str(inputs[0].path)!r} has no columns.")
    odd = {} if kind == "jsonl" else {name: why for name, own in found.items() if (why := _misfit(own, names, strict))}
    if odd and not misfits:
        name, why = next(iter(odd.items()))
        more = f" ({len(odd)} of the {len(inputs):,} files differ)" if len(odd) > 1 else ""
        raise DatasetError(
            f"The columns of the inputs differ: {name!r} {why}, unlike {inputs[0].name!r}{more}. Give columns=[...] "
            f'that all of them have, or on_error="quarantine", which sets the rows of those files apart.'
        )
    fitting = [own for name, own in found.items() if name not in odd]
    fields = [_field(name, fitting, kind, types or {}) for name in names]
    return Shape(pa.schema(fields, metadata=first.metadata), strict, odd)


def _schema(each: Input) -> pa.Schema:
    if each.kind == "parquet":
        schema = parquet_files.schema_of(each.path)
        twice = [name for name in schema.names if schema.names.count(name) > 1]
        if twice:
            raise DatasetError(f"{str(each.path)!r} has column {twice[0]!r} {schema.names.count(twice[0])} times.")
        return schema
    return (csv_files if each.kind == "csv" else jsonl_files).schema_of(each.path, SAMPLE)


def _misfit(own: pa.Schema, names: Sequence[str], strict: bool) -> str:
    """Which columns a file lacks or has beyond those, or nothing."""
    missing = [name for name in names if name not in own.names]
    extra = [name for name in own.names if name not in names] if strict else []
    said = [f"lacks column {missing[0]!r}{_others(missing)}"] if missing else []
    said += [f"has column {extra[0]!r}{_others(extra)}"] if extra else []
    return " and ".join(said)


def _others(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _field(name: str, schemas: Sequence[pa.Schema], kind: str, types: Mapping[str, str]) -> pa.Field:
    """A column that holds the values of all files, where there is such a type; else as the first file has it."""
    own = [schema.field(name) for schema in schemas if name in schema.names]
    if name in types:
        try:
            return pa.field(name, pa.type_for_alias(types[name]))
        except ValueError as error:
            raise ParameterError(f"types: {name!r} cannot be {types[name]!r}: {error}") from error
    try:
        (field,) = pa.unify_schemas([pa.schema([each]) for each in own], promote_options="permissive")
    except pa.ArrowException:
        field = pa.field(name, pa.string()) if kind == "csv" else own[0]
    if pa.types.is_null(field.type) and kind != "parquet":
        return pa.field(name, pa.string())
    return field


def read_batches(each: Input, shape: Shape, rows: int | None = None) -> Generator[Batch, None, None]:
    """Read a file, batch by batch; every record of it is a row of the shared schema, or bad.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    why = shape.misfits.get(each.name)
    if each.kind == "jsonl":
        yield from jsonl_files.read(each.path, shape.schema, rows, shape.strict)
        return
    read = parquet_files.read if each.kind == "parquet" else csv_files.read
    for batch in read(each.path, shape.schema, rows):
        if why:
            yield _all_bad(batch, shape.schema, f"the file {why}")
        else:
            yield in_shape(batch, shape.schema, from_text=each.kind == "csv")


def _all_bad(batch: Batch, schema: pa.Schema, why: str) -> Batch:
    bad = [Bad(int(place), raw_row(batch.table, row), why) for row, place in enumerate(batch.places)]
    return Batch(schema.empty_table(), np.empty(0, dtype=np.int64), sorted([*batch.bad, *bad]))


def in_shape(batch: Batch, schema: pa.Schema, *, from_text: bool) -> Batch:
    """The rows in the types of a schema; those that cannot be are bad.

    Examples
    --------
    >>> batch = Batch(pa.table({"n": ["1", "x"]}), np.array([2, 3]), [])
    >>> in_shape(batch, pa.schema([("n", pa.int64())]), from_text=True).bad
    [Bad(place=3, raw='{"n": "x"}', reason="'n' is no int64: Failed to parse string: 'x' as a scalar of type int64")]
    """
    table = batch.table.select(schema.names)
    if table.schema.equals(schema):
        return batch._replace(table=table.replace_schema_metadata(schema.metadata))
    columns: list[Any] = []
    wrong: dict[int, str] = {}
    for name, field in zip(schema.names, schema, strict=True):
        column, failed = _cast(table.column(name), field.type, from_text)
        columns.append(column)
        for row, error in failed.items():
            wrong.setdefault(row, f"{name!r} is no {field.type}: {error}")
    good = batch._replace(table=table).without(wrong)
    if wrong:
        keep = pa.array([row not in wrong for row in range(table.num_rows)])
        columns = [column.filter(keep) for column in columns]
    return good._replace(table=pa.table(columns, schema=schema))


def _cast(column: pa.ChunkedArray, kind: pa.DataType, from_text: bool) -> tuple[pa.ChunkedArray, dict[int, Exception]]:
    """A column in another type, missing where it cannot be, and the rows where that is."""
    if column.type == kind:
        return column, {}
    cast: Callable[[pa.ChunkedArray, pa.DataType], pa.ChunkedArray] = _cast_text if from_text else _cast_plain
    chunks: list[Any] = []
    failed: dict[int, Exception] = {}
    for start, stop, found in find_failures(
        len(column), lambda start, stop: cast(column.slice(start, stop - start), kind)
    ):
        if isinstance(found, Exception):
            failed[start] = found
            chunks.append(pa.nulls(stop - start, kind))
        else:
            chunks += found.chunks
    return pa.chunked_array(chunks, kind), failed


def _cast_plain(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column.cast(kind)


def _cast_text(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Cells of text as values, where these are written just so: 007 is no number, nor a float 2^53 + 1."""
    values = column.cast(kind)
    if pa.types.is_floating(kind):
        long = pc.match_substring_regex(column, _LONG)
        for cell, value in zip(column.filter(long).to_pylist(), values.filter(long).to_pylist(), strict=True):
            if math.isinf(value) or int(cell) != int(value):
                raise pa.ArrowInvalid(f"{cell!r} would read {value!r}")
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        written = values.cast(pa.string())
        same = pc.equal(written, pc.utf8_lower(column) if pa.types.is_boolean(kind) else column)
        if not pc.all(same).as_py() and len(column.drop_null()):
            odd = column.filter(pc.invert(pc.fill_null(same, True)))[0].as_py()
            raise pa.ArrowInvalid(
                f"{odd!r} would read {values.filter(pc.invert(pc.fill_null(same, True)))[0].as_py()!r}"
            )
    return values
