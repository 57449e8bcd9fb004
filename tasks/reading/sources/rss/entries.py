"""The entries of an RSS or Atom document as rows, read with feedparser.

It undoes neither external nor piled-up entities, and takes scripts out of HTML.
"""

import calendar
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tasks.boundary.inert import inert
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.rss.addresses import Address

_EXTRA: Final = "rss"

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""How an id begins that no other site gives: https:, urn:, tag:."""

_WORDS_CHARS: Final = 200
"""Of what a parser says about a document: it may quote it."""


@dataclass(frozen=True)
class Entries:
    """What a document holds."""

    rows: list[dict[str, str | None]]
    flaw: str
    """Why it is not well-formed, though something could be read; empty if it is."""


def require_parser() -> None:
    """Fail where the parser is not installed.

    Raises
    ------
    FeedError
        Saying how to install it.
    """
    try:
        import feedparser  # noqa: F401
    except ModuleNotFoundError:
        raise FeedError(
            f'RSS and Atom feeds need feedparser; pip install "nightfold[{_EXTRA}]"'
        ) from None


def entries_of(body: bytes, charset: str | None, address: Address) -> Entries:
    """Read a document.

    Parameters
    ----------
    body
        Its bytes.
    charset
        As the site states it; None leaves it to the document, which is UTF-8 if it says nothing.
    address
        Where it is from: links in it are relative to that.

    Raises
    ------
    FeedError
        If it is neither RSS nor Atom.
    """
    parsed = _parsed(body, charset, address)
    flaw = _flaw(parsed)
    if not parsed.get("version") and not parsed.entries:
        raise FeedError(
            f"{address.shown} must be RSS or Atom, got {inert(repr(body[:40]))}"
            f"{f' ({flaw})' if flaw else ''}; give the URL of the feed, not of the page"
        )
    feed = parsed.feed.get("title") or address.shown
    return Entries([_row(entry, feed, address) for entry in parsed.entries], flaw)


def _parsed(body: bytes, charset: str | None, address: Address) -> Any:
    import feedparser

    # The type that the site states is often wrong, and without one UTF-8 is read as Latin-1.
    kind = "application/xml" + (f"; charset={charset}" if charset else "")
    headers = {"content-type": kind, "content-location": address.url}
    try:
        # As a stream: bytes are tried as the name of a file first.
        return feedparser.parse(io.BytesIO(body), response_headers=headers)
    except Exception as error:
        # What is wrong with one feed must not keep the others from being read.
        raise FeedError(
            f"{address.shown} cannot be parsed ({type(error).__name__}:"
            f" {inert(str(error))[:_WORDS_CHARS]}); remove it"
        ) from None


def _flaw(parsed: Any) -> str:
    """Say why a document is not well-formed; another encoding than the stated one is no flaw."""
    import feedparser

    error = parsed.get("bozo_exception")
    if error is None or isinstance(error, feedparser.CharacterEncodingOverride):
        return ""
    return inert(str(error))[:_WORDS_CHARS]


def _row(entry: Any, feed: str, address: Address) -> dict[str, str | None]:
    return {
        "id": _id(entry, address),
        "text": _text(entry),
        "title": entry.get("title"),
        "date": _date(entry),
        "link": entry.get("link"),
        "author": entry.get("author"),
        "feed": feed,
    }


def _id(entry: Any, address: Address) -> str | None:
    """Return the id, with the feed before one that other feeds may give, too; else the link."""
    own = str(entry.get("id") or "")
    if not own:
        return entry.get("link") or None
    return own if _URI.match(own) else f"{address.place}#{own}"


def _text(entry: Any) -> str | None:
    """Return the whole content where there is one, else the summary."""
    contents: list[str] = [it["value"] for it in entry.get("content", []) if it.get("value")]
    return contents[0] if contents else entry.get("summary")


def _date(entry: Any) -> str | None:
    """Return when an entry was published, else updated; a date that is not understood as it is."""
    # Asked with `in` first: for a date that is not there, feedparser gives the other and warns.
    name = next((it for it in ("published", "updated") if it in entry), None)
    if name is None:
        return None
    moment = entry.get(f"{name}_parsed")
    if moment is None:
        return str(entry[name])
    return datetime.fromtimestamp(calendar.timegm(moment), UTC).isoformat()
