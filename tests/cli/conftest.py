"""A folder as a newcomer has it: data, rules, and things that went wrong."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

RULES = """
import weaklab as wl

words = {"free": "spam", "money": "spam", "love": "ham", "song": "ham"}
lfs = [wl.keyword_lf(word, column="text", label=label) for word, label in words.items()]
lost = [wl.keyword_lf("free", column="txt", label="spam")]
none = []

@wl.labeling_function
def fails(row):
    raise RuntimeError("no luck")

@wl.labeling_function
def stumbles(row):
    return "spam" if row.text != "the last one" else 1 / 0

@wl.labeling_function
def says_eggs(row):
    return "eggs"

@wl.labeling_function(output="set")
def doubts(row):
    return {"ham", "spam"}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with rules, and the same data in three kinds of files; nothing stays imported from it."""
    rng = np.random.default_rng(0)
    gold = rng.integers(2, size=200)
    words = (["love", "song"], ["free", "money"])
    texts = [
        " ".join([*(w for w in words[y] if rng.random() < 0.7), words[1 - y][0] * (rng.random() < 0.1)]) for y in gold
    ]
    frame = pd.DataFrame({"text": texts, "label": np.where(gold == 1, "spam", "ham")})
    frame.loc[::2, "label"] = None
    frame["unknown"] = None
    frame.to_csv(tmp_path / "data.csv", index=False)
    frame.to_parquet(tmp_path / "data.parquet")
    frame.to_json(tmp_path / "data.jsonl", orient="records", lines=True)
    parts = tmp_path / "in"
    parts.mkdir()
    for at in range(4):
        frame.iloc[50 * at : 50 * (at + 1)].to_parquet(parts / f"part-{at}.parquet", index=False)
    files = {
        "rules.py": RULES,
        "broken.py": "x = 1\n\n1 / 0\n",
        "typo.py": "lfs = [\n",
        "nothing.py": "x = 1\n",
        "unlisted.py": "import weaklab as wl\nfree = wl.keyword_lf('free', column='text', label='spam')\n",
        "quits.py": "import sys\nsys.exit(3)\n",
        "broken.parquet": "no parquet",
        "empty.csv": "",
        "heads.csv": "text,label,unknown\n",
        "broken.jsonl": '{"text": "a"}\n{"text": \n',
        "odd.csv": "txt,label,unknown\nfree,spam,\n",
        "numbers.csv": "text,label,unknown\n3,spam,\n",
        "tail.csv": "text,label,unknown\nfree,spam,\nthe last one,ham,\n",
        "notes.txt": "",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in files:
        sys.modules.pop(name.removesuffix(".py"), None)
