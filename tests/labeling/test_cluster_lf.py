"""find_clusters, cluster_table and cluster_lf: a few labels for many rows."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import DBSCAN, AgglomerativeClustering
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from weaklab.apply import apply
from weaklab.exceptions import ColumnError, FrameError, LabelingFunctionError, ParameterError, ReturnValueError
from weaklab.labeling import cluster_lf, cluster_table, find_clusters

X, Y = load_digits(return_X_y=True)
COLUMNS = [f"p{i}" for i in range(64)]
DIGITS = pd.DataFrame(X, columns=COLUMNS, index=[f"image {i}" for i in range(len(X))])
TEXTS = pd.DataFrame({"text": ["win free money"] * 4 + ["see you at lunch"] * 3 + ["lunch with you", None]})


def letters(items):
    """How often each letter is in a text."""
    return np.array([[item.count(chr(97 + i)) for i in range(26)] for item in items], dtype=float)


@pytest.fixture(scope="module")
def digits():
    """Thirty clusters of the digits."""
    return find_clusters(DIGITS, columns=COLUMNS, clusterer=30)


@pytest.fixture(scope="module")
def asked(digits):
    """What an expert says of the most central image of each cluster: thirty labels."""
    return {DIGITS.index[rows[0]]: int(Y[rows[0]]) for rows in digits.central().values()}


def test_thirty_labels_label_the_digits(digits, asked):
    """A label per cluster goes far; thirty random labels train a far worse classifier."""
    votes = apply(cluster_lf(digits, examples=asked), DIGITS, classes=10, progress=False)
    assert votes.columns.tolist() == ["clusters_p0_p1"]
    found = votes.to_numpy()[:, 0]
    there = found >= 0
    assert (found[there] == Y[there]).mean() >= 0.88
    assert there.mean() >= 0.9
    random = []
    for seed in range(10):
        rows = np.random.default_rng(seed).choice(len(X), 30, replace=False)
        random.append((LogisticRegression(max_iter=2000).fit(X[rows], Y[rows]).predict(X) == Y).mean())
    assert np.mean(random) <= 0.8


def test_the_middle_of_clusters_is_purer(digits, asked):
    """closest trades coverage, which it says, for accuracy."""
    found = []
    for closest in (1.0, 0.8, 0.6):
        votes = apply(cluster_lf(digits, examples=asked, closest=closest), DIGITS, classes=10, progress=False)
        votes = votes.to_numpy()[:, 0]
        found.append((votes[votes >= 0] == Y[votes >= 0]).mean())
        assert (votes >= 0).mean() == pytest.approx(closest, abs=0.02)
    assert found[2] > found[1] > found[0]


def test_new_rows_are_held_to_the_same_distance(digits, asked):
    """A row far from every cluster abstains, and noise around a member does not."""
    lf = cluster_lf(digits, examples=asked)
    assert lf(dict(zip(COLUMNS, X[0], strict=True))) == 0
    assert lf(dict(zip(COLUMNS, np.full(64, 99.0), strict=True))) is None
    assert "farther than" in lf.explain(dict(zip(COLUMNS, np.full(64, 99.0), strict=True))).reason


def test_the_table_shows_what_is_in_clusters(digits):
    """Largest first; with labels, how pure each is."""
    table = cluster_table(digits, DIGITS, Y)
    assert len(table) == 30
    assert table["rows"].is_monotonic_decreasing
    assert table["rows"].sum() == table["known"].sum() == len(X)
    assert table["share"].sum() == pytest.approx(1)
    big = table.iloc[0]
    members = digits.cluster == table.index[0]
    assert big["label"] == np.bincount(Y[members]).argmax()
    assert big["purity"] == pytest.approx(np.bincount(Y[members]).max() / members.sum())
    assert set(big["central"]) <= set(DIGITS.index[members])
    assert "<table" in digits._repr_html_()


def test_texts_by_words_and_examples():
    """Each distinct text is embedded once; a missing one is in no cluster."""
    asked = []

    def encode(items):
        asked.extend(items)
        return letters(items)

    clusters = find_clusters(TEXTS, column="text", encode=encode, clusterer=2)
    assert sorted(asked) == ["lunch with you", "see you at lunch", "win free money"]
    assert clusters.cluster[-1] == -1
    table = cluster_table(clusters, TEXTS, [1, None, None, None, 0, 0, 1, -1, None])
    assert table["rows"].tolist() == [4, 4]
    assert {"money", "lunch"} <= {word for words in table["words"] for word in words}
    assert sorted(zip(table["label"], table["purity"].round(2), table["known"], strict=True)) == [
        (0, 0.67, 3),
        (1, 1, 1),
    ]
    lf = cluster_lf(clusters, examples={0: "spam", 4: "ham"}, name="by_cluster")
    votes = apply(lf, TEXTS, classes=["ham", "spam"], progress=False)["by_cluster"].tolist()
    assert votes == [1] * 4 + [0] * 4 + [-1]
    said = lf.explain({"text": "win free money"})
    assert said.vote == "spam"
    assert "of 4 rows" in said.reason
    assert "no cluster" in lf.explain({"text": None}).reason


def test_labels_by_number_and_the_rest_abstains():
    """Only what was named votes."""
    clusters = find_clusters(TEXTS, column="text", encode=letters, clusterer=2)
    spam = int(clusters.cluster[0])
    lf = cluster_lf(clusters, {spam: "spam", 1 - spam: None})
    assert lf.labels == ("spam",)
    assert lf({"text": "win free money"}) == "spam"
    assert lf({"text": "see you at lunch"}) is None
    assert "no label" in lf.explain({"text": "see you at lunch"}).reason
    assert pickle.loads(pickle.dumps(lf))({"text": "win free money"}) == "spam"


def test_examples_that_disagree():
    """A cluster of mixed examples is not labeled by a bare lead, nor by a tie."""
    frame = pd.DataFrame({"x": [0.0, 0.1, 0.2, 0.3, 9.0, 9.1]})
    clusters = find_clusters(frame, columns=["x"], clusterer=2)
    mixed = {0: "a", 1: "a", 2: "b", 4: "c"}
    assert set(cluster_lf(clusters, examples=mixed).labels) == {"a", "c"}
    assert cluster_lf(clusters, examples=mixed, min_purity=0.8).labels == ("c",)
    assert cluster_lf(clusters, examples={0: "a", 1: "b", 4: "c"}, min_purity=0).labels == ("c",)


@pytest.mark.parametrize("clusterer", [AgglomerativeClustering(3), DBSCAN(eps=0.5)])
def test_clusterers_that_cannot_predict(clusterer):
    """Rows that were clustered keep their cluster, and new ones take that of the nearest."""
    rng = np.random.default_rng(0)
    middles = np.array([[0, 0], [5, 5], [0, 5]])
    points = np.vstack([rng.normal(0, 0.2, (40, 2)) + middle for middle in middles])
    frame = pl.DataFrame(points, schema=["x", "y"])
    clusters = find_clusters(frame, columns=["x", "y"], clusterer=clusterer)
    assert len(clusters.numbers) == 3
    lf = cluster_lf(clusters, {c: f"c{c}" for c in clusters.numbers.tolist()})
    votes = apply(lf, frame, classes=["c0", "c1", "c2"], progress=False).to_numpy()[:, 0]
    assert (votes == clusters.cluster).all()
    assert lf({"x": 5.1, "y": 4.9}) == f"c{clusters.cluster[40]}"
    assert lf({"x": 50.0, "y": 50.0}) is None
    assert not hasattr(clusterer, "labels_")  # the user's own stays as it was


def test_noise_is_no_cluster():
    """What the clusterer calls noise abstains."""
    frame = pd.DataFrame({"x": [0.0, 0.1, 0.2, 0.1, 0.15, 50.0]})
    clusters = find_clusters(frame, columns=["x"], clusterer=DBSCAN(eps=0.5, min_samples=3))
    assert clusters.cluster.tolist() == [0] * 5 + [-1]
    assert apply(cluster_lf(clusters, {0: 1}), frame, progress=False).to_numpy()[:, 0].tolist() == [1] * 5 + [-1]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda c: find_clusters(TEXTS, column="text"), LabelingFunctionError, "needs encode="),
        (lambda c: find_clusters(TEXTS, column="txt", encode=letters), ColumnError, "Did you mean 'text'"),
        (lambda c: find_clusters(TEXTS, columns=["text"], clusterer=2), FrameError, "no numbers"),
        (lambda c: find_clusters("text", column="text", encode=letters), FrameError, "no frame"),
        (lambda c: find_clusters(TEXTS, column="text", encode=letters, clusterer=0), LabelingFunctionError, "from 1"),
        (lambda c: find_clusters(TEXTS, column="text", encode=letters, clusterer=99), ParameterError, "8 rows"),
        (lambda c: find_clusters(TEXTS, column="text", encode=letters, clusterer="k"), LabelingFunctionError, "fit_pr"),
        (
            lambda c: find_clusters(TEXTS, column="text", encode=lambda items: [1], clusterer=2),
            ReturnValueError,
            "a row per item",
        ),
        (lambda c: cluster_lf(c, {9: "a"}), LabelingFunctionError, "no cluster 9"),
        (cluster_lf, LabelingFunctionError, "give labels= by cluster"),
        (lambda c: cluster_lf(c, {0: "a"}, examples={0: "a"}), LabelingFunctionError, "give labels= by cluster"),
        (lambda c: cluster_lf(c, examples={99: "a"}), LabelingFunctionError, "row 99, which is not in the index"),
        (lambda c: cluster_lf(c, examples={8: "a"}), LabelingFunctionError, "never vote"),
        (lambda c: cluster_lf(c, {0: -1}), LabelingFunctionError, "no class"),
        (lambda c: cluster_lf(c, {0: "a"}, closest=2), LabelingFunctionError, "from 0 to 1"),
        (lambda c: cluster_lf(TEXTS, {0: "a"}), LabelingFunctionError, "find_clusters"),
        (lambda c: cluster_table(c, TEXTS.head(2)), ParameterError, "frame has 2 rows, and 9"),
        (lambda c: cluster_table(c, TEXTS, [1]), ParameterError, "y has 1 rows"),
        (lambda c: apply(cluster_lf(c, {0: "a"}), TEXTS, classes=["b", "c"]), LabelingFunctionError, "'a'"),
        (lambda c: apply(cluster_lf(c, {0: 1}), TEXTS.rename(columns=str.upper)), ColumnError, "'text'"),
    ],
)
def test_bad_arguments(call, error, says):
    """Each says what is wrong."""
    clusters = find_clusters(TEXTS, column="text", encode=letters, clusterer=2)
    with pytest.raises(error, match=says):
        call(clusters)
