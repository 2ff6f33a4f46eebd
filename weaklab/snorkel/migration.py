"""Code written for Snorkel, rewritten to import from here, and what of it a person must look at."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from weaklab.exceptions import ParameterError, did_you_mean

OLD, NEW = "snorkel", "weaklab.snorkel"
#: Lines of a notebook that are no Python: for IPython, or for the shell.
MAGIC = re.compile(r"^\s*[%!?]")
#: Folders that hold no code of one's own.
SKIPPED = frozenset((".git", ".venv", "venv", "node_modules", "__pycache__", "site-packages", ".ipynb_checkpoints"))


@dataclass(frozen=True)
class Finding:
    """Something that was rewritten, or that a person must look at.

    Attributes
    ----------
    line : int
        The line, from 1; in a notebook, of the cell.
    text : str
        What it is.
    human : bool
        Whether a person must look at it.
    cell : int or None
        The cell of a notebook, from 1.
    """

    line: int
    text: str
    human: bool = False
    cell: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}" if self.cell is None else f"cell {self.cell}, line {self.line}"
        return f"{where}: {'look at this: ' if self.human else ''}{self.text}"


@dataclass(frozen=True)
class Migrated:
    """What becomes of one file.

    Attributes
    ----------
    path : Path
        The file.
    before, after : str
        Its text.
    findings : tuple of Finding
        In the order of the text.
    """

    path: Path
    before: str
    after: str
    findings: tuple[Finding, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was rewritten."""
        return self.after != self.before


def migrate(path: str | os.PathLike[str], *, write: bool = False) -> list[Migrated]:
    r"""Rewrite imports of ``snorkel`` in a file, or in all files of a folder.

    Parameters
    ----------
    path : path
        A ``.py`` file, a notebook, or a folder of them.
    write : bool, default=False
        Whether to change the files; otherwise nothing is written.

    Returns
    -------
    list of Migrated
        Files that import or mention Snorkel, in the order of their names.

    Raises
    ------
    ParameterError
        If there is no such file or folder, or it is of another kind.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp(), "rules.py")
    >>> _ = place.write_text("from snorkel.labeling import labeling_function\n")
    >>> migrate(place)[0].after
    'from weaklab.snorkel.labeling import labeling_function\n'
    """
    place = Path(path)
    if not place.exists():
        raise ParameterError(f"There is no file or folder {str(place)!r}.")
    if place.is_file() and place.suffix not in (".py", ".ipynb"):
        raise ParameterError(f"{str(place)!r} is neither a Python file nor a notebook.")
    out = []
    for file in [place] if place.is_file() else _files(place):
        made = _migrate_file(file)
        if made.findings:
            out.append(made)
            if write and made.changed:
                _replace(file, made.after)
    return out


def _files(folder: Path) -> Iterator[Path]:
    for each in sorted(folder.rglob("*")):
        if each.suffix in (".py", ".ipynb") and each.is_file() and not SKIPPED & set(each.relative_to(folder).parts):
            yield each


def _replace(path: Path, text: str) -> None:
    """Write a file anew, so that it is never half written."""
    beside = path.with_name(f".{path.name}.migrating")
    beside.write_bytes(text.encode("utf-8"))
    beside.chmod(path.stat().st_mode)
    beside.replace(path)


def _migrate_file(path: Path) -> Migrated:
    try:
        before = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        return Migrated(path, "", "", (Finding(1, f"it is not UTF-8 ({error.reason}), and was not read", True),))
    if OLD not in before:
        return Migrated(path, before, before, ())
    after, findings = (migrate_notebook if path.suffix == ".ipynb" else migrate_source)(before)
    return Migrated(path, before, after, tuple(findings))


def migrate_notebook(text: str) -> tuple[str, list[Finding]]:
    """The same for the text of a notebook; only the lines that are rewritten change.

    Parameters
    ----------
    text : str
        The JSON of the notebook.

    Returns
    -------
    str, list of Finding
    """
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        return text, [Finding(1, "it is no notebook of format 4, and was not read", True)]
    findings: list[Finding] = []
    for number, cell in enumerate(cells, 1):
        source = cell.get("source", [])
        lines = source.splitlines(keepends=True) if isinstance(source, str) else source
        if cell.get("cell_type") != "code":
            continue
        code = "".join("#" + line if MAGIC.match(line) else line for line in lines)
        for line, each in enumerate(lines, 1):
            if MAGIC.match(line_text := each) and OLD in line_text:
                findings.append(Finding(line, f"{line_text.strip()!r} is for the notebook or the shell", True, number))
        after, found = migrate_source(code)
        findings += [Finding(each.line, each.text, each.human, number) for each in found]
        for old, new in zip(code.splitlines(), after.splitlines(), strict=True):
            if old != new:  # in the JSON, so that its form stays as it is
                text = text.replace(
                    json.dumps(old, ensure_ascii=False)[1:-1], json.dumps(new, ensure_ascii=False)[1:-1]
                )
    return text, findings


