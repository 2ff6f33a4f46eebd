"""The scripts import Snorkel, and run when they are imported."""

collect_ignore_glob = ["*.py"]
