"""Run labeling functions over data: the planner, an engine per kind of function, and the report of faults."""

from weaklab.apply.applier import apply
from weaklab.apply.faults import Fault
from weaklab.apply.files import LabeledFiles, label_files, votes_of_files
from weaklab.apply.reuse import clear_cache

__all__ = ["Fault", "LabeledFiles", "apply", "clear_cache", "label_files", "votes_of_files"]
