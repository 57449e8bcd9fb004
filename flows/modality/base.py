"""The face of a kind of document: the stages that know what it is, as the flow calls them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from prefect import Task

from flows.config import NightlyConfig
from tasks.clusters.plan_fit import Plan, Recipe
from tasks.frame.result import StageResult
from tasks.items.learn import Learnt
from tasks.items.looked import LookedAt
from tasks.preparing.check_raw import CheckedFeed
from tasks.preparing.usual import UsualNight
from tasks.reading.raw_feed import RawFeed
from tasks.reading.sources.base import Feed
from tasks.reporting.near_duplicates import Copies
from tasks.store.history import History, NightTable, PastNight
from tasks.store.storage import Ref, Store
from tasks.vectors.embed import Embedded
from tasks.vectors.encoder import EncoderRef
from tasks.vectors.passages import Passages
from tasks.vectors.views import Views


class Read(NamedTuple):
    """The rows of the feed, and what their items are where these are no texts."""

    raw: RawFeed
    looked: LookedAt | None = None


@dataclass(frozen=True)
class Tonight:
    """What is known when the documents are.

    Parameters
    ----------
    store, config
        Of the night.
    past
        The nights before.
    window
        The nights of the window, tonight's documents as the last.
    is_quiet
        Whether the feed had nothing new.
    """

    store: Store
    config: NightlyConfig
    past: History
    window: list[NightTable]
    is_quiet: bool


@dataclass(frozen=True)
class Encoded:
    """The window as vectors.

    Parameters
    ----------
    embedded
        All of it.
    themes
        What of it is clustered.
    encoder
        Which made the vectors.
    results
        What is published of how they came about.
    contents
        Where the items are, where these are no texts.
    learnt
        The encoder, where it is learnt from the items.
    """

    embedded: Embedded
    themes: Embedded
    encoder: EncoderRef
    results: list[StageResult] = field(default_factory=list)
    contents: list[Ref] = field(default_factory=list)
    learnt: Learnt | None = None


class Planned(NamedTuple):
    """What `Modality.plan` is told, of all documents or of a group of them."""

    tonight: Tonight
    encoded: Encoded
    themes: Embedded
    last: PastNight | None


class OfModel(Protocol):
    """What a model depends on that only a kind of document knows."""

    stages: Sequence[Task[..., Any]]
    """Those on which a model depends, besides the stages of every kind."""

    def own_settings(self, config: NightlyConfig) -> dict[str, str]:
        """Return the settings on which a model depends, so far as they are not as usual."""
        ...


class Modality(OfModel, Protocol):
    """A kind of document; every method takes and returns what stages do."""

    def find(self, store: Store, config: NightlyConfig, past: History) -> Feed:
        """Find the feed."""
        ...

    def read(self, store: Store, feed: Feed, config: NightlyConfig) -> Read:
        """Read its rows."""
        ...

    def check(
        self, store: Store, raw: RawFeed, config: NightlyConfig, usual: UsualNight, is_quiet: bool
    ) -> CheckedFeed:
        """Check the rows."""
        ...

    def encode(self, tonight: Tonight, read: Read) -> Encoded:
        """Turn the window into vectors."""
        ...

    def plan(self, what: Planned, recipe: Recipe) -> Plan:
        """Decide how the model comes about."""
        ...

    def views(self, what: Planned, plan: Plan) -> Views:
        """Lay out what the estimator sees."""
        ...

    def passages(self, tonight: Tonight, encoded: Encoded, views: Views) -> Passages:
        """Cut the documents into what is looked at piece by piece."""
        ...

    def copies(self, tonight: Tonight, encoded: Encoded, views: Views, assigned: Ref) -> Copies:
        """Find the documents that are copies of one."""
        ...
