"""Labeling functions in files: data by value, code by name and source, and nothing imported that is not trusted."""

from __future__ import annotations

import importlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

import weaklab as wl
from weaklab.exceptions import ParameterError, PersistenceError, PersistenceWarning
from weaklab.label_models import PartialLabelModel

FRAME = pd.DataFrame({"text": ["a free offer", "see you", "ok", "free"], "n": [1, 2, 3, 4], "m": [4, 3, 2, 1]})
RULES = '''
import os
import weaklab as wl

LIMIT = 2


def helper(n):
    return n > LIMIT


@wl.labeling_function
def many(row):
    """Large numbers."""
    return "spam" if helper(row.n) else None


@wl.labeling_function(resources={"words": ["see"]})
def seen(row, words):
    return "ham" if any(word in row.text for word in words) else None
'''


@pytest.fixture
def rules(tmp_path, monkeypatch) -> Callable[[str], object]:
    """Writes a module of labeling functions and imports it, anew each time."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(text: str) -> object:
        sys.modules.pop("rules_of_a_user", None)
        (tmp_path / "rules_of_a_user.py").write_text(text)
        importlib.invalidate_caches()
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        try:
            return importlib.import_module("rules_of_a_user")
        finally:
            sys.dont_write_bytecode = before

    yield write
    sys.modules.pop("rules_of_a_user", None)


def saved(lfs: list, path: Path) -> Path:
    return wl.Labeler(lfs, wl.MajorityVote(classes=["ham", "spam"])).fit(FRAME).save(path / "a.weaklab")


def test_labeling_functions_that_are_data_need_nothing(tmp_path):
    """They are what they say."""
    lfs = [wl.keyword_lf(["free"], column="text", label="spam"), wl.threshold_lf("n", above=2, label="spam")]
    loaded = wl.load(saved(lfs, tmp_path))
    assert loaded.lfs == lfs
    pd.testing.assert_frame_equal(loaded.label(FRAME), wl.Labeler(lfs, loaded.model_).label(FRAME))


def test_functions_are_matched_by_name_to_those_of_the_caller(rules, tmp_path):
    """A file holds no code that runs."""
    module = rules(RULES)
    path = saved([module.many, wl.keyword_lf(["see"], column="text", label="ham"), module.seen], tmp_path)
    loaded = wl.load(path, lfs=[module.seen, module.many])
    assert loaded.lfs[0] is module.many
    assert loaded.label(FRAME).label.tolist()[1:] == ["ham", "spam", "spam"]


def test_all_that_is_needed_is_listed(rules, tmp_path):
    """At once, and near misses are named."""
    module = rules(RULES)
    path = saved([module.many, module.seen], tmp_path)
    with pytest.raises(PersistenceError, match=r"(?s)'many', rules_of_a_user\.many.*'seen', rules_of_a_user\.seen"):
        wl.load(path)
    with pytest.raises(PersistenceError, match="Did you mean 'seen2'"):
        wl.load(path, lfs=[module.many, wl.labeling_function(name="seen2")(lambda row: None)])


def test_modules_that_are_trusted_are_imported(rules, tmp_path):
    """And no others."""
    module = rules(RULES)
    path = saved([module.many, module.seen], tmp_path)
    assert wl.load(path, trust="rules_of_a_user").label(FRAME).label.tolist()[1:] == ["ham", "spam", "spam"]
    del sys.modules["rules_of_a_user"]
    with pytest.raises(PersistenceError, match="code is needed"):
        wl.load(path, trust=["rules", "weaklab"])
    assert "rules_of_a_user" not in sys.modules


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if helper(row.n)", "if not helper(row.n)"),
        ("return n > LIMIT", "return n >= LIMIT"),
        ("LIMIT = 2", "LIMIT = 3"),
        ('["see"]', '["you"]'),
    ],
    ids=["the function", "a helper", "a constant", "a resource"],
)
def test_code_that_has_changed_is_an_error_with_the_difference(rules, tmp_path, old, new):
    """Votes would be others than those that the model was fitted to."""
    module = rules(RULES)
    path = saved([module.many, module.seen], tmp_path)
    module = rules(RULES.replace(old, new))
    lfs = [module.many, module.seen]
    with pytest.raises(PersistenceError, match=r"(?s)not as it was saved:.*--- saved.*\+\+\+ present") as raised:
        wl.load(path, lfs=lfs)
    lines = str(raised.value).splitlines()
    assert any(line.startswith("-") and old in line for line in lines)
    assert any(line.startswith("+") and new in line for line in lines)
    with pytest.warns(PersistenceWarning, match="not as it was saved"):
        wl.load(path, lfs=lfs, on_mismatch="warn")
    wl.load(path, lfs=lfs, on_mismatch="ignore")
    with pytest.raises(ParameterError, match="on_mismatch"):
        wl.load(path, lfs=lfs, on_mismatch="shrug")


def test_comments_docstrings_and_layout_do_not_count(rules, tmp_path):
    """They change no vote."""
    module = rules(RULES)
    path = saved([module.many], tmp_path)
    other = RULES.replace('"""Large numbers."""', "# of what?\n").replace("n > LIMIT", "(n  >  LIMIT)  # why")
    assert wl.load(path, lfs=[rules(other).many]).lfs


def test_a_function_of_a_notebook_warns_when_it_is_saved(tmp_path, monkeypatch):
    """No other process can import it."""

    def here(row):
        return "spam" if row.n > 2 else None

    here.__module__, here.__qualname__ = "__main__", "here"
    with pytest.warns(PersistenceWarning, match="__main__: a notebook"):
        path = saved([wl.labeling_function(here)], tmp_path)
    assert wl.load(path, lfs=[wl.labeling_function(here)]).label(FRAME).label.tolist()[2:] == ["spam", "spam"]


def test_a_plain_function_is_a_labeling_function_too(rules, tmp_path):
    """As for apply."""
    module = rules("def plain(row):\n    return 'spam' if row.n > 2 else None\n")
    path = saved([module.plain], tmp_path)
    assert wl.load(path, trust="rules_of_a_user").lfs == [module.plain]


def test_labeling_functions_that_hold_code_go_by_name(tmp_path):
    """A classifier of plain data goes by value; a function that verifies what a pattern captured does not."""
    model = LogisticRegression().fit(FRAME[["n"]], ["ham", "ham", "spam", "spam"])
    by_value = wl.model_lf(model, columns=["n"], name="model")
    by_name = wl.pattern_lf(r"(?P<word>free|ok)", column="text", label="spam", verify=lambda word: word == "free")
    with pytest.warns(PersistenceWarning, match="pattern_word_free_ok"):
        path = saved([by_value, by_name], tmp_path)
    with pytest.raises(PersistenceError, match="'pattern_word_free_ok'") as raised:
        wl.load(path)
    assert "'model'" not in str(raised.value)
    assert wl.load(path, lfs=[by_name]).label(FRAME).label.tolist()[1:3] == ["ham", "spam"]


def test_graphs_and_prototypes_that_are_data_go_by_value(tmp_path):
    """What they hold are names and vectors."""
    classes = ["animal", "cat", "dog"]
    cats = wl.keyword_lf(["see"], column="text", label="cat")
    graph = wl.graph_lf(cats, {"cat": "animal", "dog": "animal"}, classes=classes)
    near = wl.prototype_lf({"cat": [[1.0, 4.0]], "dog": [[4.0, 1.0]]}, columns=["n", "m"], name="near")
    for lfs, model in (([graph, cats], PartialLabelModel(classes=classes)), ([near], wl.MajorityVote(classes=classes))):
        labeler = wl.Labeler(lfs, model).fit(FRAME)
        loaded = wl.load(labeler.save(tmp_path / "a.weaklab"))
        pd.testing.assert_frame_equal(loaded.label(FRAME), labeler.label(FRAME))


def test_clusters_and_prompts_go_by_name(tmp_path):
    """They hold a clusterer and a client; that they are the same is told by what they describe."""

    def complete(prompts):
        return ["ham" for _ in prompts]

    cluster = wl.cluster_lf(wl.find_clusters(FRAME, columns=["n"], clusterer=2), {0: "ham", 1: "spam"}, name="cluster")
    prompt = wl.prompt_lf(complete, "Is {text} ham?", labels={"ham": "ham", "spam": "spam"}, name="prompt")
    with pytest.warns(PersistenceWarning, match=r"'cluster'.*'prompt'"):
        path = saved([cluster, prompt], tmp_path)
    loaded = wl.load(path, lfs=[cluster, prompt])
    assert loaded.lfs == [cluster, prompt]
    other = wl.prompt_lf(complete, "Is {text} spam?", labels={"ham": "ham", "spam": "spam"}, name="prompt")
    with pytest.raises(PersistenceError, match=r"(?s)'prompt' is not as it was saved.*spam\?"):
        wl.load(path, lfs=[cluster, other])


def test_expressions_of_polars_go_by_name(tmp_path):
    """Polars may read a pickle in their bytes; an expression that is text goes by value."""
    text = wl.expression_lf("n > 2", label="spam", name="text")
    polars = wl.expression_lf(pl.col("n") > 2, label="spam", name="polars")
    with pytest.warns(PersistenceWarning, match="polars"):
        path = saved([text, polars], tmp_path)
    with pytest.raises(PersistenceError, match="'polars'"):
        wl.load(path)
    assert len(wl.load(path, lfs=[polars]).lfs) == 2


def edited(path: Path, **told: str) -> Path:
    """The file with other words about what its first need is."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    next(iter(manifest["needed"].values())).update(told)
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["os.system", "os", "wl.load", "absent", "helper.__globals__", "many.__class__", ""])
def test_a_trusted_module_gives_only_what_it_defines(rules, tmp_path, name):
    """It may hold other modules, which nobody said to trust."""
    path = edited(saved([rules(RULES).many], tmp_path), name=name, source=[])
    with pytest.raises(PersistenceError, match="defines no"):
        wl.load(path, trust="rules_of_a_user")


def test_a_module_that_fails_to_import_is_told(rules, tmp_path):
    """With the reason."""
    path = saved([rules(RULES).many], tmp_path)
    del sys.modules["rules_of_a_user"]
    (tmp_path / "rules_of_a_user.py").write_text("1 / 0")
    importlib.invalidate_caches()
    with pytest.raises(PersistenceError, match="ZeroDivisionError"):
        wl.load(path, trust="rules_of_a_user")


def test_names_in_lfs_must_differ(tmp_path):
    """Else one of them would be taken in silence."""
    lf = wl.keyword_lf(["free"], column="text", label="spam", name="one")
    with pytest.raises(ParameterError, match="names must differ"):
        wl.load(saved([lf], tmp_path), lfs=[lf, lf])
