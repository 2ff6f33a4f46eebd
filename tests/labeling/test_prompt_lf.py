"""prompt_lf: a language model as a voter, and all that goes wrong between here and there."""

import json
import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import ColumnError, EndpointError, FaultWarning, LabelingFunctionError, LabelingFunctionFailure
from weaklab.labeling import prompt_lf

FRAME = pd.DataFrame(
    {"text": ["free money", "hello", "free money", None, "call me", "buy {now}"], "n": range(6)}, index=list("abcdef")
)
LABELS = {"spam": 1, "ham": 0}
ASK = "Spam or ham? {text}"


class Model:
    """In the place of a language model: answers by word, and keeps what it was asked."""

    fingerprint = "a model, version 1"

    def __init__(self, answers=None, fails=0, error=EndpointError):
        self.answers = {"free": "Spam.", "hello": "ham", "call": "I don't know", "buy": "certainly!"} | (answers or {})
        self.fails = fails
        self.error = error
        self.batches = []

    def __call__(self, prompts):
        self.batches.append(list(prompts))
        if len(self.batches) <= self.fails:
            raise self.error("busy")
        return [next((said for word, said in self.answers.items() if word in text), "ham") for text in prompts]

    @property
    def asked(self):
        return [text for batch in self.batches for text in batch]


class Time:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self):
        self.now, self.naps = 0.0, []

    def sleep(self, seconds):
        self.naps.append(round(seconds, 6))
        self.now += seconds

    def clock(self):
        return self.now


def make(model, **options):
    """A labeling function of that model which waits for nothing."""
    clock = Time()
    options = {"labels": LABELS, "sleep": clock.sleep, "clock": clock.clock, "name": "llm", **options}
    return prompt_lf(model, options.pop("prompt", ASK), **options), clock


def run(lf, frame=FRAME, **options):
    """Its votes as a list."""
    return apply(lf, frame, classes=["ham", "spam"], progress=False, **options)


def test_votes_once_per_prompt_and_counts_what_it_cannot_read():
    """Equal rows share an answer, a missing cell is not asked about, and what is no label abstains and is told."""
    model = Model()
    lf, _ = make(model, batch_size=2)
    with pytest.warns(FaultWarning, match=r"'llm': answers for 1 of 6 rows could not be read \(such as 'certainly!'\)"):
        votes = run(lf)
    assert votes["llm"].tolist() == [1, 0, 1, -1, -1, -1]
    assert votes.index.equals(FRAME.index)
    assert model.batches == [
        ["Spam or ham? free money", "Spam or ham? hello"],
        ["Spam or ham? call me", "Spam or ham? buy {now}"],
    ]
    report = votes.attrs["reports"]["llm"]
    assert report == lf.report
    assert (report["rows"], report["prompts"], report["asked"], report["sent"]) == (6, 4, 4, 4)
    assert (report["unparsable"], report["abstained"], report["failed"], report["over_budget"]) == (1, 1, 0, 0)
    assert report["unread"] == ["certainly!"]
    json.dumps(votes.attrs["reports"])
    assert votes.copy().attrs == votes.attrs


@pytest.mark.parametrize(
    ("answer", "vote"),
    [
        ("spam", 1), (" SPAM\n", 1), ('"Spam".', 1), ("**ham**", 0), ("Label: spam", 1), ("Answer: ham.", 0),
        ("The answer is spam", 1), ("Spam. It asks for money.", 1), ("ham - it is kind", 0), ("spam\n\nBecause ham", 1),
        ("not spam", None), ("spam or ham?", None), ("Spam, not ham.", None), ("ham and eggs", None), ("spammy", None),
        ("It is spam", None), ("", None), ("...", None), ("unknown", None), ("N/A", None), ("{'label': 'spam'}", None),
    ],
)  # fmt: skip
def test_answers_are_read_strictly(answer, vote):
    """A label that is merely mentioned is no vote."""
    lf, _ = make(lambda prompts: [answer])
    assert lf({"text": "x"}) == vote


