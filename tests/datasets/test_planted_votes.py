"""make_votes draws what it says: frequencies, kinds, copies, hard rows; and refuses what cannot be drawn."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from weaklab.datasets import Group, PlantedVotes, make_votes
from weaklab.exceptions import ParameterError

KINDS = ["full", "bipolar", "unipolar", "partial", "crowd"]


def frequencies(planted: PlantedVotes, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each labeling function gives each vote to each class, and how many rows each class has."""
    votes = planted.votes.to_numpy()[rows]
    y = planted.y[rows]
    k = len(planted.class_balance)
    counts = np.bincount(y, minlength=k)
    seen = np.stack(
        [
            [[((votes[:, j] == v) & (y == c)).sum() for v in [*range(k), -1]] for c in range(k)]
            for j in range(votes.shape[1])
        ]
    )
    return seen / counts[None, :, None], counts


def assert_within_binomial_bounds(seen: np.ndarray, theta: np.ndarray, counts: np.ndarray) -> None:
    """Each frequency within five standard deviations of its probability: of 1,000 cells, one would fail in 1,700 runs;
    one more row is allowed where the probability is near 0 or 1."""
    deviation = np.sqrt(theta * (1 - theta) / counts[None, :, None])
    assert (np.abs(seen - theta) <= 5 * deviation + 1 / counts[None, :, None]).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_votes_have_the_planted_frequencies(kind, seed) -> None:
    """theta is the truth that models are compared with: it must be what the votes show."""
    planted = make_votes(
        n=20_000,
        m=6,
        k=4,
        kind=kind,
        class_balance=[0.4, 0.3, 0.2, 0.1],
        coverage=0.4 if kind == "crowd" else (0.05, 0.3),
        class_dependence=0.7,
        groups=[Group(2, 0.6)],
        random_state=seed,
    )
    seen, counts = frequencies(planted, np.ones(20_000, dtype=bool))
    assert_within_binomial_bounds(seen, planted.theta, counts)


def test_hard_rows_have_their_own_frequencies() -> None:
    """On hard rows votes come as often, and know less."""
    planted = make_votes(n=40_000, m=5, k=3, hard=0.4, hardness=0.8, groups=[Group(2, 0.5)], random_state=3)
    assert planted.theta_hard is not None
    for rows, theta in ((~planted.hard, planted.theta), (planted.hard, planted.theta_hard)):
        seen, counts = frequencies(planted, rows)
        assert_within_binomial_bounds(seen, theta, counts)
    assert planted.hard.mean() == pytest.approx(0.4, abs=5 * np.sqrt(0.24 / 40_000))


@pytest.mark.parametrize("kind", KINDS)
def test_votes_on_hard_rows_know_nothing_of_the_class(kind) -> None:
    """At hardness 1 the class changes no vote, and each labeling function still votes as often, and what it votes; at
    hardness 0 nothing changes at all."""
    options = {"n": 1, "m": 6, "k": 4, "kind": kind, "coverage": 0.1, "class_balance": [0.4, 0.3, 0.2, 0.1]}
    blind, clear = (make_votes(**options, hard=0.5, hardness=hardness) for hardness in (1.0, 0.0))
    assert blind.theta_hard is not None
    assert clear.theta_hard is not None
    np.testing.assert_allclose(blind.theta_hard, blind.theta_hard[:, :1] * np.ones((1, 4, 1)), atol=1e-12)
    marginal = np.einsum("y,jyv->jv", blind.class_balance, blind.theta)
    np.testing.assert_allclose(blind.theta_hard[:, 0], marginal, atol=1e-12)
    np.testing.assert_allclose(clear.theta_hard, clear.theta)


def test_classes_have_the_planted_balance() -> None:
    """Imbalance is what many models fail at: it must be as strong as asked."""
    balance = [0.9, 0.07, 0.03]
    planted = make_votes(n=50_000, k=3, class_balance=balance)
    shares = np.bincount(planted.y, minlength=3) / 50_000
    assert (np.abs(shares - balance) < 5 * np.sqrt(0.25 / 50_000)).all()
    np.testing.assert_allclose(planted.class_balance, balance)


