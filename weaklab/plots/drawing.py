"""What all plots share: axes to draw on, colours and marks that tell apart without colour, names that fit.

Colours of text and background are never set: they are what the axes have, so that matplotlib's styles hold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from io import BytesIO
from textwrap import wrap
from typing import Any, Self

import numpy as np

from weaklab.exceptions import MissingExtraError, ParameterError

#: Okabe and Ito's colours (Wong, 2011, doi:10.1038/nmeth.1618) that stand out from black and from white; neighbours
#: differ in lightness too.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
#: What tells bars apart where there is no colour, in the order of the palette.
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++")
#: The most labeling functions that a plot with a line for each shows.
TOP = 30
#: Names are shortened to so many characters.
WIDTH = 28
#: Facts of a title go on in a new line from so many characters on.
TITLE_WIDTH = 64
#: Figures of our own grow to so many inches where text needs it.
WIDEST = 16.0
#: Text keeps so many inches from the edge: at another resolution it is a little wider.
MARGIN = 0.02
#: How wide a character is, and what stands before an entry of a legend, in inches at the usual size.
CHARACTER, HANDLE = 0.083, 0.65


class Display(ABC):
    """A plot that knows its data, and is drawn when it is asked for.

    In a notebook, one that ends a cell shows itself. Elsewhere, ``display.figure_.savefig("plot.png")`` saves it, and
    ``display.plot(ax=ax)`` draws it on axes of yours, those of ``plt.subplots()`` for example. Figures that a display
    makes are none of pyplot's: nothing is shown, kept or closed behind your back.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What it was last drawn on; drawn now where it has not been.
    figure_ : matplotlib Figure
        The figure of these axes.
    """

    _drawn: tuple[Any, Any] | None = None
    _own: bool = False

    @abstractmethod
    def plot(self, ax: Any = None) -> Self:
        """Draw it on axes, by default on new ones."""

    @property
    def ax_(self) -> Any:
        """The axes that it is drawn on."""
        return self._where()[1]

    @property
    def figure_(self) -> Any:
        """The figure that it is drawn on."""
        return self._where()[0]

    def _where(self) -> tuple[Any, Any]:
        if self._drawn is None:
            self.plot()
        assert self._drawn is not None
        return self._drawn

    def _axes(self, ax: Any, width: float = 6.8, height: float = 4.2) -> Any:
        """The axes to draw on: those given, or new ones in a figure of so many inches."""
        self._own = ax is None
        if ax is None:
            ax = _new_figure(width, height).add_subplot()
        elif not hasattr(ax, "get_xaxis_transform"):
            raise ParameterError(f"ax={ax!r} must be matplotlib Axes, as plt.subplots() gives them, or None.")
        self._drawn = (ax.get_figure(), ax)
        return ax

    def _legend(self, ax: Any, handles: Sequence[Any] | None = None, columns: int = 3, below: float = -0.16) -> None:
        """A legend under the axes, where it covers no data; ``below`` is its place where the figure is not ours."""
        shown, labels = ax.get_legend_handles_labels()
        if handles is not None:
            shown, labels = list(handles), [handle.get_label() for handle in handles]
        columns = _fitting(labels, columns, ax.get_figure().get_size_inches()[0])
        if self._own:
            self.figure_.legend(shown, labels, loc="outside lower center", ncols=columns, frameon=False)
        else:
            ax.legend(shown, labels, loc="upper center", bbox_to_anchor=(0.5, below), ncols=columns, frameon=False)

    def _make_room(self) -> None:
        """Widen a figure of our own until all of its text lies within; called when all is drawn."""
        if not self._own:
            return
        figure = self.figure_
        for _ in range(5):
            figure.draw_without_rendering()
            size, box = figure.get_size_inches(), figure.get_tightbbox()
            lacking = 2 * np.maximum(
                np.maximum(-box.min, box.max - size) + MARGIN, 0
            )  # what is centred gains half of it
            if not lacking.any():
                return
            figure.set_size_inches(np.minimum(size + lacking + MARGIN, np.maximum(size, WIDEST)))

    def _repr_png_(self) -> bytes | None:
        if self._drawn is not None and not self._own:
            return None  # it is shown with the figure of its user
        picture = BytesIO()
        self.figure_.savefig(picture, format="png")
        return picture.getvalue()


def _fitting(labels: Sequence[str], most: int, width: float) -> int:
    """How many columns of a legend fit into so many inches, 1 at least; it is filled column by column."""
    for columns in range(min(most, len(labels)), 1, -1):
        parts = np.array_split(np.array([len(label) for label in labels]), columns)
        if sum(CHARACTER * part.max() + HANDLE for part in parts) <= width:
            return columns
    return 1


def _new_figure(width: float, height: float) -> Any:
    """A figure that pyplot does not know, in the current style."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            'Plots need matplotlib, which is not installed: pip install "weaklab[plots]"'
        ) from error
    return FigureCanvasAgg(Figure(figsize=(width, height), layout="constrained")).figure


