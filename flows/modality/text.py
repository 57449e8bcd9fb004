"""Texts: a frozen encoder of sentences, lexical views beside it, remarks set apart, passages."""

from collections.abc import Sequence
from typing import Any

from prefect import Task

from flows.config import NightlyConfig
from flows.modality.base import Encoded, Planned, Read, Tonight
from flows.modality.before import BEFORE
from tasks.clusters.plan_fit import Plan, Recipe, plan_fit
from tasks.preparing.check_raw import CheckedFeed, check_raw
from tasks.preparing.usual import UsualNight
from tasks.reading.find import find_feed
from tasks.reading.ingest import ingest
from tasks.reading.raw_feed import RawFeed
from tasks.reading.sources.base import Feed
from tasks.reporting.near_duplicates import Copies, mark_copies
from tasks.store.history import History
from tasks.store.storage import Ref, Store
from tasks.vectors.apart import set_remarks_apart
from tasks.vectors.embed import embed
from tasks.vectors.passages import Passages, cut_passages
from tasks.vectors.views import Views, lay_out_views


class Text:
    """Documents that are texts."""

    stages: Sequence[Task[..., Any]] = (embed, set_remarks_apart, lay_out_views)

    def own_settings(self, config: NightlyConfig) -> dict[str, str]:
        """Return none besides those that a recipe names."""
        return {}

    def find(self, store: Store, config: NightlyConfig, past: History) -> Feed:
        """Find the feed."""
        return find_feed(store, config.tonights_feed(), config.sources(), past.stopped)

    def read(self, store: Store, feed: Feed, config: NightlyConfig) -> Read:
        """Read its rows."""
        return Read(ingest(store, feed, config.ingest))

    def check(
        self, store: Store, raw: RawFeed, config: NightlyConfig, usual: UsualNight, is_quiet: bool
    ) -> CheckedFeed:
        """Check the rows."""
        return check_raw(store, raw, config.check, usual, is_quiet)

    def encode(self, tonight: Tonight, read: Read) -> Encoded:
        """Embed the window, and set short remarks apart.

        The kind of vectors that the encoder gave may be another than chosen.
        """
        store, config, last = tonight.store, tonight.config, tonight.past.last
        encoder = BEFORE["text"].encoder(config, last)
        embedded = embed(store, tonight.window, encoder, config.embed, config.clustering.device)
        carried = last.assignments if last and tonight.is_quiet else None
        themes = set_remarks_apart(store, embedded, carried)
        return Encoded(embedded, themes, encoder.of_kind(embedded.kind))

    def plan(self, what: Planned, recipe: Recipe) -> Plan:
        """Decide how the model comes about."""
        tonight = what.tonight
        settings, is_quiet = tonight.config.refit, tonight.is_quiet
        return plan_fit(tonight.store, what.themes, what.last, recipe, settings, is_quiet)

    def views(self, what: Planned, plan: Plan) -> Views:
        """Lay out the embeddings beside the lexical views."""
        config = what.tonight.config
        return lay_out_views(
            what.tonight.store, what.themes, plan.lexical, config.embed, config.random_state
        )

    def passages(self, tonight: Tonight, encoded: Encoded, views: Views) -> Passages:
        """Cut the texts into passages."""
        config, device = tonight.config, tonight.config.clustering.device
        return cut_passages(
            tonight.store, views, encoded.encoder, config.embed, config.mentions, device
        )

    def copies(self, tonight: Tonight, encoded: Encoded, views: Views, assigned: Ref) -> Copies:
        """Find the documents whose texts are copies of one."""
        return mark_copies(tonight.store, views, assigned)
