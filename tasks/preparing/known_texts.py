"""The first document with each text, over all nights so far, found through sorted hashes.

A dictionary of all texts ever would take most of the memory of a small night on a long history.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from validation.tables.columns import DOC_ID, NIGHT, TEXT_DIGEST

KNOWN_DOCUMENTS: Final = pa.schema(
    [(DOC_ID, pa.large_string()), (TEXT_DIGEST, pa.large_string()), (NIGHT, pa.int32())]
)
"""Id, text and position of the night of each document, oldest first."""


class KnownTexts:
    """Documents of earlier nights by their texts.

    Parameters
    ----------
    documents
        With the schema `KNOWN_DOCUMENTS`, no id twice.
    nights
        What the positions of nights stand for.
    """

    def __init__(self, documents: pa.Table, nights: Sequence[str]) -> None:
        self._documents = documents
        self._nights = nights
        # Python's hash differs from process to process; what is found does not, for it is compared.
        digests = (
            digest for batch in documents[TEXT_DIGEST].chunks for digest in batch.to_pylist()
        )
        hashes = np.fromiter(map(hash, digests), np.int64, len(documents))
        self._order = np.argsort(hashes, kind="stable")
        # Seen as integers of Python, in which one is found sooner than NumPy is asked for it.
        self._hashes = hashes[self._order].data

    def find(self, digest: str) -> tuple[str, str] | None:
        """Return id and night of the first document with a text."""
        wanted = hash(digest)
        at = bisect_left(self._hashes, wanted)
        while at < len(self._hashes) and self._hashes[at] == wanted:
            row = int(self._order[at])
            if self._documents[TEXT_DIGEST][row].as_py() == digest:
                night = self._documents[NIGHT][row].as_py()
                return self._documents[DOC_ID][row].as_py(), self._nights[night]
            at += 1
        return None

    def without(self, leaving: Collection[str]) -> "KnownTexts":
        """Return what is left when documents leave: another one may be the first with its text."""
        gone = pc.is_in(self._documents[DOC_ID], pa.array(sorted(leaving), pa.large_string()))
        if not pc.any(gone).as_py():
            return self
        return KnownTexts(self._documents.filter(pc.invert(gone)), self._nights)
