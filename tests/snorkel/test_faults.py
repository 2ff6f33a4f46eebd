"""Faults that Snorkel 0.10 was seen to have, and this package does not; each by what a user sees."""

from __future__ import annotations

import logging
import pickle
import random
import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from weaklab.exceptions import PersistenceError
from weaklab.snorkel.analysis import Scorer
from weaklab.snorkel.labeling import (
    LabelingFunction,
    LFAnalysis,
    LFApplier,
    PandasLFApplier,
    filter_unlabeled_dataframe,
    labeling_function,
)
from weaklab.snorkel.labeling.apply.dask import PandasParallelLFApplier
from weaklab.snorkel.labeling.lf.nlp import NLPLabelingFunction
from weaklab.snorkel.labeling.model import LabelModel, MajorityLabelVoter, RandomVoter
from weaklab.snorkel.labeling.model.base_labeler import BaseLabeler
from weaklab.snorkel.preprocess import preprocessor
from weaklab.snorkel.synthetic.synthetic_data import generate_simple_label_matrix

MODULE = """
from weaklab.snorkel.labeling import labeling_function

@labeling_function()
def big(x):
    "Whether it is."
    return 1 if x.num > 42 else 0
"""


@labeling_function()
def big(x):
    """Whether it is."""
    return 1 if x.num > 42 else 0


def lf(f, name="f"):
    return LabelingFunction(name, f)


def over(functions, frame, **options):
    return PandasLFApplier(functions).apply(frame, progress_bar=False, **options)


