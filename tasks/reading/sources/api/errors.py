"""What only a JSON API can do wrong, in a sentence without a secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from tasks.boundary.excerpts import excerpt
from tasks.reading.sources import web
from tasks.reading.sources.errors import FeedError

_SHOWN_CHARS: Final = 200
"""Of a URL in a message."""

WAY_IN: Final = (
    "name under `headers_from` of [http] the header that it wants and the environment variable"
    " that holds its value"
)


def shown_url(url: httpx.URL) -> str:
    """Return a URL for people: its query may hold a cursor or a signature."""
    bare = url.copy_with(query=None, fragment=None, username=None, password=None)
    return excerpt(str(bare), _SHOWN_CHARS)


@contextmanager
def explained(shown: str) -> Iterator[None]:
    """Raise what httpx says as a sentence; see `tasks.reading.sources.web.explained`."""
    with web.explained(shown):
        try:
            yield
        except httpx.LocalProtocolError:
            # Its words may repeat a header.
            raise FeedError(
                f"{shown} cannot be asked with these headers; correct the values of the variables"
                " under `headers_from` of [http]"
            ) from None


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
