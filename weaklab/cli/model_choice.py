"""Which label model: one to fit, by its name."""

from __future__ import annotations

from typing import Any

from weaklab.cli.usage import UsageError
from weaklab.exceptions import did_you_mean

#: Those of ``weaklab.label_models``, written out so that ``--help`` need not import them.
NAMES = (
    "LabelModel",
    "MajorityVote",
    "DawidSkene",
    "OneCoin",
    "WeightedVote",
    "MACE",
    "GLAD",
    "IBCC",
    "EBCC",
    "TripletModel",
    "MatrixCompletion",
    "TemperedModel",
    "PartialLabelModel",
    "ContinuousModel",
)


def add_label_model(parser: Any, purpose: str, default: str | None = "LabelModel") -> None:
    """The option that names a label model."""
    more = "" if default is None else f"; default: {default}"
    parser.add_argument("--label-model", default=default, metavar="NAME", help=f"{purpose}: {', '.join(NAMES)}{more}")


def check_label_model(name: str, option: str = "--label-model") -> None:
    """Check the name of a label model.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if name not in NAMES:
        near = did_you_mean(name, NAMES) or f" There is: {', '.join(NAMES)}."
        raise UsageError(f"{option} {name!r} is no label model.{near}")


def new_label_model(name: str, classes: Any) -> Any:
    """A label model, not fitted."""
    from weaklab import label_models

    return getattr(label_models, name)(classes=classes)
