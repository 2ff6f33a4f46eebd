"""Hold weaklab's label models against the same models of other packages: how far apart their probabilities are.

``python tests/bench/parity.py [--environment FOLDER] [--markdown FILE]`` makes a virtual environment for the peers in
FOLDER (.bench; once, shared with peers.py), fits each model and its peer to the same planted votes, and prints the mean
total variation distance of their probabilities, the share of rows that get the same class, and how right both are.
Models differ in their priors and in where they start: the same votes need not give the same digits.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

from weaklab import label_models
from weaklab.datasets import make_votes

HERE = Path(__file__).parent
#: Our model, with what brings it nearest to the peer's assumptions, and the peer.
PAIRS = [
    ("MajorityVote", {}, "crowdkit.MajorityVote"),
    ("MajorityVote", {}, "snorkel.MajorityLabelVoter"),
    ("DawidSkene", {"prior_strength": 1e-3, "tol": 1e-9, "max_iter": 1000}, "crowdkit.DawidSkene"),
    ("OneCoin", {"class_balance": "estimate", "prior_strength": 1e-3}, "crowdkit.OneCoinDawidSkene"),
    ("MACE", {}, "crowdkit.MACE"),
    ("GLAD", {}, "crowdkit.GLAD"),
    ("MatrixCompletion", {}, "snorkel.LabelModel"),
]
DRAWS = {
    "two classes, 2,000 x 8, full": {"n": 2000, "m": 8, "k": 2, "coverage": 1.0, "accuracy": (0.6, 0.9)},
    "two classes, 2,000 x 10, coverage .4": {"n": 2000, "m": 10, "k": 2, "coverage": 0.4, "accuracy": (0.6, 0.9)},
    "four classes, 2,000 x 8, coverage .6": {"n": 2000, "m": 8, "k": 4, "coverage": 0.6, "accuracy": (0.5, 0.9)},
}


def main() -> int:
    """Print the table, or write it too."""
    from host import host
    from peers import markdown, peers_python

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(".bench"), help="a folder for it (.bench)")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    given = parser.parse_args()
    given.environment.mkdir(parents=True, exist_ok=True)
    folder = given.environment.resolve()
    python, rows = str(peers_python(folder)), []
    for draw, settings in DRAWS.items():
        planted = make_votes(random_state=0, **settings)
        votes = planted.votes.to_numpy()
        np.save(folder / "parity.npy", votes)
        covered = (votes >= 0).any(axis=1)
        for name, parameters, peer in PAIRS:
            command = [python, "-W", "ignore", str(HERE / "parity_case.py"), "--model", peer]
            command += ["--votes", str(folder / "parity.npy"), "--out", str(folder / "parity-probs.npy")]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
            if done.returncode:
                rows.append([draw, name, peer, (done.stderr.strip().splitlines() or ["failed"])[-1][:80], "", "", ""])
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ours = getattr(label_models, name)(**parameters).fit(votes).predict_proba(votes)[covered]
            theirs, y = np.load(folder / "parity-probs.npy")[covered], planted.y[covered]
            distance = f"{np.abs(ours - theirs).sum(axis=1).mean() / 2:.4f}"
            same = f"{100 * (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean():.1f}"
            right = [f"{100 * (probs.argmax(axis=1) == y).mean():.1f}" for probs in (ours, theirs)]
            rows.append([draw, name, peer, distance, same, *right])
    head = ["votes", "weaklab", "peer", "distance", "same class, %", "right, %", "peer right, %"]
    command = "    python tests/bench/parity.py"
    text = "\n\n".join(["# Label models held against their peers", command, f"{host()}.", markdown(head, rows)])
    print(text)
    if given.markdown:
        given.markdown.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
