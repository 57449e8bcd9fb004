"""Validate the rows of a feed of images: the rules of every feed, and those of images before them.

Reads  raw rows, with what was measured of their images
Writes refused rows (REFUSED), results as JSON
"""

from tasks.frame.stage import stage
from tasks.images.look import limits_of
from tasks.images.settings import ImageSettings
from tasks.preparing.check_raw import CheckedFeed, checked
from tasks.preparing.checks import CheckSettings
from tasks.reading.raw_feed import RawFeed
from tasks.store.storage import Store
from validation.usual import UsualNight


@stage("check raw", version=1)
def check_images(
    store: Store,
    raw: RawFeed,
    settings: CheckSettings,
    usual: UsualNight,
    images: ImageSettings,
    is_quiet: bool,
) -> CheckedFeed:
    """Check the raw rows, and what was measured of their images; see `checked` for errors."""
    from validation.items.image_rules import image_rules

    return checked(store, raw, settings, usual, is_quiet, image_rules(limits_of(images)))