@pytest.mark.parametrize("kind", KINDS)
def test_theta_is_a_distribution_and_keeps_coverage(kind) -> None:
    """Each row of theta sums to 1, and the coverage is the one asked for, whatever depends on the class."""
    planted = make_votes(n=10, m=12, k=5, kind=kind, coverage=0.15, class_dependence=1.5, hard=0.5, random_state=1)
    for theta in (planted.theta, planted.theta_hard):
        assert theta is not None
        assert (theta >= 0).all()
        np.testing.assert_allclose(theta.sum(axis=2), 1, atol=1e-12)
    np.testing.assert_allclose(planted.coverage, 0.15, atol=1e-9)


@pytest.mark.parametrize("kind", ["full", "bipolar", "unipolar", "partial"])
def test_accuracy_is_the_share_of_right_votes(kind) -> None:
    """One definition for all kinds, so that figures of unipolar and full labeling functions compare."""
    planted = make_votes(n=10, m=8, k=4, kind=kind, accuracy=0.8, coverage=0.1, class_balance=[0.4, 0.3, 0.2, 0.1])
    np.testing.assert_allclose(planted.accuracy, 0.8, atol=1e-9)


def test_workers_of_a_crowd_have_accuracies_around_the_one_asked_for() -> None:
    """Beta with the weight of 20 answers: a standard deviation of 0.09 per class, 0.03 for the mean of 200 workers,
    of which 0.03 is far more than five."""
    planted = make_votes(n=10, m=200, k=3, kind="crowd", accuracy=0.8)
    assert planted.accuracy.mean() == pytest.approx(0.8, abs=0.03)
    assert planted.accuracy.std() > 0.02
    assert (
        np.ptp(planted.theta[:, 0, 1] / (planted.theta[:, 0, 1] + planted.theta[:, 0, 2])) > 0.5
    )  # favourite mistakes


def test_an_infallible_worker_makes_no_mistakes() -> None:
    """accuracy=1 is a bound, where the Beta distribution is none."""
    planted = make_votes(n=500, m=5, k=3, kind="crowd", accuracy=1.0, coverage=0.5)
    votes = planted.votes.to_numpy()
    assert ((votes == planted.y[:, None]) | (votes == -1)).all()


class TestKinds:
    def test_polarities_are_as_the_kind_says(self) -> None:
        """One, two, some or all classes; what is never voted is what partial models must cope with."""
        sizes = {}
        for kind in KINDS:
            theta = make_votes(n=1, m=12, k=5, kind=kind, coverage=0.1).theta
            sizes[kind] = set((theta[:, :, :-1].sum(axis=1) > 0).sum(axis=1).tolist())
        assert sizes["unipolar"] == {1}
        assert sizes["bipolar"] == {2}
        assert sizes["full"] == sizes["crowd"] == {5}
        assert sizes["partial"] <= {2, 3, 4}
        assert len(sizes["partial"]) > 1

    def test_unipolar_labeling_functions_are_dealt_evenly(self) -> None:
        """No class may be without a labeling function where there are enough of them."""
        votes = make_votes(n=4000, m=11, k=5, kind="unipolar", coverage=0.1).votes.to_numpy()
        voted = [set(column[column >= 0]) for column in votes.T]
        per_class = [sum(classes == {c} for classes in voted) for c in range(5)]
        assert sorted(per_class) == [2, 2, 2, 2, 3]

    def test_a_crowd_is_wide_and_sparse(self) -> None:
        """Five answers per task, spread over all workers, who are called workers."""
        planted = make_votes(n=2000, m=300, k=4, kind="crowd")
        per_task = (planted.votes >= 0).sum(axis=1)
        assert per_task.mean() == pytest.approx(5, abs=5 * np.sqrt(5 / 2000))
        assert planted.votes.columns[0] == "worker_0"

    def test_full_votes_err_evenly(self) -> None:
        """No favourite mistakes: that is what distinguishes them from a crowd."""
        theta = make_votes(n=1, m=3, k=4).theta
        for y in range(4):
            wrong = np.delete(theta[:, y, :-1], y, axis=1)
            np.testing.assert_allclose(wrong, wrong[:, :1] * np.ones(3))

    def test_class_dependence_makes_abstention_speak(self) -> None:
        """Without it, a full labeling function abstains alike on all classes; with it, not."""
        plain, tilted = (make_votes(n=1, m=6, k=3, class_dependence=s).theta[:, :, -1] for s in (0.0, 1.0))
        np.testing.assert_allclose(plain, plain[:, :1] * np.ones(3))
        assert np.ptp(tilted, axis=1).min() > 0.01

    def test_votes_that_never_or_always_fall_stay_so(self) -> None:
        """Rates of 0 and 1 have no log-odds to move."""
        planted = make_votes(n=2000, m=4, kind="unipolar", accuracy=1.0, coverage=0.5, class_dependence=1.0)
        np.testing.assert_allclose(np.sort(planted.theta[:, :, -1], axis=1), [[0, 1]] * 4, atol=1e-9)
        assert np.isfinite(planted.posterior).all()


