"""The twenty labeling functions of files.py as data; the command line takes them from here."""

from __future__ import annotations

from dataclasses import replace

from apply_case import declarative, keyword_functions

#: Five of substrings, three of patterns, two of numbers, ten of three whole words each.
lfs = [*declarative(0), *(replace(lf, name=f"w{j}") for j, lf in enumerate(keyword_functions(10)))]
