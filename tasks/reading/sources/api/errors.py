"""What goes wrong with a JSON API, in a sentence without a secret."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from tasks.boundary.excerpts import excerpt
from tasks.boundary.secret_urls import mask_secrets
from tasks.reading.sources.errors import FeedError, FeedMissingError

_SHOWN_CHARS: Final = 200
"""Of the words of a library, or of a URL, in a message."""

_NOT_LET_IN: Final = {401, 403, 407}
_NOT_THERE: Final = {404, 410}
_PASSING: Final = {408, 429}
"""Of 4xx: a request that took too long, and too many of them. All of 5xx pass."""


class ApiAwayError(FeedError, ConnectionError):
    """An API that did not answer, or not now: another try may help."""


def shown_url(url: httpx.URL) -> str:
    """Return a URL for people: its query may hold a cursor or a signature."""
    bare = url.copy_with(query=None, fragment=None, username=None, password=None)
    return excerpt(str(bare), _SHOWN_CHARS)


@contextmanager
def explained(shown: str) -> Iterator[None]:
    """Raise what httpx says as a sentence, which stands alone: its errors hold the request.

    Raises
    ------
    FeedError
        Naming the URL and what is wrong; `ApiAwayError` where another try may help.
    """
    try:
        yield
    except httpx.LocalProtocolError:
        # Its words may repeat a header.
        raise FeedError(
            f"{shown} cannot be asked with these headers; correct the values of the variables"
            " under `headers_from` of [http]"
        ) from None
    except httpx.DecodingError:
        raise FeedError(
            f"{shown} answers with bytes that are not packed as it says; ask its owner"
        ) from None
    except httpx.TransportError as error:
        raise _unanswered(shown, error) from None


def refused(shown: str, status: int) -> FeedError:
    """Return the error of an answer that is neither a success nor a redirect that is followed."""
    if status >= 500 or status in _PASSING:
        return ApiAwayError(f"{shown} does not answer now (status {status}); run again")
    if status in _NOT_LET_IN:
        return FeedError(
            f"{shown} does not let nightfold in (status {status}); name under `headers_from` of"
            " [http] the header that it wants and the environment variable that holds its value"
        )
    if status in _NOT_THERE:
        return FeedMissingError(f"{shown} is not there (status {status}); correct the URL")
    return FeedError(
        f"{shown} refuses what is asked of it (status {status}); correct the URL or the parameters"
        " under [http]"
    )


def elsewhere(shown: str, url: httpx.URL, what: str) -> FeedError:
    """Return the error of a URL on another origin, which is told no secrets.

    Parameters
    ----------
    shown
        The URL that named it.
    url
        The one that it named.
    what
        A redirect, or a next page.
    """
    return FeedError(
        f"{shown} names {what} on another origin, {shown_url(url)}, which is not asked; give its"
        " URL as the feed if you trust it"
    )


def _unanswered(shown: str, error: httpx.TransportError) -> FeedError:
    words = excerpt(mask_secrets(str(error)) or type(error).__name__, _SHOWN_CHARS)
    cause = _first_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return FeedError(
            f"{shown} has a certificate that is not trusted here ({words}); name the bundle of"
            " certificates in SSL_CERT_FILE, or correct the URL"
        )
    if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
        return FeedMissingError(f"{shown} has a host that is not known ({words}); correct the URL")
    if isinstance(error, httpx.UnsupportedProtocol):
        return FeedError(f"{shown} names a URL that is not http or https ({words}); correct it")
    return ApiAwayError(f"{shown} does not answer ({words}); run again")


def _first_cause(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