def test_labels_of_several_words_and_own_readers():
    """The longest label counts; and whoever asks for JSON reads JSON."""
    labels = {"very good": 2, "good": 1, "bad": 0}
    assert make(lambda prompts: ["Very good!"], labels=labels)[0]({"text": "x"}) == 2
    assert make(lambda prompts: ["very good, indeed"], labels=labels)[0]({"text": "x"}) == 2
    assert make(lambda prompts: ["good, very good"], labels=labels)[0]({"text": "x"}) is None
    lf, _ = make(lambda prompts: ['{"label": "spam"}'], parse=lambda answer: json.loads(answer)["label"])
    assert lf({"text": "x"}) == 1
    lf, _ = make(lambda prompts: ["?"], parse=lambda answer: None)
    assert lf({"text": "x"}) is None
    assert lf.report["unparsable"] == 1


def test_prompts_may_be_functions_and_have_formats():
    """Holes are names of columns, whatever these are, and nothing more."""
    model = Model()
    make(model, prompt="{{x}} {n chars:03d} {text!r}")[0]({"n chars": 7, "text": "{n}"})
    make(model, prompt=lambda row: f"{row.text} {row.n}", columns=["text", "n"])[0]({"n": 7, "text": "hello"})
    assert model.asked == ["{x} 007 '{n}'", "hello 7"]
    lf, _ = make(model, prompt="{text.__class__}")
    with pytest.raises(ColumnError, match=r"text.__class__"):
        run(lf)


def test_retries_with_exponential_backoff():
    """A busy endpoint is asked again, after 1, 2 and 4 seconds; the wait has a limit."""
    model = Model(fails=3)
    lf, clock = make(model)
    with pytest.warns(FaultWarning, match="could not be read"):
        assert run(lf)["llm"].tolist() == [1, 0, 1, -1, -1, -1]
    assert clock.naps == [1, 2, 4]
    assert lf.report["sent"] == 16
    lf, clock = make(Model(fails=5), retries=5, backoff=10, max_wait=30)
    lf({"text": "hello"})
    assert clock.naps == [10, 20, 30, 30, 30]


def test_only_what_failed_is_asked_again():
    """complete may say which of its prompts failed, and how long to wait."""
    asked = []

    def complete(prompts):
        asked.append(len(prompts))
        return [
            EndpointError("busy", retry_after=7) if "hello" in text and len(asked) < 3 else "ham" for text in prompts
        ]

    lf, clock = make(complete)
    assert run(lf)["llm"].tolist() == [0, 0, 0, -1, 0, 0]
    assert asked == [4, 1, 1]
    assert clock.naps == [7, 7]


def test_what_fails_in_the_end_is_a_fault_of_those_rows():
    """With on_error="abstain" the rest of the votes is kept; otherwise the first failure says what happened."""

    def complete(prompts):
        return [EndpointError("no such model", retry=False) if "free" in text else "ham" for text in prompts]

    lf, clock = make(complete)
    with pytest.raises(
        LabelingFunctionFailure, match=r"'llm' failed on row 0 .*and 1 rows more: EndpointError: no such"
    ):
        run(lf)
    with pytest.warns(FaultWarning, match="'llm' on 2 of 6 rows"):
        votes = run(lf, on_error="abstain")
    assert votes["llm"].tolist() == [-1, 0, -1, -1, 0, 0]
    assert votes.attrs["faults"]["llm"].rows == (0, 2)
    assert votes.attrs["reports"]["llm"]["failed"] == 2
    assert clock.naps == []  # retry=False


def test_an_endpoint_that_is_down_is_not_asked_for_ever():
    """After three batches without any answer the rest fails at once."""
    model = Model(fails=10**6)
    lf, clock = make(model, batch_size=1, retries=1)
    frame = pd.DataFrame({"text": [f"text {i}" for i in range(50)]})
    with pytest.warns(FaultWarning, match="'llm' on all 50 of 50 rows"):
        votes = run(lf, frame, on_error="abstain")
    assert len(model.batches) == 6
    assert (votes["llm"] == -1).all()
    assert clock.naps == [1, 1, 1]


