"""The report in a real browser: it sorts, searches, opens rows, and has no error to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import weaklab as wl
from weaklab.datasets import make_votes
from weaklab.plots.report.page import PARTS


@pytest.fixture(scope="module")
def written(comments, tmp_path_factory):
    """The report of the comments, as an address."""
    return comments.write(tmp_path_factory.mktemp("report") / "report.html").as_uri()


@pytest.fixture
def opened(browser, written):
    """The page, as one finds it; at the end the console must be empty."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get(written)
    yield browser
    assert browser.get_log("browser") == []


def find(opened, selector):
    """All elements that a CSS selector names."""
    return opened.find_elements("css selector", selector)


def column(opened, at):
    """What stands in a column of the table, among the lines that are shown."""
    return [line.find_elements("css selector", "th, td")[at].text for line in shown(opened)]


def shown(opened):
    """The lines of the table that are shown."""
    return [line for line in find(opened, "#lf-table tbody tr") if line.is_displayed()]


def test_a_head_sorts_and_sorts_back(opened, comments):
    """By number, the largest first; then the smallest; by name from the start of the alphabet."""
    buttons = find(opened, "#lf-table thead button")
    expected = sorted((comments.votes >= 0).sum(), reverse=True)
    buttons[2].click()
    assert [int(votes) for votes in column(opened, 2)] == expected
    assert find(opened, "#lf-table th[aria-sort=descending]")[0].text.startswith("votes")
    buttons[2].click()
    assert [int(votes) for votes in column(opened, 2)] == expected[::-1]
    buttons[0].click()
    assert column(opened, 0) == sorted(comments.votes.columns)
    assert len(find(opened, "#lf-table th[aria-sort]")) == 1


def test_a_head_can_be_reached_and_pressed_by_keys(opened, comments):
    """Who has no mouse sorts too."""
    button = find(opened, "#lf-table thead button")[0]
    button.send_keys("\ue007")  # enter
    assert column(opened, 0) == sorted(comments.votes.columns)


def test_searching_leaves_what_fits(opened):
    """As one types, and with a count; an empty search shows all again."""
    box = find(opened, "input[type=search]")[0]
    box.send_keys("Spam fre")
    assert column(opened, 0) == ["free"]
    assert find(opened, "[role=status]")[0].text == "1 of 6 shown"
    box.clear()
    box.send_keys(" ")
    assert len(shown(opened)) == 6


def test_a_row_opens_by_click_and_all_at_once(opened):
    """Closed ones show a line; an open one its text with marks and its explanation."""
    rows = find(opened, "details.row")
    first = rows[0]
    table = first.find_element("css selector", "table")
    assert not table.is_displayed()
    opened.execute_script("arguments[0].scrollIntoView()", first)
    first.find_element("css selector", "summary").click()
    assert table.is_displayed()
    assert first.find_element("css selector", "mark").is_displayed()
    find(opened, "button[data-opens]")[0].click()
    assert all(row.get_attribute("open") for row in rows)


def test_light_and_dark_have_their_own_pictures_and_readable_text(opened):
    """Contrast of text is 7 to 1 or more in both; pictures follow."""
    sources = {}
    for theme in ("light", "dark"):
        opened.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        )
        sources[theme] = [image.get_property("currentSrc") for image in find(opened, "figure img")]
        assert all(image.get_property("naturalWidth") > 100 for image in find(opened, "figure img"))
        body = find(opened, "body")[0]
        colours = [luminance(body.value_of_css_property(name)) for name in ("color", "background-color")]
        assert (max(colours) + 0.05) / (min(colours) + 0.05) >= 7
    assert all(light != dark for light, dark in zip(sources["light"], sources["dark"], strict=True))


def luminance(colour):
    """The relative luminance of ``rgba(...)``, as WCAG 2 has it."""
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_on_a_telephone_the_page_is_no_wider_than_the_screen(opened):
    """Wide tables scroll by themselves."""
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        find(opened, "button[data-opens]")[0].click()
        assert opened.execute_script("return document.documentElement.scrollWidth") <= 390
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize(("width", "scrolls"), [(1200, False), (500, True)])
def test_tables_have_room_for_words(browser, comments, tmp_path, width, scrolls):
    """Long names take few lines, reasons several words a line; on a screen of 1200 points nothing is cut."""
    votes = comments.votes.rename(columns={"free": "the_commenter_offers_something_for_free_in_the_first_sentence"})
    votes["silent"] = -1
    gold = np.array(comments.y, dtype=object)
    gold[votes["money"] >= 0] = "ham"  # now gold disagrees with it
    model = wl.LabelModel(classes=["ham", "spam"]).fit(votes)
    path = wl.report(tmp_path / "r.html", None, comments.frame, votes, model, y=gold, n_rows=1)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        browser.get(path.as_uri())
        assert "gold disagrees" in find(browser, "#lf-table")[0].text
        wide = "const box = document.querySelector('#lf-table').parentElement; return box.scrollWidth > box.clientWidth"
        assert browser.execute_script(wide) == scrolls
        lines = "const it = document.querySelector('#lf-table tbody th'); return it.offsetHeight / 24"
        assert browser.execute_script(lines) < (4.5 if scrolls else 3.5)
        assert all(cell.size["width"] > 200 for cell in find(browser, "#fix-table .prose"))
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_search_says_that_not_all_functions_are_in_the_table(browser, tmp_path, monkeypatch):
    """Or one would think that the one sought does not exist."""
    monkeypatch.setattr("weaklab.plots.report.functions.LISTED", 4)
    votes = make_votes(n=100, m=6, coverage=0.5, random_state=0).votes
    model = wl.MajorityVote().fit(votes)
    path = wl.report(tmp_path / "r.html", None, pd.DataFrame({"x": range(100)}), votes, model, n_rows=0)
    browser.get(path.as_uri())
    find(browser, "input[type=search]")[0].send_keys("nowhere")
    assert find(browser, "[role=status]")[0].text == "0 of the 4 in the table, out of 6"


def test_printed_all_rows_are_open_and_closed_again_afterwards(opened):
    """Paper has nothing to click on."""
    opened.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert all(row.get_attribute("open") for row in find(opened, "details.row"))
    opened.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert not any(row.get_attribute("open") for row in find(opened, "details.row"))


def test_without_scripts_all_of_it_can_be_read(browser, written):
    """Tables are plain, and what only scripts do is not shown."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(written)
        assert len(find(browser, "#lf-table tbody tr")) == 6
        assert not find(browser, "#lf-table thead button")
        assert not any(tools.is_displayed() for tools in find(browser, ".tools"))
        assert len(find(browser, "section")) == len(PARTS)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_hostile_data_runs_nothing(browser, hostile, tmp_path):
    """Whatever texts, names and classes hold: no script of theirs runs, no request is made, no error is told."""
    browser.get(hostile.write(tmp_path / "r.html").as_uri())
    assert browser.execute_script("return window.broken") is None
    assert len(find(browser, "script")) == 1
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(each => each.name)")
    assert all(name.startswith("data:") for name in loaded)
    assert len(shown(browser)) == len(hostile.lfs)
    assert all(image.get_property("naturalWidth") > 100 for image in find(browser, "figure img"))
    assert browser.get_log("browser") == []