class TestGroups:
    def test_exact_copies_are_equal_columns(self) -> None:
        """Probability 1 copies every vote, abstentions included."""
        planted = make_votes(n=1000, m=6, groups=[Group(3), Group(2)])
        votes = planted.votes
        for group in planted.groups:
            for name in group[1:]:
                pd.testing.assert_series_equal(votes[name], votes[group[0]], check_names=False)
        assert planted.groups == (("lf_0", "lf_1", "lf_2"), ("lf_3", "lf_4"))

    def test_noisy_copies_agree_as_often_as_planted(self) -> None:
        """Agreement is r + (1 - r) times the agreement of independent votes of one accuracy and coverage."""
        planted = make_votes(n=40_000, m=2, coverage=0.5, accuracy=0.8, groups=[Group(2, 0.7)])
        votes = planted.votes.to_numpy()
        alone = 0.5**2 * (0.8**2 + 0.2**2) + 0.5**2
        expected = 0.7 + 0.3 * alone
        assert (votes[:, 0] == votes[:, 1]).mean() == pytest.approx(expected, abs=5 * np.sqrt(0.25 / 40_000))

    def test_a_group_may_set_its_own_accuracy_and_coverage(self) -> None:
        """A weak, frequent group among good labeling functions is the hard case for every model."""
        planted = make_votes(
            n=10, m=12, accuracy=0.9, coverage=0.3, groups=[Group(4, 0.8, accuracy=0.56, coverage=0.45)]
        )
        np.testing.assert_allclose(planted.accuracy, [0.56] * 4 + [0.9] * 8)
        np.testing.assert_allclose(planted.coverage, [0.45] * 4 + [0.3] * 8)

    def test_members_vote_what_their_leader_votes(self) -> None:
        """A unipolar labeling function that copied one of another class would be unipolar no more."""
        planted = make_votes(n=3000, m=6, k=3, kind="unipolar", coverage=0.2, groups=[Group(4, 0.5)])
        for column in planted.votes.to_numpy().T:
            assert len(set(column[column >= 0])) == 1


