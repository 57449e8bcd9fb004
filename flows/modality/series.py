"""Time series: an encoder is learnt with every full fit, and names say what is measured."""

from collections.abc import Sequence
from typing import Any, cast

from prefect import Task

from flows.config import NightlyConfig
from flows.modality.base import Encoded, Planned, Read, Tonight
from flows.modality.before import where_series_are
from flows.modality.learnt import OfItems
from tasks.clusters.plan_fit import Plan, Recipe
from tasks.items.encode import ItemWindow
from tasks.items.learn import Learnt
from tasks.preparing.check_raw import CheckedFeed
from tasks.preparing.usual import UsualNight
from tasks.reading.ingest import ingest
from tasks.reading.raw_feed import RawFeed
from tasks.reading.sources.base import Feed
from tasks.reporting.near_duplicates import Copies
from tasks.series.check import check_series
from tasks.series.codec import SERIES
from tasks.series.copies import mark_series_copies
from tasks.series.look import look_at_series
from tasks.series.stages import (
    embed_series,
    find_series_feed,
    learn_series_encoder,
    plan_series_fit,
)
from tasks.store.history import History, PastNight
from tasks.store.storage import ModelRef, Ref, Store
from tasks.vectors.embed import Embedded
from tasks.vectors.views import Views


class Series(OfItems):
    """Documents that are time series."""

    encoder_name = SERIES.name
    stages: Sequence[Task[..., Any]] = (look_at_series, learn_series_encoder, embed_series)

    def find(self, store: Store, config: NightlyConfig, past: History) -> Feed:
        """Find the feed."""
        return find_series_feed(store, where_series_are(config), past.stopped)

    def read(self, store: Store, feed: Feed, config: NightlyConfig) -> Read:
        """Read the rows, and look at the series of each."""
        raw = ingest(store, feed, where_series_are(config).rows())
        looked = look_at_series(store, raw, config.series)
        return Read(looked.raw, looked)

    def check(
        self, store: Store, raw: RawFeed, config: NightlyConfig, usual: UsualNight, is_quiet: bool
    ) -> CheckedFeed:
        """Check the rows, and what was measured of their series."""
        return check_series(store, raw, config.check, usual, config.series, is_quiet)

    def own_settings(self, config: NightlyConfig) -> dict[str, str]:
        """Return how series are prepared, so far as that is not as usual."""
        own = config.series.model_dump(include={"steps", "z_normalise"}, exclude_defaults=True)
        return {f"series.{key}": str(it) for key, it in own.items()}

    def learn(
        self, tonight: Tonight, window: ItemWindow, last: PastNight | None, recipe: Recipe
    ) -> Learnt:
        """Keep the encoder of the night before, or learn one from the window."""
        config, is_quiet = tonight.config, tonight.is_quiet
        seed, device = config.random_state, config.clustering.device
        return learn_series_encoder(
            tonight.store, window, last, recipe, config.refit, seed, device, is_quiet
        )

    def embed(self, tonight: Tonight, window: ItemWindow, learnt: ModelRef) -> Embedded:
        """Encode what the encoder has not encoded before."""
        return embed_series(tonight.store, window, learnt, tonight.config.clustering.device)

    def plan(self, what: Planned, recipe: Recipe) -> Plan:
        """Decide how the model comes about: anew with a new encoder, else as for texts."""
        tonight, learnt = what.tonight, cast(Learnt, what.encoded.learnt)
        settings, is_quiet = tonight.config.refit, tonight.is_quiet
        return plan_series_fit(
            tonight.store, what.themes, learnt, what.last, recipe, settings, is_quiet
        )

    def copies(self, tonight: Tonight, encoded: Encoded, views: Views, assigned: Ref) -> Copies:
        """Find the documents whose series have the same shape."""
        return mark_series_copies(tonight.store, views, assigned, encoded.contents)
