"""Label models: what they take, what comes out, and that they learn what is there to be learned."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from cases import an_error, case, differs


def planted(n=2000, accuracies=(0.9, 0.8, 0.7, 0.6), coverage=0.8, k=2, seed=0):
    """Votes that are right so often, and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(k, size=n)
    right = rng.random((n, len(accuracies))) < accuracies
    votes = np.where(right, y[:, None], (y[:, None] + rng.integers(1, k, size=right.shape)) % k)
    votes[rng.random(right.shape) >= coverage] = -1
    return votes, y


VOTES, GOLD = planted()
SMALL = np.array([[0, 0, -1], [-1, 0, 1], [1, -1, 0], [-1, -1, -1], [1, 1, 1], [0, 1, -1]])


def model(sn, votes=VOTES, cardinality=2, **options):
    made = sn("labeling.model").LabelModel(cardinality=cardinality, verbose=False)
    made.fit(votes, progress_bar=False, **({"n_epochs": 200, "seed": 1} | options))
    return made


@case
def voter_probabilities(sn):
    """``MajorityLabelVoter.predict_proba``."""
    return sn("labeling.model").MajorityLabelVoter().predict_proba(SMALL)


@case
def voter_probabilities_of_three_classes(sn):
    """Of three classes."""
    return sn("labeling.model").MajorityLabelVoter(cardinality=3).predict_proba(SMALL)


@case
def voter_predictions(sn):
    """``MajorityLabelVoter.predict``: -1 where it is even."""
    return sn("labeling.model").MajorityLabelVoter().predict(SMALL)


@case
def voter_predictions_by_hash(sn):
    """``tie_break_policy="random"``: by the row's number."""
    return sn("labeling.model").MajorityLabelVoter(2).predict(SMALL, tie_break_policy="random")


@case
def voter_predictions_with_probabilities(sn):
    """``return_probs=True``."""
    return sn("labeling.model").MajorityLabelVoter().predict(SMALL, return_probs=True)


@case
def voter_predictions_by_an_unknown_policy(sn):
    """ValueError."""
    return lambda: sn("labeling.model").MajorityLabelVoter().predict(SMALL, tie_break_policy="flip")


@case
def voter_score(sn):
    """``score``: rows that are predicted -1 do not count."""
    return sn("labeling.model").MajorityLabelVoter().score(SMALL, np.array([0, 1, 0, 1, 1, 0]))


@case
def voter_score_of_several(sn):
    """``score(metrics=[...])``."""
    voter = sn("labeling.model").MajorityLabelVoter()
    return voter.score(SMALL, np.array([0, 1, 0, 1, 0, 0]), metrics=["accuracy", "coverage", "f1", "precision"])


@case
def voter_score_by_hash(sn):
    """``score(tie_break_policy="random")``."""
    voter = sn("labeling.model").MajorityLabelVoter()
    return voter.score(SMALL, np.array([0, 1, 0, 1, 0, 0]), tie_break_policy="random")


@case
def voter_of_the_tutorial(sn):
    """``score(L=, Y=, tie_break_policy=)["accuracy"]``."""
    return sn("labeling.model").MajorityLabelVoter().score(L=VOTES, Y=GOLD, tie_break_policy="random")["accuracy"]


@case
def class_voter(sn):
    """``MajorityClassVoter``: the first row of the balance that is highest, for all."""
    voter = sn("labeling.model").MajorityClassVoter()
    voter.fit(balance=np.array([0.8, 0.2]))
    return voter.predict_proba(SMALL), voter.predict(SMALL)


@differs("a list is taken", np.array([[0.0, 1.0]]))
def class_voter_of_a_list(sn):
    """``MajorityClassVoter.fit`` of a list."""
    voter = sn("labeling.model").MajorityClassVoter()
    voter.fit(balance=[0.2, 0.8])
    return voter.predict_proba(SMALL[:1])


@case
def class_voter_of_an_even_balance(sn):
    """Classes that are as frequent share."""
    voter = sn("labeling.model").MajorityClassVoter(3)
    voter.fit(np.array([0.4, 0.2, 0.4]))
    return voter.predict_proba(SMALL[:2])


@differs("an error, not probabilities of a third class", an_error(ValueError))
def class_voter_of_another_balance(sn):
    """``MajorityClassVoter.fit`` of a balance of three for two classes."""
    return sn("labeling.model").MajorityClassVoter(2).fit([0.2, 0.3, 0.5])


@case
def random_voter(sn):
    """Rows that sum to 1."""
    probs = sn("labeling.model").RandomVoter(3).predict_proba(SMALL)
    return probs.shape, np.allclose(probs.sum(axis=1), 1), bool((probs >= 0).all())


