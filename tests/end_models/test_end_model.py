"""EndModel: what it learns, from what, and what it shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import torch
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError

from weaklab.end_models import EndModel, EndRegressor, SparseRows
from weaklab.exceptions import ClassError, FrameError, ParameterError, SoftLabelError
from weaklab.votes.soft import SoftLabels

BAKING, SAILING = (
    ["flour", "oven", "dough", "yeast", "crust", "bake"],
    ["mast", "hull", "anchor", "rope", "harbour", "sail"],
)


def _corpus(rng, n=300):
    """Texts of 12 words, 4 of them from the topic's own vocabulary, the rest shared."""
    topic = rng.integers(0, 2, n)
    shared = [f"word{i}" for i in range(50)]
    texts = [" ".join(rng.permutation([*rng.choice([BAKING, SAILING][t], 4), *rng.choice(shared, 8)])) for t in topic]
    return pd.DataFrame({"text": texts}), topic


@pytest.mark.parametrize("hidden", [None, 20])
def test_learns_text_from_soft_labels_past_what_the_labels_know(rng, hidden):
    """The point of an end model: labels come from one word per class, and the others must be learnt from those rows.

    Rows with neither "oven" nor "mast" have weight 0 (some 45 % of the rows), so all that the model knows about
    them, it has generalised. A topic word is in every row, so near-perfect accuracy is attainable.
    """
    frame, topic = _corpus(rng, 600)
    votes = np.column_stack([frame["text"].str.contains(word) for word in ("oven", "mast")])
    covered = votes.any(axis=1)
    probs = np.where(covered[:, None], np.where(votes, 0.9, 0.1), 0.5)  # (n, 2)
    soft = SoftLabels(probs, weight=covered, classes=["baking", "sailing"])
    model = EndModel(column="text", hidden=hidden, learning_rate=0.01).fit(frame, soft)
    assert 0.3 < covered.mean() < 0.8
    truth = np.array(["baking", "sailing"])[topic]
    assert model.score(frame[~covered], truth[~covered]) > 0.95
    assert model.n_rows_ + model.n_held_out_ == covered.sum()


def test_probabilities_approach_the_soft_labels(rng):
    """Cross-entropy is least where the model says what the labels say, so .8 must not become 1."""
    X = np.repeat([[-1.0], [1.0]], 500, axis=0)
    soft = np.where(X > 0, [0.2, 0.8], [0.7, 0.3])
    proba = EndModel(hidden=None, weight_decay=0).fit(X, soft).predict_proba([[-1.0], [1.0]])
    np.testing.assert_allclose(proba, [[0.7, 0.3], [0.2, 0.8]], atol=0.02)


def test_gold_rows_and_weights_count():
    """Gold overrides the soft label of its row; a weight decides between rows that contradict each other."""
    X = np.zeros((40, 1))
    wrong = SoftLabels(np.tile([0.99, 0.01], (40, 1)), gold=np.ones(40, dtype=int))
    assert (EndModel(hidden=None).fit(X, wrong).predict(X) == 1).all()
    soft, weight = np.eye(2)[np.arange(40) % 2], np.where(np.arange(40) % 2, 3.0, 1.0)
    model = EndModel(hidden=None, validation_fraction=0, max_epochs=300, weight_decay=0).fit(X, soft, weight)
    np.testing.assert_allclose(model.predict_proba(X[:1]), [[0.25, 0.75]], atol=0.02)


def test_learns_real_measurements_with_either_network():
    """178 wines, 13 measurements on very different scales; any sound classifier is right on nine of ten."""
    X, y = load_wine(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))
    train, test = rows[:120], rows[120:]
    for hidden in (None, 100):
        model = EndModel(hidden=hidden).fit(X[train], y[train])
        assert model.score(X[test], y[test]) > 0.9
        sparse = EndModel(hidden=hidden).fit(sp.csr_matrix(X[train] / X.max(axis=0)), y[train])
        assert sparse.score(sp.csr_matrix(X[test] / X.max(axis=0)), y[test]) > 0.8


