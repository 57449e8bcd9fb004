"""The pages of a JSON API, one after the other, each of them once."""

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx

from tasks.boundary.excerpts import excerpt
from tasks.reading.sources.api.answers import MISSING, at, keys_said, parsed, records_of
from tasks.reading.sources.api.client import Answer, ApiClient
from tasks.reading.sources.api.errors import shown_url
from tasks.reading.sources.api.settings import LINK_HEADER, HttpSettings
from tasks.reading.sources.errors import FeedError

logger = logging.getLogger(__name__)


class Pages:
    """The pages from a first one on.

    Parameters
    ----------
    client
        Of the API.
    settings
        Of the feed.
    """

    def __init__(self, client: ApiClient, settings: HttpSettings) -> None:
        self._client, self._asked = client, settings
        self._seen: set[str] = set()
        self.n_read = 0

    def read(self, first: httpx.URL) -> Iterator[list[Any]]:
        """Stream the records of each page.

        Raises
        ------
        FeedError
            If a page cannot be read, comes twice, or is one too many.
        """
        url: httpx.URL | None = self._first(first)
        while url is not None:
            self._require_more_allowed(url)
            self._require_new(url, str(url))
            answer = self._client.ask(url)
            self.n_read += 1
            value = parsed(shown_url(url), answer.content)
            records = records_of(shown_url(url), value, self._asked.records)
            if records:
                # Empty pages are alike, and where a cursor leads on there may be many.
                self._require_new(url, hashlib.sha256(json.dumps(records).encode()).hexdigest())
            yield records
            url = self._next(url, answer, value, records)

    def _first(self, url: httpx.URL) -> httpx.URL:
        param = self._asked.page_param
        return url.copy_set_param(param, self._asked.first_page) if param else url

    def _next(
        self, url: httpx.URL, answer: Answer, value: Any, records: list[Any]
    ) -> httpx.URL | None:
        asked = self._asked
        if asked.page_param:
            number = asked.first_page + self.n_read
            return url.copy_set_param(asked.page_param, number) if records else None
        if asked.cursor:
            found = self._found(url, value, "cursor", asked.cursor)
            return None if found is None else url.copy_set_param(asked.cursor_param, found)
        if asked.next == LINK_HEADER:
            found = answer.linked
        else:
            found = self._found(url, value, "next", asked.next) if asked.next else None
        return None if found is None else self._client.own_url(answer.url, found, "a next page")

    def _found(self, url: httpx.URL, value: Any, key: str, path: str) -> str | None:
        """Return what leads to the next page; None at the last."""
        found = at(value, path)
        if found is MISSING and self.n_read == 1:
            logger.warning(
                "the first page of %s has no `%s` = %r, so it is taken for the only one; %s",
                *(shown_url(url), key, path, keys_said(value)),
            )
        if found is MISSING or found is None or found == "":
            return None
        is_number = isinstance(found, int) and not isinstance(found, bool)
        if isinstance(found, str) or (is_number and key == "cursor"):
            return str(found)
        raise FeedError(
            f"{shown_url(url)} must have a text at `{key}` = {path!r}, got"
            f" {excerpt(json.dumps(found), 40)}; correct `{key}` under [http]"
        )

    def _require_more_allowed(self, url: httpx.URL) -> None:
        if self.n_read >= self._asked.max_pages:
            raise FeedError(
                f"{shown_url(url)} has more than {self._asked.max_pages:,} pages; ask for larger"
                " ones in the feed's URL, or raise `max_pages` under [http]"
            )

    def _require_new(self, url: httpx.URL, page: str) -> None:
        if page in self._seen:
            raise FeedError(
                f"{shown_url(url)} has given one page twice, after {self.n_read:,}, so its pages"
                " have no end; correct `next`, `cursor_param` or `page_param` under [http]"
            )
        self._seen.add(page)
