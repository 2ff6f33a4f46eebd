"""What the tests of plots share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from weaklab.analysis import dependencies
from weaklab.datasets import Group, make_votes
from weaklab.datasets.planted import PlantedVotes
from weaklab.label_models import LabelModel


@pytest.fixture(scope="session")
def planted() -> PlantedVotes:
    """Votes of ten labeling functions, three of them copies."""
    return make_votes(n=3000, m=10, coverage=0.5, groups=[Group(3, copy_probability=0.8)], random_state=1)


@pytest.fixture(scope="session")
def model(planted) -> LabelModel:
    """A label model of these votes."""
    return LabelModel(classes=["ham", "spam"]).fit(planted.votes)


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    """No window, whatever the machine has; and no figure of pyplot is left behind or closed."""
    from matplotlib import pyplot as plt

    plt.switch_backend("agg")
    before = plt.get_fignums()
    yield
    assert plt.get_fignums() == before
    plt.close("all")


@pytest.fixture(scope="session")
def every_display(planted, model) -> dict[str, Callable[[], Any]]:
    """Each display, of the planted votes."""
    from weaklab import plots

    votes, y = planted.votes, np.where(planted.y == 1, "spam", "ham")
    history = {"epoch": [1, 2, 3], "train_loss": [0.7, 0.5, 0.4], "held_out_loss": [0.7, 0.6, 0.65]}
    scores = {"accuracy": [0.8, 0.9], "low": [0.7, 0.85], "high": [0.88, 0.94], "verdict": ["", "better"]}
    return {
        "AccuracyDisplay": lambda: plots.AccuracyDisplay.from_estimator(model, votes, y),
        "ClassBalanceDisplay": lambda: plots.ClassBalanceDisplay.from_estimator(model, y),
        "ComparisonDisplay": lambda: plots.ComparisonDisplay.from_table(
            pd.DataFrame(scores, index=["vote", "model"]), score="accuracy", baseline="vote"
        ),
        "ConvergenceDisplay": lambda: plots.ConvergenceDisplay.from_estimator(model),
        "CoverageDisplay": lambda: plots.CoverageDisplay.from_votes(votes),
        "DependenceDisplay": lambda: plots.DependenceDisplay(dependencies(votes), *votes.shape),
        "ExplanationDisplay": lambda: plots.ExplanationDisplay.from_estimator(model, votes.iloc[0]),
        "PosteriorDisplay": lambda: plots.PosteriorDisplay.from_estimator(model, votes),
        "ReliabilityDisplay": lambda: plots.ReliabilityDisplay.from_estimator(model, votes, y),
        "RiskCoverageDisplay": lambda: plots.RiskCoverageDisplay.from_estimator(model, votes, y),
        "TrainingHistoryDisplay": lambda: plots.TrainingHistoryDisplay(pd.DataFrame(history), best_epoch=2),
        "VoteMatrixDisplay": lambda: plots.VoteMatrixDisplay.from_votes(votes),
    }