def test_mixed_columns_are_learnt_together(rng):
    """Neither the text nor the number alone tells the class, only both.

    A model that lost either column is right on half of the 200 test rows, .5 with a standard error of .035; the
    bound is five of them above that.
    """
    frame, topic = _corpus(rng, 800)
    frame["age"] = rng.normal(50, 20, 800)
    y = topic ^ (frame["age"] > 50).to_numpy()
    model = EndModel(columns={"text": "text", "age": "numeric"}, learning_rate=0.01).fit(frame[:600], y[:600])
    assert model.score(frame[600:], y[600:]) > 0.5 + 5 * 0.035
    assert model.features_.table()["column"].tolist() == ["text", "age"]
    assert model.score(pl.from_pandas(frame[600:]), y[600:]) == model.score(frame[600:], y[600:])


def test_history_says_what_happened(rng):
    """The log is the one record of training: it must agree with what the model reports elsewhere."""
    frame, topic = _corpus(rng)
    model = EndModel(column="text", hidden=None, patience=2).fit(frame, topic)
    history = model.history_
    assert history.columns.tolist() == ["epoch", "train_loss", "held_out_loss", "seconds"]
    assert history["epoch"].tolist() == list(range(1, model.n_iter_ + 1))
    assert model.best_epoch_ == history.loc[history["held_out_loss"].idxmin(), "epoch"]
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]
    assert (history["seconds"] > 0).all()


def test_stops_early_and_keeps_the_best_weights(rng):
    """Labels without any signal: held-out loss can only rise, so the best epoch is long before the last allowed."""
    X, y = rng.normal(size=(200, 30)), rng.integers(0, 2, 200)
    model = EndModel(learning_rate=0.01, max_epochs=200, patience=3).fit(X, y)
    held_out = model.history_["held_out_loss"]
    assert model.n_iter_ < 40
    assert held_out.min() < held_out.iloc[-1] - 0.05
    more = EndModel(learning_rate=0.01, max_epochs=model.best_epoch_, patience=3).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), more.predict_proba(X))  # the weights of that very epoch


def test_any_module_can_take_the_place_of_the_network(rng):
    """An instance is copied and left as it was; a callable is told the sizes; sparse rows go to who takes them."""
    frame, topic = _corpus(rng)
    X = rng.normal(size=(300, 4)) + topic[:, None]
    mine = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    before = [parameter.clone() for parameter in mine.parameters()]
    model = EndModel(module=mine, learning_rate=0.01).fit(X, topic)
    assert model.score(X, topic) > 0.8
    assert all(torch.equal(a, b) for a, b in zip(before, mine.parameters(), strict=True))
    wide = EndModel(column="text", module=torch.nn.Linear, learning_rate=0.01)
    assert wide.fit(frame, topic).score(frame, topic) > 0.95
    sparse = EndModel(column="text", module=_TakesSparse, learning_rate=0.01, max_epochs=2).fit(frame, topic)
    assert isinstance(sparse.module_.seen, SparseRows)


class _TakesSparse(torch.nn.Module):
    takes_sparse = True

    def __init__(self, width: int, k: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(width, k))

    def forward(self, rows):
        self.seen = rows
        return rows @ self.weight


def test_modules_that_normalise_over_the_batch_never_see_one_row(rng):
    """33 rows in batches of 16 would leave a last batch of one, on which BatchNorm fails in the middle of training."""
    X, y = rng.normal(size=(33, 2)), np.arange(33) % 2
    norm = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 2))
    assert EndModel(module=norm, batch_size=16, validation_fraction=0, max_epochs=2).fit(X, y).n_iter_ == 2


