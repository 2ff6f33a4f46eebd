"""The queue for a person, and asking again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import CoverageWarning, GoldError, ParameterError, SoftLabelError
from weaklab.trust import reroute, review_queue
from weaklab.votes import SoftLabels

PROBS = np.array([[0.9, 0.1], [0.55, 0.45], [0.2, 0.8], [0.5, 0.5]])
VOTES = pd.DataFrame({"a": [0, 0, 1, -1], "b": [0, 1, 0, -1]}, index=list("wxyz"))


def test_the_riskiest_come_first():
    """With the data's index; uncovered rows are left out unless they are asked for."""
    soft = SoftLabels(PROBS, weight=[1, 1, 1, 0], index=VOTES.index)
    assert review_queue(soft, 3).index.tolist() == ["x", "y", "w"]
    assert review_queue(soft, 1.0 / 3).index.tolist() == ["x"]
    assert review_queue(soft, 9, covered=False).index.tolist() == ["z", "x", "y", "w"]
    np.testing.assert_allclose(review_queue(soft, 3)["risk"], [0.45, 0.2, 0.1])


def test_who_disagrees_is_said():
    """Against the answer, which is the likeliest class or what is given; a row without an answer has all risk."""
    queue = review_queue(PROBS, 4, votes=VOTES)
    said = dict(zip(queue["row"], queue["disagree"], strict=True))
    assert said == {0: (), 1: ("b",), 2: ("b",), 3: ()}
    assert queue["reason"][queue["row"] == 1].item() == "0 0.55, 1 0.45; 'b' says 1; 'a' says 0"
    answered = review_queue(PROBS, 4, votes=VOTES, answers=[1, 0, -1, 0])
    assert answered["row"].tolist() == [2, 0, 3, 1]
    assert answered["label"].tolist() == [None, 1, 0, 0]
    assert answered["disagree"].tolist()[:2] == [("a", "b"), ("a", "b")]
    own = review_queue(PROBS, 2, risk=[0.1, 0.2, 0.3, 0.4])
    assert own["row"].tolist() == [3, 2]
    assert "'a', 'b' say 0" in review_queue(PROBS, 4, votes=VOTES)["reason"].tolist()[-1]


def test_no_covered_row_is_an_empty_queue():
    """With a warning, and the same columns."""
    soft = SoftLabels(PROBS, weight=np.zeros(4))
    with pytest.warns(CoverageWarning, match="nothing to review"):
        queue = review_queue(soft, 2, votes=VOTES)
    assert not len(queue)
    assert queue.columns.tolist() == ["row", "risk", "label", "disagree", "reason"]


def test_asking_again():
    """By budget or threshold, the riskiest first; what is not answered stays, and what was given is not changed."""
    answers, risk, asked = np.array([0, 1, 1, -1]), [0.2, 0.9, 0.5, 1.0], []

    def ask(rows):
        asked.append(rows.tolist())
        return [0, -1][: len(rows)] if len(rows) < 3 else [0, 0, 0]

    assert reroute(answers, risk, ask, budget=2).tolist() == [0, 1, 1, 0]
    assert reroute(answers, risk, ask, threshold=0.5).tolist() == [0, 0, 0, 0]
    assert asked == [[3, 1], [3, 1, 2]]
    assert answers.tolist() == [0, 1, 1, -1]
    assert reroute(answers, risk, lambda rows: pytest.fail("asked"), threshold=2).tolist() == answers.tolist()
    named = reroute(["no", "yes"], [0.1, 0.9], lambda rows: ["no"], budget=1, classes=["no", "yes"])
    assert named.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: review_queue(PROBS, 0), ParameterError, "budget=0"),
        (lambda: review_queue(PROBS, 1.5), ParameterError, "budget=1.5"),
        (lambda: review_queue(PROBS, True), ParameterError, "budget=True"),
        (lambda: review_queue(PROBS, 1, votes=[[0]]), ParameterError, "votes has 1 rows"),
        (lambda: review_queue(PROBS, 1, risk=[np.nan] * 4), ParameterError, "finite"),
        (lambda: review_queue(PROBS, 1, answers=[2] * 4), GoldError, "no class"),
        (lambda: review_queue([[1.0]], 1), SoftLabelError, "k of 2 or more"),
        (lambda: review_queue(3, 1), SoftLabelError, "got 3"),
        (lambda: reroute([0], [0.1], list), ParameterError, "one of budget, threshold"),
        (lambda: reroute([0], [0.1], 3, budget=1), ParameterError, "ask=3"),
        (lambda: reroute([0], [0.1], lambda rows: [], budget=1), ParameterError, "an answer for each"),
        (lambda: reroute([0], [0.1, 0.2], list, budget=1), ParameterError, "1 finite numbers"),
    ],
)
def test_bad_input_is_an_error(call, error, message):
    """Budgets, lengths, and classes that are none."""
    with pytest.raises(error, match=message):
        call()
