"""Frames and classes that are wrong, for every kind of labeling function: what is said, and what abstains."""

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import ColumnError, FaultWarning, LabelingFunctionError, LabelingFunctionFailure
from weaklab.labeling import (
    bands_lf,
    cluster_lf,
    expression_lf,
    find_clusters,
    graph_lf,
    keyword_lf,
    lookup_lf,
    model_lf,
    pattern_lf,
    prompt_lf,
    prototype_lf,
    regex_lf,
    section_lf,
    threshold_lf,
)

FRAME = pd.DataFrame(
    {
        "text": ["free money", "PLAN: free 3 mg", None, "lunch with you", "free lunch"],
        "number": [3.0, 4.0, np.nan, 0.5, 1.0],
    },
    index=list("vwxyz"),
)


def letters(items):
    """How often each letter is in a text."""
    return np.array([[item.count(chr(97 + i)) for i in range(26)] for item in items]) + 0.01


def has_money(cells):
    """In the place of a model."""
    return ["money" in cell for cell in cells]


CLUSTERS = find_clusters(FRAME, column="text", encode=letters, clusterer=2)
#: Of a column and a label, each kind; rows 0 and 1 or one of them are what it votes on.
OF_TEXTS = {
    "keyword_lf": lambda column, label: keyword_lf("free", column=column, label=label, name="lf"),
    "regex_lf": lambda column, label: regex_lf("fre+", column=column, label=label, name="lf"),
    "lookup_lf": lambda column, label: lookup_lf({"free money": label}, column=column, name="lf"),
    "lookup_lf within": lambda column, label: lookup_lf({"free": label}, column=column, match="substring", name="lf"),
    "pattern_lf": lambda column, label: pattern_lf(r"(?P<mg>\d+) mg", column=column, label=label, name="lf"),
    "section_lf": lambda column, label: section_lf("free", column=column, label=label, sections="plan", name="lf"),
    "graph_lf": lambda column, label: graph_lf(
        keyword_lf("free", column=column, label="above"), {label: "above", 0: "beside"}, name="lf"
    ),
    "model_lf": lambda column, label: model_lf(
        lambda cells: [[0.0, 1.0] if money else [1.0, 0.0] for money in has_money(cells)],
        column=column,
        labels=[0, label],
        name="lf",
    ),
    "prototype_lf": lambda column, label: prototype_lf(
        {label: "free money", 0: "lunch with you"}, column=column, encode=letters, name="lf"
    ),
    "prompt_lf": lambda column, label: prompt_lf(
        lambda prompts: ["spam" if money else "ham" for money in has_money(prompts)],
        f"Spam or ham? {{{column}}}",
        labels={"spam": label, "ham": 0},
        name="lf",
    ),
}
OF_NUMBERS = {
    "threshold_lf": lambda column, label: threshold_lf(column, above=2, label=label, name="lf"),
    "bands_lf": lambda column, label: bands_lf(column, [(0, 2, 0), (2, None, label)], name="lf"),
    "expression_lf": lambda column, label: expression_lf(f"{column} > 2", label=label, name="lf"),
}
EACH = [(make, "text") for make in OF_TEXTS.values()] + [(make, "number") for make in OF_NUMBERS.values()]
NAMES = [*OF_TEXTS, *OF_NUMBERS]


def codes(votes):
    """Votes on class 1, from sets too."""
    return votes["lf"].tolist() if isinstance(votes, pd.DataFrame) else np.where(votes.masks[:, 0] == 2, 1, -1).tolist()


@pytest.mark.parametrize(("make", "column"), EACH, ids=NAMES)
def test_missing_cells_abstain(make, column):
    """The text that is None, the number that is NaN; others have their votes."""
    found = codes(apply(make(column, 1), FRAME, classes=2, progress=False))
    assert found[2] == -1
    assert 1 in found[:2]
    assert make(column, 1)(FRAME.iloc[2]) is None
    assert "missing" in make(column, 1).explain(FRAME.iloc[2]).reason


@pytest.mark.parametrize(("make", "column"), EACH, ids=NAMES)
def test_unknown_columns_are_named_with_a_suggestion(make, column):
    """Before anything runs."""
    with pytest.raises(ColumnError, match=rf"'lf' reads column '{column}s', .*Did you mean '{column}'\?"):
        apply(make(f"{column}s", 1), FRAME, classes=2, progress=False)


