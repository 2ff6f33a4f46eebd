"""What is saved is loaded as it was: same predictions, bit for bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from torch import nn

import weaklab as wl
from weaklab import end_models, label_models
from weaklab.exceptions import PersistenceError, PersistenceWarning
from weaklab.label_models import BaseLabelModel, Fit
from weaklab.persistence import Savable
from weaklab.persistence.classes import CLASSES, find_class, key_of

NAMES = [
    *(name for name in label_models.__all__ if hasattr(getattr(label_models, name), "save")),
    *("LabelModel-two-classes", "EndModel-text", "EndModel-mixed", "EndModel-images", "EndModel-multilabel"),
    *("EndModel-losses", "EndRegressor", "JointModel", "RandomFeatureClassifier", "RandomFeatureRegressor"),
    *("SoftLabelClassifier", "Labeler", "Labeler-end-model"),
]
NAMES.remove("BaseLabelModel")
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
SOFT = np.where(X[:, :1] > 0, [0.1, 0.9], [0.8, 0.2])


class Net(nn.Module):
    """A module of a user."""

    def __init__(self, n_columns: int, k: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(n_columns, 5), nn.Linear(5, k)

    def forward(self, rows):
        return self.last(torch.tanh(self.first(rows)))


class Halves(BaseLabelModel):
    """A label model of a user, who believes the first labeling function."""

    def __init__(self, *, classes=None):
        self.classes = classes

    def _fit(self, problem):
        self.half_ = np.full(len(problem.pairs), 0.5)
        return Fit(np.full(problem.k, 1 / problem.k))

    def _log_weights(self, pairs, seen):
        return np.log(np.where(pairs.vote[:, None] == np.arange(pairs.k), 0.8, 0.2))


def own_loss(step):
    """A loss of a user."""
    return -(step.target * torch.log_softmax(step.logits, dim=1)).sum(dim=1).mean()


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_the_same_bits(name, cases, tmp_path):
    """A model that predicts otherwise after a night on the disk is another model."""
    item, predict = cases[name]
    loaded = wl.load(item.save(tmp_path / "a.weaklab"))
    assert type(loaded) is type(item)
    assert np.array_equal(predict(loaded), predict(item))
    assert repr(loaded) == repr(item)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_loaded_is_saved_as_the_same_bytes(name, cases, tmp_path):
    """Nothing is lost on the way, and nothing depends on the time or on the order of a set."""
    item, _ = cases[name]
    first = item.save(tmp_path / "a.weaklab").read_bytes()
    assert wl.load(tmp_path / "a.weaklab").save(tmp_path / "b.weaklab").read_bytes() == first


def test_every_public_model_is_a_case(cases):
    """A new model must not be forgotten here."""
    public = {
        kind
        for room in (label_models, end_models)
        for kind in (getattr(room, name) for name in room.__all__)
        if isinstance(kind, type) and issubclass(kind, Savable) and kind is not BaseLabelModel
    }
    assert public | {wl.Labeler} == {type(item) for item, _ in cases.values()}


def test_every_class_of_the_table_is_there():
    """A class that was renamed would be missed only by whoever loads a file."""
    assert all(key_of(find_class(key)) == key for key in CLASSES)


@pytest.mark.parametrize("name", ["LabelModel", "LabelModel-two-classes", "DawidSkene", "MajorityVote"])
def test_learned_attributes_and_explanations_stay(name, cases, make, tmp_path):
    """A report on a loaded model tells what one on the original did, and asking for it spoils no file."""
    item, _ = cases[name]
    votes = make.TWO if len(item.classes_) == 2 else make.THREE
    item.accuracy_intervals_  # computed when it is first asked for
    loaded = wl.load(item.save(tmp_path / "a.weaklab"))
    for attribute in (
        "accuracies_",
        "accuracy_intervals_",
        "class_prior_",
        "classes_",
        "confusion_",
        "objective_path_",
    ):
        np.testing.assert_array_equal(getattr(loaded, attribute), getattr(item, attribute), attribute)
    pd.testing.assert_frame_equal(loaded.explain(votes.iloc[0]), item.explain(votes.iloc[0]))
    assert loaded._repr_html_() == item._repr_html_()


@pytest.mark.parametrize("name", ["LabelModel", "OneCoin", "MACE", "TemperedModel", "WeightedVote", "MajorityVote"])
def test_models_of_many_classes_are_saved_too(name, tmp_path):
    """They learn other things there than tables of votes by classes."""
    truth = rng.integers(150, size=400)
    votes = np.where(rng.random((400, 120)) < 0.7, truth[:, None], rng.integers(150, size=(400, 120)))
    model = getattr(label_models, name)(classes=150).fit(votes)
    loaded = wl.load(model.save(tmp_path / "a.weaklab"))
    assert np.array_equal(loaded.predict_proba(votes), model.predict_proba(votes))
    assert np.array_equal(loaded.accuracies_, model.accuracies_, equal_nan=True)


def test_a_loaded_model_can_be_fitted_and_cloned(cases, make, tmp_path):
    """It is an estimator like any other."""
    loaded = wl.load(cases["LabelModel"][0].save(tmp_path / "a.weaklab"))
    again = clone(loaded).fit(make.THREE)
    assert np.array_equal(again.predict_proba(make.THREE), loaded.predict_proba(make.THREE))


def test_training_goes_on_after_loading(make, tmp_path):
    """The optimizer of partial_fit is saved too, so that parts of data may come on other days."""
    model = wl.EndModel(columns=["number"], hidden=4).partial_fit(make.FRAME, make.SOFT)
    loaded = wl.load(model.save(tmp_path / "a.weaklab"))
    one, other = (each.partial_fit(make.FRAME, make.SOFT).predict_proba(make.FRAME) for each in (model, loaded))
    assert np.array_equal(one, other)


def test_an_unfitted_model_is_saved_with_its_arguments(tmp_path):
    """As a recipe."""
    loaded = wl.load(wl.LabelModel(classes=["a", "b"], class_balance=[0.2, 0.8]).save(tmp_path / "a.weaklab"))
    assert loaded.get_params() == wl.LabelModel(classes=["a", "b"], class_balance=[0.2, 0.8]).get_params()


def test_common_modules_of_torch_go_by_value(tmp_path):
    """What torch itself defines needs no code of the user's."""
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4, 2))
    model = wl.EndModel(module=module, max_epochs=2).fit(X, SOFT)
    loaded = wl.load(model.save(tmp_path / "a.weaklab"))
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_weights_of_bfloat16_keep_their_bits(tmp_path):
    """Numpy has no such type, so that they are saved as integers of two bytes."""
    module = nn.Linear(3, 2).to(torch.bfloat16)
    model = wl.EndModel(module=nn.Linear(3, 2), max_epochs=1).fit(X, SOFT)
    model.module_ = module
    loaded = wl.load(model.save(tmp_path / "a.weaklab"))
    assert loaded.module_.weight.dtype == torch.bfloat16
    assert torch.equal(loaded.module_.weight.view(torch.int16), module.weight.view(torch.int16))


