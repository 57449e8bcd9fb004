"""What sites answer, within bounds, and what goes wrong with them, in a sentence without a secret.

For every kind of feed that is asked for over HTTP with httpx.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from time import monotonic
from typing import Final, NamedTuple

import httpx

from tasks.boundary.excerpts import excerpt
from tasks.boundary.secret_urls import mask_secrets
from tasks.reading.sources.errors import FeedError, FeedMissingError, SourceAwayError

MAX_REDIRECTS: Final = 5

_WORDS_CHARS: Final = 200
"""Of the words of a library in a message."""

_NOT_LET_IN: Final = {401, 403, 407}
_NOT_THERE: Final = {404, 410}
_PASSING: Final = {408, 429}
"""Of 4xx: a request that took too long, and too many of them. All of 5xx pass."""


class Bounds(NamedTuple):
    """What one answer may take."""

    n_bytes: int
    """Unpacked: an answer is parsed in memory."""
    seconds: float
    """In all: a server that sends a byte now and then is never silent."""


def body_of(shown: str, response: httpx.Response, bounds: Bounds) -> bytes:
    """Read an answer.

    Raises
    ------
    FeedError
        If it is beyond its bounds; `SourceAwayError` if it takes too long.
    """
    body, end = bytearray(), monotonic() + bounds.seconds
    for part in response.iter_bytes():
        body += part
        if len(body) > bounds.n_bytes:
            raise FeedError(
                f"{shown} must answer with at most {bounds.n_bytes:,} bytes, got more; ask for"
                " less in its URL"
            )
        if monotonic() > end:
            raise SourceAwayError(
                f"{shown} has not ended an answer in {bounds.seconds:g} seconds; run again"
            )
    return bytes(body)


@contextmanager
def explained(shown: str) -> Iterator[None]:
    """Raise what httpx says as a sentence, which stands alone.

    Its errors hold the request with its whole URL, and Prefect keeps the chain of an error.

    Raises
    ------
    FeedError
        Naming the URL and what is wrong; `SourceAwayError` where another try may help.
    """
    try:
        yield
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise _said(shown, error) from None


def refused(shown: str, status: int, way_in: str) -> FeedError:
    """Return the error of an answer that is neither a success nor a redirect that is followed.

    Parameters
    ----------
    shown
        The URL for people.
    status
        Of the answer.
    way_in
        What to do where the site lets only some in.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        return SourceAwayError(f"{shown} does not answer now (status {status}); run again")
    if status in _NOT_LET_IN:
        return FeedError(f"{shown} does not let nightfold in (status {status}); {way_in}")
    if status in _NOT_THERE:
        return FeedMissingError(f"{shown} is not there (status {status}); correct the URL")
    return FeedError(f"{shown} refuses what is asked of it (status {status}); correct the URL")


def _said(shown: str, error: httpx.RequestError | httpx.InvalidURL) -> FeedError:
    words = excerpt(mask_secrets(str(error)) or type(error).__name__, _WORDS_CHARS)
    cause = _first_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return FeedError(
            f"{shown} has a certificate that is not trusted here ({words}); name the bundle of"
            " certificates in SSL_CERT_FILE, or correct the URL"
        )
    if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
        return FeedMissingError(f"{shown} has a host that is not known ({words}); correct the URL")
    if isinstance(error, httpx.DecodingError):
        return FeedError(
            f"{shown} answers with bytes that are not packed as it says; ask its owner"
        )
    passes = httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError
    if isinstance(error, passes):
        return SourceAwayError(f"{shown} does not answer ({words}); run again")
    return FeedError(f"{shown} cannot be read ({words}); correct the URL")


def _first_cause(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