def test_scores_against_soft_labels_are_expected_accuracies(rng):
    """If the soft labels are true, a prediction is right with their probability."""
    X = np.repeat([[-1.0], [1.0]], 20, axis=0)
    model = EndModel(hidden=None).fit(X, (X[:, 0] > 0).astype(int))
    soft = np.where(X > 0, [0.3, 0.7], [0.9, 0.1])
    assert model.score(X, soft) == pytest.approx(0.8)
    assert model.score(X, SoftLabels(soft, weight=np.where(X[:, 0] > 0, 1.0, 0.0))) == pytest.approx(0.7)
    assert model.score(X, (X[:, 0] > 0).astype(int), sample_weight=np.arange(40)) == 1.0
    with pytest.raises(ClassError, match="none of the classes"):
        model.score(X, np.full(40, 7))
    with pytest.raises(ParameterError, match="0 rows"):
        model.score(X[:0], [])


@pytest.mark.parametrize("hidden", [None, 4])
def test_edges(hidden):
    """One row, one class, a hundred classes: small data is where users start."""
    one = EndModel(hidden=hidden, max_epochs=2).fit([[1.0, 2.0]], ["only"])
    assert one.predict([[3.0, 4.0]]).tolist() == ["only"]
    assert one.predict_proba([[3.0, 4.0]]).tolist() == [[1.0]]
    unseen = EndModel(hidden=hidden, classes=["a", "b"], max_epochs=2).fit([[1.0], [2.0]], ["b", "b"])
    assert unseen.predict_proba([[1.0]]).shape == (1, 2)
    many = EndModel(hidden=hidden, max_epochs=1).fit(np.eye(100), np.eye(100))
    assert many.decision_function(np.eye(100)).shape == (100, 100)
    empty = EndModel(column="text", hidden=hidden, max_epochs=1).fit(pd.DataFrame({"text": ["a b", "c d"]}), [0, 1])
    none = pd.DataFrame({"text": []})
    assert empty.predict_proba(none).shape == (0, 2)
    assert empty.decision_function(none).shape == (0,)
    assert empty.predict(none).shape == (0,)


def test_what_cannot_be_trained_on_is_refused():
    """Through fit, as a user meets it."""
    frame = pd.DataFrame({"text": ["a", "b"]}, index=["r0", "r1"])
    with pytest.raises(NotFittedError):
        EndModel().predict(frame)
    with pytest.raises(FrameError, match="0 rows"):
        EndModel(column="text").fit(frame[:0], [])
    with pytest.raises(SoftLabelError, match="1 labels for 2 rows"):
        EndModel(column="text").fit(frame, ["a"])
    with pytest.raises(SoftLabelError, match="another order"):
        EndModel(column="text").fit(frame, pd.Series([0, 1], index=["r1", "r0"]))
    with pytest.raises(SoftLabelError, match="weight 0"):
        EndModel(column="text").fit(frame, SoftLabels([[0.5, 0.5]] * 2, weight=[0, 0]))
    model = EndModel(column="text", max_epochs=1).fit(frame, [0, 1])
    with pytest.raises(SoftLabelError, match="another order"):
        model.score(frame, pd.Series([0, 1], index=["r1", "r0"]))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("hidden", 0, "1 or more or None"),
        ("hidden", True, "int"),
        ("max_epochs", 0, "1 or more"),
        ("batch_size", 2.5, "int"),
        ("learning_rate", 0, "above 0"),
        ("learning_rate", float("nan"), "above 0"),
        ("weight_decay", -1, "from 0"),
        ("dropout", 1.0, "below 1"),
        ("validation_fraction", 1, "below 1"),
        ("tolerance", float("inf"), "finite"),
        ("patience", "3", "int"),
        ("n_jobs", 0, "1 or more"),
        ("progress", "yes", "True, False or None"),
        ("device", "gpu", "no device of torch"),
        ("device", "cuda:7", "CUDA cards"),
        ("module", 3, "nn.Module"),
        ("module", lambda width, k: None, "must give an nn.Module"),
        ("module", torch.nn.ReLU(), "no parameters"),
        ("module", torch.nn.Linear(5, 2), "failed on rows of shape"),
        ("random_state", -1, "random_state"),
        ("random_state", "seed", "random_state"),
    ],
)
def test_arguments_out_of_range_are_refused_at_fit(name, value, message):
    """scikit-learn's constructors only store; fit says what is wrong, by name and value."""
    with pytest.raises(ParameterError, match=message):
        EndModel(**{name: value}).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, lambda X: pd.DataFrame(X, columns=["a", "b"])])
