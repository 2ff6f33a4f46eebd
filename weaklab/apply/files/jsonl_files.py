"""Files of JSON lines: an object in each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from weaklab.apply.files.batches import BYTES, ROWS, Bad, Batch
from weaklab.apply.files.text_lines import lines, opened, shown_line
from weaklab.exceptions import DatasetError


class _TwiceError(ValueError):
    """An object has two values for a key."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"the key {twice!r} stands {names.count(twice)} times in one object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def records(file: BinaryIO) -> Iterator[tuple[int, bytes, dict[str, Any] | str]]:
    r"""The number of each line that is not empty, its bytes, and its object, or what is wrong with it.

    Examples
    --------
    >>> import io
    >>> list(records(io.BytesIO(b'{"a": 1}\n\n[2]\n')))
    [(1, b'{"a": 1}\n', {'a': 1}), (3, b'[2]\n', 'a JSON list, no object')]
    """
    for number, raw, cut in lines(file):
        if raw.isspace():
            continue
        if cut:
            yield number, raw, "a line that is too long"
            continue
        try:
            found = _DECODER.decode(raw.decode(json.detect_encoding(raw), "surrogatepass"))
        except _TwiceError as error:
            yield number, raw, str(error)
            continue
        except (ValueError, RecursionError) as error:  # of bytes that are no UTF-8 too
            yield number, raw, f"no JSON: {error}"
            continue
        yield number, raw, found if isinstance(found, dict) else f"a JSON {type(found).__name__}, no object"


def schema_of(path: Path, sample: int) -> pa.Schema:
    """The keys of the first objects, in the order in which they come, and the types of their values.

    Raises
    ------
    DatasetError
        If it is one JSON array over all lines.
    """
    with opened(path) as file:
        first = list(islice(records(file), sample))
    found = [record for _, _, record in first if isinstance(record, dict)]
    begin = first[0][1].strip() if first else b""
    if begin == b"[" or (begin.startswith(b"[") and not found):
        raise DatasetError(f"{str(path)!r} is a JSON array, and must have an object in each line: convert it.")
    names = dict.fromkeys(name for record in found for name in record)
    return pa.schema([(name, type_of([record.get(name) for record in found])) for name in names])


def type_of(cells: list[Any]) -> pa.DataType:
    """The type of values of JSON: of all of them, or else of the first that has one.

    Examples
    --------
    >>> str(type_of([1, None, 2.5])), str(type_of(["a", 1])), str(type_of([["a"], []])), str(type_of([1, 2**64 - 1]))
    ('double', 'string', 'list<item: string>', 'uint64')
    """
    there = [cell for cell in cells if cell is not None]
    whole = all(type(cell) is int for cell in there)
    for some in (cells, *([cell] for cell in there)):
        for kind in (None, pa.uint64()) if whole and some is cells else (None,):
            try:
                return pa.array(some, kind).type
            except (pa.ArrowException, OverflowError, UnicodeError):
                continue
    return pa.int64() if whole else pa.string()


def read(path: Path, schema: pa.Schema, rows: int | None, strict: bool = True) -> Iterator[Batch]:
    """The objects, batch by batch, in the types of the schema, and what is none.

    Parameters
    ----------
    path : Path
        The file.
    schema : pyarrow.Schema
        The keys to read; one that an object lacks is a missing cell there.
    rows : int, optional
        How many objects there are in a batch at most.
    strict : bool
        Whether an object that holds other keys too is none.
    """
    size = ROWS if rows is None else rows
    with opened(path) as file:
        each = records(file)
        while True:
            good: list[tuple[int, bytes, dict[str, Any]]] = []
            bad: list[Bad] = []
            nbytes = 0
            for number, raw, record in each:
                if isinstance(record, str):
                    bad.append(Bad(number, shown_line(raw), record))
                else:
                    good.append((number, raw, record))
                nbytes += len(raw)
                if len(good) + len(bad) >= size or nbytes >= BYTES:
                    break
            if not good and not bad:
                return
            yield _batch(good, schema, bad, strict)


def _batch(good: list[tuple[int, bytes, dict[str, Any]]], schema: pa.Schema, bad: list[Bad], strict: bool) -> Batch:
    """Objects as a table; those whose values are of other types are bad."""
    names = frozenset(schema.names)
    nested = [field for field in schema if pa.types.is_nested(field.type)]
    wrong: dict[int, str] = {}
    for place, (_, _, record) in enumerate(good):
        reason = _lost(record, names, nested, strict)
        if reason:
            wrong[place] = reason
    columns: dict[str, pa.Array] = {}
    for field in schema:
        cells = [None if place in wrong else record.get(field.name) for place, (_, _, record) in enumerate(good)]
        try:
            columns[field.name] = as_array(cells, field.type)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            for place, cell in enumerate(cells):
                try:
                    as_array([cell], field.type)
                except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
                    why = f"{cell} does not fit" if type(cell) is int and _is_number(field.type) else error
                    wrong.setdefault(place, f"{field.name!r} is no {field.type}: {why}")
                    cells[place] = None
            columns[field.name] = as_array(cells, field.type)
    bad = sorted([*bad, *(Bad(good[place][0], shown_line(good[place][1]), why) for place, why in wrong.items())])
    table = pa.table(columns, schema=schema)
    if wrong:
        table = table.filter(pa.array([place not in wrong for place in range(len(good))]))
    numbers = [number for place, (number, _, _) in enumerate(good) if place not in wrong]
    return Batch(table, np.array(numbers, dtype=np.int64), bad)


def as_array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    """Values of JSON as an array of a type, of which true and false are no numbers.

    Examples
    --------
    >>> as_array([1, None], pa.float64()).to_pylist()
    [1.0, None]
    """
    if _is_number(kind) and bool in set(map(type, cells)):
        raise pa.ArrowInvalid("true and false are no numbers")
    return pa.array(cells, kind)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _lost(record: dict[str, Any], names: frozenset[str], nested: list[pa.Field], strict: bool) -> str:
    """What an object holds beyond the schema, which would be lost without a word."""
    if strict and not names.issuperset(record):
        return f"{min(record.keys() - names)!r} is no column of the first rows"
    for field in nested:
        if not fits(record.get(field.name), field.type):
            return f"{field.name!r} is no {field.type}"
    return ""


def fits(value: Any, kind: pa.DataType) -> bool:
    """Whether a value has no key that a type lacks, at any depth.

    Examples
    --------
    >>> fits({"a": 1}, pa.struct([("a", pa.int64())])), fits({"b": 1}, pa.struct([("a", pa.int64())]))
    (True, False)
    """
    if value is None:
        return True
    if pa.types.is_struct(kind):
        known = {kind.field(place).name: kind.field(place).type for place in range(kind.num_fields)}
        return isinstance(value, dict) and all(key in known and fits(own, known[key]) for key, own in value.items())
    if pa.types.is_list(kind):
        return isinstance(value, list) and all(fits(own, kind.value_type) for own in value)
    return not isinstance(value, (dict, list))
