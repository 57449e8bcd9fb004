"""Tonight's documents so far, by their ids and by their texts, in about a hundred bytes each.

Dictionaries of ids and digests would take several times as much, and most of the memory of a large
night.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import numpy as np

_DIGEST_BYTES: Final = 32


class TonightsDocuments:
    """Documents of which only those of the batch at hand are in dictionaries.

    What is asked for is said first, a batch at a time, by `look_up`.
    """

    def __init__(self) -> None:
        self._digest_of: dict[str, str] = {}
        self._first_with: dict[str, str] = {}
        self._added: list[tuple[str, str, bool]] = []
        self._kept = _Kept()
        self._ids, self._texts = SortedHashes(), SortedHashes()

    def look_up(self, ids: Collection[str], digests: Collection[str]) -> None:
        """Find what will be asked for, among the documents so far."""
        self._settle()
        asked = list(ids)
        found = self._ids.find(_hashes(asked))
        pairs = ((asked[place], number) for place, number in found)
        self._digest_of = {
            doc_id: self._kept.digest(number)
            for doc_id, number in pairs
            if self._kept.doc_id(number) == doc_id
        }
        asked = list(digests)
        found = self._texts.find(_hashes(asked))
        pairs = ((asked[place], number) for place, number in found)
        self._first_with = {
            digest: self._kept.doc_id(number)
            for digest, number in pairs
            if self._kept.digest(number) == digest
        }

    def digest_of(self, doc_id: str) -> str | None:
        """Return the digest of the document with an id."""
        return self._digest_of.get(doc_id)

    def first_with(self, digest: str) -> str | None:
        """Return the id of the first document with a text."""
        return self._first_with.get(digest)

    def add(self, doc_id: str, digest: str) -> None:
        """Add a document whose id is new."""
        self._added.append((doc_id, digest, digest not in self._first_with))
        self._digest_of[doc_id] = digest
        self._first_with.setdefault(digest, doc_id)

    def _settle(self) -> None:
        """Put the documents that were added where they take little memory."""
        if not self._added:
            return
        numbers = np.arange(len(self._kept), len(self._kept) + len(self._added), dtype=np.uint32)
        is_new = np.array([is_first for _, _, is_first in self._added])
        for doc_id, digest, _ in self._added:
            self._kept.add(doc_id, digest)
        self._ids.add(_hashes(doc_id for doc_id, _, _ in self._added), numbers)
        self._texts.add(_hashes(it for _, it, is_first in self._added if is_first), numbers[is_new])
        self._added = []


class SortedHashes:
    """Numbers by hashes, twelve bytes each: a few sorted runs, each longer than the next."""

    def __init__(self) -> None:
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, hashes: np.ndarray, numbers: np.ndarray) -> None:
        """Add numbers with the hash of each, if there are any."""
        if not len(hashes):
            return
        while self._runs and len(self._runs[-1][0]) <= len(hashes):
            known, known_numbers = self._runs.pop()
            hashes = np.concatenate([known, hashes])
            numbers = np.concatenate([known_numbers, numbers])
        order = np.argsort(hashes, kind="stable")
        self._runs.append((hashes[order], numbers[order]))

    def find(self, hashes: np.ndarray) -> Iterator[tuple[int, int]]:
        """Yield the place of a hash and a number that has it, for every such pair."""
        order = np.argsort(hashes)  # what is asked for in order is found in half the time
        asked = hashes[order]
        for known, numbers in self._runs:
            first = np.searchsorted(known, asked)
            is_found = known[np.minimum(first, len(known) - 1)] == asked
            last = np.searchsorted(known, asked[is_found], side="right")
            spans = zip(order[is_found].tolist(), first[is_found], last, strict=True)
            for place, start, end in spans:
                for number in numbers[start:end].tolist():
                    yield place, number


class _Kept:
    """Ids and digests by the number of their document."""

    def __init__(self) -> None:
        self._ids, self._ends, self._digests = bytearray(), array("Q", [0]), bytearray()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, doc_id: str, digest: str) -> None:
        self._ids += doc_id.encode()
        self._ends.append(len(self._ids))
        self._digests += bytes.fromhex(digest)

    def doc_id(self, number: int) -> str:
        return self._ids[self._ends[number] : self._ends[number + 1]].decode()

    def digest(self, number: int) -> str:
        return self._digests[number * _DIGEST_BYTES : (number + 1) * _DIGEST_BYTES].hex()


def _hashes(texts: Iterable[str]) -> np.ndarray:
    """Return Python's hashes: they differ from process to process, and what is found does not."""
    return np.fromiter(map(hash, texts), np.int64)
