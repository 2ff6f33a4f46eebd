"""Cards of a list of labeling functions and of their votes: figures are the tables', and thousands stay readable."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import weaklab as wl
from weaklab.datasets import make_votes
from weaklab.exceptions import ClassError, LabelingFunctionError, VoteError
from weaklab.votes import PartialVotes, SoftVotes


@wl.labeling_function
def shouting(row):
    """All capitals.

    More that is not shown.
    """
    return 1 if row.text.isupper() else None


@wl.labeling_function(batch=True, output="set")
def either(frame):
    return [[0, 1]] * len(frame)


LFS = [
    wl.keyword_lf(["win", "free"], column="text", label=1),
    wl.threshold_lf("links", above=3, label="spam", name="<b>links</b>"),
    wl.bands_lf("links", [(None, 2, 0), (3, None, 1)]),
    shouting,
    either,
]


class TestListOfLabelingFunctions:
    def test_each_says_what_it_is_and_what_it_reads(self):
        """Kind, labels, columns and what is looked for; what a function of Python does not say is left empty."""
        listed = wl.describe_lfs(LFS, classes=["ham", "spam"])
        assert len(listed) == 5
        assert listed.frame["kind"].tolist() == [
            "KeywordLF",
            "ThresholdLF",
            "BandsLF",
            "function",
            "function of frames",
        ]
        assert listed.frame["labels"].tolist() == [(1,), ("spam",), (0, 1), None, None]
        assert listed.frame["columns"].tolist() == [("text",), ("links",), ("links",), None, None]
        assert listed.frame["how"].tolist()[:2] == ["keywords=('win', 'free')", "above=3"]
        assert listed.frame.loc["shouting", "how"] == "All capitals."
        text = repr(listed)
        assert text.startswith("5 labeling functions: 1 KeywordLF, 1 ThresholdLF")
        assert "votes for: spam 2, spam 1, ham 1; 2 do not say" not in text  # a code and its name are one class
        assert "votes for: spam 3, ham 1; 2 do not say" in text
        assert "(sets)" in text

    def test_classes_that_nobody_votes_for_are_named(self):
        """The first thing to write; where a function does not say, nothing is claimed."""
        assert wl.describe_lfs(LFS[:2], classes=["ham", "spam", "?"]).unclaimed == ["ham", "?"]
        assert "nobody votes for: ham, ?" in repr(wl.describe_lfs(LFS[:2], classes=["ham", "spam", "?"]))
        assert wl.describe_lfs(LFS, classes=["ham", "spam", "?"]).unclaimed == []
        assert wl.describe_lfs(LFS[:2]).unclaimed == []

    def test_names_are_escaped_and_no_colour_is_named(self):
        """Light or dark is the notebook's; and what a user writes is no markup."""
        html = wl.describe_lfs(LFS)._repr_html_()
        assert "<b>links</b>" not in html
        assert "&lt;b&gt;links&lt;/b&gt;" in html
        assert "color" not in html

    def test_three_thousand_are_cut_and_said_to_be(self):
        """The first fifty, no line too long, and all of them in the frame."""
        many = [
            wl.keyword_lf(["word"] * 50 + [f"w{j}"], column="text", label=1, name=f"{'lf' * 90}_{j}")
            for j in range(3000)
        ]
        listed = wl.describe_lfs(many)
        text = repr(listed)
        assert "and 2,950 more, in .frame" in text
        assert len(text.splitlines()) < 60
        assert max(map(len, text.splitlines())) < 160
        html = listed._repr_html_()
        assert html.count("<tr>") == 51
        assert "and 2,950 more" in html
        assert len(html) < 60_000
        assert len(listed.frame) == 3000

    def test_one_a_plain_function_and_what_is_none(self):
        """As apply takes them."""
        assert "1 labeling function: 1 function" in repr(wl.describe_lfs(shouting))
        assert wl.describe_lfs([lambda_with_a_name]).frame.index.tolist() == ["lambda_with_a_name"]
        with pytest.raises(LabelingFunctionError, match="no labeling function"):
            wl.describe_lfs([3])
        with pytest.raises(ClassError):
            wl.describe_lfs(LFS, classes=["ham", "ham"])


def lambda_with_a_name(row):
    return None


