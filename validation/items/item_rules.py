"""What is measured and asked of the rows of a feed whose documents are no texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from validation.gx import Expectation
from validation.tables.columns import TEXT_DIGEST


@dataclass(frozen=True)
class ItemRules:
    """The part of the check of raw rows that knows what an item is.

    Parameters
    ----------
    measured
        Columns of the raw rows behind those of `RAW_ITEMS`: what was measured when they were read.
    rules
        Row rules over these; they come before the rules of every feed.
    """

    measured: Sequence[pa.Field] = ()
    rules: Sequence[Expectation] = ()

    def columns(self) -> list[str]:
        """Return the columns that rows have besides those of texts; none for texts."""
        return [TEXT_DIGEST, *(it.name for it in self.measured)] if self.measured else []


OF_TEXTS: Final = ItemRules()
"""Texts are measured when they are checked, and have no rules beside those of every feed."""
