"""In the style of a crowdsourcing tutorial: each worker is a labeling function. Generated answers of five classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from clock import end, step

with step("import"):
    from snorkel.labeling import LabelingFunction, LFAnalysis, PandasLFApplier
    from snorkel.labeling.model import LabelModel, MajorityLabelVoter
    from snorkel.utils import probs_to_preds

ABSTAIN, K, N, WORKERS = -1, 5, 4000, 60
rng = np.random.default_rng(0)
truth = rng.choice(K, size=N, p=[0.3, 0.25, 0.2, 0.15, 0.1])
answers = pd.DataFrame(
    [
        (task, worker, truth[task] if rng.random() < skill else rng.integers(K))
        for worker, skill in enumerate(rng.beta(4, 3, size=WORKERS))
        for task in rng.choice(N, size=400, replace=False)
    ],
    columns=["task", "worker", "answer"],
)
df = pd.DataFrame({"task": np.arange(N), "text": [f"tweet {task}" for task in range(N)]})


def worker_lf(x, worker_dict):
    return worker_dict.get(x.task, ABSTAIN)


def make_worker_lf(worker, rows):
    worker_dict = dict(zip(rows.task.tolist(), rows.answer.tolist(), strict=True))
    return LabelingFunction(f"worker_{worker}", f=worker_lf, resources={"worker_dict": worker_dict})


lfs = [make_worker_lf(worker, rows) for worker, rows in answers.groupby("worker")]
with step("apply"):
    L = PandasLFApplier(lfs).apply(df, progress_bar=False)
with step("analysis"):
    coverage = LFAnalysis(L).label_coverage()
    LFAnalysis(L, lfs).lf_summary(truth)

label_model = LabelModel(cardinality=K, verbose=False)
with step("label model"):
    label_model.fit(L, n_epochs=100, seed=123, log_freq=20)
    preds = probs_to_preds(label_model.predict_proba(L))
covered = (L != ABSTAIN).any(axis=1)
voted = MajorityLabelVoter(cardinality=K).predict(L, tie_break_policy="random")

end(
    majority=(voted == truth)[covered].mean(),
    label_model=(preds == truth)[covered].mean(),
    coverage=coverage,
    votes=(L != ABSTAIN).sum(),
)