class TestVotes:
    def test_figures_are_those_of_the_rows(self):
        """Counted anew from the votes by hand."""
        planted = make_votes(n=500, m=6, k=3, coverage=0.3, random_state=0)
        votes = planted.votes.assign(typo=-1)
        found = wl.describe_votes(votes, classes=["a", "b", "c"])
        table = votes.to_numpy()
        voted = (table >= 0).sum(axis=1)
        kinds = np.array([len(set(row[row >= 0])) for row in table])
        assert (found.n, found.m, found.votes) == (500, 7, (table >= 0).sum())
        assert (found.covered, found.overlapping, found.conflicting) == (
            (voted > 0).sum(),
            (voted > 1).sum(),
            (kinds > 1).sum(),
        )
        assert found.silent == ["typo"]
        assert found.classes.index.tolist() == ["a", "b", "c"]
        for code, name in enumerate("abc"):
            line = found.classes.loc[name]
            assert line["votes"] == (table == code).sum()
            assert line["lfs"] == (table == code).any(axis=0).sum()
            assert line["rows"] == (table == code).any(axis=1).sum()
        assert found.classes["share"].sum() == pytest.approx(1)
        pd.testing.assert_frame_equal(found.lfs, wl.summarize(votes, classes=["a", "b", "c"]))
        text = repr(found)
        assert "never vote" in text
        assert f"{found.conflicting:,}" in text

    def test_inputs_of_every_form_say_the_same(self):
        """As everywhere."""
        votes = make_votes(n=300, m=5, coverage=0.4).votes
        from scipy import sparse

        forms = [votes.to_numpy(), votes.to_numpy().tolist(), sparse.csr_array(votes.to_numpy() + 1)]
        said = {repr(wl.describe_votes(form, classes=2)) for form in forms}
        assert len(said) == 1
        assert "column 0" in said.pop()

    def test_sets_distributions_and_faults_are_told(self):
        """Sets of several classes are votes, for no class; those that failed are named with how often."""
        sets = wl.describe_votes(PartialVotes([[0b01, 0b11], [0, 0b11], [0, 0]], k=2, names=("a", "b")))
        assert (sets.votes, sets.sets, sets.covered, sets.overlapping) == (3, 2, 2, 1)
        assert sets.lfs["votes"].tolist() == [1, 0]
        assert sets.silent == []
        assert "2 votes are for several classes" in repr(sets)
        soft = wl.describe_votes(SoftVotes([[[0.9, 0.1], [0.2, 0.8]], [[np.nan] * 2, [0.5, 0.5]]]))
        assert (soft.votes, soft.covered, soft.conflicting) == (3, 2, 1)

        @wl.labeling_function
        def fails(row):
            return 1 // (row.x > 1)

        frame = pd.DataFrame({"x": [1, 2, 3]})
        with pytest.warns(wl.exceptions.FaultWarning):
            votes = wl.apply([fails], frame, on_error="abstain", progress=False, cache=False)
        found = wl.describe_votes(votes)
        assert found.faults == {"fails": 1}
        assert "fails on 1 rows" in found._repr_html_()

    def test_three_thousand_functions_and_a_hundred_classes_are_cut_and_said_to_be(self):
        """Those with most votes come first, and both forms stay short."""
        planted = make_votes(n=400, m=3000, k=100, coverage=(0.001, 0.02), random_state=0)
        votes = planted.votes.set_axis([f"{j}_{'long' * 60}" for j in range(3000)], axis=1)
        found = wl.describe_votes(votes)
        text, html = repr(found), found._repr_html_()
        left = 3000 - len(found.silent) - 30
        for shown in (text, html):
            assert f"and {left:,} more labeling functions, with fewer votes" in shown
            assert "and 80 more classes, with fewer votes" in shown
        assert len(text.splitlines()) < 75
        assert max(map(len, text.splitlines())) < 160
        assert len(html) < 40_000
        first = int(re.search(r">(\d+)_long", html.split("labeling function</th>")[1])[1])
        assert found.lfs["votes"].iloc[first] == found.lfs["votes"].max()

    def test_names_are_escaped_and_no_colour_is_named(self):
        """They may hold anything."""
        html = wl.describe_votes(pd.DataFrame({"<script>": [0, 1], "b\nc": [-1, -1]}))._repr_html_()
        assert "<script>" not in html
        assert "&lt;script&gt;" in html
        assert "color" not in html

    @pytest.mark.filterwarnings("ignore::weaklab.exceptions.CoverageWarning")
    def test_no_rows_and_no_votes_are_said(self):
        """Nothing is divided by nothing."""
        assert "on 0 rows" in repr(wl.describe_votes(np.empty((0, 2), dtype=int)))
        silent = wl.describe_votes(np.full((4, 2), -1))
        assert "0 rows (0.0%) have a vote" in repr(silent)
        assert "never vote   column 0, column 1" in repr(silent)
        with pytest.raises(VoteError):
            wl.describe_votes([[0.5]])
