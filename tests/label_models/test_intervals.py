"""How often accuracy_intervals_ hold the planted accuracies: `make test-slow`, with -s to see the figures."""

from __future__ import annotations

import numpy as np
import pytest

from weaklab.datasets import Group, make_votes
from weaklab.label_models import DawidSkene, LabelModel

INDEPENDENT = {"n": 2000, "m": 8, "coverage": 0.5}
COPIES = INDEPENDENT | {"groups": [Group(3, 0.8)]}


def held(model, draws, **how):
    """The share of labeling functions whose interval holds the planted accuracy."""
    inside = []
    for seed in range(draws):
        planted = make_votes(**how, random_state=seed)
        low, high = model().fit(planted.votes).accuracy_intervals_.T
        inside.append(((low <= planted.accuracy) & (planted.accuracy <= high)).mean())
    return float(np.mean(inside))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "how", "least"),
    [
        pytest.param(DawidSkene, INDEPENDENT, 0.86, id="DawidSkene, independent"),
        pytest.param(LabelModel, INDEPENDENT, 0.86, id="LabelModel, independent"),
        pytest.param(LabelModel, COPIES, 0.85, id="LabelModel, copies"),
        pytest.param(DawidSkene, COPIES, 0.85, id="DawidSkene, copies"),
    ],
)
def test_intervals_hold_as_often_as_documented(model, how, least, record_property):
    """Nominal 90 %; the bounds leave room for three standard errors of 200 draws."""
    share = held(model, 200, **how)
    record_property("held", share)
    print(f"{model.__name__}: {share:.3f}")  # noqa: T201 (shown with -s)
    assert share >= least


@pytest.mark.parametrize(
    "how",
    [
        {"n": 5000, "m": 8, "coverage": 0.5},
        {"n": 5000, "m": 10, "coverage": 0.3, "class_balance": [0.9, 0.1]},
        {"n": 5000, "m": 10, "kind": "unipolar", "coverage": 0.2},
        {"n": 5000, "m": 10, "coverage": 0.5, "groups": [Group(4, 0.8)]},
    ],
    ids=["full", "rare class", "unipolar", "copies"],
)
def test_accuracies_are_not_biased(how):
    """The labels' rule is cautious, and would say two to eight points too little of everybody."""
    off = []
    for seed in range(8):
        planted = make_votes(**how, random_state=seed)
        off.append((LabelModel().fit(planted.votes).accuracies_ - planted.accuracy).mean())
    assert abs(np.mean(off)) < 0.012


@pytest.mark.filterwarnings("ignore::weaklab.exceptions.NotConvergedWarning")
@pytest.mark.parametrize("model", [LabelModel, DawidSkene])
@pytest.mark.parametrize("how", [{"m": 1}, {"m": 2}, {"m": 5, "groups": [Group(5, 1.0)]}], ids=["one", "two", "copies"])
def test_what_votes_cannot_tell_is_left_open(model, how):
    """One agreement, or none, fits many accuracies, however many rows there are."""
    votes = make_votes(n=10_000, coverage=0.5, random_state=0, **how).votes
    assert np.diff(model().fit(votes).accuracy_intervals_, axis=1).min() > 0.3


def test_reports_change_no_label():
    """Whatever is said of labeling functions is computed on the side, and only when it is asked for."""
    planted = make_votes(n=1000, groups=[Group(3, 0.8)], random_state=0)
    model = LabelModel().fit(planted.votes)
    before = model.predict_proba(planted.votes)
    assert model.accuracy_intervals_.shape == (10, 2)
    np.testing.assert_array_equal(model.predict_proba(planted.votes), before)
    np.testing.assert_allclose(model.confusion_.sum(axis=2), 1)


def test_intervals_narrow_as_rows_grow():
    """Four times the rows halve the width, within a third."""
    widths = []
    for n in (1000, 4000):
        votes = make_votes(n=n, m=8, coverage=0.5, random_state=0).votes
        widths.append(np.diff(DawidSkene().fit(votes).accuracy_intervals_, axis=1).mean())
    assert 1.33 < widths[0] / widths[1] < 3
