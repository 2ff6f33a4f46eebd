"""The laws of label models, and the data that they are tried on."""

from __future__ import annotations

import copy
import pickle
import tempfile
import warnings
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from weaklab.exceptions import CoverageWarning, NotConvergedWarning
from weaklab.persistence import load

Law = Callable[[Any], None]

#: How far two ways of summing the same numbers may come apart.
ROUNDING = 1e-9


# The data of the laws ---------------------------------------------------------------------------------------------


def _draw(n: int = 400, m: int = 7, k: int = 3, coverage: float = 0.6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Votes (n, m) of labeling functions of accuracy .65 to .9 on balanced classes, and the truth (n,)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(k, size=n)
    accuracy = rng.uniform(0.65, 0.9, size=m)
    wrong = (y[:, np.newaxis] + rng.integers(1, k, size=(n, m))) % k
    votes = np.where(rng.random((n, m)) < accuracy, y[:, np.newaxis], wrong)
    votes[rng.random((n, m)) >= coverage] = -1
    votes[:3] = -1  # rows without votes are always among them
    return votes.astype(np.int8), y


def _with_partial(votes: np.ndarray) -> np.ndarray:
    """The same votes, but the first labeling function only ever votes for class 0."""
    votes = votes.copy()
    votes[votes[:, 0] > 0, 0] = -1
    return votes


def _fit(model: Any, votes: Any, *args: Any, k: int | None = 3, **kwargs: Any) -> Any:
    model = clone(model)
    if k is not None:
        model.set_params(classes=k)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)
        warnings.simplefilter("ignore", NotConvergedWarning)
        return model.fit(votes, *args, **kwargs)


def same(a: np.ndarray, b: np.ndarray, what: str, tolerance: float = ROUNDING) -> None:
    """Assert that two arrays agree, by the bit where the tolerance is 0."""
    if tolerance == 0:
        assert np.array_equal(a, b, equal_nan=True), f"{what}: bits differ"
    np.testing.assert_allclose(a, b, atol=tolerance, rtol=0, err_msg=what)


def _has(model: Any, *names: str) -> list[str]:
    """Which of some names the model has; laws of their own demand them."""
    return [name for name in names if hasattr(model, name)]


def distributions(probs: np.ndarray, n: int, k: int) -> None:
    """Assert that there are n distributions over k classes."""
    assert probs.shape == (n, k), f"probabilities of shape {probs.shape}, not {(n, k)}"
    assert np.isfinite(probs).all(), "a probability is not finite"
    assert (probs >= 0).all(), "a probability is negative"
    same(probs.sum(axis=1), np.ones(n), "rows must sum to 1")


def refuses(action: Callable[..., Any], *given: Any) -> bool:
    """Whether something raises a ValueError, as VoteError and ParameterError are."""
    try:
        action(*given)
    except ValueError:
        return True
    return False


def global_random_state() -> bytes:
    """The state of numpy's global generator, which must not be touched."""
    return pickle.dumps(np.random.get_state())  # noqa: NPY002 (it is the legacy state that must not be touched)


# The laws ---------------------------------------------------------------------------------------------------------


def constructor_only_stores(model: Any) -> None:
    """A clone has the parameters of its original, unchanged by fit."""
    before = model.get_params(deep=False)
    fitted = model.fit(_draw()[0])
    assert fitted is model, "fit must return self"
    after = model.get_params(deep=False)
    assert all(after[name] is before[name] for name in before), "fit changed a constructor parameter"
    clone(model)


def unfitted_models_refuse(model: Any) -> None:
    """Predicting before fit is a NotFittedError."""
    for method in ("predict_proba", "predict", *_has(model, "labels")):
        try:
            getattr(model, method)([[0, 1]])
        except NotFittedError:
            continue
        raise AssertionError(f"{method} before fit raised no NotFittedError")


