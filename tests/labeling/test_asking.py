"""What failed is asked again where that may help, and only there."""

from types import SimpleNamespace
from urllib.error import URLError

import httpx
import pytest

from weaklab.exceptions import EndpointError
from weaklab.labeling import prompt_lf


class OfAClient(Exception):
    """As clients raise it for a response that is an error."""

    def __init__(self, text, status=None, response=None):
        super().__init__(text)
        if status is not None:
            self.status_code = status
        self.response = response


def status(code):
    return lambda text: OfAClient(text, code)


def status_of_response(code):
    return lambda text: OfAClient(text, response=SimpleNamespace(status_code=code))


def naps_after(error, **options):
    """How often it waited for a model that raises once, and the vote; or what was raised."""
    asked, naps = [], []

    def complete(prompts):
        asked.append(prompts)
        if len(asked) == 1:
            raise error("busy")
        return ["ham"] * len(prompts)

    lf = prompt_lf(complete, "{text}", labels={"spam": 1, "ham": 0}, sleep=naps.append, **options)
    try:
        vote = lf({"text": "hello"})
    except (OfAClient, EndpointError) as raised:
        vote = str(raised)
    return len(naps), vote


@pytest.mark.parametrize(
    "error",
    [TimeoutError, ConnectionResetError, URLError, httpx.ConnectError, httpx.ReadTimeout, EndpointError, status(429),
     status(500), status_of_response(503)],
)  # fmt: skip
def test_what_may_pass_is_asked_again(error):
    """A server that is busy, or a line that is down."""
    assert naps_after(error) == (1, 0)


@pytest.mark.parametrize("error", [OfAClient, status(401), status_of_response(404)])
def test_what_does_not_pass_is_not_asked_again(error):
    """A key that is wrong; unless retry_on= says that it may pass here."""
    assert naps_after(error)[0] == 0
    assert "busy" in naps_after(error)[1]
    assert naps_after(error, retry_on=[KeyError])[0] == 0
    assert naps_after(error, retry_on=[KeyError, OfAClient]) == (1, 0)