@pytest.mark.parametrize("error", [TypeError, ZeroDivisionError, ValueError, PermissionError, KeyError, RuntimeError])
def test_mistakes_are_not_retried(error):
    """They come again however long one waits."""
    model = Model(fails=10**6, error=error)
    lf, clock = make(model)
    with pytest.raises(LabelingFunctionFailure, match=f"{error.__name__}: '?busy"):
        run(lf)
    assert (len(model.batches), clock.naps) == (1, [])


@pytest.mark.parametrize(
    ("returned", "says"),
    [(["ham"], "1 answers to 4 prompts"), ("ham", "returned 'ham'"), (None, "NoneType"), ([1, 2, 3, 4], r"1 \(int\)")],
)
def test_garbage_out_of_complete(returned, says):
    """Answers that cannot be matched to prompts are none."""
    lf, clock = make(lambda prompts: returned)
    with pytest.raises(LabelingFunctionFailure, match=says):
        run(lf)
    assert clock.naps == []  # it would answer so again


def test_a_slow_call_is_given_up():
    """In real time: a call that hangs does not hang the run."""
    release = threading.Event()

    def complete(prompts):
        if "hello" in prompts[0]:
            release.wait(20)
        return ["ham"] * len(prompts)

    lf, _ = make(complete, timeout=0.1, retries=0, batch_size=1)
    start = time.monotonic()
    with pytest.warns(FaultWarning, match=r"no answer within 0\.1 seconds"):
        votes = run(lf, on_error="abstain")
    assert time.monotonic() - start < 5
    assert votes["llm"].tolist() == [0, -1, 0, -1, 0, 0]
    release.set()


def test_the_rate_limit_spreads_prompts():
    """60 prompts a minute: a batch of two waits two seconds for the one before."""
    lf, clock = make(Model(), rate_limit=60, batch_size=2, labels={**LABELS, "certainly": 1})
    run(lf)
    assert clock.naps == [2]
    assert lf.preview_cost(FRAME).seconds == 2
    run(lf)
    assert clock.naps == [2, 2, 2]  # across runs too


def test_costs_are_known_before():
    """Distinct prompts only, cached ones free; nothing is asked."""
    model = Model()
    lf, _ = make(model, price=(1.0, 2.0), count_tokens=lambda text: len(text.split()), answer_tokens=3, budget=16e-6)
    preview = lf.preview_cost(FRAME)
    assert (preview.rows, preview.prompts, preview.cached, preview.to_ask) == (6, 4, 0, 4)
    assert (preview.input_tokens, preview.output_tokens) == (4 + 5 + 5 + 5, 12)
    assert preview.cost == pytest.approx(19e-6 + 24e-6)
    assert preview.within_budget == 1
    assert model.batches == []
    assert "within_budget" in preview._repr_html_()
    assert make(model)[0].preview_cost(FRAME).cost is None


def test_a_budget_stops_cleanly():
    """What fits is asked; the rest abstains, is counted, and is no fault."""
    model = Model()
    count = {"count_tokens": lambda text: len(text.split()), "answer_tokens": 1, "price": (1.0, 1.0)}
    lf, _ = make(model, budget=12e-6, batch_size=3, **count)
    with pytest.warns(FaultWarning, match="the budget was spent before 2 of 6 rows"):
        votes = run(lf)
    assert votes["llm"].tolist() == [1, 0, 1, -1, -1, -1]
    assert model.asked == ["Spam or ham? free money", "Spam or ham? hello"]
    assert votes.attrs["reports"]["llm"]["over_budget"] == 2
    assert votes.attrs["reports"]["llm"]["cost"] == pytest.approx(11e-6)
    assert "faults" not in votes.attrs
    for limit in ({"max_prompts": 0}, {"budget": 0, "price": (1, 1)}):
        lf, _ = make(Model(), **limit)
        with pytest.warns(FaultWarning, match="before 5 of 6 rows"):
            assert (run(lf)["llm"] == -1).all()


