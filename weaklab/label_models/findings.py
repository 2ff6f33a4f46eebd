"""What a user should know of a fitted label model before trusting it, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

#: A share of classes that moves by more than this from the votes' own is far; so is this share of rows that get another
#: class than majority vote gives.
FAR = 0.15
#: A class that takes more than this of the rows, where votes give it less by ``FAR``, has taken all.
ALL = 0.98
#: A class has taken nothing from votes where fewer rows than this share go against their majority.
SOME = 0.05
#: Accuracies that are above chance by less than this are no better than chance.
NOTHING = 0.02
#: With fewer rows than this on which two labeling functions meet, agreements tell nothing.
FEW_MEETINGS = 30
#: Fewer labeling functions than this, copies not counted, do not identify their accuracies.
FEW_VOICES = 3

Severity: TypeAlias = Literal["serious", "warning", "note"]
"""Labels should not be used before it is mended; look before trusting them; nothing is wrong, but know it."""


@dataclass(frozen=True)
class Finding:
    """One thing that a user should know of a label model or its votes.

    Parameters
    ----------
    code : str
        What kind of finding it is, for programs: "collapse" for example.
    severity : "serious", "warning" or "note"
        Serious: labels should not be used before it is mended. Warning: look before trusting them. Note: nothing is
        wrong.
    what : str
        What was found, and what it means.
    remedy : str
        What to do.
    lfs : tuple of str or int
        The labeling functions that it is about, by name, or column where they have none; empty where it is about all.
    """

    code: str
    severity: Severity
    what: str
    remedy: str
    lfs: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


def findings(model: Any) -> list[Finding]:
    """What the user of a fitted label model should read of its fit; nothing where all is well.

    Parameters
    ----------
    model : label model
        Fitted.

    Returns
    -------
    list of Finding
        What was found, what it means, and what to do.
    """
    collapsed = collapse(model)
    found = [
        collapsed or _far_from_votes(model),
        _too_few_meetings(model) or _too_few_voices(model),
        _nothing_better_than_chance(model),
        *([] if collapsed else _worse_than_chance(model)),  # what a collapsed model says of functions means nothing
        _not_converged(model),
    ]
    return [finding for finding in found if finding is not None]


def lf_name(model: Any, j: int) -> str | int:
    """What to call a labeling function: its name; its column where it has none."""
    names = getattr(model, "feature_names_in_", None)
    return j if names is None else str(names[j])


def collapse(model: Any) -> Finding | None:
    """That one class has taken all rows, against the votes; else nothing."""
    learned, voted = _class_shares(model)
    top = int(np.argmax(learned))
    if learned[top] <= ALL or learned[top] - voted[top] <= FAR:
        return None
    if model._columns_are_functions and _share_against_majority(model) <= SOME:
        return None  # few rows on each of which the same class wins
    return Finding(
        "collapse",
        "serious",
        f"{learned[top]:.0%} of the rows are called {str(model.classes_[top])!r}, and only {voted[top]:.0%} of the "
        "votes are for it: the model has collapsed to one class.",
        "Compare MajorityVote; give class_balance= if you know it.",
    )


def _class_shares(model: Any) -> tuple[np.ndarray, np.ndarray]:
    learned, voted = model._class_counts, model._vote_shares
    if learned.sum() <= 0 or voted.sum() <= 0:
        return np.zeros(len(learned)), np.zeros(len(learned))
    return learned / learned.sum(), voted / voted.sum()


def _far_from_votes(model: Any) -> Finding | None:
    learned, voted = _class_shares(model)
    if np.abs(learned - voted).max() > FAR:
        far = int(np.argmax(np.abs(learned - voted)))
        return Finding(
            "far_from_majority",
            "warning",
            f"Class {str(model.classes_[far])!r} gets {learned[far]:.0%} of the rows and {voted[far]:.0%} of the "
            "votes: the result is far from majority vote.",
            "Look at some rows; give class_balance= if you know it.",
        )
    against = _share_against_majority(model)
    if against > FAR:
        return Finding(
            "far_from_majority",
            "warning",
            f"{against:.0%} of the rows get another class than most of their votes are for: the result is far from "
            "majority vote.",
            "Look at some of them.",
        )
    return None


def _share_against_majority(model: Any) -> float:
    """The share of the rows with votes whose likeliest class has fewer votes than another."""
    rows = model._kept.covered()
    if not model._columns_are_functions or not rows.total:
        return 0.0
    votes = np.zeros((rows.votes.n, rows.k))
    np.add.at(votes, (rows.votes.rows, rows.votes.vote), 1)
    called = model._posterior(rows.votes).argmax(axis=1)
    against = (votes[np.arange(len(votes)), called] < votes.max(axis=1)) & (rows.votes.row_counts > 0)
    weight = rows.weight if len(rows.weight) else np.ones(len(votes))
    return float(weight[against].sum() / rows.total)


def _too_few_meetings(model: Any) -> Finding | None:
    if model._meetings >= FEW_MEETINGS or model.n_features_in_ < 2:
        return None
    return Finding(
        "too_little_overlap",
        "serious",
        f"Two labeling functions vote on {model._meetings:,.0f} rows only: agreements are too few to tell whom to "
        "trust, and accuracies are little more than the prior.",
        "Write functions that overlap, or give gold rows.",
    )


def _too_few_voices(model: Any) -> Finding | None:
    """Fewer than three labeling functions show fewer agreements than they have accuracies."""
    if model._kept.has_gold:
        return None
    _, total = model._right_and_total(model._pair_counts)
    voices = int((total > 0).sum()) - sum(len(group) - 1 for group in getattr(model, "_groups", []))
    if not 0 < voices < FEW_VOICES:
        return None
    return Finding(
        "too_few_functions",
        "serious",
        "Fewer than three labeling functions vote without repeating another: votes cannot tell how right each is, and "
        "accuracies rest on the prior.",
        "Write more functions, or give gold rows.",
    )


def _nothing_better_than_chance(model: Any) -> Finding | None:
    right, total = model._right_and_total(model._pair_counts)
    often = total >= FEW_MEETINGS
    if not often.any() or (right[often] / total[often]).max() >= 1 / len(model.classes_) + NOTHING:
        return None
    return Finding(
        "no_better_than_chance",
        "serious",
        "No labeling function is learned as better than chance: the model has collapsed, or the votes are noise.",
        "Compare MajorityVote, and a few gold labels.",
    )


def _not_converged(model: Any) -> Finding | None:
    if model.converged_:
        return None
    remedy = "Raise max_iter=." if hasattr(model, "max_iter") else "Compare another label model."
    return Finding("not_converged", "warning", f"It had not settled after {model.n_iter_} iterations.", remedy)


def _worse_than_chance(model: Any) -> Iterator[Finding]:
    """Those that are below chance both by the labels and by what is told of them."""
    chance = 1 / len(model.classes_)
    by_labels, _ = model._right_and_total(model._pair_counts)
    right, total = model._right_and_total()
    for j in np.flatnonzero(total >= FEW_MEETINGS):
        bound = chance - 2 * np.sqrt(chance * (1 - chance) / total[j])
        if max(right[j], by_labels[j]) / total[j] < bound:
            name = lf_name(model, int(j))
            who = f"column {j}" if isinstance(name, int) else repr(name)
            yield Finding(
                "worse_than_chance",
                "warning",
                f"The labeling function {who} is learned as worse than chance: right on {right[j] / total[j]:.0%} of "
                f"its {total[j]:,.0f} votes.",
                "Check what it returns, and for which class.",
                (name,),
            )