def planted(n=2000, accuracies=(0.9, 0.8, 0.7, 0.6), k=2, coverage=0.8, balance=None, seed=0):
    """Votes that are right so often, and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.choice(k, size=n, p=balance)
    right = rng.random((n, len(accuracies))) < accuracies
    votes = np.where(right, y[:, None], (y[:, None] + rng.integers(1, k, size=right.shape)) % k)
    votes[rng.random(right.shape) >= coverage] = -1
    return votes, y


VOTES, GOLD = planted()


def fitted(votes=VOTES, k=2, **options):
    model = LabelModel(cardinality=k, verbose=False)
    model.fit(votes, progress_bar=False, **({"seed": 1} | options))
    return model


# Labeling functions ----------------------------------------------------------------------------------------------


def test_a_decorated_function_pickles(tmp_path):
    """Snorkel: "it's not the same object as"."""
    (tmp_path / "my_rules.py").write_text(MODULE)
    code = "import pickle, sys, types; from my_rules import big; again = pickle.loads(pickle.dumps(big))\n"
    code += "print(again(types.SimpleNamespace(num=90)), again.name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "big"]


def test_a_labeling_function_of_a_named_function_pickles():
    """Without the decorator."""
    made = LabelingFunction("length", len)
    assert pickle.loads(pickle.dumps(made))("abc") == 3


def test_a_decorated_function_keeps_its_name_and_docstring():
    """Snorkel: ``__doc__`` is that of the class, ``__name__`` an AttributeError."""
    assert (big.__name__, big.__doc__, big.__module__) == ("big", "Whether it is.", __name__)


def test_two_configurations_of_spacy_live_side_by_side():
    """Snorkel: "already configured with different parameters"."""
    pytest.importorskip("spacy")
    import spacy

    one, other = spacy.blank("en"), spacy.blank("de")
    functions = [
        NLPLabelingFunction(name, lambda x: len(x.doc), language=language)
        for name, language in (("english", one), ("german", other))
    ]
    assert over(functions, pd.DataFrame({"text": ["one two", "z.B. eins"]})).tolist() == [[2, 2], [3, 2]]


# What they return -------------------------------------------------------------------------------------------------


def test_none_abstains_with_and_without_tolerance():
    """Snorkel: a TypeError, even with ``fault_tolerant=True``."""
    frame = pd.DataFrame({"num": [1, 2]})
    sometimes = lf(lambda x: 1 if x.num > 1 else None)
    assert over([sometimes], frame).tolist() == [[-1], [1]]
    L, meta = over([sometimes], frame, fault_tolerant=True, return_meta=True)
    assert (L.tolist(), meta.faults) == ([[-1], [1]], {})


@pytest.mark.parametrize("value", [1.9, "SPAM", -5, float("nan"), [1]])
def test_what_is_no_vote_is_an_error_that_says_where(value):
    """Snorkel: 1.9 silently becomes 1, -5 counts as an abstention, "SPAM" is a bare TypeError."""
    with pytest.raises(ValueError, match=r"(?s)'strange'.*row 1"):
        over([lf(lambda x: value if x.num > 1 else 0, "strange")], pd.DataFrame({"num": [1, 2]}))


def test_a_value_that_is_no_vote_is_a_fault_where_faults_are_tolerated():
    """Snorkel: it raises all the same."""
    L, meta = over([lf(lambda x: "SPAM")], pd.DataFrame({"num": [1]}), fault_tolerant=True, return_meta=True)
    assert (L.tolist(), meta.faults) == ([[-1]], {"f": 1})


def test_bools_and_ints_of_numpy_are_votes():
    """As in Snorkel."""
    frame = pd.DataFrame({"num": [1, 50]})
    assert over([lf(lambda x: x.num > 42), lf(lambda x: np.int16(1), "g")], frame).tolist() == [[0, 1], [1, 1]]


# Appliers ---------------------------------------------------------------------------------------------------------


def test_an_error_keeps_its_type_and_says_where():
    """Snorkel: no name of the function, no row."""
    with pytest.raises(ZeroDivisionError) as raised:
        over([lf(lambda x: 1 // x.num, "inverse")], pd.DataFrame({"num": [1, 0]}, index=["a", "b"]))
    assert "'inverse' failed on row 1" in raised.value.__notes__[0]
    assert "'b'" in raised.value.__notes__[0]


def test_cells_keep_the_type_of_their_column():
    """Snorkel: an int beside a float arrives as a float."""
    seen = []
    over([lf(lambda x: seen.append(x.n) or 0)], pd.DataFrame({"n": [2**53 + 1], "x": [0.5]}))
    assert seen == [2**53 + 1]


@pytest.mark.slow
@pytest.mark.parametrize("index", [[3, 1, 2, 0], list("dbca"), [0, 0, 0, 0]])
def test_processes_keep_the_order_of_rows(index):
    """Snorkel: rows come out in the order of the sorted index."""
    frame = pd.DataFrame({"num": [0, 1, 2, 3]}, index=index)
    frame = pd.concat([frame] * 200)
    votes = PandasParallelLFApplier([lf(lambda x: x.num)]).apply(frame, n_parallel=2)
    assert votes[:, 0].tolist() == frame["num"].tolist()


@pytest.mark.slow
def test_an_error_in_a_process_keeps_its_type():
    """As in one."""
    frame = pd.DataFrame({"num": np.arange(1000)})
    with pytest.raises(ZeroDivisionError):
        PandasParallelLFApplier([lf(lambda x: 1 // (x.num - 990))]).apply(frame, n_parallel=2)


def test_processes_are_two_at_least():
    """As in Snorkel."""
    with pytest.raises(ValueError, match="n_parallel should be >= 2"):
        PandasParallelLFApplier([big]).apply(pd.DataFrame({"num": [1]}), n_parallel=1)


@pytest.mark.parametrize("kind", [LFApplier, PandasLFApplier, PandasParallelLFApplier])
def test_no_labeling_functions_are_an_error_that_says_so(kind):
    """Snorkel: an IndexError."""
    with pytest.raises(ValueError, match="no labeling functions"):
        kind([])


def test_no_rows_are_no_votes():
    """Of the right width."""
    assert over([big], pd.DataFrame({"num": []})).shape == (0, 1)


def test_a_row_is_not_copied_for_a_preprocessor_and_stays_as_it_was():
    """Snorkel: a pickle round trip per call."""
    never = SimpleNamespace()  # cannot be pickled with a lambda in it
    never.f = lambda: 1

    @preprocessor(memoize=True)
    def double(x):
        x.num = 2 * x.num
        return x

    frame = pd.DataFrame({"num": [1, 2], "o": [never, never]})
    assert over([LabelingFunction("f", lambda x: x.num, pre=[double])], frame).tolist() == [[2], [4]]
    assert frame["num"].tolist() == [1, 2]


# Analysis ---------------------------------------------------------------------------------------------------------


def test_polarities_are_plain_ints():
    """Snorkel: ``[np.int64(0), np.int64(1)]``."""
    assert repr(LFAnalysis(np.array([[0, 1], [1, -1]])).lf_polarities()) == "[[0, 1], [1]]"


def test_shares_of_nothing_give_no_warning():
    """Snorkel: RuntimeWarning, invalid value in divide."""
    analysis = LFAnalysis(np.array([[0, -1], [1, -1]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert analysis.lf_overlaps(normalize_by_coverage=True).tolist() == [0, 0]
        assert analysis.lf_conflicts(normalize_by_overlaps=True).tolist() == [0, 0]
        analysis.lf_empirical_probs(np.array([0, 0]), 2)


def test_unknown_gold_is_not_wrong_and_silence_is_not_zero():
    """Snorkel: rows of Y=-1 count as wrong, a labeling function without votes has accuracy 0."""
    found = LFAnalysis(np.array([[0, -1], [1, -1], [1, -1]])).lf_empirical_accuracies(np.array([0, 1, -1]))
    assert found[0] == 1
    assert np.isnan(found[1])


@pytest.mark.parametrize("form", [list, pd.Series, np.asarray, lambda y: np.asarray(y)[:, None]])
def test_gold_is_any_array_like(form):
    """Snorkel: AttributeError 'flatten'."""
    table = LFAnalysis(np.array([[0], [1], [1]])).lf_summary(form([0, 1, 0]))
    assert table["Correct"].tolist() == [2]


# The label model --------------------------------------------------------------------------------------------------


def test_probabilities_of_many_votes_are_numbers():
    """Snorkel: NaN rows where the products of 300 votes underflow."""
    votes, y = planted(200, (0.3,) * 300, k=20, coverage=1.0)
    probs = fitted(votes, 20).predict_proba(votes)
    assert np.isfinite(probs).all()
    assert (probs.argmax(axis=1) == y).mean() > 0.95


def test_a_row_without_votes_abstains():
    """Snorkel: it is called by the class balance."""
    model = fitted(class_balance=[0.2, 0.8])
    assert model.predict(np.full((1, 4), -1)).tolist() == [-1]
    assert model.predict(np.full((1, 4), -1), tie_break_policy="random").tolist() == [1]


def test_a_vote_beyond_the_classes_is_an_error():
    """Snorkel: ignored in ``predict_proba``."""
    model = fitted()
    with pytest.raises(ValueError, match="7"):
        model.predict_proba(np.array([[7, 0, 0, 0]]))


def test_the_weight_of_a_silent_function_is_unknown():
    """Snorkel: 1.0."""
    weights = fitted(np.column_stack([VOTES, np.full(len(VOTES), -1)])).get_weights()
    assert np.isnan(weights[4])
    assert np.isfinite(weights[:4]).all()


def test_a_tensor_is_a_prior_precision():
    """Snorkel: AttributeError '_prec_init'."""
    torch = pytest.importorskip("torch")
    model = fitted(prec_init=torch.tensor([0.9, 0.8, 0.7, 0.6]))
    assert model.predict(VOTES).shape == (2000,)


def test_a_fit_leaves_the_random_states_alone():
    """Snorkel reseeds random, numpy and torch."""
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002  -- the state that must stay
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    fitted()
    RandomVoter().predict_proba(VOTES)
    generate_simple_label_matrix(10, 3, 2)
    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002


def test_without_a_seed_a_fit_is_the_same_in_every_process():
    """Snorkel draws the default seed once per process."""
    one, other = LabelModel(2), LabelModel(2)
    one.fit(VOTES)
    other.fit(VOTES)
    np.testing.assert_array_equal(one.predict_proba(VOTES), other.predict_proba(VOTES))


def test_gold_for_the_balance_may_be_unknown_and_lack_a_class():
    """Snorkel: ValueError for either."""
    assert fitted(Y_dev=np.array([0, 0, 0, 1, -1])).p.round(6).tolist() == [0.75, 0.25]
    assert (fitted(Y_dev=np.array([0, 0])).p > 0).all()


def test_the_message_on_a_balance_of_zero_is_right():
    """Snorkel lists the classes whose balance is not 0."""
    with pytest.raises(ValueError, match=r"class_balance.*0"):
        fitted(class_balance=[0.0, 1.0])


@pytest.mark.parametrize("form", [np.ndarray.tolist, pd.DataFrame, lambda votes: sp.csr_array(votes + 1)])
def test_votes_come_in_any_form(form):
    """Snorkel: TypeError for lists, "truth value of a Series" for frames, NotImplementedError for sparse ones."""
    np.testing.assert_array_equal(fitted(form(VOTES)).predict_proba(form(VOTES)), fitted().predict_proba(VOTES))


@pytest.mark.parametrize("m", [1, 2])
def test_one_or_two_functions_are_enough(m):
    """Snorkel: ValueError."""
    model = fitted(VOTES[:, :m])
    assert model.score(VOTES[:, :m], GOLD)["accuracy"] > 0.75


def test_before_fit_the_error_says_to_fit():
    """Snorkel: AttributeError 'c_tree'."""
    with pytest.raises(AttributeError, match="fit first"):
        LabelModel(2).predict_proba(VOTES)


def test_an_uneven_balance_is_learned():
    """Snorkel, told nothing, gets worse the longer it trains: .884 after 100 epochs, .696 after 500."""
    votes, y = planted(5000, (0.8,) * 10, coverage=0.4, balance=[0.9, 0.1])
    model = fitted(votes)
    assert model.p[0] > 0.8
    majority = MajorityLabelVoter(2).score(votes, y, tie_break_policy="random")["accuracy"]
    assert model.score(votes, y, tie_break_policy="random")["accuracy"] > majority


def test_arguments_without_meaning_give_one_warning_and_the_same_fit():
    """Learning rate, epochs, schedules."""
    model = LabelModel(2)
    with pytest.warns(DeprecationWarning, match="n_epochs, lr, lr_scheduler: without meaning") as told:
        model.fit(VOTES, n_epochs=5000, lr=0.1, lr_scheduler="linear", seed=1)
    assert len(told) == 1
    np.testing.assert_array_equal(model.predict_proba(VOTES), fitted().predict_proba(VOTES))


def test_a_model_is_saved_whatever_it_was_fitted_with(tmp_path):
    """Snorkel: "Can't pickle local object" after a schedule or warm-up; and its file is a pickle, which runs code."""
    model = LabelModel(2)
    with pytest.warns(DeprecationWarning, match="lr_scheduler"):
        model.fit(VOTES, lr_scheduler="linear")
    model.save(tmp_path / "model.pkl")
    again = LabelModel(3)
    again.load(tmp_path / "model.pkl")
    np.testing.assert_array_equal(again.predict_proba(VOTES), model.predict_proba(VOTES))
    assert (again.cardinality, again.n, again.m) == (2, 2000, 4)
    np.testing.assert_array_equal(again.get_weights(), model.get_weights())


def test_a_pickle_is_not_loaded(tmp_path):
    """It could run anything."""
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"cardinality": 2}))
    with pytest.raises(PersistenceError, match=r"model\.pkl"):
        LabelModel(2).load(tmp_path / "model.pkl")


def test_a_file_of_another_class_is_not_taken(tmp_path):
    """Nor does the model change."""
    RandomVoter(2).save(tmp_path / "voter")
    model = fitted()
    with pytest.raises(PersistenceError, match="holds a RandomVoter, not a LabelModel"):
        model.load(tmp_path / "voter")
    assert model.m == 4


class Ones(BaseLabeler):
    """A labeler of one's own."""

    def predict_proba(self, L):
        return np.tile([0.1, self.one], (len(L), 1))


