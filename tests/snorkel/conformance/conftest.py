"""The cases are no tests: a script asks them, of either package."""

collect_ignore_glob = ["cases*.py", "conform.py"]