class TestShape:
    def test_parts_fit_together(self) -> None:
        """What the docstring says of shapes and types."""
        planted = make_votes(n=7, m=3, k=4)
        assert planted.votes.shape == (7, 3)
        assert (planted.votes.dtypes == np.int8).all()
        assert planted.y.dtype == np.int64
        assert planted.theta.shape == (3, 4, 5)
        assert planted.posterior.shape == (7, 4)
        assert planted.theta_hard is None
        assert not planted.hard.any()
        assert planted.groups == ()

    def test_many_classes_take_wider_integers(self) -> None:
        """128 and up do not fit into int8: they must not wrap around to abstain."""
        planted = make_votes(n=4000, m=2, k=200, coverage=1.0, accuracy=0.9)
        assert (planted.votes.dtypes == np.int16).all()
        assert planted.votes.to_numpy().min() >= 0
        assert planted.votes.to_numpy().max() > 127

    def test_no_rows_are_no_error(self) -> None:
        """An empty frame has its columns, and an accuracy that nobody knows."""
        planted = make_votes(n=0, hard=0.5)
        assert planted.votes.shape == (0, 10)
        assert planted.posterior.shape == (0, 2)
        assert np.isnan(planted.bayes_accuracy)
        assert len(planted.coverage) == 10

    def test_same_seed_same_votes_and_other_seed_other_votes(self) -> None:
        """Every figure measured on planted votes must be repeatable; None is seed 0."""
        first, again, other = (make_votes(random_state=seed).votes for seed in (5, 5, 6))
        pd.testing.assert_frame_equal(first, again)
        assert not first.equals(other)
        pd.testing.assert_frame_equal(make_votes(random_state=None).votes, make_votes(random_state=0).votes)

    @pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
    def test_generators_are_used_and_the_global_one_is_not(self, make) -> None:
        """A generator goes on where it stands; numpy's global state is the user's."""
        before = np.random.get_state()[1].copy()  # noqa: NPY002 - this is what must stay untouched
        rng = make(1)
        first, second = make_votes(random_state=rng).votes, make_votes(random_state=rng).votes
        assert not first.equals(second)
        pd.testing.assert_frame_equal(first, make_votes(random_state=make(1)).votes)
        assert (np.random.get_state()[1] == before).all()  # noqa: NPY002

    def test_it_shows_itself(self) -> None:
        """Size, classes, groups, hard rows and the ceiling at a glance."""
        planted = make_votes(n=1000, groups=[Group(2)], hard=0.1)
        assert repr(planted).startswith("PlantedVotes(n=1,000, m=10, k=2, Bayes accuracy=0.")
        assert "1 groups, hard rows=" in repr(planted)
        assert "lf_9" in planted._repr_html_()

    def test_a_million_rows_take_seconds(self) -> None:
        """One second on an idle core; the bound is loose because tests share their machine."""
        start = time.perf_counter()
        make_votes(n=1_000_000, m=20)
        assert time.perf_counter() - start < 15


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"n": -1}, "n must be an int of 0 or more, got -1"),
            ({"m": 0}, "m must be an int of 1 or more"),
            ({"k": 1}, "k must be an int of 2 or more"),
            ({"n": 2.0}, "n must be an int"),
            ({"n": True}, "n must be an int"),
            ({"random_state": "x"}, "random_state must be an int"),
            ({"class_balance": [0.5, 0.6]}, "class_balance"),
            ({"class_balance": [1.0, 0.0]}, "positive numbers"),
            ({"class_balance": [0.5]}, "must be 2 positive numbers"),
            ({"class_balance": ["a", "b"]}, "class_balance must be 2 numbers"),
            ({"kind": "unipolr"}, "Did you mean 'unipolar'"),
            ({"kind": "partial"}, "needs 3 classes or more"),
            ({"coverage": 0.0}, r"coverage=0.0 must be in \(0, 1\]"),
            ({"coverage": float("nan")}, "coverage=nan"),
            ({"coverage": "often"}, "coverage='often' must be numbers"),
            ({"accuracy": 1.2}, "accuracy=1.2"),
            ({"accuracy": (0.9, 0.6)}, "from a higher to a lower"),
            ({"accuracy": [0.9, 0.6, 0.7]}, "each of the 10 labeling functions; got 3"),
            ({"accuracy": [[0.9]]}, "each of the 10 labeling functions"),
            ({"hard": 1.5}, r"hard must be a number in \[0, 1\]"),
            ({"hardness": None}, "hardness must be a number"),
            ({"class_dependence": -1}, "class_dependence must be a number from 0"),
            ({"class_dependence": "x"}, "class_dependence must be a number from 0"),
            ({"groups": [Group(6), Group(5)]}, "The groups need 11 labeling functions, and there are m=10"),
            ({"groups": [3]}, "groups must be a list of Group, got 3"),
            ({"groups": 3}, "groups must be a list of Group, got 3"),
            ({"groups": None}, r"groups must be a list of Group, got None; \(\) means no groups"),
            ({"groups": [Group(2, accuracy=1.5)]}, "Group accuracy=1.5 must be in"),
        ],
    )
    def test_bad_options_are_named(self, options, message) -> None:
        """The name, the value, and what would be right."""
        with pytest.raises(ParameterError, match=message):
            make_votes(**options)

    def test_group_checks_itself(self) -> None:
        """Where it is written, not where it is used."""
        with pytest.raises(ParameterError, match="size must be an int of 2 or more, got 1"):
            Group(1)
        with pytest.raises(ParameterError, match="copy_probability"):
            Group(2, 1.5)

    def test_a_coverage_that_cannot_be_had_is_refused(self) -> None:
        """Right nine times in ten about a class of 3 percent: at most 0.03 / 0.9 of the rows."""
        options = {"kind": "unipolar", "accuracy": 0.9, "class_balance": [0.97, 0.03]}
        with pytest.raises(ParameterError, match=r"coverage=0.3 cannot be had by 5 of 10 .* 0.03333 is the most"):
            make_votes(coverage=0.3, **options)
        with pytest.raises(ParameterError, match=r"coverage=0.1 cannot be had"):
            make_votes(coverage=(0.1, 0.3), **options)
        with pytest.raises(ParameterError, match=r"coverage=0.9 cannot be had"):
            make_votes(coverage=0.01, groups=[Group(2, coverage=0.9)], **options)
        assert make_votes(n=10, coverage=(0.01, 0.3), **options).coverage.max() <= 0.3
