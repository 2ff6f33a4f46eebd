"""A language model is asked once, where it answered all rows and nothing that its answers depend on changed."""

from __future__ import annotations

import json
import time
import warnings

import pandas as pd
import pytest

from weaklab.apply import apply, clear_cache
from weaklab.exceptions import CacheWarning, FaultWarning
from weaklab.labeling import openai_complete, prompt_lf

FRAME = pd.DataFrame({"text": ["free money", "hello", "call me", None]})
LABELS = {"spam": 1, "ham": 0}
ASK = "Spam or ham? {text}"


def complete(prompts):
    return ["spam" if "free" in text else "ham" for text in prompts]


def other(prompts):
    return ["spam" if "call" in text else "ham" for text in prompts]


def votes_of(lf, cache, frame=FRAME, **options):
    return apply(lf, frame, cache=cache, progress=False, **options)


def test_what_was_asked_is_not_asked_again(tmp_path):
    """The clock that it waits by is no part of what it votes; a folder says nothing of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = votes_of(prompt_lf(complete, ASK, labels=LABELS, name="llm"), tmp_path)
        assert first["llm"].tolist() == [1, 0, 0, -1]
        assert first.attrs["reports"]["llm"]["asked"] == 3
        again = votes_of(
            prompt_lf(complete, ASK, labels=LABELS, name="llm", retries=1, rate_limit=9, sleep=print, clock=time.time),
            tmp_path,
        )
    assert again.attrs == {"reused": ("llm",)}
    assert again["llm"].tolist() == first["llm"].tolist()


def test_in_memory_too():
    """With nothing asked for: an answer is slow beside any fingerprint."""

    def slowly(prompts):
        return ["spam" if sum(range(300_000)) and "free" in text else "ham" for text in prompts]

    clear_cache()
    for place in range(2):
        votes = apply(prompt_lf(slowly, ASK, labels=LABELS, name="llm"), FRAME, progress=False)
        assert ("reused" in votes.attrs) == (place == 1)
        assert ("reports" in votes.attrs) == (place == 0)


@pytest.mark.parametrize(
    "changed",
    [
        lambda: prompt_lf(other, ASK, labels=LABELS, name="llm"),
        lambda: prompt_lf(complete, "free? {text}", labels=LABELS, name="llm"),
        lambda: prompt_lf(complete, ASK, labels={"spam": 0, "ham": 1}, name="llm"),
        lambda: prompt_lf(complete, ASK, labels=LABELS, name="llm", parse=lambda _: "spam"),
        lambda: prompt_lf(complete, lambda row: row.text[::-1], columns=["text"], labels=LABELS, name="llm"),
    ],
)
def test_whatever_its_votes_depend_on_is_asked_for_anew(changed, tmp_path):
    """The function, the prompt, the labels, what reads answers."""

    def votes(lf, cache):
        found = votes_of(lf, cache)
        found.attrs.pop("reports", None)
        return found

    first = votes(prompt_lf(complete, ASK, labels=LABELS, name="llm"), tmp_path)
    second = votes(changed(), tmp_path)
    assert "reused" not in second.attrs
    assert not first.equals(second)
    pd.testing.assert_frame_equal(second, votes(changed(), False))


def test_another_version_is_another_model(tmp_path):
    """Behind the same function may be what only its author knows."""
    votes_of(prompt_lf(complete, ASK, labels=LABELS, name="llm", version="1"), tmp_path)
    assert "reused" not in votes_of(prompt_lf(complete, ASK, labels=LABELS, name="llm", version="2"), tmp_path).attrs


def test_rows_without_an_answer_are_asked_again(tmp_path):
    """A budget that ends early, an endpoint that is down: votes are not complete, and not kept."""
    for _ in range(2):
        with pytest.warns(FaultWarning, match="the budget was spent"):
            votes = votes_of(prompt_lf(complete, ASK, labels=LABELS, name="llm", max_prompts=1), tmp_path)
        assert "reused" not in votes.attrs
    full = votes_of(prompt_lf(complete, ASK, labels=LABELS, name="llm", max_prompts=3), tmp_path)
    assert full["llm"].tolist() == [1, 0, 0, -1]

    def down(prompts):
        raise ConnectionError

    for _ in range(2):
        lf = prompt_lf(down, ASK, labels=LABELS, name="llm", retries=0)
        with pytest.warns(FaultWarning, match="failed and abstained"):
            assert "reused" not in votes_of(lf, tmp_path, on_error="abstain").attrs


def test_a_model_that_remembers_is_asked_each_time(tmp_path):
    """What it answers may depend on what it was asked before."""
    asked = []

    def remembers(prompts):
        asked.extend(prompts)
        return complete(prompts)

    for _ in range(2):
        with pytest.warns(CacheWarning, match="'llm' changes what it reads while it runs"):
            assert "reused" not in votes_of(prompt_lf(remembers, ASK, labels=LABELS, name="llm"), tmp_path).attrs


def test_an_endpoint_is_its_address_its_model_and_its_options(tmp_path):
    """Not its key, nor what it has used so far; and a lock has no value."""
    httpx = pytest.importorskip("httpx")
    asked = []

    def serve(request):
        asked.append(json.loads(request.content))
        content = "spam" if asked[-1]["model"] == "a" else "ham"
        return httpx.Response(200, json={"choices": [{"message": {"content": content}}], "usage": {"prompt_tokens": 3}})

    def lf(model="a", **options):
        client = httpx.Client(transport=httpx.MockTransport(serve))
        at = openai_complete("http://localhost/v1", model, client=client, concurrency=1, **options)
        return prompt_lf(at, ASK, labels=LABELS, name="llm")

    assert votes_of(lf(api_key="x"), tmp_path)["llm"].tolist() == [1, 1, 1, -1]
    assert votes_of(lf(api_key="y"), tmp_path)["llm"].tolist() == [1, 1, 1, -1]
    assert len(asked) == 3
    assert votes_of(lf("b"), tmp_path)["llm"].tolist() == [0, 0, 0, -1]
    votes_of(lf(system="Be brief."), tmp_path)
    votes_of(lf(options={"seed": 1}), tmp_path)
    assert len(asked) == 12
