"""Votes with planted truth, as in ``snorkel.synthetic``."""
