"""The label matrix: checks, sparse form, vote patterns with counts, soft labels.

Votes are a pandas DataFrame of small integers with a column per labeling function; everything that takes votes also
takes an array, a list of lists, and a scipy sparse matrix that stores ``vote + 1``. :class:`VoteMatrix` is the
internal form of all of them.
"""

from weaklab.votes.check import check_votes
from weaklab.votes.chunks import VoteChunks
from weaklab.votes.classes import as_declared, check_classes, class_array, class_code, class_codes, number_of_classes
from weaklab.votes.gold import check_gold
from weaklab.votes.label_file import LabelFile, read_labels
from weaklab.votes.matrix import VoteMatrix, vote_dtype
from weaklab.votes.patterns import Patterns, compress
from weaklab.votes.rich import PartialVotes, SoftVotes
from weaklab.votes.soft import SoftLabels, check_sample_weight, check_soft_labels, decode
from weaklab.votes.ties import break_ties

__all__ = [
    "LabelFile",
    "PartialVotes",
    "Patterns",
    "SoftLabels",
    "SoftVotes",
    "VoteChunks",
    "VoteMatrix",
    "as_declared",
    "break_ties",
    "check_classes",
    "check_gold",
    "check_sample_weight",
    "check_soft_labels",
    "check_votes",
    "class_array",
    "class_code",
    "class_codes",
    "compress",
    "decode",
    "number_of_classes",
    "read_labels",
    "vote_dtype",
]
