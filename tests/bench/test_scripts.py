"""The scripts that print the docs' figures: what they promise on small votes."""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from weaklab import metrics
from weaklab.datasets import make_votes
from weaklab.label_models import MajorityVote, WeightedVote

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("bench", HERE / "label_models.py")
assert spec is not None
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)


class Raises(MajorityVote):
    def _fit(self, problem):
        raise ValueError("on purpose")


class Sleeps(MajorityVote):
    def _fit(self, problem):
        if problem.m == 7:  # not while it is warmed up
            time.sleep(30)
        return super()._fit(problem)


@pytest.fixture
def folder(tmp_path):
    planted = make_votes(n=400, m=7, k=2, random_state=1)
    place = tmp_path / "small"
    place.mkdir()
    np.savez(place / "train.npz", votes=planted.votes.to_numpy(dtype=np.int8), y=planted.y.astype(np.int16))
    (place / "meta.json").write_text(json.dumps({"name": "small", "kind": "classification", "class_names": ["a", "b"]}))
    return tmp_path


def test_a_model_that_fails_or_takes_too_long_is_shown(folder):
    """A model that is silently left out of a table, or of a mean, makes the others look better or worse."""
    models = {"MajorityVote": MajorityVote, "Raises": Raises, "Sleeps": Sleeps, "WeightedVote": WeightedVote}
    start = time.perf_counter()
    table = bench.score_all(folder, ["small"], models, resample=True, limit=1)
    assert time.perf_counter() - start < 20
    text = bench.report(table, list(models))
    assert "- Raises on small: ValueError: on purpose" in text
    assert "- Sleeps on small: over 1 s" in text
    assert table.loc["small", ("WeightedVote", "failed")] == ""
    means = {
        line.split("|")[1].strip(): line.split("|")[2].strip() for line in text.split("##")[1].splitlines()[2:] if line
    }
    assert means["Raises"] == means["Sleeps"] == "-"


@pytest.mark.parametrize("name", ["sms", "other"])
def test_the_bootstrap_resamples_the_score_itself(name):
    """The two sums that a resample takes are those of the metric; majority vote's interval to itself is 0."""
    rng = np.random.default_rng(0)
    y, probs = rng.integers(2, size=300), rng.integers(4, size=(300, 1)) / 3
    probs = np.hstack([probs, 1 - probs])
    above, below = bench.row_parts(name, y, probs).sum(axis=0)
    rule = metrics.expected_f1 if name == "sms" else metrics.expected_accuracy
    assert above / below == pytest.approx(rule(y, probs))
    scores = bench.resampled_scores(bench.row_parts(name, y, probs))
    assert scores.std() == pytest.approx(100 * np.sqrt(0.25 / 300), rel=0.5)


def test_rules_of_gold_rows_differ_in_what_gold_may_do(folder, monkeypatch):
    """A temperature moves no decision; offsets and votes do; and the rows that were given are not scored."""
    monkeypatch.syspath_prepend(str(HERE))
    spec = importlib.util.spec_from_file_location("gold_rows", HERE / "gold_rows.py")
    gold_rows = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gold_rows)
    monkeypatch.setitem(gold_rows.FROM, "small", "train")
    scored = []
    monkeypatch.setattr(gold_rows, "numbers_of", lambda name, y, probs: scored.append(len(y)) or {"score": probs})
    found = {one["rule"]: one["score"] for one in gold_rows.measure(folder, "small", [150], 1)}
    votes, _, _, pool = gold_rows.rows_of(folder / "small")
    known = np.random.default_rng([150, 0]).choice(pool, 150, replace=False)
    assert set(scored) == {int(np.delete((votes >= 0).any(axis=1), known).sum())}
    assert (found["temperature"].argmax(axis=1) == found["no gold"].argmax(axis=1)).all()
    for one, other in itertools.pairwise(gold_rows.RULES):
        assert one == "temperature" or np.abs(found[one] - found[other]).max() > 1e-6


