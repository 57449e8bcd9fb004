"""A feed of images read, looked at and checked as a first night does, apart from any store.

Reads  a feed
Writes nothing but scratch
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tasks.images.feed import Where, find_images, fixed_part
from tasks.images.frozen import chosen_encoder
from tasks.images.look import limits_of, looked_at
from tasks.images.settings import ImageSettings
from tasks.items.base import ItemCodec
from tasks.operating.items.placing import Items
from tasks.operating.placeable import sources_of, today
from tasks.operating.trial import Trial
from tasks.preparing.checks import CheckSettings, judge_raw
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.store.storage import Store, read_batches
from validation.items.image_rules import image_rules
from validation.usual import UsualNight


def try_images(aside: Store, where: Where, check: CheckSettings) -> Trial:
    """Read a feed of images and check its rows as those of a first night; see `try_feed`.

    Parameters
    ----------
    aside
        An empty place that is like a night's place in a store.
    where
        The feed.
    check
        As a night has it.
    """
    feed = find_images(aside, where, None)
    looked = looked_at(aside, read_feed(aside, feed, where.rows()), feed, where.images)
    raw = looked.raw
    limits = check.raw_limits(aside.night, UsualNight()).without_dates()
    rules = image_rules(limits_of(where.images))
    verdict = judge_raw(partial(read_batches, aside, raw.rows), limits, rules)
    return Trial(aside, raw, limits, verdict, has_digests=True, contents=looked.contents)


class Images(Items):
    """Documents that are images."""

    def trial(self, feed: str, config: Mapping[str, Any], scratch: Path) -> Trial:
        """Read a feed, and check its rows as those of a first night."""
        where = Where(
            feed=feed,
            fixed=fixed_part(feed),
            images=ImageSettings(**config["images"]),
            ingest=IngestSettings(**config["ingest"]),
            sources=sources_of(config),
        )
        aside = Store(root=scratch, feed="trial", night=today())
        return try_images(aside, where, CheckSettings(**config["check"]))

    def codec(self, config: Mapping[str, Any]) -> ItemCodec:
        """Return what reads images for their encoder."""
        return chosen_encoder(ImageSettings(**config["images"])).codec()