def probabilities_are_distributions(model: Any) -> None:
    """Each row of predict_proba is finite, non-negative and sums to 1, in every corner of the data."""
    votes, _ = _draw()
    sparse = scipy.sparse.random(200, 500, density=0.01, format="csr", rng=np.random.default_rng(0))
    sparse.data = np.ceil(sparse.data * 3)
    corners = {
        "ordinary": votes,
        "one labeling function": votes[:, :1],
        "a labeling function that votes for one class": _with_partial(votes),
        "labeling functions that all vote for one class": np.where(votes >= 0, 1, -1),
        "one class seen": np.where(votes == 2, 2, -1),
        "a row": votes[5:6],
        "a row without votes": votes[:1],
        "no votes at all": np.full((50, 4), -1),
        "thousands of sparse labeling functions": sparse,
        "contradiction": np.tile([0, 1, 2], (60, 1)),
    }
    for corner, data in corners.items():
        try:
            distributions(_fit(model, data).predict_proba(data), data.shape[0], 3)
        except AssertionError as error:
            raise AssertionError(f"{corner}: {error}") from error


def inputs_are_left_alone(model: Any) -> None:
    """Neither fit nor a prediction changes the votes, the gold labels or the weights that it is given."""
    votes, y = _draw()
    gold, weight = np.where(np.arange(len(y)) % 10 == 0, y, -1), np.linspace(0, 2, len(y))
    frame, csr = pd.DataFrame(votes, copy=True).add_prefix("lf"), scipy.sparse.csr_array(votes + 1)
    given = {"array": votes, "frame": frame, "sparse matrix": csr, "gold": gold, "weight": weight}
    kept = copy.deepcopy(given)
    for form in (votes, frame, csr):
        fitted = _fit(model, form, gold, sample_weight=weight)
        for method in ("predict_proba", "predict", *_has(fitted, "labels")):
            getattr(fitted, method)(form)
    for what, before in kept.items():
        now = given[what]
        same = (now != before).nnz == 0 if now is csr else np.array_equal(now, before)
        assert same, f"fit or a prediction changed the {what}"


def many_classes_work(model: Any) -> None:
    """Nothing breaks at 100 classes, most of them rare."""
    votes, _ = _draw(n=600, m=5, k=100)
    distributions(_fit(model, votes, k=100).predict_proba(votes), 600, 100)


def silence_gets_the_class_prior(model: Any) -> None:
    """A row without votes gets class_prior_, which is a distribution."""
    votes, _ = _draw()
    fitted = _fit(model, votes)
    distributions(fitted.class_prior_[np.newaxis], 1, 3)
    same(fitted.predict_proba(votes[:3]), np.tile(fitted.class_prior_, (3, 1)), "rows without votes", tolerance=0)


def row_order_is_irrelevant(model: Any) -> None:
    """Shuffling the rows shuffles the probabilities."""
    votes, _ = _draw()
    order = np.random.default_rng(1).permutation(len(votes))
    shuffled = votes[order]
    expected = _fit(model, votes).predict_proba(votes)[order]
    same(_fit(model, shuffled).predict_proba(shuffled), expected, "after a shuffle of rows")


def lf_order_is_irrelevant(model: Any) -> None:
    """Shuffling the labeling functions changes no probability and shuffles the accuracies."""
    votes = _with_partial(_draw()[0])
    order = np.random.default_rng(1).permutation(votes.shape[1])
    one, other = _fit(model, votes), _fit(model, votes[:, order])
    same(other.predict_proba(votes[:, order]), one.predict_proba(votes), "after a shuffle of labeling functions")
    for name in _has(one, "accuracies_"):
        same(getattr(other, name), getattr(one, name)[order], "accuracies after a shuffle of labeling functions")


def class_order_is_irrelevant(model: Any) -> None:
    """Renumbering the classes renumbers the columns of the probabilities."""
    votes = _with_partial(_draw()[0])
    new = np.array([2, 0, 1])
    renumbered = np.where(votes >= 0, new[votes], -1)
    one, other = _fit(model, votes).predict_proba(votes), _fit(model, renumbered).predict_proba(renumbered)
    same(other[:, new], one, "after renumbering the classes")


