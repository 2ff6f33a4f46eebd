"""prototype_lf: the nearest description or example votes."""

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from weaklab.apply import apply
from weaklab.datasets import load_docstrings
from weaklab.exceptions import ColumnError, LabelingFunctionError, LabelingFunctionFailure, ReturnValueError
from weaklab.labeling import prototype_lf

X, Y = load_digits(return_X_y=True)
COLUMNS = [f"p{i}" for i in range(64)]
DIGITS = pd.DataFrame(X, columns=COLUMNS)
WORDS = ["cat", "dog", "rose"]
TEXTS = pd.DataFrame({"text": ["cat dog", "cat", "cat", None, "tree", "rose rose dog"]})

# Written down before anything was measured with them.
DESCRIPTIONS = {
    "numpy": [
        "array elements, broadcasting, ufunc and dtype",
        "ndarray shape and strides",
        "numpy array functions",
        "random generator, masked arrays and polynomials",
        "test arrays equal, dtype casting",
    ],
    "pandas": [
        "DataFrame and Series with an index",
        "groupby, merge and pivot tables",
        "time stamps, periods and offsets",
        "missing values NA in a column",
        "read csv and excel, extension array, categorical",
    ],
    "scipy": [
        "sparse matrix and linear solvers",
        "probability distribution and statistical test",
        "optimize minimize, root finding and integration",
        "signal filter, spline interpolation and FFT",
        "special functions, spatial distances",
    ],
    "sklearn": [
        "estimator fit and predict",
        "classifier, regression and clustering",
        "cross validation score, metrics",
        "training samples and features, n_samples, n_features",
        "transformer pipeline, fitted model parameters",
    ],
    "numba": [
        "compile and jit, llvm type inference",
        "cuda kernel and device",
        "lowering, typing and ir block",
        "bytecode, compiler passes",
        "nopython mode, overload implementation",
    ],
}


def count_words(items):
    """An embedding of three words."""
    return np.array([[item.split().count(word) for word in WORDS] for item in items], dtype=float)


@pytest.fixture(scope="module")
def docstrings():
    """Real texts, and an embedding of them that saw no label."""
    train, _, test = load_docstrings(progress=False)
    words = TfidfVectorizer(sublinear_tf=True, min_df=3, max_df=0.3, stop_words="english")
    encode = make_pipeline(words, TruncatedSVD(100, random_state=0)).fit(train.sample(4000, random_state=0).text)
    return test, encode.transform


def accuracy(lf, frame, y, classes):
    """Accuracy where it votes, and coverage."""
    votes = apply(lf, frame, classes=classes, progress=False).to_numpy()[:, 0]
    there = votes >= 0
    return (np.array(classes)[votes[there]] == np.asarray(y)[there]).mean(), there.mean()


def test_class_texts_alone_classify_real_texts_and_ensembles_help(docstrings):
    """Zero-shot: an ensemble of five texts a class beats one text by far, and all of it chance by more."""
    test, encode = docstrings
    classes = list(DESCRIPTIONS)
    together = accuracy(
        prototype_lf(DESCRIPTIONS, column="text", encode=encode, pool="mean"), test, test.label, classes
    )
    alone = [
        accuracy(
            prototype_lf({c: texts[i] for c, texts in DESCRIPTIONS.items()}, column="text", encode=encode),
            test,
            test.label,
            classes,
        )[0]
        for i in range(5)
    ]
    assert together[0] >= max(alone) + 0.01
    assert together[0] >= test.label.value_counts(normalize=True).max() + 0.3
    assert together[1] > 0.99


def test_a_margin_buys_accuracy_with_coverage(docstrings):
    """The doubtful rows are the wrong ones."""
    test, encode = docstrings
    found = [
        accuracy(
            prototype_lf(DESCRIPTIONS, column="text", encode=encode, pool="mean", min_margin=margin),
            test,
            test.label,
            list(DESCRIPTIONS),
        )
        for margin in (0.0, 0.1, 0.2)
    ]
    assert found[1][0] > found[0][0] + 0.1
    assert found[2][0] > found[1][0]
    assert found[0][1] > found[1][1] > found[2][1] > 0.2


