"""The half of parity.py that the peers run: fit a model of theirs to votes, and save its probabilities."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SEED = 0


def main() -> None:
    """Read votes (n, m), -1 for "abstain"; write probabilities (n, k)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--votes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    import numpy as np

    votes = np.load(given.votes)
    k = int(votes.max()) + 1
    package, name = given.model.split(".")
    if package == "snorkel":
        import torch
        from snorkel.labeling import model as models

        torch.set_num_threads(1)
        model = getattr(models, name)(cardinality=k)
        if name == "LabelModel":
            model.fit(votes, n_epochs=1000, seed=SEED, progress_bar=False)
        np.save(given.out, model.predict_proba(votes))
        return
    import pandas as pd
    from crowdkit import aggregation

    rows, columns = np.nonzero(votes >= 0)
    frame = pd.DataFrame({"task": rows, "worker": columns, "label": votes[rows, columns]})
    settings: dict[str, Any] = {"DawidSkene": {"n_iter": 1000, "tol": 1e-10}, "OneCoinDawidSkene": {"n_iter": 1000}}
    probs = getattr(aggregation, name)(**settings.get(name, {})).fit_predict_proba(frame)
    np.save(given.out, probs.reindex(index=range(len(votes)), columns=range(k), fill_value=0.0).to_numpy())


if __name__ == "__main__":
    main()
