"""Refiners in a row: order, forbidden classes, what a notebook shows; and what is given beside the labels."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from weaklab.exceptions import CoverageWarning, FrameError, GoldError, ParameterError, SoftLabelError
from weaklab.refine import Chain, GaussianRefiner, MetricRefiner, OnlineMining, Refiner, ordinal_metric
from weaklab.votes import SoftLabels


class Power(Refiner):
    """Labels to a power."""

    needs_features = False

    def __init__(self, power=2.0, allowed=None):
        self.power = power
        self.allowed = allowed

    def _refine(self, problem):
        return problem.probs**self.power + 0.01, problem.weight


def test_a_chain_is_flat_and_in_order():
    """However it is put together: the steps in turn, each cloned."""
    first, second, third = Power(2.0), MetricRefiner(ordinal_metric(3)), Power(0.5)
    labels = [[0.5, 0.2, 0.3], [0.1, 0.1, 0.8]]
    by_hand = third.fit_transform(second.fit_transform(first.fit_transform(labels)))
    for chain in ((first >> second) >> third, first >> (second >> third), Chain([first, second, third])):
        np.testing.assert_array_equal(chain.fit_transform(labels).probs, by_hand.probs)
        assert [type(step) for step in chain.steps_] == [Power, MetricRefiner, Power]
        assert chain.steps_[0] is not first
    assert repr(first >> third) == "Power() >> Power(power=0.5)"
    assert repr(clone(first >> third)) == repr(pickle.loads(pickle.dumps(first >> third))) == repr(first >> third)


def test_a_class_that_one_step_forbids_is_given_by_none():
    """Later steps, which spread mass, may not give it back, nor may earlier ones."""
    labels = np.full((4, 3), 1 / 3)
    mask = np.array([[1, 1, 0]] * 4, dtype=bool)
    for chain in (Power(allowed=mask) >> Power(), Power() >> Power(allowed=mask)):
        assert (chain.fit_transform(labels).probs[:, 2] == 0).all()
    both = Power(allowed=mask) >> Power(allowed=mask[:, [1, 2, 0]])
    np.testing.assert_array_equal(both.fit_transform(labels).codes(), [0, 0, 0, 0])


def test_a_notebook_shows_what_each_step_did():
    """Before it was used the steps, afterwards a row each."""
    chain = OnlineMining(rounds=2) >> GaussianRefiner(iters=2)
    assert "OnlineMining(rounds=2)</code> &rarr; <code>GaussianRefiner(iters=2)" in chain._repr_html_()
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=200)
    shown = np.where(rng.random(200) < 0.8, y, 1 - y)
    labels = SoftLabels(0.2 + 0.6 * np.eye(2)[shown], weight=np.r_[np.zeros(20), np.ones(180)])
    refined = chain.fit_transform(labels, rng.normal(size=(200, 3)) + 3 * y[:, None])
    assert chain.changes_["step"].tolist() == ["(given)", "OnlineMining(rounds=2)", "GaussianRefiner(iters=2)"]
    covered = chain.changes_["covered"]
    assert covered[0] == 0.9
    assert covered[1] < 0.9 < covered[2]
    assert chain.changes_["confidence"][0] == pytest.approx(0.8)
    assert chain.changed_ == (refined.codes() != labels.codes())[20:].sum()
    assert "90.0%" in chain._repr_html_()
    assert chain._repr_mimebundle_()["text/plain"] == repr(chain)


def test_what_is_no_chain_is_an_error():
    """Something else than a refiner, or nothing at all."""
    with pytest.raises(TypeError):
        Power() >> 3
    with pytest.raises(ParameterError, match="'Power' is no refiner"):
        Chain([Power(), "Power"]).fit_transform([[0.5, 0.5]])
    with pytest.raises(ParameterError, match=r"steps=\[\]"):
        Chain([]).fit_transform([[0.5, 0.5]])


def test_nothing_known_warns_at_the_callers_line():
    """In a chain too; the labels stay."""
    labels = SoftLabels([[0.5, 0.5]] * 3, weight=[0, 0, 0])
    with pytest.warns(CoverageWarning, match="nothing to learn from") as caught:
        refined = (Power() >> Power()).fit_transform(labels)
    assert {one.filename for one in caught} == {__file__}
    np.testing.assert_array_equal(refined.weight, [0, 0, 0])


WRONG_ALLOWED = {
    "a row without any": ([[0], []], None, "row 1 may have no class"),
    "too few rows": ([[0]], None, "has 1 rows"),
    "another number of classes": (np.ones((2, 4), dtype=bool), None, "must be of shape"),
    "no class": ([["eggs"], [0]], None, "row 0: label 'eggs' is not a class"),
    "no collection": ([0, 1], None, "row 0 has 0"),
    "a text": ("ham", None, "collection per row"),
    "a mapping without groups": ({"a": [0]}, None, "groups="),
    "a group without an entry": ({"a": [0]}, ["a", "b"], "group 'b' has no entry"),
    "groups of another length": ({"a": [0]}, ["a"], "1 for 2 rows"),
    "a row without group": ({"a": [0]}, ["a", None], "row 1 has none"),
}


@pytest.mark.parametrize(("allowed", "groups", "message"), WRONG_ALLOWED.values(), ids=WRONG_ALLOWED)
def test_allowed_classes_that_are_none_are_errors(allowed, groups, message):
    """Row, group and class are named."""
    labels = SoftLabels([[0.5, 0.3, 0.2]] * 2, classes=["ham", "spam", "other"])
    with pytest.raises(ParameterError, match=message):
        Power().fit_transform(labels, groups=groups, allowed=allowed)


def test_allowed_classes_by_name_row_and_group():
    """All forms say the same; a label that was wholly for a forbidden class becomes even over the others."""
    labels = SoftLabels([[0.5, 0.3, 0.2], [0.0, 0.0, 1.0]], classes=["ham", "spam", "other"])
    mask = np.array([[True, False, True], [True, True, False]])
    forms = {
        "bools": (mask, None),
        "frame": (pd.DataFrame(mask), None),
        "names": ([["ham", "other"], {"ham", "spam"}], None),
        "codes": ([[0, 2], np.array([0, 1])], None),
        "groups": ({("a", 1): ["ham", "other"], ("b", 1): ["ham", "spam"]}, [("a", 1), ("b", 1)]),
    }
    for form, (allowed, groups) in forms.items():
        refined = Power(1.0).fit_transform(labels, groups=groups, allowed=allowed)
        assert (refined.probs[~mask] == 0).all(), form
        assert refined.probs[1, 0] == refined.probs[1, 1] == 0.5, form


def test_gold_that_is_forbidden_is_an_error():
    """One of the two is wrong, and only the user knows which."""
    labels = SoftLabels([[0.5, 0.5]] * 2, gold=[-1, 1], classes=["ham", "spam"])
    with pytest.raises(GoldError, match="gold class of row 1 is 'spam'"):
        Power().fit_transform(labels, allowed=[[0, 1], [0]])


def test_a_row_that_tags_restrict_is_not_uncovered():
    """Its tags say something of it, so that it counts; one whose tags allow everything stays uncovered."""
    labels = SoftLabels([[0.2, 0.3, 0.5]] * 2, weight=[0, 0])
    refined = Power().fit_transform(labels, allowed=[[0, 1], [0, 1, 2]])
    assert refined.covered.tolist() == [True, False]


def test_a_refiner_that_answers_nonsense_is_told_so():
    """Negative scores and wrong shapes are bugs of the refiner, not labels."""

    class Wrong(Power):
        def _refine(self, problem):
            return (-problem.probs if self.power else problem.probs[:1]), problem.weight

    with pytest.raises(SoftLabelError, match="row 0: those are no scores"):
        Wrong().fit_transform([[0.5, 0.5]] * 2)
    with pytest.raises(SoftLabelError, match=r"shape \(1, 2\) where \(2, 2\)"):
        Wrong(0).fit_transform([[0.5, 0.5]] * 2)


@pytest.mark.parametrize(
    ("Z", "message"),
    [
        (np.ma.masked_array([[1.0], [2.0]], mask=[[False], [True]]), "row 1, column 0 is masked"),
        (sp.csr_array([[1.0], [np.nan]]), "row 1, column 0 is nan"),
        (pd.DataFrame({"a": [1.0, None]}), "row 1, column 0 is nan"),
        (pd.DataFrame({"a": [1, 2], "text": ["x", "y"]}), "Column 'text'.*Encode it first"),
        (["some", "texts"], "Encode it first"),
        ([[1 + 1j], [0]], "not of real numbers"),
        ([[1.0], [2.0, 3.0]], "matrix of numbers"),
        ([[1.0]], "1 rows; there are 2"),
    ],
)
def test_features_that_are_none_are_errors(Z, message):
    """The place is named, and what to do."""
    with pytest.raises(FrameError, match=message):
        GaussianRefiner().fit_transform([[0.5, 0.5]] * 2, Z)


def test_labels_that_are_none_are_errors():
    """Hard labels are no soft ones."""
    for wrong in ([0, 1], 3, [[0.5, 0.6]]):
        with pytest.raises(SoftLabelError):
            Power().fit_transform(wrong)
