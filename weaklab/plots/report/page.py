"""The page around the parts of a report: one file, which asks the network for nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files

from weaklab.markup import Markup, element, join

#: The parts that the head of the page leads to.
PARTS = {
    "overview": "Overview",
    "findings": "Findings",
    "functions": "Labeling functions",
    "to-fix": "To mend",
    "plots": "Plots",
    "rows": "Rows",
    "provenance": "Provenance",
}


def page(title: str, about: str, parts: Mapping[str, Markup]) -> str:
    """The whole document, its parts by their anchors.

    Its policy lets the browser run the one script of weaklab's and nothing else, and fetch nothing.
    """
    folder = files(__package__ or "")
    style, script = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(style)),
    )
    links = [element("a", PARTS[anchor], href=f"#{anchor}") for anchor in parts]
    top = element("header", element("h1", title), element("p", about), element("nav", *links, aria_label="Parts"))
    body = element("body", top, element("main", *parts.values()), element("script", Markup(script)))
    return join([Markup("<!DOCTYPE html>\n"), element("html", head, body, lang="en"), "\n"])
