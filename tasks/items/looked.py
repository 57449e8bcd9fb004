"""What comes out where the items of a feed are looked at."""

from pydantic import BaseModel, ConfigDict

from tasks.reading.raw_feed import RawFeed
from tasks.store.storage import Ref


class LookedAt(BaseModel):
    """Rows with what was measured of their items, and the items as they were prepared."""

    model_config = ConfigDict(frozen=True)

    raw: RawFeed
    """Its rows have the columns of `RAW_ITEMS` and what was measured."""
    contents: Ref
    """Of the items that could be read, each once; with the schema `CONTENTS`."""
