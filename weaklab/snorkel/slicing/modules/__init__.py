"""Modules of slice-aware classifiers, as in ``snorkel.slicing.modules``."""