@case
def fit_returns_nothing(sn):
    """``fit`` gives None."""
    return sn("labeling.model").LabelModel(2, verbose=False).fit(VOTES, n_epochs=5, progress_bar=False)


@case
def shapes(sn):
    """Of all that comes out."""
    made = model(sn)
    return [
        *(made.predict_proba(VOTES).shape, made.predict(VOTES).shape, made.get_weights().shape),
        *(made.get_conditional_probs().shape, str(made.predict(VOTES).dtype)),
    ]


@case
def probabilities_sum_to_one(sn):
    """Each row, also of new votes."""
    return np.allclose(model(sn).predict_proba(SMALL[:, [0, 1, 2, 0]]).sum(axis=1), 1)


@case
def better_functions_weigh_more(sn):
    """The order of ``get_weights`` is that of accuracies."""
    return np.argsort(-model(sn).get_weights())


@case
def weights_are_accuracies(sn):
    """``get_weights`` within 0.1 of what was planted."""
    return np.abs(model(sn).get_weights() - [0.9, 0.8, 0.7, 0.6]) < 0.1


@case
def conditional_probabilities(sn):
    """``[j, vote + 1, y]`` sums to 1 over votes, and is what was planted within 0.1."""
    found = model(sn).get_conditional_probs()
    return np.allclose(found.sum(axis=1), 1), abs(found[0, 1, 0] - 0.72) < 0.1, abs(found[0, 0, 0] - 0.2) < 0.1


@case
def it_predicts_well(sn):
    """Accuracy on planted votes above 0.85."""
    made = model(sn)
    return made.score(VOTES, GOLD, tie_break_policy="random")["accuracy"] > 0.85


@case
def three_classes(sn):
    """Planted votes of three classes."""
    votes, y = planted(accuracies=(0.9, 0.8, 0.7, 0.6), k=3, seed=3)
    made = model(sn, votes, cardinality=3)
    return made.score(votes, y)["accuracy"] > 0.85, made.predict_proba(votes).shape


@case
def unanimous_rows(sn):
    """A row on which all vote for a class has it."""
    return model(sn).predict(np.array([[0, 0, 0, 0], [1, 1, 1, 1]]))


@case
def a_balance_that_is_given(sn):
    """``p``, and rows of a frequent class."""
    made = model(sn, class_balance=[0.3, 0.7])
    return np.round(np.asarray(made.p), 6)


@case
def a_balance_of_gold(sn):
    """``Y_dev`` gives the balance."""
    return np.round(np.asarray(model(sn, Y_dev=np.array([0, 0, 0, 1])).p), 6)


@case
def a_balance_of_zero(sn):
    """ValueError."""
    return lambda: model(sn, class_balance=[0.0, 1.0])


@case
def a_balance_of_another_length(sn):
    """ValueError."""
    return lambda: model(sn, class_balance=[0.2, 0.3, 0.5])


@case
def the_seed_repeats(sn):
    """Two fits of one seed."""
    return bool((model(sn, seed=7).predict_proba(VOTES) == model(sn, seed=7).predict_proba(VOTES)).all())


@case
def a_prior_precision(sn):
    """``prec_init`` as a number, a list, an array."""
    return [model(sn, prec_init=prior).predict(VOTES[:1]).shape for prior in (0.8, [0.7] * 4, np.full(4, 0.6))]


@case
def a_prior_precision_of_another_length(sn):
    """ValueError."""
    return lambda: model(sn, prec_init=[0.7, 0.7])


@case
def an_argument_that_is_not_known(sn):
    """``fit(epochs=...)`` is a ValueError."""
    return lambda: model(sn, epochs=3)


@case
def an_option_that_is_not_known(sn):
    """``LabelModel(colour=...)`` is a TypeError."""
    return lambda: sn("labeling.model").LabelModel(cardinality=2, colour=1)


@case
def all_training_arguments(sn):
    """Each is taken."""
    options = {"lr": 0.02, "l2": 0.0, "optimizer": "adam", "lr_scheduler": "constant", "log_freq": 50, "mu_eps": 0.01}
    return model(sn, **options).predict(VOTES[:2]).shape


@case
def votes_beyond_the_classes(sn):
    """ValueError at fit."""
    return lambda: model(sn, np.array([[0, 1, 2], [2, 0, 1], [1, 1, 1]]))


@case
def attributes(sn):
    """``n``, ``m``, ``cardinality``, ``coverage``."""
    made = model(sn)
    return made.n, made.m, made.cardinality, np.allclose(made.coverage, (VOTES != -1).mean(axis=0))