def ink(ax: Any) -> Any:
    """The colour that text has on these axes."""
    return ax.xaxis.label.get_color()


def paper(ax: Any) -> Any:
    """The colour behind the data."""
    from matplotlib.colors import to_rgba

    face = to_rgba(ax.get_facecolor())
    return face if face[3] > 0 else to_rgba(ax.get_figure().get_facecolor())


def bar_look(ax: Any, at: int, **kwargs: Any) -> dict[str, Any]:
    """How the bars of series ``at`` look, unless the caller says otherwise."""
    look = {"color": PALETTE[at % 6], "hatch": HATCHES[at % 6], "edgecolor": ink(ax), "linewidth": 0.6}
    return look | kwargs


def over(colour: Any) -> str:
    """Text on a patch of a colour: what reads on it, whatever the style."""
    return "black" if _lightness(colour) > 0.5 else "white"


def line_colour(ax: Any, at: int) -> str:
    """The colour of the lines and marks of series ``at``: a lighter blue where the background is dark."""
    return PALETTE[5] if at == 0 and _lightness(paper(ax)) < 0.5 else PALETTE[at]


def _lightness(colour: Any) -> float:
    from matplotlib.colors import to_rgb

    return float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114)))


def title(ax: Any, headline: str, facts: str, y: float | None = None) -> None:
    """A title of two lines or more: what it shows, and of what; ``y`` is where it stands above other axes."""
    lines: list[str] = wrapped(headline)
    for at, part in enumerate(facts.split("; ")):  # lines end where a fact does
        if len(part) > TITLE_WIDTH:
            lines += wrapped(part)
        elif at and len(lines[-1]) + len(part) < TITLE_WIDTH:
            lines[-1] += f"; {part}"
        else:
            lines.append(part)
    ax.set_title("\n".join(lines), loc="left", fontsize="medium", y=y)


def wrapped(text: str, width: int = TITLE_WIDTH) -> list[str]:
    """A text on lines of the width of a title, or another; words stay whole."""
    return wrap(text, width, break_long_words=False, break_on_hyphens=False)


def counts(n: int | None = None, m: int | None = None) -> str:
    """Say n and m in words.

    Examples
    --------
    >>> counts(12_000, 1)
    'n = 12,000 rows, m = 1 labeling function'
    """
    rows = [] if n is None else [f"n = {n:,} row{'s' * (n != 1)}"]
    return ", ".join(rows + ([] if m is None else [f"m = {m:,} labeling function{'s' * (m != 1)}"]))


def shorten(name: Hashable, width: int = WIDTH) -> str:
    r"""A name on one line, its middle left out where it is too long; dollars are no formulas.

    Examples
    --------
    >>> shorten("keyword_subscribe_or_check_out_my_channel")
    'keyword_subscribe…my_channel'
    >>> shorten("over $5")
    'over \\$5'
    """
    text = " ".join(str(name).split())
    if len(text) > width:
        end = (width - 1) * 3 // 8
        text = f"{text[: width - 1 - end]}…{text[-end:]}"
    return text.replace("$", r"\$")


def distinct(names: Iterable[Hashable], width: int = WIDTH) -> list[str]:
    """Shortened names, numbered where shortening makes two alike.

    Examples
    --------
    >>> distinct(["a_long_name_1_of_two", "a_long_name_2_of_two"], width=10)
    ['a_long…two (1)', 'a_long…two (2)']
    """
    short = [shorten(name, width) for name in names]
    seen: dict[str, int] = {}
    out = []
    for name in short:
        seen[name] = seen.get(name, 0) + 1
        out.append(f"{name} ({seen[name]})" if short.count(name) > 1 else name)
    return out


def check_number(number: int, name: str) -> int:
    """How many to show, or how many bins, checked."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
        raise ParameterError(f"{name}={number!r} must be an int from 1.")
    return int(number)


def left_out(shown: int, total: int, why: str) -> str:
    """That some are not shown, to end a title with; nothing where all are.

    Examples
    --------
    >>> left_out(30, 3000, "most votes")
    '; 30 with most votes shown, 2,970 not'
    """
    if shown >= total:
        return ""
    return f"; {shown:,} with {why} shown, {total - shown:,} not"


def list_names(ax: Any, names: Iterable[Hashable]) -> None:
    """A line for each name, the first on top."""
    labels = distinct(names)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)


def height_for(lines: int) -> float:
    """How high a figure with so many lines should be, in inches."""
    return 1.7 + 0.27 * max(lines, 3)


def value_grid(ax: Any, axis: str = "x") -> None:
    """A faint grid behind the data, along the axis that values are read from."""
    ax.set_axisbelow(True)
    ax.grid(axis=axis, alpha=0.3)


def percent_axis(axis: Any) -> None:
    """Shares are read as percentages."""
    axis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
