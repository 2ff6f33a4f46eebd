"""Labels and probabilities from one form to another."""

from __future__ import annotations

import numpy as np
from cases import an_error, case, differs

PROBS = np.array([[0.5, 0.5], [0.2, 0.8], [0.5, 0.5], [0.7, 0.3], [0.5, 0.5], [0.5, 0.5]])


@case
def predictions_by_hash(sn):
    """Ties by the row's number, the default."""
    return sn("utils").probs_to_preds(np.tile([0.5, 0.5], (40, 1)))


@case
def predictions_of_three_by_hash(sn):
    """Ties of three, and of two of three."""
    probs = np.vstack([np.full((30, 3), 1 / 3), np.tile([0.4, 0.2, 0.4], (30, 1))])
    return sn("utils").probs_to_preds(probs, tie_break_policy="random")


@case
def predictions_that_abstain(sn):
    """``tie_break_policy="abstain"``."""
    return sn("utils").probs_to_preds(PROBS, tie_break_policy="abstain")


@case
def predictions_that_are_drawn(sn):
    """``"true-random"``: one of those that are even."""
    found = sn("utils").probs_to_preds(PROBS, tie_break_policy="true-random")
    return found[[1, 3]], bool(np.isin(found, [0, 1]).all())


@case
def predictions_by_an_unknown_policy(sn):
    """ValueError."""
    return lambda: sn("utils").probs_to_preds(PROBS, tie_break_policy="flip")


@case
def what_is_almost_even(sn):
    """``tol``."""
    probs = np.array([[0.500001, 0.499999], [0.51, 0.49]])
    call = sn("utils").probs_to_preds
    return call(probs, "abstain"), call(probs, "abstain", 0.1), call(probs, tie_break_policy="abstain", tol=1e-9)


@case
def the_type_of_predictions(sn):
    """int64."""
    return str(sn("utils").probs_to_preds(PROBS).dtype)


@case
def predictions_of_a_vector(sn):
    """A vector is an error."""
    return lambda: sn("utils").probs_to_preds(np.array([0.5, 0.5]))


@case
def certain_probabilities(sn):
    """``preds_to_probs``."""
    return sn("utils").preds_to_probs(np.array([0, 2, 1]), 3)


@case
def certain_probabilities_of_an_abstention(sn):
    """ValueError."""
    return lambda: sn("utils").preds_to_probs(np.array([0, -1]), 2)


@case
def labels_of_floats(sn):
    """Floats without a fraction."""
    return sn("utils").to_int_label_array(np.array([1.0, -1.0, 0.0]))


@case
def labels_of_a_column(sn):
    """(n, 1) becomes (n,), or not."""
    call = sn("utils").to_int_label_array
    return call(np.array([[1], [0]])), call(np.array([[1], [0]]), flatten_vector=False)


@case
def labels_of_one(sn):
    """One row stays an array."""
    return sn("utils").to_int_label_array(np.array([[1]]))


@case
def labels_with_a_fraction(sn):
    """ValueError."""
    return lambda: sn("utils").to_int_label_array(np.array([0.5]))


@case
def labels_of_two_columns(sn):
    """ValueError to flatten."""
    return lambda: sn("utils").to_int_label_array(np.array([[1, 0], [0, 1]]))


@case
def labels_of_two_columns_that_stay(sn):
    """``flatten_vector=False``."""
    return sn("utils").to_int_label_array(np.array([[1, 0], [0, 1]]), flatten_vector=False)


@case
def filtered_labels(sn):
    """``filter_labels``."""
    golds, preds = np.array([-1, 0, 1, 1]), np.array([0, 0, -1, 1])
    return sn("utils").filter_labels({"golds": golds, "preds": preds}, {"golds": [-1], "preds": [-1]})


@case
def filtered_labels_of_one(sn):
    """A filter on one of two."""
    golds, preds = np.array([-1, 0, 1, 1]), np.array([0, 0, -1, 1])
    return sn("utils").filter_labels({"golds": golds, "preds": preds}, {"preds": [-1, 1]})


@case
def filtered_labels_with_none(sn):
    """None stays."""
    given = {"golds": np.array([-1, 0]), "preds": None, "probs": np.array([[0.1, 0.9], [1, 0]])}
    found = sn("utils").filter_labels(given, {"golds": [-1], "preds": [-1]})
    return found["golds"], found["preds"] is None, found["probs"]


@case
def names_that_are_unique(sn):
    """``utils.data_operators.check_unique_names``."""
    check = sn("utils.data_operators").check_unique_names
    return [check(["a", "b"]), lambda: check(["a", "a"])]


@case
def a_matrix_with_planted_truth(sn):
    """``generate_simple_label_matrix``: shapes and ranges."""
    np.random.seed(1)  # noqa: NPY002  -- Snorkel draws from it
    P, Y, L = sn("synthetic.synthetic_data").generate_simple_label_matrix(500, 4, 3)
    return P.shape, Y.shape, L.shape, np.unique(Y), np.unique(L), np.allclose(P.sum(axis=1), 1)


@case
def a_matrix_without_abstentions(sn):
    """``abstain_multiplier=0``."""
    L = sn("synthetic.synthetic_data").generate_simple_label_matrix(200, 4, 2, abstain_multiplier=0.0)[2]
    return np.unique(L)


@case
def planted_functions_are_better_than_chance(sn):
    """P(vote is y | y) is the highest of the votes of y."""
    P = sn("synthetic.synthetic_data").generate_simple_label_matrix(100, 10, 3)[0]
    return all(bool((table[1:].argmax(axis=0) == np.arange(3)).all()) for table in P)


@differs("what is NaN has no highest: an error that says the row", an_error(ValueError))
def predictions_of_what_is_not_a_number(sn):
    """``probs_to_preds`` of a row of NaN."""
    return sn("utils").probs_to_preds(np.array([[0.2, 0.8], [np.nan, np.nan]]), tie_break_policy="abstain")