@pytest.mark.parametrize(("make", "column"), EACH, ids=NAMES)
@pytest.mark.parametrize(("label", "classes"), [(7, 2), ("spma", ["ham", "spam", 0])])
def test_labels_outside_the_classes_are_named(make, column, label, classes):
    """With what was expected, and before anything runs."""
    with pytest.raises(LabelingFunctionError, match=rf"'lf': .*{label}.*no (vote|class).*Expected: a") as caught:
        apply(make(column, label), FRAME, classes=classes, progress=False)
    assert not isinstance(caught.value, LabelingFunctionFailure)


@pytest.mark.parametrize("make", [OF_TEXTS[name] for name in OF_TEXTS if name != "prompt_lf"])
def test_a_column_that_is_no_text(make):
    """The function, the row and the value; prompts take any value, as people do."""
    frame = FRAME.assign(text=["free money", 3, None, "PLAN: free 3 mg", 4.5])
    with pytest.raises(LabelingFunctionFailure, match=r"(?i)'lf' failed on .*column 'text' holds 3 \(int\)") as caught:
        apply(make("text", 1), frame, classes=2, progress=False)
    assert "row 1 (index label 'w')" in str(caught.value)
    with pytest.warns(FaultWarning, match="'lf' on"):
        votes = apply(make("text", 1), frame, classes=2, on_error="abstain", progress=False)
    assert "holds 3 (int)" in votes.attrs["faults"]["lf"].traceback


@pytest.mark.parametrize("make", OF_NUMBERS.values(), ids=OF_NUMBERS)
def test_a_column_that_is_no_number(make):
    """The function, the row and the value."""
    frame = FRAME.assign(number=[3.0, "three", np.nan, 1.0, 1.0])
    with pytest.raises(LabelingFunctionFailure, match=r"'lf' failed on row 1 \(index label 'w'\): .*'three'"):
        apply(make("number", 1), frame, classes=2, progress=False)
    with pytest.warns(FaultWarning, match="'lf' on 1 of 5 rows"):
        votes = apply(make("number", 1), frame, classes=2, on_error="abstain", progress=False)
    assert votes["lf"].tolist()[:3] == [1, -1, -1]


def test_clusters_too():
    """Their columns were read when they were found, so that the frame is what may be wrong."""
    lf = cluster_lf(CLUSTERS, dict.fromkeys(CLUSTERS.numbers.tolist(), 1), name="lf")
    assert apply(lf, FRAME, classes=2, progress=False)["lf"].tolist() == [1, 1, -1, 1, 1]
    with pytest.raises(ColumnError, match=r"'lf' reads column 'text', .*Did you mean 'texts'\?"):
        apply(lf, FRAME.rename(columns={"text": "texts"}), classes=2, progress=False)
    with pytest.raises(LabelingFunctionError, match=r"'lf': one of its labels is 7 .*no vote"):
        apply(cluster_lf(CLUSTERS, {0: 7}, name="lf"), FRAME, classes=2, progress=False)
    with pytest.raises(LabelingFunctionFailure, match=r"'lf' failed .*Column 'text' holds 3 \(int\) on row 1 "):
        apply(lf, FRAME.assign(text=["free", 3, None, "lunch", "you"]), classes=2, progress=False)
    numbers = find_clusters(FRAME.dropna(), columns=["number"], clusterer=2)
    with pytest.raises(LabelingFunctionFailure, match=r"'lf' failed on .*'three'"):
        apply(cluster_lf(numbers, {0: 1}, name="lf"), FRAME.assign(number="three"), classes=2, progress=False)


@pytest.mark.parametrize(("make", "column"), EACH, ids=NAMES)
def test_a_frame_changed_in_place_is_read_anew(make, column):
    """Votes that were kept are of what the frame held then."""
    frame = FRAME.copy()
    first = codes(apply(make(column, 1), frame, classes=2, progress=False))
    row = first.index(1)
    frame.loc[frame.index[row], column] = None
    again = codes(apply(make(column, 1), frame, classes=2, progress=False))
    assert again[row] == -1
    assert again[:row] == first[:row]
