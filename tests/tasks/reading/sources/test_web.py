"""What goes wrong with a site: which of it may pass, and that no word of a request is repeated."""

import socket
import ssl

import httpx
import pytest

from tasks.boundary.transient import is_transient_error
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.web import explained, refused

WORDS = "at https://h/feed?token=pw12"


def raised(error: Exception, cause: Exception | None = None) -> FeedError:
    with pytest.raises(FeedError) as failed, explained("https://h/feed"):
        raise error from cause
    assert "pw12" not in str(failed.value)
    assert failed.value.__cause__ is None
    return failed.value


@pytest.mark.parametrize(
    ("error", "cause", "said", "is_passing"),
    [
        (httpx.ReadTimeout(WORDS), None, "does not answer", True),
        (httpx.ConnectError(WORDS), None, "does not answer", True),
        (httpx.RemoteProtocolError(WORDS), None, "does not answer", True),
        (
            httpx.ConnectError(WORDS),
            socket.gaierror(socket.EAI_AGAIN, "later"),
            "does not answer",
            True,
        ),
        (
            httpx.ConnectError(WORDS),
            socket.gaierror(socket.EAI_NONAME, "no"),
            "a host that is not known",
            False,
        ),
        (
            httpx.ConnectError(WORDS),
            ssl.SSLCertVerificationError("self-signed"),
            "a certificate that is not trusted here",
            False,
        ),
        (httpx.DecodingError(WORDS), None, "not packed as it says", False),
        (httpx.TooManyRedirects(WORDS), None, "cannot be read", False),
        (httpx.UnsupportedProtocol(WORDS), None, "cannot be read", False),
        (httpx.InvalidURL(WORDS), None, "cannot be read", False),
    ],
)
def test_what_a_library_says_is_a_sentence(
    error: Exception, cause: Exception | None, said: str, is_passing: bool
) -> None:
    found = raised(error, cause)
    assert str(found).startswith("https://h/feed ")
    assert said in str(found)
    assert is_transient_error(found) == is_passing


@pytest.mark.parametrize(
    ("status", "said", "is_passing"),
    [
        (500, "does not answer now", True),
        (503, "does not answer now", True),
        (408, "does not answer now", True),
        (429, "does not answer now", True),
        (401, "does not let nightfold in (status 401); bring a key", False),
        (403, "does not let nightfold in", False),
        (404, "is not there", False),
        (410, "is not there", False),
        (204, "refuses what is asked of it (status 204)", False),
        (400, "refuses what is asked of it", False),
    ],
)
def test_a_status_is_a_sentence(status: int, said: str, is_passing: bool) -> None:
    found = refused("https://h/feed", status, "bring a key")
    assert said in str(found)
    assert is_transient_error(found) == is_passing
    assert isinstance(found, FeedMissingError) == (status in {404, 410})
