"""One labeling function that is nearly always right among four that are little better than chance."""

from __future__ import annotations

import numpy as np
from clock import end, step

with step("import"):
    from snorkel.labeling.model import LabelModel, MajorityLabelVoter

rng = np.random.default_rng(0)
Y = rng.integers(2, size=5000)
right = rng.random((5000, 5)) < [0.95, 0.6, 0.6, 0.6, 0.6]
L = np.where(right, Y[:, None], 1 - Y[:, None])

label_model = LabelModel(cardinality=2, verbose=False)
with step("label model"):
    label_model.fit(L, n_epochs=500, seed=123)
end(
    majority=MajorityLabelVoter().score(L, Y, tie_break_policy="random")["accuracy"],
    label_model=label_model.score(L, Y, tie_break_policy="random")["accuracy"],
    strong_alone=(L[:, 0] == Y).mean(),
    weight_of_the_strong=label_model.get_weights()[0],
)
