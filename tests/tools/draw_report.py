"""Open the report of the second example in Chromium, light and dark, to be looked at: ``draw_report.py FOLDER``.

With ``--docs`` it takes the picture of docs/images/ instead. Needs chromium and chromedriver.
"""

from __future__ import annotations

import argparse
import base64
import runpy
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: Pictures are so wide, and of so much of the page, in its pixels.
WIDTH, HEIGHT = 1200, 1400


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("report"))
    parser.add_argument("--docs", action="store_true", help="take the picture of docs/images/")
    given = parser.parse_args()
    page = runpy.run_path(str(ROOT / "examples" / "02_see_what_is_wrong.py"))["path"]
    browser = chromium()
    try:
        if given.docs:
            look(browser, page, "light")
            take(browser, ROOT / "docs" / "images" / "report.png", 0, 860, scale=0.7)
            return
        given.folder.mkdir(parents=True, exist_ok=True)
        for theme in ("light", "dark"):
            look(browser, page, theme)
            height = browser.execute_script("return document.documentElement.scrollHeight")
            for number, top in enumerate(range(0, height, HEIGHT)):
                take(browser, given.folder / f"report-{theme}-{number}.png", top, min(HEIGHT, height - top), scale=0.8)
    finally:
        browser.quit()


def chromium() -> Any:
    """A browser without a window."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},1000"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def look(browser: Any, page: Path, theme: str) -> None:
    """Open the page in a theme, with two rows open."""
    feature = {"name": "prefers-color-scheme", "value": theme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get(page.as_uri())
    for row in browser.find_elements("css selector", "details.row")[:2]:
        browser.execute_script("arguments[0].open = true", row)


def take(browser: Any, path: Path, top: int, height: int, *, scale: float) -> None:
    """Save a part of the page."""
    clip = {"x": 0, "y": top, "width": WIDTH, "height": height, "scale": scale}
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    path.write_bytes(base64.b64decode(shot["data"]))
    print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
