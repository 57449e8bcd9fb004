"""Ask a site for an RSS or Atom feed, and only for one that is newer than the last one."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from tasks.boundary.secret_urls import mask_secrets
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.rss.addresses import Address
from tasks.reading.sources.rss.errors import SiteAwayError

MAX_BYTES: Final = 64 * 2**20
"""Of an unpacked answer: thousands of whole articles have less."""

_MAX_SECONDS: Final = 120.0
"""For a whole answer: a site that sends a byte now and then would hold the night up."""

_SILENCE_SECONDS: Final = 20.0
"""In which a site must begin to answer, and go on."""

_MAX_REDIRECTS: Final = 5

_CONDITIONS: Final = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
"""Header of an answer → header of the next question."""

_MAX_CONDITION_CHARS: Final = 1_000
"""A longer one has no place in a manifest."""

_HEADERS: Final = {
    "User-Agent": "nightfold (reads RSS and Atom)",
    "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5",
    # Of these, an answer unpacks by no more than a thousand times a chunk before it is measured.
    "Accept-Encoding": "gzip, deflate",
}

_PASSING: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
"""Besides all of the server's own troubles, 500 and above."""

_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
"""In the words of an error of the connection that stays."""


@dataclass(frozen=True)
class Answer:
    """What a site has sent."""

    body: bytes
    charset: str | None
    """As its header states it."""
    conditions: dict[str, str]
    """What to send with the next question: header → value."""


def client() -> httpx.Client:
    """Return what asks the sites; it knows http and https alone, on redirects too."""
    return httpx.Client(
        headers=_HEADERS,
        timeout=_SILENCE_SECONDS,
        follow_redirects=True,
        max_redirects=_MAX_REDIRECTS,
    )


def fetched(asker: httpx.Client, address: Address, conditions: Mapping[str, str]) -> Answer | None:
    """Return what a site sends; None if nothing has changed since the last answer.

    Parameters
    ----------
    asker
        See `client`.
    address
        Of the feed.
    conditions
        Of the last answer; empty if there was none.

    Raises
    ------
    FeedError
        If it sends no feed; `SiteAwayError` where another try may help.
    """
    try:
        with asker.stream("GET", address.url, headers=dict(conditions)) as response:
            if response.status_code == HTTPStatus.NOT_MODIFIED and conditions:
                return None
            _require_sent(response.status_code, address)
            return Answer(
                _body(response, address), response.charset_encoding, _conditions(response.headers)
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Their requests hold the whole URL, and Prefect keeps the chain of an error.
        raise _said(error, address) from None


def _require_sent(status: int, address: Address) -> None:
    if status == HTTPStatus.OK:
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        raise SiteAwayError(f"{address.shown} is in trouble (HTTP status {status}); run again")
    raise FeedError(
        f"{address.shown} must answer with HTTP status 200, got {status}; correct the URL, or"
        " remove it"
    )


def _body(response: httpx.Response, address: Address) -> bytes:
    """Read an answer up to its bounds."""
    body, end = bytearray(), time.monotonic() + _MAX_SECONDS
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise FeedError(
                f"{address.shown} must have at most {MAX_BYTES:,} bytes, got more; remove it"
            )
        if time.monotonic() > end:
            raise SiteAwayError(
                f"{address.shown} took more than {_MAX_SECONDS:g} seconds to answer; run again"
            )
    return bytes(body)


def _conditions(headers: httpx.Headers) -> dict[str, str]:
    found = {ask: headers.get(name, "") for name, ask in _CONDITIONS.items()}
    return {
        name: value
        for name, value in found.items()
        if value and value.isascii() and len(value) <= _MAX_CONDITION_CHARS
    }


def _said(error: Exception, address: Address) -> FeedError:
    words = f"{type(error).__name__}: {mask_secrets(str(error))}".rstrip(": ")
    passes = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
    if isinstance(error, passes) and _UNTRUSTED not in words:
        return SiteAwayError(f"{address.shown} does not answer ({words}); run again")
    return FeedError(f"{address.shown} cannot be read ({words}); correct the URL, or remove it")
