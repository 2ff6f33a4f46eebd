"""What a diagnosis is: findings in words, gravest first, in text, HTML and a table; and what it refuses."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from weaklab.analysis import Diagnosis, diagnose
from weaklab.analysis.vote_findings import percent
from weaklab.datasets import Group, make_votes
from weaklab.exceptions import GoldError, ParameterError, VoteError, WeaklabWarning
from weaklab.label_models import ContinuousModel, DawidSkene, LabelModel, MajorityVote, PartialLabelModel
from weaklab.votes import PartialVotes, SoftVotes


def faulty():
    planted = make_votes(n=2000, m=8, coverage=0.5, accuracy=[0.85] * 7 + [0.25], random_state=0)
    return planted.votes.assign(**{"<b>dead</b>": -1}), planted.y


def test_findings_come_gravest_first_with_severity_remedy_and_functions():
    """A reader who reads one line reads the worst."""
    votes, _ = faulty()
    found = DawidSkene(classes=["a", "b", "c"]).fit(votes).diagnose(votes)
    assert found.codes == ["silent_class", "worse_than_chance", "silent_function"]
    assert [one.severity for one in found] == ["serious", "warning", "warning"]
    assert found[1].lfs == ("lf_7",)
    assert all(one.what.endswith(".") and one.remedy.endswith(".") for one in found)
    assert found.frame["code"].tolist() == found.codes
    assert len(found.alarms) == len(found) == 3


def test_it_is_readable_in_a_terminal_and_a_notebook_and_escapes_names():
    """Names come from the user, and may be anything; no colour is fixed, so light and dark both work."""
    votes, _ = faulty()
    found = LabelModel().fit(votes).diagnose(votes)
    text, html = repr(found), found._repr_html_()
    assert text.startswith("LabelModel() on 2,000 rows x 9 labeling functions: 2 warnings")
    assert "WARNING  worse_than_chance" in text
    assert "-> Check" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "<b>dead</b>" not in html
    assert "&lt;b&gt;dead&lt;/b&gt;" in html
    assert "color" not in html


def test_nothing_found_is_said():
    """An empty answer looks like no answer."""
    votes = make_votes(n=1000, m=6, coverage=0.6, accuracy=0.8).votes
    found = LabelModel().fit(votes).diagnose(votes)
    assert list(found) == []
    assert not found
    assert repr(found) == "LabelModel() on 1,000 rows x 6 labeling functions: nothing found"
    assert "nothing found" in found._repr_html_()
    assert found.frame.columns.tolist() == ["severity", "code", "lfs", "what", "remedy"]


def test_weights_that_overrule_majority_vote_by_right_are_a_note():
    """One function of .95 beside two of .6 overrules both, and is right to: no alarm."""
    planted = make_votes(n=4000, m=3, coverage=1.0, accuracy=[0.97, 0.6, 0.6], random_state=0)
    found = DawidSkene().fit(planted.votes).diagnose(planted.votes, planted.y)
    assert "far_from_majority" in found.codes
    assert found.alarms == []


def test_copies_that_the_model_counts_once_are_a_note_and_an_alarm_where_it_does_not():
    """LabelModel knows of its groups; Dawid and Skene's model counts each copy in full."""
    votes = make_votes(n=2000, m=8, coverage=0.5, groups=[Group(3)], random_state=1).votes
    severity = {"LabelModel": "note", "DawidSkene": "warning"}
    for model in (LabelModel(), DawidSkene()):
        found = [one for one in model.fit(votes).diagnose(votes) if one.code == "dependence"]
        assert [one.lfs for one in found] == [("lf_0", "lf_1", "lf_2")]
        assert found[0].severity == severity[type(model).__name__]


def test_the_order_of_columns_is_irrelevant():
    """Votes are matched by name, and each finding names the same functions."""
    votes, y = faulty()
    model = LabelModel().fit(votes)
    there, back = model.diagnose(votes, y), model.diagnose(votes[votes.columns[::-1]], y)
    assert there.frame.equals(back.frame)


