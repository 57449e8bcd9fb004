"""Images: an encoder is learnt from them with every full fit, and names say what is measured."""

from collections.abc import Sequence
from typing import Any, cast

from prefect import Task

from flows.config import NightlyConfig
from flows.modality.base import Encoded, Planned, Read, Tonight
from flows.modality.before import where_images_are
from flows.modality.learnt import OfItems
from tasks.clusters.plan_fit import Plan, Recipe
from tasks.images.check import check_images
from tasks.images.codec import ImageCodec
from tasks.images.copies import mark_image_copies
from tasks.images.feed import ImageFeed
from tasks.images.frozen import chosen_encoder
from tasks.images.look import look_at_images
from tasks.images.stages import (
    embed_images,
    find_image_feed,
    learn_image_encoder,
    plan_image_fit,
)
from tasks.items.encode import ItemWindow
from tasks.items.learn import Learnt
from tasks.preparing.check_raw import CheckedFeed
from tasks.preparing.usual import UsualNight
from tasks.reading.ingest import ingest
from tasks.reading.raw_feed import RawFeed
from tasks.reading.sources.base import Feed
from tasks.reporting.near_duplicates import Copies
from tasks.store.history import History, PastNight
from tasks.store.storage import ModelRef, Ref, Store
from tasks.vectors.embed import Embedded
from tasks.vectors.views import Views


class Images(OfItems):
    """Documents that are images."""

    encoder_name = ImageCodec.name
    stages: Sequence[Task[..., Any]] = (look_at_images, learn_image_encoder, embed_images)

    def find(self, store: Store, config: NightlyConfig, past: History) -> Feed:
        """Find the feed."""
        return find_image_feed(store, where_images_are(config), past.stopped)

    def read(self, store: Store, feed: Feed, config: NightlyConfig) -> Read:
        """Read the rows, and look at the image of each."""
        raw = ingest(store, feed, where_images_are(config).rows())
        looked = look_at_images(store, raw, cast(ImageFeed, feed), config.images)
        return Read(looked.raw, looked)

    def check(
        self, store: Store, raw: RawFeed, config: NightlyConfig, usual: UsualNight, is_quiet: bool
    ) -> CheckedFeed:
        """Check the rows, and what was measured of their images."""
        return check_images(store, raw, config.check, usual, config.images, is_quiet)

    def own_settings(self, config: NightlyConfig) -> dict[str, str]:
        """Return how images are prepared, so far as that is not as usual."""
        own = config.images.model_dump(include={"side"}, exclude_defaults=True)
        return {f"images.{key}": str(it) for key, it in own.items()}

    def learn(
        self, tonight: Tonight, window: ItemWindow, last: PastNight | None, recipe: Recipe
    ) -> Learnt:
        """Keep the encoder of the night before, or learn one from the window."""
        config, is_quiet = tonight.config, tonight.is_quiet
        seed, device = config.random_state, config.clustering.device
        chosen = chosen_encoder(config.images)
        return learn_image_encoder(
            tonight.store, window, chosen, last, recipe, config.refit, seed, device, is_quiet
        )

    def embed(self, tonight: Tonight, window: ItemWindow, learnt: ModelRef) -> Embedded:
        """Encode what the encoder has not encoded before."""
        config, chosen = tonight.config, chosen_encoder(tonight.config.images)
        return embed_images(tonight.store, window, chosen, learnt, config.clustering.device)

    def plan(self, what: Planned, recipe: Recipe) -> Plan:
        """Decide how the model comes about: anew with a new encoder, else as for texts."""
        tonight, learnt = what.tonight, cast(Learnt, what.encoded.learnt)
        settings, is_quiet = tonight.config.refit, tonight.is_quiet
        return plan_image_fit(
            tonight.store, what.themes, learnt, what.last, recipe, settings, is_quiet
        )

    def copies(self, tonight: Tonight, encoded: Encoded, views: Views, assigned: Ref) -> Copies:
        """Find the documents whose images look the same."""
        return mark_image_copies(tonight.store, views, assigned, encoded.contents)
