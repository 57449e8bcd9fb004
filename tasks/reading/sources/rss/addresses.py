"""The URLs of RSS and Atom feeds: which are read, and what each is called."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.urls import without_query

PREFIX: Final = "rss+"
"""Before the scheme of a URL: `https://` alone is a file in one of the formats."""

_SCHEMES: Final = {"http", "https"}

_DIGEST_CHARS: Final = 8
"""Of the SHA-256 of a query: among URLs of one host and path, which are few."""


@dataclass(frozen=True)
class Address:
    """Where one RSS or Atom feed is."""

    url: str
    """As it is asked for."""
    shown: str
    """The same for people, without its query."""
    place: str
    """Host and path, which stay when the scheme changes."""
    name: str
    """Of its piece, and in the state: a query is in it as a digest."""


def address_of(url: str) -> Address:
    """Return the address that a URL is.

    Raises
    ------
    FeedError
        If it has no host, or is of another scheme than http and https.
    """
    plain = url.removeprefix(PREFIX)
    shown = without_query(plain).partition("#")[0]
    parts = _split(plain)
    if parts is None or parts.scheme not in _SCHEMES or not parts.hostname:
        raise FeedError(
            f"an RSS or Atom feed must be a URL with a host, got {shown!r}; write"
            f" {PREFIX}https://host/feed.xml"
        )
    place = f"{parts.netloc.lower()}{parts.path}".rstrip("/")
    digest = hashlib.sha256(parts.query.encode()).hexdigest()[:_DIGEST_CHARS]
    # An equals sign in a folder would make a column of it.
    name = quote(place, safe="/:") + (f"-{digest}" if parts.query else "")
    return Address(plain, shown, place, name)


def require_addresses(urls: Iterable[str]) -> list[Address]:
    """Return the addresses that URLs are, in their order.

    Raises
    ------
    FeedError
        If one is no URL of a feed, or there twice.
    """
    found: dict[str, Address] = {}
    for address in map(address_of, urls):
        if address.name in found:
            raise FeedError(
                f"the feed and `urls` under [rss] must be different feeds, got {address.shown}"
                " twice; remove one of them"
            )
        found[address.name] = address
    return list(found.values())


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
