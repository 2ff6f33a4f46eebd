"""Slicing functions, their appliers, and slice-aware classifiers, as in ``snorkel.slicing``.

What needs torch is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weaklab.snorkel.slicing.apply.core import PandasSFApplier, SFApplier
from weaklab.snorkel.slicing.monitor import slice_dataframe
from weaklab.snorkel.slicing.sf.core import SlicingFunction, slicing_function

if TYPE_CHECKING:
    from weaklab.snorkel.slicing.modules.slice_combiner import SliceCombinerModule
    from weaklab.snorkel.slicing.sliceaware_classifier import SliceAwareClassifier
    from weaklab.snorkel.slicing.utils import add_slice_labels, convert_to_slice_tasks

__all__ = [
    "PandasSFApplier",
    "SFApplier",
    "SliceAwareClassifier",
    "SliceCombinerModule",
    "SlicingFunction",
    "add_slice_labels",
    "convert_to_slice_tasks",
    "slice_dataframe",
    "slicing_function",
]

_HOMES = {
    "SliceAwareClassifier": "sliceaware_classifier",
    "SliceCombinerModule": "modules.slice_combiner",
    "add_slice_labels": "utils",
    "convert_to_slice_tasks": "utils",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