def test_richer_votes_are_diagnosed_too():
    """Sets and distributions pass through the same checks, as far as these mean something for them."""
    planted = make_votes(n=1000, m=6, k=3, coverage=0.6, accuracy=0.8)
    one = planted.votes.to_numpy()
    masks = np.where(one >= 0, 1 << np.maximum(one, 0), 0).astype(np.uint64)
    probs = np.where(one[:, :, np.newaxis] >= 0, 0.1 + 0.7 * (one[:, :, np.newaxis] == np.arange(3)), np.nan)
    for model, votes in ((PartialLabelModel(), PartialVotes(masks, k=3)), (ContinuousModel(), SoftVotes(probs))):
        assert model.fit(votes).diagnose(votes, planted.y).alarms == []
        assert isinstance(model.fit(planted.votes).diagnose(planted.votes), Diagnosis)


@pytest.mark.filterwarnings("ignore::weaklab.exceptions.CoverageWarning")
def test_votes_that_are_none_are_said():
    """All abstain: there is one thing to say."""
    votes = np.full((5, 3), -1)
    assert MajorityVote().fit(votes).diagnose(votes).codes[0] == "no_votes"


def test_what_cannot_be_diagnosed_is_an_error_that_says_so():
    """Unfitted, other functions, no rows, gold of another length or all unknown, no model at all."""
    votes, y = faulty()
    model = LabelModel().fit(votes)
    with pytest.raises(NotFittedError):
        LabelModel().diagnose(votes)
    with pytest.raises(VoteError, match="lf_0"):
        model.diagnose(votes.rename(columns={"lf_0": "other"}))
    with pytest.raises(VoteError, match="expecting 9"):
        model.diagnose(votes.to_numpy()[:, :3])
    with pytest.raises(VoteError, match="no rows"):
        model.diagnose(votes.iloc[:0])
    with pytest.raises(GoldError, match=r"shape \(2000,\)"):
        model.diagnose(votes, y[:10])
    with pytest.raises(GoldError, match="None of the 2,000 rows"):
        model.diagnose(votes, np.full(len(y), -1))
    with pytest.raises(ParameterError, match="BaseLabelModel"):
        diagnose("model", votes)


def test_counts_of_one_and_small_shares_are_put_in_words():
    """One function is no functions, and a share that is there is not shown as none."""
    votes = pd.DataFrame({"only": [0, 1] * 30})
    assert "60 rows x 1 labeling function:" in repr(MajorityVote().fit(votes).diagnose(votes))
    assert [percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == [
        "0%",
        "less than 1%",
        "50%",
        "more than 99%",
        "100%",
    ]


def test_a_collapsed_model_is_not_asked_of_its_functions():
    """What it learned of them means nothing; one serious finding says so."""
    planted = make_votes(n=5000, kind="unipolar", coverage=(0.01, 0.3), class_balance=[0.9, 0.1], random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeaklabWarning)
        found = DawidSkene().fit(planted.votes).diagnose(planted.votes, planted.y)
    assert found.codes[0] == "collapse"
    assert "worse_than_chance" not in found.codes


@pytest.mark.parametrize(("n", "m", "coverage"), [(1000, 100, 0.05), (3000, 1000, 0.01)])
def test_many_that_seldom_meet_are_not_alone(n, m, coverage):
    """Each two meet on a row or three, but each meets dozens of others; one that meets nobody is still named."""
    votes = make_votes(n=n, m=m, coverage=coverage, random_state=0).votes
    assert "unidentified" not in LabelModel().fit(votes).diagnose(votes).codes
    votes = pd.concat([votes, pd.DataFrame(-1, range(n, n + 30), votes.columns)])
    votes["hermit"] = [-1] * n + [0, 1] * 15
    found = [one for one in LabelModel().fit(votes).diagnose(votes) if one.code == "unidentified"]
    assert [one.lfs for one in found] == [("hermit",)]
    assert " 0% " not in found[0].what
    assert "votes beside fewer than two others" in found[0].what