def test_a_number_far_out_counts_as_far_out_and_hurts_no_other_row(rng, form):
    """In float32 1e40 is infinite; a bound on standardised numbers keeps its row a row and leaves the others alone."""
    X = rng.normal(size=(200, 2))
    model = EndModel(hidden=5, max_epochs=10, learning_rate=0.02).fit(form(X), (X[:, 0] > 0).astype(int))
    far = np.concatenate([X, [[1e40, 0.0], [-1e308, 0.0]]])
    np.testing.assert_allclose(model.predict_proba(form(far))[:200], model.predict_proba(form(X)), atol=1e-6)
    assert model.predict(form(far))[200:].tolist() == [1, 0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, lambda X: pd.DataFrame(X, columns=["a"])])
@pytest.mark.parametrize("size", [1e300, 1.7e308])
def test_huge_numbers_are_standardised_without_overflow(form, size):
    """Squares of 1e300 are infinite, but not those of numbers in units of the largest."""
    X = size * np.repeat([[-1.0], [1.0]], 50, axis=0)
    model = EndModel(hidden=None).fit(form(X), np.repeat([0, 1], 50))
    assert model.predict(form(X[[0, -1]])).tolist() == [0, 1]


def test_masked_numbers_are_refused():
    """What is behind the mask is no measurement."""
    X = np.ma.array([[0.0, 1.0], [1.0, 2.0]], mask=[[0, 0], [0, 1]])
    with pytest.raises(FrameError, match="masked in row 1, column 1"):
        EndModel(max_epochs=1).fit(X, [0, 1])
    assert EndModel(max_epochs=1).fit(np.ma.array(X.data), [0, 1]).n_features_in_ == 2


def test_minus_one_and_a_single_column_are_no_labels():
    """Elsewhere -1 is "unknown", and one column of probabilities does not say of which class."""
    X = np.arange(40.0)[:, None]
    with pytest.raises(ClassError, match=r"-1 \(10 rows\)"):
        EndModel(max_epochs=1).fit(X, [-1, 1, 2, 2] * 10)
    for soft in (np.ones((40, 1)), np.tile([[0.3], [0.7]], (20, 1))):
        with pytest.raises(SoftLabelError, match="at least two classes"):
            EndModel(max_epochs=1).fit(X, soft)


def test_the_card_says_what_was_fitted_before_the_parameters(rng):
    """Rows, held-out loss, classes and columns need no click."""
    X = pd.DataFrame(rng.normal(size=(200, 2)), columns=["<x>", "y"])
    model = EndModel(classes=["ham", "spam"], max_epochs=2)
    assert "trained on" not in model._repr_html_()
    html = model.fit(X, np.where(X["y"] > 0, "ham", "spam"))._repr_html_()
    shown = html[: html.index("<style")]
    for said in (
        f"{model.n_rows_:,} trained on",
        f"{model.fit_report_.held_out_loss:.4g}",
        "ham, spam",
        "&lt;x&gt;, y",
    ):
        assert said in shown
    assert model._repr_mimebundle_()["text/html"].startswith(shown)


def test_the_card_of_a_regression_names_no_classes(rng):
    """It has none."""
    X = pd.DataFrame(rng.normal(size=(100, 2)), columns=["x", "y"])
    html = EndRegressor(max_epochs=2).fit(X, X["x"])._repr_html_()
    shown = html[: html.index("<style")]
    assert "trained on" in shown
    assert "classes" not in shown
