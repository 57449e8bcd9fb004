"""Mark the documents whose images look like copies of one: scaled, or saved again.

Reads  the window's images and documents, assignments
Writes near_duplicates (NEAR_DUPLICATES)
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

import imagehash
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from models.core.arrays import Floats
from models.core.threads import one_thread
from tasks.frame.stage import stage
from tasks.images.decode import from_png
from tasks.items.contents import stream_contents
from tasks.items.copies import copies_table
from tasks.reporting.near_duplicates import Copies, counted
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.items import Window, read_window
from tasks.vectors.views import Views
from validation.tables.columns import TEXT_DIGEST

logger = logging.getLogger(__name__)

_SIDE: Final = 16
"""Of the hash, which has its square of bits: with the usual 8 simple drawings share one."""

_MOST_BITS: Final = 10
"""Of 256 that may differ: an image that is scaled or saved again differs in fewer."""

_MOST_COLOUR: Final = 8.0
"""Of 255: as far apart may the mean colours of copies be."""

_AT_ONCE: Final = 2_048


@stage("near duplicates", version=1)
@one_thread()
def mark_image_copies(store: Store, views: Views, assignments: Ref, contents: list[Ref]) -> Copies:
    """Find the documents of the window whose images look the same; see `find_image_copies`."""
    window, assigned = read_window(store, views.window), read_table(store, assignments)
    found = find_image_copies(window, assigned, partial(stream_contents, store, contents))
    copies = Copies(
        tables={"near_duplicates": keep_table(store, "near", found)}, **counted(found, window)
    )
    logger.info("%d documents in %d groups of copies", copies.n_documents, copies.n_groups)
    return copies


def find_image_copies(
    window: Window,
    assigned: pa.Table,
    read: Callable[[Sequence[str]], Iterable[tuple[str, bytes]]],
) -> pa.Table:
    """Group the documents of the window whose images differ in few bits of a perceptual hash.

    Parameters
    ----------
    window
        Its items, the oldest first: the first of a group is its oldest.
    assigned
        Its documents with their clusters, in the same order.
    read
        Reads images, as they are kept, with their digests; in any order, each once.

    Returns
    -------
    Documents of groups of two or more, in order, with the schema `NEAR_DUPLICATES`.
    """
    # In groups an image may stand twice.
    digests = window.texts[TEXT_DIGEST].to_pylist()
    looks = {digest: _look(content) for digest, content in read(digests)}
    bits, colours = (np.stack(it) for it in zip(*(looks[it] for it in digests), strict=True))
    return copies_table(window, assigned, first_alike(bits, colours))


def _look(content: bytes) -> tuple[Floats, Floats]:
    pixels = from_png(content)
    return bits_of(pixels), colours_of(pixels)


def bits_of(pixels: NDArray[np.uint8]) -> Floats:
    """Return the perceptual hash of an image, as numbers of -1 and 1; it has no colours."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    bits = imagehash.phash(image, hash_size=_SIDE).hash.ravel()
    return np.where(bits, np.float32(1), np.float32(-1))


def colours_of(pixels: NDArray[np.uint8]) -> Floats:
    """Return the mean colour of an image, shape (3,)."""
    means = pixels.reshape(-1, pixels.shape[2]).mean(axis=0)
    return np.asarray(np.broadcast_to(means, 3), dtype=np.float32)


def first_alike(bits: Floats, colours: Floats) -> list[tuple[int, float]]:
    """Find, for each image, the first one that it is a copy of, and the share of bits they share.

    Parameters
    ----------
    bits
        Of -1 and 1, shape (n_images, n_bits).
    colours
        Shape (n_images, 3).

    Returns
    -------
    An image that is a copy is no first one of others: chains of small changes lead nowhere.
    """
    n_bits = bits.shape[1]
    found: list[tuple[int, float]] = []
    for start in range(0, len(bits), _AT_ONCE):
        block = bits[start : start + _AT_ONCE]
        n_differing = (n_bits - block @ bits[: start + len(block)].T) / 2
        for row in range(len(block)):
            own = start + row
            near = np.flatnonzero(n_differing[row, :own] <= _MOST_BITS)
            away = np.abs(colours[near] - colours[own]).max(axis=1)
            alike = near[away <= _MOST_COLOUR].tolist()
            first = next((it for it in alike if found[it][0] == it), own)
            found.append((first, float(1 - n_differing[row, first] / n_bits)))
    return found
