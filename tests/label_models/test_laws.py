"""The law book of weaklab.testing on every label model, and scikit-learn's own checks."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from weaklab.exceptions import ParameterError
from weaklab.label_models import (
    EBCC,
    GLAD,
    IBCC,
    MACE,
    ContinuousModel,
    DawidSkene,
    LabelModel,
    MajorityVote,
    MatrixCompletion,
    OneCoin,
    PartialLabelModel,
    TemperedModel,
    TripletModel,
    WeightedVote,
)
from weaklab.testing import check_label_model, laws_for

MODELS = {
    "MajorityVote": MajorityVote(),
    "LabelModel": LabelModel(),
    "DawidSkene": DawidSkene(),
    "DawidSkene, abstain an outcome": DawidSkene(abstain="outcome"),
    "DawidSkene, uniform": DawidSkene(class_balance="uniform"),
    "WeightedVote": WeightedVote(),
    "OneCoin": OneCoin(),
    "OneCoin, balance learned": OneCoin(class_balance="estimate"),
    "TemperedModel": TemperedModel(),
    "MatrixCompletion": MatrixCompletion(),
    "MatrixCompletion, balance learned": MatrixCompletion(class_balance="estimate"),
    "TripletModel": TripletModel(),
    "TripletModel, balance learned": TripletModel(class_balance="estimate"),
    "PartialLabelModel": PartialLabelModel(),
    "PartialLabelModel, balance learned": PartialLabelModel(class_balance="estimate"),
    "ContinuousModel": ContinuousModel(),
    "ContinuousModel, uniform": ContinuousModel(class_balance="uniform"),
    "MACE": MACE(n_restarts=2),
    "GLAD": GLAD(n_nodes=5),
    "IBCC": IBCC(),
    "EBCC": EBCC(n_subtypes=3, n_restarts=2),
}


@pytest.mark.parametrize(
    ("model", "law"),
    [pytest.param(model, law, id=f"{name}: {rule}") for name, model in MODELS.items() for rule, law in laws_for(model)],
)
def test_every_label_model_keeps_the_laws(model, law):
    """What any label model must promise, whatever its maths."""
    law(clone(model))


def test_a_model_that_breaks_a_law_is_caught():
    """The law book can fail: a model that looks at the order of the rows breaks a law by name."""

    class Positional(MajorityVote):
        def _posterior(self, votes):
            q = super()._posterior(votes)
            q[1::2] = q[1::2, ::-1]
            return q

    with pytest.raises(AssertionError, match="breaks the law 'row_order_is_irrelevant'"):
        check_label_model(Positional())


@pytest.mark.parametrize(
    ("exemptions", "message"),
    [({"row_order": "no"}, "no law 'row_order'"), ({"many_classes_work": " "}, "needs a reason")],
)
def test_exemptions_name_a_law_and_a_reason(exemptions, message):
    """No one is exempt from a law that does not exist, or without saying why."""
    model = MajorityVote()
    model.law_exemptions = exemptions
    with pytest.raises(ParameterError, match=message):
        check_label_model(model)


CODES_ONLY = "votes are class codes from -1: the check feeds other numbers, which are refused by name"
SKLEARN_EXEMPTIONS = {
    "check_sample_weight_equivalence_on_dense_data": CODES_ONLY + "; the law weights_are_repetitions stands for it",
    "check_sample_weight_equivalence_on_sparse_data": CODES_ONLY + "; the law weights_are_repetitions stands for it",
    "check_positive_only_tag_during_fit": CODES_ONLY + "; -1, the one negative number allowed, is abstain",
    "check_dtype_object": CODES_ONLY + ", a dict among them as a VoteError rather than a TypeError",
    "check_dataframe_column_names_consistency": "columns are matched by name in any order, and arrays need no names",
}


def expected_failures(estimator):
    """The checks of scikit-learn that label models are not meant to pass, with reasons."""
    return SKLEARN_EXEMPTIONS


@parametrize_with_checks(
    [model for name, model in MODELS.items() if "," not in name], expected_failed_checks=expected_failures
)
def test_label_models_are_scikit_learn_estimators(estimator, check):
    """clone, pickling, set_params, input checks and the rest work as scikit-learn's users expect."""
    check(estimator)


def test_laws_use_no_more_than_the_public_contract():
    """A third-party model that only follows the contract can be checked: nothing here asks for weaklab's base class."""
    fitted = MajorityVote().fit(np.array([[0, 1], [1, 1]]))
    assert {"classes_", "class_prior_", "n_features_in_", "n_iter_", "converged_"} <= set(vars(fitted))
