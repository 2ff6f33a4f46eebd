"""The plots of a report, in light and in dark, as pictures that stand in the page itself."""

from __future__ import annotations

import re
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from weaklab import plots
from weaklab.exceptions import WeaklabError
from weaklab.markup import Markup, cut, element, section
from weaklab.plots.drawing import Display
from weaklab.plots.report.material import Material

#: A drawing of more bytes than this is given as dots, which are fewer.
LARGE = 150_000
#: Dots per inch of such a one.
DPI = 110
#: What XML cannot hold.
NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: The style of each rendering, with the background that the page has.
STYLES: dict[str, list[Any]] = {
    "light": ["default"],
    "dark": ["dark_background", {"axes.facecolor": "#0d1117", "figure.facecolor": "#0d1117"}],
}


def pictures(of: Material) -> Markup:
    """All plots that there is something to draw for."""
    return section("plots", "Plots", element("div", *(_figure(*each) for each in _displays(of)), class_="plots"))


def _displays(of: Material) -> Iterator[tuple[str, str, Callable[[], Display]]]:
    """The name of each plot, what it shows, and what makes it."""
    model, votes, names = of.model, of.votes, list(of.classes)
    gold = of.gold is not None
    judged = of.seen.matrix if of.seen.rich is None else of.seen.rich
    yield (
        "vote-matrix",
        "Who votes for what, where: rows and labeling functions that vote alike stand side by side.",
        lambda: plots.VoteMatrixDisplay.from_votes(votes, classes=names),
    )
    yield (
        "coverage",
        "How much each labeling function covers: alone, beside others, against them.",
        lambda: plots.CoverageDisplay.from_votes(votes, classes=names),
    )
    yield (
        "accuracy",
        "How often each is right, as learned" + (" and by gold." if gold else "."),
        lambda: plots.AccuracyDisplay.from_estimator(model, *((judged, of.named_gold) if gold else ())),
    )
    yield (
        "dependence",
        "Which labeling functions repeat each other beyond what their classes explain.",
        lambda: plots.DependenceDisplay.from_votes(of.seen.matrix, model),
    )
    yield (
        "posterior",
        "How sure the label model is.",
        lambda: plots.PosteriorDisplay.from_estimator(model, votes),
    )
    yield (
        "class-balance",
        "How large each class is, as estimated" + (" and by gold." if gold else "."),
        lambda: plots.ClassBalanceDisplay.from_estimator(model, of.named_gold),
    )
    if gold:
        yield (
            "reliability",
            "Whether the label model is as sure as it is right.",
            lambda: plots.ReliabilityDisplay.from_estimator(model, votes, of.judged_gold),
        )
        yield (
            "risk-coverage",
            "How many errors are left when rows it is unsure of are left out.",
            lambda: plots.RiskCoverageDisplay.from_estimator(model, votes, of.judged_gold),
        )
    if len(getattr(model, "objective_path_", ())) > 1:
        yield (
            "convergence",
            "Whether the label model has settled.",
            lambda: plots.ConvergenceDisplay.from_estimator(model),
        )
    if hasattr(of.end_model, "history_"):
        yield (
            "training",
            "How training of the end model went.",
            lambda: plots.TrainingHistoryDisplay.from_estimator(of.end_model),
        )


def _figure(name: str, about: str, make: Callable[[], Display]) -> Markup:
    """One plot with its words, or the reason why there is none."""
    try:
        display = make()
        drawn = {style: _picture(display, style) for style in STYLES}
    except WeaklabError as error:
        return element("p", f"No plot of {name.replace('-', ' ')}: {cut(error, 400)}", class_="quiet")
    picture = element(
        "picture",
        element("source", srcset=drawn["dark"], media="screen and (prefers-color-scheme: dark)"),
        element("img", src=drawn["light"], alt=about),
    )
    return element("figure", element("figcaption", about), picture, id=f"plot-{name}")


def _picture(display: Display, style: str) -> str:
    """A plot in a style as the address of a picture that holds its own bytes, the same for the same plot."""
    import matplotlib.style

    same: dict[str, Any] = {"svg.hashsalt": "weaklab", "svg.fonttype": "path"}
    with matplotlib.style.context([*STYLES[style], same]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the tables have these names in full
        figure = display.plot().figure_
        drawn = BytesIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        drawing = NO_XML.sub(b"", drawn.getvalue())  # names stand in its comments
        if len(drawing) <= LARGE:
            return f"data:image/svg+xml;base64,{b64encode(drawing).decode()}"
        dots = BytesIO()
        figure.savefig(dots, format="png", dpi=DPI, transparent=True, metadata={"Software": None})
        return f"data:image/png;base64,{b64encode(dots.getvalue()).decode()}"
