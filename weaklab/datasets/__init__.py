"""Data to learn and to measure on: offline corpora, votes with planted truth, loaders of public formats."""

from __future__ import annotations

from weaklab.datasets.docstrings import load_docstrings
from weaklab.datasets.planted import Group, PlantedVotes, make_votes
from weaklab.datasets.vote_folder import load_votes
from weaklab.datasets.vote_set import VoteSet
from weaklab.datasets.wrench import load_wrench

__all__ = ["Group", "PlantedVotes", "VoteSet", "load_docstrings", "load_votes", "load_wrench", "make_votes"]
