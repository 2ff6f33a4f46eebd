"""Whole folders of files: label them, and learn from them, in memory that does not grow with them."""

from weaklab.apply.files.label_files import label_files
from weaklab.apply.files.labeled_files import LabeledFiles
from weaklab.apply.files.votes_of_files import votes_of_files

__all__ = ["LabeledFiles", "label_files", "votes_of_files"]