def test_retries_are_paid_for():
    """A prompt that is sent twice counts twice."""
    lf, _ = make(Model(fails=1), price=(1e6, 0.0), count_tokens=lambda text: 1)
    lf({"text": "hello"})
    assert lf.report["cost"] == pytest.approx(2)


def test_the_cache_answers_the_second_time(tmp_path):
    """By whom and what was asked; another model, or another prompt, is asked anew."""
    model, frame = Model({"buy": "ham"}), FRAME
    lf, _ = make(model, cache=tmp_path / "answers")
    first = run(lf)
    assert len(model.asked) == 4
    again = Model()
    lf, _ = make(again, cache=tmp_path / "answers")
    assert lf.preview_cost(frame).to_ask == 0
    assert run(lf).equals(first)
    assert again.asked == []
    assert lf.report["cached"] == 4
    assert lf.explain({"text": "hello"}).details["cached"]
    other, _ = make(again, cache=tmp_path / "answers", version="version 2")
    assert other.preview_cost(frame).to_ask == 4
    changed, _ = make(again, cache=tmp_path / "answers", prompt="Is it spam? {text}")
    assert changed.preview_cost(frame).to_ask == 4


def test_answers_before_a_failure_are_kept(tmp_path):
    """What was paid for is not lost when a later prompt fails."""

    def complete(prompts):
        return [EndpointError("down") if "hello" in text else "ham" for text in prompts]

    lf, _ = make(complete, cache=tmp_path, version="v", retries=0)
    with pytest.raises(LabelingFunctionFailure):
        run(lf)
    assert lf.preview_cost(FRAME).cached == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:20],
        lambda text: "[]",
        lambda text: '{"answer": "spam"}',
        lambda text: text.replace('"ham"', '"spam"'),
        lambda text: "null",
    ],
)
def test_a_damaged_answer_is_asked_for_anew(tmp_path, damage):
    """Never believed: not cut off, not empty, not changed by a single word."""
    make(Model(), cache=tmp_path)[0]({"text": "hello"})
    (file,) = Path(tmp_path).rglob("*.json")
    file.write_text(damage(file.read_text()))
    model = Model()
    lf, _ = make(model, cache=tmp_path)
    with pytest.warns(FaultWarning, match="is damaged"):
        assert lf({"text": "hello"}) == 0
    assert len(model.asked) == 1
    assert make(model, cache=tmp_path)[0]({"text": "hello"}) == 0  # it is whole again
    assert len(model.asked) == 1
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.warns(FaultWarning, match="is damaged"):
        assert make(model, cache=tmp_path)[0]({"text": "hello"}) == 0


def test_an_answer_in_anothers_place_is_not_believed(tmp_path):
    """A file that was copied says whose answer it is."""
    lf, _ = make(Model(), cache=tmp_path)
    lf({"text": "hello"})
    (file,) = Path(tmp_path).rglob("*.json")
    other = lf.cache.path("Spam or ham? free money")
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text(file.read_text())
    with pytest.warns(FaultWarning, match="checksum"):
        assert lf({"text": "free money"}) == 1


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    """A warning, the votes, and no cache."""
    (tmp_path / "file").write_text("in the way")
    model = Model({"buy": "ham"})
    lf, _ = make(model, cache=tmp_path / "file" / "answers")
    with pytest.warns(FaultWarning, match="cannot be written to") as told:
        assert run(lf)["llm"].tolist() == [1, 0, 1, -1, -1, 0]
    assert len(told) == 1
    made = tmp_path / "read-only"
    make(Model(), cache=made)[0]({"text": "hello"})

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("weaklab.labeling.answer_cache.NamedTemporaryFile", refuse)
    lf, _ = make(model, cache=made)
    with pytest.warns(FaultWarning, match="Permission denied"):
        run(lf)
    assert lf.report["cached"] == 1  # what is there is read all the same