def silent_lfs_change_nothing(model: Any) -> None:
    """A labeling function that never votes changes no probability."""
    votes, _ = _draw()
    silent = np.column_stack([votes[:, :2], np.full(len(votes), -1), votes[:, 2:]])
    fitted = _fit(model, silent)
    same(fitted.predict_proba(silent), _fit(model, votes).predict_proba(votes), "with a silent labeling function")
    for name in _has(fitted, "accuracies_"):
        assert np.isnan(getattr(fitted, name)[2]), "the accuracy of a labeling function that never votes must be NaN"


def unanimous_votes_win(model: Any) -> None:
    """Where decent labeling functions agree on balanced classes, their class is predicted."""
    votes, _ = _draw(n=1000)
    voted = votes >= 0
    low, high = np.where(voted, votes, 9).min(axis=1), votes.max(axis=1)
    agreed = (voted.sum(axis=1) >= 2) & (low == high)
    predicted = _fit(model, votes).predict(votes)
    assert agreed.sum() > 100, "the draw must hold unanimous rows"
    assert np.array_equal(predicted[agreed], high[agreed]), "a unanimous row got another class"


def input_forms_agree(model: Any) -> None:
    """Frames, arrays of any kind and order, lists and sparse matrices give the same bits."""
    votes, _ = _draw()
    read_only = votes.copy()
    read_only.flags.writeable = False
    csr = scipy.sparse.csr_array(votes.astype(np.int16) + 1)
    expected = _fit(model, votes).predict_proba(votes)
    forms = {
        "int64": votes.astype(np.int64),
        "float64": votes.astype(np.float64),
        "object": votes.astype(object),
        "Fortran order": np.asfortranarray(votes),
        "read-only": read_only,
        "list": votes.tolist(),
        "frame": pd.DataFrame(votes, columns=[f"lf{j}" for j in range(votes.shape[1])]),
        "csr": csr,
        "csc": csr.tocsc(),
        "csr_matrix": scipy.sparse.csr_matrix(csr),
    }
    for form, data in forms.items():
        same(_fit(model, data).predict_proba(data), expected, form, tolerance=0)


def thread_counts_agree(model: Any) -> None:
    """1, 2 and 8 threads give the same bits."""
    votes, _ = _draw(n=140_000, m=24, k=3, coverage=0.5)
    results = []
    for threads in (1, 2, 8):
        with patch("weaklab._kernels.chunks.n_threads", lambda threads=threads: threads):
            results.append(_fit(model, votes).predict_proba(votes))
    for result in results[1:]:
        same(result, results[0], "with more threads", tolerance=0)


def refitting_gives_the_same_bits(model: Any) -> None:
    """The same votes and seed give the same bits, also on a model that was fitted to something else before."""
    votes, _ = _draw()
    used = _fit(model, _draw(seed=5, m=4)[0])
    same(
        used.fit(votes).predict_proba(votes), _fit(model, votes).predict_proba(votes), "after another fit", tolerance=0
    )


def predicting_leaves_the_model_untouched(model: Any) -> None:
    """No prediction changes the model, and neither predictions nor fit change the global random state."""
    votes, _ = _draw()
    random_state = global_random_state()
    fitted = _fit(model, votes)
    state = pickle.dumps(fitted.__dict__)
    fitted.predict_proba(votes[::-1])
    fitted.predict(votes, ties="random")
    for method in _has(fitted, "labels"):
        getattr(fitted, method)(votes)
    assert pickle.dumps(fitted.__dict__) == state, "a prediction changed the model"
    assert global_random_state() == random_state, "the global random state was changed"


def prediction_is_inductive(model: Any) -> None:
    """A row's probabilities do not depend on the rows that it is predicted with."""
    votes, _ = _draw()
    fitted = _fit(model, votes)
    whole = fitted.predict_proba(votes)
    same(fitted.predict_proba(votes[100:120]), whole[100:120], "a slice", tolerance=0)
    same(fitted.predict_proba(votes[7:8]), whole[7:8], "a row", tolerance=0)
    assert fitted.predict_proba(votes[:0]).shape == (0, 3), "no rows must give no rows"


