"""A report of hostile data, and a page that a browser has opened."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import weaklab as wl

CREATED = datetime(2026, 1, 2, 3, 4)
#: What would run, or break out of an attribute or of the script, if it were not escaped.
HOSTILE = '\x01</script><script>window.broken=1</script><img src=x onerror="window.broken=1">\'"&amp;'


@dataclass
class Node:
    """An element of a page."""

    name: str
    attributes: dict[str, str | None]
    parts: list[Any] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text within it."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    def all(self, name: str | None = None, **attributes: str) -> list[Node]:
        """The elements within it that have this name and these attributes."""
        out = []
        for part in self.parts:
            if isinstance(part, Node):
                fits = name in (None, part.name)
                if fits and all(part.attributes.get(key.rstrip("_")) == value for key, value in attributes.items()):
                    out.append(part)
                out += part.all(name, **attributes)
        return out


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].parts.append(node)
        if tag not in ("img", "input", "meta", "source", "br"):
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> ends <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


@pytest.fixture(scope="session")
def read() -> Callable[[Path], Node]:
    """What reads the elements of a page; every one that is opened must be closed."""

    def read_page(path: Path) -> Node:
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
        reader.close()
        assert reader.open == [reader.root]
        return reader.root

    return read_page


@pytest.fixture(scope="session")
def breakout() -> str:
    """What the hostile report has in all its names."""
    return HOSTILE


@dataclass
class Given:
    """What a report is of."""

    lfs: Any
    frame: Any
    votes: Any
    model: Any
    y: Any

    def write(self, path: Path, **more: Any) -> Path:
        """Write it."""
        more = {"y": self.y, "created": CREATED} | more
        return wl.report(path, self.lfs, self.frame, self.votes, self.model, **more)


@pytest.fixture(scope="session")
def comments() -> Given:
    """Three hundred comments, six labeling functions, two classes, gold for half."""
    rng = np.random.default_rng(0)
    words = {"free": 1, "money": 1, "winner": 1, "love": 0, "song": 0, "voice": 0}
    gold = rng.integers(2, size=300)
    texts = [
        " ".join(["a comment <b>", *(w for w, label in words.items() if rng.random() < (0.5 if label == y else 0.1))])
        for y in gold
    ]
    frame = pd.DataFrame({"text": texts, "likes": rng.integers(100, size=300)}, index=[f"c{i}" for i in range(300)])
    classes = ["ham", "spam"]
    lfs = [wl.keyword_lf(word, column="text", label=classes[label]) for word, label in words.items()]
    votes = wl.apply(lfs, frame, classes=classes, progress=False)
    known = [classes[y] if at % 2 else None for at, y in enumerate(gold)]
    return Given(lfs, frame, votes, wl.LabelModel(classes=classes).fit(votes), known)


@pytest.fixture(scope="session")
def hostile() -> Given:
    """The same, with names, classes, columns, index and texts that try to break out of the page."""
    rng = np.random.default_rng(1)
    classes = [f"ham{HOSTILE}", f"spam{HOSTILE}"]
    column = f"text{HOSTILE}"
    texts = [f"{HOSTILE} {'free' if y else 'love'} {'money' * (rng.random() < 0.4)}" for y in rng.integers(2, size=200)]
    frame = pd.DataFrame({column: texts}, index=[f"{i}{HOSTILE}" for i in range(200)])

    @wl.labeling_function(name=f"long{HOSTILE}")
    def long(row):
        return classes[len(row[column]) % 2]

    lfs = [
        long,
        wl.keyword_lf("free", column=column, label=classes[1], name=f"free{HOSTILE}"),
        wl.keyword_lf("love", column=column, label=classes[0], name=f"love{HOSTILE}"),
        wl.keyword_lf("script", column=column, label=classes[1], name=f"never{HOSTILE}"),
    ]
    votes = wl.apply(lfs, frame, classes=classes, progress=False)
    return Given(lfs, frame, votes, wl.LabelModel(classes=classes).fit(votes), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()
