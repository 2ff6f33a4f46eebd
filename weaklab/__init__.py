"""weaklab: programmatic weak supervision."""

__version__ = "0.1.0"
