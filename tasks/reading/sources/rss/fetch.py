"""Ask a site for an RSS or Atom feed, and only for one that is newer than the last one."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from tasks.reading.sources.rss.addresses import Address
from tasks.reading.sources.web import MAX_REDIRECTS, Bounds, body_of, explained, refused

BOUNDS: Final = Bounds(64 * 2**20, 120)
"""Thousands of whole articles have less."""

_SILENCE_SECONDS: Final = 20.0
"""In which a site must begin to answer, and go on."""

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

_WAY_IN: Final = "nightfold reads no news behind a login, so remove it"


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
        max_redirects=MAX_REDIRECTS,
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
        If it sends no feed; `SourceAwayError` where another try may help.
    """
    with (
        explained(address.shown),
        asker.stream("GET", address.url, headers=dict(conditions)) as response,
    ):
        if response.status_code == HTTPStatus.NOT_MODIFIED and conditions:
            return None
        if response.status_code != HTTPStatus.OK:
            raise refused(address.shown, response.status_code, _WAY_IN)
        body = body_of(address.shown, response, BOUNDS)
        return Answer(body, response.charset_encoding, _conditions(response.headers))


def _conditions(headers: httpx.Headers) -> dict[str, str]:
    found = {ask: headers.get(name, "") for name, ask in _CONDITIONS.items()}
    return {
        name: value
        for name, value in found.items()
        if value and value.isascii() and len(value) <= _MAX_CONDITION_CHARS
    }