def copies_predict_alike(model: Any) -> None:
    """Pickled and deep-copied models predict the same bits."""
    votes, _ = _draw()
    fitted = _fit(model, votes)
    expected = fitted.predict_proba(votes)
    same(pickle.loads(pickle.dumps(fitted)).predict_proba(votes), expected, "after pickling", tolerance=0)
    same(copy.deepcopy(fitted).predict_proba(votes), expected, "after deepcopy", tolerance=0)


def saved_models_predict_alike(model: Any) -> None:
    """A clone that is fitted, saved and loaded predicts the same bits, if the model has a method save."""
    votes, _ = _draw()
    fitted = _fit(model, votes)
    if not _has(fitted, "save"):
        return
    kind = type(model)
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(fitted.save(f"{folder}/model.weaklab"), parts={kind.__qualname__: kind})
    assert type(loaded) is kind
    same(loaded.predict_proba(votes), fitted.predict_proba(votes), "after saving and loading", tolerance=0)
    for name in _has(fitted, "accuracies_", "accuracy_intervals_"):
        same(getattr(loaded, name), getattr(fitted, name), f"{name} after saving and loading", tolerance=0)


def weights_are_repetitions(model: Any) -> None:
    """An integer sample weight means as much as repeating the row; weight 0 as much as leaving it out."""
    votes, y = _draw()
    gold = np.where(np.arange(len(y)) % 10 == 0, y, -1)
    weight = np.random.default_rng(2).integers(0, 3, size=len(votes))
    repeated = np.repeat(np.arange(len(votes)), weight)
    one = _fit(model, votes, gold, sample_weight=weight)
    other = _fit(model, votes[repeated], gold[repeated])
    same(one.predict_proba(votes), other.predict_proba(votes), "weights against repetitions")


def unknown_gold_is_no_gold(model: Any) -> None:
    """Gold labels that are all unknown change nothing; known ones are accepted, also in part."""
    votes, y = _draw()
    without = _fit(model, votes).predict_proba(votes)
    same(_fit(model, votes, np.full(len(y), -1)).predict_proba(votes), without, "with unknown gold", tolerance=0)
    partial = np.where(np.arange(len(y)) % 5 == 0, y, -1)
    for gold in (y, partial):
        fitted = _fit(model, votes, gold)
        distributions(fitted.predict_proba(votes), len(votes), 3)
        for method in _has(fitted, "score"):
            assert 0 <= getattr(fitted, method)(votes, gold) <= 1


def class_names_change_only_names(model: Any) -> None:
    """With class names the probabilities stay, and predictions are names."""
    votes, _ = _draw()
    names = ["ham", "spam", "eggs"]
    plain = _fit(model, votes)
    named = _fit(clone(model).set_params(classes=names), votes, k=None)
    same(named.predict_proba(votes), plain.predict_proba(votes), "with class names", tolerance=0)
    assert named.classes_.tolist() == names
    assert named.predict(votes).tolist() == [names[code] for code in plain.predict(votes)]


def ties_follow_their_rule(model: Any) -> None:
    """Among tied classes "lowest", the default, takes the first, "random" and "hash" take one, "abstain" gives -1."""
    votes, _ = _draw()
    votes[3:9] = [[0, 1, -1, -1, -1, -1, -1], [1, 0, -1, -1, -1, -1, -1]] * 3
    fitted = _fit(model, votes)
    best = fitted.predict_proba(votes).max(axis=1, keepdims=True)
    tied = fitted.predict_proba(votes) >= best - 1e-12
    for rule in ("lowest", "random", "hash"):
        predicted = fitted.predict(votes, ties=rule)
        assert tied[np.arange(len(votes)), predicted].all(), f"ties={rule!r} gave a class that is not the highest"
    lowest = tied.argmax(axis=1)
    assert np.array_equal(fitted.predict(votes, ties="lowest"), lowest), (
        "ties='lowest' did not give the first of the tied"
    )
    assert np.array_equal(fitted.predict(votes), lowest), "the default is not ties='lowest'"
    assert ((fitted.predict(votes, ties="abstain") == -1) == (tied.sum(axis=1) > 1)).all()
    assert refuses(fitted.predict, votes, "sometimes"), "an unknown rule for ties was accepted"