def test_writers_do_not_disturb_each_other(tmp_path):
    """Files appear whole: many threads write and read the same answers."""
    lf, _ = make(Model(), cache=tmp_path)
    wrong = []

    def work():
        for i in range(30):
            lf.cache.put(f"p{i}", f"answer {i}" * 50)
            found = lf.cache.get(f"p{i}")
            if found != f"answer {i}" * 50:
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not list(Path(tmp_path).rglob("*.tmp"))
    lf.cache.put("odd \ud800", "\ud800 too")
    assert lf.cache.get("odd \ud800") == "\ud800 too"


def test_explains_shows_and_pickles():
    """What was asked, what was answered, and how it was read."""
    lf, _ = make(Model())
    said = lf.explain({"text": "free money"})
    assert (said.vote, said.column) == (1, "text")
    assert said.reason == "the model answered 'Spam.': class 1"
    assert said.details["prompt"] == "Spam or ham? free money"
    assert "could not be read" in lf.explain({"text": "buy"}).reason
    assert "abstains" in lf.explain({"text": "call"}).reason
    assert "missing" in lf.explain({"text": None}).reason
    assert "Spam or ham?" in lf._repr_html_()
    with pytest.raises(EndpointError):
        make(Model(fails=9), retries=0)[0].explain({"text": "x"})
    again = pickle.loads(pickle.dumps(prompt_lf(Model(), ASK, labels=LABELS)))
    assert again({"text": "free"}) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"prompt": "no hole"}, "no hole"),
        ({"prompt": "{} {text}"}, "no hole"),
        ({"prompt": "{text"}, "ill-formed"),
        ({"prompt": 7}, "must be a text"),
        ({"prompt": lambda row: "x"}, "needs columns="),
        ({"columns": ["text"]}, "goes with a function"),
        ({"labels": {}}, "empty"),
        ({"labels": "spam"}, "must be a dict"),
        ({"labels": {"Spam": 1, "spam ": 0}}, "twice"),
        ({"labels": {"spam": -1}}, "no class"),
        ({"labels": {1: 1}}, "must be a text"),
        ({"abstain": "unknown"}, "list of texts"),
        ({"abstain": ["spam"]}, "in labels= and in abstain="),
        ({"parse": "json"}, "parse="),
        ({"batch_size": 0}, "from 1"),
        ({"retries": -1}, "from 0"),
        ({"retry_on": [3]}, "classes of exceptions"),
        ({"cache": "", "version": "v"}, "path of a folder"),
        ({"timeout": 0}, "above 0"),
        ({"rate_limit": "fast"}, "a number"),
        ({"budget": 1}, "needs price="),
        ({"price": 3}, "two numbers"),
        ({"max_prompts": 1.5}, "from 0"),
        ({"cache": 7}, "path of a folder"),
        ({"count_tokens": 4}, "function of a text"),
        ({"name": ""}, "not empty"),
    ],
)
def test_bad_arguments(options, says):
    """What cannot work is said when the function is made."""
    with pytest.raises(LabelingFunctionError, match=says):
        make(Model(), **options)


def test_a_cache_must_know_who_answers(tmp_path):
    """Else another model's answers would be taken for this one's."""
    with pytest.raises(LabelingFunctionError, match="give version="):
        make(lambda prompts: ["ham"] * len(prompts), cache=tmp_path)
    with pytest.raises(LabelingFunctionError, match="function of a list of prompts"):
        make("gpt")


def test_wrong_columns_and_classes_cost_nothing():
    """Both are found before anything is asked."""
    model = Model()
    with pytest.raises(ColumnError, match="Did you mean 'text'"):
        run(make(model, prompt="{txt}")[0])
    with pytest.raises(LabelingFunctionError, match="'llm': one of its labels is 'spam'"):
        apply(make(model, labels=["spam", "ham"])[0], FRAME, classes=["good", "ham"], progress=False)
    assert model.batches == []
    assert np.array_equal(run(make(model)[0], FRAME.head(0)), np.empty((0, 1)))