@pytest.mark.parametrize("peers", [None, end_models.CoTeaching(0.1)])
def test_a_module_of_a_user_is_filled_with_the_weights(peers, tmp_path):
    """What it does is code, and so comes from the user; what it has learned is in the file."""
    model = wl.EndModel(module=Net, peers=peers, max_epochs=2).fit(X, SOFT)
    path = model.save(tmp_path / "a.weaklab")
    with pytest.raises(PersistenceError, match=r"parts=\{'module': \.\.\.\}, .*Net"):
        wl.load(path)
    before = torch.get_rng_state()
    loaded = wl.load(path, parts={"module": Net})
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_a_module_of_another_shape_is_refused(tmp_path):
    """Rather than predicting at random."""
    with pytest.warns(PersistenceWarning, match="'module'"):
        path = wl.EndModel(module=Net(3, 2), max_epochs=1).fit(X, SOFT).save(tmp_path / "a.weaklab")
    with pytest.raises(PersistenceError, match="not of module"):
        wl.load(path, parts={"module": nn.Linear(3, 2)}, on_mismatch="ignore")


def test_functions_of_end_models_are_given_at_load(tmp_path):
    """A loss, and what encodes a column, are code."""
    model = wl.EndModel(loss=own_loss, encode=lambda rows: np.asarray(rows)[:, :2], max_epochs=1)
    with pytest.warns(PersistenceWarning, match="lambda"):
        path = model.fit(X, SOFT).save(tmp_path / "a.weaklab")
    with pytest.raises(PersistenceError, match="parts=") as raised:
        wl.load(path)
    assert "'loss'" in str(raised.value)
    assert "'encode'" in str(raised.value)
    loaded = wl.load(path, parts={"loss": own_loss, "encode": model.encode})
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_an_estimator_that_is_no_plain_data_is_refused_at_once(tmp_path):
    """Not at load, when it is too late."""
    model = wl.SoftLabelClassifier(RandomForestClassifier(3, random_state=0)).fit(X, SOFT)
    with pytest.raises(PersistenceError, match=r"estimator_ is a sklearn.*RandomForestClassifier"):
        model.save(tmp_path / "a.weaklab")
    assert not list(tmp_path.iterdir())


