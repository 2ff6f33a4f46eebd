"""Each warning points at the line of the user, who can do something about it."""

import threading
import warnings

import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import CacheWarning, FaultWarning, SlowPathWarning
from weaklab.labeling import labeling_function, prompt_lf

FRAME = pd.DataFrame({"text": ["a", "b", "c"], "n": [1, 0, 2]})
LOCK = threading.Lock()


def divides(row):
    return int(1 / row.n > 0.9)


def locked(row):
    with LOCK:
        return 1


def answers(texts):
    return ["yes" if text == "a" else "perhaps" for text in texts]


def asks(**options):
    return prompt_lf(answers, "{text}", labels={"yes": 1, "no": 0}, version="1", name="asks", **options)


def of_faults(folder):
    return apply([divides], FRAME, on_error="abstain", progress=False)


def of_faults_in_processes(folder):
    frame = pd.concat([FRAME] * 200, ignore_index=True)
    return apply([divides], frame, on_error="abstain", n_jobs=2, progress=False)


def of_what_is_not_kept(folder):
    return apply([locked], FRAME, cache=folder, progress=False)


def of_damaged_votes(folder):
    apply([divides], FRAME.assign(n=1), cache=folder, progress=False)
    for file in folder.iterdir():
        file.write_bytes(b"damaged")
    return apply([divides], FRAME.assign(n=1), cache=folder, progress=False)


def of_what_cannot_be_sent(folder):
    lf = labeling_function(name="lf", resources={"lock": LOCK})(lambda row, lock: 1)
    return apply([lf], pd.concat([FRAME] * 200, ignore_index=True), n_jobs=2, progress=False)


def of_answers_that_cannot_be_read(folder):
    return apply([asks()], FRAME, progress=False)


def of_damaged_answers(folder):
    asks(cache=folder)({"text": "a"})
    for file in folder.rglob("*.json"):
        file.write_text("damaged")
    return apply([asks(cache=folder)], FRAME.iloc[:1], cache=False, progress=False)


def of_answers_that_cannot_be_kept(folder):
    (folder / "file").write_text("in the way")
    return apply([asks(cache=folder / "file" / "answers")], FRAME.iloc[:1], progress=False)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (of_faults, FaultWarning, "failed and abstained"),
        (of_faults_in_processes, FaultWarning, "failed and abstained"),
        (of_what_is_not_kept, CacheWarning, "run each time"),
        (of_damaged_votes, CacheWarning, "is damaged"),
        (of_what_cannot_be_sent, SlowPathWarning, "cannot be sent"),
        (of_answers_that_cannot_be_read, FaultWarning, "could not be read"),
        (of_damaged_answers, FaultWarning, "is damaged"),
        (of_answers_that_cannot_be_kept, FaultWarning, "cannot be written to"),
    ],
    ids=lambda item: item.__name__ if callable(item) and not isinstance(item, type) else "",
)
def test_a_warning_points_at_the_call_of_apply(call, kind, says, tmp_path):
    """Python shows that line, and shows a warning once for each such line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(tmp_path)
    told = [each for each in caught if issubclass(each.category, kind)]
    assert len(told) == 1
    assert says in str(told[0].message)
    assert told[0].filename == __file__
    assert told[0].lineno == max(line for _, _, line in call.__code__.co_lines() if line)  # the last of the function
