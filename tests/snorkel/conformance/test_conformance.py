"""``weaklab.snorkel`` answers as Snorkel 0.10 did, wherever that was right.

Snorkel's answers stand in ``snorkel_answers.json``, which ``conform.py`` wrote; it also asks both live.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("conform", HERE / "conform.py")
assert spec is not None
assert spec.loader is not None
conform = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conform)

from cases import answer  # noqa: E402  -- beside this file, which is on the path only now

CASES = conform.load_cases()
ANSWERS = json.loads(conform.ANSWERS.read_text())


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_snorkels_or_differs_for_a_reason(name):
    """Equal where there is no reason to differ; else exactly what was said to be right, and not Snorkel's."""
    assert conform.complaint(CASES[name], ANSWERS[name], answer(CASES[name], "weaklab.snorkel")) is None


def test_answers_are_kept_of_all_cases_and_no_others():
    """A case that was written after the answers were kept must be asked of Snorkel too."""
    assert set(ANSWERS) == set(CASES)


def test_the_page_lists_every_difference():
    """Its table is written from the cases."""
    text = conform.PAGE.read_text()
    assert conform.page_with(text, conform.table(CASES)) == text


def test_another_answer_is_seen():
    """The comparison itself: types, shapes, order and classes of errors count."""
    pairs = [(1, True), (1, 1.0), ([1], [1, 2]), ({"a": 1}, {"b": 1}), ({"raises": ["KeyError"]}, 1)]
    assert not any(conform.agree(one, other) for one, other in pairs)
    assert not conform.agree({"raises": ["KeyError", "LookupError"]}, {"raises": ["ValueError"]})
    assert conform.agree({"raises": ["KeyError", "LookupError"]}, {"raises": ["ValueError", "KeyError"]})