def migrate_source(text: str) -> tuple[str, list[Finding]]:
    r"""Rewrite the imports of a text of Python, line by line, and leave all else as it is.

    Parameters
    ----------
    text : str
        The code.

    Returns
    -------
    str, list of Finding

    Examples
    --------
    >>> migrate_source("import snorkel.labeling\n")[0]
    'import weaklab.snorkel.labeling, weaklab.snorkel as snorkel\n'
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return text, [Finding(error.lineno or 1, f"it is not Python of this version: {error.msg}", True)]
    lines = text.splitlines(keepends=True)
    findings: list[Finding] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_old(node.module):
            findings += _import_from(node, lines)
        elif isinstance(node, ast.Import) and any(_is_old(alias.name) for alias in node.names):
            findings += _import(node, lines)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(rf"{OLD}\.\w", node.value):
            findings.append(Finding(node.lineno, f"the text {node.value!r:.60} names a module", True))
        elif isinstance(node, ast.Call):
            findings += _call(node)
    return "".join(lines), sorted(findings, key=lambda each: each.line)


def _is_old(module: str | None) -> bool:
    return module is not None and (module == OLD or module.startswith(f"{OLD}."))


def _import_from(node: ast.ImportFrom, lines: list[str]) -> list[Finding]:
    module, at = str(node.module), node.lineno - 1
    new = NEW + module.removeprefix(OLD)
    rewritten = re.sub(rf"(from\s+){re.escape(module)}(\s+import|\s*\\)", rf"\g<1>{new}\g<2>", lines[at], count=1)
    if rewritten == lines[at]:
        return [Finding(node.lineno, f"the import of {module} is written in a way that was not rewritten", True)]
    lines[at] = rewritten
    missing = [f for alias in node.names if (f := _missing(new, alias.name))]
    return [Finding(node.lineno, f"from {new}"), *(Finding(node.lineno, each, True) for each in missing)]


def _import(node: ast.Import, lines: list[str]) -> list[Finding]:
    if node.end_lineno != node.lineno:
        return [Finding(node.lineno, "an import of several lines was not rewritten", True)]
    parts, bind = [], False
    for alias in node.names:
        named = f" as {alias.asname}" if alias.asname else ""
        if not _is_old(alias.name):
            parts.append(alias.name + named)
            continue
        bind |= not named
        if alias.name != OLD or named:
            parts.append(NEW + alias.name.removeprefix(OLD) + named)
    if bind:
        parts.append(f"{NEW} as {OLD}")  # so that `snorkel.labeling.x` goes on to work
    at, new = node.lineno - 1, f"import {', '.join(parts)}"
    lines[at] = lines[at][: node.col_offset] + new + lines[at][node.end_col_offset :]
    modules = [NEW + alias.name.removeprefix(OLD) for alias in node.names if _is_old(alias.name)]
    missing = [f"there is no module {module}" for module in modules if not _there(module)]
    return [Finding(node.lineno, new), *(Finding(node.lineno, each, True) for each in missing)]


def _call(node: ast.Call) -> list[Finding]:
    """Calls that run, and mean something else, or nothing."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
    idle = sorted(given & {"n_epochs", "lr", "l2", "optimizer", "lr_scheduler", "log_freq", "mu_eps"})
    if name == "fit" and idle and given & {"L_train", "n_epochs"}:
        return [Finding(node.lineno, f"{', '.join(idle)} of LabelModel.fit: without meaning here; leave out")]
    return []


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False


def _missing(module: str, name: str) -> str | None:
    """What to say of a name that a module of ours does not have, found without importing it."""
    if not _there(module):
        return f"there is no module {module}"
    spec = find_spec(module)
    assert spec is not None
    if name == "*" or spec.origin is None or _there(f"{module}.{name}"):
        return None
    known = _names(Path(spec.origin))
    return None if name in known else f"{module} has no {name!r}.{did_you_mean(name, sorted(known))}"


def _names(path: Path) -> set[str]:
    out: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            out.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            out.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets: list[Any] = node.targets if isinstance(node, ast.Assign) else [node.target]
            out.update(target.id for target in targets if isinstance(target, ast.Name))
    return out
