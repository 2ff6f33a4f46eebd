"""graph_lf: votes through a hierarchy."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from weaklab.apply import apply
from weaklab.exceptions import LabelingFunctionError, LabelingFunctionFailure, ReturnValueError
from weaklab.label_models import PartialLabelModel
from weaklab.labeling import (
    class_graph,
    graph_lf,
    keyword_lf,
    labeling_function,
    model_lf,
    prompt_lf,
    regex_lf,
    threshold_lf,
)

PARENTS = {
    "cat": "animal",
    "dog": "animal",
    "bat": ["animal", "thing"],  # the animal, and the one to hit balls with
    "rose": "plant",
    "animal": "living",
    "plant": "living",
    "living": None,
    "poodle": "dog",
}
CLASSES = ["cat", "dog", "bat", "rose"]
FRAME = pd.DataFrame({"text": ["animal", "poodle", "thing", "living", "", "rose"]}, index=list("uvwxyz"))


def says(row):
    """The node that the text names."""
    return row.text or None


def test_nodes_support_what_hangs_together():
    """Above classes: all of them; a class: itself; below: the class above."""
    graph = class_graph(PARENTS, CLASSES)
    assert graph.supports["animal"] == ("cat", "dog", "bat")
    assert graph.supports["thing"] == ("bat",)
    assert graph.supports["living"] == tuple(CLASSES)
    assert graph.supports["poodle"] == ("dog",)
    assert graph.supports["rose"] == ("rose",)
    assert class_graph(PARENTS).classes == ("cat", "bat", "rose", "poodle")


@pytest.mark.parametrize("batch", [False, True])
def test_votes_are_sets_whatever_the_base(batch):
    """Functions of a row and of a frame alike; an abstention stays one."""
    function = (lambda frame: frame.text.replace("", None)) if batch else says
    base = labeling_function(name="says", batch=batch)(function)
    lf = graph_lf(base, PARENTS, classes=CLASSES)
    votes = apply([lf, keyword_lf("rose", column="text", label="rose")], FRAME, classes=CLASSES, progress=False)
    assert votes.names == ("says_graph", "rose")
    assert votes.masks.tolist() == [[0b0111, 0], [0b0010, 0], [0b0100, 0], [0b1111, 0], [0, 0], [0b1000, 0b1000]]


@pytest.mark.parametrize(
    ("base", "rows"),
    [
        (keyword_lf("animal", column="text", label="animal"), [0]),
        (model_lf(lambda cells: ["animal" if "i" in c else None for c in cells], column="text", name="m"), [0, 2, 3]),
        (prompt_lf(lambda texts: ["animal"] * len(texts), "{text}", labels=["animal"]), range(6)),
        (lambda row: "animal", range(6)),
    ],
)
def test_any_labeling_function_may_be_the_base(base, rows):
    """Those that are data, those that ask in batches, and plain functions."""
    lf = graph_lf(base, PARENTS, classes=CLASSES, name="g")
    votes = apply(lf, FRAME, classes=CLASSES, progress=False).masks[:, 0]
    assert np.flatnonzero(votes == 0b0111).tolist() == list(rows)
    assert (np.delete(votes, list(rows)) == 0).all()
    assert lf(FRAME.iloc[0]) == ("cat", "dog", "bat")


def test_compiled_bases_vote_as_they_do_row_by_row():
    """Keywords, patterns and thresholds run in their engines, in sets and in soft votes; a miss abstains."""
    frame = pd.DataFrame({"text": ["fur", "", None, "purr fur"], "n": [1.0, np.nan, 9.0, 5.0]})
    bases = [
        keyword_lf("fur", column="text", label="animal"),
        regex_lf("p[u]rr", column="text", label="poodle"),
        threshold_lf("n", above=4, label="living"),
    ]
    lfs = [graph_lf(base, PARENTS, classes=CLASSES) for base in bases]
    votes = apply(lfs, frame, classes=CLASSES, progress=False)
    expected = [[sum(1 << CLASSES.index(c) for c in lf(row) or ()) for lf in lfs] for row in frame.to_dict("records")]
    assert votes.masks.tolist() == expected
    assert votes.masks.any(axis=0).all()
    assert votes.names == ("fur_graph", "regex_p_u_rr_graph", "n_above_4_graph")
    soft = labeling_function(name="soft", output="soft")(lambda row: [0.25] * 4)
    probs = apply([*lfs, soft], frame, classes=CLASSES, progress=False).probs
    np.testing.assert_allclose(probs[0, 0], [1 / 3, 1 / 3, 1 / 3, 0])
    assert np.isnan(probs[1, :3]).all()
    with pytest.raises(LabelingFunctionError, match=r"'fur_graph': what it may vote is .*'bat'"):
        apply(lfs, frame, classes=["cat", "dog", "rose"], progress=False)
    numbers = pd.DataFrame({"text": [1, 2]})
    with pytest.raises(LabelingFunctionFailure, match="'fur_graph' failed on row 0"):
        apply(lfs[0], numbers, classes=CLASSES, progress=False)


def test_explains_where_the_node_stands():
    """The node, its place, and what the base says of it."""
    lf = graph_lf(says, PARENTS, classes=CLASSES)
    assert lf.explain({"text": "animal"}).reason == "'animal' stands above 'cat', 'dog', 'bat'"
    assert lf.explain({"text": "poodle"}).reason == "'poodle' stands below 'dog'"
    assert lf.explain({"text": "rose"}).reason == "'rose' is a class"
    assert lf.explain({"text": ""}).vote is None
    assert "classes" in lf._repr_html_()
    by_model = graph_lf(model_lf(lambda cells: cells, column="text", name="m"), PARENTS, classes=CLASSES)
    said = by_model.explain({"text": "animal"})
    assert said.vote == ("cat", "dog", "bat")
    assert said.details["base"].reason == "the model predicts 'animal'"
    assert "nodes" in by_model._repr_html_()


def test_pickles():
    """In another process it votes as here."""
    lf = graph_lf(keyword_lf("fur", column="text", label="animal"), PARENTS, classes=CLASSES)
    assert pickle.loads(pickle.dumps(lf))({"text": "fur"}) == ("cat", "dog", "bat")


@pytest.mark.slow
def test_votes_for_groups_of_digits_make_the_label_model_better():
    """Coarse functions name no class, and still tell classes apart: the same model without them is worse."""
    images, y = load_digits(return_X_y=True)
    columns = [f"p{i}" for i in range(64)]
    frame, names = pd.DataFrame(images, columns=columns), [str(c) for c in range(10)]
    groups = {"round": "0689", "curved": "235", "straight": "147"}
    parents = {digit: group for group, digits in groups.items() for digit in digits}
    coarse, gains = np.array([parents[name] for name in names]), []
    for seed in range(6):
        rng, lfs = np.random.default_rng(seed), []
        for part in (columns[:32], columns[32:]):
            few = rng.choice(len(y), 80, replace=False)
            model = LogisticRegression(max_iter=3000).fit(frame[part].iloc[few], coarse[y[few]])
            lfs.append(graph_lf(model_lf(model, columns=part, threshold=0.6, name=f"coarse {part[0]}"), parents))
        for part in (columns[::2], columns[1::2], columns[10:40]):
            few = rng.choice(len(y), 40, replace=False)
            model = LogisticRegression(max_iter=3000).fit(frame[part].iloc[few], y[few].astype(str))
            lfs.append(model_lf(model, columns=part, name=f"fine {part[0]}"))
        with_groups = apply(lfs, frame, classes=names, progress=False)
        without = apply(lfs[2:], frame, classes=names, progress=False)
        right = [
            (PartialLabelModel(classes=names).fit(votes).predict(votes) == y.astype(str)).mean()
            for votes in (with_groups, without)
        ]
        gains.append(right[0] - right[1])
    assert min(gains) > 0
    assert np.mean(gains) > 0.01


@pytest.mark.parametrize(
    ("base", "parents", "options", "problem"),
    [
        (says, {"a": "b", "b": "c", "c": "a"}, {"classes": ["a", "b"]}, "cycle among 'a', 'b', 'c'"),
        (says, {}, {}, "parents must be a dict"),
        (says, {"a": "b"}, {}, "two are needed"),
        (says, PARENTS, {"classes": ["cat", "dgo"]}, "Did you mean 'dog'"),
        (keyword_lf("x", column="text", label="anmal"), PARENTS, {}, "Did you mean 'animal'"),
        (model_lf(lambda c: c, column="t", labels=["cat", "x"], name="m"), PARENTS, {}, "'x', which is no node"),
        ("says", PARENTS, {}, "is no labeling function"),
        (lambda row: 1, PARENTS, {}, "no name of its own"),
        (labeling_function(name="s", output="set")(lambda row: ["cat"]), PARENTS, {}, "must vote for one node"),
    ],
)
def test_bad_graphs_and_bases(base, parents, options, problem):
    """What cannot work is said when the function is made."""
    with pytest.raises(LabelingFunctionError, match=problem):
        graph_lf(base, parents, **options)


def test_nodes_and_classes_that_are_not_there():
    """A node that the graph does not have, on its row; a class that apply does not know, before anything runs."""
    frame = pd.DataFrame({"text": ["animal", "anmial"]})
    with pytest.raises(LabelingFunctionFailure, match=r"on row 1: .*'anmial', which is no node.*Did you mean 'animal'"):
        apply(graph_lf(says, PARENTS, classes=CLASSES), frame, classes=CLASSES, progress=False)
    by_model = graph_lf(model_lf(lambda cells: cells, column="text", name="m"), PARENTS, classes=CLASSES)
    with pytest.raises((LabelingFunctionFailure, ReturnValueError), match="'anmial', which is no node"):
        apply(by_model, frame, classes=CLASSES, progress=False)
    with pytest.raises(ReturnValueError, match="'rose'"):
        apply(graph_lf(says, PARENTS, classes=CLASSES), FRAME, classes=["cat", "dog", "bat"], progress=False)
    with pytest.raises(LabelingFunctionError, match="classes"):
        apply([graph_lf(says, PARENTS), threshold_lf("n", above=1, label=1)], FRAME, progress=False)


def test_what_is_wrong_with_a_graph_is_told_with_the_function():
    """Of several functions over several graphs."""
    base = keyword_lf("fur", column="text", label="animal", name="fur")
    for parents in ({"cat": "animal"}, {"cat": "animal", "animal": "cat"}):
        with pytest.raises(LabelingFunctionError, match="graph_lf 'fur_graph': "):
            graph_lf(base, parents)
