"""Models and labelers of every class, on little data; run as a script, it saves them as files that stay loadable.

``python tests/persistence/golden/make.py FOLDER`` writes NAME.weaklab for each case, and predictions.npz with what it
predicted then. Those of the first release stand in ``v1``. Files of a release are never written anew: a later version
of the format gets a folder of its own.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import weaklab as wl
from weaklab import end_models, label_models
from weaklab.exceptions import WeaklabWarning

N = 60
CLASSES = ["ham", "spam"]


def _data() -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, pd.DataFrame]:
    """A frame of all kinds of columns, its labels, votes for two classes, and votes for three."""
    y = np.arange(N) * 7 % 3 % 2
    texts = [f"{'free offer' if label else 'see you'} {('now', 'then', 'maybe')[i % 3]}" for i, label in enumerate(y)]
    frame = pd.DataFrame(
        {
            "text": texts,
            "number": np.sin(np.arange(N)) + y,
            "kind": np.array(["a", "b", "c"])[np.arange(N) % 3],
            "day": pd.date_range("2024-01-01", periods=N),
            "flag": y > 0,
            "vector": [np.array([np.cos(i), label]) for i, label in enumerate(y)],
        }
    )
    noise = (np.arange(N)[:, None] * [3, 5, 7, 11] + [0, 1, 2, 3]) % 17
    two = np.where(noise < 9, y[:, None], np.where(noise < 12, 1 - y[:, None], -1))
    three = np.where(noise < 9, np.arange(N)[:, None] % 3, np.where(noise < 12, noise % 3, -1))
    names = ["a", "b", "c", "d"]
    return frame, y, pd.DataFrame(two, columns=names), pd.DataFrame(three, columns=names)


FRAME, Y, TWO, THREE = _data()
GOLD = np.where(np.arange(N) % 10 == 0, Y, -1)
SOFT = wl.SoftLabels(np.where(Y[:, None] == [0, 1], 0.8, 0.2), classes=CLASSES)
IMAGES = np.sin(np.arange(N * 36)).reshape(N, 6, 6) + Y[:, None, None]
LFS = [
    wl.keyword_lf(["free", "offer"], column="text", label="spam"),
    wl.regex_lf(r"see\s+you", column="text", label="ham"),
    wl.threshold_lf("number", above=1.0, label="spam"),
    wl.bands_lf("number", [(None, -0.5, "ham"), (1.5, None, "spam")]),
    wl.lookup_lf({"a": "ham", "c": "spam"}, column="kind", name="kinds"),
    wl.expression_lf("number > 1 and flag", label="spam", name="expression"),
    wl.section_lf("offer", column="text", label="spam", sections=["Now"], name="section"),
    wl.pattern_lf(r"free (?P<what>\w+)", column="text", label="spam", name="pattern"),
]


def _label_models() -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    cases: dict[str, tuple[Any, Callable[[Any], Any]]] = {}
    for name in label_models.__all__:
        kind = getattr(label_models, name)
        if not (isinstance(kind, type) and issubclass(kind, label_models.BaseLabelModel)) or name == "BaseLabelModel":
            continue
        cases[name] = (kind(classes=3).fit(THREE), lambda model: model.predict_proba(THREE))
    two = wl.LabelModel(classes=CLASSES).fit(TWO, GOLD)
    cases["LabelModel-two-classes"] = (two, lambda model: model.predict_proba(TWO))
    return cases


def _end_models() -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    def proba(model: Any) -> Any:
        return model.predict_proba(FRAME)

    kinds = {"text": "tfidf", "number": "numeric", "kind": "category", "day": "date", "flag": "bool"}
    small = {"hidden": 8, "max_epochs": 3}
    text = wl.EndModel(column="text", max_features=64, **small).fit(FRAME, SOFT)
    mixed = wl.EndModel(columns=kinds | {"vector": "embedding"}, hidden=None).fit(FRAME, SOFT)
    images = wl.EndModel(**small).fit(IMAGES, SOFT)
    many = wl.EndModel(task="multilabel", columns=["number"], **small).fit(FRAME, SOFT.probs)
    loss = end_models.GeneralizedCrossEntropy(0.7) + 0.5 * end_models.EarlyLearning()
    losses = wl.EndModel(columns=["number"], loss=loss, peers=end_models.CoTeaching(0.1), **small).fit(FRAME, SOFT)
    regressor = wl.EndRegressor(columns=["number", "kind"], **small).fit(FRAME, FRAME.number * 2)
    joint = wl.JointModel(column="text", classes=CLASSES, hidden=8, max_features=64, max_epochs=3).fit(TWO, FRAME)
    ridge = end_models.RandomFeatureClassifier(column="text", features=16, max_features=64).fit(FRAME, SOFT)
    ridges = end_models.RandomFeatureRegressor(features=16).fit(FRAME[["number"]], FRAME.number)
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    foreign = wl.SoftLabelClassifier(pipeline).fit(FRAME.text, SOFT)
    return {
        "EndModel-text": (text, proba),
        "EndModel-mixed": (mixed, proba),
        "EndModel-images": (images, lambda model: model.predict_proba(IMAGES)),
        "EndModel-multilabel": (many, proba),
        "EndModel-losses": (losses, proba),
        "EndRegressor": (regressor, lambda model: model.predict(FRAME)),
        "JointModel": (joint, proba),
        "RandomFeatureClassifier": (ridge, proba),
        "RandomFeatureRegressor": (ridges, lambda model: model.predict(FRAME[["number"]])),
        "SoftLabelClassifier": (foreign, lambda model: model.predict_proba(FRAME.text)),
    }


def _labelers() -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    def proba(labeler: Any) -> Any:
        return labeler.predict_proba(FRAME)

    plain = wl.Labeler(LFS, wl.LabelModel(classes=CLASSES)).fit(FRAME)
    ends = wl.Labeler(LFS, plain.model_, wl.EndModel(column="text", hidden=None, max_features=64)).fit(FRAME)
    return {"Labeler": (plain, proba), "Labeler-end-model": (ends, proba)}


def cases() -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    """Fitted models and labelers by name, each with what it predicts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeaklabWarning)
        return _label_models() | _end_models() | _labelers()


def main(folder: Path) -> None:
    """Save all cases to a folder that has none."""
    folder.mkdir(parents=True, exist_ok=True)
    made = cases()
    for name, (item, _) in made.items():
        path = folder / f"{name}.weaklab"
        if path.exists():
            raise SystemExit(f"{path} is of a release and stays as it is.")
        item.save(path)
    np.savez_compressed(folder / "predictions.npz", **{name: predict(item) for name, (item, predict) in made.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
