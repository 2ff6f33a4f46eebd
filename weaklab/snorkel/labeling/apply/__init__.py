"""Appliers, as in ``snorkel.labeling.apply``."""
