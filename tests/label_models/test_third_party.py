"""Label models of others: what the docs show passes the laws, and what is wrong with one is caught by name."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from weaklab.testing import check_label_model

PAGE = Path(__file__).resolve().parents[2] / "docs" / "your-own-label-model.md"


@pytest.fixture
def page(monkeypatch):
    """What the page defines: a model on weaklab's shell, one that only follows scikit-learn's manner."""
    module = ModuleType("your_own_label_model")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # models are pickled by their module's name
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        exec(re.sub(r"^check_label_model.*", "", block, flags=re.MULTILINE), vars(module))
    return module


def derive(page, name, *bases, **attributes):
    """A model that is defined on the page, too."""
    model = type(name, bases, {"__module__": page.__name__, **attributes})
    setattr(page, name, model)
    return model()


class WrongClassOrder:
    """Columns stand in another order than ``classes_``."""

    def predict_proba(self, votes):
        return super().predict_proba(votes)[:, ::-1]


class LooksAtOtherRows:
    """A row is scored against the others that it comes with."""

    def predict_proba(self, votes):
        q = super().predict_proba(votes)
        q = q * (0.9 + q.mean(axis=0)) if len(q) else q
        q /= q.sum(axis=1, keepdims=True)
        silent = ~(np.asarray(votes.todense() - 1 if hasattr(votes, "todense") else votes) >= 0).any(axis=1)
        q[silent] = self.class_prior_
        return q


class NaNWithoutVotes:
    """The posterior of no votes is 0 / 0."""

    def predict_proba(self, votes):
        q = super().predict_proba(votes)
        q[np.ptp(q, axis=1) < 1e-12] = np.nan
        return q


class WritesOnVotes:
    """Abstentions are written over, to be rid of them."""

    def fit(self, votes, y=None, sample_weight=None):
        super().fit(votes, y, sample_weight)
        if isinstance(votes, np.ndarray) and votes.flags.writeable:
            votes[votes < 0] = 0
        return self


class TiesByRow:
    """Every second row takes the last of the tied classes."""

    def predict(self, votes, ties="lowest"):
        predicted = np.array(super().predict(votes, ties))
        q = self.predict_proba(votes)
        last = q.shape[1] - 1 - q[:, ::-1].argmax(axis=1)
        predicted[1::2] = self.classes_[last[1::2]]
        return predicted


FAULTS = {
    WrongClassOrder: "class_order_is_irrelevant",
    LooksAtOtherRows: "prediction_is_inductive",
    NaNWithoutVotes: "probabilities_are_distributions",
    WritesOnVotes: "inputs_are_left_alone",
    TiesByRow: "ties_follow_their_rule",
}


@pytest.mark.parametrize("base", ["AgreementModel", "SmoothedShare"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_caught_by_the_law_that_forbids_it(page, base, fault):
    """The error names the law and says its sentence, whatever the model descends from."""
    wrong = derive(page, "Wrong", fault, getattr(page, base))
    with pytest.raises(AssertionError, match=f"Wrong breaks the law '{FAULTS[fault]}': [A-Z]"):
        check_label_model(wrong)


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("labels", "labels_carry_coverage"),
        ("accuracies_", "attributes_are_sound"),
        ("explain", "explanations_add_up"),
    ],
)
def test_what_a_model_lacks_is_told_with_the_way_out(page, name, law):
    """A model need not have everything; the error says how to say so."""
    exemptions = {other: why for other, why in page.SmoothedShare.law_exemptions.items() if other != law}
    plain = derive(page, "Plain", page.SmoothedShare, law_exemptions=exemptions)
    with pytest.raises(AssertionError, match=f"no attribute '{name}'.*say why: law_exemptions = {{'{law}'"):
        check_label_model(plain)
