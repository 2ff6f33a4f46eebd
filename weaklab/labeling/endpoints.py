"""Endpoints that speak the protocol of OpenAI's chat completions, as most servers of language models do."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from weaklab.exceptions import EndpointError, LabelingFunctionError, MissingExtraError

#: Busy or broken for now; other errors of the client come again however often it asks.
_RETRY = frozenset((408, 409, 425, 429))


class OpenAIComplete:
    """Answers prompts by an endpoint; made by :func:`openai_complete`, which says what the arguments mean.

    Attributes
    ----------
    fingerprint : str
        What answers: everything but the key that changes answers.
    usage : dict of str to int
        Tokens so far as the endpoint counts them, ``prompt_tokens`` and ``completion_tokens``, and ``requests``.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None,
        system: str | None,
        options: Mapping[str, Any],
        timeout: float,
        concurrency: int,
        client: Any,
    ) -> None:
        self.url = f"{base_url.rstrip('/')}/chat/completions"
        self.model = model
        self.system = system
        self.options = dict(options)
        self.timeout = timeout
        self.concurrency = concurrency
        self.fingerprint = json.dumps([self.url, model, system, self.options], sort_keys=True, default=repr)
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0, "requests": 0}
        self._key = api_key
        self._client = client
        self._lock = threading.Lock()

    def identity(self) -> tuple[Any, ...]:
        """What its answers depend on: not the key, nor how it is reached, nor what it has used."""
        return type(self), self.url, self.model, self.system, self.options

    def __call__(self, prompts: list[str]) -> list[str | EndpointError]:
        """The answers, in order, with an EndpointError in the place of each that did not come."""
        if len(prompts) == 1:
            return [self._one(prompts[0])]
        with ThreadPoolExecutor(min(self.concurrency, max(len(prompts), 1))) as pool:
            return list(pool.map(self._one, prompts))

    def _one(self, prompt: str) -> str | EndpointError:
        httpx = _httpx()
        messages = [{"role": "system", "content": self.system}] if self.system else []
        body = {"model": self.model, "messages": [*messages, {"role": "user", "content": prompt}], **self.options}
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            response = self._open().post(self.url, json=body, headers=headers, timeout=self.timeout)
        except httpx.TimeoutException:
            return EndpointError(f"{self.url} gave no answer within {self.timeout:g} seconds")
        except httpx.HTTPError as error:
            return EndpointError(f"{self.url} could not be asked: {type(error).__name__}: {error}")
        except httpx.InvalidURL as error:
            return EndpointError(f"{self.url} is no address: {error}", retry=False)
        with self._lock:
            self.usage["requests"] += 1
        if response.status_code != 200:
            return self._refused(response)
        return self._content(response)

    def _refused(self, response: Any) -> EndpointError:
        status = response.status_code
        retry = status in _RETRY or status >= 500
        said = " ".join(response.text.split())[:200]
        return EndpointError(
            f"{self.url} answered with status {status}: {said}", retry, _seconds(response.headers.get("retry-after"))
        )

    def _content(self, response: Any) -> str | EndpointError:
        try:
            said = response.json()
            content = said["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError):
            shown = " ".join(response.text.split())[:120]
            return EndpointError(f"{self.url} answered what is no chat completion: {shown!r}")
        if not isinstance(content, str):
            return EndpointError(f"{self.url} answered without a text: {content!r:.60}", retry=False)
        usage = said.get("usage")
        if isinstance(usage, dict):
            with self._lock:
                for key in ("prompt_tokens", "completion_tokens"):
                    self.usage[key] += usage[key] if isinstance(usage.get(key), int) else 0
        return content

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _httpx().Client()
            return self._client

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in ("_client", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _client=None, _lock=threading.Lock())

    def __repr__(self) -> str:
        return f"OpenAIComplete({self.url!r}, {self.model!r})"  # never the key


def openai_complete(
    base_url: str,
    model: str,
    *,
    api_key: str | None = None,
    system: str | None = None,
    temperature: float = 0.0,
    max_tokens: int | None = 16,
    options: Mapping[str, Any] | None = None,
    timeout: float = 60.0,
    concurrency: int = 8,
    client: Any = None,
) -> OpenAIComplete:
    """Make a ``complete`` for :func:`prompt_lf` of an endpoint that speaks OpenAI's protocol.

    OpenAI itself does, and vLLM, llama.cpp, Ollama, LM Studio and most hosts of open models. Needs the extra ``llm``:
    ``pip install "weaklab[llm]"``.

    Parameters
    ----------
    base_url : str
        What stands before ``/chat/completions``, such as ``http://localhost:8000/v1``.
    model : str
        The name of the model there.
    api_key : str, optional
        Sent as a bearer token to ``base_url`` and never shown. None sends none; no environment variable is read.
    system : str, optional
        The system prompt.
    temperature : float
        0 gives the likeliest answer.
    max_tokens : int, optional
        How long an answer may get; a label is short. None leaves it to the endpoint.
    options : mapping, optional
        More fields of the request, such as ``{"seed": 1}``; they win over those above.
    timeout : float
        Seconds for one request.
    concurrency : int
        How many requests at once.
    client : httpx.Client, optional
        To use in the place of one made here, for proxies and certificates.

    Returns
    -------
    OpenAIComplete
        From a list of prompts to texts; ``usage`` counts tokens as the endpoint does.

    Raises
    ------
    MissingExtraError
        If httpx is not installed.
    LabelingFunctionError
        If an argument is not what it should be.

    Examples
    --------
    >>> openai_complete("http://localhost:8000/v1", "a-model", system="Answer with one word.")
    OpenAIComplete('http://localhost:8000/v1/chat/completions', 'a-model')
    """
    _httpx()
    if not isinstance(base_url, str) or not base_url.startswith(("http://", "https://")):
        raise LabelingFunctionError(f"openai_complete: base_url={base_url!r} must begin with http:// or https://.")
    if not isinstance(model, str) or not model:
        raise LabelingFunctionError(f"openai_complete: model={model!r} must be the name of a model.")
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise LabelingFunctionError(f"openai_complete: concurrency={concurrency!r} must be an int from 1.")
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
        raise LabelingFunctionError(f"openai_complete: timeout={timeout!r} must be above 0 seconds.")
    fields: dict[str, Any] = {"temperature": temperature}
    if max_tokens is not None:
        fields["max_tokens"] = max_tokens
    return OpenAIComplete(
        base_url, model, api_key, system, {**fields, **(options or {})}, float(timeout), concurrency, client
    )


def _httpx() -> Any:
    try:
        import httpx
    except ImportError as error:
        raise MissingExtraError(
            'openai_complete needs httpx, which is not installed: pip install "weaklab[llm]"'
        ) from error
    return httpx


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After header; None where it has none, or a date."""
    try:
        seconds = float(retry_after)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