def test_few_examples_and_a_margin_on_digits():
    """Noisy prototypes of three images a class: those ahead by a margin are right far more often."""
    gains = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        examples = {c: X[rng.choice(np.flatnonzero(Y == c), 3, replace=False)] for c in range(10)}
        (all_of_them, _), (ahead, coverage) = (
            accuracy(prototype_lf(examples, columns=COLUMNS, min_margin=margin), DIGITS, Y, list(range(10)))
            for margin in (0.0, 0.05)
        )
        assert all_of_them > 0.7
        assert coverage > 0.5
        gains.append(ahead - all_of_them)
    assert min(gains) > 0.08


# A seven-segment display as the description of a digit, and where the segments are in an 8 x 8 image.
LIT = ["abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg"]
ATTRIBUTES = np.array([[float(each in lit) for each in "abcdefg"] for lit in LIT])
PLACES = [
    ((0, 2), (2, 6)),
    ((1, 4), (5, 7)),
    ((4, 7), (5, 7)),
    ((6, 8), (2, 6)),
    ((4, 7), (1, 3)),
    ((1, 4), (1, 3)),
    ((3, 5), (2, 6)),
]


def measured(images):
    """How much ink there is in each segment of each image, beside the mean image."""
    shown = (images - X.mean(axis=0)).reshape(-1, 8, 8)
    return np.column_stack([shown[:, r[0] : r[1], c[0] : c[1]].mean(axis=(1, 2)) for r, c in PLACES])


def test_classes_known_by_their_attributes_only():
    """Two digits that nobody labeled, told apart by which segments they light, over all pairs of digits."""
    found = []
    for a in range(10):
        for b in range(a):
            rows = np.isin(Y, (a, b))
            prototypes = {c: ATTRIBUTES[c] - ATTRIBUTES.mean(axis=0) for c in (a, b)}
            lf = prototype_lf(prototypes, columns=COLUMNS, encode=measured)
            found.append((np.array([a, b])[lf.answers(DIGITS[rows]).choice] == Y[rows]).mean())
    assert np.mean(found) >= 0.8


# The same in words, for captions of images: the segments where an image has more ink than the mean image, and its name.
SEGMENTS = np.array(["top", "upper-right", "lower-right", "bottom", "lower-left", "upper-left", "middle"])
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def test_images_and_captions_of_eight_digits_teach_two_others(rng):
    """Images are mapped to the words of their captions; two digits, named in no caption, are known by their segments.

    Over all pairs of digits: nine in ten of new images of the eight are called right by the eight names, and eight in
    ten of the two by the segments that they light.
    """
    captions = [f"{NAMES[y]}: {', '.join(SEGMENTS[ink > 0])}" for ink, y in zip(measured(X), Y, strict=True)]
    described = [", ".join(SEGMENTS[lit > 0]) for lit in ATTRIBUTES]
    found = []
    for a in range(10):
        for b in range(a):
            unseen = np.isin(Y, (a, b))
            train = ~unseen & (rng.random(len(Y)) < 2 / 3)
            texts = [captions[row] for row in np.flatnonzero(train)]
            words = CountVectorizer(token_pattern=r"[\w-]+").fit(texts)
            mean = words.transform(texts).mean(axis=0)
            mapping = Ridge(alpha=1.0).fit(X[train] / 16, np.asarray(words.transform(texts) - mean))
            right = []
            by_name = {each: NAMES[each] for each in range(10) if each not in (a, b)}
            for prototypes, rows in ((by_name, ~unseen & ~train), ({each: described[each] for each in (a, b)}, unseen)):
                lf = prototype_lf(
                    prototypes,
                    columns=COLUMNS,
                    encode=lambda images, mapping=mapping: mapping.predict(images / 16),
                    encode_prototypes=lambda texts, words=words, mean=mean: np.asarray(words.transform(texts) - mean),
                )
                right.append((np.array(lf.labels)[lf.answers(DIGITS[rows]).choice] == Y[rows]).mean())
            found.append(right)
    of_seen, of_unseen = np.mean(found, axis=0)
    assert of_seen >= 0.9
    assert of_unseen >= 0.8


