"""An explanation says what calling the function says, and marks what it found."""

import pickle
import re

import pytest

from weaklab.exceptions import FrameError, LabelingFunctionError
from weaklab.labeling import Explanation, MatchLF, highlight, keyword_lf, labeling_function, regex_lf, threshold_lf


def marked(explanation):
    """The marked pieces of the text."""
    return [explanation.text[start:stop] for start, stop in explanation.spans]


def test_keywords_are_marked_in_the_text_as_it_is():
    """Folding turns one character into two, and the reader sees the text before it."""
    lf = keyword_lf(["strasse", "frei"], column="text", label=1)
    found = lf.explain({"text": "Die Straße ist FREI, die STRASSE nicht freier"})
    assert marked(found) == ["Straße", "FREI", "STRASSE"]
    assert found.vote == 1
    assert found.column == "text"
    assert set(found.details["found"]) == {"strasse", "frei"}
    assert found.reason == "found 'strasse' at 4, 'frei' at 15"


@pytest.mark.parametrize(
    ("options", "texts"),
    [({"whole_words": False}, ["free", "Free"]), ({"case": True, "whole_words": False}, ["free"]), ({}, ["Free"])],
)
def test_keywords_are_marked_as_they_are_matched(options, texts):
    """Parts of words and upper case count only where they count for the vote."""
    assert marked(keyword_lf("free", column="t", label=1, **options).explain({"t": "freedom, Free"})) == texts


def test_too_few_keywords_say_how_many():
    """The author sees how far a row was from a vote."""
    found = keyword_lf(["a", "b"], column="t", label=1, at_least=2).explain({"t": "a c"})
    assert (found.vote, marked(found)) == (None, ["a"])
    assert "1 of the 2 keywords" in found.reason
    assert keyword_lf("a", column="t", label=1).explain({"t": "b"}).reason == "found no keyword"


def test_patterns_show_their_groups():
    """What was captured is what an author gets wrong."""
    found = regex_lf(r"(?P<n>\d+) (kg|g)", column="t", label=0).explain({"t": "weighs 12 kg"})
    assert marked(found) == ["12 kg"]
    assert found.details == {"match": "12 kg", "groups": ("12", "kg"), "named": {"n": "12"}}
    assert regex_lf("x", column="t", label=0).explain({"t": "y"}).reason == "'x' is not found"


def test_thresholds_show_both_numbers():
    """The value against the bound."""
    lf = threshold_lf("n", above=1, below=5, label=1)
    assert lf.explain({"n": 3}).reason == "3 is above 1 and below 5"
    assert lf.explain({"n": 5}).reason == "5 is not above 1 and below 5"
    assert lf.explain({"n": 5}).details == {"value": 5, "above": 1, "below": 5}


def test_missing_cells_and_wrong_ones():
    """The first abstains and says so, the second is an error as it is in a call."""
    lf = keyword_lf("a", column="t", label=1)
    assert lf.explain({"t": None}) == Explanation(None, "the cell is missing", "t")
    with pytest.raises(FrameError, match="where text was expected"):
        lf.explain({"t": 3})
    with pytest.raises(FrameError, match="has no columns"):
        lf.explain("a text")


def test_functions_say_what_they_returned():
    """Their reasons are Python."""

    @labeling_function
    def short(row):
        "Short texts."
        return 0 if len(row.t) < 3 else None

    found = short.explain({"t": "a"})
    assert (found.vote, found.reason, found.details) == (0, "the function returned 0", {"doc": "Short texts."})
    with pytest.raises(LabelingFunctionError, match="takes the whole frame"):
        labeling_function(batch=True, name="b")(lambda frame: [0]).explain({"t": "a"})


def test_a_kind_of_ones_own_explains_itself():
    """Without a line of code."""

    class Shouting(MatchLF):
        def matches(self, cell):
            return cell.isupper()

    lf = Shouting("t", 1, "shouting")
    assert lf.explain({"t": "HI"}).reason == "'HI' matches"
    assert lf.explain({"t": "hi"}).reason == "'hi' does not match"


def test_explanations_are_plain_data_and_escape_what_they_show():
    """They go to a notebook; a text may hold anything."""
    found = keyword_lf("free", column="<b>", label="<i>").explain({"<b>": "<script>free</script>"})
    html = found._repr_html_()
    assert "&lt;script&gt;<mark>free</mark>&lt;/script&gt;" in html
    assert not re.findall(r"<(?:script|b|i)>", html)
    assert pickle.loads(pickle.dumps(found)) == found
    assert hash(found) == hash(pickle.loads(pickle.dumps(found)))
    assert repr(found).startswith("Explanation(vote='<i>', reason=")
    assert "abstains" in Explanation(None, "nothing")._repr_html_()


@pytest.mark.parametrize(
    ("text", "spans", "html"),
    [
        ("abc", [], "abc"),
        ("abc", [(0, 3)], "<mark>abc</mark>"),
        ("abcd", [(2, 4), (0, 1), (1, 2)], "<mark>abcd</mark>"),
        ("abcd", [(1, 1)], "abcd"),
        ("x" * 1000, [], "x" * 400 + " … "),
        ("x" * 500 + "a" + "y" * 500, [(500, 501)], " … " + "x" * 80 + "<mark>a</mark>" + "y" * 80 + " … "),
        (
            "a" + "x" * 998 + "b",
            [(0, 1), (999, 1000)],
            "<mark>a</mark>" + "x" * 80 + " … " + "x" * 80 + "<mark>b</mark>",
        ),
    ],
)
def test_highlights(text, spans, html):
    """Overlaps are one mark, long texts are cut around the marks."""
    assert highlight(text, spans) == html
