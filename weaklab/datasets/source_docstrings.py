"""The docstrings of one Python source file, read with ``ast``: nothing of it is imported or run."""

from __future__ import annotations

import ast
import logging
import warnings
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

logger = logging.getLogger(__name__)

#: Statements that definitions may stand in without becoming another's inner part.
_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


def docstrings_of_file(path: Path, module: str) -> list[tuple[str, str]] | None:
    r"""The docstrings in a source file, each with the dotted name of what it documents.

    Parameters
    ----------
    path : pathlib.Path
        A Python source file; its coding line is honoured.
    module : str
        The dotted name of the module in it.

    Returns
    -------
    list of (str, str), or None
        Pairs (name, text), the text with its indentation cleaned: of the module, of classes, functions and methods,
        and of calls of ``add_newdoc``. None if the file cannot be read or parsed, which is logged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "shapes.py"
    ...     _ = path.write_text('class Circle:\n    "A round thing."\n    def area(self):\n        "How large."\n')
    ...     docstrings_of_file(path, "shapes")
    [('shapes.Circle', 'A round thing.'), ('shapes.Circle.area', 'How large.')]
    """
    try:
        with warnings.catch_warnings():
            # Other people's invalid escapes are not the user's affair: a DeprecationWarning up to Python 3.11.
            for category in (SyntaxWarning, DeprecationWarning):
                warnings.simplefilter("ignore", category)
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        logger.info("%s is left out: %s", path, error)
        return None
    found = []
    for name, text in _walk(tree, module):
        try:
            text.encode()
        except UnicodeEncodeError:  # a lone surrogate: no text that could be stored
            logger.info("%s: the docstring of %s is left out, it is no valid Unicode.", path, name)
            continue
        found.append((name, text))
    return found


def _walk(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> Iterator[tuple[str, str]]:
    text = ast.get_docstring(node)
    if text:
        yield name, text
    if isinstance(node, (ast.Module, ast.ClassDef)):  # functions inside functions are their own affair
        yield from _walk_block(node.body, name)


def _walk_block(block: list[ast.stmt], name: str) -> Iterator[tuple[str, str]]:
    for statement in block:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _walk(statement, f"{name}.{statement.name}")
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield from _added(statement.value, name)
        elif isinstance(statement, _BLOCKS):
            for part in ("body", "orelse", "finalbody"):
                yield from _walk_block(getattr(statement, part, []), name)
            for handler in getattr(statement, "handlers", []):
                yield from _walk_block(handler.body, name)


def _added(call: ast.Call, module: str) -> Iterator[tuple[str, str]]:
    """The texts of ``add_newdoc``, by which functions written in C get their docstrings.

    numpy writes ``add_newdoc(place, name, text)``, where the text may also be a pair (attribute, text) or a list of
    pairs; other modules define their own, whose first argument is the name and whose last is the text.
    """
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function != "add_newdoc":
        return
    try:
        where = [ast.literal_eval(argument) for argument in call.args]
    except (ValueError, TypeError, SyntaxError):  # a text put together at run time
        return
    if len(where) < 2 or not all(isinstance(part, str) for part in where[:-1]):
        return
    text = where[-1]
    package = module.partition(".")[0]
    if len(where) == 3 and where[0].partition(".")[0] == package:
        owner = f"{where[0]}.{where[1]}"
    else:
        owner = f"{module.rpartition('.')[0] or module}.{where[0]}"
    for pair in text if isinstance(text, list) else [text]:
        attribute, content = pair if isinstance(pair, tuple) and len(pair) == 2 else ("", pair)
        if isinstance(content, str) and content.strip():
            yield f"{owner}.{attribute}" if attribute else owner, cleandoc(content)