@case
def save_and_load(sn):
    """What was loaded predicts the same."""
    made = model(sn)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "label_model.pkl")
        made.save(path)
        again = sn("labeling.model").LabelModel(cardinality=2, verbose=False)
        again.load(path)
    return bool((again.predict_proba(VOTES) == made.predict_proba(VOTES)).all()), again.cardinality


@case
def save_and_load_a_voter(sn):
    """A baseline."""
    made = sn("labeling.model").MajorityClassVoter(2)
    made.fit(np.array([0.2, 0.8]))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "voter.pkl")
        made.save(path)
        again = sn("labeling.model").MajorityClassVoter(2)
        again.load(path)
    return again.predict_proba(SMALL[:1])


@case
def predict_with_probabilities(sn):
    """``predict(return_probs=True)``."""
    made = model(sn)
    codes, probs = made.predict(VOTES, return_probs=True)
    return bool((probs == made.predict_proba(VOTES)).all()), bool((codes == probs.argmax(axis=1)).mean() > 0.9)


@case
def score_is_a_dict(sn):
    """``score(metrics=[...])``."""
    return sorted(model(sn).score(VOTES, GOLD, metrics=["accuracy", "f1", "roc_auc", "coverage"]))


@differs("a row without votes is -1 where ties abstain: no function said anything", np.array([-1]))
def a_row_without_votes(sn):
    """``LabelModel.predict`` of a row without votes, with an uneven balance."""
    return model(sn, class_balance=[0.2, 0.8]).predict(np.full((1, 4), -1))


@case
def probabilities_of_a_row_without_votes(sn):
    """They are the balance."""
    return np.round(model(sn, class_balance=[0.2, 0.8]).predict_proba(np.full((1, 4), -1)), 4)


@differs("nothing is known of a function that never votes: NaN, not 1", [False, True])
def the_weight_of_a_silent_function(sn):
    """``LabelModel.get_weights`` of a function that never votes."""
    weights = model(sn, np.column_stack([VOTES, np.full(len(VOTES), -1)])).get_weights()
    return [bool(weights[4] == 1.0), bool(np.isnan(weights[4]))]


@differs("lists are taken", [2000, 2])
def votes_as_lists(sn):
    """``LabelModel.fit`` of a list of lists."""
    return model(sn, VOTES.tolist()).predict_proba(VOTES).shape


@differs("two functions are enough to predict with", [2000])
def two_functions(sn):
    """``LabelModel.fit`` of two labeling functions."""
    return model(sn, VOTES[:, :2]).predict(VOTES[:, :2]).shape


@differs("a vote beyond the classes is an error, not left out", an_error(ValueError))
def predictions_from_votes_beyond_the_classes(sn):
    """``LabelModel.predict_proba`` of a vote for class 5 of 2."""
    return model(sn).predict_proba(np.array([[5, 0, 0, 0]])).shape


@differs("unknown gold (-1) is left out of the balance", np.array([0.75, 0.25]))
def a_balance_of_gold_that_is_partly_unknown(sn):
    """``LabelModel.fit`` with a ``Y_dev`` that holds -1."""
    return np.round(np.asarray(model(sn, Y_dev=np.array([0, 0, 0, 1, -1])).p), 6)


@differs("the program's random state is left alone", True)
def the_random_state_of_numpy(sn):
    """Whether ``LabelModel.fit`` leaves the random state of numpy."""
    np.random.seed(3)  # noqa: NPY002  -- what is asked is what becomes of it
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    model(sn)
    return bool((before == np.random.get_state()[1]).all())  # noqa: NPY002


@case
def predictions_before_fit(sn):
    """An AttributeError."""
    return sn("labeling.model").LabelModel(2).predict_proba(SMALL)


@case
def the_base_class(sn):
    """All are BaseLabelers."""
    base = sn("labeling.model.base_labeler").BaseLabeler
    kinds = sn("labeling.model")
    return [issubclass(getattr(kinds, n), base) for n in ("LabelModel", "MajorityLabelVoter", "RandomVoter")]


@case
def a_labeler_of_ones_own(sn):
    """A subclass of BaseLabeler with ``predict_proba`` has ``predict`` and ``score``."""

    class Ones(sn("labeling.model.base_labeler").BaseLabeler):
        def predict_proba(self, L):
            return np.tile([0.1, 0.9], (len(L), 1))

    made = Ones(cardinality=2)
    return made.predict(SMALL[:3]), made.score(SMALL[:3], np.array([1, 0, 1]))
