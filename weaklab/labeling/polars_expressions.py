"""Polars expressions as data: which may be part of a labeling function, and their bytes."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import polars as pl

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling.expression_syntax import KIND

# What polars computes of each row on its own. Whatever is not known to be here is refused: a mean, a rank or a shift
# would make the vote on a row depend on which other rows there are. (Of these, `is_row_separable` of polars 2.1 says
# True.)
_NODES = {"Column", "Literal", "BinaryExpr", "Function", "Ternary", "Cast", "Alias"}
_FUNCTIONS = {
    "Abs", "Ceil", "Clip", "Coalesce", "Exp", "FillNull", "Floor", "Log", "MaxHorizontal", "MinHorizontal", "Negate",
    "Pow", "Round", "Sign", "SumHorizontal", "TemporalExpr",
}  # fmt: skip
_BOOLEAN = {
    "AllHorizontal", "AnyHorizontal", "IsBetween", "IsFinite", "IsIn", "IsInfinite", "IsNan", "IsNotNan", "IsNotNull",
    "IsNull", "Not",
}  # fmt: skip
_NOT_OF_STRINGS = {"ConcatVertical"}


def to_bytes(expression: pl.Expr) -> bytes:
    """A polars expression as its bytes, which say what it is.

    Raises
    ------
    LabelingFunctionError
        If it is not computed row by row, calls Python, or is about no named column.

    Examples
    --------
    >>> from_bytes(to_bytes(pl.col("n") > 3)).meta.root_names()
    ['n']
    """
    # Only JSON can be looked into; what polars cannot write is a function of Python.
    try:
        tree = json.loads(expression.meta.serialize(format="json"))
        found = expression.meta.serialize()
    except (pl.exceptions.PolarsError, ValueError, TypeError, AttributeError) as error:
        raise LabelingFunctionError(f"{KIND}: {expression} is no data: {error}.") from error
    _check(tree, str(expression))
    return bytes(found)


def from_bytes(data: bytes) -> pl.Expr:
    """The polars expression that bytes say.

    Raises
    ------
    LabelingFunctionError
        If they say none, or one that calls Python.
    """
    # Such bytes hold a pickled function, which reading would run.
    if b"AnonymousFunction" in data:
        raise LabelingFunctionError(f"{KIND}: these bytes call a Python function.")
    try:
        return pl.Expr.deserialize(BytesIO(data))
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise LabelingFunctionError(
            f"{KIND}: these bytes are no expression of this version of polars ({pl.__version__}); "
            f"an expression that is text survives a change of version."
        ) from error


def _check(node: Any, whole: str) -> None:
    """Refuse what is not known to be computed row by row."""
    if isinstance(node, str):
        raise _refusal(node, whole)  # such as "Len", which has no parts
    ((kind, parts),) = node.items()
    if kind not in _NODES:
        raise _refusal(kind, whole)
    if kind in ("Column", "Literal"):
        return
    if kind == "Alias":
        children = [parts[0]]
    elif kind == "Function":
        _check_function(parts["function"], whole)
        children = parts["input"]
    else:
        children = [parts[name] for name in ("left", "right", "predicate", "truthy", "falsy", "expr") if name in parts]
    for child in children:
        _check(child, whole)


def _check_function(function: Any, whole: str) -> None:
    name = function if isinstance(function, str) else next(iter(function))
    inner = "" if isinstance(function, str) else function[name]
    inner = inner if isinstance(inner, str) else next(iter(inner), "")
    if name == "Boolean" and inner in _BOOLEAN:
        return
    if name == "StringExpr" and inner not in _NOT_OF_STRINGS:
        return
    if name not in _FUNCTIONS:
        raise _refusal(inner if name == "Boolean" else name, whole)


def _refusal(piece: str, whole: str) -> LabelingFunctionError:
    if piece == "AnonymousFunction":
        return LabelingFunctionError(
            f"{KIND}: {whole} calls a Python function, which is no data; use @labeling_function(batch=True)."
        )
    return LabelingFunctionError(
        f"{KIND}: {whole} uses {piece}, which is not known to look at one row at a time; a vote must not depend on "
        f"which other rows there are. Compute such a column first, or use @labeling_function(batch=True)."
    )