def test_a_labeler_of_ones_own_is_saved_too(tmp_path):
    """With its attributes; the class is the one that loads."""
    made = Ones(2)
    made.one = 0.9
    made.save(tmp_path / "ones")
    again = Ones(2)
    again.load(tmp_path / "ones")
    assert again.one == 0.9


def test_logging_is_left_alone():
    """Snorkel: ``verbose=True`` configures the root logger."""
    before = list(logging.getLogger().handlers), logging.getLogger().level
    LabelModel(2, verbose=True).fit(VOTES)
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == before


# Scores, and the rest ---------------------------------------------------------------------------------------------


def test_a_slice_without_rows_does_not_lose_the_others():
    """Snorkel: "Cannot score empty labels"."""
    S = np.recarray(2, dtype=[("all", int), ("none", int)])
    S.all, S.none = 1, 0
    found = Scorer(["accuracy"]).score_slices(S, [0, 1], [0, 1], np.eye(2))
    assert found["all"] == {"accuracy": 1.0}
    assert np.isnan(found["none"]["accuracy"])


def test_rows_that_are_others_are_not_filtered():
    """They would be silently misaligned."""
    with pytest.raises(ValueError, match="must be the same rows"):
        filter_unlabeled_dataframe(pd.DataFrame({"a": [1, 2, 3]}), np.eye(2), np.array([[0], [1], [-1]]))


def test_labeling_loads_no_heavy_package():
    """Snorkel: 1.9 s, of which scikit-learn is 1.4."""
    code = "import sys, weaklab.snorkel.labeling\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"torch", "sklearn", "matplotlib", "tensorboard", "dask", "pyspark", "spacy"}
