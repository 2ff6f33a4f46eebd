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

from weaklab.exceptions import CoverageWarning, NotConvergedWarning, ParameterError, VoteError
from weaklab.label_models import (
    ContinuousModel,
    DawidSkene,
    LabelModel,
    MajorityVote,
    MatrixCompletion,
    OneCoin,
    PartialLabelModel,
)
from weaklab.votes import PartialVotes, SoftVotes, VoteChunks, spool

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
    online.partial_fit(votes[1500:], y[1500:], weight[1500:])
    assert_same_bits(online, clone(model).fit(votes, y, weight), votes)
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


def test_partial_fit_leaves_out_rows_that_it_cannot_learn_from(monkeypatch):
    """An error, or Ctrl-C, within the learning: no attribute has changed, no row counts twice, no class stays."""
    votes, _ = draw(300, k=2)
    model = DawidSkene(class_balance=[0.4, 0.6])
    with pytest.raises(ParameterError, match="zero for every row"):
        model.partial_fit(votes, sample_weight=np.zeros(300))
    model.partial_fit(votes[:100])
    more = votes[100:].copy()
    more[5] = 2
    with pytest.raises(ParameterError, match="3 numbers"):
        model.partial_fit(more)
    assert_same_bits(model, DawidSkene(class_balance=[0.4, 0.6]).fit(votes[:100]), votes)
    with monkeypatch.context() as patch:
        patch.setattr("weaklab.label_models.dawid_skene.ascend", interrupt)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(votes[100:])
    assert_same_bits(model.partial_fit(votes[100:]), DawidSkene(class_balance=[0.4, 0.6]).fit(votes), votes)
    with pytest.raises(ParameterError, match="the model's classes=3"):
        model.set_params(classes=3).partial_fit(votes)


