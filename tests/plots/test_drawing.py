"""What holds for every plot: it keeps to the user's axes and style, says what it shows, and leaves pyplot alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from weaklab import plots
from weaklab.datasets import make_votes
from weaklab.exceptions import MissingExtraError, ParameterError
from weaklab.label_models import LabelModel, MajorityVote
from weaklab.plots import AccuracyDisplay, ClassBalanceDisplay, ExplanationDisplay, VoteMatrixDisplay
from weaklab.plots.drawing import HATCHES, PALETTE, Display, distinct, shorten

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(params=plots.__all__)
def display(request, every_display) -> Display:
    """One of each kind, afresh."""
    return every_display[request.param]()


def test_axes_and_figure_are_left_and_text_says_what_is_shown(display) -> None:
    """As in scikit-learn: ``plot`` gives the display itself, with ``ax_`` and ``figure_``."""
    assert display.plot() is display
    assert display.ax_.get_figure() is display.figure_
    headline, *facts = display.ax_.get_title(loc="left").split("\n")
    assert headline
    assert any(character.isdigit() for character in " ".join(facts))
    assert display.ax_.get_xlabel()
    assert display.ax_.get_ylabel()


def test_given_axes_are_drawn_on_and_pyplot_is_left_as_it_was(display) -> None:
    """The current figure and axes stay the user's, and so do the parameters."""
    figure, (left, right) = plt.subplots(1, 2)
    plt.sca(right)
    before = dict(plt.rcParams)
    assert display.plot(ax=left).ax_ is left
    assert display.figure_ is figure
    assert plt.gca() is right
    assert plt.gcf() is figure
    assert not right.has_data()
    assert dict(plt.rcParams) == before
    figure.canvas.draw()
    assert display._repr_png_() is None, "the user's figure shows itself"
    plt.close(figure)


def test_figures_of_its_own_are_none_of_pyplots_and_show_in_notebooks(display) -> None:
    """Nothing piles up, nothing pops up; and a display that ends a cell is seen without a call of ``plot``."""
    before = plt.get_fignums()
    assert display._repr_png_().startswith(b"\x89PNG")
    assert plt.get_fignums() == before
    first = display.figure_
    assert display.figure_ is first, "drawn once, unless asked again"
    assert display.plot().figure_ is not first


@pytest.mark.parametrize(("style", "text"), [("default", "black"), ("dark_background", "white")])
def test_text_and_background_are_those_of_the_style(display, style, text) -> None:
    """All text outside of coloured cells, and the paper, are what the style says."""
    with plt.style.context(style):
        ax = display.plot().ax_
        figure = display.figure_
        figure.canvas.draw()
    to_rgba = __import__("matplotlib.colors", fromlist=["to_rgba"]).to_rgba
    labels = [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
    labels += [entry for legend in figure.legends for entry in legend.get_texts()]
    assert {to_rgba(label.get_color()) for label in labels} == {to_rgba(text)}
    paper = "white" if text == "black" else "black"
    assert to_rgba(ax.get_facecolor()) == to_rgba(figure.get_facecolor()) == to_rgba(paper)


def test_nothing_is_cut_off(display) -> None:
    """Titles, labels, legends and remarks lie within the picture."""
    figure = display.plot().figure_
    figure.canvas.draw()
    inside, needed = figure.bbox, figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert needed.x0 >= inside.x0 - 1
    assert needed.y0 >= inside.y0 - 1
    assert needed.x1 <= inside.x1 + 1
    assert needed.y1 <= inside.y1 + 1


def test_legends_cover_no_data(display) -> None:
    """They stand under the axes."""
    figure = display.plot().figure_
    figure.canvas.draw()
    frame = display.ax_.get_window_extent()
    for legend in [*figure.legends, *filter(None, [display.ax_.get_legend()])]:
        assert legend.get_window_extent().y1 <= frame.y0


def test_colours_differ_in_lightness_or_hatch() -> None:
    """In black and white, neighbours are told apart; each hatch is used once."""
    grey = [np.dot([int(c[at : at + 2], 16) for at in (1, 3, 5)], (0.299, 0.587, 0.114)) for c in PALETTE]
    assert np.abs(np.diff(grey)).min() > 15
    assert len(set(HATCHES)) == len(HATCHES) == len(PALETTE)


def test_without_matplotlib_the_error_says_what_to_install() -> None:
    """Data can be had without it; only drawing needs it, and importing the room loads nothing of it."""
    code = (
        "import sys\n"
        "from weaklab import plots\n"
        "print('matplotlib' in sys.modules)\n"
        "sys.modules['matplotlib'] = None\n"
        "display = plots.CoverageDisplay.from_votes([[0, 1], [1, 1]])\n"
        "print(display.table.shape)\n"
        "try:\n    display.plot()\n"
        "except ImportError as error:\n    print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"False\n(2, 5)\n{MissingExtraError.__name__} ")
    assert 'pip install "weaklab[plots]"' in said


def test_axes_that_are_none_and_options_that_are_none_are_errors(display) -> None:
    """A figure in place of axes is a common slip; typos are never swallowed."""
    with pytest.raises(ParameterError, match=r"plt\.subplots\(\)"):
        display.plot(ax="left")
    with pytest.raises((AttributeError, TypeError)):
        display.plot(colur="red")


def test_names_are_shortened_in_the_middle_and_stay_distinct() -> None:
    """Both ends tell most; dollars are no formulas, and two long names never look the same."""
    assert shorten("a" * 20 + "b" * 20) == "a" * 17 + "…" + "b" * 10
    assert shorten("one\n  line\t") == "one line"
    assert shorten("$x$ and $y$") == r"\$x\$ and \$y\$"
    assert distinct(["x" * 40, "x" * 41, "y"]) == [shorten("x" * 40) + " (1)", shorten("x" * 40) + " (2)", "y"]


GROUPS = [
    *("comp.sys.ibm.pc.hardware", "comp.sys.mac.hardware", "comp.os.ms-windows.misc", "comp.windows.x"),
    *("rec.sport.baseball", "talk.politics.mideast"),
]


@pytest.mark.parametrize(
    "names", [GROUPS, ["customer complaint about billing", "customer complaint about delivery"], None]
)
def test_long_names_of_classes_are_not_cut_off(names) -> None:
    """Text wraps and figures grow until all of it is seen."""
    names = names or [f"category number {i} of forty" for i in range(40)]
    planted = make_votes(n=400, m=8, k=len(names), coverage=0.4, random_state=0)
    model = MajorityVote(classes=names).fit(planted.votes)
    row = planted.votes.iloc[[(planted.votes >= 0).sum(axis=1).argmax()]]
    for display in (
        VoteMatrixDisplay.from_votes(planted.votes, classes=names),
        ClassBalanceDisplay.from_estimator(model, np.array(names)[planted.y]),
        ExplanationDisplay.from_estimator(LabelModel(classes=names).fit(planted.votes), row),
        AccuracyDisplay.from_estimator(model, planted.votes, np.array(names)[planted.y]),
    ):
        figure = display.figure_
        figure.canvas.draw()
        box, size = figure.get_tightbbox(), figure.get_size_inches()
        assert (box.min >= -0.02).all()
        assert (box.max <= size + 0.02).all()
