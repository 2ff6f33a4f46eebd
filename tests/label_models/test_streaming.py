"""Label models on votes in chunks: the same bits as from memory, in less of it."""

from __future__ import annotations

import copy
import pickle
import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from weaklab.exceptions import ParameterError, VoteError
from weaklab.label_models import DawidSkene, LabelModel, MajorityVote, PartialLabelModel
from weaklab.votes import VoteChunks, spool

MODELS = [MajorityVote(), DawidSkene(max_iter=30), LabelModel(), PartialLabelModel()]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
pytestmark = pytest.mark.filterwarnings("ignore::weaklab.exceptions.NotConvergedWarning")


def draw(n, m=8, k=3, coverage=0.5, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(k, size=n)
    votes = np.where(rng.random((n, m)) < 0.7, y[:, None], rng.integers(k, size=(n, m)))
    votes[rng.random((n, m)) >= coverage] = -1
    return votes.astype(np.int8), y


def cut(n, size):
    return [slice(start, start + size) for start in range(0, n, size)]


def assert_same_bits(one, other, votes):
    for name in ("classes_", "class_prior_", "accuracies_", "confusion_", "n_iter_", "objective_path_", "n_rows_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(one.predict_proba(votes), other.predict_proba(votes))


@pytest.mark.parametrize("budget", [0, 512_000_000], ids=["files", "memory"])
@each_model
def test_chunks_give_the_same_bits(model, budget, monkeypatch):
    """Rows are only collected from chunks; what is fitted to them is what is fitted to a matrix."""
    monkeypatch.setattr(spool, "BUDGET", budget)
    n = 70_000
    votes, _ = draw(n)
    whole = clone(model).fit(votes)
    sources = {
        "list": VoteChunks([votes[part] for part in cut(n, 1000)]),
        "generator": (votes[part] for part in cut(n, 65_536)),
        "callable": lambda: iter(np.split(votes, [1, 1, 31, 9000, 65_000])),
    }
    for source in sources.values():
        assert_same_bits(clone(model).fit(source), whole, votes)


@each_model
def test_single_rows_give_the_same_bits(model):
    """The smallest chunks that there are."""
    votes, _ = draw(400)
    source = (votes[i : i + 1] for i in range(400))
    assert_same_bits(clone(model).fit(source), clone(model).fit(votes), votes)


@each_model
def test_rows_that_do_not_merge_give_the_same_bits(model, monkeypatch):
    """Wide rows are fitted as they lie, here in files, a view of which the kernels read."""
    monkeypatch.setattr(spool, "BUDGET", 0)
    votes, _ = draw(3000, m=150)
    assert_same_bits(clone(model).fit(iter(np.split(votes, 6))), clone(model).fit(votes), votes)


@each_model
def test_gold_and_weights_come_with_chunks_or_beside_them(model, rng):
    """Either way they are those of the rows; both ways are an error."""
    votes, y = draw(3000)
    y, weight = np.where(rng.random(3000) < 0.2, y, -1), rng.random(3000)
    whole = clone(model).fit(votes, y, weight)
    parts = cut(3000, 700)
    assert_same_bits(clone(model).fit((votes[p], y[p], weight[p]) for p in parts), whole, votes)
    assert_same_bits(clone(model).fit((votes[p] for p in parts), y, weight), whole, votes)
    assert_same_bits(clone(model).fit(((votes[p], y[p]) for p in parts), sample_weight=weight), whole, votes)
    with pytest.raises(ParameterError, match="bring gold labels"):
        clone(model).fit(((votes[p], y[p]) for p in parts), y)
    with pytest.raises(ParameterError, match="bring weights"):
        clone(model).fit(((votes[p], None, weight[p]) for p in parts), sample_weight=weight)


def test_gold_beside_chunks_may_name_a_class_that_nobody_votes_for():
    """As from memory, the number of classes is inferred from votes and gold."""
    votes, y = draw(500, k=2)
    y = np.where(y == 0, 4, 1)
    model = DawidSkene().fit(iter(np.split(votes, 5)), y)
    assert_same_bits(model, DawidSkene().fit(votes, y), votes)
    assert len(model.classes_) == 5


@each_model
def test_frames_and_sparse_matrices_in_chunks(model):
    """Names survive, columns come in any order, and forms of votes may be mixed where there are no names."""
    votes, _ = draw(900)
    frame = pd.DataFrame(votes, columns=list("abcdefgh"))
    whole = clone(model).fit(frame)
    assert_same_bits(clone(model).fit(iter([frame[:300], frame[300:][list("hgfedcba")]])), whole, frame)
    mixed = iter([votes[:300].tolist(), scipy.sparse.csr_array(votes[300:600] + 1), votes[600:]])
    assert_same_bits(clone(model).fit(mixed), clone(model).fit(votes), votes)


@each_model
def test_a_bad_vote_names_its_row_in_the_data(model):
    """In chunk 3, at fit and at prediction."""
    votes, _ = draw(3000)
    fitted = clone(model).fit(votes)
    votes[2500, 4] = -3
    with pytest.raises(VoteError, match="column 4 in row 2500 is -3"):
        clone(model).fit(iter(np.split(votes, 3)))
    with pytest.raises(VoteError, match="column 4 in row 2500 is -3"):
        list(fitted.predict_chunks(iter(np.split(votes, 3))))


def test_no_rows_and_no_chunks_are_errors():
    """Empty chunks are chunks."""
    with pytest.raises(VoteError, match=r"no rows to learn from: votes of shape \(0, 2\)"):
        LabelModel().fit(iter([np.empty((0, 2))]))
    with pytest.raises(VoteError, match="no chunk"):
        LabelModel().fit(iter([]))


@each_model
def test_predict_chunks_gives_what_predict_proba_gives(model):
    """One array per chunk, when it is asked for, and not before."""
    votes, _ = draw(1000)
    model = clone(model)
    with pytest.raises(NotFittedError):
        model.predict_chunks(iter([votes]))
    model.fit(votes)
    read = []
    source = (read.append(i) or (votes[p], None) for i, p in enumerate(cut(1000, 300)))
    chunks = model.predict_chunks(source)
    first = next(chunks)
    assert (len(first), read) == (300, [0])
    np.testing.assert_array_equal(np.concatenate([first, *chunks]), model.predict_proba(votes))
    for method in (model.predict_proba, model.predict, model.labels):
        with pytest.raises(VoteError, match="predict_chunks"):
            method(VoteChunks([votes]))


@pytest.mark.parametrize("budget", [0, 512_000_000], ids=["files", "memory"])
@each_model
def test_partial_fit_is_fit_on_all_rows_so_far(model, budget, monkeypatch, rng):
    """After each call: nothing is forgotten, and how rows were cut does not show."""
    monkeypatch.setattr(spool, "BUDGET", budget)
    votes, y = draw(2000)
    votes[:500] = np.minimum(votes[:500], 1)  # the third class comes later
    y = np.where(rng.random(2000) < 0.2, y, -1)
    y[:1000] = -1
    weight = np.concatenate([np.ones(1500), rng.random(500)])
    online = clone(model)
    online.partial_fit(votes[:500])
    assert_same_bits(online, clone(model).fit(votes[:500]), votes[:500])
    online.partial_fit(votes[500:1000])
    assert_same_bits(online, clone(model).fit(votes[:1000]), votes)
    online.partial_fit(votes[1000:1500], y[1000:1500])
    assert_same_bits(online, clone(model).fit(votes[:1500], y[:1500]), votes)
    online = pickle.loads(pickle.dumps(online))
    branch = copy.deepcopy(online)
    online.partial_fit(votes[1500:], y[1500:], weight[1500:])
    assert_same_bits(online, clone(model).fit(votes, y, weight), votes)
    assert branch.n_rows_ == 1500
    assert_same_bits(online.fit(votes[:900]).partial_fit(votes[:500]), clone(model).fit(votes[:500]), votes[:500])


def test_partial_fit_takes_classes_at_the_first_call():
    """As scikit-learn's do; a later call, or the constructor, must agree."""
    votes, _ = draw(300)
    model = DawidSkene().partial_fit(votes[:100], classes=["a", "b", "c", "d"])
    model.partial_fit(votes[100:])
    assert_same_bits(model, DawidSkene(classes=["a", "b", "c", "d"]).fit(votes), votes)
    assert set(model.predict(votes)) <= set("abcd")
    assert model.classes is None
    with pytest.raises(ParameterError, match=r"were .* before"):
        model.partial_fit(votes, classes=["a", "b"])
    with pytest.raises(ParameterError, match="were 5 before"):
        DawidSkene(classes=5).partial_fit(votes, classes=3)
    assert len(DawidSkene(classes=3).partial_fit(votes, classes=np.arange(3)).classes_) == 3


def test_partial_fit_leaves_out_wrong_rows():
    """After an error the model is as it was, and goes on."""
    votes, _ = draw(300)
    model = LabelModel().partial_fit(votes[:100])
    with pytest.raises(VoteError, match="row 100 is -9"):
        model.partial_fit([[-9] * 8])
    with pytest.raises(VoteError, match="X has 2 features"):
        model.partial_fit([[0, 1]])
    assert_same_bits(model.partial_fit(votes[100:]), LabelModel().fit(votes), votes)


def peak_of(work):
    """Peak bytes that Python and numpy allocate, and seconds."""
    tracemalloc.start()
    started = time.perf_counter()
    try:
        work()
        return tracemalloc.get_traced_memory()[1], time.perf_counter() - started
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("k", [2, 4], ids=["merged", "unmerged"])
def test_streamed_rows_take_little_memory(k, monkeypatch):
    """2,000,000 x 10 votes in files: they and what is kept per row stay out of memory (32 MB were seen)."""
    monkeypatch.setattr(spool, "BUDGET", 0)

    def source():
        for i in range(31):
            yield draw(min(65_536, 2_000_000 - i * 65_536), m=10, k=k, coverage=0.5 if k > 2 else 0.3, seed=i)[0]

    LabelModel().fit(next(source()))  # compiled
    peak, seconds = peak_of(lambda: LabelModel().fit(source))
    print(f"{k} classes: {peak / 1e6:.0f} MB, {seconds:.1f} s")  # noqa: T201
    assert seconds < 60  # 1 to 2 s on two cores
    assert peak < 60e6


@pytest.mark.parametrize(
    ("model", "bound"), [(DawidSkene(max_iter=5), 300e6), (LabelModel(), 2e9)], ids=["DawidSkene", "LabelModel"]
)
def test_thousands_of_sparse_labeling_functions_are_never_dense(model, bound):
    """2,880 x 1,000,000 cells, of which 0.2 % hold votes, as bytes 2.9 GB: no array is that large.

    The default model takes 1.4 GB, for tables of 2,880 x 2,880 in which it looks for dependence, however many rows.
    """
    n, m, each = 1_000_000, 2880, 6
    rng = np.random.default_rng(0)
    columns = rng.integers(m // each, size=(n, each), dtype=np.int32) + np.arange(each, dtype=np.int32) * (m // each)
    y = rng.integers(2, size=(n, 1))
    stored = (np.where(rng.random((n, each)) < 0.8, y, 1 - y) + 1).astype(np.int8)
    votes = scipy.sparse.csr_array((stored.ravel(), columns.ravel(), np.arange(n + 1) * each), shape=(n, m))
    peak, seconds = peak_of(lambda: model.fit(votes).predict_proba(votes))
    print(f"{type(model).__name__}: {peak / 1e6:.0f} MB, {seconds:.1f} s")  # noqa: T201
    assert peak < bound
