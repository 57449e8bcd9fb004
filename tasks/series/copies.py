"""Mark the documents whose series look like copies of one: recorded twice, or cut anew.

Reads  the window's series and documents, assignments
Writes near_duplicates (NEAR_DUPLICATES)
"""

import logging
from collections.abc import Sequence
from typing import Final

import numpy as np

from models.core.arrays import Floats, normalise_rows
from models.core.threads import one_thread
from tasks.frame.stage import stage
from tasks.items.contents import read_contents
from tasks.items.copies import copies_table
from tasks.reporting.near_duplicates import Copies, counted
from tasks.series.codec import in_channels
from tasks.series.prepare import from_npy
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.items import read_window
from tasks.vectors.views import Views
from validation.tables.columns import TEXT_DIGEST

logger = logging.getLogger(__name__)

_STEPS: Final = 64
"""Of the shapes that are compared: a copy that is cut a little differently still has its own."""

_ALIKE: Final = 0.998
"""Correlation of two copies: smooth series of one kind easily reach 0.99."""

_AT_ONCE: Final = 2_048


@stage("near duplicates", version=1)
@one_thread()
def mark_series_copies(store: Store, views: Views, assignments: Ref, contents: list[Ref]) -> Copies:
    """Find the documents of the window whose series have the same shape."""
    window, assigned = read_window(store, views.window), read_table(store, assignments)
    # In groups a series may stand twice.
    digests = window.texts[TEXT_DIGEST].to_pylist()
    items = read_contents(store, contents, digests)
    firsts = first_alike(shapes_of([from_npy(items[it]) for it in digests]))
    found = copies_table(window, assigned, firsts)
    copies = Copies(
        tables={"near_duplicates": keep_table(store, "near", found)}, **counted(found, window)
    )
    logger.info("%d documents in %d groups of copies", copies.n_documents, copies.n_groups)
    return copies


def shapes_of(series: Sequence[Floats]) -> Floats:
    """Return the shapes of series: rows of length one, shape (n_series, n_channels * 64)."""
    n_channels = max((it.shape[1] for it in series), default=1)
    shapes = np.zeros((len(series), n_channels * _STEPS), dtype=np.float32)
    for row, each in enumerate(series):
        at = np.linspace(0, len(each) - 1, _STEPS)
        same = in_channels(each, n_channels)
        channels = [np.interp(at, np.arange(len(each)), channel) for channel in same.T]
        centred = np.stack(channels) - np.mean(channels, axis=1, keepdims=True)
        shapes[row] = centred.ravel()
    return normalise_rows(shapes)


def first_alike(shapes: Floats) -> list[tuple[int, float]]:
    """Find, for each series, the first one that it is a copy of, and how far they correlate.

    A series that is a copy is no first one of others: chains of small changes lead nowhere.
    """
    found: list[tuple[int, float]] = []
    for start in range(0, len(shapes), _AT_ONCE):
        block = shapes[start : start + _AT_ONCE]
        likeness = block @ shapes[: start + len(block)].T
        for row in range(len(block)):
            own = start + row
            alike = np.flatnonzero(likeness[row, :own] >= _ALIKE).tolist()
            first = next((it for it in alike if found[it][0] == it), own)
            found.append((first, 1.0 if first == own else float(min(likeness[row, first], 1.0))))
    return found
