"""Published rules, written as regex_lf, against the votes that were published with them."""

from __future__ import annotations

import json
import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.labeling import regex_lf

pytestmark = pytest.mark.data


def rules(meta):
    """The regular expressions of a set, each with the class that its line begins with."""
    lines = [line.split("\t") for line in meta["lf_descriptions"].splitlines() if "\t" in line]
    classes = [name.upper()[:2] for name in meta["class_names"]]  # DESC stands as DESCRIPTION there
    return [
        regex_lf(pattern, column="text", label=classes.index(label.strip().upper()[:2]), flags=re.I, name=f"rule_{j}")
        for j, (label, pattern, *_) in enumerate(lines)
    ]


@pytest.mark.parametrize(("name", "count"), [("sms", 73), ("trec", 68)])
def test_published_rules_cast_the_published_votes(public_data, name, count):
    """Cell by cell, all of train; and 99 % of all cells.

    What differs is valid and test of sms, where the published votes do not belong to the texts beside them: on valid
    74 % of them are right by the gold labels beside these, and 96 % of ours; on train, where they agree, 97 % are. Of
    the 1,000 rows of votes of both, 94 % are there, in another order. In test of trec two texts begin with "speed",
    the name of their fine class, on which a rule votes and which the published votes did not see.
    """
    folder = public_data / name
    lfs = rules(json.loads((folder / "meta.json").read_text()))
    assert len(lfs) == count
    agree, right, rows = {}, {}, {"published": Counter(), "ours": Counter()}
    for split in ("train", "valid", "test"):
        published = np.load(folder / f"{split}.npz")
        ours = apply(lfs, pd.read_parquet(folder / f"{split}.parquet"), progress=False).to_numpy()
        agree[split] = ours == published["votes"]
        if split != "train":
            rows["ours"].update(map(tuple, ours.tolist()))
            rows["published"].update(map(tuple, published["votes"].tolist()))
        gold = np.broadcast_to(published["y"][:, np.newaxis], ours.shape)
        right[split] = [(votes == gold)[votes >= 0].mean() for votes in (published["votes"], ours)]
    assert agree["train"].all()
    assert np.concatenate(list(agree.values())).mean() > 0.99
    if name == "trec":
        assert agree["valid"].all()
        differs = pd.read_parquet(folder / "test.parquet").text[~agree["test"].all(axis=1)]
        assert len(differs) == (~agree["test"]).sum() == 2
        assert differs.str.startswith("speed How fast").all()
    else:
        assert (rows["ours"] & rows["published"]).total() > 0.9 * rows["ours"].total()
        assert right["valid"] == pytest.approx([0.74, 0.96], abs=0.01)
