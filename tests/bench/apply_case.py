"""One process of apply.py: make the texts, or run labeling functions over them once and print what it took as JSON.

Runs in weaklab's environment for weaklab and in the peers' for snorkel, so it imports each where it is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SEED = 0
ABSTAIN, HAM, SPAM = -1, 0, 1
VOCABULARY = 5_000
#: As the number of keyword functions: a mixture of fifty.
MIXED = -50
KEYWORDS = [("offer", "win"), ("subscribe",), ("thanks", "please"), ("check out",), ("lol", "haha", "love")]
PATTERNS = [r"https?://\w+", r"\b\d{3,}\b", r"(?:buy|order|click)\s+now"]
LABELS = [SPAM, SPAM, HAM, SPAM, HAM]
#: Phrases that the functions look for, each put into a share of the texts.
PLANTED = ["offer", "win", "subscribe", "thanks", "please", "check out", "lol", "haha", "love", "http://abc", "4711"]
PLANTED += ["buy now", "click now"]


def make(given: argparse.Namespace) -> dict[str, Any]:
    """A frame of invented texts, in a file."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    frame = invented(given.n, vocabulary(rng), rng)
    frame.to_parquet(given.frame)
    return {"bytes": int(frame["text"].str.len().sum())}


def vocabulary(rng: Any) -> Any:
    """Invented words, an array of text."""
    import numpy as np

    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return np.array(["".join(rng.choice(letters, size=rng.integers(3, 10))) for _ in range(VOCABULARY)])


def invented(n: int, words: Any, rng: Any) -> Any:
    """Texts of some 90 characters of these words, Zipf-distributed, with planted phrases; and two numbers."""
    import numpy as np
    import pandas as pd

    share = 1 / np.arange(1, VOCABULARY + 1)
    lengths = rng.integers(8, 20, size=n)
    drawn = rng.choice(VOCABULARY, size=lengths.sum(), p=share / share.sum())
    texts, at = [], 0
    for length in lengths:
        texts.append(" ".join(words[drawn[at : at + length]]))
        at += length
    for phrase in PLANTED:
        for i in np.flatnonzero(rng.random(n) < 0.03):
            texts[i] = f"{texts[i]} {phrase}"
    return pd.DataFrame({"text": texts, "links": rng.poisson(1, n), "score": rng.normal(size=n)})


def declarative(m: int) -> list[Any]:
    """The ten functions as data, or m keyword functions of three of the texts' own words."""
    import weaklab as wl

    if m == MIXED:
        return mixed_functions()
    if m:
        return keyword_functions(m)
    where: dict[str, Any] = {"column": "text", "whole_words": False, "case": True}
    both = zip(KEYWORDS, LABELS, strict=True)
    lfs: list[Any] = [wl.keyword_lf(words, label=label, name=f"k{j}", **where) for j, (words, label) in enumerate(both)]
    lfs += [wl.regex_lf(pattern, column="text", label=SPAM, name=f"r{j}") for j, pattern in enumerate(PATTERNS)]
    lfs.append(wl.threshold_lf("links", above=2, label=SPAM, name="links"))
    lfs.append(wl.threshold_lf("score", below=-1, label=HAM, name="score"))
    return lfs


def mixed_functions() -> list[Any]:
    """Fifty functions: thirty of keywords, ten of patterns, ten of numbers."""
    import weaklab as wl

    lfs = keyword_functions(30)
    lfs += [wl.regex_lf(rf"\b{a}\w+ {b}", column="text", label=SPAM, name=f"r{a}{b}") for a in "abcde" for b in "st"]
    lfs += [wl.threshold_lf("links", above=bound, label=SPAM, name=f"links{bound}") for bound in range(5)]
    lfs += [wl.threshold_lf("score", below=-bound, label=HAM, name=f"score{bound}") for bound in range(5)]
    return lfs


def keyword_functions(m: int) -> list[Any]:
    """So many functions of three whole words each, of those that the texts are made of."""
    import weaklab as wl

    return [wl.keyword_lf(own, column="text", label=j % 2, name=f"k{j}") for j, own in enumerate(chosen_words(m))]


def chosen_words(m: int) -> list[list[str]]:
    """Three words for each of so many functions, but for the most frequent ones."""
    import numpy as np

    words = vocabulary(np.random.default_rng(SEED))  # as make draws them
    drawn = np.random.default_rng(SEED + 1)
    places = [drawn.choice(np.arange(20, VOCABULARY), size=3, replace=False) for _ in range(m)]
    return [[str(words[i]) for i in own] for own in places]


def row_functions() -> list[Callable[[Any], int]]:
    """The ten functions as a user writes them, of one row each."""
    functions: list[Callable[[Any], int]] = []

    def add(name: str, vote: int, holds: Callable[[Any], bool]) -> None:
        def function(row: Any) -> int:
            return vote if holds(row) else ABSTAIN

        function.__name__ = function.__qualname__ = name
        functions.append(function)

    for j, (words, label) in enumerate(zip(KEYWORDS, LABELS, strict=True)):
        add(f"k{j}", label, lambda row, words=words: any(word in row.text for word in words))
    for j, pattern in enumerate(map(re.compile, PATTERNS)):
        add(f"r{j}", SPAM, lambda row, pattern=pattern: pattern.search(row.text) is not None)
    add("links", SPAM, lambda row: row.links > 2)
    add("score", HAM, lambda row: row.score < -1)
    return functions


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Apply once, after a small frame that compiles and imports what there is."""
    import pandas as pd

    frame = pd.read_parquet(given.frame)
    frame = pd.concat([frame] * given.times, ignore_index=True) if given.times > 1 else frame
    if given.how == "snorkel":
        from snorkel.labeling import LabelingFunction, PandasLFApplier

        lfs = [LabelingFunction(function.__name__, function) for function in row_functions()]
        applier = PandasLFApplier(lfs)
        apply = lambda rows: applier.apply(rows, progress_bar=False)  # noqa: E731
    else:
        import weaklab as wl

        ours = declarative(given.m) if given.how == "declarative" else row_functions()
        apply = lambda rows: wl.apply(ours, rows, cache=False, progress=False).to_numpy()  # noqa: E731
    apply(frame.head(200).copy())
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.perf_counter()
    votes = apply(frame)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    digest = hashlib.sha256(votes.astype("int8").tobytes("C")).hexdigest()
    return {"seconds": seconds, "peak": peak, "base": base, "votes": digest, "coverage": float((votes >= 0).mean())}


def main() -> int:
    """Do one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    maker = what.add_parser("make")
    maker.set_defaults(do=make, threads=0)
    maker.add_argument("--n", type=int, required=True)
    runner = what.add_parser("run")
    runner.set_defaults(do=run)
    runner.add_argument("--how", choices=["snorkel", "declarative", "rows"], required=True)
    runner.add_argument("--m", type=int, default=0, help="so many keyword functions in place of the ten")
    runner.add_argument("--times", type=int, default=1, help="the frame so many times over")
    runner.add_argument("--threads", type=int, default=0, help="0 leaves each library its default")
    for one in (maker, runner):
        one.add_argument("--frame", type=Path, required=True)
    given = parser.parse_args()
    if given.threads and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])
    print(json.dumps(given.do(given)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