def test_a_mapping_learned_on_eight_classes_reaches_two_others(rng):
    """Planted: items are a linear image of their class's attributes; the mapping is learned without the unseen two."""
    found = []
    for _ in range(10):
        attributes = rng.standard_normal((10, 6))
        y = rng.integers(0, 10, 2000)
        items = attributes[y] @ rng.standard_normal((6, 30)) + 2.0 * rng.standard_normal((2000, 30))
        seen = y < 8
        mapping = Ridge(alpha=1.0).fit(items[seen], attributes[y[seen]])
        frame = pd.DataFrame(items).add_prefix("x")
        lf = prototype_lf({c: attributes[c] for c in range(10)}, columns=list(frame.columns), encode=mapping.predict)
        two = prototype_lf({c: attributes[c] for c in (8, 9)}, columns=list(frame.columns), encode=mapping.predict)
        told_apart = (two.answers(frame[~seen]).choice + 8 == y[~seen]).mean()
        right = lf.answers(frame).choice == y
        both = right[seen].mean(), right[~seen].mean()
        found.append((told_apart, 2 * both[0] * both[1] / sum(both)))
    assert np.mean(found, axis=0)[0] >= 0.75
    assert np.mean(found, axis=0)[1] >= 0.5


def test_each_distinct_text_is_encoded_once():
    """Embeddings cost; repeated texts share one, and a missing one costs none."""
    asked = Counter()

    def encode(items):
        asked.update(items)
        assert len(items) <= 2
        return count_words(items)

    lf = prototype_lf({"pet": ["cat", "dog"], "plant": "rose"}, column="text", encode=encode, batch_size=2)
    asked.clear()
    votes = apply(lf, TEXTS, classes=["pet", "plant"], progress=False)
    assert votes.iloc[:, 0].tolist() == [0, 0, 0, -1, -1, 1]
    assert asked == Counter({"cat dog": 1, "cat": 1, "tree": 1, "rose rose dog": 1})


def test_nearest_and_mean_and_soft():
    """By hand: cosines to prototypes, to their mean, and the softmax of these."""
    items = pd.DataFrame({"text": ["cat"]})
    prototypes = {"pet": ["cat", "dog"], "plant": "rose cat"}
    nearest = prototype_lf(prototypes, column="text", encode=count_words, output="soft", temperature=0.5)
    probs = apply(nearest, items, classes=["pet", "plant"], progress=False).probs[0, 0]
    s = np.exp(np.array([1.0, np.sqrt(0.5)]) / 0.5)
    np.testing.assert_allclose(probs, s / s.sum())
    # the mean of cat and dog is as near to cat as rose cat is: a tie, which abstains
    mean = prototype_lf(prototypes, column="text", encode=count_words, pool="mean")
    assert mean.class_similarity(np.array([[1.0, 0.0, np.sqrt(0.5)]]))[0] == pytest.approx([np.sqrt(0.5)] * 2)
    far = prototype_lf(prototypes, column="text", encode=count_words, min_similarity=0.9)
    assert far({"text": "cat"}) == "pet"
    assert far({"text": "cat dog rose"}) is None