def labels_carry_coverage(model: Any) -> None:
    """Soft labels are the probabilities, with weight 0 exactly where no labeling function votes, and the index."""
    votes, _ = _draw()
    frame = pd.DataFrame(votes, index=[f"row {i}" for i in range(len(votes))]).add_prefix("lf")
    fitted = _fit(model, frame)
    soft = fitted.labels(frame)
    same(np.asarray(soft), fitted.predict_proba(frame), "soft labels", tolerance=0)
    assert np.array_equal(soft.weight, (votes >= 0).any(axis=1).astype(float))
    assert soft.index is not None
    assert soft.index.equals(frame.index)


def names_match_columns(model: Any) -> None:
    """The columns of a frame are matched by name in any order; a missing or an unknown one is a ValueError."""
    votes, _ = _draw()
    frame = pd.DataFrame(votes, columns=list("abcdefg"))
    fitted = _fit(model, frame)
    assert list(fitted.feature_names_in_) == list("abcdefg")
    same(
        fitted.predict_proba(frame[list("gfabcde")]),
        fitted.predict_proba(frame),
        "columns in another order",
        tolerance=0,
    )
    for wrong in (frame.rename(columns={"a": "z"}), frame.drop(columns="a"), frame.assign(z=-1)):
        assert refuses(fitted.predict_proba, wrong), "a frame with other labeling functions was accepted"


def strangers_are_refused(model: Any) -> None:
    """Another number of labeling functions, or a class that was never declared, is a ValueError at predict."""
    votes, _ = _draw()
    fitted = _fit(model, votes)
    for wrong in (votes[:, :3], np.where(votes == 2, 3, votes), np.where(votes == 2, -2, votes)):
        assert refuses(fitted.predict_proba, wrong), "votes that the model does not know were accepted"


def attributes_are_sound(model: Any) -> None:
    """Accuracies lie in their intervals and in [0, 1]; confusions are distributions."""
    votes, _ = _draw()
    fitted = _fit(model, votes)
    m = votes.shape[1]
    assert fitted.n_features_in_ == m
    assert fitted.classes_.tolist() == [0, 1, 2]
    accuracies, intervals = fitted.accuracies_, fitted.accuracy_intervals_
    assert accuracies.shape == (m,)
    assert ((intervals[:, 0] <= accuracies) & (accuracies <= intervals[:, 1])).all()
    assert ((intervals >= 0) & (intervals <= 1)).all()
    assert fitted.confusion_.shape == (m, 3, 4)
    distributions(fitted.confusion_.reshape(-1, 4), m * 3, 4)
    assert isinstance(fitted.n_iter_, int)
    assert isinstance(fitted.converged_, bool)
    assert fitted._repr_html_().startswith("<")


def explanations_add_up(model: Any) -> None:
    """The contributions to a row add up to its log-posterior."""
    votes = _with_partial(_draw()[0])
    fitted = _fit(model, votes)
    for i in (0, 10, 11, 12):
        parts = fitted.explain(votes[i]).drop(columns="vote").to_numpy(dtype=float)
        scores = np.exp(parts.sum(axis=0))
        same(scores / scores.sum(), fitted.predict_proba(votes[i : i + 1])[0], f"row {i}")


#: The law book.
LAWS: tuple[Law, ...] = (
    constructor_only_stores,
    unfitted_models_refuse,
    probabilities_are_distributions,
    inputs_are_left_alone,
    many_classes_work,
    silence_gets_the_class_prior,
    row_order_is_irrelevant,
    lf_order_is_irrelevant,
    class_order_is_irrelevant,
    silent_lfs_change_nothing,
    unanimous_votes_win,
    input_forms_agree,
    thread_counts_agree,
    refitting_gives_the_same_bits,
    predicting_leaves_the_model_untouched,
    prediction_is_inductive,
    copies_predict_alike,
    saved_models_predict_alike,
    weights_are_repetitions,
    unknown_gold_is_no_gold,
    class_names_change_only_names,
    ties_follow_their_rule,
    labels_carry_coverage,
    names_match_columns,
    strangers_are_refused,
    attributes_are_sound,
    explanations_add_up,
)
