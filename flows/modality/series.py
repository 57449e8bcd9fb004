"""Time series: an encoder is learnt with every full fit, and names say what is measured."""

from collections.abc import Sequence
from typing import Any, cast

from prefect import Task

from flows.clusters import recipe
from flows.config import NightlyConfig
from flows.modality.base import Encoded, Planned, Read, Tonight
from flows.modality.before import where_series_are
from tasks.clusters.plan_fit import Plan, Recipe
from tasks.items.contents import keep_contents
from tasks.items.encode import ItemWindow
from tasks.items.known import encoder_of
from tasks.items.learn import Learnt
from tasks.items.looked import LookedAt
from tasks.items.views import views_of
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
from tasks.store.history import History
from tasks.store.storage import Ref, Store
from tasks.vectors.passages import Passages, cut_passages
from tasks.vectors.views import Views


class Series:
    """Documents that are time series."""

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

    def encode(self, tonight: Tonight, read: Read) -> Encoded:
        """Keep tonight's series, and encode the window, by a new encoder where a fit is due."""
        store, config, past = tonight.store, tonight.config, tonight.past
        device = config.clustering.device
        looked = cast(LookedAt, read.looked)
        kept = keep_contents(store, looked, tonight.window[-1])
        contents = [*past.contents_of(tonight.window), kept.tables["contents"]]
        window = ItemWindow(nights=tonight.window, contents=contents)
        how = recipe(config, "", self.stages)
        learnt = learn_series_encoder(
            store,
            window,
            past.last,
            how,
            config.refit,
            config.random_state,
            device,
            tonight.is_quiet,
        )
        embedded = embed_series(store, window, learnt.encoder, device)
        published = Learnt(models=learnt.models)
        return Encoded(
            embedded=embedded,
            themes=embedded,
            encoder=encoder_of(SERIES.name, learnt.encoder),
            results=[kept, published],
            contents=contents,
            learnt=learnt,
        )

    def plan(self, what: Planned, recipe: Recipe) -> Plan:
        """Decide how the model comes about: anew with a new encoder, else as for texts."""
        tonight, learnt = what.tonight, cast(Learnt, what.encoded.learnt)
        settings, is_quiet = tonight.config.refit, tonight.is_quiet
        return plan_series_fit(
            tonight.store, what.themes, learnt, what.last, recipe, settings, is_quiet
        )

    def views(self, what: Planned, plan: Plan) -> Views:
        """Return the vectors alone."""
        return views_of(what.tonight.store, what.themes)

    def passages(self, tonight: Tonight, encoded: Encoded, views: Views) -> Passages:
        """Return none: a series is looked at as a whole."""
        config, device = tonight.config, tonight.config.clustering.device
        whole = config.mentions.model_copy(update={"enabled": False})
        return cut_passages(tonight.store, views, encoded.encoder, config.embed, whole, device)

    def copies(self, tonight: Tonight, encoded: Encoded, views: Views, assigned: Ref) -> Copies:
        """Find the documents whose series have the same shape."""
        return mark_series_copies(tonight.store, views, assigned, encoded.contents)
