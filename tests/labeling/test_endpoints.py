"""openai_complete against a server on this machine: well, slow, busy, broken, down."""

import json
import pickle
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import (
    EndpointError,
    FaultWarning,
    LabelingFunctionError,
    LabelingFunctionFailure,
    MissingExtraError,
)
from weaklab.labeling import openai_complete, prompt_lf

FRAME = pd.DataFrame({"text": ["free money", "hello", "see you", "win money"]})


def completion(content):
    """A response in OpenAI's form."""
    return 200, json.dumps({
        "choices": [{"message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 2},
    })  # fmt: skip


def by_word(body):
    """A good model."""
    return completion("Spam." if "money" in body["messages"][-1]["content"] else "ham")


@contextmanager
def server(respond):
    """A server whose answer to a request is (status, text[, headers]); gives its address and the requests so far."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, dict(self.headers), body))
            status, text, *headers = respond(body)
            try:
                self.send_response(status)
                for name, value in headers[0].items() if headers else ():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())
            except OSError:
                pass  # the client gave up

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: running.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/v1", seen
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.fixture
def client():
    """A client that no proxy of this machine concerns."""
    with httpx.Client(trust_env=False) as made:
        yield made


def voter(complete, naps=None, **options):
    """A labeling function that asks it, and notes how long it would wait."""
    naps = [] if naps is None else naps
    return prompt_lf(complete, "Spam? {text}", labels={"spam": 1, "ham": 0}, sleep=naps.append, name="llm", **options)


def votes_of(lf, **options):
    """Its votes."""
    return apply(lf, FRAME, classes=2, progress=False, **options)["llm"].tolist()


def test_a_good_endpoint(client):
    """The protocol: path, model, messages, key; answers in order whatever order they come in."""

    def respond(body):
        time.sleep(0.05 if "hello" in body["messages"][-1]["content"] else 0)
        return by_word(body)

    with server(respond) as (url, seen):
        complete = openai_complete(
            f"{url}/", "small", api_key="secret", system="One word.", options={"seed": 1}, client=client
        )
        assert votes_of(voter(complete)) == [1, 0, 0, 1]
    path, headers, body = seen[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["messages"][0] == {"role": "system", "content": "One word."}
    assert (body["model"], body["temperature"], body["max_tokens"], body["seed"]) == ("small", 0.0, 16, 1)
    assert complete.usage == {"prompt_tokens": 44, "completion_tokens": 8, "requests": 4}
    assert "secret" not in repr(complete) + complete.fingerprint
    assert len(seen) == 4


def test_busy_and_then_well(client):
    """429 is waited for as long as the endpoint says, and only that prompt is asked again."""
    busy = [True]

    def respond(body):
        if "hello" in body["messages"][-1]["content"] and busy:
            busy.pop()
            return 429, "slow down", {"Retry-After": "7"}
        return by_word(body)

    naps = []
    with server(respond) as (url, seen):
        assert votes_of(voter(openai_complete(url, "small", client=client), naps)) == [1, 0, 0, 1]
    assert naps == [7]
    assert len(seen) == 5


def test_errors_for_ever(client):
    """500 is retried as often as was said, and is then a fault that names the status."""
    naps = []
    with server(lambda body: (500, "out of memory")) as (url, seen):
        lf = voter(openai_complete(url, "small", client=client), naps, retries=2)
        with pytest.warns(FaultWarning, match=r"on all 4 of 4 rows .*status 500: out of memory"):
            assert votes_of(lf, on_error="abstain") == [-1] * 4
        assert naps == [1, 2]
        assert len(seen) == 12
        with pytest.raises(LabelingFunctionFailure, match="status 500") as caught:
            votes_of(lf)
        assert isinstance(caught.value.__cause__, EndpointError)


def test_a_wrong_key_is_not_retried(client):
    """Asking again helps nobody, and the key is in no message."""
    naps = []
    with server(lambda body: (401, '{"error": "bad key"}')) as (url, seen):
        lf = voter(openai_complete(url, "small", api_key="sk-1", client=client), naps)
        with pytest.raises(LabelingFunctionFailure, match=r"status 401.*bad key") as caught:
            votes_of(lf)
    assert "sk-1" not in str(caught.value)
    assert naps == []
    assert len(seen) == 4


@pytest.mark.parametrize(
    "text",
    ["<html>busy</html>", "", "[]", '{"choices": []}', '{"choices": [{"message": null}]}', '{"choices": {"a": 1}}'],
)
def test_garbage_is_no_answer(client, text):
    """JSON that is none, or not this one, is retried and then a fault."""
    naps = []
    with server(lambda body: (200, text)) as (url, _):
        lf = voter(openai_complete(url, "small", client=client), naps, retries=1)
        with pytest.raises(LabelingFunctionFailure, match="no chat completion"):
            votes_of(lf)
    assert naps == [1]


def test_an_answer_without_text(client):
    """A refusal comes as null; it is not the word None."""
    with (
        server(lambda body: completion(None)) as (url, _),
        pytest.raises(LabelingFunctionFailure, match="without a text"),
    ):
        votes_of(voter(openai_complete(url, "small", client=client)))


def test_a_slow_endpoint(client):
    """It is given up after the time that was said, and the others keep their votes."""
    stop = threading.Event()

    def respond(body):
        if "hello" in body["messages"][-1]["content"]:
            stop.wait(10)
        return by_word(body)

    with server(respond) as (url, _):
        lf = voter(openai_complete(url, "small", timeout=0.3, client=client), retries=0)
        start = time.monotonic()
        with pytest.warns(FaultWarning, match=r"'llm' on 1 of 4 rows .*no answer within 0\.3 seconds"):
            assert votes_of(lf, on_error="abstain") == [1, -1, 0, 1]
        assert time.monotonic() - start < 5
        stop.set()


def test_an_endpoint_that_is_down(client):
    """Nobody listens there."""
    with server(by_word) as (url, _):
        pass
    naps = []
    lf = voter(openai_complete(url, "small", client=client), naps, retries=3, backoff=0.5)
    with pytest.raises(LabelingFunctionFailure, match="could not be asked: ConnectError"):
        votes_of(lf)
    assert naps == [0.5, 1, 2]


def test_its_answers_are_cached_by_model(client, tmp_path):
    """Two models share no answer; the same one is asked once."""
    with server(by_word) as (url, seen):
        for model, requests in (("small", 4), ("small", 4), ("large", 8)):
            lf = voter(openai_complete(url, model, client=client), cache=tmp_path)
            assert votes_of(lf) == [1, 0, 0, 1]
            assert len(seen) == requests


def test_pickles_without_its_client(client, monkeypatch):
    """Connections do not travel; a new one is made there, and answers are the same model's."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with server(by_word) as (url, _):
        complete = openai_complete(url, "small", client=client)
        again = pickle.loads(pickle.dumps(complete))
        assert again(["free money"]) == complete(["free money"]) == ["Spam."]
        assert again.fingerprint == complete.fingerprint
        vars(again).pop("_client").close()


def test_without_the_extra(monkeypatch):
    """Whoever lacks httpx is told what to install."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r'pip install "weaklab\[llm\]"'):
        openai_complete("http://localhost/v1", "small")
    assert issubclass(MissingExtraError, ImportError)


@pytest.mark.parametrize(
    "options",
    [{"base_url": "localhost:8000"}, {"base_url": 7}, {"model": ""}, {"concurrency": 0}, {"timeout": -1}],
)
def test_bad_arguments(options):
    """Each says what was expected."""
    with pytest.raises(LabelingFunctionError, match=next(iter(options))):
        openai_complete(**{"base_url": "http://localhost/v1", "model": "small", **options})