def interrupt(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("copied", [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy, copy.copy])
def test_copies_predict_and_do_not_carry_the_rows(copied):
    """A pickle after partial_fit is as small as after fit; going on from rows that are not there is an error."""
    votes, _ = draw(50_000)
    model = DawidSkene().partial_fit(votes)
    other = copied(model)
    assert len(pickle.dumps(other)) < 1.01 * len(pickle.dumps(DawidSkene().fit(votes)))
    np.testing.assert_array_equal(other.predict_proba(votes), model.predict_proba(votes))
    for again in (other, copied(other)):
        with pytest.raises(VoteError, match=r"had seen 50,000 rows in partial_fit.*cannot go on"):
            again.partial_fit(votes)
    assert other.fit(votes).partial_fit(votes).n_rows_ == 50_000
    assert model.partial_fit(votes).n_rows_ == 100_000
    assert clone(model).partial_fit(votes[:10]).n_rows_ == 10


def test_a_source_that_fails_leaves_the_model_as_it_was():
    """Its error passes through; what was learned before stays."""
    votes, _ = draw(300)
    model = LabelModel().fit(votes)

    def source():
        yield votes
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        model.fit(source)
    assert_same_bits(model, LabelModel().fit(votes), votes)


def test_warnings_point_to_the_caller():
    """However votes come, the line that is named is the user's."""
    votes, _ = draw(300)
    rows = {
        "matrix": lambda model: model.fit(votes),
        "chunks": lambda model: model.fit(iter([votes])),
        "partial": lambda model: model.partial_fit(votes),
    }
    for model in (
        DawidSkene(max_iter=1),
        OneCoin(max_iter=1),
        PartialLabelModel(max_iter=1),
        MatrixCompletion(max_iter=1),
    ):
        for name, fit in rows.items():
            with pytest.warns(NotConvergedWarning, match="max_iter=1") as warned:
                fit(clone(model))
            assert [str(each.filename) for each in warned] == [__file__], (model, name)
    with pytest.warns(CoverageWarning) as warned:
        ContinuousModel(classes=2).partial_fit([[-1, -1]])
    assert warned[0].filename == __file__


def test_predictions_keep_step_with_chunks():
    """An array per chunk, also of an empty one; a source that is used up is an error, as are other functions."""
    votes, _ = draw(10)
    model = MajorityVote().fit(votes)
    source = iter([votes[:4], [], votes[4:4], np.array([]), votes[4:]])
    assert [len(part) for part in model.predict_chunks(source)] == [4, 0, 0, 0, 6]
    with pytest.raises(VoteError, match="once only"):
        next(model.predict_chunks(source))
    with pytest.raises(VoteError, match="In the rows from 4 on: X has 3 features"):
        list(model.predict_chunks(iter([votes[:4], votes[4:, :3]])))


def rich(n, kind, seed=0):
    """Sets that hold a class, or distributions that favour it, seven times out of ten."""
    votes, y = draw(n, seed=seed)
    if kind is PartialVotes:
        other = np.random.default_rng(seed).integers(3, size=votes.shape)
        return PartialVotes(np.where(votes < 0, 0, 1 << np.maximum(votes, 0) | 1 << other), k=3), y
    probs = np.random.default_rng(seed).dirichlet(np.full(3, 2.0), size=votes.shape).round(2)
    probs[..., 2] = 1 - probs[..., :2].sum(axis=2)
    probs = (np.eye(3)[np.maximum(votes, 0)] + np.clip(probs, 0, 1)) / (
        1 + np.clip(probs, 0, 1).sum(axis=2, keepdims=True)
    )
    probs[votes < 0] = np.nan
    return SoftVotes(probs), y


def rows_of(votes, rows):
    return PartialVotes(votes.masks[rows], votes.k) if isinstance(votes, PartialVotes) else SoftVotes(votes.probs[rows])


@pytest.mark.parametrize("budget", [0, 512_000_000], ids=["files", "memory"])
@pytest.mark.parametrize(
    "model", [PartialLabelModel(), ContinuousModel(max_iter=20)], ids=lambda model: type(model).__name__
)
def test_richer_votes_in_chunks_give_the_same_bits(model, budget, monkeypatch):
    """Sets and distributions stream as votes do: fit, predict_chunks, partial_fit, with gold and weights."""
    monkeypatch.setattr(spool, "BUDGET", budget)
    n = 600
    votes, y = rich(n, model.takes)
    gold, weight = np.where(np.arange(n) % 9 == 0, y, -1), np.arange(n) % 3
    whole = clone(model).fit(votes, gold, weight)
    for size in (1, 7, 65_536):
        parts = cut(n, size)
        source = ((rows_of(votes, p), gold[p], weight[p]) for p in parts)
        assert_same_bits(clone(model).fit(source), whole, votes)
        q = np.concatenate(list(whole.predict_chunks(rows_of(votes, p) for p in parts)))
        np.testing.assert_array_equal(q, whole.predict_proba(votes))
    online = clone(model)
    for p in cut(n, 200):
        online.partial_fit(rows_of(votes, p), gold[p], weight[p])
    assert_same_bits(online, whole, votes)
    with pytest.raises(VoteError, match="one kind"):
        online.partial_fit([[0] * 8])
    with pytest.raises(VoteError, match="These are"):
        DawidSkene().fit(iter([votes]))


def peak_of(work):
    """Peak bytes that Python and numpy allocate, and seconds."""
    tracemalloc.start()
    started = time.perf_counter()
    try:
        work()
        return tracemalloc.get_traced_memory()[1], time.perf_counter() - started
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("k", "weight"),
    [(2, None), (4, None), (4, np.arange(65_536) % 3)],
    ids=["merged", "unmerged", "some weights are 0"],
)
def test_streamed_rows_take_little_memory(k, weight, monkeypatch):
    """2,000,000 x 10 votes in files: they and what is kept per row stay out of memory (32 MB were seen)."""
    monkeypatch.setattr(spool, "BUDGET", 0)

    def source():
        for i in range(31):
            n = min(65_536, 2_000_000 - i * 65_536)
            votes, _ = draw(n, m=10, k=k, coverage=0.5 if k > 2 else 0.3, seed=i)
            yield votes if weight is None else (votes, None, weight[:n])

    LabelModel().fit(next(source())[0] if weight is not None else next(source()))  # compiled
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
