"""Warnings in words: an alarm on each planted fault, and none on clean votes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from weaklab.datasets import Group, make_votes
from weaklab.exceptions import CollapseWarning, NotConvergedWarning
from weaklab.label_models import DawidSkene, LabelModel, MajorityVote


@pytest.mark.parametrize("kind", ["full", "unipolar", "crowd"])
def test_clean_votes_raise_no_alarm(kind):
    """A warning that comes without a reason is not read when there is one."""
    for seed in range(20):
        planted = make_votes(n=3000, m=10, kind=kind, coverage=0.3, accuracy=(0.7, 0.9), random_state=seed)
        assert LabelModel().fit(planted.votes).warnings_ == []


def test_a_function_that_is_wrong_is_named():
    """Accuracy below chance is a bug of the function more often than a fact of the data."""
    planted = make_votes(n=3000, m=8, coverage=0.5, accuracy=[0.85] * 7 + [0.25], random_state=0)
    said = LabelModel().fit(planted.votes).warnings_
    assert len(said) == 1
    assert "'lf_7' is learned as worse than chance" in said[0]


def test_collapse_is_said():
    """Dawid and Skene's model gives unipolar votes to one class; the card and the list say so."""
    planted = make_votes(n=5000, m=10, kind="unipolar", coverage=0.2, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        model = DawidSkene().fit(planted.votes)
        rare = make_votes(n=5000, kind="unipolar", coverage=(0.01, 0.3), class_balance=[0.9, 0.1], random_state=1)
        with pytest.warns(CollapseWarning, match="collapsed to one class"):
            other = DawidSkene().fit(rare.votes)
    assert "No labeling function is learned as better than chance" in " ".join(model.warnings_)
    assert "the model has collapsed to one class" in " ".join(other.warnings_)
    assert "collapsed to one class" in other._repr_html_()


def test_votes_that_never_meet_identify_nothing():
    """Without overlap there are no agreements, and the accuracies are the prior's."""
    votes = np.full((400, 4), -1)
    votes[np.arange(400), np.arange(400) % 4] = np.arange(400) % 2
    assert any("too few to tell" in finding for finding in LabelModel().fit(votes).warnings_)


def test_copies_that_are_overruled_are_said():
    """Six copies carry majority vote; a model that counts them once goes against it, and its user should look."""
    planted = make_votes(n=3000, m=12, coverage=0.4, groups=[Group(6, 1.0, accuracy=0.55)], random_state=0)
    said = LabelModel().fit(planted.votes).warnings_
    assert len(said) == 1
    assert "of the rows get another class than most of their votes are for" in said[0]
    assert MajorityVote().fit(planted.votes).warnings_ == []


@pytest.mark.parametrize("copies", [0, 3])
def test_two_voices_identify_nothing(copies):
    """Two labeling functions show one agreement and have two accuracies; copies add none. Gold rows tell."""
    votes = make_votes(n=2000, m=2, coverage=0.5, random_state=0)
    frame = votes.votes.assign(**{f"again_{copy}": votes.votes["lf_0"] for copy in range(copies)})
    said = " ".join(LabelModel().fit(frame).warnings_)
    assert "Fewer than three labeling functions vote without repeating another" in said
    assert "Fewer than three" not in " ".join(LabelModel().fit(frame, votes.y).warnings_)


def test_votes_at_random_accuse_nobody():
    """Noise is no better than chance, and no worse: what is learned of it is chance too."""
    for seed in range(10):
        votes = make_votes(n=3000, m=8, coverage=0.5, accuracy=0.5, random_state=seed).votes
        assert "worse than chance" not in " ".join(LabelModel().fit(votes).warnings_)


def test_one_row_is_no_collapse():
    """Where all few rows have the same majority, one class takes all by right."""
    assert "collapsed" not in " ".join(MajorityVote().fit([[1, 1, 0]]).warnings_)


def test_the_card_names_groups_that_repeat_each_other():
    """A user sees in the notebook that copies count as one."""
    votes = make_votes(n=3000, m=8, coverage=0.5, random_state=2).votes
    votes["again"] = votes["lf_0"]
    assert "lf_0, again repeat each other: together they count as 1.0 votes" in LabelModel().fit(votes)._repr_html_()


def test_a_printed_model_says_what_it_learned():
    """Accuracies, intervals and remarks; the repr stays the constructor, and so does the text of one not fitted."""
    planted = make_votes(n=2000, m=6, coverage=0.6, groups=[Group(2, 0.99)], random_state=0)
    model = LabelModel(classes=["ham", "spam"])
    assert str(model) == repr(model)
    text = str(model.fit(planted.votes))
    assert text.startswith(repr(model))
    for name, accuracy in zip(planted.votes, model.accuracies_, strict=True):
        assert any(line.split()[0] == name and f"{accuracy:.3f}" in line for line in text.splitlines())
    assert "repeat each other" in text
    assert max(map(len, text.splitlines())) <= 104


def test_the_card_doubts_only_accuracies_near_chance():
    """A wide interval of an accuracy far above chance is no remark; noise gets one."""
    model = LabelModel().fit(make_votes(n=1000, m=8, coverage=0.1, random_state=0).votes)
    assert ((model.accuracy_intervals_[:, 0] < 0.5) & (model.accuracies_ > 0.52)).any()
    assert (model.accuracies_ > 0.52).all()
    assert "no better than chance" not in model._repr_html_()
    noise = LabelModel().fit(np.random.default_rng(0).integers(0, 2, (400, 8)))
    assert noise._repr_html_().count("could be no better than chance") == (noise.accuracies_ < 0.52).sum() > 0
