"""What a user should know of a fitted label model before trusting it, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

#: A share of classes that moves by more than this from the votes' own is far.
FAR = 0.15
#: A class that takes more than this of the rows, where votes give it less by ``FAR``, has taken all.
ALL = 0.98
#: Accuracies that are above chance by less than this are no better than chance.
NOTHING = 0.02
#: With fewer rows than this on which two labeling functions meet, agreements tell nothing.
FEW_MEETINGS = 30


def findings(model: Any) -> list[str]:
    """Sentences about a fitted label model that its user should read; none where all is well.

    Parameters
    ----------
    model : label model
        Fitted.

    Returns
    -------
    list of str
        What was found, what it means, and what to do.
    """
    found = []
    classes, names = model.classes_, getattr(model, "feature_names_in_", None)
    learned, voted = model._class_counts, model._vote_shares
    if learned.sum() > 0 and voted.sum() > 0:
        learned, voted = learned / learned.sum(), voted / voted.sum()
        top = int(np.argmax(learned))
        if learned[top] > ALL and learned[top] - voted[top] > FAR:
            found.append(
                f"{learned[top]:.0%} of the rows are called {str(classes[top])!r}, and only {voted[top]:.0%} of the "
                "votes are for it: the model has collapsed to one class. Compare MajorityVote; give class_balance= if "
                "you know it."
            )
        elif np.abs(learned - voted).max() > FAR:
            far = int(np.argmax(np.abs(learned - voted)))
            found.append(
                f"Class {str(classes[far])!r} gets {learned[far]:.0%} of the rows and {voted[far]:.0%} of the votes: "
                "the result is far from majority vote. Look at some rows; give class_balance= if you know it."
            )
    if model._meetings < FEW_MEETINGS and model.n_features_in_ > 1:
        found.append(
            f"Two labeling functions vote on {model._meetings:,.0f} rows only: agreements are too few to tell whom to "
            "trust, and accuracies are little more than the prior. Write functions that overlap, or give gold rows."
        )
    right, total = model._right_and_total()
    chance = 1 / len(classes)
    often = total >= FEW_MEETINGS
    if often.any() and (right[often] / total[often]).max() < chance + NOTHING:
        found.append(
            "No labeling function is learned as better than chance: the model has collapsed, or the votes are noise. "
            "Compare MajorityVote, and a few gold labels."
        )
    for j in np.flatnonzero(often):
        share, error = right[j] / total[j], np.sqrt(chance * (1 - chance) / total[j])
        if share < chance - 2 * error:
            who = f"column {j}" if names is None else repr(str(names[j]))
            found.append(
                f"The labeling function {who} is learned as worse than chance: right on {share:.0%} of its "
                f"{total[j]:,.0f} votes. Check what it returns, and for which class."
            )
    if not model.converged_:
        found.append(f"It had not settled after {model.n_iter_} iterations.")
    return found