def test_another_version_of_scikit_learn_warns(tmp_path, monkeypatch):
    """Its estimators may have other attributes then."""
    path = wl.SoftLabelClassifier(LogisticRegression()).fit(X, SOFT).save(tmp_path / "a.weaklab")
    monkeypatch.setattr("sklearn.__version__", "0.1")
    with pytest.warns(PersistenceWarning, match="scikit-learn"):
        wl.load(path)


def test_a_label_model_of_a_user_is_made_of_the_class_that_is_given(tmp_path):
    """Its class is code; what it has learned is in the file."""
    votes = np.array([[0, 1, -1], [1, 1, 1], [-1, -1, -1], [0, 0, 1]])
    model = Halves().fit(votes)
    path = model.save(tmp_path / "a.weaklab")
    with pytest.raises(PersistenceError, match="Halves"):
        wl.load(path)
    loaded = wl.load(path, parts={"Halves": Halves})
    assert np.array_equal(loaded.predict_proba(votes), model.predict_proba(votes))


def test_what_holds_itself_is_refused(tmp_path):
    """Else saving would not end."""
    loop: list = []
    loop.append(loop)
    with pytest.raises(PersistenceError, match="holds itself"):
        wl.LabelModel(groups=loop).save(tmp_path / "a.weaklab")


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    """A full disk must not cost the file that was there."""
    path = wl.MajorityVote(classes=2).save(tmp_path / "a.weaklab")
    before = path.read_bytes()

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(PersistenceError, match="No space left"):
        wl.MajorityVote(classes=3).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_has_the_mode_that_any_new_file_has_or_the_one_it_had(tmp_path):
    """Colleagues who could read it can read it on."""
    (tmp_path / "plain").touch()
    path = wl.MajorityVote().save(tmp_path / "a.weaklab")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    path.chmod(0o640)
    assert wl.MajorityVote().save(path).stat().st_mode & 0o777 == 0o640


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    """And nothing is left lying about."""
    (tmp_path / "a").mkdir()
    with pytest.raises(PersistenceError, match="cannot be written"):
        wl.MajorityVote().save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_missing_folder_is_told(tmp_path):
    """By its name."""
    with pytest.raises(PersistenceError, match="missing"):
        wl.MajorityVote().save(tmp_path / "missing" / "a.weaklab")
    with pytest.raises(PersistenceError, match=r"no\.weaklab"):
        wl.load(tmp_path / "no.weaklab")
