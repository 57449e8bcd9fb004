"""A feed of images read, looked at and checked as a first night does, apart from any store.

Reads  a feed
Writes nothing but scratch
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc

from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.images.feed import FILES, Where, find_images, fixed_part
from tasks.images.frozen import chosen_encoder
from tasks.images.look import limits_of, looked_at
from tasks.images.names import is_image
from tasks.images.rows import image_column
from tasks.images.settings import SIDE, ImageSettings
from tasks.items.base import ItemCodec
from tasks.operating.glance import Glance, Told
from tasks.operating.items.looks import ItemLooks, measured, shares_of, spread_of
from tasks.operating.items.placing import Items
from tasks.operating.items.tried import tried_items
from tasks.operating.placeable import sources_of, today
from tasks.operating.trial import Trial
from tasks.preparing.checks import CheckSettings
from tasks.reading.formats.kinds import format_of
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.store.storage import Store
from validation.items.image_rules import COLOUR_MODE, FORMAT, HEIGHT, WIDTH, image_rules

_NAME_CHARS: Final = 60


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
    return tried_items(aside, looked, check, image_rules(limits_of(where.images)))


def told(glance: Glance) -> Told | None:
    """Return what leads to images: files by their names, or a column by its values."""
    n_images, n_tables = (sum(map(of, glance.names)) for of in (is_image, _is_table))
    if n_images and not n_tables:
        return Told(f"{counted(n_images, 'file')} of images", {})
    column = image_column(glance.rows)
    if column is None:
        return None
    return Told(f"column {excerpt(column, _NAME_CHARS)!r} leads to images", {"column": column})


def looks(trial: Trial) -> ItemLooks:
    """Return formats, sizes and colours of the images."""
    found = measured(trial, [FORMAT, WIDTH, HEIGHT, COLOUR_MODE])
    longer = pc.max_element_wise(found[WIDTH], found[HEIGHT])
    lines = [
        *shares_of("formats", found[FORMAT]),
        *shares_of("colours", found[COLOUR_MODE]),
        *spread_of("longer side in pixels", longer),
        f"larger ones are shrunk to `side` under [images], {SIDE} pixels where it is not set; raise"
        " it where small details tell images apart",
    ]
    return ItemLooks(lines, has_columns=f"{FILES}.jsonl" not in trial.raw.columns)


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


def _is_table(name: str) -> bool:
    return format_of(name) is not None
