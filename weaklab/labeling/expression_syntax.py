"""Expressions over columns, as text: what may be written, and the polars expression that it means.

Nothing of the text is ever run by Python: it is parsed, and each piece that is known is built anew in polars; any
other piece is an error. So a rule that came in a file cannot do more than compare cells.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import date
from functools import reduce
from operator import add, and_, eq, floordiv, ge, gt, le, lt, mod, mul, ne, or_, sub, truediv
from typing import Any

import polars as pl

from weaklab.exceptions import LabelingFunctionError, did_you_mean

KIND = "expression_lf"
_BINARY: dict[type[ast.operator], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv, ast.FloorDiv: floordiv, ast.Mod: mod,
    ast.Pow: pl.Expr.pow,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Eq: eq, ast.NotEq: ne, ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge,
}  # fmt: skip
_FUNCTIONS: dict[str, tuple[int, Callable[..., pl.Expr]]] = {
    "abs": (1, lambda value: value.abs()),
    "contains": (2, lambda text, part: text.str.contains(part, literal=True)),
    "endswith": (2, lambda text, part: text.str.ends_with(part)),
    "isna": (1, lambda value: value.is_null()),
    "len": (1, lambda text: text.str.len_chars().cast(pl.Int64)),
    "lower": (1, lambda text: text.str.to_lowercase()),
    "max": (2, lambda one, other: pl.when(one >= other).then(one).when(one < other).then(other)),
    "min": (2, lambda one, other: pl.when(one <= other).then(one).when(one > other).then(other)),
    "startswith": (2, lambda text, part: text.str.starts_with(part)),
    "upper": (1, lambda text: text.str.to_uppercase()),
}
# A string, a column in backticks, or an operator of pandas that binds looser there than in Python.
_PIECES = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|`([^`]+)`|(&)|(\|)""")


def parse(expression: str) -> pl.Expr:
    """The polars expression that a text means; see :func:`weaklab.labeling.expression_lf` for what may be written.

    Raises
    ------
    LabelingFunctionError
        If it is ill-formed, or holds a piece that may not be written.

    Examples
    --------
    >>> parse("price > 3 and `n chars` < 5").meta.root_names()
    ['price', 'n chars']
    """
    builder = _Builder(expression)
    try:
        tree = ast.parse(builder.python, mode="eval")
        return builder.build(tree.body)
    except SyntaxError as error:
        raise LabelingFunctionError(f"{KIND}: {expression!r} is no expression: {error.msg}.") from error
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        if isinstance(error, LabelingFunctionError):
            raise
        raise LabelingFunctionError(f"{KIND}: {expression!r:.200} cannot be read: {error}.") from error


class _Builder:
    """Builds one expression; knows the columns that were written in backticks."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.quoted: dict[str, str] = {}
        self.python = _PIECES.sub(self._piece, expression).strip()

    def _piece(self, found: re.Match[str]) -> str:
        text, name, both, _ = found.groups()
        if text:
            return text
        if name:
            stand_in = f"__quoted_{len(self.quoted)}"
            self.quoted[stand_in] = name
            return f" {stand_in} "
        return " and " if both else " or "

    def refuse(self, node: ast.AST, hint: str = "") -> LabelingFunctionError:
        piece = ast.unparse(node)
        for stand_in, name in self.quoted.items():
            piece = piece.replace(stand_in, f"`{name}`")
        return LabelingFunctionError(
            f"{KIND}: {piece!r} may not be written in {self.expression!r}; columns, constants, comparisons, "
            f"and, or, not, in, arithmetic, and the functions {', '.join(_FUNCTIONS)} and date may.{hint}"
        )

    def build(self, node: ast.expr) -> pl.Expr:
        if isinstance(node, ast.Name):
            return pl.col(self._column(self.quoted.get(node.id, node.id)))
        if isinstance(node, ast.Constant):
            return pl.lit(self._constant(node))
        if isinstance(node, ast.BoolOp):
            return reduce(and_ if isinstance(node.op, ast.And) else or_, map(self.build, node.values))
        if isinstance(node, ast.UnaryOp):
            operand = self.build(node.operand)
            if isinstance(node.op, ast.UAdd):
                return operand
            return -operand if isinstance(node.op, ast.USub) else operand.not_()
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            # 0 / 0 is missing too: polars takes NaN for more than any number.
            return _BINARY[type(node.op)](self.build(node.left), self.build(node.right)).fill_nan(None)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            return reduce(and_, map(self._compare, sides, node.ops, sides[1:]))
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self.refuse(node)

    def _column(self, name: str) -> str:
        # polars would read ^...$ as a pattern for the names of many columns, and * as all of them.
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise LabelingFunctionError(f"{KIND}: {name!r} cannot be the name of one column in an expression.")
        return name

    def _constant(self, node: ast.Constant) -> Any:
        if node.value is None or not isinstance(node.value, (bool, int, float, str)):
            raise self.refuse(node, " Write `x is None` to ask whether a cell is missing." * (node.value is None))
        return node.value

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> pl.Expr:
        if isinstance(right, ast.Constant) and right.value is None:
            missing = self.build(left).is_null()
            if isinstance(operator, (ast.Is, ast.Eq)):
                return missing
            if isinstance(operator, (ast.IsNot, ast.NotEq)):
                return missing.not_()
        if isinstance(operator, (ast.In, ast.NotIn)):
            found = self._contained(left, right)
            return found if isinstance(operator, ast.In) else found.not_()
        if type(operator) not in _COMPARE:
            raise self.refuse(ast.Compare(left, [operator], [right]))
        return _COMPARE[type(operator)](self.build(left), self.build(right))

    def _contained(self, left: ast.expr, right: ast.expr) -> pl.Expr:
        if isinstance(right, (ast.List, ast.Tuple, ast.Set)):
            if not right.elts:
                raise self.refuse(right, " Nothing is in it.")
            value = self.build(left)
            # One comparison each: `is_in` would first make all constants one type.
            return pl.any_horizontal([value == self.build(item) for item in right.elts])
        return self.build(right).str.contains(self.build(left), literal=True)

    def _call(self, node: ast.Call) -> pl.Expr:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self.refuse(node)
        name = node.func.id
        if name == "date" and len(node.args) == 1 and isinstance(node.args[0], ast.Constant):
            return pl.lit(date.fromisoformat(str(node.args[0].value)))
        if name not in _FUNCTIONS:
            raise self.refuse(node, did_you_mean(name, [*_FUNCTIONS, "date"]))
        count, function = _FUNCTIONS[name]
        if len(node.args) != count:
            raise self.refuse(node, f" {name} takes {count} argument{'s' if count > 1 else ''}.")
        return function(*map(self.build, node.args))
