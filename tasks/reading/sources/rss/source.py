"""A feed of news: RSS or Atom from one site or several, of which each night reads what is new."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tasks.boundary.counted import counted
from tasks.reading.sources.base import Found, Piece, landed_lines
from tasks.reading.sources.errors import FeedError, SourceAwayError
from tasks.reading.sources.rss.addresses import Address, require_addresses
from tasks.reading.sources.rss.entries import Entries, entries_of, require_parser
from tasks.reading.sources.rss.fetch import Answer, client, fetched
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.urls import without_query
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

_TRIES: Final = 3
"""For each site, before the night goes on without it."""

_PAUSE_SECONDS: Final = 2.0
"""Between two tries; a site that is away for longer is asked again on the next night."""

_STATE: Final = "conditions"


@dataclass(frozen=True)
class _Reading:
    """What a night has of one site."""

    address: Address
    conditions: Mapping[str, str]
    """What the next question says of the last answer that was read whole."""
    piece: Piece | None = None
    failure: FeedError | None = None


class RssSource:
    """The entries of one or several RSS or Atom feeds.

    Parameters
    ----------
    feed
        A URL with `rss+` before it.
    settings
        Which other URLs are read with it.
    """

    def __init__(self, feed: str, settings: SourceSettings) -> None:
        self._feed, self._more = feed, settings.rss.urls

    def lasting(self) -> str:
        """Return the URL, which means the same everywhere."""
        return self._feed

    def require_apart(self, store: Path) -> None:
        """Check nothing: no site lies in a store."""

    def require_there(self) -> None:
        """Fail early on a URL that is none; the sites are left to the run.

        Raises
        ------
        FeedError
            Naming it, or what must be installed.
        """
        require_parser()
        self._addresses()

    def scope(self) -> str:
        """Return the URL; a state knows the other sites by their names."""
        return without_query(self._feed)

    def find(self, store: Store, state: dict[str, Any] | None) -> Found:
        """Read the entries of each site that has changed into a piece.

        Raises
        ------
        FeedError
            If none of the sites gives its feed; `SourceAwayError` where another try may help.
        """
        require_parser()
        last = state[_STATE] if state else {}
        with client() as asker:
            readings = [
                _reading(store, asker, address, last.get(address.name, {}))
                for address in self._addresses()
            ]
        _say_failures(readings)
        pieces = [it.piece for it in readings if it.piece]
        return Found(pieces, {_STATE: {it.address.name: dict(it.conditions) for it in readings}})

    def _addresses(self) -> list[Address]:
        return require_addresses((self._feed, *self._more))


def _reading(
    store: Store, asker: httpx.Client, address: Address, known: Mapping[str, str]
) -> _Reading:
    """Ask one site, and bring what it has into the store."""
    try:
        answer = _answer(asker, address, known)
        if answer is None:
            logger.info("%s has nothing new", address.shown)
            return _Reading(address, known)
        entries = entries_of(answer.body, answer.charset, address)
    except FeedError as failure:
        return _Reading(address, known, failure=failure)
    logger.info("read %s from %s", counted(len(entries.rows), "item"), address.shown)
    if entries.flaw:
        logger.warning(
            "%s is not well-formed (%s): %s could be read, more may be lost, and the last may be"
            " cut; tell its publisher",
            *(address.shown, entries.flaw, counted(len(entries.rows), "item")),
        )
    # What may have been cut is asked for as a whole again.
    conditions = {} if entries.flaw else answer.conditions
    return _Reading(address, conditions, _landed(store, address, entries))


def _answer(asker: httpx.Client, address: Address, known: Mapping[str, str]) -> Answer | None:
    """Ask a site, once more where that may help."""
    for _ in range(_TRIES - 1):
        try:
            return fetched(asker, address, known)
        except SourceAwayError as error:
            logger.info("%s", error)
            time.sleep(_PAUSE_SECONDS)
    return fetched(asker, address, known)


def _landed(store: Store, address: Address, entries: Entries) -> Piece | None:
    if not entries.rows:
        return None
    piece, _ = landed_lines(store, address.name, map(json.dumps, entries.rows))
    return piece


def _say_failures(readings: list[_Reading]) -> None:
    """Warn of each site without a feed.

    Raises
    ------
    FeedError
        If there is no other; `SourceAwayError` where another try may help.
    """
    failures = [it.failure for it in readings if it.failure]
    if len(failures) == len(readings):
        away = next((it for it in failures if isinstance(it, SourceAwayError)), failures[0])
        if len(failures) == 1:
            raise away
        raise type(away)(f"none of {counted(len(failures), 'feed')} could be read; of one, {away}")
    for failure in failures:
        logger.warning("%s; tonight goes on with the other feeds", failure)
