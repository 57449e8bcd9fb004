"""Ask a JSON API: at its pace, within bounds, and never another origin than the feed's own."""

import math
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from time import monotonic, sleep
from typing import Final

import httpx

from tasks.boundary.counted import counted
from tasks.reading.sources.api.errors import WAY_IN, elsewhere, explained, shown_url
from tasks.reading.sources.api.settings import HttpSettings
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.web import MAX_REDIRECTS, Bounds, body_of, refused

_TIMEOUT: Final = httpx.Timeout(60, connect=10)
"""Seconds of silence: a slow report takes its time, a host that is down does not."""

BOUNDS: Final = Bounds(100_000_000, 600)
"""Of one page."""

_MAX_WAITS: Final = 5
"""How often one request is asked to wait before the run counts it as unanswered."""

_MAX_WAIT_SECONDS: Final = 300
"""A longer wait is not one for a run that holds its store."""

_BUSY: Final = {429, 503}
"""The answers whose Retry-After is waited for."""


@dataclass(frozen=True)
class Answer:
    """What the API has answered."""

    url: httpx.URL
    """The one that answered, after redirects."""
    content: bytes
    linked: str | None
    """The next URL in its Link header."""


class ApiClient:
    """Ask the URLs of one origin, each no sooner than the pace allows.

    Parameters
    ----------
    client
        With the headers that the origin is told.
    origin
        A URL of it.
    settings
        Of the feed.
    max_waits
        How often a request waits as long as it is told to.
    """

    def __init__(
        self,
        client: httpx.Client,
        origin: httpx.URL,
        settings: HttpSettings,
        max_waits: int = _MAX_WAITS,
    ) -> None:
        self._client, self._origin, self._max_waits = client, origin, max_waits
        self._gap, self._next_time = 1 / settings.requests_per_second, 0.0
        self._max_bytes, self._n_bytes = settings.max_bytes, 0

    def ask(self, url: httpx.URL) -> Answer:
        """Return the answer to a request.

        Raises
        ------
        FeedError
            If there is none that can be used; `SourceAwayError` where another try may help.
        """
        n_redirects = n_waits = 0
        while True:
            self._keep_pace()
            shown = shown_url(url)
            with explained(shown), self._client.stream("GET", url) as response:
                if response.is_success:
                    linked = response.links.get("next", {}).get("url")
                    return Answer(url, self._content(shown, response), linked)
            seconds = _seconds_asked(shown, response)
            if response.has_redirect_location and n_redirects < MAX_REDIRECTS:
                url = self.own_url(url, response.headers["Location"], "a redirect")
                n_redirects += 1
            elif seconds is not None and n_waits < self._max_waits:
                sleep(seconds)
                n_waits += 1
            else:
                raise refused(shown, response.status_code, WAY_IN)

    def own_url(self, base: httpx.URL, found: str, what: str) -> httpx.URL:
        """Return a URL that the API has named.

        Parameters
        ----------
        base
            Where it was named; it may be relative to that.
        found
            As it was named.
        what
            What it is, for the message.

        Raises
        ------
        FeedError
            If it is no URL, or one of another origin.
        """
        try:
            url = base.join(found)
        except httpx.InvalidURL:
            raise FeedError(
                f"{shown_url(base)} names {what} that is no URL; correct `next` under [http]"
            ) from None
        if _origin(url) != _origin(self._origin):
            raise elsewhere(shown_url(base), url, what)
        return url

    def _keep_pace(self) -> None:
        now = monotonic()
        if now < self._next_time:
            sleep(self._next_time - now)
        self._next_time = max(now, self._next_time) + self._gap

    def _content(self, shown: str, response: httpx.Response) -> bytes:
        content = body_of(shown, response, BOUNDS)
        self._n_bytes += len(content)
        if self._n_bytes > self._max_bytes:
            raise FeedError(
                f"{shown} has more than {self._max_bytes:,} bytes in all its pages; ask for less,"
                " or raise `max_bytes` under [http]"
            )
        return content


@contextmanager
def asking(
    origin: httpx.URL, headers: dict[str, str], settings: HttpSettings, max_waits: int = _MAX_WAITS
) -> Iterator[ApiClient]:
    """Open the connections to an API; see `ApiClient`."""
    told = {"Accept": "application/json", "User-Agent": "nightfold"} | headers
    with httpx.Client(headers=told, timeout=_TIMEOUT, verify=_trusted()) as client:
        yield ApiClient(client, origin, settings, max_waits)


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates that httpx trusts: reading them takes as long as many requests."""
    return httpx.create_ssl_context()


def _origin(url: httpx.URL) -> tuple[str, bytes, str, int | None]:
    # A name and a password in a URL would take the place of the feed's own header.
    return url.scheme, url.userinfo, url.host, url.port


def _seconds_asked(shown: str, response: httpx.Response) -> float | None:
    """Return how long the API wants not to be asked, if it says so.

    Raises
    ------
    FeedError
        If that is longer than a run waits.
    """
    said = response.headers.get("Retry-After", "")
    seconds = _seconds(said) if response.status_code in _BUSY else None
    if seconds is not None and seconds > _MAX_WAIT_SECONDS:
        raise FeedError(
            f"{shown} wants not to be asked for {counted(math.ceil(seconds), 'second')} (status"
            f" {response.status_code}), which is more than {_MAX_WAIT_SECONDS}; run later, and"
            " lower `requests_per_second` under [http]"
        )
    return seconds


def _seconds(said: str) -> float | None:
    """Return what a Retry-After says: seconds, or a date; None where it says nothing."""
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        then = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (then.astimezone(UTC) - datetime.now(UTC)).total_seconds())
