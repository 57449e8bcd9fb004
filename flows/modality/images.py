"""Images: an encoder is learnt from them with every full fit, and names say what is measured."""

from collections.abc import Sequence
from typing import Any, cast

from prefect import Task

from flows.clusters import recipe
from flows.config import NightlyConfig
from flows.modality.base import Encoded, Planned, Read, Tonight
from flows.modality.before import where_images_are
from tasks.clusters.plan_fit import Plan, Recipe
from tasks.images.check import check_images
from tasks.images.codec import IMAGES
from tasks.images.copies import mark_image_copies
from tasks.images.feed import ImageFeed
from tasks.images.look import look_at_images
from tasks.images.stages import (
    embed_images,
    find_image_feed,
    learn_image_encoder,
    plan_image_fit,
)
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
from tasks.store.history import History
from tasks.store.storage import Ref, Store
from tasks.vectors.passages import Passages, cut_passages
from tasks.vectors.views import Views


class Images:
    """Documents that are images."""

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

    def encode(self, tonight: Tonight, read: Read) -> Encoded:
        """Keep tonight's images, and encode the window, by a new encoder where a fit is due."""
        store, config, past = tonight.store, tonight.config, tonight.past
        device = config.clustering.device
        looked = cast(LookedAt, read.looked)
        kept = keep_contents(store, looked, tonight.window[-1])
        contents = [*past.contents_of(tonight.window), kept.tables["contents"]]
        window = ItemWindow(nights=tonight.window, contents=contents)
        how = recipe(config, "", self.stages)
        learnt = learn_image_encoder(
            store,
            window,
            past.last,
            how,
            config.refit,
            config.random_state,
            device,
            tonight.is_quiet,
        )
        embedded = embed_images(store, window, learnt.encoder, device)
        published = Learnt(models=learnt.models)
        return Encoded(
            embedded=embedded,
            themes=embedded,
            encoder=encoder_of(IMAGES.name, learnt.encoder),
            results=[kept, published],
            contents=contents,
            learnt=learnt,
        )

    def plan(self, what: Planned, recipe: Recipe) -> Plan:
        """Decide how the model comes about: anew with a new encoder, else as for texts."""
        tonight, learnt = what.tonight, cast(Learnt, what.encoded.learnt)
        settings, is_quiet = tonight.config.refit, tonight.is_quiet
        return plan_image_fit(
            tonight.store, what.themes, learnt, what.last, recipe, settings, is_quiet
        )

    def views(self, what: Planned, plan: Plan) -> Views:
        """Return the vectors alone."""
        return views_of(what.tonight.store, what.themes)

    def passages(self, tonight: Tonight, encoded: Encoded, views: Views) -> Passages:
        """Return none: an image is looked at as a whole."""
        config, device = tonight.config, tonight.config.clustering.device
        whole = config.mentions.model_copy(update={"enabled": False})
        return cut_passages(tonight.store, views, encoded.encoder, config.embed, whole, device)

    def copies(self, tonight: Tonight, encoded: Encoded, views: Views, assigned: Ref) -> Copies:
        """Find the documents whose images look the same."""
        return mark_image_copies(tonight.store, views, assigned, encoded.contents)