@pytest.mark.parametrize("model", ["weaklab LabelModel", "weaklab DawidSkene"])
def test_a_process_of_the_comparison_says_what_it_took(tmp_path, model):
    """The half of tests/bench/peers.py that needs no peers."""
    script, votes = str(HERE / "peers_case.py"), str(tmp_path / "votes.npy")
    sizes = ["--n", "2000", "--m", "8", "--coverage", "0.4"]
    subprocess.run([sys.executable, script, "make", *sizes, "--k", "2", "--votes", votes], check=True)
    command = [
        sys.executable,
        script,
        "fit",
        "--model",
        model,
        "--k",
        "2",
        "--votes",
        votes,
        "--threads",
        "1",
        "--warm",
    ]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert 0.7 < out["accuracy"] <= 1
    assert out["peak"] > 20
    assert out["seconds"] > 0


def test_both_kinds_of_functions_of_the_apply_benchmark_cast_the_same_votes(tmp_path):
    """The half of tests/bench/apply.py that needs no peers: what is compared is the same work."""
    script, frame = str(HERE / "apply_case.py"), str(tmp_path / "texts.parquet")
    subprocess.run([sys.executable, script, "make", "--n", "1500", "--frame", frame], check=True)
    votes = {}
    for how in ("declarative", "rows"):
        command = [sys.executable, script, "run", "--how", how, "--frame", frame]
        votes[how] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert votes["declarative"]["votes"] == votes["rows"]["votes"]
    assert 0.01 < votes["rows"]["coverage"] < 0.5


def test_objectives_are_compared_on_the_same_rows(folder, monkeypatch):
    """Each is trained on soft labels and scored on test; the label model has one score, and only gold sees gold."""
    monkeypatch.syspath_prepend(str(HERE))
    spec = importlib.util.spec_from_file_location("objectives", HERE / "objectives.py")
    objectives = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(objectives)
    rng = np.random.default_rng(0)
    planted = make_votes(n=900, m=7, k=2, random_state=1)
    X, votes = rng.normal(size=(900, 2)) + 2 * planted.y[:, None], planted.votes.to_numpy()
    train, test = (votes[:600], X[:600], planted.y[:600]), (votes[600:], X[600:], planted.y[600:])
    few = {name: objectives.OBJECTIVES[name] for name in ("cross-entropy", "random-feature ridge")}
    monkeypatch.setattr(objectives, "OBJECTIVES", few)
    table = objectives.compare(train, test, seeds=2, f1=False)
    assert table.index.tolist() == [objectives.LABELS, *few, objectives.CEILING]
    assert table.loc[objectives.LABELS].nunique() == 1
    turned = objectives.compare((votes[:600], X[:600], 1 - planted.y[:600]), test, seeds=2, f1=False)
    assert (table.drop(objectives.CEILING) == turned.drop(objectives.CEILING)).all(axis=None)
    assert (turned.loc[objectives.CEILING] < 50).all()
    assert (table.loc[objectives.CEILING] > 90).all()
    rows = objectives.cells({"small": table})
    assert rows[1] == ["label model", f"{table.loc['label model', 0]:.1f}", f"{table.loc['label model', 0]:.1f}"]
    assert "±" in rows[2][1]


def test_labels_are_refined_before_the_same_end_model(monkeypatch):
    """Only labels differ between the ways; gold of train is asked for nothing but how many labels are right."""
    monkeypatch.syspath_prepend(str(HERE))
    spec = importlib.util.spec_from_file_location("refine", HERE / "refine.py")
    refine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refine)
    rng = np.random.default_rng(0)
    planted = make_votes(n=600, m=7, k=2, random_state=1)
    X, votes = rng.normal(size=(600, 2)) + 2 * planted.y[:, None], planted.votes.to_numpy()
    train, test = (votes[:400], X[:400], planted.y[:400]), (votes[400:], X[400:], planted.y[400:])
    monkeypatch.setattr(refine, "REFINERS", {"GaussianRefiner": refine.REFINERS["GaussianRefiner"]})
    table = refine.compare(train, test, seeds=1, f1=False)
    turned = refine.compare((votes[:400], X[:400], 1 - planted.y[:400]), test, seeds=1, f1=False)
    np.testing.assert_allclose(table["right"] + turned["right"], 100)
    assert (table[["rows", "score"]] == turned[["rows", "score"]]).all(axis=None)
    assert table.loc["GaussianRefiner", "right"] > table.loc[refine.BEFORE, "right"]
    rows = refine.scores_table({"small": table})
    gain = table.loc["GaussianRefiner", "score"] - table.loc[refine.BEFORE, "score"]
    assert rows[-1][-1] == f"{gain:+.1f}"
    assert [row[0] for row in refine.labels_table({"small": table})[1:]] == [
        refine.BEFORE,
        "votes extended",
        "GaussianRefiner",
    ]