def test_explains_by_the_nearest_prototypes():
    """With their similarities, and which bar was not passed."""
    lf = prototype_lf({"pet": ["cat", "dog"], "plant": "rose"}, column="text", encode=count_words, min_margin=0.5)
    said = lf.explain({"text": "dog dog rose"})
    assert said.vote is None
    assert "nearest to 'pet' by 'dog'" in said.reason
    assert "not ahead by min_margin 0.5" in said.reason
    assert said.details["nearest"][0] == ("pet", "dog", pytest.approx(0.8944, abs=1e-4))
    assert lf.explain({"text": "dog"}).vote == "pet"
    assert "tie" in lf.explain({"text": "tree"}).reason
    assert "missing" in lf.explain({"text": None}).reason
    assert "rose" in lf._repr_html_()


def test_sparse_embeddings_other_encoders_and_pickling():
    """What scikit-learn returns is taken as it is, and classes may be encoded by something else than items."""
    lf = prototype_lf(
        {"pet": 0, "plant": 2},
        column="text",
        encode=lambda items: sparse.csr_matrix(count_words(items)),
        encode_prototypes=lambda items: np.eye(3)[items],
    )
    assert lf({"text": "rose"}) == "plant"
    again = pickle.loads(pickle.dumps(prototype_lf({"a": "cat", "b": "dog"}, column="text", encode=count_words)))
    assert again({"text": "dog"}) == "b"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda items: np.ones(len(items)), r"shape \(\d,\) for"),
        (lambda items: np.ones((len(items) + 1, 3)), "a row per item"),
        (lambda items: np.ones((len(items), 2)), "2 numbers per item where it returned 3"),
        (lambda items: np.full((len(items), 3), np.nan), "not finite for 5 of 5 items"),
        (lambda items: ["a"] * len(items), "no array of numbers"),
        (lambda items: None, "encode returned"),
    ],
)
def test_encode_of_the_wrong_shape(wrong, says):
    """Found before a vote is made of it."""
    answers = [count_words, wrong]
    lf = prototype_lf(
        {"pet": ["cat"], "plant": "rose"},
        column="text",
        encode=lambda items: answers[len(items) > 1](items),
        name="near",
    )
    frame = pd.DataFrame({"text": ["a", "b", "c", "d", "e"]})
    with pytest.raises(LabelingFunctionFailure, match=f"'near' failed on the frame of 5 rows: .*{says}"):
        apply(lf, frame, classes=["pet", "plant"], progress=False)
    if "finite" not in says and "where it returned" not in says:
        with pytest.raises(ReturnValueError, match="encode returned"):
            prototype_lf({"pet": "cat", "plant": "rose"}, column="text", encode=wrong)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"prototypes": {"pet": "cat"}}, "two classes"),
        ({"prototypes": {"pet": "cat", "plant": []}}, "'plant' has no prototype"),
        ({"prototypes": {"pet": "cat", "plant": "tree"}}, "zeros"),
        ({"encode": TfidfVectorizer()}, "encode=model.transform"),
        ({"encode": None}, "give encode="),
        ({"pool": "max"}, "not known"),
        ({"min_margin": -1}, "from 0 to 2"),
        ({"min_similarity": 2}, "from -1 to 1"),
        ({"temperature": 0}, "above 0"),
        ({"output": "set"}, "hard"),
        ({"column": None}, "give column="),
    ],
)
def test_bad_arguments(arguments, says):
    """What cannot work is said when the function is made."""
    given = {"prototypes": {"pet": "cat", "plant": "rose"}, "column": "text", "encode": count_words, **arguments}
    with pytest.raises(LabelingFunctionError, match=says):
        prototype_lf(given.pop("prototypes"), **given)


def test_unknown_columns_and_classes():
    """With a suggestion, before anything is encoded."""
    lf = prototype_lf({"pet": "cat", "plant": "rose"}, column="txet", encode=count_words)
    with pytest.raises(ColumnError, match="Did you mean 'text'"):
        apply(lf, TEXTS, classes=["pet", "plant"], progress=False)
    with pytest.raises(LabelingFunctionError, match="one of its labels is 'plant'"):
        apply(
            prototype_lf({"pet": "cat", "plant": "rose"}, column="text", encode=count_words),
            TEXTS,
            classes=["pet", "tree"],
            progress=False,
        )
