"""A feed that is a JSON API, read with httpx page by page."""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import httpx

from tasks.boundary.counted import counted
from tasks.reading.sources.api.client import asking
from tasks.reading.sources.api.newest import Newest
from tasks.reading.sources.api.pages import Pages
from tasks.reading.sources.base import Found, landed_lines
from tasks.reading.sources.errors import FeedError, SourceAwayError
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.urls import without_query
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

_PREFIX: Final = "json+"
"""Before the scheme of a URL: `https://` alone is a file in one of the formats."""


class ApiSource:
    """The records of a JSON API, all of them or those since the last night.

    Parameters
    ----------
    feed
        json+https:// and the rest of the URL.
    settings
        What is asked of the API.
    """

    def __init__(self, feed: str, settings: SourceSettings) -> None:
        self._feed, self._asked = feed, settings.http

    def lasting(self) -> str:
        """Return the URL."""
        return self._feed

    def require_apart(self, store: Path) -> None:
        """Do nothing: an API is in no folder."""

    def require_there(self) -> None:
        """Fail early where the first page cannot be read.

        Raises
        ------
        FeedError
            If it cannot. An API that does not answer is left to the run.
        """
        url = self._url()
        try:
            with asking(url, self._headers(), self._asked, max_waits=0) as client:
                next(Pages(client, self._asked).read(url))
        except SourceAwayError:
            return

    def scope(self) -> str:
        """Return the API and what is asked of it, where it is asked for what is new."""
        asked = self._asked
        if not asked.since:
            return ""
        _, _, query = self._feed.partition("?")
        digest = f", query {hashlib.sha256(query.encode()).hexdigest()[:12]}" if query else ""
        where = f", records {asked.records}" if asked.records else ""
        since = f", since {asked.since} as {asked.since_param}"
        return f"{without_query(self._feed)}{digest}{where}{since}"

    def find(self, store: Store, state: dict[str, Any] | None) -> Found:
        """Read the records into one piece, and where the reading stopped.

        Raises
        ------
        FeedError
            If the API does not give them.
        """
        newest = Newest(self._asked.since, state)
        piece, n_records = landed_lines(store, self._name(), self._lines(state, newest))
        self._say_without(newest)
        end = newest.state()
        if end is None:
            return Found([piece])
        return Found([piece] if n_records else [], end)

    def _lines(self, state: dict[str, Any] | None, newest: Newest) -> Iterator[str]:
        """Stream the records as lines of JSON, but for those that the last night has read."""
        url = self._url()
        if state:
            url = url.copy_set_param(self._asked.since_param, state["value"])
        with asking(url, self._headers(), self._asked) as client:
            pages = Pages(client, self._asked)
            lines = ((it, json.dumps(it)) for it in chain.from_iterable(pages.read(url)))
            yield from (line for it, line in lines if newest.is_new(it, line))
            logger.info("read %s of %s", counted(pages.n_read, "page"), without_query(self._feed))

    def _say_without(self, newest: Newest) -> None:
        if newest.n_without:
            logger.warning(
                "%s without a value at `since` = %r, so no later night asks by them; name under"
                " `since` of [http] what every record has",
                *(counted(newest.n_without, "record"), self._asked.since),
            )

    def _headers(self) -> dict[str, str]:
        """Return the headers that the API is told.

        Raises
        ------
        FeedError
            Naming the environment variable that is not set, or holds what is no header.
        """
        found = self._asked.headers_from.items()
        return {header: _value_of(header, variable) for header, variable in found}

    def _name(self) -> str:
        url = self._url()
        return url.path.rstrip("/").rpartition("/")[2] or url.host

    def _url(self) -> httpx.URL:
        try:
            url = httpx.URL(self._feed.removeprefix(_PREFIX))
        except httpx.InvalidURL:
            url = httpx.URL("")
        if not url.host:
            raise FeedError(
                f"{without_query(self._feed)} must be the URL of a JSON API, as"
                " json+https://host/api/reviews is"
            )
        return url


def _value_of(header: str, variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise FeedError(
            f"the environment variable {variable}, which `headers_from` under [http] names for"
            f" {header}, must be set, got nothing; set it where the run starts"
        )
    if not value.isascii() or not value.isprintable():
        raise FeedError(
            f"the environment variable {variable}, which `headers_from` under [http] names for"
            f" {header}, must be one line of ASCII, got something else; set it anew"
        )
    return value