@pytest.mark.slow
def test_audits_and_guarantees_are_counted(monkeypatch):
    """On planted votes: the columns mean what their heads say, and a wider interval is worth fewer simple rows."""
    monkeypatch.syspath_prepend(str(HERE))
    spec = importlib.util.spec_from_file_location("trust_bench", HERE / "trust.py")
    trust = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(trust)
    name, soft, y = next(iter(trust.labelled(None)))
    _, size, right, held, bias, width, ratio = trust.audits(name, soft, y, 20)
    assert size == soft.covered.sum()
    assert right == pytest.approx(100 * (soft.codes() == y)[soft.covered].mean())
    assert held >= 75
    assert abs(bias) < width / 4
    assert 0.5 < ratio < 1
    assert trust._simple_rows(0.1, 0.8, size) < trust._simple_rows(0.08, 0.8, size)
    _, in_sets, classes, risk, exceeded, kept = trust.guarantees(name, soft, y, 20)
    assert 85 < in_sets < 95
    assert 1 <= classes <= 2
    assert risk < 100 - right
    assert exceeded <= 25
    assert 0 <= kept < 100


def test_a_process_of_the_analysis_benchmark_says_what_it_took(tmp_path):
    """The half of tests/bench/analysis.py that needs no peers."""
    votes = str(tmp_path / "votes.npy")
    sizes = ["--n", "1500", "--m", "6", "--k", "3", "--coverage", "0.3", "--votes", votes]
    subprocess.run([sys.executable, str(HERE / "peers_case.py"), "make", *sizes], check=True)
    lengths = {"summarize": [6] * 4, "pairwise": [1], "empirical_confusion": [6 * 3 * 3]}
    for table, expected in lengths.items():
        command = [sys.executable, str(HERE / "analysis_case.py"), "--table", table, "--votes", votes, "--k", "3"]
        out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        assert [len(numbers) for numbers in out["says"].values()] == expected
        assert out["seconds"] > 0
        assert out["peak"] >= out["base"] > 20


@pytest.mark.slow
def test_the_benchmark_of_clusters_says_what_each_stage_took():
    """Two workers of Dask, on few rows; that of Spark goes the same way."""
    pytest.importorskip("distributed")
    command = [sys.executable, str(HERE / "clusters.py"), "--rows", "5000", "--engines", "dask"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert any(line.startswith("dask: 5,000 rows") for line in lines)
    stages = {line.split("  ")[0]: line.split()[-3:] for line in lines[-3:]}
    assert list(stages) == ["votes", "fit", "soft labels"]
    assert all(float(numbers[0]) > 50 and float(numbers[1]) > 0 for numbers in stages.values())


def test_the_files_benchmark_labels_what_it_made(tmp_path):
    """The half of tests/bench/files.py that needs no peers: files of so many rows, twenty functions, a watch."""
    script, folder = str(HERE / "files_case.py"), tmp_path / "in"

    def said(*words):
        command = [sys.executable, script, *words]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert said("make", "--folder", str(folder), "--n", "2500", "--file-rows", "1000") == {"files": 3}
    assert sorted(path.name for path in folder.iterdir()) == ["0000.parquet", "0001.parquet", "0002.parquet"]
    counts = said("count", "--folder", str(folder), "--n", "1500")["counts"]
    assert len(counts) == 20
    assert 1500 > max(counts) > 50
    watched = said("watch", sys.executable, "-c", "held = bytearray(200_000_000); import time; time.sleep(0.5)")
    assert 190 < watched["peak"] < 400
    assert watched["seconds"] > 0.5
