"""Lines of cells as text in columns, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def in_columns(heads: Sequence[str], lines: Sequence[Sequence[str]], text: int = 1) -> str:
    """Cells in columns that are as wide as the widest of them.

    Parameters
    ----------
    heads : sequence of str
        The titles of the columns.
    lines : sequence of sequences of str
        The cells; line breaks in them become spaces.
    text : int
        How many columns from the first on hold text, and are set to the left; numbers are set to the right.

    Returns
    -------
    str

    Examples
    --------
    >>> print(in_columns(["class", "votes"], [["ham", "12"], ["spam", "1,234"]]))
    class  votes
    ham       12
    spam   1,234
    """
    table = [[" ".join(cell.split()) for cell in line] for line in (heads, *lines)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    out = []
    for line in table:
        cells = [
            cell.ljust(width) if at < text else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        out.append("  ".join(cells).rstrip())
    return "\n".join(out)
